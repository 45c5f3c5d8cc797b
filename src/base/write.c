/* Writing the whole of something: write(2) may take a part of it. */
#include "base/write.h"

#include <errno.h>
#include <unistd.h>

int write_all(int fd, struct str bytes)
{
  while (bytes.n > 0) {
    ssize_t n = write(fd, bytes.p, bytes.n);
    if (n < 0 && errno != EINTR)
      return -1;
    if (n > 0)
      bytes = str_skip(bytes, (size_t)n);
  }
  return 0;
}
