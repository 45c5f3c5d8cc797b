/* Gopher menus: the lines they are made of (RFC 1436 3.8, P7). */
#include "text/menu.h"

#include "base/utf8.h"
#include "text/plain.h"
#include "text/uri.h"
#include "text/wrap.h"

/* What follows the text of a line that is no item: an empty selector, a host that cannot be, and a port. */
static const struct str NOWHERE = STR_INIT("\t\terror.host\t1\r\n");

char menu_type_by_name(struct str path)
{
  size_t slash = str_rfind(path, '/');
  struct str name = slash < path.n ? str_skip(path, slash + 1) : path;
  size_t dot = str_rfind(name, '.');
  if (dot == 0 || dot + 1 >= name.n) /* a directory, a hidden file, a name without a suffix */
    return '1';
  struct str suffix = str_skip(name, dot + 1);
  return str_eq_nocase(suffix, STR("gmi")) || str_eq_nocase(suffix, STR("gemini")) ? '1' : '9';
}

static void put_selector(struct buf *out, struct str selector)
{
  for (size_t i = 0; i < selector.n; i++) {
    if (str_is_control(selector.p[i]))
      uri_put_byte(out, selector.p[i]);
    else
      buf_put_c(out, selector.p[i]);
  }
}

void menu_put(struct buf *out, char type, struct str display, struct str selector, struct str host, unsigned port)
{
  buf_put_c(out, str_is_control(type) ? 'i' : type);
  plain_put(out, display);
  buf_put_c(out, '\t');
  put_selector(out, selector);
  buf_put_c(out, '\t');
  plain_put(out, host);
  buf_printf(out, "\t%u\r\n", port);
}

bool menu_place_has(const struct menu_place *place, struct str selector)
{
  struct str prefix = place->prefix;
  if (prefix.n == 0)
    return true;
  while (str_starts(selector, STR("/")))
    selector = str_skip(selector, 1);
  prefix = str_skip(prefix, 1);
  struct str rest = str_skip(selector, prefix.n);
  return str_starts(selector, prefix) && (rest.n == 0 || rest.p[0] == '/' || rest.p[0] == '?');
}

void menu_put_path(struct buf *out, struct str path)
{
  struct str url = STR("/URL:");
  if (str_starts_nocase(path, url)) {
    buf_put_str(out, str_head(path, url.n - 1));
    uri_put_byte(out, ':');
    path = str_skip(path, url.n);
  }
  buf_put_str(out, path);
}

void menu_put_info(struct buf *out, struct str prefix, struct str text)
{
  buf_put_c(out, 'i');
  plain_put(out, prefix);
  plain_put(out, text);
  buf_put_str(out, NOWHERE);
}

void menu_put_wrapped(struct buf *out, unsigned columns, struct str first, struct str next, struct str text)
{
  struct buf plain = BUF_INIT(3 * text.n + 1);
  if (!plain_is(text)) {
    /* Without the memory for it the lines are no less safe: only their widths may be a little off. */
    plain_put(&plain, text);
    if (!buf_error(&plain))
      text = buf_str(&plain);
  }
  struct str line = STR(""), prefix = first;
  do {
    size_t used = utf8_columns(prefix);
    if (!wrap_cut(&text, columns > used ? columns - used : 1, true, &line))
      line = STR("");
    menu_put_info(out, line.n ? prefix : plain_trim_end(prefix), line);
    prefix = next;
  } while (text.n);
  buf_free(&plain);
}

void menu_put_end(struct buf *out)
{
  buf_put_str(out, STR(".\r\n"));
}

void menu_put_error(struct buf *out, struct str why)
{
  menu_put(out, '3', why, STR(""), STR("error.host"), 1);
  menu_put_end(out);
}
