/* The users who have pages here, as lines of a plain gophermap. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "site/map_internal.h"
#include "text/menu.h"
#include "text/uri.h"

enum { PATH_BYTES_MAX = 1024, ENCODED_MAX = 3 * PATH_BYTES_MAX, USERS_MAX = 10000, NAMES_BYTES_MAX = USERS_MAX * 64 };

/* Whether the folder that the user would publish is there; *path becomes the way to it, raw. */
static bool publishes(const struct map *m, const char *name, struct buf *path)
{
  struct stat st;
  buf_clear(path);
  buf_printf(path, "/~%s/", name);
  return name[0] != '.' && !buf_error(path) && resolve_stat(m->order->root, buf_str(path), 0, &st) == 0 &&
         S_ISDIR(st.st_mode);
}

/* Appends the names of those who publish, each ended by a NUL, and how many there are. */
static int read_users(const struct map *m, DIR *homes, struct buf *names, size_t *n)
{
  struct buf path = BUF_INIT(PATH_BYTES_MAX);
  const struct dirent *d;
  *n = 0;
  while (*n < USERS_MAX && buf_error(&path) == 0 && (d = readdir(homes)) != NULL) {
    if (!publishes(m, d->d_name, &path))
      continue;
    buf_put(names, d->d_name, strlen(d->d_name) + 1);
    ++*n;
  }
  int err = buf_error(names) ? buf_error(names) : buf_error(&path);
  buf_free(&path);
  return err;
}

static int compare(const void *a, const void *b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int put_user(struct map *m, const char *name)
{
  struct buf path = BUF_INIT(ENCODED_MAX);
  buf_put_c(&path, '/');
  uri_put_path(&path, STR("~"));
  uri_put_path(&path, str_from(name));
  buf_put_c(&path, '/');
  buf_put_str(m->lines, STR("1~"));
  for (const char *p = name; *p; p++)
    buf_put_c(m->lines, str_is_control(*p) ? ' ' : *p);
  buf_put_c(m->lines, '\t');
  menu_put_path(m->lines, buf_str(&path));
  buf_put_str(m->lines, STR("\t\t\n"));
  int err = buf_error(&path);
  buf_free(&path);
  return err;
}

/* By their names. */
static int put_sorted(struct map *m, const struct buf *names, size_t n)
{
  const char **name = calloc(n + 1, sizeof *name);
  if (!name)
    return ERR_NOMEM;
  const char *at = names->p;
  for (size_t i = 0; i < n; i++) {
    name[i] = at;
    at += strlen(at) + 1;
  }
  qsort(name, n, sizeof *name, compare);
  int err = 0;
  for (size_t i = 0; i < n && err == 0; i++)
    err = put_user(m, name[i]);
  free(name);
  return err ? err : buf_error(m->lines);
}

int map_put_users(struct map *m, const struct map_file *f)
{
  if (m->order->root->homes < 0)
    return 0;
  m->made->lasting = false;
  int fd = openat(m->order->root->homes, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *homes = fd < 0 ? NULL : fdopendir(fd);
  if (!homes) {
    map_complain(m, f, STR("~"), "the folder of the users' homes may not be read, so they cannot be listed");
    if (fd >= 0)
      close(fd);
    return 0;
  }
  struct buf names = BUF_INIT(NAMES_BYTES_MAX);
  size_t n = 0;
  int err = read_users(m, homes, &names, &n);
  if (err == 0)
    err = put_sorted(m, &names, n);
  buf_free(&names);
  closedir(homes);
  return err;
}
