/* Plain text that may stand within one line: what every writer of pages and menus makes of somebody's bytes. */
#ifndef NUNCIO_TEXT_PLAIN_H
#define NUNCIO_TEXT_PLAIN_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* Whether s is UTF-8 without control bytes, and may stand as it is. */
bool plain_is(struct str s);

/* Appends s: control bytes (TAB, line ends and NUL too) as one space each, bytes that are not UTF-8 as U+FFFD. */
void plain_put(struct buf *out, struct str s);

/* The same, but a TAB becomes the spaces up to the next multiple of eight columns, counted from the start of s. */
void plain_put_expanded(struct buf *out, struct str s);

/* Without the spaces at its end. */
struct str plain_trim_end(struct str s);

/* How many bytes at the end of s may belong to a character or a line end of which the rest has not come. For those who
 * must hand over a part of a line: it is never cut inside either. */
size_t plain_unfinished(struct str s);

#endif
