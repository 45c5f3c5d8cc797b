/* The gophermaps of a capsule whose site has gophernicus' dialect: as the pages that are made of them. */
#ifndef NUNCIO_CMD_CHECK_CAPSULE_MAP_H
#define NUNCIO_CMD_CHECK_CAPSULE_MAP_H

#include "cmd/check_capsule.h"
#include "site/map.h"

/* Whether the file at a raw path is such a map. */
bool map_is_made(const struct capsule *c, struct str path);

/* Makes the menu of the map at a raw path as the site would; `put_in` is told of the maps that it includes. *made is to
 * be given back in any case. What map_make says. */
int map_of_capsule(struct capsule *c, struct str path, void (*put_in)(void *context, struct str path), void *context,
                   struct map_made *made) __attribute__((warn_unused_result));

/* Tells what the map asks for in vain; the findings that follow are about it again. `put_in` is told of maps that no
 * page before this one has put in. 0 or ERR_NOMEM. */
int map_examine(struct capsule *c, struct str path, void (*put_in)(void *context, struct str path), void *context)
    __attribute__((warn_unused_result));

#endif
