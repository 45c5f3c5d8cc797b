/* A certificate in words. Inside tls/ only. */
#ifndef NUNCIO_TLS_DESCRIBE_H
#define NUNCIO_TLS_DESCRIBE_H

#include <openssl/x509.h>

#include "tls/certificate.h"

/* Everything of *out but key_matches, which stays false. ERR_NOT_FOUND where `leaf` is NULL, ERR_SYNTAX, ERR_NOMEM;
 * certificate_info_free in any case. */
int describe_certificate(X509 *leaf, struct certificate_info *out) __attribute__((warn_unused_result));

#endif
