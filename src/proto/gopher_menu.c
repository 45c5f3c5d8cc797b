/* Menus made of bodies: the filters around gemtext and gophermaps. */
#include "proto/gopher_menu.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "site/ready.h"
#include "text/gophermap.h"
#include "text/gph.h"

/* A host name is shorter by far. */
enum { KEY_MAX = 1024 };

/* ---- gemtext (P10) ---- */

static int gemtext_feed(void *state, struct str piece, struct buf *out)
{
  return menu_filter_feed(state, piece, out);
}

static int gemtext_end(void *state, struct buf *out)
{
  return menu_filter_end(state, out);
}

static void gemtext_destroy(void *state)
{
  menu_filter_free(state);
  free(state);
}

static struct body *gemtext_body(struct body *source, struct str base, const struct menu_place *place)
{
  static const struct filter_ops ops = {gemtext_feed, gemtext_end, gemtext_destroy};
  struct menu_filter *filter = malloc(sizeof *filter);
  if (!filter || menu_filter_begin(filter, place, base) < 0) {
    free(filter);
    body_free(source);
    return NULL;
  }
  return body_filter(source, &ops, filter);
}

/* ---- gophermaps (P16) ---- */

/* A line of a map that is longer than this is no item of anybody's: it is shown in pieces. */
enum { MAP_LINE_MAX = 32 * 1024, MAP_END = 3, GPH_LINE_MORE = 8 };

struct map_filter {
  const struct menu_place *place;
  struct buf directory;
  struct buf pending; /* the start of a line whose end has not come yet */
  bool gph;           /* the map is one of the other form */
  bool ended;         /* the map's own lone dot was read */
};

/* Appends one line's menu line. A map is translated line by line; the end that comes with each translation is left
 * out until the last one. */
static int map_line(struct map_filter *f, struct str line, struct buf *out)
{
  struct str rest = line, text;
  if (!str_line(&rest, &text))
    return 0;
  if (str_eq(text, STR("."))) {
    f->ended = true;
    return 0;
  }
  int err = gophermap_menu(line, buf_str(&f->directory), f->place, out);
  if (err == 0 && str_ends(buf_str(out), STR(".\r\n")))
    out->n -= MAP_END;
  return err;
}

/* The same for a line of a `.gph` menu, which no line ends. */
static int gph_line(struct map_filter *f, struct str line, struct buf *out)
{
  struct str text;
  struct buf map = BUF_INIT(8 * line.n + GPH_LINE_MORE);
  if (str_line(&line, &text))
    gph_put_line(&map, text);
  int err = buf_error(&map) ? buf_error(&map) : map_line(f, buf_str(&map), out);
  buf_free(&map);
  return err;
}

static int put_line(struct map_filter *f, struct str line, struct buf *out)
{
  return f->gph ? gph_line(f, line, out) : map_line(f, line, out);
}

static int map_feed(void *state, struct str piece, struct buf *out)
{
  struct map_filter *f = state;
  while (piece.n && !f->ended) {
    size_t n = str_find(piece, '\n');
    bool whole = n < piece.n;
    n += whole;
    if (n > MAP_LINE_MAX - f->pending.n) {
      n = MAP_LINE_MAX - f->pending.n;
      whole = true;
    }
    buf_put_str(&f->pending, str_head(piece, n));
    piece = str_skip(piece, n);
    int err = buf_error(&f->pending);
    if (whole && err == 0)
      err = put_line(f, buf_str(&f->pending), out);
    if (err)
      return err;
    if (whole)
      f->pending.n = 0;
  }
  return buf_error(out);
}

static int map_end(void *state, struct buf *out)
{
  struct map_filter *f = state;
  int err = f->ended ? 0 : put_line(f, buf_str(&f->pending), out);
  menu_put_end(out);
  return err ? err : buf_error(out);
}

static void map_destroy(void *state)
{
  struct map_filter *f = state;
  buf_free(&f->directory);
  buf_free(&f->pending);
  free(f);
}

static struct body *map_body(struct body *source, bool gph, struct str base, const struct menu_place *place)
{
  static const struct filter_ops ops = {map_feed, map_end, map_destroy};
  struct map_filter *f = malloc(sizeof *f);
  if (!f) {
    body_free(source);
    return NULL;
  }
  *f = (struct map_filter){
      .place = place, .gph = gph, .directory = BUF_INIT(base.n + 1), .pending = BUF_INIT(MAP_LINE_MAX)};
  size_t slash = str_rfind(base, '/');
  buf_put_str(&f->directory, slash < base.n ? str_head(base, slash + 1) : STR("/"));
  if (buf_error(&f->directory) < 0) {
    map_destroy(f);
    body_free(source);
    return NULL;
  }
  return body_filter(source, &ops, f);
}

struct body *gopher_menu_body(struct body *source, enum format format, struct str base, const struct menu_place *place)
{
  if (!source)
    source = body_copy(STR(""));
  if (!source)
    return NULL;
  switch (format) {
  case FORMAT_GOPHERMAP:
  case FORMAT_GPH:
    return map_body(source, format == FORMAT_GPH, base, place);
  case FORMAT_PLAIN:
  case FORMAT_GEMTEXT:
    break;
  }
  return gemtext_body(source, base, place);
}

/* ---- menus that are kept */

/* All that a menu depends on besides its page: where it says that the page is, which links lead here (P11), and how
 * wide it is. A host has no slash, a prefix begins with one. */
static struct str menu_key(const struct proto_request *r, char key[KEY_MAX])
{
  const unsigned numbers[] = {r->place.port, r->context->port, r->context->gemini_port, r->place.columns};
  struct str prefix = str_head(r->place.prefix, KEY_MAX - sizeof numbers);
  struct str host = str_head(r->place.host, KEY_MAX - sizeof numbers - prefix.n);
  char *at = key;
  (void)str_place(&at, str_make((const char *)numbers, sizeof numbers));
  (void)str_place(&at, host);
  (void)str_place(&at, prefix);
  return str_make(key, (size_t)(at - key));
}

struct body *gopher_menu_answer(struct proto_request *r, const struct response *response, struct body *source)
{
  char text[KEY_MAX];
  struct ready *page = response->ready;
  struct str key = menu_key(r, text);
  struct bytes *menu = page ? ready_form(page, key) : NULL;
  if (menu) {
    body_free(source);
    return body_bytes(bytes_ref(menu));
  }
  ready_unref(r->page);
  r->page = page ? ready_ref(page) : NULL;
  struct body *body = gopher_menu_body(source, response->format, buf_str(&response->base), &r->place);
  if (!body || !page || !ready_gathers(page) || body_gather(&body, READY_FORM_MAX, &menu) < 0)
    return body;
  if (!menu) { /* what was gathered is sent, and then the rest as it is made */
    ready_form_too_large(page);
    return body;
  }
  ready_keep_form(page, key, menu);
  return body_bytes(menu);
}
