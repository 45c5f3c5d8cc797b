/* Gophermaps as gemtext, for readers who have no Gopher (P16). */
#include "text/gophermap.h"

#include <string.h>

#include "base/utf8.h"
#include "text/gemtext.h"
#include "text/gophermap_line.h"
#include "text/plain.h"
#include "text/uri.h"

enum { GOPHER_PORT = 70, TELNET_PORT = 23, HTTP_PORT = 80, GAP_COLUMNS = 3, ART_MIN = 3 };

struct writer {
  struct buf *out;
  struct str directory; /* percent-encoded, a slash at its end */
  struct buf work;      /* a name made plain, a path */
  struct buf target;
  bool fenced;   /* a preformatted block is open */
  size_t blanks; /* empty lines that have not been written: they may stand inside the block or after it */
};

/* ---------------------------------------------------------------- info lines */

enum look { LOOKS_PROSE, LOOKS_DRAWN, LOOKS_RULE };

/* Boxes, blocks and Braille patterns are there to draw with. */
static bool draws(int32_t point)
{
  return (point >= 0x2500 && point <= 0x25ff) || (point >= 0x2800 && point <= 0x28ff);
}

/* What a line of the author's hand looks like: drawn if it has wide gaps between words, characters for drawing, or more
 * strokes than letters. A rule of one repeated mark stands in prose and drawings alike. */
static enum look look_of(struct str name)
{
  size_t marks = 0, strokes = 0, gap = 0;
  bool same = true;
  name = str_trim(name);
  const char first = name.n ? name.p[0] : '\0';
  while (name.n) {
    int32_t point;
    size_t n = utf8_decode(name, &point);
    if (point == ' ') {
      gap++;
    } else if (point == '\t' || draws(point) || (gap >= GAP_COLUMNS && marks > 0)) {
      return LOOKS_DRAWN;
    } else {
      gap = 0;
      marks++;
      same = same && name.p[0] == first;
      if (point > 0 && point < 0x80 && strchr("|/\\_-=+*#~<>^", (int)point))
        strokes++;
    }
    name = str_skip(name, n);
  }
  if (same && strokes == marks)
    return LOOKS_RULE;
  return marks >= ART_MIN && strokes * 2 > marks ? LOOKS_DRAWN : LOOKS_PROSE;
}

static bool is_blank(const struct gophermap_line *line)
{
  return line->type == 'i' && str_trim(line->name).n == 0;
}

/* Looks ahead over the info lines up to a blank one or an item, `line` being the first of them: whether at least as
 * many look drawn as do not. *count says how many they are. */
static bool paragraph_is_drawn(struct gophermap_line line, struct str rest, size_t *count)
{
  size_t drawn = 0, prose = 0;
  *count = 0;
  do {
    if (line.type != 'i' || is_blank(&line))
      break;
    enum look look = look_of(line.name);
    drawn += look == LOOKS_DRAWN;
    prose += look == LOOKS_PROSE;
    ++*count;
  } while (gophermap_next(&rest, &line));
  return drawn > 0 && drawn >= prose;
}

static void put_blanks(struct writer *w)
{
  for (; w->blanks > 0; w->blanks--)
    buf_put_c(w->out, '\n');
}

static void set_fence(struct writer *w, bool fenced)
{
  if (w->fenced && !fenced)
    buf_put_str(w->out, STR("```\n"));
  put_blanks(w);
  if (fenced && !w->fenced)
    buf_put_str(w->out, STR("```drawing\n"));
  w->fenced = fenced;
}

static void put_info(struct writer *w, struct str name)
{
  buf_clear(&w->work);
  plain_put_expanded(&w->work, name);
  struct str text = buf_str(&w->work);
  if (!w->fenced) {
    gemtext_put_text(w->out, text);
    return;
  }
  if (str_starts(text, STR("```"))) /* It would end the block. */
    buf_put_c(w->out, ' ');
  buf_put_str(w->out, text);
  buf_put_c(w->out, '\n');
}

/* ---------------------------------------------------------------- items */

/* Appends a host and, where it is not the usual one, a port. False where no URL can hold the name. */
static bool put_host(struct buf *out, struct str host, unsigned port, unsigned usual)
{
  bool literal = str_find(host, ':') < host.n;
  if (host.n == 0)
    return false;
  for (size_t i = 0; i < host.n; i++) {
    char c = host.p[i];
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && c != '.' && (literal ? c != ':' : c != '-' && c != '_'))
      return false;
  }
  buf_printf(out, literal ? "[%.*s]" : "%.*s", STR_ARG(host));
  if (port && port != usual)
    buf_printf(out, ":%u", port);
  return true;
}

/* The URL of a `URL:` selector, if it has a scheme that is safe to follow and can be written as one word. */
static bool put_url(struct buf *out, struct str url)
{
  struct str scheme = uri_scheme(url);
  if (scheme.n == 0 || uri_scheme_unsafe(scheme))
    return false;
  uri_put_lenient(out, url);
  struct str text = buf_str(out);
  return plain_is(text) && str_find(text, ' ') == text.n;
}

/* A selector of another server (RFC 4266 2.1). */
static bool put_gopher(struct buf *out, const struct gophermap_line *line)
{
  buf_put_str(out, STR("gopher://"));
  if (!put_host(out, line->host, line->port, GOPHER_PORT))
    return false;
  buf_put_c(out, '/');
  if (line->type != '1' || line->selector.n) {
    uri_put_path(out, str_make(&line->type, 1));
    uri_put_path(out, line->selector);
  }
  return true;
}

/* Appends what follows a path that ended at `mark`: nothing, or a query. It may be percent-encoded already. */
static void put_query(struct buf *out, struct str text, size_t mark)
{
  if (mark == text.n)
    return;
  buf_put_c(out, '?');
  uri_put_encoded_query(out, str_skip(text, mark + 1));
}

/* `GET /path`, an old way to have a Gopher client fetch a page from a web server. */
static bool put_http(struct buf *out, const struct gophermap_line *line)
{
  struct str path = str_trim(str_skip(line->selector, 4));
  buf_put_str(out, STR("http://"));
  if (!put_host(out, line->host, line->port, HTTP_PORT))
    return false;
  if (!str_starts(path, STR("/")))
    buf_put_c(out, '/');
  size_t mark = str_find(path, '?');
  uri_put_encoded_path(out, str_head(path, mark));
  put_query(out, path, mark);
  return true;
}

/* telnet://<user>@<host>:<port> (RFC 4248): the selector is the name to log in with (RFC 1436 3.8). */
static bool put_telnet(struct buf *out, const struct gophermap_line *line)
{
  buf_put_str(out, STR("telnet://"));
  if (line->has_selector && line->selector.n) {
    uri_put_user(out, line->selector);
    buf_put_c(out, '@');
  }
  return put_host(out, line->host, line->port, TELNET_PORT);
}

/* A selector of ours, as the same path on this site. It may be percent-encoded already, as those of our own menus are
 * (P2): a Gopher client that follows it finds the file that way too. A `?` belongs to the file's name, but for a search
 * it parts the words (P3). False where it leads above the root, or to what can never be there. */
static bool put_inside(struct writer *w, const struct gophermap_line *line)
{
  struct str selector = line->selector;
  size_t mark = line->type == '7' ? str_find(selector, '?') : selector.n;
  if (str_find(selector, '\0') < selector.n)
    return false;
  buf_clear(&w->work);
  if (gophermap_is_relative(line))
    buf_put_str(&w->work, w->directory);
  uri_put_encoded_path(&w->work, str_head(selector, mark));
  if (uri_path(&w->target, buf_str(&w->work), false))
    return false;
  buf_clear(&w->work);
  if (uri_path(&w->work, buf_str(&w->target), true)) /* `%2e%2e` climbs, too; `%2F` and `%00` are in no file's name. */
    return false;
  put_query(&w->target, selector, mark);
  return true;
}

/* Fills w->target; false where a reader of gemtext can go nowhere from this item. */
static bool make_target(struct writer *w, const struct gophermap_line *line)
{
  struct str url;
  buf_clear(&w->target);
  if (line->type == '3')
    return false;
  if (gophermap_url(line, &url))
    return put_url(&w->target, url);
  if (line->type == '8' || line->type == 'T')
    return put_telnet(&w->target, line);
  if (str_starts(line->selector, STR("GET ")))
    return put_http(&w->target, line);
  return line->host.n ? put_gopher(&w->target, line) : put_inside(w, line);
}

static void put_item(struct writer *w, const struct gophermap_line *line)
{
  set_fence(w, false);
  if (make_target(w, line)) {
    gemtext_put_link(w->out, buf_str(&w->target), str_trim(line->name));
    return;
  }
  buf_clear(&w->work);
  gophermap_put_unfollowed(&w->work, line);
  gemtext_put_text(w->out, buf_str(&w->work));
}

static int error_of(const struct writer *w)
{
  int err = buf_error(w->out);
  if (!err)
    err = buf_error(&w->work);
  return err ? err : buf_error(&w->target);
}

int gophermap_gemtext(struct str map, struct str directory, struct buf *out)
{
  /* A TAB can become eight spaces, a byte of a selector three. */
  size_t room = 8 * map.n + 3 * directory.n + 1024;
  struct writer w = {.out = out, .directory = directory};
  buf_init(&w.work, room);
  buf_init(&w.target, room);

  struct str rest = gophermap_begin(map);
  struct gophermap_line line;
  size_t paragraph = 0; /* info lines up to the end of this paragraph */
  while (!error_of(&w) && gophermap_next(&rest, &line)) {
    if (line.type != 'i') {
      put_item(&w, &line);
    } else if (is_blank(&line)) {
      w.blanks++;
    } else {
      if (paragraph == 0)
        set_fence(&w, paragraph_is_drawn(line, rest, &paragraph));
      put_info(&w, line.name);
      paragraph--;
    }
  }
  set_fence(&w, false);
  int err = error_of(&w);
  buf_free(&w.work);
  buf_free(&w.target);
  return err;
}
