/* Peers that a session must refuse or survive: old, plain, rude, damaged, gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/err.h>

#include "../../support/tls_world.h"
#include "base/err.h"
#include "tls/session.h"

static struct rig_world world;
static struct tls_server *server;

static int set_up(void **state)
{
  (void)state;
  rig_world_of_two(&world);
  server = world.server;
  return 0;
}

static int tear_down(void **state)
{
  (void)state;
  rig_world_free(&world);
  return 0;
}

static void no_error_is_left(void)
{
  assert_int_equal(ERR_peek_error(), 0);
}

static void old_versions_are_refused_with_an_alert_G1(void **state)
{
  (void)state;
  static const int versions[] = {TLS1_VERSION, TLS1_1_VERSION};
  for (size_t i = 0; i < 2; i++) {
    struct rig_client client;
    struct buf hello = BUF_INIT(4096);
    rig_client_init(&client, "one.example", versions[i]);
    struct tls_session *s = tls_session_new(server);
    rig_client_output(&client, &hello);
    assert_int_equal(tls_session_feed(s, buf_str(&hello), NULL), TLS_BROKEN);
    struct str alert = tls_session_output(s);
    assert_int_equal(alert.n, 7);
    assert_int_equal(alert.p[0], SSL3_RT_ALERT);
    assert_int_equal(alert.p[6], SSL_AD_PROTOCOL_VERSION);
    assert_non_null(strstr(tls_session_fault(s), "no shared protocol version"));
    no_error_is_left();
    tls_session_free(s);
    rig_client_free(&client);
    buf_free(&hello);
  }
}

static void ciphers_without_forward_secrecy_are_refused_G1(void **state)
{
  (void)state;
  static const char *const lists[] = {"AES128-GCM-SHA256", "AES256-SHA", "ECDHE-ECDSA-AES128-SHA256"};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    struct rig_client client;
    rig_client_init(&client, NULL, TLS1_2_VERSION);
    assert_int_equal(SSL_set_cipher_list(client.ssl, lists[i]), 1);
    struct tls_session *s = tls_session_new(server);
    assert_int_equal(rig_pump(&client, s, 0, NULL), TLS_BROKEN);
    assert_string_equal(tls_session_fault(s), "no shared cipher");
    no_error_is_left();
    tls_session_free(s);
    rig_client_free(&client);
  }
}

static void a_plain_text_peer_gets_an_alert_and_no_answer_G1(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *text;
  } rows[] = {
      {__LINE__, "gemini://one.example/\r\n"},
      {__LINE__, "GET / HTTP/1.1\r\nHost: one.example\r\n\r\n"},
      {__LINE__, "CONNECT one.example:443 HTTP/1.1\r\n\r\n"},
      {__LINE__, "\r\n\r\n\r\n"},
      {__LINE__, "/selector\t$\r\n"},
      {__LINE__, "\xef\xbb\xbfgemini://one.example/\r\n"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct tls_session *s = tls_session_new(server);
    struct buf plain = BUF_INIT(1026);
    enum tls_state now = tls_session_feed(s, str_from(rows[i].text), &plain);
    struct str out = tls_session_output(s);
    if (now != TLS_BROKEN || out.n != 7 || memcmp(out.p, "\x15\x03\x03\0\2\2", 6) != 0)
      fail_msg("row at line %d: state %d, %zu bytes, %s", rows[i].line, (int)now, out.n, tls_session_fault(s));
    assert_string_equal(tls_session_fault(s), "the client does not speak TLS");
    assert_int_equal(plain.n, 0);
    /* Broken stays broken, and everything is harmless then. */
    assert_int_equal(tls_session_feed(s, str_from(rows[i].text), &plain), TLS_BROKEN);
    assert_int_equal(tls_session_write(s, STR("20 text/gemini\r\n")), ERR_TLS);
    tls_session_close(s);
    assert_int_equal(tls_session_output(s).n, 7);
    no_error_is_left();
    tls_session_free(s);
  }
}

static int refusal;

static int refuse(int ok, X509_STORE_CTX *store)
{
  (void)ok;
  X509_STORE_CTX_set_error(store, refusal);
  return 0;
}

static void the_alerts_of_clients_become_words(void **state)
{
  (void)state;
  static const struct {
    int line, version, refusal;
    const char *words;
  } rows[] = {
      {__LINE__, TLS1_3_VERSION, X509_V_ERR_CERT_SIGNATURE_FAILURE, "the client broke it off (alert 51, "},
      {__LINE__, TLS1_3_VERSION, X509_V_ERR_CERT_UNTRUSTED, "the client refused our certificate (alert 42, "},
      {__LINE__, TLS1_3_VERSION, X509_V_ERR_CERT_HAS_EXPIRED, "the client refused our certificate (alert 45, "},
      {__LINE__, TLS1_2_VERSION, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
       "the client refused our certificate (alert 48, "},
      {__LINE__, TLS1_3_VERSION, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
       "the client refused our certificate (alert 48, "},
      {__LINE__, TLS1_3_VERSION, X509_V_ERR_OUT_OF_MEM, "the client broke it off (alert 80, "},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct rig_client client;
    rig_client_init(&client, "one.example", rows[i].version);
    refusal = rows[i].refusal;
    SSL_set_verify(client.ssl, SSL_VERIFY_PEER, refuse);
    struct tls_session *s = tls_session_new(server);
    enum tls_state now = rig_pump(&client, s, 0, NULL);
    ERR_clear_error(); /* the client's */
    if (now != TLS_BROKEN || strncmp(tls_session_fault(s), rows[i].words, strlen(rows[i].words)) != 0)
      fail_msg("row at line %d: %s", rows[i].line, tls_session_fault(s));
    tls_session_free(s);
    rig_client_free(&client);
  }
}

static void renegotiation_is_declined_G4(void **state)
{
  (void)state;
  struct rig_client client;
  struct buf wire = BUF_INIT(1 << 16);
  rig_client_init(&client, "one.example", TLS1_2_VERSION);
  struct tls_session *s = tls_session_new(server);
  assert_int_equal(rig_pump(&client, s, 0, NULL), TLS_OPEN);
  assert_int_equal(SSL_renegotiate(client.ssl), 1);
  (void)SSL_do_handshake(client.ssl);
  rig_client_output(&client, &wire);
  assert_true(wire.n > 0);
  assert_int_equal(tls_session_feed(s, buf_str(&wire), NULL), TLS_OPEN);
  assert_in_range(tls_session_output(s).n, 7, 100);
  rig_client_input(&client, tls_session_output(s));
  assert_int_equal(SSL_do_handshake(client.ssl), -1);
  assert_int_equal(ERR_GET_REASON(ERR_peek_error()), SSL_R_NO_RENEGOTIATION);
  ERR_clear_error(); /* the client's */
  tls_session_free(s);
  rig_client_free(&client);
  buf_free(&wire);
}

static void a_client_that_leaves_is_forgotten_whole(void **state)
{
  (void)state;
  static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
  for (size_t i = 0; i < 2; i++) {
    struct buf wire = BUF_INIT(1 << 16);
    struct rig_client client;
    rig_client_init(&client, "one.example", versions[i]);
    rig_client_output(&client, &wire);
    /* Every cut would be slow under the sanitizers, so every seventh; the address sanitizer tells of leaks. */
    for (size_t n = 0; n < wire.n; n += 7) {
      struct tls_session *s = tls_session_new(server);
      assert_int_equal(tls_session_feed(s, str_head(buf_str(&wire), n), NULL), TLS_HANDSHAKE);
      assert_int_equal(tls_session_output(s).n, 0);
      assert_int_equal(tls_session_site(s), -1);
      assert_int_equal(tls_session_write(s, STR("too early")), ERR_TLS);
      tls_session_close(s);
      assert_int_equal(tls_session_output(s).n, 0);
      tls_session_free(s);
    }
    struct tls_session *s = tls_session_new(server);
    assert_int_equal(tls_session_feed(s, buf_str(&wire), NULL), TLS_HANDSHAKE);
    assert_true(tls_session_output(s).n > 500); /* the flight with the certificate: never sent */
    tls_session_free(s);
    rig_client_free(&client);
    buf_free(&wire);
  }
}

static unsigned next_random(unsigned *seed)
{
  *seed = *seed * 1664525 + 1013904223;
  return *seed >> 8;
}

/* Property: whatever bit of what a client sends is turned over, the session goes on waiting or breaks with words, and
 * no plain text comes out that the client did not send. */
static void a_damaged_byte_never_gets_through(void **state)
{
  (void)state;
  unsigned seed = 20120926;
  for (int round = 0; round < 150; round++) {
    struct rig_client client;
    struct buf wire = BUF_INIT(1 << 16), plain = BUF_INIT(1026);
    bool open = round % 3 > 0;
    rig_client_init(&client, "one.example", round % 2 ? TLS1_2_VERSION : TLS1_3_VERSION);
    struct tls_session *s = tls_session_new(server);
    if (open) {
      assert_int_equal(rig_pump(&client, s, 0, NULL), TLS_OPEN);
      assert_int_equal(SSL_write(client.ssl, "gemini://one.example/\r\n", 23), 23);
    }
    rig_client_output(&client, &wire);
    size_t at = next_random(&seed) % wire.n;
    wire.p[at] = (char)(wire.p[at] ^ (1 << next_random(&seed) % 8));
    enum tls_state now = tls_session_feed(s, buf_str(&wire), &plain);
    if (plain.n > 0 || (now == TLS_BROKEN) != (strlen(tls_session_fault(s)) > 0) || now == TLS_CLOSED)
      fail_msg("round %d, byte %zu: state %d, %s", round, at, (int)now, tls_session_fault(s));
    if (open && now == TLS_OPEN) /* a length grew: it waits for the rest, which never comes */
      assert_in_range(at, 3, 4);
    no_error_is_left();
    tls_session_free(s);
    rig_client_free(&client);
    buf_free(&wire);
    buf_free(&plain);
  }
}

static void errors_do_not_wander_between_sessions(void **state)
{
  (void)state;
  struct rig_client client;
  struct buf plain = BUF_INIT(64);
  rig_client_init(&client, "one.example", 0);
  struct tls_session *good = tls_session_new(server), *bad = tls_session_new(server);
  assert_int_equal(rig_pump(&client, good, 0, NULL), TLS_OPEN);
  ERR_raise(ERR_LIB_SSL, SSL_R_HTTP_REQUEST); /* left behind by somebody else */
  assert_int_equal(tls_session_feed(good, str_make(NULL, 0), NULL), TLS_OPEN);
  assert_int_equal(tls_session_feed(bad, STR("\x16\x03\x01\x00\x04\x01\x00\x00\x00"), NULL), TLS_BROKEN);
  no_error_is_left();
  assert_non_null(strstr(tls_session_fault(bad), "length"));
  assert_int_equal(SSL_write(client.ssl, "request", 7), 7);
  assert_int_equal(rig_pump(&client, good, 0, &plain), TLS_OPEN);
  assert_int_equal(plain.n, 7);
  tls_session_free(good);
  tls_session_free(bad);
  rig_client_free(&client);
  buf_free(&plain);
}

static void asking_and_freeing_is_always_safe(void **state)
{
  (void)state;
  struct tls_session *s = tls_session_new(server);
  assert_int_equal(tls_session_site(s), -1);
  assert_int_equal(tls_session_sni(s).n, 0);
  assert_string_equal(tls_session_fault(s), "");
  assert_non_null(tls_session_version(s));
  assert_non_null(tls_session_cipher(s));
  assert_false(tls_session_resumed(s));
  tls_session_sent(s, 1000);
  assert_int_equal(tls_session_feed(s, str_make(NULL, 0), NULL), TLS_HANDSHAKE);
  tls_session_free(s);
  tls_session_free(NULL);
  tls_server_free(NULL);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(old_versions_are_refused_with_an_alert_G1),
      cmocka_unit_test(ciphers_without_forward_secrecy_are_refused_G1),
      cmocka_unit_test(a_plain_text_peer_gets_an_alert_and_no_answer_G1),
      cmocka_unit_test(the_alerts_of_clients_become_words),
      cmocka_unit_test(renegotiation_is_declined_G4),
      cmocka_unit_test(a_client_that_leaves_is_forgotten_whole),
      cmocka_unit_test(a_damaged_byte_never_gets_through),
      cmocka_unit_test(errors_do_not_wander_between_sessions),
      cmocka_unit_test(asking_and_freeing_is_always_safe),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
