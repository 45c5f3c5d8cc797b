/* Host names: how a name that is served and the one that is asked for are compared. */
#ifndef NUNCIO_BASE_HOST_H
#define NUNCIO_BASE_HOST_H

#include <stdbool.h>

#include "base/str.h"

/* Whether a name has a `*` for its first label. */
bool host_is_wildcard(struct str name);

/* Whether `host` is the name: in any case, each with or without the dot that ends an absolute name. */
bool host_is(struct str name, struct str host);

/* Whether `host` is one label and then what follows the `*` of a wildcard, as certificates have it (RFC 6125 6.4.3):
 * `*.example.org` has a.example.org, neither example.org nor a.b.example.org. */
bool host_in_wildcard(struct str wildcard, struct str host);

#endif
