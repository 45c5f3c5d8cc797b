/* An overview's tree: from the document on the disk to its pages. Blocks on the disk, so it is made in the pool. */
#ifndef NUNCIO_SITE_TREE_H
#define NUNCIO_SITE_TREE_H

#include "base/buf.h"
#include "base/str.h"
#include "site/resolve.h"
#include "text/overview.h"

/* Reads and parses the document at a raw path beneath `root`; *id is what it was. ERR_LIMIT above
 * OVERVIEW_MAX, ERR_NOMEM, and what resolve_open says. */
int tree_read(const struct root *root, struct str path, struct overview **out, struct file_id *id)
    __attribute__((warn_unused_result));

/* Appends a page: the overview's where `point` is empty, else that of the point whose page has this name (`3`).
 * `path` is the document's. ERR_NOT_FOUND where there is no such point. */
int tree_put(const struct overview *o, struct str path, struct str point, struct buf *out)
    __attribute__((warn_unused_result));

#endif
