/* Rules that files of the capsule set, read anew for each page: what comes of them is kept with the page. */
#include "site/dot_rules.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "site/read.h"
#include "text/agate_meta.h"
#include "text/glob.h"

enum {
  PATH_BYTES_MAX = 8192,
  WHY_MAX = 512,
  IN_LOOP_MAX = 4096, /* a larger file is read and parsed in the pool: a thousand sections take 40 ms */
};

/* One walk from the root to a page. */
struct walk {
  const struct root *root;
  const struct dot_rules_kinds *kinds;
  unsigned flags;
  struct trail *trail;
  struct buf directory; /* raw, with its slash */
  struct buf file;
  struct rules rules;
  struct buf *why;
};

struct dot_rules *dot_rules_ref(struct dot_rules *d)
{
  if (d)
    d->refs++;
  return d;
}

void dot_rules_unref(struct dot_rules *d)
{
  if (!d || --d->refs > 0)
    return;
  rules_free(&d->rules);
  free(d);
}

static bool nuncio_here(const struct dot_rules_kinds *kinds, const struct rules *settings, struct str directory)
{
  struct ruled ruled = {.lang = NULL};
  if (!kinds->nuncio)
    return false;
  rules_lay(settings, directory, directory, &ruled);
  return ruled.local == TOGGLE_ON;
}

/* What went wrong with the file, for its author. */
static int explain(struct walk *w, int err, struct str what)
{
  buf_clear(w->why);
  buf_printf(w->why, "%.*s%s%.*s", STR_ARG(buf_str(&w->file)), err == ERR_SYNTAX ? ":" : ": ", STR_ARG(what));
  return ERR_SYNTAX;
}

/* An error of reading as an error of the walk. What a reader sees of a page must not depend on rules that nobody could
 * read: they may have said who is let in. */
static int fault(struct walk *w, int err)
{
  if (err == ERR_NOT_FOUND)
    return 0;
  if (err == ERR_AGAIN || err == ERR_NOMEM || err == ERR_BUSY)
    return err;
  return explain(w, err, str_from(err_text(err)));
}

/* Appends the text of the file, if there is one. */
static int read_text(struct walk *w, struct buf *text)
{
  int fd = -1;
  struct stat st;
  struct str path = buf_str(&w->file);
  int err = resolve_open(w->root, path, w->flags, &fd, &st);
  trail_note(w->trail, path, err, &st);
  if (err)
    return fault(w, err);
  size_t size = (size_t)st.st_size, n = 0;
  if (!S_ISREG(st.st_mode))
    err = explain(w, ERR_SPECIAL, STR("this is no file"));
  else if (st.st_size > DOT_RULES_FILE_MAX)
    err = explain(w, ERR_LIMIT, STR("this is larger than 64 KiB"));
  else if (size > IN_LOOP_MAX && (w->flags & RESOLVE_CACHED_ONLY))
    err = ERR_AGAIN;
  char *room = err == 0 ? buf_room(text, size + 1) : NULL;
  if (err == 0)
    err = room ? read_at_once(fd, w->flags, room, size + 1, &n) : ERR_NOMEM;
  if (err == 0 && n != size)
    err = ERR_AGAIN; /* somebody is writing to it */
  if (err == 0)
    buf_added(text, n);
  close(fd);
  return err;
}

/* Reads the file of that name in the directory; *text stays empty where there is none. */
static int read_here(struct walk *w, struct str name, struct buf *text)
{
  buf_clear(&w->file);
  buf_put_str(&w->file, buf_str(&w->directory));
  buf_put_str(&w->file, name);
  return buf_error(&w->file) ? buf_error(&w->file) : read_text(w, text);
}

static int read_nuncio(struct walk *w, struct str text, struct rules *rules)
{
  struct buf why = BUF_INIT(WHY_MAX);
  int err = w->kinds->nuncio(text, buf_str(&w->directory), rules, &why);
  if (err == ERR_SYNTAX && why.n)
    err = explain(w, ERR_SYNTAX, buf_str(&why));
  buf_free(&why);
  return err;
}

/* As agate has it, lines that make no sense take nothing from the others: the owner is told, and that is all. */
static int read_meta(struct walk *w, struct str text, struct rules *rules)
{
  struct buf why = BUF_INIT(WHY_MAX);
  int err = agate_meta_read(text, buf_str(&w->directory), rules, &why);
  if (why.n && w->why->n == 0)
    (void)explain(w, ERR_LIMIT, buf_str(&why));
  buf_free(&why);
  return err == ERR_SYNTAX ? 0 : err;
}

static int read_rules(struct walk *w, struct str name, int (*read)(struct walk *, struct str, struct rules *))
{
  struct buf text = BUF_INIT(DOT_RULES_FILE_MAX + 1);
  struct rules rules;
  rules_init(&rules);
  int err = read_here(w, name, &text);
  if (err == 0 && text.n)
    err = read(w, buf_str(&text), &rules);
  if (err == 0)
    err = rules_join(&w->rules, &rules);
  rules_free(&rules);
  buf_free(&text);
  return err;
}

static int read_directory(struct walk *w, const struct rules *settings)
{
  int err = w->kinds->meta ? read_rules(w, STR(AGATE_META), read_meta) : 0;
  if (err == 0 && nuncio_here(w->kinds, settings, buf_str(&w->directory)))
    err = read_rules(w, STR(".nuncio"), read_nuncio);
  return err;
}

/* The root, and then each segment of the path: the last one may be a directory that was asked for without its slash. */
static int walk(struct walk *w, const struct rules *settings, struct str path)
{
  struct str segment;
  buf_put_c(&w->directory, '/');
  int err = read_directory(w, settings);
  for (int depth = 1; err == 0 && glob_segment(&path, &segment); depth++) {
    if (depth > DOT_RULES_DEPTH_MAX)
      return ERR_NOT_FOUND;
    buf_put_str(&w->directory, segment);
    buf_put_c(&w->directory, '/');
    err = buf_error(&w->directory) ? buf_error(&w->directory) : read_directory(w, settings);
  }
  return err;
}

int dot_rules_read(const struct root *root, const struct dot_rules_kinds *kinds, const struct rules *settings,
                   struct str path, unsigned flags, struct trail *trail, struct dot_rules **out, struct buf *why)
{
  struct walk w = {.root = root,
                   .kinds = kinds,
                   .flags = flags,
                   .trail = trail,
                   .directory = BUF_INIT(PATH_BYTES_MAX),
                   .file = BUF_INIT(PATH_BYTES_MAX),
                   .why = why};
  rules_init(&w.rules);
  *out = NULL;
  int err = walk(&w, settings, path);
  struct dot_rules *d = err == 0 && w.rules.n ? calloc(1, sizeof *d) : NULL;
  if (err == 0 && w.rules.n && !d)
    err = ERR_NOMEM;
  if (d) {
    d->refs = 1;
    d->rules = w.rules;
    rules_init(&w.rules);
    *out = d;
  }
  rules_free(&w.rules);
  buf_free(&w.directory);
  buf_free(&w.file);
  return err;
}
