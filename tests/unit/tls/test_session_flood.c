/* Clients that ask for new keys without end and never read the answers: what they get, and what they cost (G4). And
 * what certificates cost that are made to cost much (G5). */
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

enum {
  MANY_NAMES = 315, /* in each of a certificate's two names, so that it is nearly as long as is taken */
  LISTED_MORE = 5,  /* bytes of a list besides each certificate (RFC 8446 4.4.2) */
  CERTIFICATE = 8 << 10,
  CERTIFICATE_KEPT = 128 << 10,
  CERTIFICATE_PEAK = 208 << 10, /* with what the handshake takes, a connection stays below 256 KiB (proc/worker_make.c)
                                 */
};

static struct rig_world world;
static size_t held; /* what OpenSSL has in use at the moment, as malloc counts it */

static size_t peak; /* the most that it had */

static void *count_malloc(size_t n, const char *file, int line)
{
  (void)file;
  (void)line;
  void *p = malloc(n);
  held += p ? malloc_usable_size(p) : 0;
  peak = held > peak ? held : peak;
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
  peak = held > peak ? held : peak;
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

/* ---------------------------------------------------------------- certificates */

/* What a client's certificates come to: all that OpenSSL keeps of them, and the most on the way. */
static void weigh(X509 *leaf, EVP_PKEY *key, int copies, int version, size_t *kept, size_t *most)
{
  struct rig_client client;
  struct buf wire = BUF_INIT(1 << 16);
  STACK_OF(X509) *chain = sk_X509_new_null();
  enum tls_state now = TLS_HANDSHAKE;
  for (int i = 0; i < copies; i++)
    assert_true(sk_X509_push(chain, leaf) > 0);
  rig_client_init(&client, "one.example", version);
  SSL_set_mode(client.ssl, SSL_MODE_NO_AUTO_CHAIN);
  assert_int_equal(SSL_use_cert_and_key(client.ssl, leaf, key, chain, 1), 1);
  struct tls_session *s = tls_session_new(world.server);
  assert_non_null(s);
  *kept = *most = 0;
  for (int flight = 0; now == TLS_HANDSHAKE; flight++) {
    assert_true(flight < 3);
    buf_clear(&wire);
    rig_client_output(&client, &wire);
    size_t before = peak = held;
    now = tls_session_feed(s, buf_str(&wire), NULL);
    if (now == TLS_OPEN) {
      struct identity identity;
      assert_int_equal(tls_session_identity(s, &identity), 0);
      assert_true(identity.presented);
      assert_true(wire.n > CERTIFICATE * 9 / 10);
    }
    *most = *kept + peak - before > *most ? *kept + peak - before : *most;
    *kept += held - before;
    rig_client_input(&client, tls_session_output(s));
    tls_session_sent(s, tls_session_output(s).n);
  }
  assert_int_equal(now, TLS_OPEN);
  tls_session_free(s);
  rig_client_free(&client);
  sk_X509_free(chain);
  buf_free(&wire);
}

static void certificates_cost_what_a_connection_may_G5(void **state)
{
  (void)state;
  static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
  static const struct {
    int line, names;
    bool listed; /* as many copies beside it as are taken: how long a signature is is a matter of luck */
  } rows[] = {{__LINE__, MANY_NAMES, false}, {__LINE__, 1, true}};
  EVP_PKEY *key = EVP_EC_gen("P-256");
  assert_int_equal(tls_server_ask(world.server, 0), 0);
  for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
    X509 *leaf = X509_new();
    X509_NAME *name = X509_get_subject_name(leaf);
    size_t kept, most;
    for (int k = 0; k < rows[i / 2].names; k++)
      assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"a", 1, -1, 0), 1);
    assert_int_equal(X509_set_issuer_name(leaf, name), 1);
    assert_non_null(X509_time_adj_ex(X509_getm_notBefore(leaf), -1, 0, NULL));
    assert_non_null(X509_time_adj_ex(X509_getm_notAfter(leaf), 1, 0, NULL));
    assert_int_equal(X509_set_pubkey(leaf, key), 1);
    assert_true(X509_sign(leaf, key, EVP_sha256()) > 0);
    int copies = rows[i / 2].listed ? (CERTIFICATE - LISTED_MORE) / (i2d_X509(leaf, NULL) + LISTED_MORE) - 1 : 0;
    weigh(leaf, key, copies, versions[i % 2], &kept, &most);
    if (kept > CERTIFICATE_KEPT || most > CERTIFICATE_PEAK)
      fail_msg("row at line %d, version %x: %zu bytes kept, %zu on the way", rows[i / 2].line,
               (unsigned)versions[i % 2], kept, most);
    X509_free(leaf);
  }
  EVP_PKEY_free(key);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(key_updates_do_not_pile_up),
      cmocka_unit_test(a_flood_that_is_not_read_is_cut_off),
      cmocka_unit_test(a_flood_that_drips_is_cut_off_at_the_limit),
      cmocka_unit_test(a_flood_that_is_read_is_cut_off_too),
      cmocka_unit_test(key_updates_without_a_wish_cost_no_memory),
      cmocka_unit_test(certificates_cost_what_a_connection_may_G5),
  };
  /* Before OpenSSL has taken any memory. */
  if (CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free) != 1)
    return 1;
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
