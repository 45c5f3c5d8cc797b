/* Clients that ask for new keys without end and never read the answers: what they get, and what they cost (G4). */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/crypto.h>

#include "../../support/tls_world.h"
#include "tls/session.h"

enum {
  FLOOD = 8000,        /* key updates; one request needs none */
  RECEIVED = 32 << 10, /* what a connection hands over at once */
  CHATTER = 1200,      /* what may wait before the session breaks: its limit, and the last record */
  HELD = 36 << 10,     /* OpenSSL: a buffer for the record that has begun, and less than five bytes a key update */
};

static struct rig_world world;
static size_t held; /* what OpenSSL has in use at the moment, as malloc counts it */

static void *count_malloc(size_t n, const char *file, int line)
{
  (void)file;
  (void)line;
  void *p = malloc(n);
  held += p ? malloc_usable_size(p) : 0;
  return p;
}

static void count_free(void *p, const char *file, int line)
{
  (void)file;
  (void)line;
  held -= p ? malloc_usable_size(p) : 0;
  free(p);
}

static void *count_realloc(void *p, size_t n, const char *file, int line)
{
  size_t before = p ? malloc_usable_size(p) : 0;
  if (p && n == 0) { /* as OpenSSL means it */
    count_free(p, file, line);
    return NULL;
  }
  void *grown = realloc(p, n);
  if (grown)
    held += malloc_usable_size(grown) - before;
  return grown;
}

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
  return 0;
}

static struct tls_session *open_session(struct rig_client *client)
{
  rig_client_init(client, "one.example", TLS1_3_VERSION);
  struct tls_session *s = tls_session_new(world.server);
  assert_non_null(s);
  assert_int_equal(rig_pump(client, s, 0, NULL), TLS_OPEN);
  assert_int_equal(tls_session_output(s).n, 0);
  return s;
}

/* All the key updates as they travel, each under the keys of the one before. */
static void make_flood(struct rig_client *client, int kind, struct buf *out)
{
  for (int i = 0; i < FLOOD; i++) {
    assert_int_equal(SSL_key_update(client->ssl, kind), 1);
    assert_int_equal(SSL_do_handshake(client->ssl), 1);
  }
  rig_client_output(client, out);
  assert_true(out->n > (size_t)20 * FLOOD);
}

/* TLS 1.3 lets a peer ask for new keys as often as it likes: a few times is fine, but answers must not pile up. */
static void key_updates_do_not_pile_up(void **state)
{
  (void)state;
  struct rig_client client;
  struct buf wire = BUF_INIT(1 << 16), plain = BUF_INIT(64);
  enum tls_state now = TLS_OPEN;
  struct tls_session *s = open_session(&client);
  int asked = 0;
  for (; asked < 1000 && now == TLS_OPEN; asked++) {
    assert_int_equal(SSL_key_update(client.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
    assert_int_equal(SSL_do_handshake(client.ssl), 1);
    if (asked == 3)
      assert_int_equal(SSL_write(client.ssl, "request", 7), 7);
    buf_clear(&wire);
    rig_client_output(&client, &wire);
    now = tls_session_feed(s, buf_str(&wire), &plain);
  }
  assert_int_equal(now, TLS_BROKEN);
  assert_in_range(asked, 10, 100);
  assert_in_range(tls_session_output(s).n, 100, CHATTER);
  assert_non_null(strstr(tls_session_fault(s), "too much"));
  assert_true(str_eq(buf_str(&plain), STR("request")));
  tls_session_free(s);
  rig_client_free(&client);
  buf_free(&wire);
  buf_free(&plain);
}

/* In pieces as large as a connection receives them, with nothing ever sent: the session answers one piece at most, then
 * breaks and takes no more. */
static void a_flood_that_is_not_read_is_cut_off(void **state)
{
  (void)state;
  struct rig_client client;
  struct buf wire = BUF_INIT(1 << 20);
  struct tls_session *s = open_session(&client);
  make_flood(&client, SSL_KEY_UPDATE_REQUESTED, &wire);
  size_t before = held, fed = 0, most = 0;
  for (struct str rest = buf_str(&wire); rest.n; rest = str_skip(rest, RECEIVED)) {
    enum tls_state now = tls_session_feed(s, str_head(rest, RECEIVED), NULL);
    fed++;
    most = tls_session_output(s).n > most ? tls_session_output(s).n : most;
    assert_int_equal(now, TLS_BROKEN);
    assert_true(held <= before + HELD);
  }
  assert_true(fed > 4);
  assert_in_range(most, 1000, RECEIVED + CHATTER);
  assert_non_null(strstr(tls_session_fault(s), "too much"));
  tls_session_free(s);
  rig_client_free(&client);
  buf_free(&wire);
}

/* A byte at a time it breaks as soon as the limit is passed. */
static void a_flood_that_drips_is_cut_off_at_the_limit(void **state)
{
  (void)state;
  struct rig_client client;
  struct buf wire = BUF_INIT(1 << 20);
  struct tls_session *s = open_session(&client);
  make_flood(&client, SSL_KEY_UPDATE_REQUESTED, &wire);
  size_t before = held, n = 0;
  while (n < wire.n && tls_session_feed(s, str_make(wire.p + n, 1), NULL) == TLS_OPEN) {
    n++;
    assert_true(held <= before + HELD);
  }
  assert_in_range(n, 500, 3000);
  assert_in_range(tls_session_output(s).n, 1000, CHATTER);
  tls_session_free(s);
  rig_client_free(&client);
  buf_free(&wire);
}

/* That a client reads what it asked for changes nothing: one request needs no new keys. */
static void a_flood_that_is_read_is_cut_off_too(void **state)
{
  (void)state;
  struct rig_client client;
  struct buf wire = BUF_INIT(1 << 20);
  struct tls_session *s = open_session(&client);
  make_flood(&client, SSL_KEY_UPDATE_REQUESTED, &wire);
  size_t n = 0;
  while (n < wire.n && tls_session_feed(s, str_make(wire.p + n, 1), NULL) == TLS_OPEN) {
    n++;
    tls_session_sent(s, tls_session_output(s).n);
  }
  assert_in_range(n, 500, 3000);
  tls_session_free(s);
  rig_client_free(&client);
  buf_free(&wire);
}

/* Key updates that ask for no answer get none and leave nothing behind; a deadline ends them (B1). */
static void key_updates_without_a_wish_cost_no_memory(void **state)
{
  (void)state;
  struct rig_client client;
  struct buf wire = BUF_INIT(1 << 20), plain = BUF_INIT(64);
  struct tls_session *s = open_session(&client);
  make_flood(&client, SSL_KEY_UPDATE_NOT_REQUESTED, &wire);
  size_t before = held;
  for (struct str rest = buf_str(&wire); rest.n; rest = str_skip(rest, RECEIVED)) {
    assert_int_equal(tls_session_feed(s, str_head(rest, RECEIVED), NULL), TLS_OPEN);
    assert_int_equal(tls_session_output(s).n, 0);
    assert_true(held <= before + HELD);
  }
  assert_int_equal(SSL_write(client.ssl, "request", 7), 7);
  assert_int_equal(rig_pump(&client, s, 0, &plain), TLS_OPEN);
  assert_true(str_eq(buf_str(&plain), STR("request")));
  assert_true(held <= before + HELD);
  tls_session_free(s);
  rig_client_free(&client);
  buf_free(&wire);
  buf_free(&plain);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(key_updates_do_not_pile_up),
      cmocka_unit_test(a_flood_that_is_not_read_is_cut_off),
      cmocka_unit_test(a_flood_that_drips_is_cut_off_at_the_limit),
      cmocka_unit_test(a_flood_that_is_read_is_cut_off_too),
      cmocka_unit_test(key_updates_without_a_wish_cost_no_memory),
  };
  /* Before OpenSSL has taken any memory. */
  if (CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free) != 1)
    return 1;
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
