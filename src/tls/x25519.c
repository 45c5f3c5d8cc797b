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

enum { BYTES = 32 }; /* of a private key, a share, and a secret (RFC 7748, section 6.1) */

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

/* One side by the method, the other side by OpenSSL's usual way, and the share of small order that must be refused (RFC
 * 8446, section 7.4.2). */
static bool check(bool *added)
{
  static const unsigned char weak[BYTES];
  unsigned char ours[BYTES], theirs[BYTES], our_share[BYTES], their_share[BYTES];
  EVP_PKEY *their_key = generate(true);
  *added = add();
  EVP_PKEY *our_key = generate(true);
  bool good = *added && share_of(our_key, our_share) && share_of(their_key, their_share) &&
              !agree(our_key, weak, ours) && agree(our_key, their_share, ours);
  x25519_unload();
  good = good && agree(their_key, our_share, theirs) && memcmp(ours, theirs, BYTES) == 0;
  OPENSSL_cleanse(ours, sizeof ours);
  OPENSSL_cleanse(theirs, sizeof theirs);
  EVP_PKEY_free(our_key);
  EVP_PKEY_free(their_key);
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
    return ERR_TLS;
  }
  if (!check(&added)) {
    err = added ? ERR_WRONG : ERR_TLS;
    buf_put_str(why, added ? STR("its secret differs from OpenSSL's own") : STR("OpenSSL does not take it"));
  } else if (!add()) {
    err = ERR_TLS;
    buf_put_str(why, STR("OpenSSL does not take it"));
  }
  ERR_clear_error();
  return err;
}
