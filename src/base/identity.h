/* Who a visitor is: what is known of the certificate that came with the handshake. Plain values: TLS fills them, a
 * connection hands them on, a site decides by them. */
#ifndef NUNCIO_BASE_IDENTITY_H
#define NUNCIO_BASE_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

enum {
  FINGERPRINT_TEXT = 65,     /* a SHA-256 in hexadecimal, small letters, no colons, and the NUL */
  IDENTITY_AUTHORITIES = 64, /* bits of `signed_by` */
};

/* All zero: no certificate was presented. */
struct identity {
  bool presented;
  char certificate[FINGERPRINT_TEXT]; /* of the certificate's DER */
  char key[FINGERPRINT_TEXT];         /* of its SubjectPublicKeyInfo's DER */
  int64_t not_before, not_after;      /* seconds since 1970 */
  uint64_t signed_by;                 /* bit i: by the i-th authority that the TLS server was given */
};

#endif
