/* The folders that `nuncio render -o` writes into. */
#include "cmd/render_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"

enum { PIECE = 65536 };

/* What is being written, and by whom. */
#define BESIDE ".rendering."

int render_folder_say(struct render_folder *f, int err, struct str path, const char *what)
{
  bool above = str_starts(path, STR("../"));
  buf_clear(f->why);
  buf_printf(f->why, "%s/%.*s%s%.*s %s", f->dir, above ? 0 : (int)f->name.n, f->name.p, above || !path.n ? "" : "/",
             STR_ARG(above ? str_skip(path, 3) : path), what);
  return err;
}

static int say_errno(struct render_folder *f, struct str path, const char *what)
{
  int number = errno;
  char text[256];
  (void)snprintf(text, sizeof text, "%s: %s", what, strerror(number));
  return render_folder_say(f, err_from_errno(number), path, text);
}

/* Where a path's file is: the folder, and in *name its name there. -1 where the folder is missing. */
static int folder_of(const struct render_folder *f, const char *path, const char **name)
{
  bool above = strncmp(path, "../", 3) == 0;
  *name = above ? path + 3 : path;
  return above ? f->dir_fd : f->pages_fd;
}

int render_folder_read(struct render_folder *f, const char *path, size_t max, struct buf *out)
{
  struct stat st;
  const char *name;
  int folder = folder_of(f, path, &name);
  buf_clear(out);
  if (folder < 0)
    return ERR_NOT_FOUND;
  int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0)
    return errno == ELOOP ? ERR_SPECIAL : err_from_errno(errno);
  int err = fstat(fd, &st) < 0 ? err_from_errno(errno) : 0;
  if (err == 0 && !S_ISREG(st.st_mode))
    err = ERR_SPECIAL;
  if (err == 0 && (uintmax_t)st.st_size > max)
    err = ERR_LIMIT;
  while (err == 0) {
    char *room = buf_room(out, PIECE);
    ssize_t got = room ? read(fd, room, PIECE) : 0;
    if (got <= 0) {
      err = got < 0 ? err_from_errno(errno) : buf_error(out);
      break;
    }
    buf_added(out, (size_t)got);
  }
  (void)close(fd);
  return err;
}

int render_folder_put(struct render_folder *f, const char *path, struct str content, bool over)
{
  const char *name;
  int folder = folder_of(f, path, &name);
  char beside[64];
  (void)snprintf(beside, sizeof beside, BESIDE "%ld", (long)getpid());
  int fd = openat(folder, beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  bool good = fd >= 0;
  for (size_t at = 0; good && at < content.n;) {
    ssize_t n = write(fd, content.p + at, content.n - at);
    good = n >= 0 || errno == EINTR;
    at += n > 0 ? (size_t)n : 0;
  }
  if (fd >= 0 && close(fd) < 0)
    good = false;
  /* Nothing stood there when we looked; should something stand there by now, it stays. */
  if (good && renameat2(folder, beside, folder, name, over ? 0 : RENAME_NOREPLACE) < 0)
    good = !over && errno == EINVAL && faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
           renameat(folder, beside, folder, name) == 0;
  if (good)
    return 0;
  int err = say_errno(f, str_from(path), "cannot be written");
  if (fd >= 0)
    (void)unlinkat(folder, beside, 0);
  return err;
}

static int open_folder(int at, const char *path, int flags)
{
  return openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Whether DIR is, or would be, NAME beside the document. */
static bool is_beside(const struct render_folder *f, int parent)
{
  struct stat here, there;
  char name[RENDER_PATH];
  (void)snprintf(name, sizeof name, "%.*s", STR_ARG(f->name));
  if (f->dir_fd >= 0)
    return fstat(f->dir_fd, &here) == 0 && fstatat(parent, name, &there, 0) == 0 && same_file(&here, &there);
  struct str dir = str_from(f->dir);
  while (dir.n > 1 && str_ends(dir, STR("/")))
    dir.n--;
  size_t slash = str_rfind(dir, '/');
  struct str last = slash < dir.n ? str_skip(dir, slash + 1) : dir;
  char *above = slash < dir.n ? str_dup(str_head(dir, slash + 1)) : str_dup(STR("."));
  bool beside = above && str_eq(last, f->name) && stat(above, &here) == 0 && fstat(parent, &there) == 0 &&
                same_file(&here, &there);
  free(above);
  return beside;
}

/* Files in some places would take the place of the pages that the document has where it stands. */
static int check_place(struct render_folder *f, int parent, struct str document)
{
  struct stat here, there;
  bool same = f->dir_fd >= 0 && fstat(f->dir_fd, &here) == 0 && fstat(parent, &there) == 0 && same_file(&here, &there);
  if (!same && !is_beside(f, parent))
    return 0;
  if (same)
    buf_printf(f->why, "%s is where %.*s itself is, and files there would hide its pages: choose another folder",
               f->dir, STR_ARG(document));
  else
    buf_printf(f->why, "%s would stand where the pages of %.*s are served, and hide them: choose another folder",
               f->dir, STR_ARG(document));
  return ERR_EXISTS;
}

int render_folder_open(struct render_folder *f, int parent, struct str document)
{
  char name[RENDER_PATH];
  f->dir_fd = open_folder(AT_FDCWD, f->dir, 0);
  if (f->dir_fd < 0 && errno != ENOENT) {
    int err = err_from_errno(errno);
    buf_printf(f->why, "%s cannot be opened as a folder: %s", f->dir, strerror(errno));
    return err;
  }
  int err = check_place(f, parent, document);
  if (err || f->dir_fd < 0)
    return err;
  (void)snprintf(name, sizeof name, "%.*s", STR_ARG(f->name));
  f->pages_fd = open_folder(f->dir_fd, name, O_NOFOLLOW);
  return f->pages_fd < 0 && errno != ENOENT ? say_errno(f, STR(""), "is in the way") : 0;
}

/* Whether it is what a run left that did not come to its end: its process is gone, or has the number that is ours now.
 */
static bool is_leftover(struct str name)
{
  unsigned number = 0;
  if (!str_starts(name, STR(BESIDE)) || str_number(str_skip(name, STR(BESIDE).n), &number) < 0 || number == 0)
    return false;
  pid_t pid = (pid_t)number;
  return pid == getpid() || (kill(pid, 0) < 0 && errno == ESRCH);
}

/* Removes what killed runs left. Whatever cannot be looked at or removed may stay: it is in nobody's way. */
static void clean_up(int folder)
{
  int fd = open_folder(folder, ".", 0);
  DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
  if (!dir && fd >= 0)
    (void)close(fd);
  for (const struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir))
    if (is_leftover(str_from(d->d_name)))
      (void)unlinkat(folder, d->d_name, 0);
  if (dir)
    (void)closedir(dir);
}

int render_folder_make(struct render_folder *f)
{
  char name[RENDER_PATH];
  if (f->dir_fd < 0 &&
      ((mkdir(f->dir, 0777) < 0 && errno != EEXIST) || (f->dir_fd = open_folder(AT_FDCWD, f->dir, 0)) < 0)) {
    int err = err_from_errno(errno);
    buf_printf(f->why, "%s cannot be made: %s", f->dir, strerror(errno));
    return err;
  }
  (void)snprintf(name, sizeof name, "%.*s", STR_ARG(f->name));
  if (f->pages_fd < 0 && ((mkdirat(f->dir_fd, name, 0777) < 0 && errno != EEXIST) ||
                          (f->pages_fd = open_folder(f->dir_fd, name, O_NOFOLLOW)) < 0))
    return say_errno(f, STR(""), "cannot be made");
  clean_up(f->dir_fd);
  clean_up(f->pages_fd);
  return 0;
}

void render_folder_close(struct render_folder *f)
{
  if (f->pages_fd >= 0)
    (void)close(f->pages_fd);
  if (f->dir_fd >= 0)
    (void)close(f->dir_fd);
}

int render_folder_remove(struct render_folder *f, const char *path)
{
  const char *name;
  int folder = folder_of(f, path, &name);
  return unlinkat(folder, name, 0) < 0 ? say_errno(f, str_from(path), "cannot be removed") : 0;
}
