/* Gopher+ (University of Minnesota, 1993), as far as its client needs it (P4): attribute requests. Everything else of
 * it is answered as plain Gopher, which the protocol allows. */
#ifndef NUNCIO_PROTO_GOPHER_PLUS_H
#define NUNCIO_PROTO_GOPHER_PLUS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "site/body.h"

/* What the field after a selector asks for. */
enum gopher_form {
  GOPHER_FORM_PLAIN, /* the item itself; `+`, with or without a view, too */
  GOPHER_FORM_ITEM,  /* `!`: what is known about the item */
  GOPHER_FORM_MENU,  /* `$`: what is known about each item of a menu */
};

/* Whether the field belongs to Gopher+ (begins with `+`, `!` or `$`); *form is what it asks for. */
bool gopher_plus_field(struct str field, enum gopher_form *form);

/* The form of a menu that answers `$` or `!`: a line `+-1` (a lone dot ends the data), and each menu line as a
 * `+INFO: ` block. Embedded; starts as all zeros. */
struct gopher_plus {
  bool begun;
  bool in_line;
  bool dot; /* a line began with a dot, which is held back until the next byte */
};

/* Takes the next piece of a menu whose lines end in CRLF, of any size, and appends its new form. The result is
 * buf_error(out). */
int gopher_plus_feed(struct gopher_plus *plus, struct str piece, struct buf *out);

/* A body that gives the same for a menu that is a body. Takes `menu`, on failure too; NULL when memory is short. */
struct body *gopher_plus_body(struct body *menu);

#endif
