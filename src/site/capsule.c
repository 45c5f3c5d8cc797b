/* The capsule's folder: opening it, and counting who uses it. */
#include "site/capsule.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"

int capsule_open(const char *path, struct capsule **out)
{
  struct capsule *c = malloc(sizeof *c);
  if (!c)
    return ERR_NOMEM;
  struct stat st;
  c->fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (c->fd < 0 || fstat(c->fd, &st) < 0) {
    int err = errno == ENOTDIR ? ERR_SYNTAX : err_from_errno(errno);
    if (c->fd >= 0)
      close(c->fd);
    free(c);
    return err;
  }
  c->refs = 1;
  c->device = st.st_dev;
  c->inode = st.st_ino;
  *out = c;
  return 0;
}

struct capsule *capsule_ref(struct capsule *c)
{
  c->refs++;
  return c;
}

void capsule_unref(struct capsule *c)
{
  if (!c || --c->refs > 0)
    return;
  close(c->fd);
  free(c);
}

bool capsule_is(const struct capsule *c, const struct stat *st)
{
  return c->device == st->st_dev && c->inode == st->st_ino;
}
