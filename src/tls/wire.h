/* The BIO between OpenSSL and a session's memory. Inside tls/ only.
 *
 * OpenSSL's own memory BIO would copy each byte once more in both directions and keep its buffers; this one reads
 * straight from the bytes that are fed and appends to a buffer whose memory goes when it was sent. */
#ifndef NUNCIO_TLS_WIRE_H
#define NUNCIO_TLS_WIRE_H

#include <openssl/bio.h>

#include "base/buf.h"
#include "base/str.h"

/* More than this is never kept for a peer: tls_session_write asks its caller to drain between small pieces. */
enum { WIRE_OUT_MAX = 64 << 20 };

/* Embedded in the session; the BIO points at it and must go first. */
struct wire {
  struct str in;  /* ciphertext not read yet: borrowed, for the time of one feed */
  struct buf out; /* ciphertext made and not dropped yet */
  size_t sent;    /* how much of `out` was sent: dropped when it is worth moving the rest */
};
#define WIRE_INIT ((struct wire){.in = {NULL, 0}, .out = BUF_INIT(WIRE_OUT_MAX), .sent = 0})

/* One method serves any number of BIOs and must outlive them. NULL when memory is short. */
BIO_METHOD *wire_method(void);
BIO *wire_bio(const BIO_METHOD *method, struct wire *wire);

struct str wire_output(const struct wire *wire);
void wire_sent(struct wire *wire, size_t n);
void wire_free(struct wire *wire);

#endif
