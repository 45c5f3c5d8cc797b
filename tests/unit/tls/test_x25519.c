/* X25519 by the method of old: used while it is loaded, with the right secrets, and not where it differs. */
#define OPENSSL_SUPPRESS_DEPRECATED /* a wrong method is made by the same deprecated functions as the right one */

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "../../support/tls_world.h"
#include "base/err.h"
#include "tls/x25519.h"

enum { BYTES = 32 };

static bool is_3_0(void)
{
  return OPENSSL_version_major() == 3 && OPENSSL_version_minor() == 0;
}

#define ONLY_WITH_3_0()                                                                                                \
  if (!is_3_0())                                                                                                       \
  skip()

/* Whether a new key is made by a provider. */
static bool provided(void)
{
  EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
  assert_non_null(key);
  bool is = EVP_PKEY_get0_provider(key) != NULL;
  EVP_PKEY_free(key);
  return is;
}

static void load(void)
{
  struct buf why = BUF_INIT(4096);
  assert_int_equal(x25519_load(&why), 0);
  assert_int_equal(why.n, 0);
  assert_int_equal(ERR_peek_error(), 0);
  buf_free(&why);
}

static int unload(void **state)
{
  (void)state;
  x25519_unload();
  ERR_clear_error();
  return 0;
}

static void it_is_used_while_it_is_loaded(void **state)
{
  (void)state;
  ONLY_WITH_3_0();
  assert_true(provided());
  for (int i = 0; i < 2; i++) {
    load();
    load(); /* once more is once */
    assert_false(provided());
    x25519_unload();
    assert_true(provided());
  }
}

static void other_releases_keep_their_own(void **state)
{
  (void)state;
  if (is_3_0())
    skip();
  struct buf why = BUF_INIT(4096);
  assert_int_equal(x25519_load(&why), ERR_ABSENT);
  assert_true(why.n > 0);
  assert_true(provided());
  buf_free(&why);
}

/* False where OpenSSL refuses. */
static bool agree(const unsigned char own[BYTES], const unsigned char share[BYTES], unsigned char secret[BYTES])
{
  size_t n = BYTES;
  EVP_PKEY *key = EVP_PKEY_new_raw_private_key_ex(NULL, "X25519", NULL, own, BYTES);
  EVP_PKEY *peer = EVP_PKEY_new();
  assert_non_null(key);
  assert_int_equal(EVP_PKEY_copy_parameters(peer, key), 1);
  assert_int_equal(EVP_PKEY_set1_encoded_public_key(peer, share, BYTES), 1);
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
  assert_int_equal(EVP_PKEY_derive_init(context), 1);
  bool good = EVP_PKEY_derive_set_peer(context, peer) == 1 && EVP_PKEY_derive(context, secret, &n) == 1;
  EVP_PKEY_CTX_free(context);
  EVP_PKEY_free(peer);
  EVP_PKEY_free(key);
  return good;
}

/* RFC 7748, section 6.1 */
static const unsigned char bobs_share[BYTES] = {0xde, 0x9e, 0xdb, 0x7d, 0x7b, 0x7d, 0xc1, 0xb4, 0xd3, 0x5b, 0x61,
                                                0xc2, 0xec, 0xe4, 0x35, 0x37, 0x3f, 0x83, 0x43, 0xc8, 0x5b, 0x78,
                                                0x67, 0x4d, 0xad, 0xfc, 0x7e, 0x14, 0x6f, 0x88, 0x2b, 0x4f};

static void secrets_are_those_of_the_specification(void **state)
{
  (void)state;
  ONLY_WITH_3_0();
  static const unsigned char alice[BYTES] = {0x77, 0x07, 0x6d, 0x0a, 0x73, 0x18, 0xa5, 0x7d, 0x3c, 0x16, 0xc1,
                                             0x72, 0x51, 0xb2, 0x66, 0x45, 0xdf, 0x4c, 0x2f, 0x87, 0xeb, 0xc0,
                                             0x99, 0x2a, 0xb1, 0x77, 0xfb, 0xa5, 0x1d, 0xb9, 0x2c, 0x2a};
  static const unsigned char shared[BYTES] = {0x4a, 0x5d, 0x9d, 0x5b, 0xa4, 0xce, 0x2d, 0xe1, 0x72, 0x8e, 0x3b,
                                              0xf4, 0x80, 0x35, 0x0f, 0x25, 0xe0, 0x7e, 0x21, 0xc9, 0x47, 0xd1,
                                              0x9e, 0x33, 0x76, 0xf0, 0x9b, 0x3c, 0x1e, 0x16, 0x17, 0x42};
  unsigned char secret[BYTES];
  load();
  assert_true(agree(alice, bobs_share, secret));
  assert_memory_equal(secret, shared, BYTES);
}

/* RFC 8446, section 7.4.2: a secret of zeros ends the handshake. */
static void weak_shares_are_refused(void **state)
{
  (void)state;
  ONLY_WITH_3_0();
  static const struct {
    int line;
    unsigned char share[BYTES];
  } rows[] = {
      {__LINE__, {0}},
      {__LINE__, {1}},
      {__LINE__, {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
                  0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00}},
      {__LINE__, {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}},
  };
  unsigned char own[BYTES] = {8}, secret[BYTES];
  load();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (agree(own, rows[i].share, secret))
      fail_msg("row at line %d", rows[i].line);
}

static void handshakes_succeed_with_every_group(void **state)
{
  (void)state;
  ONLY_WITH_3_0();
  static const struct {
    int line, version;
    const char *groups;
  } rows[] = {
      {__LINE__, TLS1_3_VERSION, "X25519"},       {__LINE__, TLS1_3_VERSION, "P-256"},
      {__LINE__, TLS1_3_VERSION, "P-384:X25519"}, {__LINE__, TLS1_3_VERSION, "P-521:X25519"}, /* another hello */
      {__LINE__, TLS1_2_VERSION, "X25519:P-256"}, {__LINE__, TLS1_2_VERSION, "P-256"},
  };
  struct rig_world w;
  load();
  rig_world_of_two(&w);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct rig_client client;
    char groups[32] = "";
    memcpy(groups, rows[i].groups, strlen(rows[i].groups));
    rig_client_init(&client, "one.example", rows[i].version);
    for (unsigned visit = 0; visit < 2; visit++) {
      struct tls_session *s = tls_session_new(w.server);
      assert_int_equal(SSL_set1_groups_list(client.ssl, groups), 1);
      if (rig_pump(&client, s, 0, NULL) != TLS_OPEN)
        fail_msg("row at line %d, visit %u: %s", rows[i].line, visit, tls_session_fault(s));
      tls_session_free(s);
      rig_client_again(&client, "one.example");
    }
    rig_client_free(&client);
  }
  rig_world_free(&w);
}

/* ---------------------------------------------------------------- the check at the start */

/* What our code finds as OpenSSL's own method, where it is set: one that is wrong now and then. It must not be added as
 * a method of the process, since it would answer on both sides of the check then. */
static const EVP_PKEY_METHOD *found;

const EVP_PKEY_METHOD *EVP_PKEY_meth_find(int type)
{
  const EVP_PKEY_METHOD *(*real)(int type);
  *(void **)&real = dlsym(RTLD_NEXT, "EVP_PKEY_meth_find");
  return found ? found : real(type);
}

/* OpenSSL's own. */
static int (*derive_right)(EVP_PKEY_CTX *context, unsigned char *secret, size_t *n);
static unsigned good_calls;

static int derive_wrong_later(EVP_PKEY_CTX *context, unsigned char *secret, size_t *n)
{
  int done = derive_right(context, secret, n);
  if (done == 1 && good_calls-- == 0)
    secret[BYTES - 1] ^= 1;
  return done;
}

static int derive_wrong_for_bob(EVP_PKEY_CTX *context, unsigned char *secret, size_t *n)
{
  unsigned char share[BYTES];
  size_t length = sizeof share;
  int done = derive_right(context, secret, n);
  if (done == 1 && EVP_PKEY_get_raw_public_key(EVP_PKEY_CTX_get0_peerkey(context), share, &length) == 1 &&
      memcmp(share, bobs_share, BYTES) == 0)
    secret[0] ^= 1;
  return done;
}

static int derive_weak(EVP_PKEY_CTX *context, unsigned char *secret, size_t *n)
{
  if (derive_right(context, secret, n) == 1)
    return 1;
  memset(secret, 0, BYTES);
  *n = BYTES;
  return 1;
}

static void assert_not_used(int line, int (*derive)(EVP_PKEY_CTX *context, unsigned char *secret, size_t *n))
{
  struct buf why = BUF_INIT(4096);
  const EVP_PKEY_METHOD *right = EVP_PKEY_meth_find(EVP_PKEY_X25519);
  EVP_PKEY_METHOD *wrong = EVP_PKEY_meth_new(EVP_PKEY_X25519, 0);
  EVP_PKEY_meth_copy(wrong, right);
  EVP_PKEY_meth_get_derive(right, NULL, &derive_right);
  EVP_PKEY_meth_set_derive(wrong, NULL, derive);
  found = wrong;
  int err = x25519_load(&why);
  found = NULL;
  if (err != ERR_WRONG)
    fail_msg("row at line %d: %d", line, err);
  assert_true(why.n > 0);
  assert_int_equal(ERR_peek_error(), 0);
  EVP_PKEY_meth_free(wrong);
  assert_true(provided()); /* nothing of it stayed */
  buf_free(&why);
}

static void a_method_that_differs_is_not_used(void **state)
{
  (void)state;
  ONLY_WITH_3_0();
  static const struct {
    int line;
    int (*derive)(EVP_PKEY_CTX *context, unsigned char *secret, size_t *n);
    unsigned good_calls;
  } rows[] = {
      {__LINE__, derive_wrong_later, 0},   {__LINE__, derive_wrong_later, 1}, {__LINE__, derive_wrong_later, 4},
      {__LINE__, derive_wrong_for_bob, 0}, {__LINE__, derive_weak, 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    good_calls = rows[i].good_calls;
    assert_not_used(rows[i].line, rows[i].derive);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(it_is_used_while_it_is_loaded, unload),
      cmocka_unit_test(other_releases_keep_their_own),
      cmocka_unit_test_teardown(secrets_are_those_of_the_specification, unload),
      cmocka_unit_test_teardown(weak_shares_are_refused, unload),
      cmocka_unit_test_teardown(handshakes_succeed_with_every_group, unload),
      cmocka_unit_test(a_method_that_differs_is_not_used),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
