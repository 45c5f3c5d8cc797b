/* Opening a log file, or a socket to syslogd. */
#include "proc/log_place.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"

enum { LOG_MODE = 0640 };

static int fail(struct buf *why, const char *path, int number)
{
  const char *mend = number == ELOOP    ? "it is a symbolic link; name the file that it leads to"
                     : number == ENXIO  ? "nobody reads it: start its reader first"
                     : number == ENOENT ? "make its folder first"
                                        : strerror(number); /* NOLINT(concurrency-mt-unsafe): one thread */
  buf_printf(why, "cannot log requests to %s: %s", path, mend);
  return err_from_errno(number);
}

static int open_file(const char *path, struct buf *why)
{
  struct stat st;
  int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC, LOG_MODE);
  if (fd < 0)
    return fail(why, path, errno);
  if (fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)))
    return fd;
  close(fd);
  buf_printf(why, "cannot log requests to %s: it is no file", path);
  return ERR_SPECIAL;
}

static int open_syslog(const char *path, struct buf *why)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t n = strlen(path);
  int number = ENAMETOOLONG, fd = -1;
  if (n < sizeof address.sun_path) {
    memcpy(address.sun_path, path, n);
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
      return fd;
    number = errno;
  }
  if (fd >= 0)
    close(fd);
  buf_printf(why, "cannot log requests to syslog at %s: %s", path,
             strerror(number)); /* NOLINT(concurrency-mt-unsafe) */
  return err_from_errno(number);
}

int log_place_open(enum log_to to, const char *path, struct buf *why)
{
  return to == LOG_TO_SYSLOG ? open_syslog(path, why) : open_file(path, why);
}
