/* Looking a path up without openat2: one segment at a time, symbolic links read and followed by ourselves. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "site/resolve_internal.h"

/* Which directory one was. */
struct identity {
  dev_t device;
  ino_t inode;
};

/* A walk. It stands in a directory and holds only that one open; of those above it, up to where it began, it knows
 * which they were, so that `..` in a link can be checked: it must lead to where the walk came from, or else somebody
 * has moved a directory away, perhaps out of the capsule. */
struct walk {
  int directory;    /* owned; O_PATH */
  struct buf above; /* of struct identity: the directories above `directory`, the first one first */
  struct identity here;
  struct buf rest; /* what is still to be walked, ended by a NUL */
  size_t at;       /* where in `rest` */
  unsigned links;  /* how many more may be followed */
};

static struct identity identity_of(const struct stat *st)
{
  return (struct identity){st->st_dev, st->st_ino};
}

/* An O_PATH descriptor of `name` in the walk's directory, no link followed. */
static int step(const struct walk *w, const char *name, int *fd, struct stat *st)
{
  *fd = openat(w->directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (*fd < 0)
    return failure(errno);
  if (fstat(*fd, st) == 0)
    return 0;
  int err = failure(errno);
  close(*fd);
  return err;
}

static void stand_in(struct walk *w, int directory, const struct stat *st)
{
  close(w->directory);
  w->directory = directory;
  w->here = identity_of(st);
}

static int enter(struct walk *w, int fd, const struct stat *st)
{
  buf_put(&w->above, &w->here, sizeof w->here);
  stand_in(w, fd, st);
  return buf_error(&w->above);
}

static int leave(struct walk *w)
{
  if (w->above.n == 0)
    return ERR_OUTSIDE;
  struct identity parent;
  memcpy(&parent, w->above.p + w->above.n - sizeof parent, sizeof parent);
  int fd;
  struct stat st;
  int err = step(w, "..", &fd, &st);
  if (err)
    return err;
  if (st.st_dev != parent.device || st.st_ino != parent.inode) {
    close(fd);
    return ERR_AGAIN;
  }
  w->above.n -= sizeof parent;
  stand_in(w, fd, &st);
  return 0;
}

/* Puts what the link says in front of the rest of the path. Takes `fd`, the link itself. */
static int follow(struct walk *w, int fd)
{
  char target[PATH_MAX];
  ssize_t n = readlinkat(fd, "", target, sizeof target);
  int err = n < 0 ? failure(errno) : 0;
  close(fd);
  if (err)
    return err;
  if (w->links == 0 || n == 0 || (size_t)n == sizeof target)
    return ERR_NOT_FOUND;
  w->links--;
  if (target[0] == '/')
    return ERR_OUTSIDE;

  struct buf rest = BUF_INIT(w->rest.max);
  buf_put(&rest, target, (size_t)n);
  buf_put(&rest, w->rest.p + w->at, w->rest.n - w->at);
  err = buf_error(&rest);
  buf_free(&w->rest);
  w->rest = rest;
  w->at = 0;
  return err == ERR_FULL ? ERR_NOT_FOUND : err;
}

/* Cuts the next segment off. False at the end of the path. */
static bool next_segment(struct walk *w, char name[NAME_MAX + 2], int *err)
{
  const char *p = w->rest.p + w->at;
  p += strspn(p, "/");
  size_t n = strcspn(p, "/");
  w->at = (size_t)(p - w->rest.p) + n;
  *err = n > NAME_MAX ? ERR_NOT_FOUND : 0; /* G18 */
  if (*err == 0) {
    memcpy(name, p, n);
    name[n] = '\0';
  }
  return n > 0;
}

/* The path ends at `name`, seen through `seen`, which is no directory, and a link only where none is followed there.
 * Takes `seen`. */
static int arrive(const struct walk *w, const char *name, int seen, const struct stat *st, int flags, int *fd)
{
  if (flags & O_PATH) {
    *fd = seen;
    return 0;
  }
  close(seen);
  if (!S_ISREG(st->st_mode))
    return ERR_SPECIAL;
  *fd = openat(w->directory, name, flags | O_NOFOLLOW | O_CLOEXEC);
  if (*fd >= 0)
    return 0;
  /* A link stands there now. */
  return errno == ELOOP ? ERR_AGAIN : failure(errno);
}

/* Walks on to the end, which is a directory (0, and the walk stands in it) or something else (1, and *fd). */
static int walk_on(struct walk *w, int flags, int *fd)
{
  char name[NAME_MAX + 2];
  int err;
  while (next_segment(w, name, &err)) {
    if (err)
      return err;
    if (strcmp(name, ".") == 0)
      continue;
    if (strcmp(name, "..") == 0) {
      err = leave(w);
      if (err)
        return err;
      continue;
    }
    int seen;
    struct stat st;
    err = step(w, name, &seen, &st);
    if (err)
      return err;
    bool last = w->rest.p[w->at] == '\0';
    if (S_ISLNK(st.st_mode) && !(last && flags & O_NOFOLLOW)) {
      err = follow(w, seen);
    } else if (S_ISDIR(st.st_mode)) {
      err = enter(w, seen, &st);
    } else if (last) {
      err = arrive(w, name, seen, &st, flags, fd);
      return err ? err : 1;
    } else {
      close(seen);
      err = ERR_NOT_FOUND; /* A trailing slash, or more, behind what is no directory. */
    }
    if (err)
      return err;
  }
  return 0;
}

int walk_open(int folder, const char *path, int flags, unsigned links, int *fd)
{
  struct walk w = {
      .links = links,
      .directory = openat(folder, ".", O_PATH | O_DIRECTORY | O_CLOEXEC),
      .above = BUF_INIT(PATH_MAX * sizeof(struct identity)),
      .rest = BUF_INIT((size_t)4 * PATH_MAX),
  };
  if (w.directory < 0)
    return failure(errno);
  struct stat st;
  int result = fstat(w.directory, &st) < 0 ? failure(errno) : 0;
  if (result == 0) {
    w.here = identity_of(&st);
    buf_put(&w.rest, path, strlen(path) + 1);
    result = buf_error(&w.rest);
  }
  if (result == 0)
    result = walk_on(&w, flags, fd);
  if (result == 0 && flags & O_PATH) {
    *fd = w.directory;
    w.directory = -1;
  } else if (result == 0) {
    result = ERR_AGAIN; /* A directory has taken the place of a file. */
  }
  if (w.directory >= 0)
    close(w.directory);
  buf_free(&w.above);
  buf_free(&w.rest);
  return result > 0 ? 0 : result;
}
