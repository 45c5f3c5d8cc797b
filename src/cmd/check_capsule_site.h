/* Which site of a settings file a capsule is. */
#ifndef NUNCIO_CMD_CHECK_CAPSULE_SITE_H
#define NUNCIO_CMD_CHECK_CAPSULE_SITE_H

#include "cmd/check_capsule.h"

/* Takes the site whose capsule is the folder that c->root has open, whatever it is called, and opens the homes of its
 * users. Where the folder, at `path`, is what a user publishes, c->root is the site's afterwards, and c->start the
 * user's place in it. `s` and what is in it are borrowed as long as *c is used. ERR_NOT_FOUND where no site has it, and
 * what keeps the homes from being opened; *why is a sentence. */
int capsule_take_site(struct capsule *c, const struct settings *s, const char *path, struct buf *why)
    __attribute__((warn_unused_result));

#endif
