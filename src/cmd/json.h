/* JSON (RFC 8259), as far as the reports of commands need it. Pure. */
#ifndef NUNCIO_CMD_JSON_H
#define NUNCIO_CMD_JSON_H

#include "base/buf.h"
#include "base/str.h"

/* Appends a string in its quotes (section 7). What is not UTF-8 becomes U+FFFD: JSON has no other way to say it. */
void json_put_string(struct buf *out, struct str s);

#endif
