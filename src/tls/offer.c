/* The settings of a context: what is safe, in the order in which it is fast. */
#include "tls/offer.h"

#include "base/err.h"
#include "tls/ask.h"
#include "tls/kdf_provider.h"
#include "tls/processor.h"

/* TLS 1.3's three. Where AES has instructions AES-128-GCM is the fastest by far, and its SHA-256 makes the key schedule
 * cheaper than SHA-384 does; no reader's page needs 256 bits. Where it has none ChaCha20 is faster, and does not leak
 * through the caches as AES from tables does. */
static const char suites_aes[] = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
static const char suites_chacha[] = "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384";

/* Forward secrecy and AEAD only, for keys of both kinds. */
static const char ciphers_tls12_aes[] = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                                        "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                                        "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
static const char ciphers_tls12_chacha[] = "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
                                           "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                                           "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";

/* The lists below are not const because OpenSSL's macros cast that away; nobody writes to them.
 *
 * X25519 is the fastest, and what nearly every client sends a share of. OpenSSL takes whichever of our groups a client
 * has a share of, so a client that guessed P-256 pays no second round trip (RFC 8446, section 4.1.4). */
static char groups[] = "X25519:P-256:P-384";
static char more_groups[] = "X25519:P-256:P-384:P-521";

/* What a key can sign with. OpenSSL goes through the whole list with each client's: the rest would only cost time. */
static struct {
  const char *key;
  char algorithms[96];
} signatures[] = {
    {"EC", "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512"},
    {"RSA", "RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512"},
};

/* What clients may sign with (G5): their keys are of any kind. */
static char client_signatures[] = "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:ed448:"
                                  "RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:"
                                  "rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512:"
                                  "RSA+SHA256:RSA+SHA384:RSA+SHA512";

/* A session's id is its name in a server's cache. There is no cache: TLS 1.2 sends no id then, TLS 1.3 never sends it,
 * and a ticket would only carry 32 random bytes that somebody had to draw. libssl asks for one byte at least. */
static int name_session(SSL *ssl, unsigned char *id, unsigned *n)
{
  (void)ssl;
  *id = 0;
  *n = 1;
  return 1;
}

SSL_CTX *offer_new(struct tickets *tickets)
{
  bool aes = processor_has_aes();
  SSL_CTX *ctx = SSL_CTX_new_ex(NULL, kdf_provider_query(), TLS_server_method());
  if (!ctx)
    return NULL;
  /* Our order of ciphers, but a client without AES instructions (it puts ChaCha20 first) gets what is fast for it: for
   * us that costs about two microseconds more of a small page. */
  SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                               SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_clear_options(ctx, SSL_OP_ALLOW_NO_DHE_KEX | SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION);
  SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
  /* Resumption is by ticket only: no memory of ours per client. One ticket, as there is one request per connection. */
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_timeout(ctx, TICKETS_SECONDS);
  /* Nobody is asked for a certificate until the site is known (ask_client). */
  SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
  ask_prepare(ctx);
  if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 && SSL_CTX_set_max_proto_version(ctx, 0) == 1 &&
      SSL_CTX_set_ciphersuites(ctx, aes ? suites_aes : suites_chacha) == 1 &&
      SSL_CTX_set_cipher_list(ctx, aes ? ciphers_tls12_aes : ciphers_tls12_chacha) == 1 &&
      SSL_CTX_set1_groups_list(ctx, groups) == 1 && SSL_CTX_set1_client_sigalgs_list(ctx, client_signatures) == 1 &&
      SSL_CTX_set_num_tickets(ctx, 1) == 1 && SSL_CTX_set_generate_session_id(ctx, name_session) == 1 &&
      SSL_CTX_set_max_early_data(ctx, 0) == 1 && (!tickets || tickets_use(tickets, ctx) == 0))
    return ctx;
  SSL_CTX_free(ctx);
  return NULL;
}

bool offer_more_groups(SSL *ssl)
{
  return SSL_set1_groups_list(ssl, more_groups) == 1;
}

int offer_pair(SSL_CTX *ctx, X509 *leaf, EVP_PKEY *key, STACK_OF(X509) * chain)
{
  if (SSL_CTX_use_cert_and_key(ctx, leaf, key, chain, 1) != 1)
    return ERR_TLS;
  for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++)
    if (EVP_PKEY_is_a(key, signatures[i].key))
      return SSL_CTX_set1_sigalgs_list(ctx, signatures[i].algorithms) == 1 ? 0 : ERR_TLS;
  return 0; /* a key of another kind: OpenSSL's list has what it needs */
}
