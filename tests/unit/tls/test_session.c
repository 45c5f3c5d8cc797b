/* One session over memory, driven by a real client: handshakes, data, closing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/err.h>

#include "../../support/tls_world.h"
#include "base/err.h"
#include "tls/session.h"

enum { BIG = 3 << 20 };

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

static void shakes_hands_reads_answers_and_closes_G1_G3(void **state)
{
  (void)state;
  static const struct {
    int line, version;
    size_t piece; /* bytes at a time, 0 for all */
    const char *name;
  } rows[] = {
      {__LINE__, 0, 0, "TLSv1.3"},
      {__LINE__, TLS1_3_VERSION, 1, "TLSv1.3"},
      {__LINE__, TLS1_2_VERSION, 0, "TLSv1.2"},
      {__LINE__, TLS1_2_VERSION, 1, "TLSv1.2"},
      {__LINE__, TLS1_2_VERSION, 700, "TLSv1.2"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct rig_client client;
    struct buf plain = BUF_INIT(1026);
    char answer[64];
    rig_client_init(&client, "one.example", rows[i].version);
    struct tls_session *s = tls_session_new(server);
    assert_non_null(s);
    if (rig_pump(&client, s, rows[i].piece, &plain) != TLS_OPEN)
      fail_msg("row at line %d: %s", rows[i].line, tls_session_fault(s));
    assert_string_equal(tls_session_version(s), rows[i].name);
    assert_non_null(strstr(tls_session_cipher(s), rows[i].version == TLS1_2_VERSION ? "ECDHE-" : "TLS_"));
    assert_false(tls_session_resumed(s));
    assert_int_equal(plain.n, 0);

    assert_int_equal(SSL_write(client.ssl, "gemini://one.example/\r\n", 23), 23);
    assert_int_equal(rig_pump(&client, s, rows[i].piece, &plain), TLS_OPEN);
    assert_true(str_eq(buf_str(&plain), STR("gemini://one.example/\r\n")));

    assert_int_equal(tls_session_write(s, STR("20 text/gemini\r\n")), 0);
    assert_int_equal(tls_session_write(s, STR("# Hello\n")), 0);
    tls_session_close(s);
    tls_session_close(s);
    assert_int_equal(tls_session_write(s, STR("late")), ERR_TLS);
    assert_int_equal(rig_pump(&client, s, rows[i].piece, NULL), TLS_OPEN);
    assert_int_equal(SSL_read(client.ssl, answer, sizeof answer), 16);
    assert_int_equal(SSL_read(client.ssl, answer, sizeof answer), 8);
    assert_int_equal(SSL_read(client.ssl, answer, sizeof answer), 0);
    assert_int_equal(SSL_get_error(client.ssl, 0), SSL_ERROR_ZERO_RETURN);

    assert_true(SSL_shutdown(client.ssl) >= 0);
    assert_int_equal(rig_pump(&client, s, rows[i].piece, NULL), TLS_CLOSED);
    assert_int_equal(tls_session_feed(s, STR("whatever comes then"), NULL), TLS_CLOSED);
    assert_int_equal(tls_session_output(s).n, 0);
    no_error_is_left();
    tls_session_free(s);
    rig_client_free(&client);
    buf_free(&plain);
  }
}

static void a_request_and_close_notify_in_one_piece_can_still_be_answered(void **state)
{
  (void)state;
  struct rig_client client;
  struct buf plain = BUF_INIT(1026);
  char answer[64];
  rig_client_init(&client, NULL, 0);
  struct tls_session *s = tls_session_new(server);
  assert_int_equal(rig_pump(&client, s, 0, &plain), TLS_OPEN);
  assert_int_equal(SSL_write(client.ssl, "x\r\n", 3), 3);
  assert_int_equal(SSL_shutdown(client.ssl), 0);
  assert_int_equal(rig_pump(&client, s, 0, &plain), TLS_CLOSED);
  assert_true(str_eq(buf_str(&plain), STR("x\r\n")));
  assert_int_equal(tls_session_write(s, STR("answer")), 0);
  tls_session_close(s);
  rig_client_input(&client, tls_session_output(s));
  assert_int_equal(SSL_read(client.ssl, answer, sizeof answer), 6);
  assert_int_equal(SSL_read(client.ssl, answer, sizeof answer), 0);
  assert_int_equal(SSL_shutdown(client.ssl), 1);
  tls_session_free(s);
  rig_client_free(&client);
  buf_free(&plain);
}

/* The last flight, the ticket, the answer and close_notify leave in one write (design: for a small page, one). */
static void output_adds_up(void **state)
{
  (void)state;
  struct rig_client client;
  struct buf wire = BUF_INIT(1 << 16), plain = BUF_INIT(64);
  char answer[64];
  rig_client_init(&client, NULL, TLS1_3_VERSION);
  struct tls_session *s = tls_session_new(server);
  rig_client_output(&client, &wire);
  assert_int_equal(tls_session_feed(s, buf_str(&wire), &plain), TLS_HANDSHAKE);
  rig_client_input(&client, tls_session_output(s));
  tls_session_sent(s, tls_session_output(s).n);
  assert_int_equal(tls_session_output(s).n, 0);
  assert_int_equal(SSL_do_handshake(client.ssl), 1);
  assert_int_equal(SSL_write(client.ssl, "request", 7), 7);
  buf_clear(&wire);
  rig_client_output(&client, &wire); /* Finished and the request together */
  assert_int_equal(tls_session_feed(s, buf_str(&wire), &plain), TLS_OPEN);
  assert_true(str_eq(buf_str(&plain), STR("request")));
  size_t ticket = tls_session_output(s).n;
  assert_in_range(ticket, 50, 1000);
  assert_int_equal(tls_session_write(s, STR("the answer")), 0);
  tls_session_close(s);
  assert_true(tls_session_output(s).n > ticket + 10);
  rig_client_input(&client, tls_session_output(s));
  assert_int_equal(SSL_read(client.ssl, answer, sizeof answer), 10);
  assert_int_equal(SSL_read(client.ssl, answer, sizeof answer), 0);
  assert_int_equal(SSL_get_shutdown(client.ssl) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
  assert_non_null(client.ticket);
  tls_session_free(s);
  rig_client_free(&client);
  buf_free(&wire);
  buf_free(&plain);
}

static void large_answers_arrive_whole_however_they_are_drained(void **state)
{
  (void)state;
  struct rig_client client;
  char *page = malloc(BIG), *seen = malloc(BIG);
  assert_true(page && seen);
  for (size_t i = 0; i < BIG; i++)
    page[i] = (char)(i * 31 % 251);
  rig_client_init(&client, NULL, 0);
  struct tls_session *s = tls_session_new(server);
  assert_int_equal(rig_pump(&client, s, 0, NULL), TLS_OPEN);
  assert_int_equal(tls_session_write(s, str_make(page, BIG / 2)), 0);
  size_t n = 0, piece = 1;
  bool second = false;
  for (;;) {
    struct str out = str_head(tls_session_output(s), piece);
    if (out.n == 0)
      break;
    piece = piece * 3 % 70001 + 1;
    rig_client_input(&client, out);
    tls_session_sent(s, out.n);
    int got;
    while ((got = SSL_read(client.ssl, seen + n, (int)(BIG - n) + (n == BIG))) > 0)
      n += (size_t)got;
    if (n > BIG / 4 && !second) { /* with half-sent output before it */
      second = true;
      assert_int_equal(tls_session_write(s, str_make(page + BIG / 2, BIG - BIG / 2)), 0);
    }
  }
  assert_int_equal(n, BIG);
  assert_memory_equal(page, seen, BIG);
  no_error_is_left();
  tls_session_free(s);
  rig_client_free(&client);
  free(page);
  free(seen);
}

static void takes_no_more_plain_text_than_there_is_room_for_G10(void **state)
{
  (void)state;
  struct rig_client client;
  struct buf plain = BUF_INIT(10);
  char junk[5000];
  memset(junk, 'j', sizeof junk);
  rig_client_init(&client, NULL, 0);
  struct tls_session *s = tls_session_new(server);
  assert_int_equal(rig_pump(&client, s, 0, &plain), TLS_OPEN);
  assert_int_equal(SSL_write(client.ssl, "0123456789abcdef", 16), 16);
  assert_int_equal(SSL_write(client.ssl, junk, sizeof junk), sizeof junk);
  assert_int_equal(rig_pump(&client, s, 0, &plain), TLS_OPEN);
  assert_true(str_eq(buf_str(&plain), STR("0123456789")));
  assert_int_equal(buf_error(&plain), 0);
  assert_int_equal(SSL_write(client.ssl, junk, sizeof junk), sizeof junk);
  assert_int_equal(rig_pump(&client, s, 100, NULL), TLS_OPEN);
  assert_int_equal(tls_session_write(s, STR("still here")), 0);
  tls_session_free(s);
  rig_client_free(&client);
  buf_free(&plain);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(shakes_hands_reads_answers_and_closes_G1_G3),
      cmocka_unit_test(a_request_and_close_notify_in_one_piece_can_still_be_answered),
      cmocka_unit_test(output_adds_up),
      cmocka_unit_test(large_answers_arrive_whole_however_they_are_drained),
      cmocka_unit_test(takes_no_more_plain_text_than_there_is_room_for_G10),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
