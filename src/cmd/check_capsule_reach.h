/* Following the links from the front page. */
#ifndef NUNCIO_CMD_CHECK_CAPSULE_REACH_H
#define NUNCIO_CMD_CHECK_CAPSULE_REACH_H

#include "cmd/check_capsule.h"

/* Sets of every place on which protocols a reader comes to it from the front page, by links of pages and menus and by
 * listings (`reached`), and of every directory where anything in it is reached (`alive`). Each page is read twice at
 * most, in pieces; what cannot be read leads nowhere. 0 or ERR_NOMEM. */
int capsule_reach(struct capsule *c) __attribute__((warn_unused_result));

#endif
