/* Rules that files of the capsule set: looked for anew for each page, parsed once for each version of a file. What
 * comes of them is kept with the page. */
#include "site/dot_rules.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "site/read.h"
#include "text/agate_meta.h"
#include "text/glob.h"

enum { PATH_BYTES_MAX = 8192, WHY_MAX = 512 };

/* One walk from the root to a page. */
struct walk {
  const struct dot_rules_order *order;
  unsigned flags;
  struct trail *trail;
  struct buf directory; /* raw, with its slash */
  struct buf file;
  struct dot_rules *rules;
  bool settled;   /* the file that is being read had */
  unsigned asked; /* how many directories so far were asked for files */
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
  for (size_t i = 0; i < d->n_files; i++)
    dot_file_unref(d->file[i]);
  free(d->rules.rule); /* what is inside is the files' */
  free(d);
}

/* As rules_lay says, but of this alone: it is asked for each directory on the way to each page. */
static bool nuncio_here(const struct dot_rules_order *order, struct str directory)
{
  enum toggle local = TOGGLE_UNSET;
  for (size_t i = 0; order->kinds->nuncio && i < order->settings->n; i++) {
    const struct rule *rule = &order->settings->rule[i];
    if (rule->local != TOGGLE_UNSET && rule_means(rule, directory, NULL))
      local = rule->local;
  }
  return local == TOGGLE_ON;
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
  if (err == ERR_DENIED)
    return explain(w, err, STR("permission denied: let the server read it (chmod a+r)"));
  return explain(w, err, str_from(err_text(err)));
}

/* The file could not be looked at. Where its directory lets nobody look at anything, nothing in it is served, whatever
 * such a file would say, and it has nothing to do with the answer. Another name there is told the same. */
static int refusal(struct walk *w)
{
  struct stat st;
  struct buf other = BUF_INIT(PATH_BYTES_MAX);
  buf_put_str(&other, buf_str(&w->file));
  buf_put_c(&other, '~');
  int err = buf_error(&other);
  if (err == 0)
    err = resolve_stat(w->order->root, buf_str(&other), w->flags, &st);
  buf_free(&other);
  return err == ERR_DENIED || err == ERR_AGAIN || err == ERR_BUSY || err == ERR_NOMEM ? err : fault(w, ERR_DENIED);
}

/* Looks at the file. A link that leads nowhere is there all the same: its author meant something by it. */
static int find(struct walk *w, struct stat *st, bool *found)
{
  struct str path = buf_str(&w->file);
  int err = resolve_stat(w->order->root, path, w->flags | RESOLVE_LINK_ITSELF, st);
  *found = err == 0;
  if (err == ERR_NOT_FOUND) {
    trail_note_absence(w->trail, path);
    return 0;
  }
  if (err == 0 && S_ISLNK(st->st_mode))
    err = resolve_stat(w->order->root, path, w->flags, st);
  trail_note(w->trail, path, err, st);
  if (err == ERR_NOT_FOUND)
    return explain(w, err, STR("this is a symbolic link that leads nowhere"));
  if (err == 0)
    return 0;
  return err == ERR_DENIED ? refusal(w) : fault(w, err);
}

/* Whether such a file can be read at all. Nothing is opened for it: a FIFO does something when it is. */
static int check(struct walk *w, const struct stat *st)
{
  if (!S_ISREG(st->st_mode))
    return explain(w, ERR_SPECIAL, STR("this is no file"));
  return st->st_size > DOT_RULES_FILE_MAX ? explain(w, ERR_LIMIT, STR("this is larger than 64 KiB")) : 0;
}

/* Appends the text of the file, whose id was `seen` a moment ago. */
static int read_text(struct walk *w, const struct file_id *seen, struct buf *text)
{
  int fd = -1;
  struct stat st;
  int err = resolve_open(w->order->root, buf_str(&w->file), w->flags, &fd, &st);
  if (err)
    return err == ERR_NOT_FOUND ? ERR_AGAIN : fault(w, err);
  struct file_id id = file_id(&st);
  size_t size = (size_t)seen->size, n = 0;
  char *room = file_id_eq(&id, seen) ? buf_room(text, size + 1) : NULL;
  if (!file_id_eq(&id, seen))
    err = ERR_AGAIN;
  else
    err = room ? read_at_once(fd, w->flags, room, size + 1, &n) : ERR_NOMEM;
  if (err == 0 && n != size)
    err = ERR_AGAIN; /* somebody is writing to it */
  if (err == 0)
    buf_added(text, n);
  close(fd);
  return err && err != ERR_AGAIN ? fault(w, err) : err;
}

/* Many editors empty a file before they write it anew: one that was emptied a moment ago has not been said yet, and
 * until then nobody passes where it kept some out. */
static int read_nuncio(struct walk *w, struct str text, struct rules *rules)
{
  struct buf why = BUF_INIT(WHY_MAX);
  if (text.n == 0)
    return w->settled ? 0 : ERR_BUSY;
  int err = w->order->kinds->nuncio(text, buf_str(&w->directory), rules, &why);
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

/* Reads and parses the file. What its author is to be told stays with it, as long as it is the same. */
static int understand(struct walk *w, const struct file_id *id, int (*read)(struct walk *, struct str, struct rules *),
                      struct dot_file **out)
{
  struct buf text = BUF_INIT(DOT_RULES_FILE_MAX + 1), why = BUF_INIT(PATH_BYTES_MAX + WHY_MAX), *outer = w->why;
  struct rules rules;
  rules_init(&rules);
  w->settled = file_settled(id, w->order->now_ns);
  int err = read_text(w, id, &text);
  if (err == 0) {
    w->why = &why;
    err = read(w, buf_str(&text), &rules);
    w->why = outer;
    *out = err == 0 || err == ERR_SYNTAX ? dot_file_make(buf_str(&w->file), id, &rules, err, buf_str(&why)) : NULL;
    err = *out ? 0 : err == 0 || err == ERR_SYNTAX ? ERR_NOMEM : err;
  }
  if (err == 0 && w->settled)
    dot_shelf_keep(w->order->shelf, *out);
  rules_free(&rules);
  buf_free(&text);
  buf_free(&why);
  return err;
}

/* Adds what the file says, which is borrowed from it: its reference goes along. */
static int take(struct walk *w, struct dot_file *f)
{
  struct dot_rules *d = w->rules;
  if (f->why[0] && (f->err || w->why->n == 0)) {
    buf_clear(w->why);
    buf_put_str(w->why, str_from(f->why));
  }
  int err = f->err;
  struct rule *grown = NULL;
  if (err == 0 && f->rules.n) {
    grown = realloc(d->rules.rule, (d->rules.n + f->rules.n) * sizeof *grown);
    err = grown ? 0 : ERR_NOMEM;
  }
  if (!grown) {
    dot_file_unref(f);
    return err;
  }
  memcpy(grown + d->rules.n, f->rules.rule, f->rules.n * sizeof *grown);
  d->rules.rule = grown;
  d->rules.n += f->rules.n;
  d->pattern_bytes += f->pattern_bytes;
  d->rule_steps += f->rule_steps;
  d->byte_steps += f->byte_steps;
  d->file[d->n_files++] = f;
  return 0;
}

/* The file of that name in the directory, if there is one. In the loop nothing is read and parsed: it would wait for
 * whoever parses in the pool. */
static int read_rules(struct walk *w, struct str name, int (*read)(struct walk *, struct str, struct rules *))
{
  struct stat st;
  buf_clear(&w->file);
  buf_put_str(&w->file, buf_str(&w->directory));
  buf_put_str(&w->file, name);
  struct str path = buf_str(&w->file);
  int err = buf_error(&w->file);
  if (err)
    return err;
  bool found;
  err = find(w, &st, &found);
  if (err == 0 && found)
    err = check(w, &st);
  if (err || !found)
    return err;
  struct file_id id = file_id(&st);
  struct dot_file *f = dot_shelf_find(w->order->shelf, path, &id);
  if (!f)
    err = w->flags & RESOLVE_CACHED_ONLY ? ERR_AGAIN : understand(w, &id, read, &f);
  return err ? err : take(w, f);
}

static int read_directory(struct walk *w)
{
  bool nuncio = nuncio_here(w->order, buf_str(&w->directory)), meta = w->order->kinds->meta;
  if (!nuncio && !meta)
    return 0;
  if (w->asked++ > DOT_RULES_DEPTH_MAX)
    return ERR_NOT_FOUND;
  int err = meta ? read_rules(w, STR(AGATE_META), read_meta) : 0;
  return err == 0 && nuncio ? read_rules(w, STR(".nuncio"), read_nuncio) : err;
}

/* Whether the last segment, which stands without a slash, is a directory's all the same. In a file nothing is looked
 * for: the kernel does not say in the loop that it is none. */
static int is_directory(struct walk *w, bool *directory)
{
  struct stat st;
  struct str path = buf_str(&w->directory);
  int err = resolve_stat(w->order->root, path, w->flags, &st);
  *directory = err ? err != ERR_NOT_FOUND : S_ISDIR(st.st_mode);
  if (err == 0 || err == ERR_NOT_FOUND)
    trail_note(w->trail, path, err, &st);
  return err == ERR_AGAIN || err == ERR_NOMEM ? err : 0;
}

/* The root, and then each segment of the path. */
static int walk(struct walk *w, struct str path)
{
  struct str segment;
  buf_put_c(&w->directory, '/');
  int err = read_directory(w);
  while (err == 0 && glob_segment(&path, &segment)) {
    bool directory = true;
    buf_put_str(&w->directory, segment);
    err = buf_error(&w->directory);
    if (err == 0 && !path.p)
      err = is_directory(w, &directory);
    if (err || !directory)
      return err;
    buf_put_c(&w->directory, '/');
    err = buf_error(&w->directory) ? buf_error(&w->directory) : read_directory(w);
  }
  return err;
}

uint64_t dot_rules_steps(const struct dot_rules *d, struct str path)
{
  return d ? d->rule_steps + (uint64_t)d->byte_steps * path.n : 0;
}

bool dot_rules_may_stand(const struct root *root, struct str directory, bool nuncio, bool meta)
{
  struct stat st;
  struct buf path = BUF_INIT(PATH_BYTES_MAX);
  bool may = false;
  for (int i = 0; i < 2 && !may; i++) {
    if (i == 0 ? !nuncio : !meta)
      continue;
    buf_clear(&path);
    buf_put_str(&path, directory);
    buf_put_str(&path, i == 0 ? STR(".nuncio") : STR(AGATE_META));
    may = buf_error(&path) || resolve_stat(root, buf_str(&path), RESOLVE_LINK_ITSELF, &st) != ERR_NOT_FOUND;
  }
  buf_free(&path);
  return may;
}

int dot_rules_read(const struct dot_rules_order *order, struct str path, unsigned flags, struct trail *trail,
                   struct dot_rules **out, struct buf *why)
{
  struct walk w = {.order = order,
                   .flags = flags,
                   .trail = trail,
                   .directory = BUF_INIT(PATH_BYTES_MAX),
                   .file = BUF_INIT(PATH_BYTES_MAX),
                   .rules = calloc(1, sizeof *w.rules),
                   .why = why};
  *out = NULL;
  if (!w.rules)
    return ERR_NOMEM;
  w.rules->refs = 1;
  int err = walk(&w, path);
  if (err == 0 && w.rules->rules.n)
    *out = w.rules;
  else
    dot_rules_unref(w.rules);
  buf_free(&w.directory);
  buf_free(&w.file);
  return err;
}
