/* The pieces of a Gopher request line. */
#include "proto/gopher_parse.h"

#include "base/err.h"
#include "text/menu.h"
#include "text/uri.h"

void gopher_parse_line(struct str line, bool is_search, struct gopher_line *out)
{
  struct str rest = line, field;
  *out = (struct gopher_line){.form = GOPHER_FORM_PLAIN};
  if (!str_split(&rest, '\t', &out->selector) || !str_split(&rest, '\t', &field))
    return;
  if (!is_search && gopher_plus_field(field, &out->form))
    return;
  out->words = field;
  out->has_words = field.n > 0 || is_search;
  if (str_split(&rest, '\t', &field))
    (void)gopher_plus_field(field, &out->form);
}

/* Appends `first` and `tail` leniently encoded. Only together are they sure to be a path or a query: by itself the tail
 * could look like a URI, whose host would be left as it is. */
static void put_lenient(struct buf *out, char first, struct str tail)
{
  struct buf whole = BUF_INIT(tail.n + 1);
  buf_put_c(&whole, first);
  buf_put_str(&whole, tail);
  uri_put_lenient(out, buf_str(&whole));
  if (buf_error(&whole) < 0)
    out->err = whole.err;
  buf_free(&whole);
}

void gopher_parse_item(struct buf *out, struct str selector)
{
  struct buf path = BUF_INIT(3 * selector.n + 1);
  while (str_starts(selector, STR("/")))
    selector = str_skip(selector, 1);
  put_lenient(&path, '/', selector);
  menu_put_path(out, buf_str(&path));
  if (buf_error(&path) < 0)
    out->err = path.err;
  buf_free(&path);
}

void gopher_parse_query(struct buf *out, struct str query)
{
  put_lenient(out, '?', query);
}

/* Where the parts of the targets begin and end in a buffer that moves while it grows. */
struct reading {
  int err;
  size_t path, path_end, query, query_end;
  bool has_query;
};

/* Whether a segment `..` stands behind a `?`. As a path such a selector would step back over the name with the `?` in
 * it, to a page that nobody asked for: `/search?../../x` would be `/x`. */
static bool climbs_behind_mark(struct str selector)
{
  struct str rest = str_skip(selector, str_find(selector, '?')), segment;
  while (str_split(&rest, '/', &segment))
    if (str_eq(segment, STR("..")))
      return true;
  return false;
}

/* The selector as it stands: `?` and `%` are bytes like any other. */
static struct reading read_raw(const struct gopher_line *line, struct buf *text)
{
  struct reading r = {.path = text->n, .has_query = line->has_words};
  r.err = climbs_behind_mark(line->selector) ? ERR_SYNTAX : uri_path(text, line->selector, false);
  r.path_end = r.query = text->n;
  uri_put_query(text, line->words);
  r.query_end = text->n;
  return r;
}

static bool is_octal(char c, char most)
{
  return c >= '0' && c <= most;
}

/* Where gophernicus has made a menu, `#` and three octal digits are a byte that it does not send as it is, `%` among
 * them: a selector with a `%` is none of its. Addresses that readers keep from there lead to the same names here. */
static int put_decoded(struct buf *text, struct str path)
{
  if (str_find(path, '#') == path.n || str_find(path, '%') < path.n)
    return uri_path(text, path, true);
  struct buf escaped = BUF_INIT(path.n);
  while (path.n) {
    const char *p = path.p;
    bool octal = path.n > 3 && p[0] == '#' && is_octal(p[1], '3') && is_octal(p[2], '7') && is_octal(p[3], '7');
    if (octal)
      uri_put_byte(&escaped, (char)((p[1] - '0') * 64 + (p[2] - '0') * 8 + (p[3] - '0')));
    else
      buf_put_c(&escaped, p[0]);
    path = str_skip(path, octal ? 4 : 1);
  }
  if (buf_error(&escaped) < 0)
    text->err = escaped.err;
  int err = uri_path(text, buf_str(&escaped), true);
  buf_free(&escaped);
  return err;
}

/* The selector as a URL's path and query; words from a search field win over those after a `?`. */
static struct reading read_decoded(const struct gopher_line *line, struct buf *text)
{
  size_t mark = str_find(line->selector, '?');
  struct reading r = {.path = text->n, .has_query = line->has_words || mark < line->selector.n};
  r.err = put_decoded(text, str_head(line->selector, mark));
  r.path_end = r.query = text->n;
  if (line->has_words) {
    uri_put_query(text, line->words);
  } else if (mark < line->selector.n) {
    gopher_parse_query(text, str_skip(line->selector, mark + 1));
    r.query++; /* behind the `?` */
  }
  r.query_end = text->n;
  return r;
}

static struct target target_of(const struct reading *r, struct str text)
{
  return (struct target){.path = str_skip(str_head(text, r->path_end), r->path),
                         .query = str_skip(str_head(text, r->query_end), r->query),
                         .has_query = r->has_query};
}

static bool same_target(const struct target *a, const struct target *b)
{
  return str_eq(a->path, b->path) && a->has_query == b->has_query && str_eq(a->query, b->query);
}

int gopher_parse_targets(const struct gopher_line *line, struct buf *text, struct request *out)
{
  if (str_find(line->selector, '\0') < line->selector.n)
    return ERR_SYNTAX;
  struct reading raw = read_raw(line, text);
  struct reading decoded = read_decoded(line, text);
  if (buf_error(text) < 0)
    return ERR_NOMEM;

  *out = (struct request){.representation = REPR_MENU};
  struct target first = target_of(&raw, buf_str(text)), second = target_of(&decoded, buf_str(text));
  if (raw.err == 0)
    out->target[out->targets++] = first;
  if (decoded.err == 0 && !(raw.err == 0 && same_target(&first, &second)))
    out->target[out->targets++] = second;
  if (out->targets)
    return 0;
  return raw.err == ERR_OUTSIDE || decoded.err == ERR_OUTSIDE ? ERR_OUTSIDE : ERR_SYNTAX;
}

struct str gopher_parse_url(struct str selector, bool *is_url)
{
  if (str_starts(selector, STR("/")))
    selector = str_skip(selector, 1);
  *is_url = str_starts_nocase(selector, STR("URL:"));
  return *is_url ? str_skip(selector, 4) : (struct str){NULL, 0};
}

static bool has_method(struct str line, struct str method, struct str *rest)
{
  if (!str_starts(line, method))
    return false;
  *rest = str_skip(line, method.n);
  return true;
}

bool gopher_parse_http(struct str line, struct gopher_http *out)
{
  struct str rest;
  *out = (struct gopher_http){.head = false};
  if (has_method(line, STR("HEAD "), &rest))
    out->head = true;
  else if (has_method(line, STR("POST "), &rest))
    out->post = true;
  else if (!has_method(line, STR("GET "), &rest))
    return false;

  size_t space = str_rfind(rest, ' ');
  out->versioned = space < rest.n && str_starts(str_skip(rest, space + 1), STR("HTTP/"));
  out->target = out->versioned ? str_head(rest, space) : rest;
  if (out->versioned)
    return true;
  bool old = str_starts(rest, STR("/")) || str_starts(rest, STR("http://")) || str_starts(rest, STR("https://"));
  return old && !out->head && !out->post && space == rest.n && str_find(rest, '\t') == rest.n;
}
