/* SHA-256, as OpenSSL has it. */
#include "tls/digest.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/err.h"

int digest_sha256(struct str bytes, unsigned char out[DIGEST_BYTES])
{
  int done = EVP_Digest(bytes.n ? bytes.p : "", bytes.n, out, NULL, EVP_sha256(), NULL);
  ERR_clear_error();
  return done == 1 ? 0 : ERR_NOMEM;
}
