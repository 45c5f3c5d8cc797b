/* What every JSON report needs. */
#ifndef NUNCIO_CMD_JSON_H
#define NUNCIO_CMD_JSON_H

#include "base/buf.h"
#include "base/str.h"

/* Appends a string in its quotes (RFC 8259, section 7). What is not UTF-8 becomes U+FFFD: JSON has no other way to say
 * it. */
void json_put_string(struct buf *out, struct str s);

#endif
