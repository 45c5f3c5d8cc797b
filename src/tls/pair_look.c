/* Looks which files stand under a pair's names, without reading them. */
#include <errno.h>
#include <limits.h>

#include "tls/pair.h"

enum { PATH_ROOM = 2 * PATH_MAX };

static struct file_identity look(const char *dir, const char *name, const char *suffix)
{
  struct file_identity id = {0};
  struct stat st;
  struct buf path = BUF_INIT(PATH_ROOM);
  buf_printf(&path, "%s/%s%s", dir, name, suffix);
  buf_put_c(&path, '\0');
  if (buf_error(&path)) {
    id.error = ENAMETOOLONG;
  } else if (stat(path.p, &st) < 0) {
    id.error = errno;
  } else {
    id.device = st.st_dev;
    id.inode = st.st_ino;
    id.size = st.st_size;
    id.modified = st.st_mtim;
    id.changed = st.st_ctim;
  }
  buf_free(&path);
  return id;
}

void pair_look(const char *dir, const char *name, struct pair_identity *out)
{
  out->certificate = look(dir, name, ".crt");
  out->key = look(dir, name, ".key");
}

static bool same_time(struct timespec a, struct timespec b)
{
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool same_file(const struct file_identity *a, const struct file_identity *b)
{
  return a->error == b->error && a->device == b->device && a->inode == b->inode && a->size == b->size &&
         same_time(a->modified, b->modified) && same_time(a->changed, b->changed);
}

bool pair_same(const struct pair_identity *a, const struct pair_identity *b)
{
  return same_file(&a->certificate, &b->certificate) && same_file(&a->key, &b->key);
}
