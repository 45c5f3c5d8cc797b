/* Finding what there is in a capsule. */
#ifndef NUNCIO_CMD_CHECK_CAPSULE_WALK_H
#define NUNCIO_CMD_CHECK_CAPSULE_WALK_H

#include "cmd/check_capsule.h"

/* A longer path than a request can hold is not walked: no reader can ask for it (G8, P1). */
enum { WALK_PATH_MAX = 1024 };

/* Adds a place for each name in the capsule that is not hidden. Every directory is read once, however many links lead
 * to it; nothing outside the capsule is. Names that answer nobody (links that lead nowhere, FIFOs, what may not be
 * read) become PLACE_NOTHING; a directory that cannot be read keeps the error. What vanishes meanwhile was not there.
 * 0, ERR_NOMEM or ERR_LIMIT; or what keeps the capsule's own folder from being read. */
int capsule_walk(struct capsule *c) __attribute__((warn_unused_result));

#endif
