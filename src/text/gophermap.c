/* Gophermaps: parsing their lines, and the menu that they are (P16). */
#include "text/gophermap.h"

#include "text/gophermap_line.h"
#include "text/plain.h"
#include "text/uri.h"

enum { PORT_MAX = 65535, GOPHER_PORT = 70 };

static bool is_type(char c)
{
  return c > ' ' && c < 0x7f;
}

/* The next field of a line, or an empty one. */
static struct str field(struct str *rest)
{
  struct str part;
  return str_split(rest, '\t', &part) ? part : STR("");
}

void gophermap_parse(struct str line, struct gophermap_line *out)
{
  *out = (struct gophermap_line){.type = 'i', .name = line};
  size_t tab = str_find(line, '\t');
  if (tab == line.n || !is_type(line.p[0]))
    return;
  out->type = line.p[0];
  out->name = str_skip(str_head(line, tab), 1);
  if (out->type == 'i')
    return;
  struct str rest = str_skip(line, tab + 1);
  out->selector = field(&rest);
  out->host = str_trim(field(&rest));
  struct str port = str_trim(field(&rest));
  if (str_number(port, &out->port) || out->port > PORT_MAX)
    out->port = 0;
  out->has_selector = out->selector.n > 0 || out->host.n > 0;
  if (!out->has_selector)
    out->selector = out->name;
}

bool gophermap_url(const struct gophermap_line *line, struct str *url)
{
  struct str selector = str_skip(line->selector, str_starts(line->selector, STR("/")) ? 1 : 0);
  if (!str_starts_nocase(selector, STR("URL:")))
    return false;
  *url = str_skip(selector, 4);
  return true;
}

/* Whether it leads to a path of this capsule. Without a host a URL and a `GET ` do not: they are the whole server's. */
static bool is_inside(const struct gophermap_line *line)
{
  struct str url;
  return line->host.n == 0 && !str_starts(line->selector, STR("GET ")) && !gophermap_url(line, &url);
}

bool gophermap_is_relative(const struct gophermap_line *line)
{
  return is_inside(line) && !str_starts(line->selector, STR("/"));
}

void gophermap_put_unfollowed(struct buf *out, const struct gophermap_line *line)
{
  struct str url;
  buf_put_str(out, line->name);
  if (line->has_selector && gophermap_url(line, &url)) {
    buf_put_str(out, STR(" ("));
    buf_put_str(out, url);
    buf_put_c(out, ')');
  }
}

bool gophermap_next(struct str *rest, struct gophermap_line *out)
{
  struct str line;
  if (!str_line(rest, &line) || str_eq(line, STR(".")))
    return false;
  gophermap_parse(line, out);
  return true;
}

struct str gophermap_begin(struct str map)
{
  return str_starts(map, STR("\xef\xbb\xbf")) ? str_skip(map, 3) : map;
}

/* Puts an item with what the author left out. `work` is empty, and for whatever has to be put together. */
static void put_item(struct buf *out, const struct gophermap_line *line, struct str directory,
                     const struct menu_place *place, struct buf *work)
{
  unsigned port = line->port;
  if (port == 0)
    port = line->host.n ? GOPHER_PORT : place->port;
  if (is_inside(line))
    buf_put_str(work, place->prefix);
  if (gophermap_is_relative(line))
    buf_put_str(work, directory);
  buf_put_str(work, line->selector);
  menu_put(out, line->type, line->name, buf_str(work), line->host.n ? line->host : place->host, port);
}

int gophermap_menu(struct str map, struct str directory, const struct menu_place *place, struct buf *out)
{
  struct buf work = BUF_INIT(8 * map.n + place->prefix.n + directory.n + 1);
  struct str rest = gophermap_begin(map);
  struct gophermap_line line;
  int err = 0;
  while (!err && gophermap_next(&rest, &line)) {
    struct str url;
    buf_clear(&work);
    if (line.type == 'i') {
      plain_put_expanded(&work, line.name);
      menu_put_info(out, STR(""), buf_str(&work));
    } else if (gophermap_url(&line, &url) && uri_scheme_unsafe(uri_scheme(url))) { /* P12 */
      gophermap_put_unfollowed(&work, &line);
      menu_put_info(out, STR(""), buf_str(&work));
    } else {
      put_item(out, &line, directory, place, &work);
    }
    err = buf_error(&work) ? buf_error(&work) : buf_error(out);
  }
  menu_put_end(out);
  buf_free(&work);
  return err ? err : buf_error(out);
}
