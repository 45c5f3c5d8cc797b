/* What our contexts offer: versions, ciphers, groups, signatures, one ticket (G1, G4). Inside tls/ only. */
#ifndef NUNCIO_TLS_OFFER_H
#define NUNCIO_TLS_OFFER_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include "tls/tickets.h"

/* A context with all settings but the certificate and what comes with it. A session takes its options from the context
 * that it begins with and its certificate from the site's; both are made here so that they cannot differ. `tickets` as
 * for tls_server_new. NULL when memory is short or the library refused. */
SSL_CTX *offer_new(struct tickets *tickets);

/* For a client of TLS 1.2 that may show a certificate. Its key must be on one of our groups (RFC 8422, section 5.1.1:
 * nothing tells the client which those are), so there are more of them, at the end. False when memory is short. */
bool offer_more_groups(SSL *ssl);

/* Adds the certificate with its chain, and leaves only the signatures that its key can make. 0 or ERR_TLS. */
int offer_pair(SSL_CTX *ctx, X509 *leaf, EVP_PKEY *key, STACK_OF(X509) * chain) __attribute__((warn_unused_result));

#endif
