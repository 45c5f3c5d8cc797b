/* Whose signature a visitor's certificate carries, and the files that authorities are read from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <openssl/pem.h>

#include "../../support/tls_visitor.h"
#include "../../support/tls_world.h"
#include "base/err.h"
#include "base/identity.h"
#include "tls/authority.h"

enum { TEXT_MAX = AUTHORITY_TEXT_MAX };

/* Everybody who signs, and who is signed. */
static struct {
  EVP_PKEY *key, *other_key;
  X509 *root, *expired_root; /* on the same key */
  X509 *namesake;            /* the root's name, on the other key */
  X509 *middle;              /* signed by the root, on the other key */
  X509 *no_middle;           /* the same, but it may not sign */
} cast;

static int make_cast(void **state)
{
  (void)state;
  EVP_PKEY *k = cast.key = rig_key("P-256"), *o = cast.other_key = rig_key("P-256");
  cast.root = rig_certificate(&(struct rig_wish){.name = "Root", .key = k, .authority = true});
  cast.expired_root =
      rig_certificate(&(struct rig_wish){.name = "Root", .key = k, .authority = true, .from_day = -9, .to_day = -3});
  cast.namesake = rig_certificate(&(struct rig_wish){.name = "Root", .key = o, .authority = true});
  cast.middle = rig_certificate(
      &(struct rig_wish){.name = "Middle", .key = o, .issuer = cast.root, .issuer_key = k, .authority = true});
  cast.no_middle =
      rig_certificate(&(struct rig_wish){.name = "Middle", .key = o, .issuer = cast.root, .issuer_key = k});
  return 0;
}

static int free_cast(void **state)
{
  (void)state;
  X509 *const all[] = {cast.root, cast.expired_root, cast.namesake, cast.middle, cast.no_middle};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    X509_free(all[i]);
  EVP_PKEY_free(cast.key);
  EVP_PKEY_free(cast.other_key);
  return 0;
}

static void give(struct rig_world *w, X509 *certificate, size_t index)
{
  struct buf pem = BUF_INIT(TEXT_MAX);
  rig_put_pem(certificate, &pem);
  if (tls_server_authority(w->server, buf_str(&pem), "ca.pem", index, &w->why) < 0)
    fail_msg("%.*s", STR_ARG(buf_str(&w->why)));
  buf_free(&pem);
}

/* Who shows `leaf` with `next` behind it. */
static uint64_t signers(struct rig_world *w, X509 *leaf, EVP_PKEY *key, X509 *next, int version)
{
  struct rig_client client;
  struct identity identity;
  rig_client_init(&client, "one.example", version);
  rig_client_shows(&client, leaf, key, next);
  for (int visit = 0; visit < 2; visit++) { /* by a ticket too, where there is one */
    struct identity again = {.presented = false};
    struct tls_session *s = tls_session_new(w->server);
    assert_int_equal(rig_pump(&client, s, 0, NULL), TLS_OPEN);
    assert_int_equal(tls_session_identity(s, visit ? &again : &identity), 0);
    if (visit)
      assert_true(strcmp(again.certificate, identity.certificate) == 0 && again.signed_by == identity.signed_by);
    tls_session_free(s);
    rig_client_again(&client, "one.example");
  }
  rig_client_free(&client);
  assert_true(identity.presented);
  return identity.signed_by;
}

static void who_is_signed_by_whom(void **state)
{
  (void)state;
  EVP_PKEY *key = rig_key("P-256"), *weak = rig_key("RSA-1024");
  EVP_PKEY *const root_key = cast.key, *const middle_key = cast.other_key;
  const struct {
    int line;
    struct rig_wish leaf;
    X509 *next, *authority;
    bool signs;
  } rows[] = {
      {__LINE__, {.issuer = cast.root, .issuer_key = root_key}, NULL, cast.root, true},
      {__LINE__, {.issuer = cast.root, .issuer_key = root_key, .usage = "clientAuth"}, NULL, cast.root, true},
      {__LINE__, {.issuer = NULL}, NULL, cast.root, false},
      {__LINE__, {.issuer = NULL}, cast.root, cast.root, false},
      /* It says so, but the signature is another's. */
      {__LINE__, {.issuer = cast.root, .issuer_key = middle_key}, NULL, cast.root, false},
      {__LINE__, {.issuer = cast.root, .issuer_key = root_key}, NULL, cast.namesake, false},
      {__LINE__, {.issuer = cast.root, .issuer_key = middle_key}, cast.namesake, cast.root, false},
      /* By way of another one: it must come along, or be the authority itself. */
      {__LINE__, {.issuer = cast.middle, .issuer_key = middle_key}, cast.middle, cast.root, true},
      {__LINE__, {.issuer = cast.middle, .issuer_key = middle_key}, NULL, cast.root, false},
      {__LINE__, {.issuer = cast.middle, .issuer_key = middle_key}, NULL, cast.middle, true},
      {__LINE__, {.issuer = cast.middle, .issuer_key = middle_key}, cast.middle, cast.middle, true},
      {__LINE__, {.issuer = cast.middle, .issuer_key = middle_key}, cast.no_middle, cast.root, false},
      /* Times are told apart later (62). */
      {__LINE__, {.issuer = cast.root, .issuer_key = root_key, .from_day = -9, .to_day = -3}, NULL, cast.root, true},
      {__LINE__, {.issuer = cast.root, .issuer_key = root_key, .from_day = 3, .to_day = 9}, NULL, cast.root, true},
      {__LINE__, {.issuer = cast.root, .issuer_key = root_key}, NULL, cast.expired_root, true},
      /* For something else, or forgeable. */
      {__LINE__, {.issuer = cast.root, .issuer_key = root_key, .usage = "serverAuth"}, NULL, cast.root, false},
      {__LINE__, {.issuer = cast.root, .issuer_key = root_key, .digest = EVP_sha1()}, NULL, cast.root, false},
      {__LINE__, {.issuer = cast.root, .issuer_key = root_key, .key = weak}, NULL, cast.root, false},
  };
  static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
  for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
    struct rig_wish wish = rows[i / 2].leaf;
    struct rig_world w;
    rig_world_of_two(&w);
    assert_int_equal(tls_server_ask(w.server, 0), 0);
    give(&w, rows[i / 2].authority, 5);
    wish.name = "me";
    wish.key = wish.key ? wish.key : key;
    X509 *me = rig_certificate(&wish);
    uint64_t bits = signers(&w, me, wish.key, rows[i / 2].next, versions[i % 2]);
    if (bits != (rows[i / 2].signs ? UINT64_C(1) << 5 : 0))
      fail_msg("row at line %d: %llx", rows[i / 2].line, (unsigned long long)bits);
    X509_free(me);
    rig_world_free(&w);
  }
  EVP_PKEY_free(key);
  EVP_PKEY_free(weak);
}

static void each_authority_has_its_bit(void **state)
{
  (void)state;
  struct rig_world w;
  struct buf pem = BUF_INIT(TEXT_MAX);
  EVP_PKEY *key = rig_key("P-256");
  X509 *me = rig_certificate(
      &(struct rig_wish){.name = "me", .key = key, .issuer = cast.middle, .issuer_key = cast.other_key});
  rig_world_of_two(&w);
  assert_int_equal(tls_server_ask(w.server, 0), 0);
  assert_int_equal(signers(&w, me, key, cast.middle, 0), 0);
  give(&w, cast.root, 0);
  give(&w, cast.namesake, 1);
  give(&w, cast.middle, IDENTITY_AUTHORITIES - 1);
  assert_true(signers(&w, me, key, cast.middle, 0) == (UINT64_C(1) | UINT64_C(1) << 63));
  assert_true(signers(&w, me, key, NULL, 0) == UINT64_C(1) << 63);
  /* Several certificates of one authority; a place that is given anew. */
  rig_put_pem(cast.namesake, &pem);
  rig_put_pem(cast.middle, &pem);
  assert_int_equal(tls_server_authority(w.server, buf_str(&pem), "ca.pem", 1, &w.why), 0);
  give(&w, cast.namesake, 63);
  assert_true(signers(&w, me, key, NULL, 0) == UINT64_C(1) << 1);
  /* What cannot be taken changes nothing. */
  assert_int_equal(tls_server_authority(w.server, buf_str(&pem), "ca.pem", 64, &w.why), ERR_LIMIT);
  assert_int_equal(tls_server_authority(w.server, STR("rubbish"), "ca.pem", 1, &w.why), ERR_SYNTAX);
  assert_true(signers(&w, me, key, NULL, 0) == UINT64_C(1) << 1);
  buf_free(&pem);
  X509_free(me);
  EVP_PKEY_free(key);
  rig_world_free(&w);
}

/* An authority that was made anew under its old name stands in the file beside the old one. */
static void authorities_of_one_name_all_count(void **state)
{
  (void)state;
  EVP_PKEY *key = rig_key("P-256"), *stranger = rig_key("P-256");
  X509 *const both[] = {cast.root, cast.namesake};
  EVP_PKEY *const keys[] = {cast.key, cast.other_key, stranger};
  for (size_t i = 0; i < 6; i++) {
    struct rig_world w;
    struct buf pem = BUF_INIT(TEXT_MAX);
    rig_world_of_two(&w);
    assert_int_equal(tls_server_ask(w.server, 0), 0);
    for (size_t n = 0; n < 2; n++) {
      rig_put_pem(both[(n + i) % 2], &pem);
      rig_put_pem(both[(n + i) % 2], &pem);
    }
    assert_int_equal(tls_server_authority(w.server, buf_str(&pem), "ca.pem", 3, &w.why), 0);
    X509 *me =
        rig_certificate(&(struct rig_wish){.name = "me", .key = key, .issuer = cast.root, .issuer_key = keys[i / 2]});
    uint64_t bits = signers(&w, me, key, NULL, 0);
    if (bits != (i / 2 < 2 ? UINT64_C(1) << 3 : 0))
      fail_msg("%zu: %llx", i, (unsigned long long)bits);
    X509_free(me);
    buf_free(&pem);
    rig_world_free(&w);
  }
  EVP_PKEY_free(key);
  EVP_PKEY_free(stranger);
}

/* ---------------------------------------------------------------- files */

static void write_file(const char *path, struct str bytes)
{
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes.p, 1, bytes.n, file), bytes.n);
  assert_int_equal(fclose(file), 0);
}

static void put_key(EVP_PKEY *key, struct buf *out)
{
  char *bytes = NULL;
  BIO *pem = BIO_new(BIO_s_mem());
  assert_int_equal(PEM_write_bio_PKCS8PrivateKey(pem, key, NULL, NULL, 0, NULL, NULL), 1);
  long n = BIO_get_mem_data(pem, &bytes);
  buf_put(out, bytes, (size_t)n);
  BIO_free(pem);
}

/* Only certificates come out of a file, whatever else is in it. */
static void a_file_is_read_without_the_key_in_it(void **state)
{
  struct rig_desk *desk = *state;
  struct buf file = BUF_INIT(TEXT_MAX), wanted = BUF_INIT(TEXT_MAX), pem = BUF_INIT(TEXT_MAX);
  const char *path = rig_path(desk->folder, "ca.pem");
  buf_put_str(&file, STR("Our authority\n"));
  put_key(cast.key, &file);
  rig_put_pem(cast.root, &file);
  buf_put_str(&file, STR("and the next one\r\n"));
  rig_put_pem(cast.middle, &file);
  rig_put_pem(cast.root, &wanted);
  rig_put_pem(cast.middle, &wanted);
  write_file(path, buf_str(&file));
  if (authority_read(path, &pem, &desk->why) < 0)
    fail_msg("%.*s", STR_ARG(buf_str(&desk->why)));
  assert_true(str_eq(buf_str(&pem), buf_str(&wanted)));
  buf_free(&file);
  buf_free(&wanted);
  buf_free(&pem);
}

static void many(X509 *certificate, unsigned n, struct buf *out)
{
  for (unsigned i = 0; i < n; i++)
    rig_put_pem(certificate, out);
}

static void put_authority(const struct rig_wish *like, struct buf *out)
{
  struct rig_wish wish = *like;
  wish.name = "Root";
  wish.authority = true;
  X509 *made = rig_certificate(&wish);
  rig_put_pem(made, out);
  X509_free(made);
}

static void a_file_that_is_no_authority_is_named(void **state)
{
  struct rig_desk *desk = *state;
  struct buf fine = BUF_INIT(TEXT_MAX), damaged = BUF_INIT(TEXT_MAX), no_authority = BUF_INIT(TEXT_MAX),
             key = BUF_INIT(TEXT_MAX), most = BUF_INIT(TEXT_MAX), too_many = BUF_INIT(TEXT_MAX),
             large = BUF_INIT(2 * TEXT_MAX), weak = BUF_INIT(TEXT_MAX), of_servers = BUF_INIT(TEXT_MAX),
             of_clients = BUF_INIT(TEXT_MAX);
  EVP_PKEY *weak_key = rig_key("RSA-1024");
  put_authority(&(struct rig_wish){.key = weak_key}, &weak);
  put_authority(&(struct rig_wish){.key = cast.key, .usage = "serverAuth"}, &of_servers);
  put_authority(&(struct rig_wish){.key = cast.key, .usage = "serverAuth,clientAuth"}, &of_clients);
  rig_put_pem(cast.root, &fine);
  rig_put_pem(cast.root, &damaged);
  buf_put_str(&damaged, STR("-----BEGIN CERTIFICATE-----\nrubbish\n"));
  rig_put_pem(cast.root, &no_authority);
  rig_put_pem(cast.no_middle, &no_authority);
  put_key(cast.key, &key);
  many(cast.root, AUTHORITY_CERTIFICATES, &most);
  many(cast.root, AUTHORITY_CERTIFICATES + 1, &too_many);
  while (large.n < TEXT_MAX)
    rig_put_pem(cast.root, &large);
  const struct {
    int line;
    struct str file;
    int err;
    const char *says;
  } rows[] = {
      {__LINE__, buf_str(&fine), 0, ""},
      {__LINE__, buf_str(&most), 0, ""},
      {__LINE__, buf_str(&of_clients), 0, ""},
      {__LINE__, STR(""), ERR_SYNTAX, "holds no PEM certificate"},
      {__LINE__, STR("rubbish\n"), ERR_SYNTAX, "holds no PEM certificate"},
      {__LINE__, STR("-----BEGIN CERTIFICATE-----\nrubbish\n"), ERR_SYNTAX, "holds no PEM certificate"},
      {__LINE__, buf_str(&key), ERR_SYNTAX, "holds no PEM certificate"},
      {__LINE__, buf_str(&damaged), ERR_SYNTAX, "damaged after its certificate 1"},
      {__LINE__, buf_str(&no_authority), ERR_SYNTAX, "certificate 2 is no authority's"},
      {__LINE__, buf_str(&weak), ERR_SYNTAX, "certificate 1 is so weak"},
      {__LINE__, buf_str(&of_servers), ERR_SYNTAX, "certificate 1 is of an authority for other things"},
      {__LINE__, buf_str(&too_many), ERR_LIMIT, "leave at most 64"},
      {__LINE__, buf_str(&large), ERR_LIMIT, "cannot be used"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct buf pem = BUF_INIT(TEXT_MAX);
    const char *path = rig_path(desk->folder, "ca.pem");
    write_file(path, rows[i].file);
    buf_clear(&desk->why);
    int err = authority_read(path, &pem, &desk->why);
    buf_put_c(&desk->why, '\0');
    bool named = err == 0 ? desk->why.n == 1 : strstr(desk->why.p, path) && strstr(desk->why.p, rows[i].says);
    if (err != rows[i].err || !named || (pem.n > 0) != (err == 0))
      fail_msg("row at line %d: %d, %s", rows[i].line, err, desk->why.p);
    buf_free(&pem);
  }
  buf_free(&fine);
  buf_free(&damaged);
  buf_free(&no_authority);
  buf_free(&key);
  buf_free(&most);
  buf_free(&too_many);
  buf_free(&large);
  buf_free(&weak);
  buf_free(&of_servers);
  buf_free(&of_clients);
  EVP_PKEY_free(weak_key);
}

static void an_expired_one_is_doubted(void **state)
{
  (void)state;
  struct buf pem = BUF_INIT(TEXT_MAX), lines = BUF_INIT(TEXT_MAX);
  rig_put_pem(cast.root, &pem);
  authority_doubts(buf_str(&pem), "ca.pem", &lines);
  assert_int_equal(lines.n, 0);
  rig_put_pem(cast.expired_root, &pem);
  authority_doubts(buf_str(&pem), "ca.pem", &lines);
  assert_true(str_starts(buf_str(&lines), STR("ca.pem: its certificate 2 has expired")));
  assert_int_equal(str_find(buf_str(&lines), '\n'), lines.n - 1);
  buf_free(&pem);
  buf_free(&lines);
}

static void what_is_no_file_is_named(void **state)
{
  struct rig_desk *desk = *state;
  const char *fifo = rig_path(desk->folder, "fifo"), *missing = rig_path(desk->folder, "missing");
  struct buf pem = BUF_INIT(TEXT_MAX);
  assert_int_equal(mkfifo(fifo, 0600), 0);
  assert_int_equal(authority_read(fifo, &pem, &desk->why), ERR_SPECIAL);
  assert_int_equal(authority_read(desk->folder, &pem, &desk->why), ERR_SPECIAL);
  assert_int_equal(authority_read(missing, &pem, &desk->why), ERR_NOT_FOUND);
  buf_put_c(&desk->why, '\0');
  assert_non_null(strstr(desk->why.p, "/missing is not there"));
  assert_int_equal(pem.n, 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(who_is_signed_by_whom),
      cmocka_unit_test(each_authority_has_its_bit),
      cmocka_unit_test(authorities_of_one_name_all_count),
      cmocka_unit_test_setup_teardown(a_file_is_read_without_the_key_in_it, rig_desk_set_up, rig_desk_tear_down),
      cmocka_unit_test_setup_teardown(a_file_that_is_no_authority_is_named, rig_desk_set_up, rig_desk_tear_down),
      cmocka_unit_test(an_expired_one_is_doubted),
      cmocka_unit_test_setup_teardown(what_is_no_file_is_named, rig_desk_set_up, rig_desk_tear_down),
  };
  return cmocka_run_group_tests(tests, make_cast, free_cast);
}
