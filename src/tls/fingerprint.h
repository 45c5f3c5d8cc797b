/* SHA-256 fingerprints of certificates and of their keys. Inside tls/ only. */
#ifndef NUNCIO_TLS_FINGERPRINT_H
#define NUNCIO_TLS_FINGERPRINT_H

#include <openssl/x509.h>

#include "tls/digest.h"

/* Of the certificate's DER, and of its SubjectPublicKeyInfo's. 0, ERR_NOMEM, ERR_SYNTAX. */
int fingerprint_certificate(const X509 *certificate, unsigned char out[DIGEST_BYTES])
    __attribute__((warn_unused_result));
int fingerprint_key(const X509 *certificate, unsigned char out[DIGEST_BYTES]) __attribute__((warn_unused_result));

#endif
