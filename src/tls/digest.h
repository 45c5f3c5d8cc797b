/* SHA-256 of any bytes: for those who must recognise what they have seen, or written, before. */
#ifndef NUNCIO_TLS_DIGEST_H
#define NUNCIO_TLS_DIGEST_H

#include "base/str.h"

enum { DIGEST_BYTES = 32 };

/* 0, or ERR_NOMEM. */
int digest_sha256(struct str bytes, unsigned char out[DIGEST_BYTES]) __attribute__((warn_unused_result));

#endif
