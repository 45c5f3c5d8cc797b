/* Reads fingerprints, dates and signers off a visitor's certificate. */
#include "tls/identify.h"

#include <time.h>

#include <openssl/err.h>

#include "tls/fingerprint.h"

static void put_hex(const unsigned char digest[DIGEST_BYTES], char text[FINGERPRINT_TEXT])
{
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < DIGEST_BYTES; i++) {
    text[2 * i] = digits[digest[i] >> 4];
    text[2 * i + 1] = digits[digest[i] & 15];
  }
  text[FINGERPRINT_TEXT - 1] = '\0';
}

static int64_t seconds(const ASN1_TIME *time, int64_t where_it_is_none)
{
  struct tm tm;
  return ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) : where_it_is_none;
}

int identify(X509 *leaf, STACK_OF(X509) * chain, const struct authorities *authorities, struct identity *out)
{
  unsigned char certificate[DIGEST_BYTES], key[DIGEST_BYTES];
  *out = (struct identity){.presented = false};
  uint64_t signed_by = 0;
  int err = fingerprint_certificate(leaf, certificate);
  if (err == 0)
    err = fingerprint_key(leaf, key);
  if (err == 0)
    err = authorities_of(authorities, leaf, chain, &signed_by);
  if (err)
    return err;
  out->presented = true;
  put_hex(certificate, out->certificate);
  put_hex(key, out->key);
  out->not_before = seconds(X509_get0_notBefore(leaf), INT64_MAX);
  out->not_after = seconds(X509_get0_notAfter(leaf), INT64_MIN);
  out->signed_by = signed_by;
  ERR_clear_error();
  return 0;
}
