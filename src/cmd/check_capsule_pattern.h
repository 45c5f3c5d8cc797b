/* Patterns of `path` sections that mean nothing of what is there. */
#ifndef NUNCIO_CMD_CHECK_CAPSULE_PATTERN_H
#define NUNCIO_CMD_CHECK_CAPSULE_PATTERN_H

#include "cmd/check_capsule.h"

/* Tells of a rule of the author's (`line` is where it stands) or, `line` 0, of the settings file's. capsule_walk was
 * there before. */
void pattern_examine(struct capsule *c, const struct rule *rule, size_t line);

/* Tells of all the rules of the settings file, at the root of the capsule. */
void pattern_examine_settings(struct capsule *c);

#endif
