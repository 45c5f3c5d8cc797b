/* What a path of the capsule answers with: the site's own look, remembered for the paths of places. */
#ifndef NUNCIO_CMD_CHECK_CAPSULE_ASK_H
#define NUNCIO_CMD_CHECK_CAPSULE_ASK_H

#include "cmd/check_capsule.h"
#include "cmd/check_capsule_link.h"
#include "site/request.h"

/* So many times a reader is led on, one redirect after the other (Gemini asks clients for a limit, and names five). */
enum { ASK_LED_MAX = 5 };

/* ON_GEMINI or ON_GOPHER, and back. */
unsigned ask_protocol(enum representation representation);

/* Asks for a raw path. lead->err: ERR_NOT_FOUND and so on where a reader would be refused. 0 or ERR_NOMEM. */
int ask_path(struct capsule *c, struct str path, enum representation representation, struct lead *lead)
    __attribute__((warn_unused_result));

/* Appends the raw path that a reader of this one is led on to by the site's settings, where that is one of the capsule;
 * else nothing. 0 or ERR_NOMEM. */
int ask_led(struct capsule *c, struct str path, enum representation representation, struct buf *to)
    __attribute__((warn_unused_result));

/* The same as ask_path for a link that stays in the capsule: its readings in their order, until one leads to something.
 */
int ask_link(struct capsule *c, const struct link *link, enum representation representation, struct lead *lead)
    __attribute__((warn_unused_result));

/* Appends the raw path that was meant by one that leads to nothing, where it differs in the case of letters only, and
 * the site answers it; else nothing. 0 or ERR_NOMEM. */
int ask_other_case(struct capsule *c, struct str path, struct buf *out) __attribute__((warn_unused_result));

/* The parsed document at a raw path, which stays the capsule's until the next question. What tree_read says. */
int ask_document(struct capsule *c, struct str path, const struct overview **o) __attribute__((warn_unused_result));

/* The Gopher item type of what a path leads to, as our own menus would have it; 0 where that cannot be said. */
char ask_item_type(struct capsule *c, struct str path);

#endif
