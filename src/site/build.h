/* Pages that are made: listings, translated maps, the trees of overviews. Made in the pool, once for all who wait. */
#ifndef NUNCIO_SITE_BUILD_H
#define NUNCIO_SITE_BUILD_H

#include <stdbool.h>

#include "base/str.h"
#include "site/dot_rules.h"
#include "site/look.h"
#include "site/page.h"
#include "site/state.h"

/* Somebody who waits for a page. Embedded in its owner's struct. */
struct build_wait {
  /* Called once, perhaps before build_page returns: with 0 and a page that is borrowed for the call, or an error and
   * NULL. ERR_AGAIN: files that set rules have changed since the look, and it is to be repeated. */
  void (*ready)(struct build_wait *w, int err, struct page *page);
  const struct found *found;      /* what is wanted; borrowed until ready was called */
  const struct ruled *ruled;      /* the same: what rules say of it; NULL: nothing. Set by its owner, as is `dots` */
  struct dot_rules *dots;         /* the same: whose rules some of these are; NULL: none */
  const struct trail *dots_trail; /* the same: what the disk was asked for all such files; never NULL */
  struct build *build;            /* what it waits for; NULL where it does not wait */
  struct build_wait *next, **link;
};

/* Makes the page that *found speaks of (FOUND_MAP, FOUND_DIALECT, FOUND_LISTING, FOUND_TREE), or joins a build of it
 * that is under way: of the same version of the file, under the same rules, and for a listing one that was asked for
 * less than READY_TRUSTED_MS ago. The parsed document of a tree is kept in the cache for its other pages. */
void build_page(struct site *site, const struct found *found, struct build_wait *w);

/* Whether it waits, and nobody else waits for the same. */
bool build_alone(const struct build_wait *w);

/* Stops waiting; ready will not be called. Fine where it does not wait. */
void build_leave(struct build_wait *w);

/* Says, once for each document, that its tree is not served because something real has its name. */
void build_warn_shadowed(struct site *site, struct str document);

#endif
