/* One entry of a listing: a few looks at each build, and 4 KiB read at most once per version of a file. */
#include "site/listing_entry.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "site/dot_rules.h"
#include "site/mime.h"
#include "site/read.h"
#include "site/readable.h"
#include "text/overview.h"

enum { PATH_BYTES_MAX = 8192, TITLE_MAX = 8192, STEPS_MAX = 1 << 30 };

/* What each set of rules says of a path. */
static void lay_each(const struct listing_options *options, struct str path, struct ruled ruled[2])
{
  const struct rules *rules[2] = {options->settings, options->dots ? &options->dots->rules : NULL};
  for (size_t i = 0; i < 2; i++) {
    ruled[i] = (struct ruled){.lang = NULL};
    if (rules[i])
      rules_lay(rules[i], path, path, &ruled[i]);
  }
}

void listing_entry_gates(const struct listing_options *options, struct str path, const struct rule *gates[2])
{
  struct ruled ruled[2];
  lay_each(options, path, ruled);
  for (size_t i = 0; i < 2; i++)
    gates[i] = ruled[i].gate;
}

int listing_entry_begin(struct entry_context *c, const struct root *root, int directory, struct str path,
                        int64_t now_ns, const struct listing *previous, const struct listing_options *options)
{
  *c = (struct entry_context){
      .root = root, .directory = directory, .now_ns = now_ns, .previous = previous, .options = options};
  buf_init(&c->path, PATH_BYTES_MAX);
  buf_init(&c->title, TITLE_MAX);
  buf_put_str(&c->path, path);
  c->path_n = path.n;
  listing_entry_gates(options, path, c->gates);
  return buf_error(&c->path);
}

int listing_entry_end(struct entry_context *c)
{
  int err = buf_error(&c->path) ? buf_error(&c->path) : c->err;
  buf_free(&c->path);
  buf_free(&c->title);
  return err;
}

/* The path of the entry's name with something behind it; valid until the next call. */
static struct str path_of(struct entry_context *c, struct str name, struct str behind)
{
  c->path.n = c->path_n;
  buf_put_str(&c->path, name);
  buf_put_str(&c->path, behind);
  return buf_str(&c->path);
}

/* What stands at the entry's name: links are followed, but not out of the capsule (G13). */
static bool entry_stat(struct entry_context *c, const char *name, struct stat *st)
{
  if (fstatat(c->directory, name, st, AT_SYMLINK_NOFOLLOW) != 0)
    return false;
  if (S_ISLNK(st->st_mode) && resolve_stat(c->root, path_of(c, str_from(name), STR("")), 0, st) != 0)
    return false;
  int wanted = S_ISDIR(st->st_mode) ? R_OK | X_OK : R_OK;
  return (S_ISDIR(st->st_mode) || S_ISREG(st->st_mode)) && faccessat(c->directory, name, wanted, AT_EACCESS) == 0;
}

bool listing_entry_as_open(const struct listing_options *options, const struct rule *const gates[2], struct str path)
{
  struct ruled there[2];
  bool open = true;
  lay_each(options, path, there);
  for (size_t i = 0; i < 2; i++)
    open = open && !there[i].answer && (!there[i].gate || there[i].gate == gates[i]);
  return open;
}

/* Whether who may see the directory may see what this path leads to. An author can write rules that take long for each
 * of two thousand entries: from some point on none of them shows what is in it. */
static bool is_as_open(struct entry_context *c, struct str path)
{
  c->steps += dot_rules_steps(c->options->dots, path);
  return c->steps <= STEPS_MAX && listing_entry_as_open(c->options, c->gates, path);
}

static bool may_have_rules(struct entry_context *c, struct str name)
{
  return dot_rules_may_stand(c->root, path_of(c, name, STR("/")), c->options->dot_files, c->options->meta_files);
}

static void set_title(struct listing *l, struct entry *e, struct str title, const char *date)
{
  e->title = l->text.n;
  e->title_n = title.n;
  buf_put_str(&l->text, title);
  memcpy(e->date, date, LABEL_DATE);
}

static void label_from(struct entry_context *c, struct listing *l, struct entry *e, struct str head)
{
  char date[LABEL_DATE] = "";
  buf_clear(&c->title);
  if (e->kind == ENTRY_FILE) {
    e->item = mime_item_type(mime_guess(head));
    return;
  }
  if (e->kind == ENTRY_OVERVIEW) {
    struct str name = listing_name(l, e);
    name.n -= STR(OVERVIEW_SUFFIX).n;
    struct buf title = BUF_INIT(TITLE_MAX);
    int err = overview_summary(head, name, &title, date);
    if (err == 0)
      readable_put(&c->title, buf_str(&title), LABEL_COLUMNS);
    else if (err == ERR_NOMEM)
      c->err = err;
    buf_free(&title);
  } else {
    label_gemtext(head, &c->title, date);
  }
  if (buf_error(&c->title) == ERR_NOMEM)
    c->err = ERR_NOMEM;
  set_title(l, e, buf_str(&c->title), date);
}

/* Takes title and date, or the type, from the file at `path`, whose id is e->read, or from the previous listing if it
 * saw the same.
 */
static void read_label(struct entry_context *c, struct listing *l, struct entry *e, struct str path)
{
  const struct entry *old = c->previous ? listing_find(c->previous, listing_name(l, e)) : NULL;
  if (old && old->kind == e->kind && old->settled && file_id_eq(&old->read, &e->read)) {
    set_title(l, e, listing_title(c->previous, old), old->date);
    e->item = old->item;
    return;
  }
  int fd = -1;
  struct stat st;
  char head[READ_HEAD];
  size_t n = 0;
  int err = resolve_open(c->root, path, 0, &fd, &st);
  if (err == 0) {
    err = S_ISREG(st.st_mode) ? read_at_once(fd, 0, head, sizeof head, &n) : ERR_SPECIAL;
    e->read = file_id(&st);
    close(fd);
  }
  l->files_read++;
  /* What could not be read has no title now, and is asked again the next time. */
  e->settled = err == 0 && file_settled(&e->read, c->now_ns);
  if (err == 0)
    label_from(c, l, e, str_make(head, n));
}

static void forget_label(struct entry *e)
{
  e->title_n = 0;
  e->date[0] = '\0';
  e->settled = false;
}

/* A directory is called what its index is called. */
static void look_into_directory(struct entry_context *c, struct listing *l, struct entry *e, struct str name)
{
  static const struct str indexes[] = {STR_INIT("/index.gmi"), STR_INIT("/index.gemini")};
  if (!is_as_open(c, path_of(c, name, STR("/"))) || may_have_rules(c, name))
    return;
  for (size_t i = 0; i < sizeof indexes / sizeof *indexes; i++) {
    struct stat st;
    struct str path = path_of(c, name, indexes[i]);
    if (resolve_stat(c->root, path, 0, &st) != 0 || !S_ISREG(st.st_mode))
      continue;
    if (!is_as_open(c, path))
      return;
    e->read = file_id(&st);
    read_label(c, l, e, path);
    if (may_have_rules(c, name)) /* by now: whoever closes a directory may change its title next */
      forget_label(e);
    return;
  }
}

static bool is_gemtext(struct str name)
{
  static const struct str suffixes[] = {STR_INIT(".gmi"), STR_INIT(".gemini")};
  for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
    if (name.n > suffixes[i].n && str_eq_nocase(str_skip(name, name.n - suffixes[i].n), suffixes[i]))
      return true;
  return false;
}

bool listing_entry_is_document(struct str name)
{
  return name.n > STR(OVERVIEW_SUFFIX).n && str_ends(name, STR(OVERVIEW_SUFFIX));
}

/* An overview's document stands for its tree, unless it is too large for one or something real has the tree's name. */
static bool is_overview(struct entry_context *c, struct entry *e, struct str name)
{
  if (!listing_entry_is_document(name) || e->size > OVERVIEW_MAX)
    return false;
  struct stat st;
  struct str tree = str_head(name, name.n - STR(OVERVIEW_SUFFIX).n);
  e->shadowed = resolve_stat(c->root, path_of(c, tree, STR("")), 0, &st) != ERR_NOT_FOUND;
  return !e->shadowed;
}

/* A file that is not looked at: a document is one by its name, and mark_shadowed has seen to its tree. */
static enum entry_kind plain_file(const struct entry *e, const char *name)
{
  return listing_entry_is_document(str_from(name)) && !e->shadowed ? ENTRY_OVERVIEW : ENTRY_FILE;
}

/* More entries than are looked into: the directory's own word for what they are, and a look only where it has none. */
static bool look_plain(struct entry_context *c, struct listing *l, struct entry *e, const char *name)
{
  struct stat st;
  switch (e->type) {
  case DT_DIR:
    e->kind = ENTRY_DIRECTORY;
    return true;
  case DT_REG:
    e->kind = plain_file(e, name);
    return true;
  case DT_LNK:
  case DT_UNKNOWN:
    l->lasting = false;
    if (!entry_stat(c, name, &st))
      return false;
    e->kind = S_ISDIR(st.st_mode) ? ENTRY_DIRECTORY : plain_file(e, name);
    return true;
  default:
    return false;
  }
}

/* What a regular file is, and what its content says. */
static void look_into_file(struct entry_context *c, struct listing *l, struct entry *e, struct str name,
                           const struct stat *st)
{
  e->size = (uint64_t)st->st_size;
  e->kind = is_overview(c, e, name) ? ENTRY_OVERVIEW : is_gemtext(name) ? ENTRY_GEMTEXT : ENTRY_FILE;
  struct str tree = e->kind == ENTRY_OVERVIEW ? str_head(name, name.n - STR(OVERVIEW_SUFFIX).n) : name;
  if ((e->kind == ENTRY_FILE && mime_has_suffix(name)) || !is_as_open(c, path_of(c, name, STR(""))) ||
      !is_as_open(c, path_of(c, tree, STR(""))))
    return;
  e->read = file_id(st);
  read_label(c, l, e, path_of(c, name, STR("")));
}

bool listing_entry_look(struct entry_context *c, struct listing *l, struct entry *e)
{
  /* A copy: what is added to the listing's text may move it. */
  char text[NAME_MAX + 1];
  struct str name = listing_name(l, e);
  if (name.n > NAME_MAX)
    return false;
  memcpy(text, name.p, name.n);
  text[name.n] = '\0';
  name.p = text;
  if (l->plain)
    return look_plain(c, l, e, text);

  struct stat st;
  l->lasting = false;
  if (!entry_stat(c, text, &st))
    return false;
  e->modified_ns = file_id(&st).modified_ns;
  if (S_ISDIR(st.st_mode)) {
    e->kind = ENTRY_DIRECTORY;
    look_into_directory(c, l, e, name);
  } else {
    look_into_file(c, l, e, name, &st);
  }
  if (!e->date[0])
    (void)label_name_date(name, e->date);
  return true;
}
