/* Pages that are made of maps: line by line, and other maps in their places. */
#include "site/map.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "site/listing_entry.h"
#include "site/map_internal.h"
#include "site/read.h"
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

/* ------------------------------------------------------------------ files */

/* Whether everybody who may see the page may see what is at this path: no other gate is before it, nor could there be
 * one in a file of a directory that is not on the way to the page. */
static bool is_as_open(const struct map *m, struct str path)
{
  const struct rule *here[2], *there[2];
  struct buf name = BUF_INIT(PATH_BYTES_MAX);
  struct stat st;
  listing_entry_gates(m->order->options, m->directory, here);
  listing_entry_gates(m->order->options, path, there);
  bool open = (!there[0] || there[0] == here[0]) && (!there[1] || there[1] == here[1]);
  for (size_t i = 0; open && m->order->options->dot_files && i < path.n; i++) {
    struct str directory = str_head(path, i + 1);
    if (path.p[i] != '/' || str_starts(m->directory, directory))
      continue;
    static const struct str files[] = {STR_INIT(".nuncio"), STR_INIT(".meta")};
    for (size_t k = 0; open && k < sizeof files / sizeof *files; k++) {
      buf_clear(&name);
      buf_put_str(&name, directory);
      buf_put_str(&name, files[k]);
      open = !buf_error(&name) && resolve_stat(m->order->root, buf_str(&name), 0, &st) == ERR_NOT_FOUND;
    }
  }
  buf_free(&name);
  return open;
}

/* A user's page is made of that user's files alone. */
static bool is_of_same_user(const struct map *m, struct str path)
{
  if (m->order->root->homes < 0)
    return true;
  size_t home = str_starts(m->directory, STR("/~")) ? str_find(str_skip(m->directory, 1), '/') + 2 : 1;
  bool other = home == 1 && str_starts(path, STR("/~"));
  return str_starts(path, str_head(m->directory, home)) && !other;
}

/* Reads a map whole. ERR_SPECIAL: it is no file. ERR_DENIED with *program set: it is to be run, not read. */
static int read_map(struct map *m, struct str path, struct buf *text, struct file_id *id, bool *program)
{
  int fd = -1;
  struct stat st;
  int err = resolve_open(m->order->root, path, 0, &fd, &st);
  if (err)
    return err;
  *id = file_id(&st);
  *program = S_ISREG(st.st_mode) && (st.st_mode & S_IXOTH);
  if (!S_ISREG(st.st_mode))
    err = ERR_SPECIAL;
  else if (*program)
    err = ERR_DENIED;
  else if ((uint64_t)st.st_size > MAP_BYTES_MAX - m->bytes)
    err = ERR_LIMIT;
  if (err == 0) {
    size_t size = (size_t)st.st_size, n = 0;
    char *room = buf_room(text, size + 1);
    err = room ? read_at_once(fd, 0, room, size, &n) : ERR_NOMEM;
    if (err == 0) {
      buf_added(text, n);
      m->bytes += n;
    }
  }
  close(fd);
  m->made->settled = m->made->settled && file_settled(id, m->order->now_ns);
  return err;
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

/* Reads the lines of one map, up to one that ends it; *lists: what the directory holds is to follow. */
static int put_lines(struct map *m, struct map_file *f, struct str text, bool *lists)
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

/* ------------------------------------------------------------------ other maps */

static bool includes_itself(const struct map_file *f, const struct file_id *id)
{
  for (; f; f = f->above)
    if (f->id.device == id->device && f->id.inode == id->inode)
      return true;
  return false;
}

/* Why a map cannot be put here; NULL: it can, as far as is known before it is read. */
static const char *refusal(const struct map *m, const struct map_file *f, struct str path)
{
  if (f->depth + 1 == MAP_DEPTH_MAX)
    return "this would be the ninth map one within another";
  if (m->files == MAP_FILES_MAX)
    return "this would be one map or list more than 100 in a page";
  if (!is_of_same_user(m, path))
    return "this map is another user's";
  if (!is_as_open(m, path))
    return "this map may not be for everybody who sees the page";
  return NULL;
}

static const char *words_for(int err, bool program)
{
  if (program)
    return "this map is a program (everybody may execute it), and programs are not run: if it is a text, chmod -x";
  if (err == ERR_NOT_FOUND)
    return "there is no such map in the capsule, and programs are not run";
  if (err == ERR_LIMIT)
    return "the maps of a page have 1 MiB at most, all together";
  return err_text(err);
}

static int include_file(struct map *m, const struct map_file *f, struct str as_written, struct str path)
{
  struct map_file file = {.above = f, .path = path, .depth = f->depth + 1};
  struct buf text = BUF_INIT(MAP_BYTES_MAX + 1);
  bool program = false, lists;
  const char *why = refusal(m, f, path);
  int err = 0;
  if (!why) {
    m->files++;
    err = read_map(m, path, &text, &file.id, &program);
    if (err == 0 && includes_itself(f, &file.id))
      why = "this map is being read already: it includes itself";
    else if (err && err != ERR_NOMEM)
      why = words_for(err, program);
  }
  if (why)
    map_complain(m, f, as_written, why);
  else if (err == 0)
    err = put_lines(m, &file, buf_str(&text), &lists); /* `*` ends it, and lists nothing in the middle of a page */
  buf_free(&text);
  return why ? 0 : err;
}

int map_include(struct map *m, const struct map_file *f, struct str as_written)
{
  struct buf raw = BUF_INIT(PATH_BYTES_MAX), path = BUF_INIT(PATH_BYTES_MAX);
  m->made->lasting = false;
  if (!str_starts(as_written, STR("/")))
    buf_put_str(&raw, m->directory);
  buf_put_str(&raw, as_written);
  int err = buf_error(&raw) ? buf_error(&raw) : uri_path(&path, buf_str(&raw), false);
  if (err == 0) {
    err = include_file(m, f, as_written, buf_str(&path));
  } else if (err != ERR_NOMEM) {
    map_complain(m, f, as_written, "this is no path within the capsule");
    err = 0;
  }
  buf_free(&raw);
  buf_free(&path);
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
  int err = read_map(m, file.path, &text, &m->made->id, &program);
  file.id = m->made->id;
  if (err == 0)
    err = put_lines(m, &file, buf_str(&text), &lists);
  if (program) {
    map_complain(m, &file, STR(""), words_for(err, true));
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
