/* Writing the whole of something. */
#ifndef NUNCIO_BASE_WRITE_H
#define NUNCIO_BASE_WRITE_H

#include "base/str.h"

/* Writes all of `bytes`, in as many calls as it takes; an interrupted one is repeated. 0, or -1 with errno set, and
 * then a part may have been written. For files and memory: a descriptor that does not block is given up where it is
 * full. */
int write_all(int fd, struct str bytes) __attribute__((warn_unused_result));

#endif
