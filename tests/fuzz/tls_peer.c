/* A TLS client over memory, straight on OpenSSL. */
#include "tls_peer.h"

#include <limits.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "must.h"

enum { PIECE = 16384, VERSIONS = 2 };

struct tls_peer {
  SSL *ssl;
  enum tls_state state;
  bool tls12;
};

static SSL_CTX *contexts[VERSIONS];
static SSL_SESSION *tickets[VERSIONS]; /* the last one of each version; owned */

static int keep_ticket(SSL *ssl, SSL_SESSION *ticket)
{
  const struct tls_peer *p = SSL_get_app_data(ssl);
  SSL_SESSION_free(tickets[p->tls12]);
  tickets[p->tls12] = ticket;
  return 1; /* the reference is ours */
}

static SSL_CTX *context_of(bool tls12)
{
  if (contexts[tls12])
    return contexts[tls12];
  int version = tls12 ? TLS1_2_VERSION : TLS1_3_VERSION;
  SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
  must(ctx && SSL_CTX_set_min_proto_version(ctx, version) == 1 && SSL_CTX_set_max_proto_version(ctx, version) == 1,
       "a client's context");
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(ctx, keep_ticket);
  contexts[tls12] = ctx;
  return ctx;
}

void tls_peer_begin(void)
{
  for (int i = 0; i < VERSIONS; i++) {
    SSL_SESSION_free(tickets[i]);
    tickets[i] = NULL;
  }
}

struct tls_peer *tls_peer_new(unsigned kind)
{
  static char host[] = "localhost", other[] = "not-served.example"; /* OpenSSL's macro casts const away */
  struct tls_peer *p = calloc(1, sizeof *p);
  must(p != NULL, "memory");
  p->tls12 = kind & PEER_TLS12;
  p->ssl = SSL_new(context_of(p->tls12));
  BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
  must(p->ssl && in && out && SSL_set_app_data(p->ssl, p) == 1, "a client");
  BIO_set_mem_eof_return(in, -1);
  SSL_set_bio(p->ssl, in, out);
  SSL_set_connect_state(p->ssl);
  char *sni = kind & PEER_OTHER_SNI ? other : host;
  if (!(kind & PEER_NO_SNI))
    must(SSL_set_tlsext_host_name(p->ssl, sni) == 1, "a host's name");
  if (kind & PEER_AGAIN && tickets[p->tls12])
    must(SSL_set_session(p->ssl, tickets[p->tls12]) == 1, "a ticket to show");
  (void)tls_peer_feed(p, (struct str){NULL, 0}, NULL);
  return p;
}

void tls_peer_free(struct tls_peer *p)
{
  SSL_set_shutdown(p->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_free(p->ssl);
  free(p);
}

/* What a call that did not succeed means. */
static void judge(struct tls_peer *p, int result)
{
  int error = SSL_get_error(p->ssl, result);
  if (error == SSL_ERROR_ZERO_RETURN)
    p->state = TLS_CLOSED;
  else if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
    p->state = TLS_BROKEN;
  ERR_clear_error();
}

enum tls_state tls_peer_feed(struct tls_peer *p, struct str ciphertext, struct buf *plain)
{
  char piece[PIECE];
  int result = 1;
  ERR_clear_error();
  must(ciphertext.n <= INT_MAX, "a piece");
  if (ciphertext.n && p->state != TLS_BROKEN)
    must(BIO_write(SSL_get_rbio(p->ssl), ciphertext.p, (int)ciphertext.n) == (int)ciphertext.n, "memory");
  if (p->state == TLS_HANDSHAKE) {
    result = SSL_do_handshake(p->ssl);
    if (result == 1)
      p->state = TLS_OPEN;
    else
      judge(p, result);
  }
  while (p->state == TLS_OPEN && plain) {
    size_t n = 0;
    result = SSL_read_ex(p->ssl, piece, sizeof piece, &n);
    buf_put(plain, piece, n);
    if (result == 1)
      continue;
    judge(p, result);
    break;
  }
  return p->state;
}

void tls_peer_write(struct tls_peer *p, struct str plain)
{
  size_t n;
  if (plain.n && p->state == TLS_OPEN && SSL_write_ex(p->ssl, plain.p, plain.n, &n) != 1)
    ERR_clear_error(); /* it has said its close_notify */
}

void tls_peer_close(struct tls_peer *p)
{
  if (p->state == TLS_OPEN)
    (void)SSL_shutdown(p->ssl);
  ERR_clear_error();
}

void tls_peer_rekey(struct tls_peer *p)
{
  if (p->state == TLS_OPEN && (p->tls12 ? SSL_renegotiate(p->ssl) : SSL_key_update(p->ssl, SSL_KEY_UPDATE_REQUESTED)))
    (void)SSL_do_handshake(p->ssl);
  ERR_clear_error();
}

void tls_peer_output(struct tls_peer *p, struct buf *out)
{
  char piece[PIECE];
  int n;
  while ((n = BIO_read(SSL_get_wbio(p->ssl), piece, sizeof piece)) > 0)
    buf_put(out, piece, (size_t)n);
}
