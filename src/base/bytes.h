/* Immutable bytes with a reference count: a rendered page that many readers are sent at once. */
#ifndef NUNCIO_BASE_BYTES_H
#define NUNCIO_BASE_BYTES_H

#include "base/buf.h"
#include "base/str.h"

/* The count is not atomic: a block may be made in the thread pool, but it is shared, counted and freed in
 * the loop's thread only. */
struct bytes {
  unsigned refs;
  char *p; /* owned, from malloc */
  size_t n;
};

/* Takes what `b` holds (b is empty afterwards, also on failure) into a block with one reference. What the buffer has
 * beyond that is given back: a block may be kept for long, and is counted by its bytes. NULL when memory is short or
 * the buffer carries an error. */
struct bytes *bytes_take(struct buf *b);

/* A block that holds a copy of s, with one reference; NULL when memory is short. */
struct bytes *bytes_copy(struct str s);

/* One reference more; returns its argument. */
struct bytes *bytes_ref(struct bytes *b);

/* One reference less; the last one frees. NULL is fine. */
void bytes_unref(struct bytes *b);

struct str bytes_str(const struct bytes *b);

#endif
