/* Which answers a site has ready: found by what was asked for, believed for a second, then checked. */
#ifndef NUNCIO_SITE_RECALL_H
#define NUNCIO_SITE_RECALL_H

#include <stdbool.h>
#include <stdint.h>

#include "site/ready.h"
#include "site/request.h"
#include "site/state.h"

/* The answer for a raw path, if it is known to be right: it was checked less than a second ago, or all that it was made
 * from is found unchanged now, without waiting for a disk. Else NULL. Borrowed until the cache changes. */
struct ready *recall(struct site *site, enum representation representation, struct str path);

/* The same after a look that began at `asked` (the env's clock) and left this trail: the answer that is known, if it
 * came of the same. */
struct ready *recall_by_trail(struct site *site, enum representation representation, struct str path,
                              const struct trail *trail, uint64_t asked);

/* Keeps an answer for the next who asks, where its trail says all and had settled at the wall time `now_ns`. A path
 * that is written in an odd way (`//`) has none: strangers could fill the cache with one page. */
void recall_keep(struct site *site, enum representation representation, struct str path, struct ready *ready,
                 int64_t now_ns);

/* An earlier listing of the directory at a raw path, perhaps of long ago, or NULL. Borrowed. */
struct page *recall_listing(struct site *site, struct str path);

#endif
