/* Writes files so that no reader sees half of one and no two writers lose each other's work. */
#include "tls/certdir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/write.h"

static int fail(const struct certdir *folder, const char *file, const char *what, struct buf *why)
{
  int number = errno;
  buf_printf(why, "%s/%s cannot be %s (%s): look at the folder's owner and at the free space", folder->path, file, what,
             strerror(number));
  return err_from_errno(number);
}

int certdir_open(struct certdir *folder, const char *path, struct buf *why)
{
  folder->path = path;
  folder->fd = -1;
  if (mkdir(path, 0700) < 0 && errno != EEXIST) {
    int err = err_from_errno(errno);
    buf_printf(why, "the folder %s cannot be made (%s): make it, or name another with --certs", path, strerror(errno));
    return err;
  }
  folder->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder->fd < 0) {
    int err = err_from_errno(errno);
    buf_printf(why, "the folder %s cannot be opened (%s): name another with --certs", path, strerror(errno));
    return err;
  }
  /* Where the file system has no locks the steps are still safe one by one: nothing is overwritten unasked. */
  while (flock(folder->fd, LOCK_EX) < 0 && errno == EINTR)
    continue;
  return 0;
}

void certdir_close(struct certdir *folder)
{
  if (folder->fd < 0)
    return;
  (void)fsync(folder->fd); /* the names; the files themselves are on disk already */
  close(folder->fd);
  folder->fd = -1;
}

bool certdir_has(const struct certdir *folder, const char *file)
{
  struct stat st;
  return fstatat(folder->fd, file, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int certdir_write(const struct certdir *folder, struct str bytes, mode_t mode, char beside[FILE_NAME_MAX + 1],
                  struct buf *why)
{
  unsigned long long dice = 0;
  beside[0] = '\0';
  if (getrandom(&dice, sizeof dice, 0) != (ssize_t)sizeof dice)
    return fail(folder, "", "written to", why);
  /* A leading dot: no listing of pairs takes it for one. */
  (void)snprintf(beside, FILE_NAME_MAX + 1, ".nuncio-%016llx.tmp", dice);
  int fd = openat(folder->fd, beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
  if (fd < 0) {
    int err = fail(folder, beside, "made", why);
    beside[0] = '\0';
    return err;
  }
  int err = write_all(fd, bytes) < 0 || fsync(fd) < 0 ? fail(folder, beside, "written", why) : 0;
  if (close(fd) < 0 && err == 0)
    err = fail(folder, beside, "written", why);
  if (err) {
    certdir_remove(folder, beside);
    beside[0] = '\0';
  }
  return err;
}

int certdir_keep(const struct certdir *folder, const char *file, const char *as, struct buf *why)
{
  if (linkat(folder->fd, file, folder->fd, as, 0) == 0)
    return 0;
  /* No links here, or none to a file of somebody else's (protected_hardlinks): move it. */
  if (errno != EEXIST && renameat2(folder->fd, file, folder->fd, as, RENAME_NOREPLACE) == 0)
    return 0;
  return errno == EEXIST ? ERR_EXISTS : fail(folder, as, "made", why);
}

int certdir_place(const struct certdir *folder, const char *beside, const char *file, bool replace, struct buf *why)
{
  if (replace)
    return renameat(folder->fd, beside, folder->fd, file) == 0 ? 0 : fail(folder, file, "written", why);
  bool placed = renameat2(folder->fd, beside, folder->fd, file, RENAME_NOREPLACE) == 0;
  /* A file system that cannot rename without replacing can usually link. */
  if (!placed && (errno == EINVAL || errno == ENOSYS) && linkat(folder->fd, beside, folder->fd, file, 0) == 0) {
    certdir_remove(folder, beside);
    placed = true;
  }
  if (placed)
    return 0;
  if (errno != EEXIST)
    return fail(folder, file, "written", why);
  buf_printf(why, "%s/%s is there already and is not overwritten", folder->path, file);
  return ERR_EXISTS;
}

void certdir_remove(const struct certdir *folder, const char *file)
{
  (void)unlinkat(folder->fd, file, 0);
}
