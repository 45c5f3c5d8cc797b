/* What the writing and the reading of a handover share. */
#ifndef NUNCIO_PROC_HANDOVER_INTERNAL_H
#define NUNCIO_PROC_HANDOVER_INTERNAL_H

#include <stddef.h>

#include "base/str.h"
#include "proc/handover.h"

/* The first line of the text. A version that cannot read what this one writes has another number. */
#define HANDOVER_TITLE "nuncio handover 1"

/* The descriptors of which a handover has one each: the word of its line, and where in the struct it is. */
enum { HANDOVER_PLACES = 7 };
extern const struct handover_place {
  const char *word;
  size_t at;
} handover_places[HANDOVER_PLACES];

const char *handover_state_word(enum member_state state);
const char *handover_role_word(enum handover_role role);

/* Reads the number at the line's beginning as a descriptor that is really open, and shuts it in again at once: whatever
 * else is run must not get it. ERR_SYNTAX. */
int handover_descriptor(struct str *line, int *out) __attribute__((warn_unused_result));

/* Adds what the text says to *h, which then owns the descriptors, after an error too. ERR_SYNTAX, ERR_NOMEM. */
int handover_read(struct handover *h, struct str text) __attribute__((warn_unused_result));

#endif
