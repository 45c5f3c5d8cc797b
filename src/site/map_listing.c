/* What a directory holds, as lines of a plain gophermap: the same entries, order and labels as in a listing. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "site/map_internal.h"
#include "text/gophermap_dialect.h"
#include "text/menu.h"
#include "text/uri.h"

enum { LINE_BYTES_MAX = 8192, SELECTOR_MAX = 3 * LINE_BYTES_MAX };

/* Maps that are put in where a listing would have their names. */
#define INLINE_SUFFIX ".gophermap"

static int compare(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_hidden(const struct map *m, struct str name)
{
  size_t low = 0, high = m->n_hidden;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = str_cmp(str_from(m->hidden[middle]), name);
    if (order == 0)
      return true;
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return false;
}

static char type_of(const struct map *m, const struct listing *l, const struct entry *e)
{
  struct str name = listing_name(l, e);
  if (e->kind == ENTRY_DIRECTORY || e->kind == ENTRY_OVERVIEW)
    return '1';
  for (size_t i = 0; i < m->n_types; i++)
    if (dialect_has_suffix(name, str_from(m->types[i].suffix)))
      return m->types[i].type;
  if (e->kind == ENTRY_GEMTEXT)
    return '1'; /* P15 */
  if (e->item)
    return e->item;
  struct str type = mime_type(m->order->mime, name);
  if (type.n)
    return mime_item_type(type);
  return mime_has_suffix(name) ? '9' : '0';
}

/* One item, by what leads there: raw, from the directory. */
static void put_item(struct map *m, char type, struct str label, struct str name, struct buf *work)
{
  buf_clear(work);
  buf_put_str(work, buf_str(&m->encoded));
  uri_put_path(work, name);
  buf_put_c(m->lines, type);
  buf_put_str(m->lines, label);
  buf_put_c(m->lines, '\t');
  menu_put_path(m->lines, buf_str(work));
  buf_put_str(m->lines, STR("\t\t\n"));
}

/* The way up, as in a listing. */
static void put_up(struct map *m)
{
  struct str up = str_head(buf_str(&m->encoded), m->encoded.n - 1);
  if (up.n == 0)
    return;
  buf_put_str(m->lines, STR("1Up\t"));
  menu_put_path(m->lines, str_head(up, str_rfind(up, '/') + 1));
  buf_put_str(m->lines, STR("\t\t\n"));
}

static int first_error(const struct buf *lines, const struct buf *name, const struct buf *label, const struct buf *work)
{
  int err = buf_error(lines) ? buf_error(lines) : buf_error(name);
  if (err == 0)
    err = buf_error(label);
  return err ? err : buf_error(work);
}

static int put_entries(struct map *m, const struct map_file *f, const struct listing *l)
{
  struct buf name = BUF_INIT(LINE_BYTES_MAX), label = BUF_INIT(LINE_BYTES_MAX), work = BUF_INIT(SELECTOR_MAX);
  int err = 0;
  for (size_t i = 0; i < l->n && err == 0; i++) {
    const struct entry *e = &l->entry[i];
    struct str raw = listing_name(l, e);
    buf_clear(&name);
    buf_clear(&label);
    listing_put_name(l, e, &name);
    listing_put_label(l, e, &label);
    struct str shown = buf_str(&name);
    if (str_ends(shown, STR("/")))
      shown.n--;
    if (is_hidden(m, raw) || is_hidden(m, shown))
      continue;
    if (e->kind == ENTRY_FILE && raw.n > STR(INLINE_SUFFIX).n && str_ends(raw, STR(INLINE_SUFFIX)))
      err = map_include(m, f, raw);
    else
      put_item(m, type_of(m, l, e), buf_str(&label), buf_str(&name), &work);
    if (err == 0)
      err = first_error(m->lines, &name, &label, &work);
  }
  buf_free(&name);
  buf_free(&label);
  buf_free(&work);
  return err;
}

int map_put_listing(struct map *m, const struct map_file *f)
{
  const struct map_order *order = m->order;
  struct listing *l = NULL;
  if (order->unlisted) {
    map_complain(m, f, STR("*"), "this directory is not to be listed, as its settings say");
    return 0;
  }
  m->made->lasting = false;
  int err = listing_build(order->root, m->directory, order->now_ns, order->previous, order->options, &l);
  if (err && err != ERR_NOMEM) {
    map_complain(m, f, STR("*"), err_text(err));
    return 0;
  }
  if (err)
    return err;
  qsort(m->hidden, m->n_hidden, sizeof *m->hidden, compare);
  put_up(m);
  err = put_entries(m, f, l);
  if (l->cut)
    dialect_put_info(m->lines, STR("This directory holds more than can be shown here."));
  m->made->settled = m->made->settled && l->settled;
  if (l->plain)
    listing_free(l); /* nothing would be saved by keeping it */
  else
    m->made->listing = l;
  return err;
}
