/* Reads a certificate's file, and whether its key is beside it. */
#include <openssl/err.h>

#include "base/err.h"
#include "tls/certificate.h"
#include "tls/describe.h"
#include "tls/doubts.h"
#include "tls/pair.h"

enum { TEXT_MAX = 64 << 10 };

int certificate_read(const char *dir, const char *name, struct certificate_info *out, struct buf *why)
{
  struct pair pair = PAIR_INIT;
  struct buf ignored = BUF_INIT(TEXT_MAX);
  int err = pair_read_certificate(dir, name, &pair, why);
  int shown = describe_certificate(pair.leaf, out);
  if (err == 0 && shown) {
    err = shown;
    buf_printf(why, "%s/%s.crt cannot be shown: %s", dir, name, err_text(err));
  }
  /* A key that is missing or unreadable is something to show, no failure. */
  if (err == 0 && pair_read_key(dir, name, &pair, &ignored) == 0)
    out->key_matches = pair_matches(&pair);
  buf_free(&ignored);
  pair_free(&pair);
  ERR_clear_error();
  return err;
}

void certificate_info_free(struct certificate_info *info)
{
  buf_free(&info->subject);
  buf_free(&info->names);
  buf_free(&info->key);
}

void certificate_check(const struct tls_files *files, const char *const *names, size_t n_names, struct buf *faults)
{
  struct pair pair = PAIR_INIT;
  struct buf why = BUF_INIT(TEXT_MAX);
  if (pair_read(files, &pair, &why) == 0)
    doubts_find(pair.leaf, names, n_names, files, faults);
  else
    buf_printf(faults, "%.*s\n", STR_ARG(buf_str(&why)));
  buf_free(&why);
  pair_free(&pair);
  ERR_clear_error();
}
