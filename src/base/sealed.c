/* Shared memory by memfd_create, its size sealed before anybody else can have it. */
#include "base/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int sealed_create(const char *name, size_t size, void **map)
{
  *map = MAP_FAILED;
  int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0)
    return -1;
  if (ftruncate(fd, (off_t)size) == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
    *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (*map == MAP_FAILED) {
    int number = errno;
    close(fd);
    errno = number;
    return -1;
  }
  return fd;
}

const char *sealed_fault(int fd, size_t size)
{
  struct stat st;
  int seals = fcntl(fd, F_GET_SEALS);
  if (fstat(fd, &st) < 0)
    return strerror(errno);
  if (seals < 0 || !(seals & F_SEAL_SHRINK) || !(seals & F_SEAL_GROW))
    return "it is no sealed memory";
  if (st.st_size != (off_t)size)
    return "it is of another size";
  return NULL;
}
