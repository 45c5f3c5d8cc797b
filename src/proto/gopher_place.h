/* Where a Gopher request's site stands: which site it is, and what its menus say of themselves (P11, P19). */
#ifndef NUNCIO_PROTO_GOPHER_PLACE_H
#define NUNCIO_PROTO_GOPHER_PLACE_H

#include <stdbool.h>

#include "proto/proto.h"

/* Gopher has no host in its requests: the site is the one whose certificate was asked for, whose listener this is, or
 * the default. A menu names the configured host, or else the address that this reader has already reached (P19). Fills
 * in `site` and `place`; *r must not be moved afterwards. */
void gopher_place_take(struct proto_request *r);

/* Where the raw path is that of another site, which has its own under the root that all share, or lies beneath it: the
 * request becomes that site's, its place has the path as its prefix, *path is what is behind it, and true. False where
 * it is not, and where the request is another site's already. */
bool gopher_place_enter(struct proto_request *r, struct str *path);

/* Whether the request came to a site by its name, over TLS, and *path lies beneath the path that it has under the
 * shared root: as links from there say it, which lead here when a reader follows them over TLS. Then *path is what is
 * behind.
 */
bool gopher_place_strip(const struct proto_request *r, struct str *path);

/* The host that a gemini: address of the request's site has. */
struct str gopher_place_gemini_host(const struct proto_request *r);

#endif
