/* Writes commands that can be followed to the letter. */
#include "tls/advice.h"

#include <string.h>

#include "base/str.h"

static bool is_plain(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("@%_+=:,./-", c));
}

void advice_word(struct buf *out, const char *word)
{
  bool plain = *word != '\0';
  for (const char *p = word; *p; p++)
    plain = plain && is_plain(*p);
  buf_put_c(out, ' ');
  if (!plain)
    buf_put_c(out, '\'');
  for (const char *p = word; *p; p++) {
    if (*p == '\'')
      buf_put_str(out, STR("'\\''"));
    else
      buf_put_c(out, *p);
  }
  if (!plain)
    buf_put_c(out, '\'');
}

static bool is_default(struct str dir)
{
  if (str_starts(dir, STR("./")))
    dir = str_skip(dir, 2);
  if (str_ends(dir, STR("/")))
    dir = str_head(dir, dir.n - 1);
  return str_eq(dir, STR("certs"));
}

static void put_folder(struct buf *out, const char *dir)
{
  if (is_default(str_from(dir)))
    return;
  buf_put_str(out, STR(" --certs"));
  advice_word(out, dir);
}

void advice_cert(struct buf *out, const char *action, const char *dir, const char *name, bool new_key)
{
  buf_printf(out, "`nuncio cert %s", action);
  advice_word(out, name ? name : "NAME");
  put_folder(out, dir);
  buf_put_str(out, new_key ? STR(" --new-key`") : STR("`"));
}

void advice_add(struct buf *out, const char *dir, const char *name, const char *further)
{
  buf_put_str(out, STR("`nuncio cert renew"));
  advice_word(out, name);
  advice_word(out, further);
  put_folder(out, dir);
  buf_put_c(out, '`');
}
