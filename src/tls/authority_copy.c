/* Authorities in memory: for each its length as eight digits of sixteen, a line end, and the text. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/err.h"
#include "base/write.h"
#include "tls/authority.h"

enum { HEAD = 9, WHY_MAX = 1024 };

static int copy_one(int fd, const char *path)
{
  struct buf pem = BUF_INIT(AUTHORITY_TEXT_MAX), head = BUF_INIT(HEAD + 1), why = BUF_INIT(WHY_MAX);
  int err = authority_read(path, &pem, &why);
  buf_printf(&head, "%08zx\n", pem.n);
  if (err == 0)
    err = buf_error(&head);
  if (err == 0 && (write_all(fd, buf_str(&head)) < 0 || write_all(fd, buf_str(&pem)) < 0))
    err = err_from_errno(errno);
  buf_free(&pem);
  buf_free(&head);
  buf_free(&why);
  return err;
}

int authority_copy(char *const *paths, size_t n, int *fd)
{
  int err = 0;
  *fd = memfd_create("nuncio-authorities", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (*fd < 0)
    return err_from_errno(errno);
  for (size_t i = 0; i < n && err == 0; i++)
    err = copy_one(*fd, paths[i]);
  if (err == 0 && fcntl(*fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
    err = err_from_errno(errno);
  if (err) {
    close(*fd);
    *fd = -1;
  }
  return err;
}

/* By its own offset: all who have the descriptor share that of the file. */
static int read_at(int fd, off_t at, char *to, size_t n)
{
  while (n > 0) {
    ssize_t got = pread(fd, to, n, at);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return got < 0 ? err_from_errno(errno) : ERR_SYNTAX;
    to += got;
    at += got;
    n -= (size_t)got;
  }
  return 0;
}

int authority_paste(int fd, size_t i, struct buf *pem)
{
  char head[HEAD + 1] = "";
  off_t at = 0;
  for (;; i--) {
    int err = read_at(fd, at, head, HEAD);
    size_t n = strtoul(head, NULL, 16);
    if (err || n > AUTHORITY_TEXT_MAX)
      return err ? err : ERR_SYNTAX;
    at += HEAD;
    if (i == 0) {
      char *room = buf_room(pem, n);
      err = room ? read_at(fd, at, room, n) : buf_error(pem);
      if (err == 0)
        buf_added(pem, n);
      return err;
    }
    at += (off_t)n;
  }
}
