/* Looking at one file of a capsule after the other. */
#ifndef NUNCIO_CMD_CHECK_CAPSULE_EXAMINE_H
#define NUNCIO_CMD_CHECK_CAPSULE_EXAMINE_H

#include "cmd/check_capsule.h"

/* Tells all findings, in the order of the files' paths; capsule_walk and capsule_reach were there before. *files is how
 * many were looked at. 0 or ERR_NOMEM. */
int capsule_examine(struct capsule *c, size_t *files) __attribute__((warn_unused_result));

#endif
