/* Reads a certificate's file, and whether its key is beside it. */
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/err.h"
#include "tls/certificate.h"
#include "tls/describe.h"
#include "tls/doubts.h"
#include "tls/pair.h"

enum { TEXT_MAX = 64 << 10 };

/* Old ones have a server's name as the common name alone, and then the files are called after it. A visitor's may be
 * called like its files too; made by openssl it may sign others, and has no name that a host on the Internet has. */
static bool names_server(const struct certificate_info *info, bool signs, struct str file)
{
  struct str subject = buf_str(&info->subject);
  bool host = str_find(subject, '.') < subject.n || str_find(subject, ':') < subject.n ||
              str_eq_nocase(subject, STR("localhost"));
  return !info->client && (info->names.n > 0 || ((host || !signs) && str_eq_nocase(subject, file)));
}

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
  if (err == 0)
    out->server = names_server(out, X509_check_ca(pair.leaf) == 1, str_from(name));
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
