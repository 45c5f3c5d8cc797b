/* For tests: a temporary folder filled from a table, and changed while a site serves it. */
#include "fill.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

enum { HOUR = 3600 };

const char *folder_path(const struct folder *f, const char *path)
{
  static char full[2 * PATH_MAX];
  int n = snprintf(full, sizeof full, "%s/%s", f->path, path);
  assert_true(n > 0 && (size_t)n < sizeof full);
  return full;
}

void folder_write(const struct folder *f, const char *path, struct str content)
{
  folder_bytes(f, path, content.p, content.n);
}

void folder_delete(const struct folder *f, const char *path)
{
  if (remove(folder_path(f, path)) != 0)
    fail_msg("remove %s: %s", path, strerror(errno));
}

static int age(const char *path, long seconds)
{
  struct timespec times[2];
  clock_gettime(CLOCK_REALTIME, &times[0]);
  times[0].tv_sec -= seconds;
  times[1] = times[0];
  return utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
}

void folder_age(const struct folder *f, const char *path, long seconds)
{
  if (age(folder_path(f, path), seconds) != 0)
    fail_msg("utimensat %s: %s", path, strerror(errno));
}

static int age_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
  (void)st;
  (void)type;
  (void)where;
  return age(path, HOUR);
}

/* A directory that may be there already. */
static void folder_way(const struct folder *f, const char *path)
{
  if (mkdir(folder_path(f, path), 0755) != 0 && errno != EEXIST)
    fail_msg("mkdir %s: %s", path, strerror(errno));
}

void folder_fill(const struct folder *f, const struct fill *items)
{
  for (; items && items->path; items++) {
    size_t n = strlen(items->path);
    if (items->link)
      folder_link(f, items->path, items->link);
    else if (n && items->path[n - 1] == '/')
      folder_way(f, items->path);
    else
      folder_file(f, items->path, items->text);
  }
  if (nftw(f->path, age_one, 16, FTW_PHYS | FTW_DEPTH) != 0)
    fail_msg("nftw %s: %s", f->path, strerror(errno));
}
