/* A disk that answers late or is broken, for tests: preloaded before the C library. With SLOW_READ_SECONDS no file of
 * the capsule is in the cache, and reading one takes that long; with SLOW_NAME_SECONDS looking up a name that holds
 * "cold" does. With BROKEN_FROM no byte of a file in the capsule can be read from that offset on: EIO. */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

ssize_t preadv64v2(int fd, const struct iovec *v, int n, off64_t at, int flags);

static void wait_for(const char *setting)
{
  const char *seconds = getenv(setting);
  struct timespec time = {.tv_sec = seconds ? strtol(seconds, NULL, 10) : 0};
  (void)nanosleep(&time, NULL);
}

static void *real(const char *name)
{
  return dlsym(RTLD_NEXT, name);
}

static bool of_the_capsule(int fd)
{
  char link[64], path[PATH_MAX] = "";
  (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  return readlink(link, path, sizeof path - 1) > 0 && strstr(path, "/capsule/");
}

/* Whether the first bad byte is among those that are asked for, and none before it. What stands before is read. */
static bool broken(int fd, off64_t at, size_t *n)
{
  const char *setting = getenv("BROKEN_FROM");
  off64_t from = setting ? strtoll(setting, NULL, 10) : 0;
  if (!setting || !of_the_capsule(fd))
    return false;
  if (at < from && (off64_t)*n > from - at)
    *n = (size_t)(from - at);
  if (at >= from)
    errno = EIO;
  return at >= from;
}

static int not_cached(void)
{
  errno = EAGAIN;
  return -1;
}

ssize_t preadv64v2(int fd, const struct iovec *v, int n, off64_t at, int flags)
{
  if (getenv("SLOW_READ_SECONDS"))
    return not_cached();
  ssize_t (*next)(int, const struct iovec *, int, off64_t, int);
  void *symbol = real("preadv64v2");
  memcpy(&next, &symbol, sizeof next);
  struct iovec one = *v; /* the server never gives more than one */
  return n != 1 || broken(fd, at, &one.iov_len) ? -1 : next(fd, &one, 1, at, flags);
}

ssize_t preadv2(int fd, const struct iovec *v, int n, off_t at, int flags)
{
  return preadv64v2(fd, v, n, at, flags);
}

ssize_t pread(int fd, void *to, size_t n, off_t at)
{
  ssize_t (*next)(int, void *, size_t, off_t);
  void *symbol = real("pread");
  memcpy(&next, &symbol, sizeof next);
  if (of_the_capsule(fd))
    wait_for("SLOW_READ_SECONDS");
  if (broken(fd, at, &n))
    return -1;
  return next(fd, to, n, at);
}

ssize_t read(int fd, void *to, size_t n)
{
  ssize_t (*next)(int, void *, size_t);
  void *symbol = real("read");
  memcpy(&next, &symbol, sizeof next);
  if (broken(fd, lseek(fd, 0, SEEK_CUR), &n))
    return -1;
  return next(fd, to, n);
}

ssize_t pread64(int fd, void *to, size_t n, off64_t at)
{
  return pread(fd, to, n, at);
}

long syscall(long number, ...)
{
  long (*next)(long, ...), value[6];
  void *symbol = real("syscall");
  va_list args;
  memcpy(&next, &symbol, sizeof next);
  va_start(args, number);
  for (int i = 0; i < 6; i++)
    value[i] = va_arg(args, long);
  va_end(args);
  if (number == SYS_openat2 && getenv("SLOW_NAME_SECONDS") && strstr((const char *)value[1], "cold")) {
    if (((const struct open_how *)value[2])->resolve & RESOLVE_CACHED)
      return not_cached();
    wait_for("SLOW_NAME_SECONDS");
  }
  return next(number, value[0], value[1], value[2], value[3], value[4], value[5]);
}
