/* One text of a capsule: what the proofreader sees in it, and where its links lead. */
#ifndef NUNCIO_CMD_CHECK_CAPSULE_PAGE_H
#define NUNCIO_CMD_CHECK_CAPSULE_PAGE_H

#include "cmd/check_capsule.h"
#include "site/look.h"

/* Tells the findings of the open file *f, whose raw path is `path` (findings_file was called). 0, ERR_NOMEM, or what
 * keeps it from being read. */
int page_examine(struct capsule *c, struct str path, const struct found *f) __attribute__((warn_unused_result));

/* Tells the findings of an overview's document. `f` is what a look at its path found. 0 or ERR_NOMEM. */
int overview_examine(struct capsule *c, struct str path, const struct found *f) __attribute__((warn_unused_result));

#endif
