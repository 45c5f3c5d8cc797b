/* One TLS session over memory: handshake, decryption, encryption, and the words for what went wrong. */
#include "tls/session.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/err.h"
#include "tls/choice.h"
#include "tls/fault.h"
#include "tls/hello.h"
#include "tls/identify.h"
#include "tls/wire.h"

enum {
  READ_PIECE = 2048,  /* a request fits; what does not is read in turns */
  CHATTER_MAX = 1024, /* what OpenSSL may answer by itself in an open session; one request needs none of it */
  RECORD_MAX = 16384, /* RFC 8446, section 5.1 */
  RECORD_EXTRA = 64,  /* header, nonce, tag of a record, rounded up */
};

struct tls_session {
  struct tls_server *server; /* one reference */
  SSL *ssl;
  struct wire wire;
  struct tls_choice choice;
  enum tls_state state;
  bool closed; /* our close_notify was made, or must not be any more */
  struct hello_head hello;
  size_t chatter;
  char fault[FAULT_MAX];
};

struct tls_session *tls_session_new(struct tls_server *server)
{
  struct tls_session *s = calloc(1, sizeof *s);
  if (!s)
    return NULL;
  s->wire = WIRE_INIT;
  s->choice = TLS_CHOICE_INIT;
  s->state = TLS_HANDSHAKE;
  s->ssl = tls_server_ssl(server, &s->wire, &s->choice);
  if (!s->ssl) {
    free(s);
    return NULL;
  }
  s->server = tls_server_ref(server);
  return s;
}

void tls_session_free(struct tls_session *s)
{
  if (!s)
    return;
  SSL_free(s->ssl);
  wire_free(&s->wire);
  buf_free(&s->choice.sni);
  tls_server_free(s->server);
  free(s);
}

void tls_session_prefer(struct tls_session *s, size_t site)
{
  s->choice.otherwise = site;
}

/* ---------------------------------------------------------------- in */

/* An alert in plain text, of level fatal: for what OpenSSL does not see, or sends none to. Nothing else was written
 * yet, so it goes out as it is. */
static void put_alert(struct tls_session *s, unsigned char alert)
{
  const unsigned char record[] = {21, 3, 3, 0, 2, 2, alert};
  buf_put(&s->wire.out, record, sizeof record);
}

static void break_session(struct tls_session *s)
{
  s->state = TLS_BROKEN;
  if (buf_error(&s->wire.out)) {
    (void)snprintf(s->fault, sizeof s->fault, "the output: %s", err_text(buf_error(&s->wire.out)));
    ERR_clear_error();
  } else if (s->choice.refused) {
    (void)snprintf(s->fault, sizeof s->fault, "%s", s->choice.refused);
    ERR_clear_error();
  } else if (!fault_take(s->fault, "client", wire_output(&s->wire).n > 0)) {
    put_alert(s, SSL_AD_PROTOCOL_VERSION); /* a peer that speaks plain text (G1) */
  }
}

/* What a call that did not succeed means for the session. */
static void judge(struct tls_session *s, int result)
{
  int error = SSL_get_error(s->ssl, result);
  if (error == SSL_ERROR_WANT_READ)
    return;
  if (error != SSL_ERROR_ZERO_RETURN) {
    break_session(s);
  } else if (s->state == TLS_OPEN) {
    s->state = TLS_CLOSED;
  } else {
    s->state = TLS_BROKEN;
    (void)snprintf(s->fault, sizeof s->fault, "the client closed in the middle of the handshake");
  }
}

static void refuse_hello(struct tls_session *s)
{
  s->state = TLS_BROKEN;
  put_alert(s, SSL_AD_ILLEGAL_PARAMETER);
  (void)snprintf(s->fault, sizeof s->fault, "its ClientHello is longer than %d bytes", HELLO_MAX);
}

static void handshake(struct tls_session *s)
{
  int result = SSL_do_handshake(s->ssl);
  if (result == 1)
    s->state = TLS_OPEN;
  else
    judge(s, result);
}

static void decrypt(struct tls_session *s, struct buf *plain)
{
  size_t before = wire_output(&s->wire).n;
  while (s->state == TLS_OPEN) {
    char piece[READ_PIECE];
    size_t n = 0;
    int result = SSL_read_ex(s->ssl, piece, sizeof piece, &n);
    if (result != 1) {
      judge(s, result);
      break;
    }
    if (plain)
      buf_put(plain, piece, n < plain->max - plain->n ? n : plain->max - plain->n);
  }
  /* Key updates (TLS 1.3) and wishes to renegotiate (TLS 1.2) are answered each time, at about their own size. A client
   * that goes on asking and never reads must not fill our memory with the answers. */
  s->chatter += wire_output(&s->wire).n - before;
  if (s->state == TLS_OPEN && s->chatter > CHATTER_MAX) {
    s->state = TLS_BROKEN;
    (void)snprintf(s->fault, sizeof s->fault, "the client asks for too much after the handshake");
  }
}

enum tls_state tls_session_feed(struct tls_session *s, struct str ciphertext, struct buf *plain)
{
  ERR_clear_error();
  s->wire.in = ciphertext;
  if (s->state == TLS_HANDSHAKE && hello_too_long(&s->hello, ciphertext))
    refuse_hello(s);
  if (s->state == TLS_HANDSHAKE)
    handshake(s);
  if (s->state == TLS_OPEN)
    decrypt(s, plain);
  s->wire.in = (struct str){NULL, 0};
  ERR_clear_error();
  return s->state;
}

/* ---------------------------------------------------------------- out */

int tls_session_write(struct tls_session *s, struct str plain)
{
  size_t written;
  if (s->closed || s->state == TLS_HANDSHAKE || s->state == TLS_BROKEN)
    return ERR_TLS;
  if (plain.n == 0)
    return 0;
  ERR_clear_error();
  /* Room at once for all records: otherwise the buffer would grow, and be copied, record by record. */
  if (buf_room(&s->wire.out, plain.n + (plain.n / RECORD_MAX + 1) * RECORD_EXTRA) &&
      SSL_write_ex(s->ssl, plain.p, plain.n, &written) == 1)
    return 0;
  int err = buf_error(&s->wire.out) ? ERR_NOMEM : ERR_TLS;
  break_session(s);
  return err;
}

void tls_session_close(struct tls_session *s)
{
  if (s->closed || s->state == TLS_HANDSHAKE || s->state == TLS_BROKEN)
    return;
  s->closed = true;
  ERR_clear_error();
  if (SSL_shutdown(s->ssl) < 0)
    break_session(s);
  ERR_clear_error();
}

struct str tls_session_output(struct tls_session *s)
{
  return wire_output(&s->wire);
}

void tls_session_sent(struct tls_session *s, size_t n)
{
  wire_sent(&s->wire, n);
}

/* ---------------------------------------------------------------- asking */

long tls_session_site(const struct tls_session *s)
{
  return s->choice.site;
}

struct str tls_session_sni(const struct tls_session *s)
{
  return buf_str(&s->choice.sni);
}

const char *tls_session_fault(const struct tls_session *s)
{
  return s->fault;
}

const char *tls_session_version(const struct tls_session *s)
{
  return SSL_get_version(s->ssl);
}

const char *tls_session_cipher(const struct tls_session *s)
{
  return SSL_get_cipher_name(s->ssl);
}

bool tls_session_resumed(const struct tls_session *s)
{
  return SSL_session_reused(s->ssl) == 1;
}

/* While the handshake goes on a certificate may be there without the proof that the client has its key. */
int tls_session_identity(const struct tls_session *s, struct identity *out)
{
  *out = (struct identity){.presented = false};
  if (s->state != TLS_OPEN && s->state != TLS_CLOSED)
    return 0;
  X509 *leaf = SSL_get0_peer_certificate(s->ssl);
  return leaf ? identify(leaf, SSL_get_peer_cert_chain(s->ssl), tls_server_authorities(s->server), out) : 0;
}
