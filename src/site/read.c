/* Reading a file, or its head, into memory. */
#include "site/read.h"

#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/err.h"

int read_at_once(int fd, unsigned flags, char *to, size_t most, size_t *n)
{
  bool cached_only = flags & RESOLVE_CACHED_ONLY;
  *n = 0;
  while (*n < most) {
    struct iovec piece = {to + *n, most - *n};
    ssize_t got = preadv2(fd, &piece, 1, (off_t)*n, cached_only ? RWF_NOWAIT : 0);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0 && cached_only)
      return ERR_AGAIN; /* EAGAIN, or a file system without RWF_NOWAIT: the pool will see. */
    if (got < 0)
      return err_from_errno(errno);
    if (got == 0)
      break;
    *n += (size_t)got;
  }
  return 0;
}

/* Reads until the end of the file, or until `out` is full. */
static int read_all(int fd, struct buf *out)
{
  enum { PIECE = 65536 };
  while (out->n < out->max) {
    size_t most = out->max - out->n < PIECE ? out->max - out->n : PIECE;
    char *room = buf_room(out, most);
    if (!room)
      return buf_error(out);
    ssize_t got = read(fd, room, most);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return err_from_errno(errno);
    if (got == 0)
      return 0;
    buf_added(out, (size_t)got);
  }
  return 0;
}

int read_file(const struct root *root, struct str path, size_t max, struct buf *out, struct file_id *id)
{
  int fd = -1;
  struct stat st;
  int err = resolve_open(root, path, 0, &fd, &st);
  if (err)
    return err;
  *id = file_id(&st);
  if (!S_ISREG(st.st_mode)) {
    err = ERR_SPECIAL;
  } else if (st.st_size < 0 || (uint64_t)st.st_size > max) {
    err = ERR_LIMIT;
  } else {
    /* A file that grows meanwhile is read up to the cap and no further; its id will not match the next time. */
    buf_init(out, max);
    err = read_all(fd, out);
  }
  close(fd);
  return err;
}
