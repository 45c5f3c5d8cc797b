/* OpenSSL's X25519 method of before 3.0, put where it is found first. */

/* Methods have been deprecated since OpenSSL 3.0 in favour of providers, whose look-ups are what this file is there to
 * avoid. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "tls/x25519.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/err.h"

#define NAME "X25519"

enum {
  BYTES = 32, /* of a private key, a share, and a secret (RFC 7748, section 6.1) */
  PAIRS = 8,  /* that are compared at the start */
};

/* As OpenSSL's list of methods does it belongs to the process. NULL: not in use. */
static EVP_PKEY_METHOD *in_use;

/* libssl puts a client's share into a key that has a kind and nothing else. The method of old knows no such step. */
static int paramgen(EVP_PKEY_CTX *context, EVP_PKEY *key)
{
  (void)context;
  return EVP_PKEY_set_type(key, EVP_PKEY_X25519);
}

static bool add(void)
{
  const EVP_PKEY_METHOD *theirs = EVP_PKEY_meth_find(EVP_PKEY_X25519);
  EVP_PKEY_METHOD *copy = theirs ? EVP_PKEY_meth_new(EVP_PKEY_X25519, 0) : NULL;
  if (!copy)
    return false;
  EVP_PKEY_meth_copy(copy, theirs);
  EVP_PKEY_meth_set_paramgen(copy, NULL, paramgen);
  if (EVP_PKEY_meth_add0(copy) == 1)
    in_use = copy;
  else
    EVP_PKEY_meth_free(copy);
  return in_use != NULL;
}

void x25519_unload(void)
{
  if (!in_use)
    return;
  (void)EVP_PKEY_meth_remove(in_use);
  EVP_PKEY_meth_free(in_use);
  in_use = NULL;
}

/* ---------------------------------------------------------------- the check: libssl's steps */

/* A key of our own, or an empty one for a share. The caller frees it. */
static EVP_PKEY *generate(bool own)
{
  EVP_PKEY *key = NULL;
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, NAME, NULL);
  if (context && (own ? EVP_PKEY_keygen_init(context) : EVP_PKEY_paramgen_init(context)) == 1 &&
      EVP_PKEY_CTX_set_group_name(context, NAME) == 1)
    (void)EVP_PKEY_generate(context, &key);
  EVP_PKEY_CTX_free(context);
  return key;
}

static bool share_of(EVP_PKEY *key, unsigned char out[BYTES])
{
  unsigned char *bytes = NULL;
  bool good = key && EVP_PKEY_get1_encoded_public_key(key, &bytes) == BYTES;
  if (good)
    memcpy(out, bytes, BYTES);
  OPENSSL_free(bytes);
  return good;
}

static bool agree(EVP_PKEY *own, const unsigned char share[BYTES], unsigned char secret[BYTES])
{
  size_t n = BYTES;
  EVP_PKEY *peer = generate(false);
  EVP_PKEY_CTX *context = own ? EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL) : NULL;
  bool good = peer && context && EVP_PKEY_set1_encoded_public_key(peer, share, BYTES) == 1 &&
              EVP_PKEY_derive_init(context) == 1 && EVP_PKEY_derive_set_peer(context, peer) == 1 &&
              EVP_PKEY_derive(context, secret, &n) == 1 && n == BYTES;
  EVP_PKEY_CTX_free(context);
  EVP_PKEY_free(peer);
  return good;
}

/* RFC 7748, section 6.1: what Alice has, by the method. */
static bool as_specified(void)
{
  static const unsigned char alice[BYTES] = {0x77, 0x07, 0x6d, 0x0a, 0x73, 0x18, 0xa5, 0x7d, 0x3c, 0x16, 0xc1,
                                             0x72, 0x51, 0xb2, 0x66, 0x45, 0xdf, 0x4c, 0x2f, 0x87, 0xeb, 0xc0,
                                             0x99, 0x2a, 0xb1, 0x77, 0xfb, 0xa5, 0x1d, 0xb9, 0x2c, 0x2a};
  static const unsigned char alices_share[BYTES] = {0x85, 0x20, 0xf0, 0x09, 0x89, 0x30, 0xa7, 0x54, 0x74, 0x8b, 0x7d,
                                                    0xdc, 0xb4, 0x3e, 0xf7, 0x5a, 0x0d, 0xbf, 0x3a, 0x0d, 0x26, 0x38,
                                                    0x1a, 0xf4, 0xeb, 0xa4, 0xa9, 0x8e, 0xaa, 0x9b, 0x4e, 0x6a};
  static const unsigned char bobs_share[BYTES] = {0xde, 0x9e, 0xdb, 0x7d, 0x7b, 0x7d, 0xc1, 0xb4, 0xd3, 0x5b, 0x61,
                                                  0xc2, 0xec, 0xe4, 0x35, 0x37, 0x3f, 0x83, 0x43, 0xc8, 0x5b, 0x78,
                                                  0x67, 0x4d, 0xad, 0xfc, 0x7e, 0x14, 0x6f, 0x88, 0x2b, 0x4f};
  static const unsigned char expected[BYTES] = {0x4a, 0x5d, 0x9d, 0x5b, 0xa4, 0xce, 0x2d, 0xe1, 0x72, 0x8e, 0x3b,
                                                0xf4, 0x80, 0x35, 0x0f, 0x25, 0xe0, 0x7e, 0x21, 0xc9, 0x47, 0xd1,
                                                0x9e, 0x33, 0x76, 0xf0, 0x9b, 0x3c, 0x1e, 0x16, 0x17, 0x42};
  unsigned char share[BYTES], secret[BYTES];
  EVP_PKEY *key = EVP_PKEY_new_raw_private_key_ex(NULL, NAME, NULL, alice, BYTES);
  bool good = share_of(key, share) && memcmp(share, alices_share, BYTES) == 0 && agree(key, bobs_share, secret) &&
              memcmp(secret, expected, BYTES) == 0;
  EVP_PKEY_free(key);
  return good;
}

/* A key pair, and what it agrees on. */
struct side {
  EVP_PKEY *key;
  unsigned char share[BYTES], secret[BYTES];
};

static bool side_make(struct side *side)
{
  side->key = generate(true);
  return share_of(side->key, side->share);
}

/* One side by the method, the other side by OpenSSL's usual way, PAIRS times; each time also the share of small order
 * that must be refused (RFC 8446, section 7.4.2). */
static bool check(bool *added)
{
  static const unsigned char weak[BYTES];
  struct side ours[PAIRS] = {{.key = NULL}}, theirs[PAIRS] = {{.key = NULL}};
  bool good = true;
  for (size_t i = 0; i < PAIRS; i++)
    good = good && side_make(&theirs[i]);
  *added = add();
  good = good && *added && as_specified();
  for (size_t i = 0; i < PAIRS; i++)
    good = good && side_make(&ours[i]) && !agree(ours[i].key, weak, ours[i].secret) &&
           agree(ours[i].key, theirs[i].share, ours[i].secret);
  x25519_unload();
  for (size_t i = 0; i < PAIRS; i++) {
    good = good && agree(theirs[i].key, ours[i].share, theirs[i].secret) &&
           memcmp(ours[i].secret, theirs[i].secret, BYTES) == 0;
    EVP_PKEY_free(ours[i].key);
    EVP_PKEY_free(theirs[i].key);
  }
  OPENSSL_cleanse(ours, sizeof ours);
  OPENSSL_cleanse(theirs, sizeof theirs);
  return good;
}

int x25519_load(struct buf *why)
{
  bool added = false;
  int err = 0;
  if (in_use)
    return 0;
  if (OPENSSL_version_major() != 3 || OPENSSL_version_minor() != 0) {
    buf_printf(why, "OpenSSL %s is not the 3.0 that it was measured with", OpenSSL_version(OPENSSL_VERSION_STRING));
    return ERR_ABSENT;
  }
  if (!check(&added)) {
    err = added ? ERR_WRONG : ERR_TLS;
    buf_put_str(why, added ? STR("its secrets differ from OpenSSL's own, or from RFC 7748's")
                           : STR("OpenSSL does not take it"));
  } else if (!add()) {
    err = ERR_TLS;
    buf_put_str(why, STR("OpenSSL does not take it"));
  }
  ERR_clear_error();
  return err;
}
