/* Warnings that are worth saying once: a bounded memory of what has been said. */
#ifndef NUNCIO_SITE_ONCE_H
#define NUNCIO_SITE_ONCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ONCE_REMEMBERED = 256 };

/* The last hashes that were asked for. All zero is the empty state. When more than ONCE_REMEMBERED different things are
 * to be said, the oldest are forgotten and may be said again: the log stays useful and the memory bounded. */
struct once {
  uint64_t said[ONCE_REMEMBERED];
  size_t next;
};

/* True the first time that it is asked for this hash. */
bool once_first(struct once *o, uint64_t hash);

#endif
