/* The target of a redirect: checked, so that no header that we send can mean something else. */
#include "config/redirect.h"

#include "base/err.h"
#include "config/rule.h"
#include "text/uri.h"

static int refuse(struct buf *why, const char *sentence)
{
  buf_put_str(why, str_from(sentence));
  return ERR_SYNTAX;
}

static bool is_hexadecimal(char c)
{
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool encoded_well(struct str text)
{
  for (size_t i = 0; i < text.n; i++)
    if (text.p[i] == '%' && (i + 2 >= text.n || !is_hexadecimal(text.p[i + 1]) || !is_hexadecimal(text.p[i + 2])))
      return false;
  return true;
}

static int check_text(struct str text, struct buf *why)
{
  if (text.n > RULE_TEXT_MOST)
    return refuse(why, "a target has at most 1024 bytes");
  if (str_has_control(text) || str_find(text, ' ') < text.n)
    return refuse(why, "there is a blank or a control character in it: write %20 for a blank");
  if (!encoded_well(text))
    return refuse(why, "expected two hexadecimal digits after each %: write %25 for one that means itself");
  if (str_find(text, '*') < text.n)
    return refuse(why, "a `*` stands at the end only: write %2A for one that means itself");
  return 0;
}

/* A `*` that means itself stays encoded, so that it is never taken for the other one. */
static void put_path(struct buf *out, struct str raw)
{
  struct str piece;
  bool more = false;
  while (str_split(&raw, '*', &piece)) {
    if (more)
      buf_put_str(out, STR("%2A"));
    uri_put_path(out, piece);
    more = true;
  }
}

static int put_inside(struct str text, bool rest, struct buf *out, struct buf *why)
{
  struct buf raw = BUF_INIT(RULE_TEXT_MOST + 1);
  size_t query = str_find(text, '?');
  if (str_starts(text, STR("//")))
    return refuse(why, "a path that begins with // would be another host");
  if (str_find(text, '#') < text.n)
    return refuse(why, "no # and fragment: a redirect leads to a page");
  if (rest && query < text.n)
    return refuse(why, "a `*` cannot stand in a query");
  int err = uri_path(&raw, str_head(text, query), true);
  if (err == ERR_OUTSIDE)
    err = refuse(why, "the path climbs above the root");
  else if (err == ERR_NOT_FOUND || err == ERR_SYNTAX)
    err = refuse(why, "there is a %2F or a %00 in it, which no file's name has");
  if (err == 0)
    put_path(out, buf_str(&raw));
  if (err == 0 && query < text.n) {
    buf_put_c(out, '?');
    uri_put_encoded_query(out, str_skip(text, query + 1));
  }
  buf_free(&raw);
  return err;
}

static int put_outside(struct str text, bool rest, struct buf *out, struct buf *why)
{
  struct uri uri;
  size_t before = out->n;
  uri_put_lenient(out, text);
  int err = buf_error(out);
  if (err == 0)
    err = uri_parse(str_skip(buf_str(out), before), &uri);
  if (err == ERR_SYNTAX || (err == 0 && uri.scheme.n == 0))
    return refuse(why, "expected a path that begins with a slash, or a URI");
  if (err == 0 && uri_scheme_unsafe(uri.scheme))
    return refuse(why, "a link of that scheme can do readers harm");
  if (err == 0 && (uri.has_fragment || uri.has_userinfo) && str_eq_nocase(uri.scheme, STR("gemini")))
    return refuse(why, "a gemini URI in a redirect has no fragment and no user");
  if (err == 0 && rest && (uri.has_query || uri.has_fragment))
    return refuse(why, "a `*` cannot stand in a query or a fragment");
  if (err == 0 && rest && !str_ends(uri.path, STR("/"))) /* or else a reader could write on in the host's name */
    return refuse(why, "expected a slash before the `*`");
  return err;
}

int redirect_read(struct str value, struct buf *target, bool *rest, struct buf *why)
{
  *rest = str_ends(value, STR("*"));
  struct str text = *rest ? str_head(value, value.n - 1) : value;
  int err = check_text(text, why);
  if (err == 0)
    err = str_starts(text, STR("/")) ? put_inside(text, *rest, target, why) : put_outside(text, *rest, target, why);
  if (err == 0)
    err = buf_error(target);
  if (err == ERR_FULL || (err == 0 && target->n > RULE_TEXT_MOST))
    return refuse(why, "a target has at most 1024 bytes");
  return err;
}
