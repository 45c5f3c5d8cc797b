/* Patterns for names and paths, as rules have them. Pure. */
#ifndef NUNCIO_TEXT_GLOB_H
#define NUNCIO_TEXT_GLOB_H

#include <stdbool.h>

#include "base/str.h"

/* Whether a pattern means one segment of a path: `*` is any bytes, `?` one byte, `[a-z]` and `[!a-z]` one of a set (a
 * bracket that is never closed is itself), a backslash makes the next byte itself. No byte is special in the name.
 * Takes time in proportion to the product of both lengths at most. */
bool glob_name(struct str pattern, struct str name);

/* The same of whole paths, segment by segment: a segment `**` is any number of them, none too. Empty segments count for
 * nothing on both sides. A pattern that ends in a slash means a path as well of which it only means a beginning: a
 * directory and all that is beneath it. */
bool glob_path(struct str pattern, struct str path);

/* Where in `path` the rest begins after what the pattern means at its shortest: for `/old/` and `/old/a/b` the offset
 * of `a/b`. The path's length where nothing is left, or where the pattern does not mean the path. */
size_t glob_rest(struct str pattern, struct str path);

#endif
