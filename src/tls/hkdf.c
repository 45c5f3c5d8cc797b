/* HMAC, HKDF and TLS 1.3's labels over SHA-256 and SHA-384. */

/* The SHA functions have been deprecated since OpenSSL 3.0 in favour of EVP, whose look-ups and allocations are what
 * this file is there to avoid. They are the same code beneath. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "tls/hkdf.h"

#include <stdint.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

enum { BLOCK_MOST = SHA512_CBLOCK, INNER = 0x36, OUTER = 0x5c };

_Static_assert(sizeof(SHA256_CTX) <= sizeof(union hmac_state), "room for a state");
_Static_assert(sizeof(SHA512_CTX) <= sizeof(union hmac_state), "room for a state");
_Static_assert(_Alignof(SHA512_CTX) <= _Alignof(union hmac_state), "and where it may stand");

/* The C library's is several times as fast as OPENSSL_cleanse, and no compiler may leave it out either. */
static void wipe(void *secret, size_t n)
{
  explicit_bzero(secret, n);
}

/* ---------------------------------------------------------------- the digests */

/* Each function is OpenSSL's with a type that both digests share. They return 1 always. */
struct hkdf_digest {
  size_t size, block;
  void (*init)(union hmac_state *s);
  void (*update)(union hmac_state *s, const void *bytes, size_t n);
  void (*final)(union hmac_state *s, unsigned char *out);
  unsigned char of_nothing[HKDF_DIGEST_MOST]; /* the digest of no bytes (Derive-Secret's context) */
};

static void sha256_init(union hmac_state *s)
{
  (void)SHA256_Init((SHA256_CTX *)(void *)s);
}

static void sha256_update(union hmac_state *s, const void *bytes, size_t n)
{
  (void)SHA256_Update((SHA256_CTX *)(void *)s, bytes, n);
}

static void sha256_final(union hmac_state *s, unsigned char *out)
{
  (void)SHA256_Final(out, (SHA256_CTX *)(void *)s);
}

static void sha384_init(union hmac_state *s)
{
  (void)SHA384_Init((SHA512_CTX *)(void *)s);
}

static void sha384_update(union hmac_state *s, const void *bytes, size_t n)
{
  (void)SHA384_Update((SHA512_CTX *)(void *)s, bytes, n);
}

static void sha384_final(union hmac_state *s, unsigned char *out)
{
  (void)SHA384_Final(out, (SHA512_CTX *)(void *)s);
}

static const struct hkdf_digest sha256 = {
    .size = SHA256_DIGEST_LENGTH,
    .block = SHA256_CBLOCK,
    .init = sha256_init,
    .update = sha256_update,
    .final = sha256_final,
    .of_nothing = {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
                   0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55},
};

static const struct hkdf_digest sha384 = {
    .size = SHA384_DIGEST_LENGTH,
    .block = SHA512_CBLOCK,
    .init = sha384_init,
    .update = sha384_update,
    .final = sha384_final,
    .of_nothing = {0x38, 0xb0, 0x60, 0xa7, 0x51, 0xac, 0x96, 0x38, 0x4c, 0xd9, 0x32, 0x7e, 0xb1, 0xb1, 0xe3, 0x6a,
                   0x21, 0xfd, 0xb7, 0x11, 0x14, 0xbe, 0x07, 0x43, 0x4c, 0x0c, 0xc7, 0xbf, 0x63, 0xf6, 0xe1, 0xda,
                   0x27, 0x4e, 0xde, 0xbf, 0xe7, 0x6f, 0x65, 0xfb, 0xd5, 0x1a, 0xd2, 0xf1, 0x48, 0x98, 0xb9, 0x5b},
};

const struct hkdf_digest *hkdf_digest(const char *name)
{
  static const struct {
    const char *name;
    const struct hkdf_digest *digest;
  } names[] = {
      {"SHA2-256", &sha256}, {"SHA256", &sha256}, {"SHA-256", &sha256},
      {"SHA2-384", &sha384}, {"SHA384", &sha384}, {"SHA-384", &sha384},
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (OPENSSL_strcasecmp(name, names[i].name) == 0)
      return names[i].digest;
  return NULL;
}

size_t hkdf_digest_size(const struct hkdf_digest *d)
{
  return d->size;
}

size_t hkdf_block_size(const struct hkdf_digest *d)
{
  return d->block;
}

/* ---------------------------------------------------------------- HMAC (RFC 2104, section 2) */

/* A key as long as a block, turned by words: byte by byte it takes as long as its hashing. */
union pad {
  unsigned char bytes[BLOCK_MOST];
  uint64_t words[BLOCK_MOST / sizeof(uint64_t)];
};

static void pad_turn(union pad *pad, size_t block, unsigned char with)
{
  for (size_t i = 0; i < block / sizeof *pad->words; i++)
    pad->words[i] ^= with * (UINT64_MAX / UINT8_MAX);
}

void hmac_start(struct hmac *h, const struct hkdf_digest *d, struct str key)
{
  union pad pad = {.bytes = {0}};
  h->digest = d;
  if (key.n > d->block) {
    d->init(&h->inner);
    d->update(&h->inner, key.p, key.n);
    d->final(&h->inner, pad.bytes);
  } else if (key.n) {
    memcpy(pad.bytes, key.p, key.n);
  }
  pad_turn(&pad, d->block, INNER);
  d->init(&h->inner);
  d->update(&h->inner, pad.bytes, d->block);
  pad_turn(&pad, d->block, INNER ^ OUTER);
  d->init(&h->outer);
  d->update(&h->outer, pad.bytes, d->block);
  wipe(&pad, sizeof pad);
}

void hmac_update(struct hmac *h, struct str bytes)
{
  h->digest->update(&h->inner, bytes.p, bytes.n);
}

void hmac_finish(struct hmac *h, unsigned char *out)
{
  h->digest->final(&h->inner, out);
  h->digest->update(&h->outer, out, h->digest->size);
  h->digest->final(&h->outer, out);
}

/* ---------------------------------------------------------------- HKDF (RFC 5869, section 2) */

void hkdf_extract(const struct hkdf_digest *d, struct str salt, struct str secret, unsigned char *out)
{
  struct hmac h;
  hmac_start(&h, d, salt);
  hmac_update(&h, secret);
  hmac_finish(&h, out);
  wipe(&h, sizeof h);
}

/* Writes over `h`, which was started with the key: T(i), made from the block before it (none before the first). */
static void expand_block(struct hmac *h, struct str info, unsigned char i, unsigned char block[HKDF_DIGEST_MOST])
{
  if (i > 1)
    h->digest->update(&h->inner, block, h->digest->size);
  hmac_update(h, info);
  h->digest->update(&h->inner, &i, 1);
  hmac_finish(h, block);
}

bool hkdf_expand(const struct hkdf_digest *d, struct str key, struct str info, unsigned char *out, size_t n)
{
  struct hmac keyed;
  unsigned char block[HKDF_DIGEST_MOST], i = 1;
  if (n == 0 || n > UINT8_MAX * d->size)
    return false;
  hmac_start(&keyed, d, key);
  for (; n > d->size; n -= d->size, out += d->size) {
    struct hmac h = keyed;
    expand_block(&h, info, i++, block);
    memcpy(out, block, d->size);
    wipe(&h, sizeof h);
  }
  expand_block(&keyed, info, i, block); /* the last, and in TLS the only one: no copy needed */
  memcpy(out, block, n);
  wipe(&keyed, sizeof keyed);
  wipe(block, sizeof block);
  return true;
}

/* ---------------------------------------------------------------- TLS 1.3 (RFC 8446, section 7.1) */

static unsigned char *put(unsigned char *p, struct str bytes)
{
  if (bytes.n)
    memcpy(p, bytes.p, bytes.n);
  return p + bytes.n;
}

/* struct { uint16 length; opaque label<7..255>; opaque context<0..255>; } HkdfLabel */
bool hkdf_expand_label(const struct hkdf_digest *d, struct str key, const struct hkdf_label *label, struct str context,
                       unsigned char *out, size_t n)
{
  unsigned char info[2 + 1 + HKDF_LABEL_MOST + 1 + UINT8_MAX], *p = info;
  if (n > UINT16_MAX || label->prefix.n > HKDF_LABEL_MOST || label->name.n > HKDF_LABEL_MOST - label->prefix.n ||
      context.n > UINT8_MAX)
    return false;
  *p++ = (unsigned char)(n >> 8);
  *p++ = (unsigned char)(n & 0xff);
  *p++ = (unsigned char)(label->prefix.n + label->name.n);
  p = put(put(p, label->prefix), label->name);
  *p++ = (unsigned char)context.n;
  p = put(p, context);
  return hkdf_expand(d, key, str_make((const char *)info, (size_t)(p - info)), out, n);
}

bool hkdf_next_secret(const struct hkdf_digest *d, struct str last, const struct hkdf_label *label, struct str secret,
                      unsigned char *out)
{
  static const char zeros[HKDF_DIGEST_MOST];
  unsigned char derived[HKDF_DIGEST_MOST];
  struct str salt = {NULL, 0};
  if (last.n) {
    if (!hkdf_expand_label(d, last, label, str_make((const char *)d->of_nothing, d->size), derived, d->size))
      return false;
    salt = str_make((const char *)derived, d->size);
  }
  hkdf_extract(d, salt, secret.p ? secret : str_make(zeros, d->size), out);
  wipe(derived, sizeof derived);
  return true;
}
