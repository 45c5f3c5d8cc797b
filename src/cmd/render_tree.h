/* The tree of an overview as plain files, for hosting elsewhere. */
#ifndef NUNCIO_CMD_RENDER_TREE_H
#define NUNCIO_CMD_RENDER_TREE_H

#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

/* What was done. */
struct render_tally {
  size_t written;
  size_t unchanged; /* as they should be already */
  size_t removed;   /* pages of points that are gone */
  size_t left;      /* such pages that were changed by hand, and so stay */
  size_t replaced;  /* bytes of the document that are not UTF-8 */
};

/* Writes DIR/NAME.overview.txt, DIR/NAME/index.gmi and DIR/NAME/N.gmi from the document NAME.overview.txt (`document`)
 * in the open folder `parent`. DIR and DIR/NAME are made where they are missing; the folder that holds the document
 * is refused, and so is NAME in there.
 *
 * What was written is remembered in DIR/NAME/.rendered.sha256 (as `sha256sum` has it, so that `sha256sum -c` checks
 * it). No file is ever written over that is not as this function left it: then nothing is written at all, ERR_EXISTS.
 * Every file is written beside and moved into place. On failure *why holds a sentence that names the thing. */
int render_tree(int parent, struct str document, const char *dir, struct render_tally *tally, struct buf *why)
    __attribute__((warn_unused_result));

#endif
