/* For tests of tls/: certificates of clients and of authorities, of any kind, and clients that show them. */
#ifndef NUNCIO_TESTS_SUPPORT_TLS_VISITOR_H
#define NUNCIO_TESTS_SUPPORT_TLS_VISITOR_H

#include <stdbool.h>

#include <openssl/x509.h>

#include "base/buf.h"
#include "tls_rig.h"

/* A certificate to be made. All but the names and the key may be left out. */
struct rig_wish {
  const char *name;
  EVP_PKEY *key;
  X509 *issuer;         /* NULL: itself */
  EVP_PKEY *issuer_key; /* NULL: its own */
  int from_day, to_day; /* from today; both 0: from yesterday to next month */
  bool authority;       /* CA:TRUE */
  const char *usage;    /* extendedKeyUsage, such as "serverAuth" */
  const EVP_MD *digest; /* NULL: SHA-256, or what the key brings along */
  size_t padding;       /* bytes of a comment that nobody reads */
  const char *time;     /* written in the place of both dates, whatever it is */
};
X509 *rig_certificate(const struct rig_wish *wish);

/* A new key of a kind: an EC group's name, "RSA-2048" and so on, "RSA-PSS", or an algorithm's name. */
EVP_PKEY *rig_key(const char *kind);

/* An RSA key that signs rubbish: a random odd number of so many bits, and an exponent of so many. */
EVP_PKEY *rig_false_rsa(int bits, int exponent_bits);

/* The public half of one key on P-256 with the private half of another. */
EVP_PKEY *rig_mixed_key(EVP_PKEY *shown, EVP_PKEY *signing);

/* Lets a client show it from now on, with `next` behind it, which may be NULL. Nothing is taken. */
void rig_client_shows(struct rig_client *client, X509 *leaf, EVP_PKEY *key, X509 *next);

/* Appends it as PEM. */
void rig_put_pem(X509 *certificate, struct buf *out);

#endif
