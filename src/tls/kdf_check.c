/* Compares the provider's answers with OpenSSL's own, at every start. */
#include "tls/kdf_provider.h"

#include <stddef.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

/* Round the block of either digest (64, 128), round its padding (one byte and a length of 8 or 16 at the end), and what
 * TLS has: hashes of 32 and 48, an X25519 or P-256 secret of 32, a P-384 one of 48, a ticket of some hundred. */
static const size_t lengths[] = {1, 2, 12, 16, 31, 32, 33, 48, 55, 56, 63, 64, 65, 111, 112, 127, 128, 129, 240, 255};

enum { N_LENGTHS = sizeof lengths / sizeof *lengths, INPUT_MOST = 255, OUTPUT_MOST = 255, LABEL_MOST = 100 };

/* One function as two queries choose it. */
struct two_kdfs {
  EVP_KDF *ours, *theirs;
};
struct two_macs {
  EVP_MAC *ours, *theirs;
};

/* What one comparison is made on. A part of length 0 is left out. */
struct sample {
  char digest[16];
  int mode;
  unsigned char key[INPUT_MOST], salt[INPUT_MOST], label[LABEL_MOST], data[INPUT_MOST];
  size_t key_n, salt_n, label_n, data_n, output_n;
};

static bool derive(EVP_KDF *kdf, struct sample *s, unsigned char *out)
{
  char prefix[] = "tls13 ";
  OSSL_PARAM params[8], *p = params;
  *p++ = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, s->digest, 0);
  *p++ = OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &s->mode);
  *p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PREFIX, prefix, strlen(prefix));
  *p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_LABEL, s->label, s->label_n);
  if (s->key_n)
    *p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, s->key, s->key_n);
  if (s->salt_n)
    *p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, s->salt, s->salt_n);
  if (s->data_n)
    *p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_DATA, s->data, s->data_n);
  *p = OSSL_PARAM_construct_end();
  EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
  bool done = context && EVP_KDF_derive(context, out, s->output_n, params) == 1;
  EVP_KDF_CTX_free(context);
  return done;
}

static bool same_kdf(const struct two_kdfs *kdf, struct sample *s)
{
  unsigned char ours[OUTPUT_MOST], theirs[OUTPUT_MOST];
  return derive(kdf->ours, s, ours) && derive(kdf->theirs, s, theirs) && memcmp(ours, theirs, s->output_n) == 0;
}

static bool fill(struct sample *s)
{
  return RAND_bytes(s->key, sizeof s->key) == 1 && RAND_bytes(s->salt, sizeof s->salt) == 1 &&
         RAND_bytes(s->label, sizeof s->label) == 1 && RAND_bytes(s->data, sizeof s->data) == 1;
}

/* Every length of the output and of the data once, with labels of all lengths beside. */
static bool expands(const struct two_kdfs *kdf, struct sample *s, size_t digest_n)
{
  s->mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
  s->key_n = digest_n;
  s->salt_n = 0;
  for (size_t i = 0; i < N_LENGTHS; i++) {
    s->label_n = 1 + i * 5 % LABEL_MOST;
    s->data_n = i % 3 ? lengths[N_LENGTHS - 1 - i] : 0;
    s->output_n = lengths[i];
    if (!fill(s) || !same_kdf(kdf, s))
      return false;
  }
  return true;
}

/* Secrets of every length, with a salt and without; at the end no secret (RFC 8446's master secret). */
static bool extracts(const struct two_kdfs *kdf, struct sample *s, size_t digest_n)
{
  s->mode = EVP_KDF_HKDF_MODE_EXTRACT_ONLY;
  s->data_n = 0;
  s->label_n = strlen("derived");
  s->output_n = digest_n;
  for (size_t i = 0; i <= N_LENGTHS; i++) {
    s->key_n = i < N_LENGTHS ? lengths[i] : 0;
    s->salt_n = i % 3 ? digest_n : 0;
    if (!fill(s) || !same_kdf(kdf, s))
      return false;
  }
  return true;
}

/* Starts with the salt as key in one of two ways: libssl's own for the key schedule, and that of the callback which
 * seals tickets (tickets.c), digest and key as parameters and no start. */
static bool mac_key(EVP_MAC_CTX *context, struct sample *s, bool as_tickets)
{
  const OSSL_PARAM digest = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, s->digest, 0);
  const OSSL_PARAM key = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, s->salt, s->salt_n);
  const OSSL_PARAM one[] = {digest, OSSL_PARAM_construct_end()}, both[] = {digest, key, OSSL_PARAM_construct_end()};
  return as_tickets ? EVP_MAC_CTX_set_params(context, both) == 1 : EVP_MAC_init(context, s->salt, s->salt_n, one) == 1;
}

/* The MAC of the data in two pieces. */
static bool mac_once(EVP_MAC *mac, struct sample *s, size_t split, bool as_tickets, unsigned char out[EVP_MAX_MD_SIZE],
                     size_t *n)
{
  EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);
  bool done = context && mac_key(context, s, as_tickets) && EVP_MAC_update(context, s->data, split) == 1 &&
              EVP_MAC_update(context, s->data + split, s->data_n - split) == 1 &&
              EVP_MAC_final(context, out, n, EVP_MAX_MD_SIZE) == 1;
  EVP_MAC_CTX_free(context);
  return done;
}

static bool same_macs(const struct two_macs *mac, struct sample *s, bool as_tickets)
{
  for (size_t i = 0; i < N_LENGTHS; i++) {
    unsigned char ours[EVP_MAX_MD_SIZE], theirs[EVP_MAX_MD_SIZE];
    size_t ours_n = 0, theirs_n = 0;
    s->salt_n = lengths[i];
    s->data_n = lengths[N_LENGTHS - 1 - i];
    if (!fill(s) || !mac_once(mac->ours, s, s->data_n * i / N_LENGTHS, as_tickets, ours, &ours_n) ||
        !mac_once(mac->theirs, s, s->data_n / 2, as_tickets, theirs, &theirs_n) || ours_n != theirs_n ||
        memcmp(ours, theirs, ours_n) != 0)
      return false;
  }
  return true;
}

bool kdf_check(const char *ours, const char *theirs)
{
  static const struct {
    char name[sizeof((struct sample *)0)->digest];
    size_t size;
  } digests[] = {{"SHA2-256", 32}, {"SHA2-384", 48}};
  struct sample s;
  struct two_kdfs kdf = {EVP_KDF_fetch(NULL, "TLS13-KDF", ours), EVP_KDF_fetch(NULL, "TLS13-KDF", theirs)};
  struct two_macs mac = {EVP_MAC_fetch(NULL, "HMAC", ours), EVP_MAC_fetch(NULL, "HMAC", theirs)};
  bool same = kdf.ours && kdf.theirs && mac.ours && mac.theirs;
  for (size_t i = 0; i < sizeof digests / sizeof *digests && same; i++) {
    memcpy(s.digest, digests[i].name, sizeof s.digest);
    same = expands(&kdf, &s, digests[i].size) && extracts(&kdf, &s, digests[i].size) && same_macs(&mac, &s, false) &&
           same_macs(&mac, &s, true);
  }
  EVP_KDF_free(kdf.ours);
  EVP_KDF_free(kdf.theirs);
  EVP_MAC_free(mac.ours);
  EVP_MAC_free(mac.theirs);
  return same;
}
