/* What the settings of the capsule's site say of a path, and the files of the capsule that may say more. */
#ifndef NUNCIO_CMD_CHECK_CAPSULE_RULING_H
#define NUNCIO_CMD_CHECK_CAPSULE_RULING_H

#include "cmd/check_capsule.h"
#include "site/dot_rules.h"
#include "site/listing.h"

struct ruling {
  struct ruled ruled;     /* borrows from `dots`, and from the site's settings */
  struct dot_rules *dots; /* owned; NULL: none */
  bool broken;            /* a file of the capsule has a mistake: nobody gets in where it holds */
};

/* Finds out what holds for a raw path that `file` answers (the same where nothing does). Rules that their author has to
 * mend (rules_examine tells) count as none. ruling_end in any case. ERR_NOT_FOUND: deeper than any path with such files
 * is; ERR_NOMEM. */
int ruling_begin(struct ruling *r, const struct capsule *c, struct str path, struct str file)
    __attribute__((warn_unused_result));
void ruling_end(struct ruling *r);

/* Appends what is wrong with the files that make a ruling of the path broken, with the file and the line. 0 or
 * ERR_NOMEM. */
int ruling_put_why(const struct capsule *c, struct str path, struct buf *why) __attribute__((warn_unused_result));

/* How a directory is to be listed; borrows from both. */
struct listing_options ruling_options(const struct ruling *r, const struct capsule *c);

/* Whether the settings let the author of a directory write a `.nuncio`. */
bool ruling_lets_nuncio(const struct capsule *c, struct str directory);

#endif
