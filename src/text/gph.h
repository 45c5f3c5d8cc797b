/* Menus in the form that geomyidae reads (`.gph`), as gophermaps. Pure. */
#ifndef NUNCIO_TEXT_GPH_H
#define NUNCIO_TEXT_GPH_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* The name that answers for a directory, and the suffix of a menu. */
#define GPH_INDEX "index.gph"
#define GPH_SUFFIX ".gph"

/* The grammar (geomyidae(8), FORMATTING):
 *   line = item / text
 *   item = "[" type "|" name "|" selector ["|" host ["|" port]] "]"   ; `\|` is a `|` within a field
 *   text = ["t"] any                                                  ; the `t` lets a text begin with `[` or `t`
 * The host `server` and the port `port` are ours. What only looks like an item is text. */

/* Whether a file of that name is such a menu. */
static inline bool gph_named(struct str name)
{
  return name.n > STR(GPH_SUFFIX).n && str_ends(name, STR(GPH_SUFFIX));
}

/* Appends the gophermap line (text/gophermap.h) that one line stands for, with its line end. `line` has none. Always
 * one line; TABs become spaces. The error, if any, is the buffer's. */
void gph_put_line(struct buf *out, struct str line);

/* Appends the gophermap that a whole menu stands for. 0 or the buffer's error. */
int gph_gophermap(struct str gph, struct buf *out) __attribute__((warn_unused_result));

#endif
