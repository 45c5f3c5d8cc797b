/* Pages that are made of maps: line by line, and other maps in their places. */
#include "site/map.h"

#include <stdlib.h>

#include "base/err.h"
#include "site/map_internal.h"
#include "text/gemtext.h"
#include "text/gophermap.h"
#include "text/gophermap_dialect.h"
#include "text/uri.h"

enum { PATH_BYTES_MAX = 8192, ENCODED_MAX = 3 * PATH_BYTES_MAX, COMPLAINTS_BYTES = 16384, ABOUT_MAX = 100 };

void map_complain(struct map *m, const struct map_file *f, struct str about, const char *what)
{
  if (m->complaints++ >= MAP_COMPLAINTS_MAX)
    return;
  about = str_head(about, str_find(str_head(about, ABOUT_MAX), '\0'));
  buf_put_str(&m->made->complaints, f->path);
  if (f->line) /* else it is about all of the file */
    buf_printf(&m->made->complaints, ":%u", f->line);
  buf_printf(&m->made->complaints, "%c%.*s%s%s%c", '\0', STR_ARG(about), about.n ? ": " : "", what, '\0');
}

/* ------------------------------------------------------------------ lines */

/* For gemtext: what has come so far is translated. */
static int translate(struct map *m)
{
  if (m->order->menu)
    return 0;
  int err = buf_error(&m->pending);
  if (err == 0)
    err = gophermap_gemtext(buf_str(&m->pending), buf_str(&m->encoded), &m->made->page);
  buf_clear(&m->pending);
  return err;
}

static int put_title(struct map *m, struct str title)
{
  if (m->order->menu) {
    dialect_put_info(m->lines, title);
    return 0;
  }
  int err = translate(m);
  if (str_trim(title).n)
    gemtext_put_heading(&m->made->page, 1, str_trim(title));
  return err ? err : buf_error(&m->made->page);
}

static int hide(struct map *m, const struct map_file *f, struct str name)
{
  /* Directories are named with or without their slash. */
  if (name.n > 1 && str_ends(name, STR("/")))
    name.n--;
  if (m->n_hidden == MAP_HIDDEN_MAX) {
    map_complain(m, f, STR(""), "expected 1000 hidden names at most");
    return 0;
  }
  m->hidden[m->n_hidden] = str_dup(name);
  return m->hidden[m->n_hidden++] ? 0 : ERR_NOMEM;
}

static int set_type(struct map *m, const struct map_file *f, const struct dialect_line *line)
{
  size_t i = 0;
  while (i < m->n_types && !str_eq_nocase(str_from(m->types[i].suffix), line->text))
    i++;
  if (i == MAP_TYPES_MAX) {
    map_complain(m, f, STR(""), "expected 256 suffixes with a type of their own at most");
    return 0;
  }
  if (i == m->n_types) {
    m->types[i].suffix = str_dup(line->text);
    if (!m->types[i].suffix)
      return ERR_NOMEM;
    m->n_types++;
  }
  m->types[i].type = line->type;
  return 0;
}

/* A list of users or hosts. */
static int put_list(struct map *m, const struct map_file *f, enum dialect_kind kind)
{
  if (m->files == MAP_FILES_MAX) {
    map_complain(m, f, STR(""), "this would be one map or list more than 100 in a page");
    return 0;
  }
  m->files++;
  if (kind == DIALECT_USERS)
    return map_put_users(m, f);
  buf_put_str(m->lines, m->order->hosts);
  return buf_error(m->lines);
}

/* Does what one line asks for. */
static int put_line(struct map *m, const struct map_file *f, const struct dialect_line *line)
{
  switch (line->kind) {
  case DIALECT_PLAIN:
    dialect_put_plain(m->lines, line->text);
    return buf_error(m->lines);
  case DIALECT_TITLE:
    return put_title(m, line->text);
  case DIALECT_HIDE:
    return hide(m, f, line->text);
  case DIALECT_TYPE:
    return set_type(m, f, line);
  case DIALECT_USERS:
  case DIALECT_HOSTS:
    return put_list(m, f, line->kind);
  case DIALECT_INCLUDE:
    return map_include(m, f, line->text);
  case DIALECT_FAULT:
    map_complain(m, f, STR(""), line->why);
    return 0;
  case DIALECT_COMMENT:
  case DIALECT_LISTING:
  case DIALECT_END:
    break;
  }
  return 0;
}

int map_put_lines(struct map *m, struct map_file *f, struct str text, bool *lists)
{
  struct str raw;
  int err = 0;
  *lists = false;
  if (str_starts(text, STR("\xef\xbb\xbf")))
    text = str_skip(text, 3);
  while (err == 0 && str_line(&text, &raw)) {
    struct dialect_line line;
    f->line++;
    dialect_parse(raw, &line);
    *lists = line.kind == DIALECT_LISTING;
    if (*lists || line.kind == DIALECT_END)
      break;
    err = put_line(m, f, &line);
  }
  return err;
}

/* ------------------------------------------------------------------ the page */

void map_made_free(struct map_made *made)
{
  buf_free(&made->page);
  buf_free(&made->complaints);
  listing_free(made->listing);
  made->listing = NULL;
}

static int make(struct map *m)
{
  struct map_file file = {.path = m->order->file};
  struct buf text = BUF_INIT(MAP_BYTES_MAX + 1);
  bool program = false, lists = false;
  int err = map_read(m, file.path, &text, &m->made->id, &program);
  file.id = m->made->id;
  if (err == 0)
    err = map_put_lines(m, &file, buf_str(&text), &lists);
  if (program) {
    map_complain(m, &file, STR(""), map_words(err, true));
    dialect_put_info(m->lines, STR("This menu is made by a program, and programs are not run here."));
    err = 0;
  }
  if (err == 0 && lists)
    err = map_put_listing(m, &file);
  if (err == 0)
    err = translate(m);
  buf_free(&text);
  return err ? err : buf_error(&m->made->page);
}

int map_make(const struct map_order *order, struct map_made *made)
{
  *made = (struct map_made){
      .page = BUF_INIT(LISTING_PAGE_MAX), .complaints = BUF_INIT(COMPLAINTS_BYTES), .settled = true, .lasting = true};
  struct map *m = calloc(1, sizeof *m);
  if (!m)
    return ERR_NOMEM;
  m->order = order;
  m->made = made;
  m->directory = str_head(order->file, str_rfind(order->file, '/') + 1);
  m->files = 1;
  buf_init(&m->encoded, ENCODED_MAX);
  buf_init(&m->pending, LISTING_PAGE_MAX);
  m->lines = order->menu ? &made->page : &m->pending;
  uri_put_path(&m->encoded, m->directory);
  int err = buf_error(&m->encoded) ? buf_error(&m->encoded) : make(m);
  for (size_t i = 0; i < m->n_hidden; i++)
    free(m->hidden[i]);
  for (size_t i = 0; i < m->n_types; i++)
    free(m->types[i].suffix);
  buf_free(&m->encoded);
  buf_free(&m->pending);
  free(m);
  return err;
}
