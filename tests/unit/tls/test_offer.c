/* What is agreed with clients of every kind, for keys of every kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../support/tls_world.h"
#include "tls/processor.h"

#define AES128 "TLS_AES_128_GCM_SHA256"
#define AES256 "TLS_AES_256_GCM_SHA384"
#define CHACHA "TLS_CHACHA20_POLY1305_SHA256"

/* What came of one connection. */
struct outcome {
  enum tls_state state;
  char cipher[64];
  int group, signature, server_hellos, certificates;
  unsigned id_bytes; /* of the session's id */
};

/* A HelloRetryRequest is a ServerHello too (RFC 8446, section 4.1.4). */
static void count_hellos(int write, int version, int type, const void *bytes, size_t n, SSL *ssl, void *count)
{
  (void)version;
  (void)ssl;
  if (!write && type == SSL3_RT_HANDSHAKE && n && *(const unsigned char *)bytes == SSL3_MT_SERVER_HELLO)
    ++*(int *)count;
}

/* What a client offers; NULL: what OpenSSL does. */
struct wish {
  int version;
  const char *suites, *groups, *signatures;
};

static struct outcome visit(struct rig_world *w, const struct wish *wish)
{
  struct rig_client client;
  struct outcome o = {.server_hellos = 0};
  char list[128];
  rig_client_init(&client, "one.example", wish->version);
  SSL_set_msg_callback(client.ssl, count_hellos);
  SSL_set_msg_callback_arg(client.ssl, &o.server_hellos);
  if (wish->suites && wish->version == TLS1_3_VERSION)
    assert_int_equal(SSL_set_ciphersuites(client.ssl, wish->suites), 1);
  else if (wish->suites)
    assert_int_equal(SSL_set_cipher_list(client.ssl, wish->suites), 1);
  (void)snprintf(list, sizeof list, "%s", wish->groups ? wish->groups : "X25519:P-256:P-384");
  assert_int_equal(SSL_set1_groups_list(client.ssl, list), 1);
  if (wish->signatures) {
    (void)snprintf(list, sizeof list, "%s", wish->signatures);
    assert_int_equal(SSL_set1_sigalgs_list(client.ssl, list), 1);
  }
  struct tls_session *s = tls_session_new(w->server);
  o.state = rig_pump(&client, s, 0, NULL);
  if (o.state == TLS_OPEN) {
    (void)snprintf(o.cipher, sizeof o.cipher, "%s", tls_session_cipher(s));
    o.group = (int)SSL_get_negotiated_group(client.ssl);
    (void)SSL_get_peer_signature_type_nid(client.ssl, &o.signature);
    (void)SSL_SESSION_get_id(SSL_get_session(client.ssl), &o.id_bytes);
    o.certificates = sk_X509_num(SSL_get_peer_cert_chain(client.ssl));
  }
  tls_session_free(s);
  rig_client_free(&client);
  return o;
}

static void aes_128_comes_first_where_the_processor_has_aes(void **state)
{
  (void)state;
  const char *first = processor_has_aes() ? AES128 : CHACHA;
  const char *first12 = processor_has_aes() ? "ECDHE-ECDSA-AES128-GCM-SHA256" : "ECDHE-ECDSA-CHACHA20-POLY1305";
  const struct {
    int line;
    struct wish wish;
    const char *cipher;
  } rows[] = {
      {__LINE__, {.version = TLS1_3_VERSION}, first},
      {__LINE__, {.version = TLS1_3_VERSION, .suites = AES256 ":" AES128 ":" CHACHA}, first},
      {__LINE__, {.version = TLS1_3_VERSION, .suites = AES128 ":" AES256}, AES128},
      {__LINE__, {.version = TLS1_3_VERSION, .suites = AES256}, AES256},
      /* A client that puts ChaCha20 first has no AES instructions: it gets what it asks for. */
      {__LINE__, {.version = TLS1_3_VERSION, .suites = CHACHA ":" AES128}, CHACHA},
      {__LINE__, {.version = TLS1_2_VERSION}, first12},
      {__LINE__,
       {.version = TLS1_2_VERSION, .suites = "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256"},
       "ECDHE-ECDSA-CHACHA20-POLY1305"},
      {__LINE__,
       {.version = TLS1_2_VERSION, .suites = "ECDHE-ECDSA-AES256-GCM-SHA384"},
       "ECDHE-ECDSA-AES256-GCM-SHA384"},
  };
  struct rig_world w;
  rig_world_of_two(&w);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct outcome o = visit(&w, &rows[i].wish);
    if (o.state != TLS_OPEN || strcmp(o.cipher, rows[i].cipher) != 0)
      fail_msg("row at line %d: %s", rows[i].line, o.cipher);
  }
  rig_world_free(&w);
}

static void no_common_share_costs_a_second_round_trip(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *groups; /* a client sends a share of the first one */
    int group, server_hellos;
  } rows[] = {
      {__LINE__, "X25519:P-256:P-384", NID_X25519, 1},    {__LINE__, "P-256:X25519", NID_X9_62_prime256v1, 1},
      {__LINE__, "P-256", NID_X9_62_prime256v1, 1},       {__LINE__, "P-384:P-256", NID_secp384r1, 1},
      {__LINE__, "P-521:P-256", NID_X9_62_prime256v1, 2}, {__LINE__, "X448:X25519", NID_X25519, 2},
  };
  struct rig_world w;
  rig_world_of_two(&w);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct wish wish = {.version = TLS1_3_VERSION, .groups = rows[i].groups};
    struct outcome o = visit(&w, &wish);
    if (o.state != TLS_OPEN || o.group != rows[i].group || o.server_hellos != rows[i].server_hellos)
      fail_msg("row at line %d: group %d after %d", rows[i].line, o.group, o.server_hellos);
  }
  rig_world_free(&w);
}

/* A client of TLS 1.2 with an id would believe that it may resume by it. */
static void a_session_of_tls12_has_no_id(void **state)
{
  (void)state;
  struct rig_world w;
  rig_world_of_two(&w);
  const struct wish wish = {.version = TLS1_2_VERSION};
  for (int i = 0; i < 2; i++) {
    struct outcome o = visit(&w, &wish);
    assert_int_equal(o.state, TLS_OPEN);
    assert_int_equal(o.id_bytes, 0);
  }
  rig_world_free(&w);
}

/* Keys that owners bring along: each is used as before, though only what it can do is offered. */
static void every_kind_of_key_signs(void **state)
{
  (void)state;
  static const char pss[] = "RSA-PSS+SHA512:RSA-PSS+SHA256", pkcs[] = "RSA+SHA384";
  const struct {
    int line;
    EVP_PKEY *key;
    struct wish wish;
    int signature; /* 0: refused */
  } rows[] = {
      {__LINE__, EVP_EC_gen("P-256"), {.version = TLS1_3_VERSION}, EVP_PKEY_EC},
      {__LINE__, EVP_EC_gen("P-256"), {.version = TLS1_2_VERSION, .signatures = "ECDSA+SHA384"}, EVP_PKEY_EC},
      {__LINE__, EVP_EC_gen("P-256"), {.version = TLS1_3_VERSION, .signatures = "RSA-PSS+SHA256"}, 0},
      {__LINE__, EVP_EC_gen("P-384"), {.version = TLS1_3_VERSION}, EVP_PKEY_EC},
      {__LINE__, EVP_EC_gen("P-521"), {.version = TLS1_3_VERSION}, EVP_PKEY_EC},
      {__LINE__, EVP_RSA_gen(2048), {.version = TLS1_3_VERSION}, EVP_PKEY_RSA_PSS},
      {__LINE__, EVP_RSA_gen(2048), {.version = TLS1_3_VERSION, .signatures = pss}, EVP_PKEY_RSA_PSS},
      {__LINE__, EVP_RSA_gen(2048), {.version = TLS1_2_VERSION, .signatures = pkcs}, EVP_PKEY_RSA},
      {__LINE__, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), {.version = TLS1_3_VERSION}, EVP_PKEY_ED25519},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct rig_world w;
    rig_world_init(&w);
    rig_pair_of(w.folder, "one.example", rows[i].key, -1, 30);
    if (rig_add(&w, "one.example", 0) < 0)
      fail_msg("row at line %d: %.*s", rows[i].line, STR_ARG(buf_str(&w.why)));
    struct outcome o = visit(&w, &rows[i].wish);
    bool open = o.state == TLS_OPEN;
    if (open != (rows[i].signature != 0) || (open && (o.signature != rows[i].signature || o.certificates != 1)))
      fail_msg("row at line %d: state %d, signature %d, %d certificates", rows[i].line, (int)o.state, o.signature,
               o.certificates);
    EVP_PKEY_free(rows[i].key);
    rig_world_free(&w);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(aes_128_comes_first_where_the_processor_has_aes),
      cmocka_unit_test(no_common_share_costs_a_second_round_trip),
      cmocka_unit_test(a_session_of_tls12_has_no_id),
      cmocka_unit_test(every_kind_of_key_signs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
