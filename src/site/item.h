/* The Gopher item type of what stands at a path: by its name, by a look where the name does not tell. */
#ifndef NUNCIO_SITE_ITEM_H
#define NUNCIO_SITE_ITEM_H

#include "base/str.h"
#include "site/state.h"

/* As site_item_type. In the loop's thread; never waits. */
char item_type(struct site *site, struct str path);

/* The type of what stands at a raw path without a slash at its end, whose name does not tell. What is not there is left
 * to its name. `flags` as for look_at: with RESOLVE_CACHED_ONLY perhaps ERR_AGAIN, and else 0. Touches nothing shared.
 */
int item_look(int root, struct str raw, unsigned flags, char *type) __attribute__((warn_unused_result));

#endif
