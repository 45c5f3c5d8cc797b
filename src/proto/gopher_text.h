/* Texts as RFC 1436 sends them, for clients that read line by line until a lone dot (P14). */
#ifndef NUNCIO_PROTO_GOPHER_TEXT_H
#define NUNCIO_PROTO_GOPHER_TEXT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "site/body.h"

/* Where in the text the next byte stands. Embedded; starts as all zeros. */
struct gopher_text {
  bool in_line; /* the last byte did not end a line */
  bool cr;      /* it was a CR, and an LF behind it is no line end of its own */
};

/* Takes the next piece of a text, of any size, and appends its lines: each ends in CRLF, and one that begins with a dot
 * has another in front. The result is buf_error(out). */
int gopher_text_feed(struct gopher_text *text, struct str piece, struct buf *out);

/* The text has ended: completes its last line, and appends the line that is one dot. */
int gopher_text_end(struct gopher_text *text, struct buf *out);

/* A body that gives the same for a text that is a body (NULL: an empty one). Takes `source`, on failure too; NULL when
 * memory is short. */
struct body *gopher_text_body(struct body *source);

#endif
