/* The Gopher item type of what stands at a path: by its name, by a look where the name does not tell. */
#ifndef NUNCIO_SITE_ITEM_H
#define NUNCIO_SITE_ITEM_H

#include "base/str.h"
#include "site/mime.h"

/* As site_item_type, for the capsule behind the descriptor `root`. */
char item_type(int root, const struct mime *mime, struct str path);

#endif
