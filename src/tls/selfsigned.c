/* Makes a self-signed certificate that today's Gemini clients take (G6, RFC 5280). */
#include "tls/selfsigned.h"

#include <arpa/inet.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/err.h>

#include "base/err.h"
#include "base/str.h"

enum {
  SERIAL_BITS = 128,
  DAYS = CERTIFICATE_YEARS * 1461 / 4, /* 365.25 a year */
  COMMON_NAME_MAX = 64,                /* RFC 5280, appendix A.1: ub-common-name */
  DNS_NAME_MAX = 253,
  LABEL_MAX = 63,
};

void subject_free(struct subject *subject)
{
  X509_NAME_free(subject->name);
  GENERAL_NAMES_free(subject->alternatives);
  *subject = SUBJECT_INIT;
}

/* ---------------------------------------------------------------- names */

/* Letters, digits, hyphens and underscores in labels; a `*` label first, where clients take it: before two labels at
 * least, none with an underscore. The trailing dot is gone already. */
static bool is_dns_name(struct str name)
{
  struct str label;
  if (name.n == 0 || name.n > DNS_NAME_MAX)
    return false;
  if (str_starts(name, STR("*."))) {
    name = str_skip(name, 2);
    if (str_find(name, '.') == name.n || str_find(name, '_') < name.n)
      return false;
  }
  while (str_split(&name, '.', &label)) {
    if (label.n == 0 || label.n > LABEL_MAX)
      return false;
    for (size_t i = 0; i < label.n; i++) {
      char c = label.p[i];
      if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
        return false;
    }
  }
  return true;
}

/* Takes `value` (also on failure) and adds the entry unless it is there already. */
static int add_entry(GENERAL_NAMES *list, int type, ASN1_STRING *value)
{
  GENERAL_NAME *entry = value ? GENERAL_NAME_new() : NULL;
  if (!entry) {
    ASN1_STRING_free(value);
    return ERR_NOMEM;
  }
  GENERAL_NAME_set0_value(entry, type, value);
  for (int i = 0; i < sk_GENERAL_NAME_num(list); i++) {
    if (GENERAL_NAME_cmp(sk_GENERAL_NAME_value(list, i), entry) == 0) {
      GENERAL_NAME_free(entry);
      return 0;
    }
  }
  if (sk_GENERAL_NAME_push(list, entry) > 0)
    return 0;
  GENERAL_NAME_free(entry);
  return ERR_NOMEM;
}

static ASN1_STRING *make_string(int type, const void *bytes, size_t n)
{
  ASN1_STRING *string = ASN1_STRING_type_new(type);
  if (string && ASN1_STRING_set(string, bytes, (int)n) == 1)
    return string;
  ASN1_STRING_free(string);
  return NULL;
}

/* ERR_SYNTAX where the text is no IP literal. */
static int add_address(GENERAL_NAMES *list, const char *text)
{
  unsigned char address[sizeof(struct in6_addr)];
  static const unsigned char any[sizeof address];
  size_t n = 0;
  if (inet_pton(AF_INET, text, address) == 1)
    n = sizeof(struct in_addr);
  else if (inet_pton(AF_INET6, text, address) == 1)
    n = sizeof(struct in6_addr);
  if (n == 0)
    return ERR_SYNTAX;
  if (memcmp(address, any, n) == 0)
    return 0;
  return add_entry(list, GEN_IPADD, make_string(V_ASN1_OCTET_STRING, address, n));
}

static int add_name(GENERAL_NAMES *list, const char *text)
{
  int err = add_address(list, text);
  if (err != ERR_SYNTAX)
    return err;
  struct str name = str_from(text);
  if (str_ends(name, STR(".")))
    name = str_head(name, name.n - 1);
  if (!is_dns_name(name))
    return ERR_SYNTAX;
  return add_entry(list, GEN_DNS, make_string(V_ASN1_IA5STRING, name.p, name.n));
}

static X509_NAME *make_name(struct str name)
{
  X509_NAME *subject = X509_NAME_new();
  if (subject && X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, (const unsigned char *)name.p,
                                            (int)name.n, -1, 0) == 1)
    return subject;
  X509_NAME_free(subject);
  return NULL;
}

static X509_NAME *make_common_name(const char *first)
{
  struct str name = str_from(first);
  if (str_ends(name, STR(".")))
    name = str_head(name, name.n - 1);
  /* An empty subject would be allowed, but readers' browsers show the common name. */
  return make_name(name.n > COMMON_NAME_MAX ? STR("Gemini capsule") : name);
}

int subject_add(struct subject *subject, const struct certificate_names *names, struct buf *why)
{
  int err = 0;
  for (size_t i = 0; i < names->n_names && err == 0; i++) {
    err = add_name(subject->alternatives, names->names[i]);
    if (err == ERR_SYNTAX)
      buf_printf(why,
                 "\"%s\" is neither a host name nor an IP address: use letters, digits, hyphens and dots "
                 "(an international name in its xn-- form), and a wildcard as in *.example.org",
                 names->names[i]);
  }
  for (size_t i = 0; i < names->n_addresses && err == 0; i++) {
    err = add_address(subject->alternatives, names->addresses[i]);
    if (err == ERR_SYNTAX)
      buf_printf(why, "\"%s\" is no IP address", names->addresses[i]);
  }
  return err;
}

int subject_make(const struct certificate_names *names, struct subject *out, struct buf *why)
{
  *out = SUBJECT_INIT;
  out->alternatives = GENERAL_NAMES_new();
  int err = out->alternatives ? subject_add(out, names, why) : ERR_NOMEM;
  if (err == 0)
    err = add_address(out->alternatives, "127.0.0.1");
  if (err == 0)
    err = add_address(out->alternatives, "::1");
  if (err == 0) {
    out->name = make_common_name(names->n_names ? names->names[0] : "Gemini capsule");
    err = out->name ? 0 : ERR_NOMEM;
  }
  if (err)
    subject_free(out);
  return err;
}

int subject_make_client(const char *name, unsigned days, struct subject *out)
{
  *out = SUBJECT_INIT;
  out->client_days = days;
  out->name = make_name(str_from(name));
  return out->name ? 0 : ERR_NOMEM;
}

int subject_copy(const X509 *old, struct subject *out)
{
  *out = SUBJECT_INIT;
  out->alternatives = X509_get_ext_d2i(old, NID_subject_alt_name, NULL, NULL);
  if (!out->alternatives)
    return ERR_NOT_FOUND;
  out->name = X509_NAME_dup(X509_get_subject_name(old));
  if (out->name)
    return 0;
  subject_free(out);
  return ERR_NOMEM;
}

/* ---------------------------------------------------------------- the certificate */

EVP_PKEY *selfsigned_key(void)
{
  return EVP_EC_gen("P-256");
}

/* No CA, and no keyCertSign: a reader who puts this certificate into a system's store trusts one server and nobody that
 * it might vouch for. serverAuth is what Go's and Java's verifiers look for, clientAuth what a server does. */
static bool add_extensions(X509 *certificate, const struct subject *subject)
{
  const struct {
    int nid;
    const char *value;
  } rows[] = {
      {NID_basic_constraints, "critical,CA:FALSE"},
      {NID_key_usage, "critical,digitalSignature"},
      {NID_ext_key_usage, subject->client_days ? "clientAuth" : "serverAuth"},
      {NID_subject_key_identifier, "hash"},
  };
  X509V3_CTX v3;
  X509V3_set_ctx(&v3, certificate, certificate, NULL, NULL, 0);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, &v3, rows[i].nid, rows[i].value);
    bool added = extension && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    if (!added)
      return false;
  }
  if (!subject->alternatives)
    return true;
  /* Critical where there is no subject to go by (RFC 5280, section 4.2.1.6): a copied one may be empty. */
  int critical = X509_NAME_entry_count(subject->name) == 0;
  return X509_add1_ext_i2d(certificate, NID_subject_alt_name, subject->alternatives, critical, X509V3_ADD_DEFAULT) == 1;
}

static bool set_serial(X509 *certificate)
{
  BIGNUM *serial = BN_new();
  bool set = serial && BN_rand(serial, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
             BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate));
  BN_free(serial);
  return set;
}

int selfsigned_make(EVP_PKEY *key, const struct subject *subject, time_t now, X509 **out, struct buf *why)
{
  X509 *made = X509_new();
  int days = subject->client_days ? (int)subject->client_days : DAYS - 1;
  /* Ed25519 and Ed448 bring their own digest. */
  const EVP_MD *digest = EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448") ? NULL : EVP_sha256();
  *out = NULL;
  /* The times come out as UTCTime up to 2049 and as GeneralizedTime from 2050 on, as RFC 5280, section 4.1.2.5, asks.
   * A day back, since readers' clocks may be behind. */
  if (made && X509_set_version(made, X509_VERSION_3) == 1 && set_serial(made) &&
      X509_time_adj_ex(X509_getm_notBefore(made), -1, 0, &now) &&
      X509_time_adj_ex(X509_getm_notAfter(made), days, 0, &now) && X509_set_subject_name(made, subject->name) == 1 &&
      X509_set_issuer_name(made, subject->name) == 1 && X509_set_pubkey(made, key) == 1 &&
      add_extensions(made, subject) && X509_sign(made, key, digest) > 0) {
    *out = made;
    return 0;
  }
  const char *words = ERR_reason_error_string(ERR_peek_last_error());
  buf_printf(why, "no certificate could be made (%s): look at the key and at this machine's clock",
             words ? words : "out of memory");
  X509_free(made);
  ERR_clear_error();
  return ERR_TLS;
}
