/* For tests: a temporary folder, filled by hand and removed whole. */
#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void must(int result, const char *what, const char *name)
{
  if (result < 0)
    fail_msg("%s %s: %s", what, name, strerror(errno));
}

void folder_make(struct folder *f)
{
  const char *base = getenv("TMPDIR");
  (void)snprintf(f->path, sizeof f->path, "%s/nuncio-test-XXXXXX", base ? base : "/tmp");
  if (!mkdtemp(f->path))
    fail_msg("mkdtemp %s: %s", f->path, strerror(errno));
  must(chmod(f->path, 0755), "chmod", f->path);
  f->fd = open(f->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  must(f->fd, "open", f->path);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
  (void)st;
  (void)type;
  (void)where;
  return remove(path);
}

void folder_remove(struct folder *f)
{
  close(f->fd);
  must(nftw(f->path, remove_one, 16, FTW_DEPTH | FTW_PHYS), "remove", f->path);
}

/* Makes the directories that `name` lies in. */
static void make_way(const struct folder *f, const char *name)
{
  char part[PATH_MAX];
  for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
    (void)snprintf(part, sizeof part, "%.*s", (int)(slash - name), name);
    if (mkdirat(f->fd, part, 0755) < 0 && errno != EEXIST)
      fail_msg("mkdir %s: %s", part, strerror(errno));
  }
}

void folder_dir(const struct folder *f, const char *name)
{
  make_way(f, name);
  must(mkdirat(f->fd, name, 0755), "mkdir", name);
}

void folder_bytes(const struct folder *f, const char *name, const void *bytes, size_t n)
{
  make_way(f, name);
  int fd = openat(f->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  must(fd, "create", name);
  for (size_t at = 0; at < n;) {
    ssize_t put = write(fd, (const char *)bytes + at, n - at);
    must(put < 0 ? -1 : 0, "write", name);
    at += (size_t)put;
  }
  close(fd);
}

void folder_file(const struct folder *f, const char *name, const char *text)
{
  folder_bytes(f, name, text, strlen(text));
}

void folder_link(const struct folder *f, const char *name, const char *target)
{
  make_way(f, name);
  must(symlinkat(target, f->fd, name), "symlink", name);
}

void folder_fifo(const struct folder *f, const char *name)
{
  make_way(f, name);
  must(mkfifoat(f->fd, name, 0644), "mkfifo", name);
}
