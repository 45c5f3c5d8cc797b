/* TLS from the client's side, over memory: one context for all calls, one SSL for each. */
#include "tls/client.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/err.h"
#include "tls/describe.h"
#include "tls/fault.h"
#include "tls/wire.h"

enum {
  READ_PIECE = 16384, /* a whole record (RFC 8446, section 5.1) */
  HOST_MAX = 255,     /* of an SNI */
  TICKETS_MAX = 4,    /* kept of one call; OpenSSL's servers give two */
};

struct tls_client {
  unsigned refs; /* the owner's, and one for each call */
  SSL_CTX *ctx;
  BIO_METHOD *wire;
};

struct tls_call {
  struct tls_client *client; /* one reference */
  SSL *ssl;
  struct wire wire;
  enum tls_state state;
  bool closed;            /* our close_notify was made */
  bool wants_certificate; /* a CertificateRequest came */
  SSL_SESSION *tickets[TICKETS_MAX];
  unsigned n_tickets;
  char fault[FAULT_MAX];
};

/* ---------------------------------------------------------------- what all calls share */

/* Ciphers, groups and signatures are offered as OpenSSL does by itself: so do most readers' browsers, and what a server
 * makes of it is part of what is measured. */

/* In the place of OpenSSL's checks, which would build a chain for each handshake only to be overruled. */
static int believe(X509_STORE_CTX *store, void *arg)
{
  (void)store;
  (void)arg;
  return 1;
}

static int keep_ticket(SSL *ssl, SSL_SESSION *ticket)
{
  struct tls_call *c = SSL_get_app_data(ssl);
  if (c->n_tickets == TICKETS_MAX || SSL_SESSION_is_resumable(ticket) != 1)
    return 0;
  c->tickets[c->n_tickets++] = ticket;
  return 1; /* the reference is ours */
}

/* A CertificateRequest came: it is answered by none. */
static int show_none(SSL *ssl, X509 **certificate, EVP_PKEY **key)
{
  struct tls_call *c = SSL_get_app_data(ssl);
  (void)certificate;
  (void)key;
  c->wants_certificate = true;
  return 0;
}

static bool offer_versions(SSL_CTX *ctx, enum tls_offer offer)
{
  static const struct {
    int least, most;
  } versions[TLS_OFFERS] = {
      [TLS_OFFER_USUAL] = {TLS1_2_VERSION, 0},
      [TLS_OFFER_13] = {TLS1_3_VERSION, TLS1_3_VERSION},
      [TLS_OFFER_12] = {TLS1_2_VERSION, TLS1_2_VERSION},
      [TLS_OFFER_OLD] = {TLS1_VERSION, TLS1_1_VERSION},
  };
  if (offer == TLS_OFFER_OLD)
    SSL_CTX_set_security_level(ctx, 0); /* their signatures are made with SHA-1 */
  return SSL_CTX_set_min_proto_version(ctx, versions[offer].least) == 1 &&
         SSL_CTX_set_max_proto_version(ctx, versions[offer].most) == 1;
}

static SSL_CTX *context_new(enum tls_offer offer, bool tickets)
{
  SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
  if (!ctx)
    return NULL;
  SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
  SSL_CTX_set_cert_verify_callback(ctx, believe, NULL);
  SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode(ctx,
                                 tickets ? SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL : SSL_SESS_CACHE_OFF);
  if (tickets)
    SSL_CTX_sess_set_new_cb(ctx, keep_ticket);
  SSL_CTX_set_client_cert_cb(ctx, show_none);
  if (offer_versions(ctx, offer))
    return ctx;
  SSL_CTX_free(ctx);
  return NULL;
}

int tls_client_new(bool tickets, struct tls_client **out)
{
  return tls_client_new_offering(TLS_OFFER_USUAL, tickets, out);
}

int tls_client_new_offering(enum tls_offer offer, bool tickets, struct tls_client **out)
{
  struct tls_client *client = calloc(1, sizeof *client);
  *out = NULL;
  if (!client)
    return ERR_NOMEM;
  client->refs = 1;
  client->wire = wire_method();
  client->ctx = context_new(offer, tickets);
  ERR_clear_error();
  if (client->wire && client->ctx) {
    *out = client;
    return 0;
  }
  tls_client_free(client);
  return ERR_TLS;
}

void tls_client_free(struct tls_client *client)
{
  if (!client || --client->refs > 0)
    return;
  SSL_CTX_free(client->ctx);
  BIO_meth_free(client->wire);
  free(client);
}

/* ---------------------------------------------------------------- a call's life */

static bool name_host(SSL *ssl, const char *sni)
{
  char name[HOST_MAX + 1]; /* not const: OpenSSL's macro casts that away */
  int n = snprintf(name, sizeof name, "%s", sni);
  return n > 0 && (size_t)n < sizeof name && SSL_set_tlsext_host_name(ssl, name) == 1;
}

static SSL *ssl_new(struct tls_call *c, const char *sni, SSL_SESSION *ticket)
{
  SSL *ssl = SSL_new(c->client->ctx);
  BIO *bio = ssl ? wire_bio(c->client->wire, &c->wire) : NULL;
  if (!bio || SSL_set_app_data(ssl, c) != 1 || (sni && !name_host(ssl, sni)) ||
      (ticket && SSL_set_session(ssl, ticket) != 1)) {
    BIO_free(bio);
    SSL_free(ssl);
    return NULL;
  }
  SSL_set_bio(ssl, bio, bio); /* the SSL owns it now */
  SSL_set_connect_state(ssl);
  return ssl;
}

struct tls_call *tls_call_new(struct tls_client *client, const char *sni, struct tls_ticket *ticket)
{
  struct tls_call *c = calloc(1, sizeof *c);
  ERR_clear_error();
  if (c) {
    c->wire = WIRE_INIT;
    c->state = TLS_HANDSHAKE;
    c->client = client;
    client->refs++;
    c->ssl = ssl_new(c, sni, (SSL_SESSION *)ticket);
    /* With nothing fed, the handshake gets as far as the ClientHello. */
    if (!c->ssl || tls_call_feed(c, (struct str){NULL, 0}, NULL, NULL) == TLS_BROKEN) {
      tls_call_free(c);
      c = NULL;
    }
  }
  tls_ticket_free(ticket); /* the SSL has a reference of its own */
  ERR_clear_error();
  return c;
}

void tls_call_free(struct tls_call *c)
{
  if (!c)
    return;
  if (c->ssl) {
    /* A session that ends without close_notify would take its tickets with it, although they are as good. */
    SSL_set_shutdown(c->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(c->ssl);
  }
  while (c->n_tickets > 0)
    SSL_SESSION_free(c->tickets[--c->n_tickets]);
  wire_free(&c->wire);
  tls_client_free(c->client);
  free(c);
}

/* ---------------------------------------------------------------- in */

static void break_call(struct tls_call *c)
{
  c->state = TLS_BROKEN;
  if (buf_error(&c->wire.out)) {
    (void)snprintf(c->fault, sizeof c->fault, "the output: %s", err_text(buf_error(&c->wire.out)));
    ERR_clear_error();
  } else {
    (void)fault_take(c->fault, "server", wire_output(&c->wire).n > 0);
  }
}

/* What a call of OpenSSL's that did not succeed means for ours. */
static void judge(struct tls_call *c, int result)
{
  int error = SSL_get_error(c->ssl, result);
  if (error == SSL_ERROR_WANT_READ)
    return;
  if (error != SSL_ERROR_ZERO_RETURN) {
    break_call(c);
  } else if (c->state == TLS_OPEN) {
    c->state = TLS_CLOSED;
  } else {
    c->state = TLS_BROKEN;
    (void)snprintf(c->fault, sizeof c->fault, "the server closed in the middle of the handshake");
  }
}

static void decrypt(struct tls_call *c, void (*take)(void *context, struct str plain), void *context)
{
  char piece[READ_PIECE];
  while (c->state == TLS_OPEN) {
    size_t n = 0;
    int result = SSL_read_ex(c->ssl, piece, sizeof piece, &n);
    if (result == 1)
      take(context, str_make(piece, n));
    else
      judge(c, result);
    if (result != 1)
      return;
  }
}

enum tls_state tls_call_feed(struct tls_call *c, struct str ciphertext, void (*take)(void *context, struct str plain),
                             void *context)
{
  ERR_clear_error();
  c->wire.in = ciphertext;
  if (c->state == TLS_HANDSHAKE) {
    int result = SSL_do_handshake(c->ssl);
    if (result == 1)
      c->state = TLS_OPEN;
    else
      judge(c, result);
  }
  if (c->state == TLS_OPEN && take)
    decrypt(c, take, context);
  c->wire.in = (struct str){NULL, 0};
  ERR_clear_error();
  return c->state;
}

/* ---------------------------------------------------------------- out */

int tls_call_write(struct tls_call *c, struct str plain)
{
  size_t written;
  if (c->closed || c->state == TLS_HANDSHAKE || c->state == TLS_BROKEN)
    return ERR_TLS;
  if (plain.n == 0)
    return 0;
  ERR_clear_error();
  if (SSL_write_ex(c->ssl, plain.p, plain.n, &written) == 1)
    return 0;
  int err = buf_error(&c->wire.out) ? ERR_NOMEM : ERR_TLS;
  break_call(c);
  return err;
}

void tls_call_close(struct tls_call *c)
{
  if (c->closed || c->state == TLS_HANDSHAKE || c->state == TLS_BROKEN)
    return;
  c->closed = true;
  ERR_clear_error();
  if (SSL_shutdown(c->ssl) < 0)
    break_call(c);
  ERR_clear_error();
}

struct str tls_call_output(const struct tls_call *c)
{
  return wire_output(&c->wire);
}

void tls_call_sent(struct tls_call *c, size_t n)
{
  wire_sent(&c->wire, n);
}

/* ---------------------------------------------------------------- tickets, and asking */

struct tls_ticket *tls_call_ticket(struct tls_call *c)
{
  return c->n_tickets > 0 ? (struct tls_ticket *)c->tickets[--c->n_tickets] : NULL;
}

void tls_ticket_free(struct tls_ticket *ticket)
{
  SSL_SESSION_free((SSL_SESSION *)ticket);
}

bool tls_ticket_early_data(const struct tls_ticket *ticket)
{
  return SSL_SESSION_get_max_early_data((const SSL_SESSION *)ticket) > 0;
}

const char *tls_call_version(const struct tls_call *c)
{
  return SSL_get_version(c->ssl);
}

bool tls_call_wants_certificate(const struct tls_call *c)
{
  return c->wants_certificate;
}

int tls_call_certificate(const struct tls_call *c, struct certificate_info *out)
{
  ERR_clear_error();
  int err = describe_certificate(SSL_get0_peer_certificate(c->ssl), out);
  ERR_clear_error();
  return err;
}

bool tls_call_names(const struct tls_call *c, const char *host, bool is_ip)
{
  X509 *leaf = SSL_get0_peer_certificate(c->ssl);
  ERR_clear_error();
  bool named = leaf && (is_ip ? X509_check_ip_asc(leaf, host, 0) : X509_check_host(leaf, host, 0, 0, NULL)) == 1;
  ERR_clear_error();
  return named;
}

bool tls_call_resumed(const struct tls_call *c)
{
  return SSL_session_reused(c->ssl) == 1;
}

const char *tls_call_fault(const struct tls_call *c)
{
  return c->fault;
}
