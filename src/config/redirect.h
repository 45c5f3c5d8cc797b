/* Where a redirect leads. Inside config/ only. */
#ifndef NUNCIO_CONFIG_REDIRECT_H
#define NUNCIO_CONFIG_REDIRECT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* Appends the target that an author wrote as it is sent: a path of this site in its canonical form (G16), or a URI of
 * any scheme that does readers no harm (P12). A `*` at the end stands for what the path that was asked for has beyond
 * its pattern: *rest is true then, and the target has none. Read again, and with its `*`, it gives the same.
 * ERR_SYNTAX: *why says what was expected. ERR_NOMEM. */
int redirect_read(struct str value, struct buf *target, bool *rest, struct buf *why)
    __attribute__((warn_unused_result));

#endif
