/* The authorities of a server, each a store, and the check of a visitor's certificate against them. */
#include "tls/authorities.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "base/err.h"

enum { DEPTH_MOST = 8 }; /* intermediate certificates that a chain may need */

static bool add_to(X509 *certificate, void *to)
{
  return X509_STORE_add_cert(to, certificate) == 1;
}

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

int authorities_add(struct authorities *a, struct str pem, const char *path, size_t index, struct buf *why)
{
  if (index >= IDENTITY_AUTHORITIES) {
    buf_printf(why, "%s: there are more than %d authorities", path, IDENTITY_AUTHORITIES);
    return ERR_LIMIT;
  }
  X509_STORE *store = store_new();
  int err = ERR_NOMEM;
  if (store)
    err = authority_each(pem, path, add_to, store, why);
  else
    buf_printf(why, "%s cannot be loaded: %s", path, err_text(err));
  if (err) {
    X509_STORE_free(store);
    ERR_clear_error();
    return err;
  }
  X509_STORE_free(a->at[index]);
  a->at[index] = store;
  if (a->n <= index)
    a->n = index + 1;
  return 0;
}

static int signed_by(X509_STORE_CTX *check, X509_STORE *authority, X509 *leaf, STACK_OF(X509) * chain, bool *is)
{
  int err = X509_STORE_CTX_init(check, authority, leaf, chain) == 1 ? 0 : ERR_NOMEM;
  *is = err == 0 && X509_verify_cert(check) == 1;
  if (err == 0 && X509_STORE_CTX_get_error(check) == X509_V_ERR_OUT_OF_MEM)
    err = ERR_NOMEM;
  X509_STORE_CTX_cleanup(check);
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
    if (a->at[i])
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
    X509_STORE_free(a->at[i]);
  *a = (struct authorities){.n = 0};
}
