/* From a path to an open file beneath the root, or beneath what a user publishes: looked at by O_PATH first, then
 * opened, then compared. */
#include "site/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "site/resolve_internal.h"

enum {
  /* How often a look is repeated because something was renamed under it. Each one is a few microseconds; whoever
   * renames faster for longer than this is not publishing anything. */
  TRIES_MAX = 64,
  /* O_NONBLOCK, O_NOCTTY: should a FIFO or a terminal be moved here between the look and the opening, then opening it
   * neither waits nor takes the terminal. */
  READ_FLAGS = O_RDONLY | O_NONBLOCK | O_NOCTTY,
  /* One more of the resolve_flags, for ourselves. */
  NO_LINKS = 1 << 8,
};

static atomic_int chosen_way = RESOLVE_WAY_KERNEL;

void resolve_use(enum resolve_way way)
{
  atomic_store(&chosen_way, (int)way);
}

static int64_t nanoseconds(struct timespec t)
{
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

struct file_id file_id(const struct stat *st)
{
  return (struct file_id){
      .device = st->st_dev,
      .inode = st->st_ino,
      .size = (uint64_t)st->st_size,
      .modified_ns = nanoseconds(st->st_mtim),
      .changed_ns = nanoseconds(st->st_ctim),
  };
}

bool file_id_eq(const struct file_id *a, const struct file_id *b)
{
  return a->device == b->device && a->inode == b->inode && a->size == b->size && a->modified_ns == b->modified_ns &&
         a->changed_ns == b->changed_ns;
}

bool file_settled(const struct file_id *id, int64_t now_ns)
{
  return now_ns - id->changed_ns >= (int64_t)FILE_SETTLED_SECONDS * 1000000000;
}

/* 0 or an errno, for here the numbers themselves matter. */
static int kernel_open(int folder, const char *path, int flags, uint64_t resolve, int *fd)
{
  /* openat2 came with Linux 5.6; the C library has no wrapper for it. */
  struct open_how how = {.flags = (unsigned)(flags | O_CLOEXEC), .resolve = resolve};
  long got = syscall(SYS_openat2, folder, path, &how, sizeof how);
  if (got < 0)
    return errno;
  *fd = (int)got;
  return 0;
}

/* Whether openat2 is there at all: EPERM can come from a seccomp filter or from the file. */
static bool kernel_knows(int folder)
{
  int fd = -1;
  int number = kernel_open(folder, ".", O_PATH, RESOLVE_BENEATH, &fd);
  if (number == 0)
    close(fd);
  return number != ENOSYS && number != EPERM;
}

/* Opens `path` beneath `folder` in the way that this machine has. With NO_LINKS none is followed, not even at its end.
 * ERR_AGAIN: look again, or in the pool. */
static int open_beneath(int folder, const char *path, int open_flags, unsigned flags, int *fd)
{
  bool cached = (flags & RESOLVE_CACHED_ONLY) != 0;
  if (atomic_load(&chosen_way) == RESOLVE_WAY_KERNEL) {
    uint64_t resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | (cached ? RESOLVE_CACHED : 0);
    resolve |= flags & NO_LINKS ? RESOLVE_NO_SYMLINKS : 0;
    int number = kernel_open(folder, path, open_flags, resolve, fd);
    if (number == 0)
      return 0;
    if (number == EINVAL && cached)
      return ERR_AGAIN; /* RESOLVE_CACHED came with Linux 5.12. */
    /* A `..` on the way makes the kernel give up whenever anything was renamed or mounted meanwhile, anywhere on the
     * machine. The walk minds only the directories that it passes. */
    if (number != EAGAIN || cached) {
      if ((number != ENOSYS && number != EPERM) || kernel_knows(folder))
        return failure(number);
      resolve_use(RESOLVE_WAY_WALK);
    }
  }
  return cached ? ERR_AGAIN : walk_open(folder, path, open_flags, flags & NO_LINKS ? 0 : WALK_LINKS, fd);
}

/* ---------------------------------------------------------------- where a path begins */

/* Where the way to a file begins, and how it goes on. */
struct way {
  int folder;
  bool own; /* `folder` is this way's, and closed at its end; else it is the root's */
  char path[PATH_MAX];
};

/* A path as the system calls want it: relative, ended by a NUL, in `out` of PATH_MAX bytes. */
static int relative_path(struct str path, char *out)
{
  while (path.n && *path.p == '/')
    path = str_skip(path, 1);
  if (path.n == 0)
    path = STR(".");
  if (path.n >= PATH_MAX || memchr(path.p, '\0', path.n))
    return ERR_NOT_FOUND; /* G13, G18 */
  memcpy(out, path.p, path.n);
  out[path.n] = '\0';
  return 0;
}

/* Opens what the user `name` publishes. It stands in the home itself: a link on the way could lead into another's. Who
 * has no such folder is not told apart from who is not there, and neither is who lets nobody in: the names of all who
 * have a home here are nobody's business. */
static int enter_home(const struct root *root, struct str name, unsigned flags, int *folder)
{
  char path[PATH_MAX];
  if (name.n == 0 || name.p[0] == '.' || name.n > NAME_MAX || memchr(name.p, '\0', name.n))
    return ERR_NOT_FOUND;
  /* The slash at the end wants a directory. */
  int n = snprintf(path, sizeof path, "%.*s/%s/", STR_ARG(name), root->user_folder);
  if (n < 0 || (size_t)n >= sizeof path)
    return ERR_NOT_FOUND;
  int err = open_beneath(root->homes, path, O_PATH, flags | NO_LINKS, folder);
  return err == ERR_DENIED || err == ERR_OUTSIDE ? ERR_NOT_FOUND : err;
}

/* The raw path begins in the capsule; `/~NAME` in the home of a user, where there are such. */
static int way_begin(const struct root *root, struct str path, unsigned flags, struct way *way)
{
  if (root->at.n && !str_starts(path, root->at))
    return ERR_NOT_FOUND;
  path = str_skip(path, root->at.n);
  if (root->at.n && path.n && *path.p != '/')
    return ERR_NOT_FOUND;
  while (path.n && *path.p == '/')
    path = str_skip(path, 1);
  way->own = root->homes >= 0 && str_starts(path, STR("~"));
  way->folder = root->folder;
  if (!way->own)
    return relative_path(path, way->path);
  size_t slash = str_find(path, '/');
  int err = relative_path(str_skip(path, slash), way->path);
  return err ? err : enter_home(root, str_skip(str_head(path, slash), 1), flags, &way->folder);
}

static void way_end(const struct way *way)
{
  if (way->own)
    close(way->folder);
}

/* ---------------------------------------------------------------- looking and opening */

/* Looks: a descriptor that can be asked what it is and cannot be read. */
static int look(int folder, const char *path, unsigned flags, int *fd, struct stat *st)
{
  int err = open_beneath(folder, path, flags & RESOLVE_LINK_ITSELF ? O_PATH | O_NOFOLLOW : O_PATH, flags, fd);
  if (err)
    return err;
  if (fstat(*fd, st) < 0) {
    err = failure(errno);
    close(*fd);
  }
  return err;
}

/* Opens the regular file that `seen` describes. There is no way to open what an O_PATH descriptor stands for, but
 * through /proc, which a sandbox may lack; so the path is walked a second time, and what came of it compared. */
static int open_regular(int folder, const char *path, unsigned flags, const struct stat *seen, int *fd, struct stat *st)
{
  int err = open_beneath(folder, path, READ_FLAGS, flags, fd);
  if (err)
    return err;
  if (fstat(*fd, st) < 0)
    err = failure(errno);
  else if (st->st_dev != seen->st_dev || st->st_ino != seen->st_ino || !S_ISREG(st->st_mode))
    err = ERR_AGAIN;
  if (err)
    close(*fd);
  return err;
}

static int open_once(int folder, const char *path, unsigned flags, int *fd, struct stat *st)
{
  int seen_fd = -1;
  struct stat seen;
  int err = look(folder, path, flags, &seen_fd, &seen);
  if (err)
    return err;
  if (S_ISREG(seen.st_mode)) {
    err = open_regular(folder, path, flags, &seen, fd, st);
    /* What is a device now was none when it was looked at; the next look tells. */
    if (err == ERR_SPECIAL)
      err = ERR_AGAIN;
  } else if (S_ISDIR(seen.st_mode)) {
    *fd = openat(seen_fd, ".", READ_FLAGS | O_DIRECTORY | O_CLOEXEC);
    err = *fd < 0 ? failure(errno) : 0;
    *st = seen;
  } else {
    err = ERR_SPECIAL;
  }
  close(seen_fd);
  return err;
}

/* Looks up or opens, once; fd NULL: only looks. */
static int try_once(const struct root *root, struct str path, unsigned flags, int *fd, struct stat *st)
{
  struct way way;
  int seen = -1, err = way_begin(root, path, flags, &way);
  if (err)
    return err;
  err = fd ? open_once(way.folder, way.path, flags, fd, st) : look(way.folder, way.path, flags, &seen, st);
  if (!fd && err == 0)
    close(seen);
  way_end(&way);
  return err;
}

static int try_often(const struct root *root, struct str path, unsigned flags, int *fd, struct stat *st)
{
  for (int tries = 0; tries < TRIES_MAX; tries++) {
    int err = try_once(root, path, flags, fd, st);
    if (err != ERR_AGAIN || (flags & RESOLVE_CACHED_ONLY))
      return err;
  }
  return ERR_BUSY;
}

int resolve_stat(const struct root *root, struct str path, unsigned flags, struct stat *st)
{
  return try_often(root, path, flags, NULL, st);
}

int resolve_open(const struct root *root, struct str path, unsigned flags, int *fd, struct stat *st)
{
  return try_often(root, path, flags, fd, st);
}

bool path_hidden(struct str path)
{
  struct str segment;
  bool at_root = true;
  while (str_split(&path, '/', &segment)) {
    if (segment.n == 0)
      continue;
    if (segment.p[0] == '.' && !(at_root && str_eq(segment, STR(".well-known"))))
      return true;
    at_root = false;
  }
  return false;
}
