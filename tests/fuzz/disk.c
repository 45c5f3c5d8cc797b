/* A disk that answers as it is told. */
#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "must.h"
#include "site/resolve_internal.h"

enum { ALLOWED_MOST = 64, FTW_FDS = 8 };

static struct {
  unsigned how;
  bool watching;
  struct {
    dev_t device;
    ino_t inode;
  } allowed[ALLOWED_MOST];
  size_t n_allowed;
} disk;

void disk_begin(void)
{
  disk.how = 0;
  resolve_use(RESOLVE_WAY_KERNEL);
}

void disk_set(unsigned how)
{
  disk.how = how;
  if (!(how & DISK_OLD))
    resolve_use(RESOLVE_WAY_KERNEL);
}

void disk_forget(void)
{
  disk.n_allowed = 0;
}

void disk_watch(bool on)
{
  disk.watching = on;
}

static int allow(const char *path, const struct stat *st, int type, struct FTW *where)
{
  (void)path;
  (void)type;
  (void)where;
  if (S_ISLNK(st->st_mode))
    return 0;
  must(disk.n_allowed < ALLOWED_MOST, "a small folder");
  disk.allowed[disk.n_allowed].device = st->st_dev;
  disk.allowed[disk.n_allowed++].inode = st->st_ino;
  return 0;
}

void disk_allow(const char *folder)
{
  must(nftw(folder, allow, FTW_FDS, FTW_PHYS) == 0, "a folder to look through");
}

/* G13: not even for a look, but for links themselves, which the walk reads. */
static int watched(int fd)
{
  struct stat st;
  if (fd < 0 || !disk.watching)
    return fd;
  must(fstat(fd, &st) == 0, "a descriptor that was opened is open");
  if (S_ISLNK(st.st_mode))
    return fd;
  for (size_t i = 0; i < disk.n_allowed; i++)
    if (disk.allowed[i].device == st.st_dev && disk.allowed[i].inode == st.st_ino) {
      must(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || fcntl(fd, F_GETFL) & O_PATH,
           "what is no file is never opened for reading (G13)");
      return fd;
    }
  must(false, "nothing outside of the capsule is opened (G13)");
  return fd;
}

/* ---------------------------------------------------------------- in the place of the kernel's */

long __real_syscall(long number, ...);
int __real_openat(int directory, const char *path, int flags, ...);
int __real_open(const char *path, int flags, ...);
ssize_t __real_preadv2(int fd, const struct iovec *to, int n, off_t offset, int flags);
ssize_t __real_pread(int fd, void *to, size_t n, off_t offset);
ssize_t __real_read(int fd, void *to, size_t n);
long __wrap_syscall(long number, ...);
int __wrap_openat(int directory, const char *path, int flags, ...);
int __wrap___openat_2(int directory, const char *path, int flags);
int __wrap_open(const char *path, int flags, ...);
ssize_t __wrap_preadv2(int fd, const struct iovec *to, int n, off_t offset, int flags);
ssize_t __wrap_pread(int fd, void *to, size_t n, off_t offset);
ssize_t __wrap_read(int fd, void *to, size_t n);

/* The only one that our code makes by its number is openat2. */
long __wrap_syscall(long number, ...)
{
  va_list more;
  va_start(more, number);
  int root = va_arg(more, int);
  const char *path = va_arg(more, const char *);
  struct open_how *how = va_arg(more, struct open_how *);
  size_t n = va_arg(more, size_t);
  va_end(more);
  must(number == SYS_openat2, "a system call that is known here");
  if (disk.how & DISK_OLD) {
    errno = ENOSYS;
    return -1;
  }
  if (how->resolve & RESOLVE_CACHED && disk.how & DISK_SLOW) {
    errno = EAGAIN;
    return -1;
  }
  how->resolve &= ~(__u64)RESOLVE_CACHED; /* what the kernel happens to remember decides nothing here */
  return watched((int)__real_syscall(number, root, path, how, n));
}

static mode_t mode_of(int flags, va_list more)
{
  return flags & O_CREAT ? va_arg(more, mode_t) : 0;
}

int __wrap_openat(int directory, const char *path, int flags, ...)
{
  va_list more;
  va_start(more, flags);
  int fd = __real_openat(directory, path, flags, mode_of(flags, more));
  va_end(more);
  return watched(fd);
}

/* As a fortified build calls it. */
int __wrap___openat_2(int directory, const char *path, int flags)
{
  return watched(__real_openat(directory, path, flags, 0));
}

int __wrap_open(const char *path, int flags, ...)
{
  va_list more;
  va_start(more, flags);
  int fd = __real_open(path, flags, mode_of(flags, more));
  va_end(more);
  return watched(fd);
}

/* How many bytes a read of n may bring; 0: it fails. */
static size_t allowance(size_t n)
{
  if (!disk.watching)
    return n;
  if (disk.how & DISK_BROKEN) {
    errno = EIO;
    return 0;
  }
  return disk.how & DISK_SHORT ? n / 3 + 1 : n;
}

ssize_t __wrap_preadv2(int fd, const struct iovec *to, int n, off_t offset, int flags)
{
  must(n == 1, "one piece at a time");
  if (flags & RWF_NOWAIT && disk.how & DISK_SLOW) {
    errno = EAGAIN;
    return -1;
  }
  const struct iovec part = {to->iov_base, allowance(to->iov_len)};
  return to->iov_len && !part.iov_len ? -1 : __real_preadv2(fd, &part, 1, offset, flags & ~RWF_NOWAIT);
}

ssize_t __wrap_pread(int fd, void *to, size_t n, off_t offset)
{
  size_t part = allowance(n);
  return n && !part ? -1 : __real_pread(fd, to, part, offset);
}

ssize_t __wrap_read(int fd, void *to, size_t n)
{
  size_t part = allowance(n);
  return n && !part ? -1 : __real_read(fd, to, part);
}
