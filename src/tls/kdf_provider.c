/* A provider for OpenSSL with two functions, TLS13-KDF (RFC 8446, section 7.1) and HMAC (RFC 2104), over SHA-256 and
 * SHA-384. It takes the parameters that libssl 3.0 gives, and no others. */
#include "tls/kdf_provider.h"

#include <string.h>

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include "base/err.h"
#include "base/str.h"
#include "tls/hkdf.h"

#define NAME "nuncio"

/* NULL: none of ours. libssl says what EVP_MD_get0_name says. */
static const struct hkdf_digest *take_digest(const OSSL_PARAM *p)
{
  const char *name = NULL;
  return OSSL_PARAM_get_utf8_string_ptr(p, &name) == 1 && name ? hkdf_digest(name) : NULL;
}

static bool take_bytes(const OSSL_PARAM *p, struct str *out)
{
  const void *bytes = NULL;
  if (OSSL_PARAM_get_octet_string_ptr(p, &bytes, &out->n) != 1)
    return false;
  out->p = bytes;
  return true;
}

/* ---------------------------------------------------------------- TLS13-KDF */

struct derivation {
  int mode;
  const struct hkdf_digest *digest;
  struct hkdf_label label;
  struct str key, salt, data; /* without a pointer: not given */
};

static bool is(const OSSL_PARAM *p, const char *key)
{
  return strcmp(p->key, key) == 0;
}

/* By the first letter: a handshake gives over a hundred parameters, and to try the names in turn costs more than a
 * derivation's hashing does. */
static bool take_parameter(const OSSL_PARAM *p, struct derivation *v)
{
  switch (*p->key) {
  case 'm':
    return is(p, OSSL_KDF_PARAM_MODE) && OSSL_PARAM_get_int(p, &v->mode) == 1;
  case 'd':
    if (is(p, OSSL_KDF_PARAM_DATA))
      return take_bytes(p, &v->data);
    return is(p, OSSL_KDF_PARAM_DIGEST) && (v->digest = take_digest(p)) != NULL;
  case 'k':
    return is(p, OSSL_KDF_PARAM_KEY) && take_bytes(p, &v->key);
  case 's':
    return is(p, OSSL_KDF_PARAM_SALT) && take_bytes(p, &v->salt);
  case 'l':
    return is(p, OSSL_KDF_PARAM_LABEL) && take_bytes(p, &v->label.name);
  case 'p':
    if (is(p, OSSL_KDF_PARAM_PREFIX))
      return take_bytes(p, &v->label.prefix);
    /* Which digest to fetch: ours is not fetched. */
    return is(p, OSSL_KDF_PARAM_PROPERTIES);
  default: /* a wish that we do not know */
    return false;
  }
}

/* libssl gives all parameters with the derivation: there is nothing to keep from call to call, so that the context that
 * OpenSSL asks for is a place that belongs to nobody. */
static void *kdf_new(void *provider)
{
  static char nothing;
  (void)provider;
  return &nothing;
}

static void kdf_free(void *nothing)
{
  (void)nothing;
}

static int kdf_derive(void *nothing, unsigned char *out, size_t n, const OSSL_PARAM parameters[])
{
  struct derivation v = {.mode = -1};
  (void)nothing;
  for (const OSSL_PARAM *p = parameters; p && p->key; p++)
    if (!take_parameter(p, &v))
      return 0;
  if (!v.digest)
    return 0;
  if (v.mode == EVP_KDF_HKDF_MODE_EXTRACT_ONLY)
    return n == hkdf_digest_size(v.digest) && hkdf_next_secret(v.digest, v.salt, &v.label, v.key, out);
  return v.mode == EVP_KDF_HKDF_MODE_EXPAND_ONLY && v.key.p &&
         hkdf_expand_label(v.digest, v.key, &v.label, v.data, out, n);
}

/* ---------------------------------------------------------------- HMAC */

struct mac {
  const struct hkdf_digest *digest; /* NULL: not chosen yet */
  struct hmac keyed, now;           /* as the key leaves it, and with the message so far */
  bool has_key, open;               /* open: between a start and its end */
};

static void *mac_new(void *provider)
{
  (void)provider;
  return OPENSSL_zalloc(sizeof(struct mac));
}

static void mac_free(void *context)
{
  OPENSSL_clear_free(context, sizeof(struct mac));
}

static void *mac_dup(void *context)
{
  return OPENSSL_memdup(context, sizeof(struct mac));
}

static int mac_start(struct mac *m)
{
  m->now = m->keyed;
  return m->open = m->has_key;
}

static int mac_set_key(struct mac *m, struct str key)
{
  if (!m->digest)
    return 0;
  hmac_start(&m->keyed, m->digest, key);
  m->has_key = true;
  return mac_start(m);
}

/* The digest before the key, wherever they stand in the list. */
static int mac_set(void *context, const OSSL_PARAM parameters[])
{
  struct mac *m = context;
  const OSSL_PARAM *key = NULL;
  for (const OSSL_PARAM *p = parameters; p && p->key; p++) {
    if (strcmp(p->key, OSSL_MAC_PARAM_DIGEST) == 0) {
      m->digest = take_digest(p);
      m->has_key = m->open = false;
    } else if (strcmp(p->key, OSSL_MAC_PARAM_KEY) == 0) {
      key = p;
    } else if (strcmp(p->key, OSSL_MAC_PARAM_PROPERTIES) != 0) {
      return 0;
    }
  }
  struct str bytes;
  if (key)
    return take_bytes(key, &bytes) && mac_set_key(m, bytes);
  return !parameters || m->digest;
}

static int mac_init(void *context, const unsigned char *key, size_t n, const OSSL_PARAM parameters[])
{
  struct mac *m = context;
  if (!mac_set(m, parameters))
    return 0;
  return key ? mac_set_key(m, str_make((const char *)key, n)) : mac_start(m);
}

static int mac_update(void *context, const unsigned char *bytes, size_t n)
{
  struct mac *m = context;
  if (!m->open)
    return 0;
  hmac_update(&m->now, str_make((const char *)bytes, n));
  return 1;
}

static int mac_final(void *context, unsigned char *out, size_t *n, size_t room)
{
  struct mac *m = context;
  if (!m->open || room < hkdf_digest_size(m->digest))
    return 0;
  hmac_finish(&m->now, out);
  *n = hkdf_digest_size(m->digest);
  m->open = false;
  return 1;
}

static int mac_get(void *context, OSSL_PARAM parameters[])
{
  const struct mac *m = context;
  const struct hkdf_digest *d = m->digest;
  OSSL_PARAM *size = OSSL_PARAM_locate(parameters, OSSL_MAC_PARAM_SIZE);
  OSSL_PARAM *block = OSSL_PARAM_locate(parameters, OSSL_MAC_PARAM_BLOCK_SIZE);
  return (!size || OSSL_PARAM_set_size_t(size, d ? hkdf_digest_size(d) : 0)) &&
         (!block || OSSL_PARAM_set_size_t(block, d ? hkdf_block_size(d) : 0));
}

static const OSSL_PARAM *mac_gettable(void *context, void *provider)
{
  static const OSSL_PARAM list[] = {OSSL_PARAM_size_t(OSSL_MAC_PARAM_SIZE, NULL),
                                    OSSL_PARAM_size_t(OSSL_MAC_PARAM_BLOCK_SIZE, NULL), OSSL_PARAM_END};
  (void)context;
  (void)provider;
  return list;
}

static const OSSL_PARAM *mac_settable(void *context, void *provider)
{
  static const OSSL_PARAM list[] = {OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_DIGEST, NULL, 0),
                                    OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_PROPERTIES, NULL, 0),
                                    OSSL_PARAM_octet_string(OSSL_MAC_PARAM_KEY, NULL, 0), OSSL_PARAM_END};
  (void)context;
  (void)provider;
  return list;
}

/* ---------------------------------------------------------------- the provider */

/* OpenSSL's tables hold functions of every kind as void (*)(void), and turn them back by their number. */
#define ENTRY(number, function)                                                                                        \
  {                                                                                                                    \
    (number), (void (*)(void))(function)                                                                               \
  }

static const OSSL_DISPATCH kdf_functions[] = {
    ENTRY(OSSL_FUNC_KDF_NEWCTX, kdf_new),
    ENTRY(OSSL_FUNC_KDF_FREECTX, kdf_free),
    ENTRY(OSSL_FUNC_KDF_DERIVE, kdf_derive),
    {0, NULL},
};

static const OSSL_DISPATCH mac_functions[] = {
    ENTRY(OSSL_FUNC_MAC_NEWCTX, mac_new),
    ENTRY(OSSL_FUNC_MAC_FREECTX, mac_free),
    ENTRY(OSSL_FUNC_MAC_DUPCTX, mac_dup),
    ENTRY(OSSL_FUNC_MAC_INIT, mac_init),
    ENTRY(OSSL_FUNC_MAC_UPDATE, mac_update),
    ENTRY(OSSL_FUNC_MAC_FINAL, mac_final),
    ENTRY(OSSL_FUNC_MAC_GET_CTX_PARAMS, mac_get),
    ENTRY(OSSL_FUNC_MAC_GETTABLE_CTX_PARAMS, mac_gettable),
    ENTRY(OSSL_FUNC_MAC_SET_CTX_PARAMS, mac_set),
    ENTRY(OSSL_FUNC_MAC_SETTABLE_CTX_PARAMS, mac_settable),
    {0, NULL},
};

static const OSSL_ALGORITHM *query(void *provider, int operation, int *no_cache)
{
  static const OSSL_ALGORITHM kdfs[] = {{"TLS13-KDF", "provider=" NAME, kdf_functions, NULL}, {NULL, NULL, NULL, NULL}};
  static const OSSL_ALGORITHM macs[] = {{"HMAC", "provider=" NAME, mac_functions, NULL}, {NULL, NULL, NULL, NULL}};
  (void)provider;
  *no_cache = 0;
  return operation == OSSL_OP_KDF ? kdfs : operation == OSSL_OP_MAC ? macs : NULL;
}

static int init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *core, const OSSL_DISPATCH **out, void **context)
{
  static const OSSL_DISPATCH functions[] = {ENTRY(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query), {0, NULL}};
  static char nothing;
  (void)handle;
  (void)core;
  *out = functions;
  *context = &nothing;
  return 1;
}

/* What is registered belongs to the process, as OpenSSL's own list of providers does. Held until the end. */
static OSSL_PROVIDER *loaded;

const char *kdf_provider_query(void)
{
  return loaded ? "?provider=" NAME : NULL;
}

void kdf_provider_unload(void)
{
  if (loaded)
    (void)OSSL_PROVIDER_unload(loaded);
  loaded = NULL;
}

int kdf_provider_load(struct buf *why)
{
  int err = 0;
  if (loaded)
    return 0;
  if (OPENSSL_version_major() != 3 || OPENSSL_version_minor() != 0) {
    buf_printf(why, "OpenSSL %s is not the 3.0 that it was measured with", OpenSSL_version(OPENSSL_VERSION_STRING));
    return ERR_ABSENT;
  }
  /* Who asks for no provider in particular gets the one that was there first: that must be OpenSSL's, which asking for
   * it brings in. And a plain load of ours would keep it out: hence try_load. */
  if (OSSL_PROVIDER_available(NULL, "default") == 1 && OSSL_PROVIDER_add_builtin(NULL, NAME, init) == 1)
    loaded = OSSL_PROVIDER_try_load(NULL, NAME, 1);
  if (!loaded) {
    const char *words = ERR_reason_error_string(ERR_peek_last_error());
    buf_printf(why, "OpenSSL does not take it (%s)", words ? words : "no reason given");
    err = ERR_TLS;
  } else if (!kdf_check("provider=" NAME, "provider!=" NAME)) {
    buf_printf(why, "its answers differ from OpenSSL's own");
    kdf_provider_unload();
    err = ERR_WRONG;
  }
  ERR_clear_error();
  return err;
}
