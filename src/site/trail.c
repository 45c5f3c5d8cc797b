/* What a look asked of the disk, and what it was told. */
#include "site/trail.h"

#include <string.h>

#include "base/err.h"

/* A look asks about a dozen names at most, and no path is longer than 8 KiB. */
enum { STEPS_MAX = 128 * 1024 };

enum answer_kind {
  ANSWER_ABSENT,    /* nothing is there, not even a link that leads nowhere */
  ANSWER_NOTHING,   /* nothing is there, or a link that leads nowhere */
  ANSWER_DIRECTORY, /* this directory, whatever is in it */
  ANSWER_CONTENT,   /* a file or directory in this very state */
};

/* What stands before each path in `steps`, copied in and out. All of it is set, padding too: trails are compared as
 * bytes. */
struct step {
  struct file_id id;
  uint32_t kind; /* enum answer_kind */
  uint32_t n;    /* of the path behind it */
};

void trail_init(struct trail *t)
{
  *t = (struct trail){.steps = BUF_INIT(STEPS_MAX)};
}

void trail_free(struct trail *t)
{
  buf_free(&t->steps);
  t->broken = false;
}

void trail_move(struct trail *to, struct trail *from)
{
  *to = *from;
  trail_init(from);
}

/* Cuts the first step off *rest. False at the end. */
static bool next_step(struct str *rest, struct step *step, struct str *path)
{
  if (rest->n < sizeof *step)
    return false;
  memcpy(step, rest->p, sizeof *step);
  *path = str_head(str_skip(*rest, sizeof *step), step->n);
  *rest = str_skip(*rest, sizeof *step + step->n);
  return true;
}

static void put_step(struct buf *steps, const struct step *step, struct str path)
{
  buf_put(steps, step, sizeof *step);
  buf_put_str(steps, path);
}

/* The answer as a step; only its `n` is still to be set. False where it is none that can be compared. */
static bool answer_of(int err, const struct stat *st, bool content, struct step *step)
{
  memset(step, 0, sizeof *step);
  step->kind = ANSWER_NOTHING;
  if (err == ERR_NOT_FOUND)
    return true;
  if (err)
    return false;
  step->id = file_id(st);
  step->kind = ANSWER_CONTENT;
  if (S_ISDIR(st->st_mode) && !content) {
    step->id = (struct file_id){.device = step->id.device, .inode = step->id.inode};
    step->kind = ANSWER_DIRECTORY;
  }
  return true;
}

static void put(struct trail *t, struct step *step, struct str path)
{
  step->n = (uint32_t)path.n;
  put_step(&t->steps, step, path);
  if (buf_error(&t->steps))
    t->broken = true;
}

static void note(struct trail *t, struct str path, int err, const struct stat *st, bool content)
{
  struct step step;
  if (answer_of(err, st, content, &step))
    put(t, &step, path);
  else
    t->broken = true;
}

void trail_note(struct trail *t, struct str path, int err, const struct stat *st)
{
  note(t, path, err, st, false);
}

void trail_note_content(struct trail *t, struct str path, int err, const struct stat *st)
{
  note(t, path, err, st, true);
}

void trail_note_absence(struct trail *t, struct str path)
{
  struct step step;
  memset(&step, 0, sizeof step);
  step.kind = ANSWER_ABSENT;
  put(t, &step, path);
}

void trail_join(struct trail *t, const struct trail *more)
{
  buf_put_str(&t->steps, buf_str(&more->steps));
  t->broken = t->broken || more->broken || buf_error(&t->steps);
}

/* Whether `path` is NAME/ or below it, for one of the names that are not there. */
static bool follows(struct str path, struct str steps)
{
  struct step step;
  struct str name;
  while (next_step(&steps, &step, &name))
    if (step.kind == ANSWER_NOTHING && name.n && name.n < path.n && str_starts(path, name) && path.p[name.n] == '/')
      return true;
  return false;
}

void trail_tidy(struct trail *t)
{
  struct str steps = buf_str(&t->steps), rest = steps, path;
  struct step step;
  struct buf left = BUF_INIT(STEPS_MAX);
  while (next_step(&rest, &step, &path))
    if (step.kind != ANSWER_NOTHING || !follows(path, steps))
      put_step(&left, &step, path);
  if (buf_error(&left))
    t->broken = true;
  buf_free(&t->steps);
  t->steps = left;
}

bool trail_settled(const struct trail *t, int64_t now_ns)
{
  struct str rest = buf_str(&t->steps), path;
  struct step step;
  while (next_step(&rest, &step, &path))
    if (step.kind == ANSWER_CONTENT && !file_settled(&step.id, now_ns))
      return false;
  return true;
}

bool trail_eq(const struct trail *a, const struct trail *b)
{
  return !a->broken && !b->broken && str_eq(buf_str(&a->steps), buf_str(&b->steps));
}

/* Whether one step is as it was: 0, ERR_NOT_FOUND, ERR_AGAIN. */
static int check(const struct step *was, struct str path, const struct root *root, unsigned flags)
{
  struct step is;
  struct stat st;
  bool absent = was->kind == ANSWER_ABSENT;
  int err = resolve_stat(root, path, absent ? flags | RESOLVE_LINK_ITSELF : flags, &st);
  if (err == ERR_AGAIN)
    return err;
  if (absent)
    return err == ERR_NOT_FOUND ? 0 : ERR_NOT_FOUND;
  bool same =
      answer_of(err, &st, was->kind == ANSWER_CONTENT, &is) && is.kind == was->kind && file_id_eq(&is.id, &was->id);
  return same ? 0 : ERR_NOT_FOUND;
}

int trail_check(const struct trail *t, const struct root *root, unsigned flags)
{
  struct str rest = buf_str(&t->steps), path;
  struct step was;
  while (next_step(&rest, &was, &path)) {
    int err = check(&was, path, root, flags);
    if (err)
      return err;
  }
  return t->broken ? ERR_NOT_FOUND : 0;
}
