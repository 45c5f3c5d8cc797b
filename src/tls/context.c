/* The sites of a process as TLS sees them: settings, certificates, and the choice by SNI. */
#include "tls/context.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "base/err.h"
#include "base/host.h"
#include "base/log.h"
#include "tls/ask.h"
#include "tls/authorities.h"
#include "tls/choice.h"
#include "tls/digest.h"
#include "tls/doubts.h"
#include "tls/hello.h"
#include "tls/offer.h"
#include "tls/pair.h"

enum { DOUBTS_MAX = 1 << 20 };

struct tls_site {
  char **names;
  size_t n_names;
  size_t index;
  bool asks;
  SSL_CTX *ctx;
};

struct tls_server {
  unsigned refs;
  struct tickets *tickets; /* borrowed; NULL: OpenSSL's own keys */
  BIO_METHOD *wire;
  SSL_CTX *base; /* where sessions start while there is no site; the keeper of the ticket keys where there is no ring */
  struct tls_site *sites;
  size_t n_sites;
  struct authorities authorities;
};

/* ---------------------------------------------------------------- the choice (G2, G12) */

static const struct tls_site *search(const struct tls_server *server, struct str sni,
                                     bool (*means)(struct str name, struct str host))
{
  for (size_t i = 0; i < server->n_sites && sni.n; i++)
    for (size_t k = 0; k < server->sites[i].n_names; k++)
      if (means(str_from(server->sites[i].names[k]), sni))
        return &server->sites[i];
  return NULL;
}

/* What is named in full goes before what a wildcard means. */
static const struct tls_site *find_site(const struct tls_server *server, struct str sni)
{
  const struct tls_site *site = search(server, sni, host_is);
  return site ? site : search(server, sni, host_in_wildcard);
}

/* OpenSSL decides about resumption before it calls a servername callback, so that a ticket of one site would be taken
 * at another. Here it has not looked at the ticket yet, and SSL_set_SSL_CTX brings the site's session id context. Most
 * clients come for the default site, whose context they have already. A second ClientHello (after HelloRetryRequest)
 * changes nothing. */
static int choose(SSL *ssl, int *alert, void *arg)
{
  const struct tls_server *server = arg;
  struct tls_choice *choice = SSL_get_app_data(ssl);
  if (choice->made)
    return SSL_CLIENT_HELLO_SUCCESS;
  choice->made = true;
  struct str sni = hello_sni(ssl);
  buf_clear(&choice->sni);
  buf_put_str(&choice->sni, sni);
  const struct tls_site *site = find_site(server, sni);
  choice->site = site ? (long)site->index : -1;
  if (!site && server->n_sites)
    site = &server->sites[choice->otherwise < server->n_sites ? choice->otherwise : 0];
  if (!site || buf_error(&choice->sni) || (site->ctx != SSL_get_SSL_CTX(ssl) && !SSL_set_SSL_CTX(ssl, site->ctx))) {
    *alert = SSL_AD_INTERNAL_ERROR;
    return SSL_CLIENT_HELLO_ERROR;
  }
  /* A TLS 1.2 ticket holds the keys of the whole session, sealed under a key that is kept for two days: with that key,
   * forward secrecy would be gone. TLS 1.3 adds a fresh key exchange to each resumption. */
  bool tls13 = hello_offers_tls13(ssl);
  if (!tls13)
    SSL_set_options(ssl, SSL_OP_NO_TICKET);
  choice->asks = site->asks;
  if (choice->asks && !ask_client(ssl, tls13)) {
    *alert = SSL_AD_INTERNAL_ERROR;
    return SSL_CLIENT_HELLO_ERROR;
  }
  return SSL_CLIENT_HELLO_SUCCESS;
}

/* Only tells the client whether its SNI was of use (RFC 6066, section 3). An unknown one gets no alert (G12). */
static int acknowledge(SSL *ssl, int *alert, void *arg)
{
  (void)alert;
  (void)arg;
  const struct tls_choice *choice = SSL_get_app_data(ssl);
  return choice->site >= 0 ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

/* ---------------------------------------------------------------- a site's context */

/* A ticket is good for the site that gave it, whatever its certificate is by then, and in every process that serves it
 * (G5). */
static int set_session_id_context(SSL_CTX *ctx, const struct tls_site *site)
{
  struct buf text = BUF_INIT(1024);
  unsigned char id[DIGEST_BYTES];
  buf_printf(&text, "nuncio site %zu %s", site->index, site->n_names ? site->names[0] : "");
  int err = buf_error(&text);
  if (err == 0)
    err = digest_sha256(buf_str(&text), id);
  if (err == 0 && SSL_CTX_set_session_id_context(ctx, id, sizeof id) != 1)
    err = ERR_TLS;
  buf_free(&text);
  return err;
}

/* Without a ring the keys of the first context are everybody's: tickets outlive a new certificate. */
static bool share_keys(SSL_CTX *from, SSL_CTX *to)
{
  unsigned char keys[80]; /* name, HMAC and AES keys, as SSL_CTX_get_tlsext_ticket_keys has them */
  bool fine = SSL_CTX_get_tlsext_ticket_keys(from, keys, sizeof keys) == 1 &&
              SSL_CTX_set_tlsext_ticket_keys(to, keys, sizeof keys) == 1;
  OPENSSL_cleanse(keys, sizeof keys);
  return fine;
}

static SSL_CTX *context_new(struct tls_server *server)
{
  SSL_CTX *ctx = offer_new(server->tickets);
  if (!ctx)
    return NULL;
  if (!server->tickets && server->base && !share_keys(server->base, ctx)) {
    SSL_CTX_free(ctx);
    return NULL;
  }
  SSL_CTX_set_client_hello_cb(ctx, choose, server);
  SSL_CTX_set_tlsext_servername_callback(ctx, acknowledge);
  return ctx;
}

static int site_context(struct tls_server *server, const struct tls_site *site, const struct tls_files *files,
                        const struct pair *pair, SSL_CTX **out, struct buf *why)
{
  SSL_CTX *ctx = context_new(server);
  int err = ctx ? set_session_id_context(ctx, site) : ERR_NOMEM;
  if (err == 0)
    err = offer_pair(ctx, pair->leaf, pair->key, pair->chain);
  if (err) {
    const char *words = ERR_reason_error_string(ERR_peek_last_error());
    files_path(files, false, why);
    buf_printf(why, " cannot be used (%s): ", words ? words : err_text(err));
    files_advise_pair(files, why);
    SSL_CTX_free(ctx);
    ctx = NULL;
  }
  ERR_clear_error();
  *out = ctx;
  return err;
}

/* ---------------------------------------------------------------- the set */

SSL *tls_server_ssl(struct tls_server *server, struct wire *wire, struct tls_choice *choice)
{
  SSL *ssl = SSL_new(server->n_sites ? server->sites[0].ctx : server->base);
  BIO *bio = ssl ? wire_bio(server->wire, wire) : NULL;
  if (!bio || SSL_set_app_data(ssl, choice) != 1) {
    BIO_free(bio);
    SSL_free(ssl);
    ERR_clear_error();
    return NULL;
  }
  SSL_set_bio(ssl, bio, bio); /* the SSL owns it now */
  SSL_set_accept_state(ssl);
  return ssl;
}

int tls_server_new(struct tickets *tickets, struct tls_server **out)
{
  int err = ERR_NOMEM;
  struct tls_server *server = calloc(1, sizeof *server);
  *out = NULL;
  if (!server)
    return err;
  server->refs = 1;
  server->tickets = tickets;
  server->wire = wire_method();
  server->base = context_new(server);
  if (server->wire && server->base) {
    *out = server;
    return 0;
  }
  if (server->wire)
    err = ERR_TLS;
  tls_server_free(server);
  ERR_clear_error();
  return err;
}

static void site_free(struct tls_site *site)
{
  for (size_t i = 0; i < site->n_names; i++)
    free(site->names[i]);
  free(site->names);
  SSL_CTX_free(site->ctx);
}

struct tls_server *tls_server_ref(struct tls_server *server)
{
  server->refs++;
  return server;
}

void tls_server_free(struct tls_server *server)
{
  if (!server || --server->refs > 0)
    return;
  for (size_t i = 0; i < server->n_sites; i++)
    site_free(&server->sites[i]);
  free(server->sites);
  authorities_free(&server->authorities);
  SSL_CTX_free(server->base);
  BIO_meth_free(server->wire);
  free(server);
}

static int site_init(struct tls_site *site, const char *const *names, size_t n_names, size_t index)
{
  *site = (struct tls_site){.index = index};
  site->names = calloc(n_names ? n_names : 1, sizeof *site->names);
  if (!site->names)
    return ERR_NOMEM;
  for (size_t i = 0; i < n_names; i++) {
    site->names[i] = str_dup(str_from(names[i]));
    if (!site->names[i])
      return ERR_NOMEM;
    site->n_names++;
  }
  return 0;
}

/* ---------------------------------------------------------------- loading */

/* What a reader's browser will complain about. The pair is used all the same: its owner may have reasons. */
static void warn_owner(const char *const *names, size_t n_names, const struct tls_files *files, X509 *leaf)
{
  struct buf lines = BUF_INIT(DOUBTS_MAX);
  doubts_find(leaf, names, n_names, files, &lines);
  struct str rest = buf_str(&lines), line;
  while (str_line(&rest, &line))
    log_warning("%.*s", STR_ARG(line));
  buf_free(&lines);
}

static void say_not_loaded(const struct tls_files *files, int err, struct buf *why)
{
  files_path(files, false, why);
  buf_printf(why, " cannot be loaded: %s", err_text(err));
}

int tls_server_add(struct tls_server *server, const char *const *names, size_t n_names, const struct tls_files *files,
                   size_t index, struct buf *why)
{
  struct tls_site site;
  struct pair pair = PAIR_INIT;
  struct tls_site *grown = NULL;
  int err = site_init(&site, names, n_names, index);
  if (err)
    say_not_loaded(files, err, why);
  if (err == 0)
    err = pair_read(files, &pair, why);
  if (err == 0)
    err = site_context(server, &site, files, &pair, &site.ctx, why);
  if (err)
    goto out;
  if (!files->quiet)
    warn_owner(names, n_names, files, pair.leaf);
  grown = realloc(server->sites, (server->n_sites + 1) * sizeof *grown);
  if (grown) {
    server->sites = grown;
    server->sites[server->n_sites++] = site;
  } else {
    err = ERR_NOMEM;
    say_not_loaded(files, err, why);
  }

out:
  if (err)
    site_free(&site);
  pair_free(&pair);
  return err;
}

/* ---------------------------------------------------------------- clients' certificates */

int tls_server_ask(struct tls_server *server, size_t index)
{
  for (size_t i = 0; i < server->n_sites; i++)
    if (server->sites[i].index == index) {
      server->sites[i].asks = true;
      return 0;
    }
  return ERR_NOT_FOUND;
}

int tls_server_authority(struct tls_server *server, struct str pem, const char *path, size_t index, struct buf *why)
{
  return authorities_add(&server->authorities, pem, path, index, why);
}

const struct authorities *tls_server_authorities(const struct tls_server *server)
{
  return &server->authorities;
}
