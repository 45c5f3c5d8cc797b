/* Links inside a capsule: whether they lead to something, and what was meant where they do not. */
#ifndef NUNCIO_CMD_CHECK_CAPSULE_DEAD_H
#define NUNCIO_CMD_CHECK_CAPSULE_DEAD_H

#include <stddef.h>

#include "cmd/check_capsule.h"
#include "cmd/check_capsule_ask.h"
#include "cmd/check_capsule_link.h"

enum { DEAD_MEND_MAX = 64 * 1024 };

struct dead_link {
  const struct link *link; /* INSIDE or OURS */
  struct str page;         /* the raw path of the page that it is on */
  size_t line;
  struct str said;   /* as the author wrote it */
  struct str behind; /* what follows it on the line: perhaps the rest of a name with spaces in it */
};

/* Asks where a link leads, on both protocols, and tells where it leads to nothing. *lead is what it comes to on Gopher.
 * 0 or ERR_NOMEM. */
int dead_examine(struct capsule *c, const struct dead_link *link, struct lead *lead)
    __attribute__((warn_unused_result));

/* Appends the path in an author's part of a site (c->start) that was most likely meant by one that leads out of it:
 * where there is none, nothing. 0 or ERR_NOMEM. */
int dead_put_inside(struct capsule *c, struct str path, struct buf *out) __attribute__((warn_unused_result));

/* Appends the reference that leads from the page to the raw path `to`: by the name alone where it is in the same
 * directory or below it. */
void dead_put_reference(struct buf *out, struct str page, struct str to);

#endif
