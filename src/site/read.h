/* Reading a file, or its head, into memory. */
#ifndef NUNCIO_SITE_READ_H
#define NUNCIO_SITE_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"
#include "site/resolve.h"

/* What a look into a file reads at most (G20; listings). */
enum { READ_HEAD = 4096 };

/* Reads the first `most` bytes of an open file, or all that there is. With RESOLVE_CACHED_ONLY only what the page cache
 * holds: ERR_AGAIN where that is not all. */
int read_at_once(int fd, unsigned flags, char *to, size_t most, size_t *n) __attribute__((warn_unused_result));

/* Opens the regular file at a raw path beneath `root` and appends all of it to `out`; *id is what it was when it was
 * opened. ERR_LIMIT where it is larger than `max`, ERR_SPECIAL where it is no regular file, and what resolve_open says.
 * May block: for the pool. */
int read_file(const struct root *root, struct str path, size_t max, struct buf *out, struct file_id *id)
    __attribute__((warn_unused_result));

#endif
