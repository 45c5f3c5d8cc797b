/* A settings text in a memfd, sealed. */
#include "proc/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/write.h"
#include "config/file.h"

enum { TEXT_MAX = 2 * SETTINGS_FILE_MAX, PIECE = 4096 };

int kept_empty(void)
{
  return memfd_create("nuncio-settings", MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

static int write_sealed(int fd, struct str text)
{
  if (write_all(fd, text) < 0)
    return err_from_errno(errno);
  return fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0 ? ERR_IO : 0;
}

int kept_write(int fd, struct settings *s, struct buf *why)
{
  struct buf text = BUF_INIT(TEXT_MAX);
  int err = settings_write_text(s, &text, why);
  if (err == 0)
    err = write_sealed(fd, buf_str(&text));
  if (err && why->n == 0)
    buf_printf(why, "the settings cannot be kept: %s", err_text(err));
  buf_free(&text);
  return err;
}

int kept_make(struct settings *s, struct buf *why)
{
  int fd = kept_empty(), err = fd < 0 ? err_from_errno(errno) : kept_write(fd, s, why);
  if (err && fd >= 0)
    close(fd);
  if (err && why->n == 0)
    buf_printf(why, "the settings cannot be kept: %s", err_text(err));
  return err ? err : fd;
}

/* By its own offset: all who have the descriptor share that of the file. */
static int read_all(int fd, struct buf *text)
{
  for (;;) {
    char *room = buf_room(text, PIECE);
    if (!room)
      return buf_error(text);
    ssize_t n = pread(fd, room, PIECE, (off_t)text->n);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return n < 0 ? err_from_errno(errno) : 0;
    buf_added(text, (size_t)n);
  }
}

int kept_read(int fd, struct settings *s, struct buf *why)
{
  struct buf text = BUF_INIT(TEXT_MAX);
  int seals = fcntl(fd, F_GET_SEALS);
  int err = seals < 0 || !(seals & F_SEAL_WRITE) ? ERR_SYNTAX : read_all(fd, &text);
  if (err)
    buf_printf(why, "the settings that were handed over cannot be read: %s", err_text(err));
  if (err == 0)
    err = settings_init(s);
  if (err == 0) {
    err = settings_read_text(s, buf_str(&text), "settings that were handed over", why);
    if (err)
      settings_free(s);
  }
  if (err && why->n == 0)
    buf_printf(why, "%s", err_text(err));
  buf_free(&text);
  return err;
}
