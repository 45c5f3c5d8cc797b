/* RLIMIT_NOFILE. */
#include "proc/descriptors.h"

#include <sys/resource.h>

unsigned descriptors_raise(void)
{
  struct rlimit limit = {.rlim_cur = 1024, .rlim_max = 1024};
  (void)getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < limit.rlim_max) {
    rlim_t soft = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
      limit.rlim_cur = soft;
  }
  return limit.rlim_cur < DESCRIPTORS_MOST ? (unsigned)limit.rlim_cur : DESCRIPTORS_MOST;
}
