/* Clients that are asked for a certificate: who is, what is taken, and what of it a ticket keeps (G5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/err.h>

#include "../../support/tls_visitor.h"
#include "../../support/tls_world.h"
#include "base/err.h"

enum { TOO_LARGE_FOR_A_TICKET = 5000, TOO_LARGE = 8500, LARGE = 7500 };

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

/* A server of two sites of which the first one, the default, asks. */
static struct rig_world world;

static int set_up(void **state)
{
  (void)state;
  rig_world_of_two(&world);
  assert_int_equal(tls_server_ask(world.server, 0), 0);
  return 0;
}

static int tear_down(void **state)
{
  (void)state;
  rig_world_free(&world);
  return 0;
}

/* One connection of a client that has been made ready; the session is the caller's. */
static struct tls_session *meet(struct rig_client *client, enum tls_state *now)
{
  struct tls_session *s = tls_session_new(world.server);
  assert_non_null(s);
  *now = rig_pump(client, s, 0, NULL);
  return s;
}

static struct identity ask_identity(const struct tls_session *s)
{
  struct identity identity;
  assert_int_equal(tls_session_identity(s, &identity), 0);
  return identity;
}

/* What a session that must come about says of its client. */
static struct identity identity_of(struct rig_client *client, bool *resumed)
{
  enum tls_state now;
  struct tls_session *s = meet(client, &now);
  if (now != TLS_OPEN)
    fail_msg("%s", tls_session_fault(s));
  struct identity identity = ask_identity(s);
  if (resumed)
    *resumed = tls_session_resumed(s);
  tls_session_free(s);
  return identity;
}

static void count_requests(int write, int version, int type, const void *bytes, size_t n, SSL *ssl, void *count)
{
  (void)version;
  (void)ssl;
  if (!write && type == SSL3_RT_HANDSHAKE && n && *(const unsigned char *)bytes == SSL3_MT_CERTIFICATE_REQUEST)
    ++*(int *)count;
}

static void only_sites_that_want_certificates_ask_G5(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *sni;
    int requests;
  } rows[] = {
      {__LINE__, "one.example", 1},
      {__LINE__, "two.example", 0},
      {__LINE__, NULL, 1}, /* the default site's rules */
      {__LINE__, "three.example", 1},
  };
  for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
    struct rig_client client;
    int requests = 0;
    rig_client_init(&client, rows[i / 2].sni, versions[i % 2]);
    SSL_set_msg_callback(client.ssl, count_requests);
    SSL_set_msg_callback_arg(client.ssl, &requests);
    struct identity identity = identity_of(&client, NULL);
    const STACK_OF(X509_NAME) *names = SSL_get0_peer_CA_list(client.ssl);
    if (requests != rows[i / 2].requests || identity.presented || sk_X509_NAME_num(names) > 0)
      fail_msg("row at line %d, version %x: %d requests", rows[i / 2].line, (unsigned)versions[i % 2], requests);
    rig_client_free(&client);
  }
  assert_int_equal(tls_server_ask(world.server, 2), ERR_NOT_FOUND);
}

static void a_certificate_that_is_not_asked_for_stays_at_home_G5(void **state)
{
  (void)state;
  EVP_PKEY *key = rig_key("P-256");
  X509 *me = rig_certificate(&(struct rig_wish){.name = "me", .key = key});
  struct rig_client client;
  rig_client_init(&client, "two.example", 0);
  rig_client_shows(&client, me, key, NULL);
  assert_false(identity_of(&client, NULL).presented);
  rig_client_free(&client);
  X509_free(me);
  EVP_PKEY_free(key);
}

static void hex(const unsigned char digest[32], char text[FINGERPRINT_TEXT])
{
  for (size_t i = 0; i < 32; i++)
    (void)snprintf(text + 2 * i, 3, "%02x", digest[i]);
}

/* Whether it is told as openssl would tell it. */
static bool is(const struct identity *identity, X509 *certificate)
{
  unsigned char digest[32], *der = NULL;
  char whole[FINGERPRINT_TEXT], key[FINGERPRINT_TEXT];
  assert_int_equal(X509_digest(certificate, EVP_sha256(), digest, NULL), 1);
  hex(digest, whole);
  int n = i2d_PUBKEY(X509_get0_pubkey(certificate), &der);
  assert_int_equal(EVP_Digest(der, (size_t)n, digest, NULL, EVP_sha256(), NULL), 1);
  OPENSSL_free(der);
  hex(digest, key);
  return identity->presented && strcmp(identity->certificate, whole) == 0 && strcmp(identity->key, key) == 0;
}

static void a_certificate_of_any_kind_is_taken_G5(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *key;
    struct rig_wish wish;
  } rows[] = {
      {__LINE__, "P-256", {.name = "me"}},
      {__LINE__, "P-384", {.name = "me"}},
      {__LINE__, "P-521", {.name = "me"}},
      {__LINE__, "RSA-1024", {.name = "me"}},
      {__LINE__, "RSA-2048", {.name = "me"}},
      {__LINE__, "RSA-4096", {.name = "me"}},
      {__LINE__, "RSA-PSS", {.name = "me"}},
      {__LINE__, "ED25519", {.name = "me"}},
      {__LINE__, "ED448", {.name = "me"}},
      {__LINE__, "P-256", {.name = "me", .from_day = -20, .to_day = -10}},
      {__LINE__, "P-256", {.name = "me", .from_day = 10, .to_day = 20}},
      {__LINE__, "P-256", {.name = "me", .usage = "serverAuth"}},
      {__LINE__, "P-256", {.name = "me", .usage = "codeSigning"}},
      {__LINE__, "P-256", {.name = "me", .authority = true}},
      {__LINE__, "P-256", {.name = "me", .padding = LARGE}},
  };
  for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
    struct rig_wish wish = rows[i / 2].wish;
    struct rig_client client;
    enum tls_state now;
    wish.key = rig_key(rows[i / 2].key);
    X509 *me = rig_certificate(&wish);
    rig_client_init(&client, "one.example", versions[i % 2]);
    rig_client_shows(&client, me, wish.key, NULL);
    struct tls_session *s = meet(&client, &now);
    struct identity identity = ask_identity(s);
    if (now != TLS_OPEN || !is(&identity, me) || identity.signed_by)
      fail_msg("row at line %d, version %x: %s", rows[i / 2].line, (unsigned)versions[i % 2], tls_session_fault(s));
    tls_session_free(s);
    rig_client_free(&client);
    X509_free(me);
    EVP_PKEY_free(wish.key);
  }
}

static void dates_are_told_in_seconds(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *time;
    int64_t first, last;
  } rows[] = {
      {__LINE__, "700101000000Z", 0, 0},
      {__LINE__, "300102000000Z", 1893542400, 1893542400},
      {__LINE__, "691231235959Z", -1, -1}, /* of 1969 */
      {__LINE__, "rubbish", INT64_MAX, INT64_MIN},
      {__LINE__, "", INT64_MAX, INT64_MIN},
      {__LINE__, "309902000000Z", INT64_MAX, INT64_MIN},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    EVP_PKEY *key = rig_key("P-256");
    X509 *me = rig_certificate(&(struct rig_wish){.name = "me", .key = key, .time = rows[i].time});
    struct rig_client client;
    rig_client_init(&client, "one.example", 0);
    rig_client_shows(&client, me, key, NULL);
    struct identity identity = identity_of(&client, NULL);
    if (identity.not_before != rows[i].first || identity.not_after != rows[i].last)
      fail_msg("row at line %d: %lld to %lld", rows[i].line, (long long)identity.not_before,
               (long long)identity.not_after);
    rig_client_free(&client);
    X509_free(me);
    EVP_PKEY_free(key);
  }
}

/* ---------------------------------------------------------------- refused */

/* What the last client was told. */
static int alert;

static void hear_alert(const SSL *ssl, int where, int value)
{
  (void)ssl;
  if (where & SSL_CB_READ && where & SSL_CB_ALERT)
    alert = value & 0xff;
}

static void what_is_not_proved_or_costs_too_much_is_refused(void **state)
{
  (void)state;
  EVP_PKEY *good = rig_key("P-256"), *other = rig_key("P-256");
  const struct {
    int line;
    EVP_PKEY *key;
    struct rig_wish wish;
    bool twice; /* the certificate is sent as its own chain too */
    const char *says;
    int alert;
  } rows[] = {
      {__LINE__, rig_mixed_key(good, other), {.name = "not me"}, false, "signature", SSL_AD_DECRYPT_ERROR},
      {__LINE__,
       rig_false_rsa(8200, 17),
       {.name = "me", .issuer_key = good},
       false,
       "too large",
       SSL_AD_BAD_CERTIFICATE},
      {__LINE__,
       rig_false_rsa(2048, 80),
       {.name = "me", .issuer_key = good},
       false,
       "too large",
       SSL_AD_BAD_CERTIFICATE},
      {__LINE__, rig_key("P-256"), {.name = "me", .padding = TOO_LARGE}, false, "excessive", SSL_AD_ILLEGAL_PARAMETER},
      {__LINE__,
       rig_key("P-256"),
       {.name = "me", .padding = TOO_LARGE / 2},
       true,
       "excessive",
       SSL_AD_ILLEGAL_PARAMETER},
  };
  for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
    struct rig_wish wish = rows[i / 2].wish;
    struct rig_client client;
    enum tls_state now;
    wish.key = rows[i / 2].key;
    X509 *me = rig_certificate(&wish);
    rig_client_init(&client, "one.example", versions[i % 2]);
    rig_client_shows(&client, me, wish.key, rows[i / 2].twice ? me : NULL);
    SSL_set_info_callback(client.ssl, hear_alert);
    alert = 0;
    struct tls_session *s = meet(&client, &now);
    if (now != TLS_BROKEN || !strstr(tls_session_fault(s), rows[i / 2].says) || ask_identity(s).presented ||
        alert != rows[i / 2].alert)
      fail_msg("row at line %d, version %x: alert %d, %s", rows[i / 2].line, (unsigned)versions[i % 2], alert,
               tls_session_fault(s));
    assert_int_equal(tls_session_output(s).n, 0); /* the alert was taken along */
    ERR_clear_error();
    tls_session_free(s);
    rig_client_free(&client);
    X509_free(me);
  }
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    EVP_PKEY_free(rows[i].key);
  EVP_PKEY_free(good);
  EVP_PKEY_free(other);
}

/* Until the client has proved that the key is its own, nobody is told of it. */
static void nobody_is_known_in_the_middle_of_a_handshake(void **state)
{
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    EVP_PKEY *key = rig_key("P-256");
    X509 *me = rig_certificate(&(struct rig_wish){.name = "me", .key = key});
    struct buf wire = BUF_INIT(1 << 16);
    struct rig_client client;
    rig_client_init(&client, "one.example", versions[i]);
    rig_client_shows(&client, me, key, NULL);
    struct tls_session *s = tls_session_new(world.server);
    enum tls_state now = TLS_HANDSHAKE;
    size_t bytes = 0;
    while (now == TLS_HANDSHAKE) {
      rig_client_input(&client, tls_session_output(s));
      tls_session_sent(s, tls_session_output(s).n);
      buf_clear(&wire);
      rig_client_output(&client, &wire);
      for (size_t k = 0; k < wire.n && now == TLS_HANDSHAKE; k++, bytes++) {
        assert_false(ask_identity(s).presented);
        now = tls_session_feed(s, str_make(wire.p + k, 1), NULL);
      }
    }
    assert_int_equal(now, TLS_OPEN);
    assert_true(bytes > 600);
    assert_true(ask_identity(s).presented);
    tls_session_free(s);
    rig_client_free(&client);
    buf_free(&wire);
    X509_free(me);
    EVP_PKEY_free(key);
  }
}

/* ---------------------------------------------------------------- tickets */

/* A second visit with what the first one left: who was it, each time? */
static void tickets_tell_who_it_is_G5(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *first, *second; /* sites */
    bool shows, chain;
    size_t padding;
    bool ticket, resumed, known;
  } rows[] = {
      {__LINE__, "one.example", "one.example", true, false, 0, true, true, true},
      {__LINE__, NULL, "one.example", true, false, 0, true, true, true},
      /* Who may get a certificate soon must not be held to a session without one. */
      {__LINE__, "one.example", "one.example", false, false, 0, false, false, false},
      /* The chain is not in the ticket, and who has signed it could not be told. */
      {__LINE__, "one.example", "one.example", true, true, 0, false, false, true},
      {__LINE__, "one.example", "one.example", true, false, TOO_LARGE_FOR_A_TICKET, false, false, true},
      /* Another site: not even asked. */
      {__LINE__, "one.example", "two.example", true, false, 0, true, false, false},
      {__LINE__, "two.example", "two.example", true, false, 0, true, true, false},
      {__LINE__, "two.example", "one.example", true, false, 0, true, false, true},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    EVP_PKEY *key = rig_key("P-256");
    X509 *me = rig_certificate(&(struct rig_wish){.name = "me", .key = key, .padding = rows[i].padding});
    struct rig_client client;
    bool resumed;
    rig_client_init(&client, rows[i].first, TLS1_3_VERSION);
    if (rows[i].shows)
      rig_client_shows(&client, me, key, rows[i].chain ? me : NULL);
    (void)identity_of(&client, &resumed);
    assert_false(resumed);
    bool ticket = client.ticket && SSL_SESSION_has_ticket(client.ticket);
    rig_client_again(&client, rows[i].second);
    struct identity identity = identity_of(&client, &resumed);
    if (ticket != rows[i].ticket || resumed != rows[i].resumed || identity.presented != rows[i].known ||
        (identity.presented && !is(&identity, me)))
      fail_msg("row at line %d: ticket %d, resumed %d", rows[i].line, ticket, resumed);
    rig_client_free(&client);
    X509_free(me);
    EVP_PKEY_free(key);
  }
}

/* Each visit leaves a fresh ticket, and each tells the same. */
static void a_chain_of_tickets_goes_on(void **state)
{
  (void)state;
  EVP_PKEY *key = rig_key("RSA-2048");
  X509 *me = rig_certificate(&(struct rig_wish){.name = "me", .key = key, .padding = 2000});
  struct rig_client client;
  bool resumed;
  rig_client_init(&client, "one.example", TLS1_3_VERSION);
  rig_client_shows(&client, me, key, NULL);
  (void)identity_of(&client, &resumed);
  for (int i = 0; i < 4; i++) {
    SSL_SESSION *before = client.ticket;
    SSL_SESSION_up_ref(before);
    rig_client_again(&client, "one.example");
    struct identity identity = identity_of(&client, &resumed);
    assert_true(resumed && is(&identity, me));
    assert_ptr_not_equal(before, client.ticket);
    SSL_SESSION_free(before);
  }
  rig_client_free(&client);
  X509_free(me);
  EVP_PKEY_free(key);
}

/* Settings change while tickets from before are about. */
static void a_site_that_begins_to_ask_takes_no_ticket_from_before(void **state)
{
  (void)state;
  EVP_PKEY *key = rig_key("P-256");
  X509 *me = rig_certificate(&(struct rig_wish){.name = "me", .key = key});
  struct rig_client client;
  bool resumed;
  rig_client_init(&client, "two.example", TLS1_3_VERSION);
  rig_client_shows(&client, me, key, NULL);
  assert_false(identity_of(&client, &resumed).presented);
  assert_non_null(client.ticket);
  assert_int_equal(tls_server_ask(world.server, 1), 0);
  rig_client_again(&client, "two.example");
  struct identity identity = identity_of(&client, &resumed);
  assert_true(!resumed && is(&identity, me));
  rig_client_free(&client);
  X509_free(me);
  EVP_PKEY_free(key);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(only_sites_that_want_certificates_ask_G5, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_certificate_that_is_not_asked_for_stays_at_home_G5, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_certificate_of_any_kind_is_taken_G5, set_up, tear_down),
      cmocka_unit_test_setup_teardown(dates_are_told_in_seconds, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_is_not_proved_or_costs_too_much_is_refused, set_up, tear_down),
      cmocka_unit_test_setup_teardown(nobody_is_known_in_the_middle_of_a_handshake, set_up, tear_down),
      cmocka_unit_test_setup_teardown(tickets_tell_who_it_is_G5, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_chain_of_tickets_goes_on, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_site_that_begins_to_ask_takes_no_ticket_from_before, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
