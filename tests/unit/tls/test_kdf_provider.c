/* The provider through OpenSSL's own doors: chosen where it is asked for and nowhere else, right in handshakes, and not
 * used where an answer differs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/provider.h>

#include "../../support/tls_world.h"
#include "base/err.h"
#include "tls/kdf_provider.h"

#define OURS "provider=nuncio"
#define THEIRS "provider=default"

static bool is_3_0(void)
{
  return OPENSSL_version_major() == 3 && OPENSSL_version_minor() == 0;
}

static void it_loads_with_the_release_it_was_made_for(void **state)
{
  (void)state;
  struct buf why = BUF_INIT(4096);
  assert_null(kdf_provider_query());
  int err = kdf_provider_load(&why);
  if (is_3_0()) {
    assert_int_equal(err, 0);
    assert_string_equal(kdf_provider_query(), "?" OURS);
    assert_int_equal(kdf_provider_load(&why), 0); /* once more is once */
    assert_int_equal(why.n, 0);
  } else {
    assert_int_equal(err, ERR_ABSENT);
    assert_null(kdf_provider_query());
    assert_true(why.n > 0);
  }
  assert_int_equal(ERR_peek_error(), 0);
  buf_free(&why);
}

/* The tests below need it; on other releases there is nothing to test. */
static int load(void **state)
{
  (void)state;
  struct buf why = BUF_INIT(4096);
  int err = is_3_0() ? kdf_provider_load(&why) : 0;
  buf_free(&why);
  return err;
}

#define ONLY_WITH_3_0()                                                                                                \
  if (!is_3_0())                                                                                                       \
  skip()

static void everybody_else_keeps_openssls_own(void **state)
{
  (void)state;
  ONLY_WITH_3_0();
  static const struct {
    int line;
    const char *query, *provider;
  } rows[] = {
      {__LINE__, NULL, "default"},         {__LINE__, "", "default"},  {__LINE__, THEIRS, "default"},
      {__LINE__, "?" OURS, "nuncio"},      {__LINE__, OURS, "nuncio"}, {__LINE__, "provider!=nuncio", "default"},
      {__LINE__, "fips=yes,?" OURS, NULL}, /* an owner who wants certified code only gets none of ours */
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", rows[i].query);
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS13-KDF", rows[i].query);
    const char *got = mac ? OSSL_PROVIDER_get0_name(EVP_MAC_get0_provider(mac)) : NULL;
    const char *too = kdf ? OSSL_PROVIDER_get0_name(EVP_KDF_get0_provider(kdf)) : NULL;
    const char *wanted = rows[i].provider ? rows[i].provider : "none";
    if (strcmp(got ? got : "none", wanted) != 0 || strcmp(too ? too : "none", wanted) != 0)
      fail_msg("row at line %d: %s, %s", rows[i].line, got, too);
    EVP_MAC_free(mac);
    EVP_KDF_free(kdf);
  }
  EVP_MD *md = EVP_MD_fetch(NULL, "SHA2-256", "?" OURS);
  EVP_KDF *hkdf = EVP_KDF_fetch(NULL, "HKDF", "?" OURS);
  assert_string_equal(OSSL_PROVIDER_get0_name(EVP_MD_get0_provider(md)), "default");
  assert_string_equal(OSSL_PROVIDER_get0_name(EVP_KDF_get0_provider(hkdf)), "default");
  EVP_MD_free(md);
  EVP_KDF_free(hkdf);
  ERR_clear_error();
}

/* The client's side is OpenSSL's own: it would break off if one secret differed. */
static void handshakes_agree_with_clients_without_it(void **state)
{
  (void)state;
  ONLY_WITH_3_0();
  static const struct {
    int line, version;
    const char *ciphers, *groups;
    bool resumes;
  } rows[] = {
      {__LINE__, TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256", "X25519", true},
      {__LINE__, TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384", "X25519", true},
      {__LINE__, TLS1_3_VERSION, "TLS_CHACHA20_POLY1305_SHA256", "P-256", true},
      {__LINE__, TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384", "P-384", true},
      {__LINE__, TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256", "P-521:X25519", true},
      {__LINE__, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256", "X25519:P-256", false},
      {__LINE__, TLS1_2_VERSION, "ECDHE-ECDSA-AES256-GCM-SHA384", "P-256", false},
  };
  struct rig_world w;
  rig_world_of_two(&w);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct rig_client client;
    struct buf request = BUF_INIT(64);
    rig_client_init(&client, "one.example", rows[i].version);
    for (unsigned visit = 0; visit < 3; visit++) {
      char groups[32] = "";
      memcpy(groups, rows[i].groups, strlen(rows[i].groups));
      assert_int_equal(SSL_set_ciphersuites(client.ssl, rows[i].version == TLS1_3_VERSION ? rows[i].ciphers : ""), 1);
      assert_int_equal(SSL_set_cipher_list(client.ssl, rows[i].version == TLS1_2_VERSION ? rows[i].ciphers : "ALL"), 1);
      assert_int_equal(SSL_set1_groups_list(client.ssl, groups), 1);
      struct tls_session *s = tls_session_new(w.server);
      if (rig_pump(&client, s, 0, NULL) != TLS_OPEN || strcmp(tls_session_cipher(s), rows[i].ciphers) != 0 ||
          tls_session_resumed(s) != (visit > 0 && rows[i].resumes))
        fail_msg("row at line %d, visit %u: %s", rows[i].line, visit, tls_session_fault(s));
      assert_int_equal(SSL_write(client.ssl, "hello", 5), 5);
      buf_clear(&request);
      assert_int_equal(rig_pump(&client, s, 0, &request), TLS_OPEN);
      assert_true(str_eq(buf_str(&request), STR("hello")));
      tls_session_free(s);
      rig_client_again(&client, "one.example");
    }
    buf_free(&request);
    rig_client_free(&client);
  }
  rig_world_free(&w);
}

/* A ticket's MAC is part of it: what one worker seals without the provider another opens with it. */
static void tickets_pass_between_with_and_without(void **state)
{
  (void)state;
  ONLY_WITH_3_0();
  struct buf why = BUF_INIT(4096);
  struct tickets *tickets;
  struct rig_world with, without;
  struct rig_client client;
  int fd;
  assert_int_equal(tickets_create(&fd, 1000, &why), 0);
  assert_int_equal(tickets_map(fd, false, &tickets, &why), 0);
  close(fd);
  rig_world_init(&with);
  tls_server_free(with.server);
  rig_pair(with.folder, "one.example");
  without = with;
  assert_int_equal(tls_server_new(tickets, &with.server), 0);
  assert_int_equal(rig_add(&with, "one.example", 0), 0);
  kdf_provider_unload();
  assert_null(kdf_provider_query());
  assert_int_equal(tls_server_new(tickets, &without.server), 0);
  assert_int_equal(rig_add(&without, "one.example", 0), 0);
  assert_int_equal(load(NULL), 0);
  assert_non_null(kdf_provider_query());

  struct rig_world *const order[] = {&without, &with, &without};
  rig_client_init(&client, "one.example", TLS1_3_VERSION);
  for (size_t i = 0; i < 3; i++) {
    struct tls_session *s = tls_session_new(order[i]->server);
    assert_int_equal(rig_pump(&client, s, 0, NULL), TLS_OPEN);
    assert_int_equal(tls_session_resumed(s), i > 0);
    tls_session_free(s);
    rig_client_again(&client, "one.example");
  }
  rig_client_free(&client);
  tls_server_free(without.server);
  rig_world_free(&with);
  tickets_unmap(tickets);
}

/* ---------------------------------------------------------------- the check at the start */

/* OpenSSL's own derivation with one bit turned, at one length of output. */
static void *wrong_new(void *provider)
{
  static char nothing;
  (void)provider;
  return &nothing;
}

static void wrong_free(void *nothing)
{
  (void)nothing;
}

static size_t wrong_length;

static int wrong_derive(void *nothing, unsigned char *out, size_t n, const OSSL_PARAM parameters[])
{
  (void)nothing;
  EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS13-KDF", THEIRS);
  EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
  int done = EVP_KDF_derive(context, out, n, parameters);
  if (n == wrong_length)
    out[n - 1] ^= 1;
  EVP_KDF_CTX_free(context);
  EVP_KDF_free(kdf);
  return done;
}

static const OSSL_ALGORITHM *wrong_query(void *provider, int operation, int *no_cache)
{
  static const OSSL_DISPATCH functions[] = {{OSSL_FUNC_KDF_NEWCTX, (void (*)(void))wrong_new},
                                            {OSSL_FUNC_KDF_FREECTX, (void (*)(void))wrong_free},
                                            {OSSL_FUNC_KDF_DERIVE, (void (*)(void))wrong_derive},
                                            {0, NULL}};
  static const OSSL_ALGORITHM kdfs[] = {{"TLS13-KDF", "provider=wrong", functions, NULL}, {NULL, NULL, NULL, NULL}};
  (void)provider;
  *no_cache = 0;
  return operation == OSSL_OP_KDF ? kdfs : NULL;
}

static int wrong_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *core, const OSSL_DISPATCH **out,
                      void **context)
{
  static const OSSL_DISPATCH functions[] = {{OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))wrong_query},
                                            {0, NULL}};
  static char nothing;
  (void)handle;
  (void)core;
  *out = functions;
  *context = &nothing;
  return 1;
}

static void one_turned_bit_is_found(void **state)
{
  (void)state;
  ONLY_WITH_3_0();
  assert_int_equal(OSSL_PROVIDER_add_builtin(NULL, "wrong", wrong_init), 1);
  OSSL_PROVIDER *wrong = OSSL_PROVIDER_try_load(NULL, "wrong", 1);
  assert_non_null(wrong);
  static const size_t lengths[] = {12, 16, 32, 48, 64, 65, 255};
  assert_true(kdf_check(OURS, THEIRS));
  /* HMAC is not in there, so that it is OpenSSL's: only the derivation can differ. */
  wrong_length = 0;
  assert_true(kdf_check("?provider=wrong", THEIRS));
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    wrong_length = lengths[i];
    if (kdf_check("?provider=wrong", THEIRS))
      fail_msg("a wrong answer of %zu bytes was not found", lengths[i]);
  }
  assert_false(kdf_check("provider=absent", THEIRS));
  assert_int_equal(OSSL_PROVIDER_unload(wrong), 1);
  ERR_clear_error();
}

/* ---------------------------------------------------------------- wrong use */

static void derivations_that_lack_or_know_too_much_fail(void **state)
{
  (void)state;
  ONLY_WITH_3_0();
  unsigned char key[32] = {1}, out[64];
  char sha256[] = "SHA2-256", sha1[] = "SHA1", text[] = "x";
  int expand = EVP_KDF_HKDF_MODE_EXPAND_ONLY, extract = EVP_KDF_HKDF_MODE_EXTRACT_ONLY, both = 0;
  const OSSL_PARAM end = OSSL_PARAM_construct_end(), k = OSSL_PARAM_construct_octet_string("key", key, sizeof key);
  const OSSL_PARAM d = OSSL_PARAM_construct_utf8_string("digest", sha256, 0);
  const OSSL_PARAM m = OSSL_PARAM_construct_int("mode", &expand);
  const struct {
    int line;
    size_t n;
    OSSL_PARAM params[5];
    int done;
  } rows[] = {
      {__LINE__, 32, {d, m, k, end}, 1},
      {__LINE__, 64, {k, m, d, end}, 1},
      {__LINE__, 32, {d, m, end}, 0},
      {__LINE__, 32, {m, k, end}, 0},
      {__LINE__, 32, {d, k, end}, 0},
      {__LINE__, 32, {end}, 0},
      {__LINE__, 32, {OSSL_PARAM_construct_utf8_string("digest", sha1, 0), m, k, end}, 0},
      {__LINE__, 32, {d, OSSL_PARAM_construct_int("mode", &both), k, end}, 0},
      {__LINE__, 32, {d, OSSL_PARAM_construct_int("mode", &extract), k, end}, 1},
      {__LINE__, 31, {d, OSSL_PARAM_construct_int("mode", &extract), k, end}, 0},
      {__LINE__, 32, {d, m, k, OSSL_PARAM_construct_utf8_string("properties", text, 0), end}, 1},
      {__LINE__, 32, {d, m, k, OSSL_PARAM_construct_octet_string("info", text, 1), end}, 0},
      {__LINE__, 32, {d, m, OSSL_PARAM_construct_utf8_string("key", text, 0), end}, 0},
      {__LINE__, 32, {d, OSSL_PARAM_construct_utf8_string("mode", text, 0), k, end}, 0},
      {__LINE__, 0, {d, m, k, end}, 0},
  };
  EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS13-KDF", OURS);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
    if ((EVP_KDF_derive(context, out, rows[i].n, rows[i].params) == 1) != rows[i].done)
      fail_msg("row at line %d", rows[i].line);
    EVP_KDF_CTX_free(context);
  }
  EVP_KDF_free(kdf);
  ERR_clear_error();
}

static void a_mac_out_of_turn_fails_and_a_copy_goes_its_own_way(void **state)
{
  (void)state;
  ONLY_WITH_3_0();
  unsigned char one[48], two[48], key[] = "key";
  char digest[] = "SHA384", other[] = "SHA512", odd[] = "x";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string("digest", digest, 0), OSSL_PARAM_construct_end()};
  const OSSL_PARAM unknown[] = {OSSL_PARAM_construct_utf8_string("digest", other, 0), OSSL_PARAM_construct_end()};
  const OSSL_PARAM strange[] = {OSSL_PARAM_construct_utf8_string("custom", odd, 0), OSSL_PARAM_construct_end()};
  const OSSL_PARAM late[] = {OSSL_PARAM_construct_octet_string("key", key, 3),
                             OSSL_PARAM_construct_utf8_string("digest", digest, 0), OSSL_PARAM_construct_end()};
  size_t n;
  EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", OURS);
  EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);
  assert_int_equal(EVP_MAC_update(context, key, 1), 0);
  assert_int_equal(EVP_MAC_init(context, key, 3, NULL), 0); /* no digest */
  assert_int_equal(EVP_MAC_init(context, NULL, 0, params), 0);
  assert_int_equal(EVP_MAC_init(context, key, 3, unknown), 0);
  assert_int_equal(EVP_MAC_CTX_set_params(context, strange), 0);
  assert_int_equal(EVP_MAC_init(context, key, 3, params), 1);
  assert_int_equal(EVP_MAC_CTX_get_mac_size(context), 48);
  assert_int_equal(EVP_MAC_CTX_get_block_size(context), 128);
  assert_int_equal(EVP_MAC_update(context, key, 1), 1);
  EVP_MAC_CTX *copy = EVP_MAC_CTX_dup(context);
  assert_int_equal(EVP_MAC_update(context, key, 1), 1);
  assert_int_equal(EVP_MAC_final(context, one, &n, 47), 0);
  assert_int_equal(EVP_MAC_final(context, one, &n, 48), 1);
  assert_int_equal(n, 48);
  assert_int_equal(EVP_MAC_final(context, one, &n, 48), 0);
  assert_int_equal(EVP_MAC_update(context, key, 1), 0);
  assert_int_equal(EVP_MAC_final(copy, two, &n, 48), 1);
  assert_memory_not_equal(one, two, 48);
  /* The same key again, once from before and once given by parameters in the other order. */
  assert_int_equal(EVP_MAC_init(context, NULL, 0, NULL), 1);
  assert_int_equal(EVP_MAC_update(context, key, 1), 1);
  assert_int_equal(EVP_MAC_final(context, one, &n, 48), 1);
  assert_memory_equal(one, two, 48);
  assert_int_equal(EVP_MAC_CTX_set_params(copy, late), 1);
  assert_int_equal(EVP_MAC_update(copy, key, 1), 1);
  assert_int_equal(EVP_MAC_final(copy, one, &n, 48), 1);
  assert_memory_equal(one, two, 48);
  EVP_MAC_CTX_free(copy);
  EVP_MAC_CTX_free(context);
  EVP_MAC_free(mac);
  ERR_clear_error();
}

/* The key belongs to the digest that it was given with. */
static void another_digest_needs_the_key_again(void **state)
{
  (void)state;
  ONLY_WITH_3_0();
  unsigned char out[2][EVP_MAX_MD_SIZE], key[] = "key";
  char first[] = "SHA384", then[] = "SHA256";
  size_t n[2];
  const OSSL_PARAM long_one[] = {OSSL_PARAM_construct_utf8_string("digest", first, 0), OSSL_PARAM_construct_end()};
  const OSSL_PARAM short_one[] = {OSSL_PARAM_construct_utf8_string("digest", then, 0), OSSL_PARAM_construct_end()};
  const OSSL_PARAM whole[] = {OSSL_PARAM_construct_utf8_string("digest", then, 0),
                              OSSL_PARAM_construct_octet_string("key", key, 3), OSSL_PARAM_construct_end()};
  const char *const queries[] = {OURS, THEIRS};
  for (size_t i = 0; i < 2; i++) {
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", queries[i]);
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);
    assert_int_equal(EVP_MAC_init(context, key, 3, long_one), 1);
    if (i == 0) {
      assert_int_equal(EVP_MAC_CTX_set_params(context, short_one), 1);
      assert_int_equal(EVP_MAC_update(context, key, 1), 0);
      assert_int_equal(EVP_MAC_final(context, out[i], &n[i], sizeof out[i]), 0);
      assert_int_equal(EVP_MAC_init(context, NULL, 0, NULL), 0);
    }
    assert_int_equal(EVP_MAC_CTX_set_params(context, whole), 1); /* as tickets do: nothing else starts it */
    assert_int_equal(EVP_MAC_update(context, key, 2), 1);
    assert_int_equal(EVP_MAC_final(context, out[i], &n[i], sizeof out[i]), 1);
    assert_int_equal(n[i], 32);
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(mac);
  }
  assert_memory_equal(out[0], out[1], 32);
  ERR_clear_error();
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_loads_with_the_release_it_was_made_for),
      cmocka_unit_test_setup(everybody_else_keeps_openssls_own, load),
      cmocka_unit_test_setup(handshakes_agree_with_clients_without_it, load),
      cmocka_unit_test_setup(tickets_pass_between_with_and_without, load),
      cmocka_unit_test_setup(one_turned_bit_is_found, load),
      cmocka_unit_test_setup(derivations_that_lack_or_know_too_much_fail, load),
      cmocka_unit_test_setup(a_mac_out_of_turn_fails_and_a_copy_goes_its_own_way, load),
      cmocka_unit_test_setup(another_digest_needs_the_key_again, load),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
