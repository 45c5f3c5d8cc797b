/* From a path to what answers it. Real files first; an overview's tree only where there is nothing real. */
#include "site/look.h"

#include <unistd.h>

#include "base/err.h"
#include "site/mime.h"
#include "site/read.h"
#include "text/gph.h"
#include "text/overview.h"

/* A request's path is 1024 bytes at most; a name of ours is added to it. */
enum { PATH_BYTES_MAX = 8192 };

void look_init(struct found *f)
{
  *f = (struct found){.fd = -1};
  buf_init(&f->page, PATH_BYTES_MAX);
  buf_init(&f->file, PATH_BYTES_MAX);
  buf_init(&f->shadowed, PATH_BYTES_MAX);
  trail_init(&f->trail);
}

void look_free(struct found *f)
{
  buf_free(&f->page);
  buf_free(&f->file);
  buf_free(&f->shadowed);
  trail_free(&f->trail);
  bytes_unref(f->bytes);
  f->bytes = NULL;
  if (f->fd >= 0)
    close(f->fd);
  f->fd = -1;
}

struct str look_name(struct str path)
{
  if (str_ends(path, STR("/")))
    path.n--;
  size_t slash = str_rfind(path, '/');
  return slash == path.n ? path : str_skip(path, slash + 1);
}

static int set_path(struct buf *b, struct str first, struct str second)
{
  buf_clear(b);
  buf_put_str(b, first);
  buf_put_str(b, second);
  return buf_error(b);
}

/* Whatever decides what a look comes to is asked here, so that the trail shows it. */
static int ask_stat(const struct root *root, struct str path, unsigned flags, struct found *f, struct stat *st)
{
  int err = resolve_stat(root, path, flags, st);
  trail_note(&f->trail, path, err, st);
  return err;
}

static int ask_open(const struct root *root, struct str path, unsigned flags, struct found *f)
{
  int err = resolve_open(root, path, flags, &f->fd, &f->st);
  trail_note(&f->trail, path, err, &f->st);
  return err;
}

/* Opens `file`; a file without a suffix is looked into as well, since its type is what it holds (G20). */
static int open_file(const struct root *root, unsigned flags, struct found *f)
{
  struct str path = buf_str(&f->file);
  int err = ask_open(root, path, flags, f);
  if (err || !S_ISREG(f->st.st_mode) || mime_has_suffix(look_name(path)))
    return err;
  char head[READ_HEAD];
  size_t n;
  err = read_at_once(f->fd, flags, head, sizeof head, &n);
  if (err == 0)
    f->guess = mime_guess(str_make(head, n));
  return err;
}

static void close_file(struct found *f)
{
  if (f->fd >= 0)
    close(f->fd);
  f->fd = -1;
}

/* The document of the tree `name` (a raw path without a slash at its end): sets `file` and `st`. */
static int find_document(const struct root *root, struct str name, unsigned flags, struct found *f)
{
  int err = set_path(&f->file, name, STR(OVERVIEW_SUFFIX));
  if (err == 0)
    err = ask_stat(root, buf_str(&f->file), flags, f, &f->st);
  if (err == 0 && !S_ISREG(f->st.st_mode))
    err = ERR_NOT_FOUND;
  return err;
}

static int found_tree(struct found *f)
{
  f->kind = FOUND_TREE;
  return (uint64_t)f->st.st_size > OVERVIEW_MAX ? ERR_LIMIT : 0;
}

/* `NAME/`, where NAME/ is no directory. A regular file NAME has no page below it. */
static int look_tree_root(const struct root *root, struct str path, unsigned flags, struct found *f)
{
  struct str name = str_head(path, path.n - 1);
  if (name.n == 0)
    return ERR_NOT_FOUND;
  struct stat st;
  int err = ask_stat(root, name, flags, f, &st);
  if (err != ERR_NOT_FOUND)
    return err ? err : ERR_NOT_FOUND;
  err = find_document(root, name, flags, f);
  return err ? err : found_tree(f);
}

/* A path without a slash at its end where nothing real stands: NAME itself, or NAME/3.gmi. */
static int look_tree_page(const struct root *root, struct str path, enum representation representation, unsigned flags,
                          struct found *f)
{
  int err = find_document(root, path, flags, f);
  if (err == 0) {
    err = set_path(&f->page, path, STR("/"));
    if (err == 0)
      err = found_tree(f);
    if (representation == REPR_GEMTEXT)
      f->kind = FOUND_SLASH;
    return err;
  }
  struct str name = str_head(path, str_rfind(path, '/')), leaf = look_name(path);
  if (err != ERR_NOT_FOUND || name.n == 0 || !str_ends(leaf, STR(".gmi")) || leaf.n == STR(".gmi").n)
    return err;

  struct stat st;
  err = ask_stat(root, name, flags, f, &st);
  if (err != ERR_NOT_FOUND)
    return err ? err : ERR_NOT_FOUND;
  err = find_document(root, name, flags, f);
  if (err == 0)
    err = set_path(&f->page, path, STR(""));
  if (err)
    return err;
  struct str point = look_name(buf_str(&f->page));
  f->point = str_head(point, point.n - STR(".gmi").n);
  return found_tree(f);
}

/* Something real stands at `name`: does it take the place of an overview's tree? It is asked for the owner's sake only,
 * so it never fails, and in the loop it never waits. */
static void look_shadow(const struct root *root, struct str name, unsigned flags, struct found *f)
{
  struct stat st;
  struct str document = STR(OVERVIEW_SUFFIX);
  bool is_document = str_ends(name, document);
  if (name.n == 0 || set_path(&f->shadowed, name, is_document ? STR("") : document) != 0)
    return;
  /* A document that was asked for itself: what would shadow it has its name without the suffix. */
  struct str other = is_document ? str_head(name, name.n - document.n) : buf_str(&f->shadowed);
  if (resolve_stat(root, other, flags, &st) != 0 || (!is_document && !S_ISREG(st.st_mode)))
    buf_clear(&f->shadowed);
}

struct index {
  const char *name;
  enum found_kind kind;
  bool menu;
};

/* What answers for a directory, best first; a listing where there is none of these. */
static const struct index *indexes(enum representation representation)
{
  static const struct index gemtext[] = {{"index.gmi", FOUND_FILE, false},
                                         {"index.gemini", FOUND_FILE, false},
                                         {"gophermap", FOUND_MAP, false},
                                         {GPH_INDEX, FOUND_MAP, false},
                                         {NULL, FOUND_LISTING, false}};
  static const struct index menu[] = {{"gophermap", FOUND_FILE, true},
                                      {GPH_INDEX, FOUND_FILE, true},
                                      {"index.gmi", FOUND_FILE, false},
                                      {"index.gemini", FOUND_FILE, false},
                                      {NULL, FOUND_LISTING, false}};
  switch (representation) {
  case REPR_GEMTEXT:
    return gemtext;
  case REPR_MENU:
    return menu;
  }
  return gemtext;
}

/* Whether this index answers for the directory `page`. ERR_NOT_FOUND where there is no such file; a directory of that
 * name is none. What is there and cannot be read refuses the whole directory: its owner did not mean it to be listed.
 */
static int look_index(const struct root *root, const struct index *index, unsigned flags, struct found *f)
{
  int err = set_path(&f->file, buf_str(&f->page), str_from(index->name));
  if (err)
    return err;
  if (index->kind == FOUND_FILE)
    err = ask_open(root, buf_str(&f->file), flags, f);
  else
    err = ask_stat(root, buf_str(&f->file), flags, f, &f->st);
  if (err == 0 && !S_ISREG(f->st.st_mode)) {
    close_file(f);
    err = S_ISDIR(f->st.st_mode) ? ERR_NOT_FOUND : ERR_SPECIAL;
  }
  f->kind = index->kind;
  f->menu = index->menu;
  return err;
}

/* A directory's page, by its path with the slash at the end. The indexes are tried before the directory itself is
 * looked at: where there is one, one look is enough. */
static int look_directory(const struct root *root, struct str path, enum representation representation, unsigned flags,
                          struct found *f)
{
  const struct index *index = indexes(representation);
  for (; index->name; index++) {
    const struct index made = {index->name, FOUND_DIALECT, index->menu};
    bool is_made = root->dialect && str_eq(str_from(index->name), STR("gophermap"));
    int err = look_index(root, is_made ? &made : index, flags, f);
    if (err != ERR_NOT_FOUND) {
      look_shadow(root, str_head(path, path.n - 1), flags, f);
      return err;
    }
  }
  f->kind = FOUND_LISTING;
  f->menu = false;
  int err = set_path(&f->file, path, STR(""));
  if (err == 0) {
    err = resolve_stat(root, path, flags, &f->st);
    trail_note_content(&f->trail, path, err, &f->st);
  }
  if (err == ERR_NOT_FOUND)
    return look_tree_root(root, path, flags, f);
  look_shadow(root, str_head(path, path.n - 1), flags, f);
  return err;
}

/* A menu that was asked for by its own name. */
static void found_gph(enum representation representation, struct found *f)
{
  f->menu = representation == REPR_MENU;
  if (f->menu)
    return;
  f->kind = FOUND_MAP;
  close_file(f);
}

static int find(const struct root *root, struct str path, enum representation representation, unsigned flags,
                struct found *f)
{
  if (path_hidden(path))
    return ERR_NOT_FOUND;
  int err = set_path(&f->page, path, STR(""));
  if (err)
    return err;
  if (str_ends(path, STR("/")))
    return look_directory(root, path, representation, flags, f);

  f->kind = FOUND_FILE;
  err = set_path(&f->file, path, STR(""));
  if (err == 0)
    err = open_file(root, flags, f);
  if (err == ERR_NOT_FOUND)
    return look_tree_page(root, path, representation, flags, f);
  /* A directory that only lets pass (mode 0711) still has pages of its own. */
  if (err == ERR_DENIED && resolve_stat(root, path, flags, &f->st) == 0 && S_ISDIR(f->st.st_mode))
    err = 0;
  if (err)
    return err;
  if (S_ISREG(f->st.st_mode) && gph_named(path)) {
    found_gph(representation, f);
    return 0;
  }
  if (S_ISREG(f->st.st_mode)) {
    if (!mime_has_suffix(look_name(path)) || str_ends(path, STR(OVERVIEW_SUFFIX)))
      look_shadow(root, path, flags, f);
    return 0;
  }

  close_file(f);
  err = set_path(&f->page, path, STR("/"));
  if (err == 0 && representation == REPR_GEMTEXT)
    f->kind = FOUND_SLASH;
  else if (err == 0)
    err = look_directory(root, buf_str(&f->page), representation, flags, f);
  return err;
}

int look_at(const struct root *root, struct str path, enum representation representation, unsigned flags,
            struct found *f)
{
  look_free(f);
  look_init(f);
  int err = find(root, path, representation, flags, f);
  if (err == 0)
    trail_tidy(&f->trail);
  return err;
}

int look_read(struct found *f, uint64_t most, unsigned flags)
{
  if (f->kind != FOUND_FILE || (uint64_t)f->st.st_size > most)
    return 0;
  size_t size = (size_t)f->st.st_size, n = 0;
  struct buf content = BUF_INIT(size + 1);
  char *room = buf_room(&content, size + 1);
  int err = room ? read_at_once(f->fd, flags, room, size, &n) : ERR_NOMEM;
  if (err == 0 && n < size)
    err = ERR_AGAIN;
  if (err) {
    buf_free(&content);
    return err;
  }
  buf_added(&content, n);
  f->bytes = bytes_take(&content);
  close_file(f);
  return f->bytes ? 0 : ERR_NOMEM;
}
