/* The `.nuncio` and the `.meta` of a directory, read as the server would. */
#ifndef NUNCIO_CMD_CHECK_CAPSULE_RULES_H
#define NUNCIO_CMD_CHECK_CAPSULE_RULES_H

#include "cmd/check_capsule.h"

/* Tells what is wrong with the `.nuncio` in the directory at a raw path, if there is one, and with the `.meta` where
 * the site reads those. The findings that follow are about the directory again. ERR_NOMEM. */
int rules_examine(struct capsule *c, struct str directory) __attribute__((warn_unused_result));

#endif
