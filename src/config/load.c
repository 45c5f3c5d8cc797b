/* Reads a whole file, if it is one. */
#include "config/load.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "config/file.h"

enum { PIECE = 4096 };

static int read_all(int fd, struct buf *out)
{
  for (;;) {
    char *room = buf_room(out, PIECE);
    if (!room)
      return buf_error(out) == ERR_FULL ? ERR_LIMIT : buf_error(out);
    ssize_t n = read(fd, room, PIECE);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return n < 0 ? err_from_errno(errno) : 0;
    buf_added(out, (size_t)n);
    if (out->n > SETTINGS_FILE_MAX)
      return ERR_LIMIT;
  }
}

int load_file(const char *path, struct buf *out, const char **words)
{
  struct stat st;
  int err = 0;
  /* O_NONBLOCK: opening a FIFO for reading would wait for a writer. */
  int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &st) < 0) {
    err = err_from_errno(errno);
    *words = strerror(errno); /* NOLINT(concurrency-mt-unsafe): no thread was started yet */
  } else if (!S_ISREG(st.st_mode)) {
    err = ERR_SPECIAL;
    *words = "it is not a regular file";
  } else {
    err = read_all(fd, out);
    *words = err == ERR_LIMIT ? "it is larger than 1 MiB" : err_text(err);
  }
  if (fd >= 0)
    close(fd);
  return err;
}
