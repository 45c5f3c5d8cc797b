/* The Gopher item type of what stands at a path: by a look, and by its name where that tells no more. */
#ifndef NUNCIO_SITE_ITEM_H
#define NUNCIO_SITE_ITEM_H

#include "base/str.h"
#include "site/ready.h"
#include "site/resolve.h"
#include "site/state.h"

/* More links of one page than this are typed by their names: what a reader's menu may cost has an end. */
enum { ITEM_LOOKS_MAX = 500 };

/* A longer path no request can ask for: its name says what it is. */
enum { ITEM_PATH_MAX = 1024 };

/* More steps (dot_rules_steps) are not taken in the loop for all links of one page: some ten milliseconds. */
enum {
  ITEM_STEPS_MAX = 4 * 1024 * 1024,
  ITEM_STEPS_ALONE = 64 * 1024, /* nor more than these for a link of a page that is not kept */
  ITEM_POOL_STEPS_MAX =
      256 * 1024 * 1024, /* nor more than these in the pool for one job: what is left is typed by name */
};

/* As site_item_type. In the loop's thread; never waits. */
char item_type(struct site *site, struct ready *page, struct str path);

/* A look's way to say that the name is right, or that there is nothing to be seen. */
enum { ITEM_AS_NAMED = 0 };

/* Looks at a raw path without a slash at its end: '1' for a directory or a page, for a file without a suffix what its
 * content is, else ITEM_AS_NAMED. `flags` as for look_at: with RESOLVE_CACHED_ONLY perhaps ERR_AGAIN, ERR_NOMEM when
 * memory is short, and else 0. Touches nothing shared. */
int item_look(const struct root *root, struct str raw, unsigned flags, char *type) __attribute__((warn_unused_result));

/* The same for a site's readers, by what its rules say at the wall time `now_ns`: of what is behind a gate, or of rules
 * that cannot be read, nobody is told more than its name says, since readers may ask for any path. *steps grows
 * by what an author's rules cost; with RESOLVE_CACHED_ONLY it is ERR_AGAIN once they are more than ITEM_STEPS_MAX, else
 * no more is told once they are more than ITEM_POOL_STEPS_MAX. In any thread, by whoever holds a reference on the site.
 */
int item_tell(struct site *site, struct str raw, unsigned flags, int64_t now_ns, uint64_t *steps, char *type)
    __attribute__((warn_unused_result));

#endif
