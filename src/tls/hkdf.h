/* HMAC (RFC 2104) and HKDF (RFC 5869) with TLS 1.3's labels (RFC 8446, section 7.1), straight on OpenSSL's SHA
 * functions: no look-ups, no allocation. For kdf_provider.c, inside tls/ only. */
#ifndef NUNCIO_TLS_HKDF_H
#define NUNCIO_TLS_HKDF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* SHA-256 or SHA-384. */
struct hkdf_digest;

enum { HKDF_DIGEST_MOST = 48, HKDF_LABEL_MOST = 255 };

/* By any of the names that OpenSSL has for the two, in either case; NULL for any other digest. */
const struct hkdf_digest *hkdf_digest(const char *name);
size_t hkdf_digest_size(const struct hkdf_digest *d);
size_t hkdf_block_size(const struct hkdf_digest *d);

/* An HMAC under way: what the key leads to, and the message so far. Made from a secret: cleanse it. A copy of one that
 * was just started is the same as one started with the key again. */
struct hmac {
  const struct hkdf_digest *digest;
  union hmac_state {
    unsigned long long align;
    unsigned char bytes[216];
  } inner, outer;
};
void hmac_start(struct hmac *h, const struct hkdf_digest *d, struct str key);
void hmac_update(struct hmac *h, struct str bytes);
/* Writes as many bytes as the digest has; a new start is needed then. */
void hmac_finish(struct hmac *h, unsigned char *out);

/* RFC 5869, section 2.2: as many bytes as the digest has. An empty salt is a block of zeros. */
void hkdf_extract(const struct hkdf_digest *d, struct str salt, struct str secret, unsigned char *out);

/* RFC 5869, section 2.3: n bytes of output, 255 times the digest's at most; else false. */
bool hkdf_expand(const struct hkdf_digest *d, struct str key, struct str info, unsigned char *out, size_t n)
    __attribute__((warn_unused_result));

/* A label in two parts, of which TLS 1.3's first is always "tls13 ". */
struct hkdf_label {
  struct str prefix, name;
};

/* RFC 8446, section 7.1: HKDF-Expand-Label. False where label or context are longer than their length's byte can say,
 * or n is too large. */
bool hkdf_expand_label(const struct hkdf_digest *d, struct str key, const struct hkdf_label *label, struct str context,
                       unsigned char *out, size_t n) __attribute__((warn_unused_result));

/* The same section's step from one secret to the next: extracts with Derive-Secret(last, label, "") as the salt. An
 * empty `last` is the beginning: no salt. `secret` without a pointer: none, a block of zeros. As many bytes as the
 * digest has. */
bool hkdf_next_secret(const struct hkdf_digest *d, struct str last, const struct hkdf_label *label, struct str secret,
                      unsigned char *out) __attribute__((warn_unused_result));

#endif
