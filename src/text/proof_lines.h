/* The lines of a text that comes in pieces, for those who proofread one: of any length, in bounded memory. Pure. */
#ifndef NUNCIO_TEXT_PROOF_LINES_H
#define NUNCIO_TEXT_PROOF_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

/* A longer line is handed over in parts. */
enum { PROOF_LINE_MAX = 32 * 1024 };

/* A line, or a part of a long one. Parts are cut between characters. */
struct proof_line {
  struct str text; /* without the line end; lives for the call */
  size_t number;   /* from 1 */
  bool first;      /* the line begins here */
  bool last;       /* and ends here */
};

/* Embedded in its owner. */
struct proof_lines {
  void (*take)(void *context, const struct proof_line *line); /* called for every line, in order */
  void *context;
  struct buf pending; /* the start of a line whose end has not come yet */
  size_t number;      /* of the line that is next, or being read */
  bool continued;     /* a part of it has been handed over already */
};

/* `context` is for `take`; both must stay as long as *l is used. A byte order mark is not taken for text: it is left
 * out of line 1, and *l does not tell of it. */
void proof_lines_begin(struct proof_lines *l, void (*take)(void *context, const struct proof_line *line),
                       void *context);

/* Takes the next piece, of any size. 0 or ERR_NOMEM. */
int proof_lines_feed(struct proof_lines *l, struct str piece) __attribute__((warn_unused_result));

/* The text has ended: hands over what is still pending, and gives the memory back. To be called on an error too. */
void proof_lines_end(struct proof_lines *l);

#endif
