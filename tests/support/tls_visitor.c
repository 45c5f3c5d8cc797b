/* For tests of tls/: certificates of any kind, sound and unsound. */
#include "tls_visitor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

enum { MONTH = 30 };

static void add_extension(X509 *certificate, int nid, const char *value)
{
  X509V3_CTX v3;
  X509V3_set_ctx(&v3, certificate, certificate, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, &v3, nid, value);
  assert_non_null(extension);
  assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
  X509_EXTENSION_free(extension);
}

static void add_padding(X509 *certificate, size_t n)
{
  ASN1_IA5STRING *comment = ASN1_IA5STRING_new();
  char *text = malloc(n);
  assert_true(comment && text);
  memset(text, 'x', n);
  assert_int_equal(ASN1_STRING_set(comment, text, (int)n), 1);
  assert_int_equal(X509_add1_ext_i2d(certificate, NID_netscape_comment, comment, 0, 0), 1);
  ASN1_IA5STRING_free(comment);
  free(text);
}

X509 *rig_certificate(const struct rig_wish *wish)
{
  X509 *made = X509_new();
  assert_non_null(made);
  X509_NAME *subject = X509_get_subject_name(made);
  EVP_PKEY *signer = wish->issuer_key ? wish->issuer_key : wish->key;
  bool own_digest = EVP_PKEY_is_a(signer, "ED25519") || EVP_PKEY_is_a(signer, "ED448");
  int from = wish->from_day || wish->to_day ? wish->from_day : -1;
  int to = wish->from_day || wish->to_day ? wish->to_day : MONTH;
  assert_int_equal(X509_set_version(made, X509_VERSION_3), 1);
  assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(made), 7), 1);
  assert_int_equal(
      X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)wish->name, -1, -1, 0), 1);
  assert_int_equal(X509_set_issuer_name(made, wish->issuer ? X509_get_subject_name(wish->issuer) : subject), 1);
  assert_non_null(X509_time_adj_ex(X509_getm_notBefore(made), from, 0, NULL));
  assert_non_null(X509_time_adj_ex(X509_getm_notAfter(made), to, 0, NULL));
  if (wish->time) {
    assert_int_equal(ASN1_STRING_set(X509_getm_notBefore(made), wish->time, -1), 1);
    assert_int_equal(ASN1_STRING_set(X509_getm_notAfter(made), wish->time, -1), 1);
  }
  assert_int_equal(X509_set_pubkey(made, wish->key), 1);
  add_extension(made, NID_basic_constraints, wish->authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (wish->usage)
    add_extension(made, NID_ext_key_usage, wish->usage);
  if (wish->padding)
    add_padding(made, wish->padding);
  assert_true(X509_sign(made, signer, own_digest ? NULL : wish->digest ? wish->digest : EVP_sha256()) > 0);
  return made;
}

EVP_PKEY *rig_key(const char *kind)
{
  EVP_PKEY *key = NULL;
  if (strncmp(kind, "RSA-", 4) == 0 && strcmp(kind, "RSA-PSS") != 0) {
    key = EVP_RSA_gen((unsigned)strtoul(kind + 4, NULL, 10));
  } else if (strcmp(kind, "RSA-PSS") == 0) {
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
    assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048), 1);
    assert_int_equal(EVP_PKEY_generate(ctx, &key), 1);
    EVP_PKEY_CTX_free(ctx);
  } else if (strncmp(kind, "ED", 2) == 0) {
    key = EVP_PKEY_Q_keygen(NULL, NULL, kind);
  } else {
    key = EVP_EC_gen(kind);
  }
  assert_non_null(key);
  return key;
}

static EVP_PKEY *key_from(const char *type, OSSL_PARAM_BLD *build)
{
  EVP_PKEY *key = NULL;
  OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
  EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
  assert_true(params && ctx);
  assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
  assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params), 1);
  EVP_PKEY_CTX_free(ctx);
  OSSL_PARAM_free(params);
  OSSL_PARAM_BLD_free(build);
  return key;
}

EVP_PKEY *rig_false_rsa(int bits, int exponent_bits)
{
  OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
  BIGNUM *n = BN_new(), *e = BN_new(), *d = BN_new();
  assert_int_equal(BN_rand(n, bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD), 1);
  assert_int_equal(BN_rand(e, exponent_bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD), 1);
  assert_int_equal(BN_set_word(d, 3), 1);
  assert_int_equal(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n), 1);
  assert_int_equal(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e), 1);
  assert_int_equal(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_D, d), 1);
  EVP_PKEY *key = key_from("RSA", build);
  BN_free(n);
  BN_free(e);
  BN_free(d);
  return key;
}

EVP_PKEY *rig_mixed_key(EVP_PKEY *shown, EVP_PKEY *signing)
{
  unsigned char point[256];
  size_t n = 0;
  BIGNUM *secret = NULL;
  OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
  assert_int_equal(EVP_PKEY_get_octet_string_param(shown, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &n), 1);
  assert_int_equal(EVP_PKEY_get_bn_param(signing, OSSL_PKEY_PARAM_PRIV_KEY, &secret), 1);
  assert_int_equal(OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0), 1);
  assert_int_equal(OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, n), 1);
  assert_int_equal(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, secret), 1);
  EVP_PKEY *key = key_from("EC", build);
  BN_free(secret);
  return key;
}

void rig_client_shows(struct rig_client *client, X509 *leaf, EVP_PKEY *key, X509 *next)
{
  STACK_OF(X509) *chain = sk_X509_new_null();
  assert_true(!next || sk_X509_push(chain, next) > 0);
  /* A client need not be as strict as we are. */
  SSL_CTX_set_security_level(client->ctx, 0);
  SSL_set_security_level(client->ssl, 0);
  SSL_CTX_set_mode(client->ctx, SSL_MODE_NO_AUTO_CHAIN);
  SSL_set_mode(client->ssl, SSL_MODE_NO_AUTO_CHAIN);
  assert_int_equal(SSL_CTX_use_cert_and_key(client->ctx, leaf, key, chain, 1), 1);
  assert_int_equal(SSL_use_cert_and_key(client->ssl, leaf, key, chain, 1), 1);
  sk_X509_free(chain);
}

void rig_put_pem(X509 *certificate, struct buf *out)
{
  char *bytes = NULL;
  BIO *pem = BIO_new(BIO_s_mem());
  assert_int_equal(PEM_write_bio_X509(pem, certificate), 1);
  long n = BIO_get_mem_data(pem, &bytes);
  buf_put(out, bytes, (size_t)n);
  assert_int_equal(buf_error(out), 0);
  BIO_free(pem);
}
