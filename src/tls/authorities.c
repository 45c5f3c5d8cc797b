/* The authorities of a server, each one or more stores, and the check of a visitor's certificate against them. */
#include "tls/authorities.h"

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "base/err.h"

enum { DEPTH_MOST = 8 }; /* intermediate certificates that a chain may need */

/* OpenSSL looks for an issuer by its name, and tries the first one that it finds. So certificates of one name (an
 * authority that was made anew beside the old one) are in stores of their own. Every certificate of a store is trusted
 * by itself: none needs another one of the file. At most AUTHORITY_CERTIFICATES. */
struct authority {
  X509_STORE *store;
  struct authority *next;
};

/* Whatever is in a store is trusted, an intermediate authority too. A visitor whose certificate has expired is told so
 * in its own words (62), for which it must be known here. */
static X509_STORE *store_new(void)
{
  X509_STORE *store = X509_STORE_new();
  X509_VERIFY_PARAM *param = store ? X509_STORE_get0_param(store) : NULL;
  if (!param || X509_STORE_set_purpose(store, X509_PURPOSE_SSL_CLIENT) != 1 ||
      X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME) != 1) {
    X509_STORE_free(store);
    return NULL;
  }
  X509_VERIFY_PARAM_set_depth(param, DEPTH_MOST);
  X509_VERIFY_PARAM_set_auth_level(param, AUTHORITY_SECURITY_LEVEL);
  return store;
}

static void authority_free(struct authority *a)
{
  while (a) {
    struct authority *next = a->next;
    X509_STORE_free(a->store);
    free(a);
    a = next;
  }
}

static struct authority *authority_new(void)
{
  struct authority *a = calloc(1, sizeof *a);
  if (a)
    a->store = store_new();
  if (a && a->store)
    return a;
  free(a);
  return NULL;
}

/* Nobody else has the store yet. */
static bool has_name(const struct authority *a, X509_NAME *name)
{
  return X509_OBJECT_idx_by_subject(X509_STORE_get0_objects(a->store), X509_LU_X509, name) >= 0;
}

/* Adds it to the first store that has none of that name. */
static bool add_to(X509 *certificate, void *to)
{
  struct authority **at = to;
  while (*at && has_name(*at, X509_get_subject_name(certificate)))
    at = &(*at)->next;
  if (!*at)
    *at = authority_new();
  return *at && X509_STORE_add_cert((*at)->store, certificate) == 1;
}

int authorities_add(struct authorities *a, struct str pem, const char *path, size_t index, struct buf *why)
{
  if (index >= IDENTITY_AUTHORITIES) {
    buf_printf(why, "%s: there are more than %d authorities", path, IDENTITY_AUTHORITIES);
    return ERR_LIMIT;
  }
  struct authority *authority = NULL;
  int err = authority_each(pem, path, add_to, &authority, why);
  if (err) {
    authority_free(authority);
    ERR_clear_error();
    return err;
  }
  authority_free(a->at[index]);
  a->at[index] = authority;
  if (a->n <= index)
    a->n = index + 1;
  return 0;
}

static int signed_by(X509_STORE_CTX *check, const struct authority *authority, X509 *leaf, STACK_OF(X509) * chain,
                     bool *is)
{
  int err = 0;
  *is = false;
  for (; authority && err == 0 && !*is; authority = authority->next) {
    err = X509_STORE_CTX_init(check, authority->store, leaf, chain) == 1 ? 0 : ERR_NOMEM;
    *is = err == 0 && X509_verify_cert(check) == 1;
    if (err == 0 && X509_STORE_CTX_get_error(check) == X509_V_ERR_OUT_OF_MEM)
      err = ERR_NOMEM;
    X509_STORE_CTX_cleanup(check);
  }
  return err;
}

int authorities_of(const struct authorities *a, X509 *leaf, STACK_OF(X509) * chain, uint64_t *bits)
{
  X509_STORE_CTX *check = NULL;
  uint64_t found = 0;
  int err = 0;
  *bits = 0;
  if (a->n == 0)
    return 0;
  check = X509_STORE_CTX_new();
  if (!check)
    err = ERR_NOMEM;
  for (size_t i = 0; i < a->n && err == 0; i++) {
    bool is = false;
    err = signed_by(check, a->at[i], leaf, chain, &is);
    if (is)
      found |= UINT64_C(1) << i;
  }
  X509_STORE_CTX_free(check);
  ERR_clear_error();
  if (err == 0)
    *bits = found;
  return err;
}

void authorities_free(struct authorities *a)
{
  for (size_t i = 0; i < a->n; i++)
    authority_free(a->at[i]);
  *a = (struct authorities){.n = 0};
}
