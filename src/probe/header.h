/* A whole Gemini answer, taken apart (G15). Pure. */
#ifndef NUNCIO_PROBE_HEADER_H
#define NUNCIO_PROBE_HEADER_H

#include "base/str.h"

struct header {
  int status;        /* 0 where the first bytes are none */
  struct str meta;   /* as it came: spans into the answer */
  struct str body;   /* what follows the CRLF */
  const char *fault; /* what is not legal, as a phrase (static storage); NULL: it is legal */
};

/* Reads `NN SP META CRLF body` as strictly as a server must write it: a status that the specification has, META of at
 * most 1024 bytes of UTF-8 without control characters and byte order mark, never empty for 1x, 2x and 3x, and a body
 * after 2x only. What could be read is filled in where there is a fault too. */
void header_read(struct str answer, struct header *out);

#endif
