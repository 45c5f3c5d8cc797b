/* The authorities of a server, and which of them a certificate was signed by. Inside tls/ only. */
#ifndef NUNCIO_TLS_AUTHORITIES_H
#define NUNCIO_TLS_AUTHORITIES_H

#include <openssl/x509.h>

#include "base/buf.h"
#include "base/identity.h"
#include "base/str.h"

/* The least strength of keys and signatures in a chain, in bits (RSA with 2048, SHA-256), and the security level of
 * OpenSSL's that means it: what is weaker could be forged. */
enum { AUTHORITY_BITS_LEAST = 112, AUTHORITY_SECURITY_LEVEL = 2 };

struct authority;

/* All zero: none. */
struct authorities {
  struct authority *at[IDENTITY_AUTHORITIES]; /* owned; NULL: there is none at that place */
  size_t n;                                   /* none from this place on */
};

/* Hands each certificate in a PEM text to `take`, which says whether there was memory for it. The errors and sentences
 * of authority_read, `path` in them. */
int authority_each(struct str pem, const char *path, bool (*take)(X509 *certificate, void *to), void *to,
                   struct buf *why) __attribute__((warn_unused_result));

/* As tls_server_authority. */
int authorities_add(struct authorities *a, struct str pem, const char *path, size_t index, struct buf *why)
    __attribute__((warn_unused_result));

/* The bits of those that a certificate leads to by valid signatures, by way of `chain` (which may be NULL, and hold
 * what it likes). Times are not looked at. ERR_NOMEM: it cannot be told, and *bits is 0. */
int authorities_of(const struct authorities *a, X509 *leaf, STACK_OF(X509) * chain, uint64_t *bits)
    __attribute__((warn_unused_result));

void authorities_free(struct authorities *a);

#endif
