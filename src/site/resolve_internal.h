/* The two ways to look a path up beneath a directory, which give the same answers; for resolve.c and its tests only. */
#ifndef NUNCIO_SITE_RESOLVE_INTERNAL_H
#define NUNCIO_SITE_RESOLVE_INTERNAL_H

#include "base/err.h"

enum resolve_way {
  RESOLVE_WAY_KERNEL, /* openat2(2); until it turns out to be missing */
  RESOLVE_WAY_WALK,   /* segment by segment, for a kernel or a seccomp filter without openat2 */
};

/* For tests: the way that every thread takes from now on. */
void resolve_use(enum resolve_way way);

/* How many symbolic links the kernel follows (path_resolution(7)). */
enum { WALK_LINKS = 40 };

/* Opens `path` (relative; "." is the folder itself) beneath `folder`, `links` symbolic links at most followed, as long
 * as they are relative and stay inside. `flags` is O_PATH, perhaps with O_NOFOLLOW for the path's end, or what a
 * regular file is opened with; O_CLOEXEC is added. 0, or a negative code; ERR_AGAIN where something was renamed
 * meanwhile: look again. */
int walk_open(int folder, const char *path, int flags, unsigned links, int *fd) __attribute__((warn_unused_result));

/* The code for a system call that failed with this errno; never 0. */
static inline int failure(int number)
{
  int err = err_from_errno(number);
  return err ? err : ERR_IO;
}

#endif
