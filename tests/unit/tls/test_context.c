/* Which certificate a client gets, and where its tickets are good. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../support/tls_world.h"
#include "tls/certificate.h"

static void sni_chooses_the_certificate_G2_G12(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *sni, *certificate;
    long site;
  } rows[] = {
      {__LINE__, "one.example", "one.example", 0},
      {__LINE__, "two.example", "two.example", 1},
      {__LINE__, "TWO.exAMPLE", "two.example", 1},
      {__LINE__, "two.example.", "two.example", 1},
      {__LINE__, NULL, "one.example", -1},
      {__LINE__, "three.example", "one.example", -1},
      {__LINE__, "two.example..", "one.example", -1},
      {__LINE__, "wo.example", "one.example", -1},
      {__LINE__, ".", "one.example", -1},
  };
  static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
  struct rig_world w;
  unsigned char seen[FINGERPRINT_BYTES], wanted[FINGERPRINT_BYTES];
  rig_world_of_two(&w);
  for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
    size_t row = i / 2;
    long site = rig_visit(&w, rows[row].sni, versions[i % 2], seen);
    rig_fingerprint(&w, rows[row].certificate, wanted);
    if (site != rows[row].site || memcmp(seen, wanted, sizeof seen) != 0)
      fail_msg("row at line %d, version %x: site %ld", rows[row].line, (unsigned)versions[i % 2], site);
  }
  rig_world_free(&w);
}

static void x25519_comes_first_and_hello_retry_works(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *groups;
    int negotiated;
  } rows[] = {
      {__LINE__, "X25519:P-256", NID_X25519},
      {__LINE__, "P-384", NID_secp384r1},
      /* The client's first share is of a group that we do not take: a HelloRetryRequest, and the site stays. */
      {__LINE__, "P-521:X25519", NID_X25519},
  };
  struct rig_world w;
  rig_world_of_two(&w);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct rig_client client;
    char groups[64];
    (void)snprintf(groups, sizeof groups, "%s", rows[i].groups);
    rig_client_init(&client, "two.example", TLS1_3_VERSION);
    assert_int_equal(SSL_set1_groups_list(client.ssl, groups), 1);
    struct tls_session *s = tls_session_new(w.server);
    if (rig_pump(&client, s, 0, NULL) != TLS_OPEN || SSL_get_negotiated_group(client.ssl) != rows[i].negotiated ||
        tls_session_site(s) != 1)
      fail_msg("row at line %d: %s", rows[i].line, tls_session_fault(s));
    tls_session_free(s);
    rig_client_free(&client);
  }
  rig_world_free(&w);
}

/* ---------------------------------------------------------------- tickets */

static bool resumes(struct rig_world *w, struct rig_client *client, const char *sni)
{
  rig_client_again(client, sni);
  struct tls_session *s = tls_session_new(w->server);
  if (rig_pump(client, s, 0, NULL) != TLS_OPEN)
    fail_msg("%s", tls_session_fault(s));
  bool resumed = tls_session_resumed(s);
  assert_int_equal(SSL_session_reused(client->ssl), resumed);
  tls_session_free(s);
  return resumed;
}

static void tickets_resume_within_their_site_only_G5(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *first, *second;
    bool resumed;
  } rows[] = {
      {__LINE__, "one.example", "one.example", true},
      {__LINE__, "two.example", "two.example", true},
      {__LINE__, "one.example", "two.example", false},
      {__LINE__, "two.example", "one.example", false},
      {__LINE__, "two.example", NULL, false},
      {__LINE__, NULL, "one.example", true}, /* both the default site */
      {__LINE__, NULL, "two.example", false},
      {__LINE__, "two.example", "three.example", false},
  };
  struct rig_world w;
  rig_world_of_two(&w);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct rig_client client;
    rig_client_init(&client, rows[i].first, TLS1_3_VERSION);
    assert_false(resumes(&w, &client, rows[i].first)); /* the first visit: there is no ticket yet */
    assert_non_null(client.ticket);
    if (resumes(&w, &client, rows[i].second) != rows[i].resumed)
      fail_msg("row at line %d", rows[i].line);
    rig_client_free(&client);
  }
  rig_world_free(&w);
}

static void one_ticket_without_early_data_G4(void **state)
{
  (void)state;
  struct rig_world w;
  struct rig_client client;
  rig_world_of_two(&w);
  rig_client_init(&client, NULL, TLS1_3_VERSION);
  assert_false(resumes(&w, &client, NULL));
  assert_int_equal(SSL_SESSION_get_max_early_data(client.ticket), 0);
  rig_client_free(&client);

  /* What the server says after the client's Finished is one record: one ticket. */
  struct buf wire = BUF_INIT(1 << 16);
  rig_client_init(&client, NULL, TLS1_3_VERSION);
  struct tls_session *s = tls_session_new(w.server);
  for (enum tls_state now = TLS_HANDSHAKE; now == TLS_HANDSHAKE;) {
    rig_client_input(&client, tls_session_output(s));
    tls_session_sent(s, tls_session_output(s).n);
    buf_clear(&wire);
    rig_client_output(&client, &wire);
    now = tls_session_feed(s, buf_str(&wire), NULL);
  }
  struct str out = tls_session_output(s);
  assert_true(out.n > 5);
  assert_int_equal(out.n, 5 + ((size_t)(unsigned char)out.p[3] << 8) + (unsigned char)out.p[4]);
  tls_session_free(s);
  rig_client_free(&client);
  buf_free(&wire);
  rig_world_free(&w);
}

/* A client that sends early data though its ticket allows none: it is thrown away, and the handshake goes on. */
static void early_data_is_refused_G4(void **state)
{
  (void)state;
  static const char words[] = "gemini://one.example/early\r\n";
  struct rig_world w;
  struct rig_client client;
  struct buf wire = BUF_INIT(1 << 16), plain = BUF_INIT(1024);
  size_t written = 0;
  rig_world_of_two(&w);
  rig_client_init(&client, "one.example", TLS1_3_VERSION);
  assert_false(resumes(&w, &client, "one.example"));
  assert_int_equal(SSL_SESSION_set_max_early_data(client.ticket, 1000), 1);
  rig_client_again(&client, "one.example");
  assert_int_equal(SSL_write_early_data(client.ssl, words, sizeof words - 1, &written), 1);
  assert_int_equal(written, sizeof words - 1);
  struct tls_session *s = tls_session_new(w.server);
  rig_client_output(&client, &wire);
  assert_int_equal(tls_session_feed(s, buf_str(&wire), &plain), TLS_HANDSHAKE);
  assert_int_equal(rig_pump(&client, s, 0, &plain), TLS_OPEN);
  assert_int_equal(SSL_get_early_data_status(client.ssl), SSL_EARLY_DATA_REJECTED);
  assert_true(tls_session_resumed(s));
  assert_int_equal(plain.n, 0);
  tls_session_free(s);
  rig_client_free(&client);
  buf_free(&wire);
  buf_free(&plain);
  rig_world_free(&w);
}

/* A TLS 1.2 ticket would put the keys of past sessions under one key of ours. */
static void tls12_has_no_tickets_G1(void **state)
{
  (void)state;
  struct rig_world w;
  struct rig_client client;
  rig_world_of_two(&w);
  rig_client_init(&client, "one.example", TLS1_2_VERSION);
  assert_false(resumes(&w, &client, "one.example"));
  assert_true(client.ticket == NULL || !SSL_SESSION_has_ticket(client.ticket));
  assert_false(resumes(&w, &client, "one.example"));
  rig_client_free(&client);
  rig_world_free(&w);
}

/* ---------------------------------------------------------------- lifetimes */

static void a_session_outlives_its_server(void **state)
{
  (void)state;
  struct rig_world w;
  struct rig_client client;
  rig_world_of_two(&w);
  rig_client_init(&client, "two.example", 0);
  struct tls_session *s = tls_session_new(w.server);
  tls_server_free(w.server);
  w.server = NULL;
  assert_int_equal(rig_pump(&client, s, 0, NULL), TLS_OPEN);
  assert_int_equal(tls_session_site(s), 1);
  tls_session_free(s);
  rig_client_free(&client);
  rig_world_free(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sni_chooses_the_certificate_G2_G12),
      cmocka_unit_test(x25519_comes_first_and_hello_retry_works),
      cmocka_unit_test(tickets_resume_within_their_site_only_G5),
      cmocka_unit_test(one_ticket_without_early_data_G4),
      cmocka_unit_test(early_data_is_refused_G4),
      cmocka_unit_test(tls12_has_no_tickets_G1),
      cmocka_unit_test(a_session_outlives_its_server),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
