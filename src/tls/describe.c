/* Says what is in a certificate: names, key, dates, fingerprints. */
#include "tls/describe.h"

#include <arpa/inet.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "base/err.h"
#include "tls/fingerprint.h"
#include "tls/pair.h"

enum { TEXT_MAX = 64 << 10, GROUP_NAME_MAX = 64 };

/* ---------------------------------------------------------------- names */

static void put_subject(const X509 *leaf, struct buf *out)
{
  X509_NAME *subject = X509_get_subject_name(leaf);
  int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  unsigned char *text = NULL;
  if (at < 0)
    return;
  int n = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (n > 0)
    buf_put(out, text, (size_t)n);
  OPENSSL_free(text);
}

static void put_alternative(const GENERAL_NAME *entry, struct buf *out)
{
  int type;
  const ASN1_STRING *value = GENERAL_NAME_get0_value(entry, &type);
  char address[INET6_ADDRSTRLEN] = "";
  if (type != GEN_DNS && type != GEN_IPADD)
    return; /* mail addresses and the like: no server's name */
  const unsigned char *bytes = ASN1_STRING_get0_data(value);
  size_t n = (size_t)ASN1_STRING_length(value);
  if (out->n)
    buf_put_str(out, STR(", "));
  if (type == GEN_DNS)
    buf_put(out, bytes, n);
  else if ((n == sizeof(struct in_addr) && inet_ntop(AF_INET, bytes, address, sizeof address)) ||
           (n == sizeof(struct in6_addr) && inet_ntop(AF_INET6, bytes, address, sizeof address)))
    buf_put_str(out, str_from(address));
  else
    buf_put_str(out, STR("(an address that is none)"));
}

static void put_names(const X509 *leaf, struct buf *out)
{
  GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
  for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
    put_alternative(sk_GENERAL_NAME_value(names, i), out);
  GENERAL_NAMES_free(names);
}

/* ---------------------------------------------------------------- key and dates */

static void put_key(const EVP_PKEY *key, struct buf *out)
{
  static const struct {
    const char *openssl, *usual;
  } curves[] = {{"prime256v1", "P-256"}, {"secp384r1", "P-384"}, {"secp521r1", "P-521"}};
  char group[GROUP_NAME_MAX] = "";
  if (!key) {
    buf_put_str(out, STR("unknown"));
  } else if (EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1) {
    const char *curve = group;
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
      if (strcmp(group, curves[i].openssl) == 0)
        curve = curves[i].usual;
    buf_printf(out, "ECDSA %s", curve);
  } else if (EVP_PKEY_is_a(key, "ED25519")) {
    buf_put_str(out, STR("Ed25519"));
  } else {
    const char *type = EVP_PKEY_get0_type_name(key);
    buf_printf(out, "%s %d", type ? type : "unknown", EVP_PKEY_get_bits(key));
  }
}

int describe_certificate(X509 *leaf, struct certificate_info *out)
{
  *out =
      (struct certificate_info){.subject = BUF_INIT(TEXT_MAX), .names = BUF_INIT(TEXT_MAX), .key = BUF_INIT(TEXT_MAX)};
  if (!leaf)
    return ERR_NOT_FOUND;
  put_subject(leaf, &out->subject);
  put_names(leaf, &out->names);
  put_key(X509_get0_pubkey(leaf), &out->key);
  out->self_signed = pair_self_signed(leaf);
  out->client = pair_for_client(leaf);
  if (ASN1_TIME_to_tm(X509_get0_notBefore(leaf), &out->not_before) != 1 ||
      ASN1_TIME_to_tm(X509_get0_notAfter(leaf), &out->not_after) != 1)
    return ERR_SYNTAX;
  int err = fingerprint_certificate(leaf, out->fingerprint);
  if (err == 0)
    err = fingerprint_key(leaf, out->key_fingerprint);
  if (err == 0)
    err = buf_error(&out->subject);
  if (err == 0)
    err = buf_error(&out->names);
  return err == 0 ? buf_error(&out->key) : err;
}
