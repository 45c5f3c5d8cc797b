/* Menus made of bodies: gemtext and gophermaps, turned into Gopher menus piece by piece. */
#ifndef NUNCIO_PROTO_GOPHER_MENU_H
#define NUNCIO_PROTO_GOPHER_MENU_H

#include "proto/proto.h"
#include "site/body.h"
#include "site/response.h"
#include "text/menu.h"

/* A body that gives the menu of `source`, which holds gemtext or a menu of either form as `format` says (never
 * FORMAT_PLAIN). Takes `source` (NULL: an empty page), on failure too. `base` is the page's path, percent-encoded, and
 * is copied; `place` is borrowed for as long as the body lives. Memory stays bounded however long the page or its lines
 * are. NULL when memory is short. */
struct body *gopher_menu_body(struct body *source, enum format format, struct str base, const struct menu_place *place);

/* The same for a page that is the answer to a request: its menu as it is kept with the page for this address, or made
 * anew, and kept if the page is. Takes `source`, the response's body; `r` is borrowed like its place. NULL when memory
 * is short. */
struct body *gopher_menu_answer(struct proto_request *r, const struct response *response, struct body *source);

#endif
