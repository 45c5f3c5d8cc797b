/* SipHash-2-4: a keyed hash for tables whose keys strangers choose. */
#ifndef NUNCIO_BASE_SIPHASH_H
#define NUNCIO_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

enum { SIPHASH_KEY_BYTES = 16 };

/* Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012): who does not know the key can neither bring about
 * that two inputs meet in a table nor tell from outside where they lie. */
uint64_t siphash(const unsigned char key[SIPHASH_KEY_BYTES], const void *bytes, size_t n);

#endif
