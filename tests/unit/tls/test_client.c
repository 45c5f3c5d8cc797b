/* The client's side of TLS, against our own server's over memory. */
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
#include "tls/client.h"

enum { BIG = 1 << 20 };

static struct rig_world world;

static int set_up(void **state)
{
  (void)state;
  rig_world_of_two(&world);
  return 0;
}

static int tear_down(void **state)
{
  (void)state;
  rig_world_free(&world);
  return ERR_peek_error() == 0 ? 0 : -1;
}

/* Both ends of one connection, and what each of them has received. */
struct line {
  struct tls_call *call;
  struct tls_session *session;
  struct buf asked, answered;
  enum tls_state call_state, session_state;
};

static void line_open(struct line *line, struct tls_client *client, const char *sni, struct tls_ticket *ticket)
{
  *line = (struct line){.asked = BUF_INIT(BIG), .answered = BUF_INIT(2 * BIG)};
  line->call = tls_call_new(client, sni, ticket);
  line->session = tls_session_new(world.server);
  assert_true(line->call && line->session);
}

static void line_close(struct line *line)
{
  tls_call_free(line->call);
  tls_session_free(line->session);
  buf_free(&line->asked);
  buf_free(&line->answered);
}

static void take(void *context, struct str plain)
{
  buf_put_str(context, plain);
}

/* Carries bytes to and fro, at most `piece` at a time (0: all), until nobody has more to say. */
static void pump(struct line *line, size_t piece)
{
  for (;;) {
    struct str there = tls_call_output(line->call), back = tls_session_output(line->session);
    if (there.n + back.n == 0)
      return;
    there = piece ? str_head(there, piece) : there;
    back = piece ? str_head(back, piece) : back;
    /* A feed adds to the output that the span points into: sent, after it was fed from a copy. */
    struct buf copy = BUF_INIT(2 * BIG);
    buf_put_str(&copy, there);
    tls_call_sent(line->call, there.n);
    line->session_state = tls_session_feed(line->session, buf_str(&copy), &line->asked);
    buf_clear(&copy);
    back = tls_session_output(line->session);
    back = piece ? str_head(back, piece) : back;
    buf_put_str(&copy, back);
    tls_session_sent(line->session, back.n);
    line->call_state = tls_call_feed(line->call, buf_str(&copy), take, &line->answered);
    buf_free(&copy);
  }
}

static void asks_and_hears_the_end_G3(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *sni;
    size_t piece;
    long site;
  } rows[] = {
      {__LINE__, "one.example", 0, 0},
      {__LINE__, "two.example", 1, 1},
      {__LINE__, NULL, 700, -1},
  };
  struct tls_client *client;
  char *big = calloc(1, BIG);
  assert_non_null(big);
  assert_int_equal(tls_client_new(false, &client), 0);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct line line;
    size_t size = rows[i].piece == 1 ? 20000 : BIG;
    line_open(&line, client, rows[i].sni, NULL);
    assert_int_equal(tls_call_write(line.call, STR("early")), ERR_TLS);
    tls_call_close(line.call);
    pump(&line, rows[i].piece);
    if (line.call_state != TLS_OPEN)
      fail_msg("row at line %d: %s", rows[i].line, tls_call_fault(line.call));
    assert_int_equal(tls_session_site(line.session), rows[i].site);
    assert_string_equal(tls_session_version(line.session), "TLSv1.3");
    assert_false(tls_call_resumed(line.call));
    assert_int_equal(tls_call_write(line.call, STR("request\r\n")), 0);
    pump(&line, rows[i].piece);
    assert_true(str_eq(buf_str(&line.asked), STR("request\r\n")));

    assert_int_equal(tls_session_write(line.session, str_make(big, size)), 0);
    pump(&line, rows[i].piece);
    assert_int_equal(line.call_state, TLS_OPEN);
    assert_int_equal(line.answered.n, size);
    tls_session_close(line.session);
    pump(&line, rows[i].piece);
    assert_int_equal(line.call_state, TLS_CLOSED);
    tls_call_close(line.call);
    tls_call_close(line.call);
    assert_int_equal(tls_call_write(line.call, STR("late")), ERR_TLS);
    pump(&line, rows[i].piece);
    assert_int_equal(line.session_state, TLS_CLOSED);
    assert_null(tls_call_ticket(line.call)); /* none were wanted */
    assert_int_equal(ERR_peek_error(), 0);
    line_close(&line);
  }
  tls_client_free(client);
  free(big);
}

/* One connection with or without a ticket; the ticket that it brought, if any. */
static struct tls_ticket *visit(struct tls_client *client, struct tls_ticket *ticket, bool goodbye, bool *resumed)
{
  struct line line;
  line_open(&line, client, "one.example", ticket);
  pump(&line, 0);
  assert_int_equal(line.call_state, TLS_OPEN);
  *resumed = tls_call_resumed(line.call);
  assert_true(*resumed == tls_session_resumed(line.session));
  if (goodbye) {
    tls_session_close(line.session);
    pump(&line, 0);
  }
  ticket = tls_call_ticket(line.call);
  assert_null(tls_call_ticket(line.call)); /* our server gives one */
  line_close(&line);
  return ticket;
}

static void a_ticket_shortens_the_next_handshake_G5(void **state)
{
  (void)state;
  struct tls_client *client;
  struct tls_ticket *ticket = NULL;
  bool resumed;
  assert_int_equal(tls_client_new(true, &client), 0);
  for (int i = 0; i < 4; i++) {
    /* Also where the connection just ended: the ticket is none the worse. */
    ticket = visit(client, ticket, i != 1, &resumed);
    assert_non_null(ticket);
    assert_true(resumed == (i > 0));
  }
  tls_ticket_free(ticket);
  assert_null(tls_call_new(client,
                           "a-name-of-many-letters."
                           "a-name-of-many-letters.a-name-of-many-letters.a-name-of-many-letters."
                           "a-name-of-many-letters.a-name-of-many-letters.a-name-of-many-letters."
                           "a-name-of-many-letters.a-name-of-many-letters.a-name-of-many-letters."
                           "a-name-of-many-letters.a-name-of-many-letters.a-name-of-many-letters.",
                           visit(client, NULL, true, &resumed)));
  tls_client_free(client);
}

static void versions_that_are_offered_G1(void **state)
{
  (void)state;
  static const struct {
    int line;
    enum tls_offer offer;
    const char *version; /* NULL: refused */
  } rows[] = {
      {__LINE__, TLS_OFFER_USUAL, "TLSv1.3"},
      {__LINE__, TLS_OFFER_13, "TLSv1.3"},
      {__LINE__, TLS_OFFER_12, "TLSv1.2"},
      {__LINE__, TLS_OFFER_OLD, NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct tls_client *client;
    struct line line;
    assert_int_equal(tls_client_new_offering(rows[i].offer, false, &client), 0);
    line_open(&line, client, "one.example", NULL);
    pump(&line, 0);
    if (line.call_state != (rows[i].version ? TLS_OPEN : TLS_BROKEN))
      fail_msg("row at line %d: state %d: %s", rows[i].line, (int)line.call_state, tls_call_fault(line.call));
    if (rows[i].version)
      assert_string_equal(tls_call_version(line.call), rows[i].version);
    else
      assert_string_equal(tls_call_fault(line.call), "the server broke it off (alert 70, protocol version)");
    line_close(&line);
    tls_client_free(client);
  }
}

static void what_the_server_showed_G5_G6(void **state)
{
  (void)state;
  struct tls_client *client;
  struct line line;
  struct certificate_info info;
  unsigned char wanted[FINGERPRINT_BYTES];
  assert_int_equal(tls_client_new(true, &client), 0);
  line_open(&line, client, "two.example", NULL);
  assert_int_equal(tls_call_certificate(line.call, &info), ERR_NOT_FOUND);
  certificate_info_free(&info);
  assert_false(tls_call_names(line.call, "two.example", false));
  pump(&line, 0);
  assert_int_equal(tls_call_certificate(line.call, &info), 0);
  rig_fingerprint(&world, "two.example", wanted);
  assert_memory_equal(info.fingerprint, wanted, sizeof wanted);
  assert_true(str_eq(buf_str(&info.names), STR("two.example, 127.0.0.1, ::1")));
  assert_true(info.self_signed);
  assert_false(info.key_matches);
  certificate_info_free(&info);
  assert_true(tls_call_names(line.call, "two.example", false));
  assert_false(tls_call_names(line.call, "one.example", false));
  assert_true(tls_call_names(line.call, "127.0.0.1", true));
  assert_true(tls_call_names(line.call, "::1", true));
  assert_false(tls_call_names(line.call, "192.0.2.1", true));
  assert_false(tls_call_wants_certificate(line.call));
  struct tls_ticket *ticket = tls_call_ticket(line.call);
  assert_non_null(ticket);
  assert_false(tls_ticket_early_data(ticket)); /* G4 */
  tls_ticket_free(ticket);
  line_close(&line);
  tls_client_free(client);
  assert_int_equal(ERR_peek_error(), 0);
}

/* RFC 8446, section 4.1.2: what the ClientHello offers is what browsers with OpenSSL's own lists do. It begins with
 * TLS_AES_256_GCM_SHA384, and shows one key, 32 bytes of X25519 (0x001D). */
static void offers_what_browsers_do(void **state)
{
  (void)state;
  enum { SESSION_ID_AT = 5 + 4 + 2 + 32, SUITES_AT = SESSION_ID_AT + 1 + 32 };
  static const unsigned char suite[] = {0x13, 0x02}, share[] = {0x00, 0x33, 0x00, 38, 0x00, 36, 0x00, 0x1D, 0x00, 32};
  struct tls_client *client;
  assert_int_equal(tls_client_new(false, &client), 0);
  struct tls_call *call = tls_call_new(client, "one.example", NULL);
  assert_non_null(call);
  struct str hello = tls_call_output(call);
  assert_in_range(hello.n, SUITES_AT + 4, 1000);
  assert_int_equal(hello.p[SESSION_ID_AT], 32);
  assert_memory_equal(hello.p + SUITES_AT + 2, suite, sizeof suite);
  assert_non_null(memmem(hello.p, hello.n, share, sizeof share));
  tls_call_free(call);
  tls_client_free(client);
}

static void a_call_keeps_its_client(void **state)
{
  (void)state;
  struct tls_client *client;
  struct line line;
  assert_int_equal(tls_client_new(true, &client), 0);
  line_open(&line, client, NULL, NULL);
  tls_client_free(client);
  pump(&line, 0);
  assert_int_equal(line.call_state, TLS_OPEN);
  line_close(&line);
}

static void what_breaks_a_call(void **state)
{
  (void)state;
  static const struct {
    int line;
    struct str bytes;
    const char *fault;
  } rows[] = {
      {__LINE__, STR_INIT("20 text/gemini\r\n# Hello\n"), "the server does not speak TLS"},
      {__LINE__, STR_INIT("HTTP/1.0 400 Bad Request\r\n\r\n"), "the server does not speak TLS"},
      {__LINE__, STR_INIT("\x15\x03\x03\x00\x02\x02\x28"), "the server broke it off (alert 40, handshake failure)"},
      {__LINE__, STR_INIT("\x15\x03\x03\x00\x02\x02\x46"), "the server broke it off (alert 70, protocol version)"},
      {__LINE__, STR_INIT("\x15\x03\x03\x00\x02\x01\x00"), "the server closed in the middle of the handshake"},
  };
  struct tls_client *client;
  assert_int_equal(tls_client_new(false, &client), 0);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct tls_call *call = tls_call_new(client, NULL, NULL);
    assert_non_null(call);
    tls_call_sent(call, tls_call_output(call).n);
    enum tls_state got = tls_call_feed(call, rows[i].bytes, take, NULL);
    if (got != TLS_BROKEN || strcmp(tls_call_fault(call), rows[i].fault) != 0)
      fail_msg("row at line %d: state %d, %s", rows[i].line, (int)got, tls_call_fault(call));
    assert_int_equal(tls_call_feed(call, STR("more"), take, NULL), TLS_BROKEN);
    assert_int_equal(tls_call_write(call, STR("x")), ERR_TLS);
    tls_call_close(call);
    assert_int_equal(ERR_peek_error(), 0);
    tls_call_free(call);
  }
  tls_client_free(client);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(asks_and_hears_the_end_G3),    cmocka_unit_test(a_ticket_shortens_the_next_handshake_G5),
      cmocka_unit_test(offers_what_browsers_do),      cmocka_unit_test(a_call_keeps_its_client),
      cmocka_unit_test(what_breaks_a_call),           cmocka_unit_test(versions_that_are_offered_G1),
      cmocka_unit_test(what_the_server_showed_G5_G6),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
