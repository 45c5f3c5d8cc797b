/* Patterns for names and paths, as rules have them. Pure. */
#ifndef NUNCIO_TEXT_GLOB_H
#define NUNCIO_TEXT_GLOB_H

#include <stdbool.h>

#include "base/str.h"

/* Cuts the next segment of a path that is not empty off *rest. False where there is none. */
bool glob_segment(struct str *rest, struct str *segment);

/* Whether a pattern means one segment of a path: `*` is any bytes, `?` one byte, `[a-z]` and `[!a-z]` one of a set (a
 * bracket that is never closed is itself), a backslash makes the next byte itself. No byte is special in the name.
 * Takes time in proportion to the product of both lengths at most. */
bool glob_name(struct str pattern, struct str name);

/* The same of a whole path, segment by segment: a segment `**` is any number of them, none too. Empty segments count
 * for nothing on either side, nor does a slash at the end. */
bool glob_path(struct str pattern, struct str path);

/* Whether the pattern means the path or something above it: a beginning of it, in whole segments. Then *rest is what
 * follows the shortest one, without a slash in front. */
bool glob_above(struct str pattern, struct str path, struct str *rest);

#endif
