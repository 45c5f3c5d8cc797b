/* `.nuncio`: what an author says of a directory in a file there. */
#ifndef NUNCIO_CONFIG_LOCAL_H
#define NUNCIO_CONFIG_LOCAL_H

#include "base/buf.h"
#include "base/str.h"
#include "text/rules.h"

enum { LOCAL_TEXT_MAX = 64 * 1024, LOCAL_WHY_MAX = 512 };

/* Reads the text of a `.nuncio` that stands in the directory `under` (a raw path with its slashes) into *out, which
 * need not have been made: in the words of the settings file what holds for the directory and all beneath (the first
 * rule, then), and `path` sections. What is the host's alone is refused. Any thread may call; nothing waits but for
 * another one that reads. On failure *out is empty: ERR_SYNTAX, ERR_LIMIT (the text is too long) or ERR_NOMEM, and *why
 * has a sentence that begins with `LINE: `. rules_free(out) in the end. */
int local_read(struct str text, struct str under, struct rules *out, struct buf *why)
    __attribute__((warn_unused_result));

#endif
