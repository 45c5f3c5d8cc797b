/* Fingerprints, as OpenSSL's encodings give them. */
#include "tls/fingerprint.h"

#include <openssl/err.h>

#include "base/err.h"

int fingerprint_certificate(const X509 *certificate, unsigned char out[DIGEST_BYTES])
{
  int done = X509_digest(certificate, EVP_sha256(), out, NULL);
  ERR_clear_error();
  return done == 1 ? 0 : ERR_NOMEM;
}

int fingerprint_key(const X509 *certificate, unsigned char out[DIGEST_BYTES])
{
  unsigned char *der = NULL;
  int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  int err = n > 0 ? digest_sha256(str_make((const char *)der, (size_t)n), out) : ERR_SYNTAX;
  OPENSSL_free(der);
  ERR_clear_error();
  return err;
}
