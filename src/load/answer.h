/* One answer as it arrives: whether it is of the form that its protocol asks for, and how long it is. Pure. */
#ifndef NUNCIO_LOAD_ANSWER_H
#define NUNCIO_LOAD_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Where in the answer the next byte stands. */
enum answer_place {
  ANSWER_TENS,
  ANSWER_UNITS,
  ANSWER_SPACE, /* or the CR of a header that has no META */
  ANSWER_META,
  ANSWER_LF,
  ANSWER_BODY,
  ANSWER_WRONG, /* what came is no Gemini answer */
};

struct answer {
  enum answer_place place;
  int status;     /* Gemini's; 0 on Gopher */
  size_t meta;    /* bytes */
  uint64_t body;  /* bytes after the header; all of them on Gopher */
  uint64_t bytes; /* header included */
};

/* `gemini`: a header comes first (Gemini specification: two digits, the first from 1 to 6, a space and up to 1024 bytes
 * of META without control characters, CRLF). Without META only where it is an error message (4x, 5x, 6x); a body only
 * after 2x. */
void answer_init(struct answer *answer, bool gemini);
void answer_feed(struct answer *answer, struct str bytes);

/* At the end: whether it is of the right form. */
bool answer_sound(const struct answer *answer);

#endif
