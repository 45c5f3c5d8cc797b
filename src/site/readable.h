/* Names and paths as a person reads them. */
#ifndef NUNCIO_SITE_READABLE_H
#define NUNCIO_SITE_READABLE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* Appends a text from the disk or the wire as one line for a person: invalid bytes, control characters and code points
 * that reorder or break a line become U+FFFD, TAB and line ends a space. What is wider than `columns` is cut between
 * characters and ends in an ellipsis. */
void readable_put(struct buf *out, struct str text, size_t columns);

/* Appends a size: `1 byte`, `812 bytes`, `1.5 KiB`, `12 KiB`, `3.2 GiB`. */
void readable_put_size(struct buf *out, uint64_t bytes);

#endif
