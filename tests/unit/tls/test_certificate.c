/* What is in the certificates that we make, and what is said about any (G6). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "../../support/tls_rig.h"
#include "base/err.h"
#include "tls/certificate.h"
#include "tls/digest.h"
#include "tls/selfsigned.h"

enum { DAY = 24 * 60 * 60 };

static X509 *load(const struct rig_desk *d, const char *file)
{
  BIO *in = BIO_new_file(rig_path(d->folder, file), "rb");
  assert_non_null(in);
  X509 *leaf = PEM_read_bio_X509(in, NULL, NULL, NULL);
  BIO_free(in);
  assert_non_null(leaf);
  return leaf;
}

static void has_what_clients_look_for_G6(void **state)
{
  struct rig_desk *d = *state;
  static const char *const names[] = {"capsule.example", "www.capsule.example", "192.0.2.1", "capsule.example"};
  static const char *const addresses[] = {"0.0.0.0", "::", "2001:db8::1", "192.0.2.1", "127.0.0.1"};
  const struct certificate_names wanted = {.names = names, .n_names = 4, .addresses = addresses, .n_addresses = 5};
  assert_int_equal(certificate_make(d->folder, "capsule.example", &wanted, KEY_NEW, NULL, &d->why), 0);
  rig_names_are(d->folder, "capsule.example",
                "capsule.example, www.capsule.example, 192.0.2.1, 2001:db8::1, 127.0.0.1, ::1");

  X509 *leaf = load(d, "capsule.example.crt");
  uint32_t flags = X509_get_extension_flags(leaf);
  assert_int_equal(X509_get_version(leaf), X509_VERSION_3);
  assert_true(flags & EXFLAG_BCONS && !(flags & (EXFLAG_CA | EXFLAG_INVALID)));
  assert_int_equal(X509_get_key_usage(leaf), KU_DIGITAL_SIGNATURE);
  assert_int_equal(X509_get_extended_key_usage(leaf), XKU_SSL_SERVER);
  assert_non_null(X509_get0_subject_key_id(leaf));
  assert_int_equal(X509_get_signature_nid(leaf), NID_ecdsa_with_SHA256);
  assert_int_equal(X509_check_host(leaf, "www.capsule.example", 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL), 1);
  assert_int_equal(X509_check_ip_asc(leaf, "::1", 0), 1);

  /* At least ten years, and not from the future for a clock that is some hours late. */
  int days, seconds;
  assert_int_equal(ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(leaf), X509_get0_notAfter(leaf)), 1);
  assert_int_equal(days, CERTIFICATE_YEARS * 1461 / 4);
  time_t yesterday = time(NULL) - DAY + 60;
  assert_int_equal(X509_cmp_time(X509_get0_notBefore(leaf), &yesterday), -1);

  /* Whoever trusts this certificate can verify it as a server's. */
  X509_STORE *store = X509_STORE_new();
  X509_STORE_CTX *check = X509_STORE_CTX_new();
  assert_true(store && check && X509_STORE_add_cert(store, leaf) == 1);
  assert_int_equal(X509_STORE_CTX_init(check, store, leaf, NULL), 1);
  assert_int_equal(X509_STORE_CTX_set_purpose(check, X509_PURPOSE_SSL_SERVER), 1);
  X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(check),
                              X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE);
  if (X509_verify_cert(check) != 1)
    fail_msg("%s", X509_verify_cert_error_string(X509_STORE_CTX_get_error(check)));
  X509_STORE_CTX_free(check);
  X509_STORE_free(store);
  X509_free(leaf);
}

static void serials_are_random_and_large(void **state)
{
  struct rig_desk *d = *state;
  BIGNUM *seen[4];
  for (size_t i = 0; i < 4; i++) {
    char name[8], file[16];
    (void)snprintf(name, sizeof name, "s%zu", i);
    (void)snprintf(file, sizeof file, "%s.crt", name);
    rig_pair(d->folder, name);
    X509 *leaf = load(d, file);
    seen[i] = ASN1_INTEGER_to_BN(X509_get0_serialNumber(leaf), NULL);
    X509_free(leaf);
    assert_int_equal(BN_num_bits(seen[i]), 128);
    assert_false(BN_is_negative(seen[i]));
    for (size_t k = 0; k < i; k++)
      assert_int_not_equal(BN_cmp(seen[i], seen[k]), 0);
  }
  for (size_t i = 0; i < 4; i++)
    BN_free(seen[i]);
}

static void dates_change_their_form_in_2050(void **state)
{
  struct rig_desk *d = *state;
  static const struct {
    int line;
    time_t now;
    int type, year; /* of the end; year 0: cannot be made */
  } rows[] = {
      {__LINE__, 1790000000, V_ASN1_UTCTIME, 2046},
      {__LINE__, 1893456000, V_ASN1_UTCTIME, 2049}, /* 2030-01-01: ends on 2049-12-31 */
      {__LINE__, 1893456000 + 2 * DAY, V_ASN1_GENERALIZEDTIME, 2050},
      {__LINE__, 0, V_ASN1_UTCTIME, 1989}, /* a machine without a clock */
      {__LINE__, 253370764800, 0, 0},      /* 9999-01-01 */
  };
  static const char *const names[] = {"x"};
  const struct certificate_names wanted = {.names = names, .n_names = 1};
  struct subject subject;
  EVP_PKEY *key = selfsigned_key();
  assert_int_equal(subject_make(&wanted, &subject, &d->why), 0);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    X509 *made;
    struct tm end = {0};
    int err = selfsigned_make(key, &subject, rows[i].now, &made, &d->why);
    if (rows[i].year == 0) {
      assert_int_equal(err, ERR_TLS);
      assert_null(made);
      assert_true(d->why.n > 0);
      continue;
    }
    assert_int_equal(err, 0);
    if (ASN1_STRING_type(X509_get0_notAfter(made)) != rows[i].type ||
        ASN1_TIME_to_tm(X509_get0_notAfter(made), &end) != 1 || end.tm_year + 1900 != rows[i].year)
      fail_msg("row at line %d: %d", rows[i].line, end.tm_year + 1900);
    X509_free(made);
  }
  EVP_PKEY_free(key);
  subject_free(&subject);
}

static void names_are_checked(void **state)
{
  struct rig_desk *d = *state;
  static const char label63[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
  static char longest[254], too_long[255], label64[65];
  (void)snprintf(longest, sizeof longest, "%s.%s.%s.%.61s", label63, label63, label63, label63);
  (void)snprintf(too_long, sizeof too_long, "%s.%s.%s.%.62s", label63, label63, label63, label63);
  (void)snprintf(label64, sizeof label64, "%sb", label63);
  assert_int_equal(strlen(longest), 253);
  static const struct {
    int line;
    const char *name;
    bool fine;
  } rows[] = {
      {__LINE__, "example.org", true},
      {__LINE__, "EXAMPLE.org.", true},
      {__LINE__, "*.example.org", true},
      {__LINE__, "xn--bcher-kva", true},
      {__LINE__, "_a.b-c.d", true},
      {__LINE__, "fe80::1", true},
      {__LINE__, longest, true},
      {__LINE__, label63, true},
      {__LINE__, too_long, false},
      {__LINE__, label64, false},
      {__LINE__, "", false},
      {__LINE__, ".", false},
      {__LINE__, "a..b", false},
      {__LINE__, "b\xc3\xbc", false},
      {__LINE__, "a b", false},
      {__LINE__, "a\nb", false},
      {__LINE__, "a/b", false},
      {__LINE__, "*", false},
      {__LINE__, "*.", false},
      {__LINE__, "*.org", false},
      {__LINE__, "*.org.", false},
      {__LINE__, "*.a_b.org", false},
      {__LINE__, "*.*.example.org", false},
      {__LINE__, "www*.example.org", false},
      {__LINE__, "a.*", false},
      {__LINE__, "a,DNS:b", false},
      {__LINE__, "[::1]", false},
      {__LINE__, "fe80::1%eth0", false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct certificate_names wanted = {.names = &rows[i].name, .n_names = 1};
    struct subject subject;
    buf_clear(&d->why);
    int err = subject_make(&wanted, &subject, &d->why);
    if (err != (rows[i].fine ? 0 : ERR_SYNTAX) || (d->why.n == 0) != rows[i].fine)
      fail_msg("row at line %d: %s", rows[i].line, err_text(err));
    subject_free(&subject);
  }
}

static void a_wildcard_is_taken_by_clients(void **state)
{
  struct rig_desk *d = *state;
  static const char *const names[] = {"example.org", "*.example.org", "*.a-b.example.org."};
  const struct certificate_names wanted = {.names = names, .n_names = 3};
  assert_int_equal(certificate_make(d->folder, "example.org", &wanted, KEY_NEW, NULL, &d->why), 0);
  X509 *leaf = load(d, "example.org.crt");
  assert_int_equal(X509_check_host(leaf, "www.example.org", 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL), 1);
  assert_int_equal(X509_check_host(leaf, "x.a-b.example.org", 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL), 1);
  assert_int_equal(X509_check_host(leaf, "x.y.example.org", 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL), 0);
  X509_free(leaf);
}

/* ---------------------------------------------------------------- showing */

static void reads_what_there_is_to_show(void **state)
{
  struct rig_desk *d = *state;
  static const struct {
    int line;
    const char *kind, *text;
  } rows[] = {
      {__LINE__, "P-256", "ECDSA P-256"},
      {__LINE__, "P-384", "ECDSA P-384"},
      {__LINE__, "secp256k1", "ECDSA secp256k1"},
      {__LINE__, "RSA", "RSA 2048"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct certificate_info info;
    unsigned char der_hash[FINGERPRINT_BYTES];
    EVP_PKEY *key = strcmp(rows[i].kind, "RSA") == 0 ? EVP_RSA_gen(2048) : EVP_EC_gen(rows[i].kind);
    rig_pair_of(d->folder, "own", key, -400, -30);
    assert_int_equal(certificate_read(d->folder, "own", &info, &d->why), 0);
    if (!str_eq(buf_str(&info.key), str_from(rows[i].text)))
      fail_msg("row at line %d: %.*s", rows[i].line, STR_ARG(buf_str(&info.key)));
    assert_true(str_eq(buf_str(&info.subject), STR("own")));
    assert_true(info.key_matches && info.self_signed);
    time_t end = timegm(&info.not_after);
    assert_in_range(time(NULL) - end, 30 * DAY - 5, 30 * DAY + 60);
    assert_in_range(end - timegm(&info.not_before), 370 * DAY - 5, 370 * DAY + 5);

    unsigned char *der = NULL;
    int n = i2d_PUBKEY(key, &der);
    assert_true(n > 0);
    assert_int_equal(digest_sha256(str_make((const char *)der, (size_t)n), der_hash), 0);
    assert_memory_equal(der_hash, info.key_fingerprint, sizeof der_hash);
    OPENSSL_free(der);
    certificate_info_free(&info);
    EVP_PKEY_free(key);
  }
}

static void tells_a_key_that_is_missing_or_anothers(void **state)
{
  struct rig_desk *d = *state;
  struct certificate_info info;
  rig_pair(d->folder, "x");
  rig_pair(d->folder, "y");
  assert_int_equal(rename(rig_path(d->folder, "y.key"), rig_path(d->folder, "x.key")), 0);
  assert_int_equal(certificate_read(d->folder, "x", &info, &d->why), 0);
  assert_false(info.key_matches);
  certificate_info_free(&info);
  assert_int_equal(certificate_read(d->folder, "y", &info, &d->why), 0);
  assert_false(info.key_matches || certificate_exists(d->folder, "y", true));
  certificate_info_free(&info);
  assert_int_equal(certificate_read(d->folder, "z", &info, &d->why), ERR_NOT_FOUND);
  certificate_info_free(&info);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(has_what_clients_look_for_G6, rig_desk_set_up, rig_desk_tear_down),
      cmocka_unit_test_setup_teardown(serials_are_random_and_large, rig_desk_set_up, rig_desk_tear_down),
      cmocka_unit_test_setup_teardown(dates_change_their_form_in_2050, rig_desk_set_up, rig_desk_tear_down),
      cmocka_unit_test_setup_teardown(names_are_checked, rig_desk_set_up, rig_desk_tear_down),
      cmocka_unit_test_setup_teardown(a_wildcard_is_taken_by_clients, rig_desk_set_up, rig_desk_tear_down),
      cmocka_unit_test_setup_teardown(reads_what_there_is_to_show, rig_desk_set_up, rig_desk_tear_down),
      cmocka_unit_test_setup_teardown(tells_a_key_that_is_missing_or_anothers, rig_desk_set_up, rig_desk_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
