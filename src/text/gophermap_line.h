/* What the two writers of gophermaps share: walking over the lines of a map. */
#ifndef NUNCIO_TEXT_GOPHERMAP_LINE_H
#define NUNCIO_TEXT_GOPHERMAP_LINE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "text/gophermap.h"

/* The map without the byte order mark that it may begin with. */
struct str gophermap_begin(struct str map);

/* Cuts the next line off *rest and parses it. False at the end of the map, or at the line that ends it. */
bool gophermap_next(struct str *rest, struct gophermap_line *out);

/* Whether the selector is a URL by the convention (`URL:https://...`, some write `/URL:`); *url is what follows then.
 */
bool gophermap_url(const struct gophermap_line *line, struct str *url);

/* Whether an item's selector starts from the directory that holds the map. */
bool gophermap_is_relative(const struct gophermap_line *line);

/* Appends, raw, what an item that leads nowhere is shown as: its name, and the URL that it would have led to. */
void gophermap_put_unfollowed(struct buf *out, const struct gophermap_line *line);

#endif
