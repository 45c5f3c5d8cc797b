/* From what the owner typed to the name that the files have. */
#include "cmd/cert_name.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/str.h"
#include "config/settings.h"
#include "tls/advice.h"
#include "tls/certificate.h"

/* As `serve --host` does it, so that both mean the same files. */
static int host_name(struct str given, char **out, struct buf *why)
{
  struct settings settings;
  int err = settings_init(&settings);
  if (err)
    return err;
  err = settings_name(&settings.sites[0], given, why);
  if (err == 0) {
    *out = settings.sites[0].names[0];
    settings.sites[0].names[0] = NULL;
  }
  settings_free(&settings);
  return err;
}

static struct str without_suffix(struct str file)
{
  return str_ends(file, STR(".crt")) || str_ends(file, STR(".key")) ? str_head(file, file.n - 4) : file;
}

/* `certs/x.crt`: the folder goes into --certs, and the name is what is left. */
static int refuse_path(const char *action, bool new_key, const char *given, struct buf *why)
{
  struct str path = str_from(given);
  size_t slash = str_rfind(path, '/');
  struct str last = without_suffix(str_skip(path, slash + 1));
  char *dir = str_dup(slash ? str_head(path, slash) : STR("/")), *name = str_dup(last);
  bool named = last.n > 0 && last.p[0] != '.';
  int err = dir && name ? ERR_SYNTAX : ERR_NOMEM;
  if (err == ERR_SYNTAX) {
    buf_printf(why, "\"%s\" is a path, and a name is wanted: ", given);
    advice_cert(why, action, dir, named ? name : NULL, new_key);
  }
  free(dir);
  free(name);
  return err;
}

static int named(const char *given, int err, struct buf *why)
{
  /* The words of the settings do not repeat what they are about. */
  if (err == ERR_SYNTAX) {
    struct buf words = BUF_INIT(why->max);
    buf_printf(&words, "\"%s\": %.*s", given, STR_ARG(buf_str(why)));
    buf_clear(why);
    buf_put_str(why, buf_str(&words));
    buf_free(&words);
  }
  return err;
}

int cert_name_new(const char *action, bool new_key, const char *given, char **out, struct buf *why)
{
  struct str name = str_from(given);
  if (str_find(name, '/') < name.n)
    return refuse_path(action, new_key, given, why);
  return named(given, host_name(name, out, why), why);
}

int cert_name_further(const char *given, char **out, struct buf *why)
{
  struct str name = str_from(given);
  bool wildcard = str_starts(name, STR("*."));
  int err = named(given, host_name(wildcard ? str_skip(name, 2) : name, out, why), why);
  if (err || !wildcard)
    return err;
  struct buf whole = BUF_INIT(name.n + 1);
  buf_printf(&whole, "*.%s", *out);
  free(*out);
  *out = str_dup(buf_str(&whole));
  err = buf_error(&whole);
  buf_free(&whole);
  return *out ? err : ERR_NOMEM;
}

static bool stands(const char *certs, const char *name)
{
  return certificate_exists(certs, name, false) || certificate_exists(certs, name, true);
}

int cert_name_old(const char *action, bool new_key, const char *certs, const char *given, char **out, struct buf *why)
{
  struct str name = str_from(given);
  if (str_find(name, '/') < name.n || !stands(certs, given))
    return cert_name_new(action, new_key, given, out, why);
  *out = str_dup(name);
  return *out ? 0 : ERR_NOMEM;
}
