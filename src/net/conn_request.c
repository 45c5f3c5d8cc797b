/* A connection's first half: from the first byte, through the handshake, to a whole request. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/address.h"
#include "base/err.h"
#include "base/log.h"
#include "net/conn_internal.h"

enum { FINGERPRINT_LOGGED = 16 }; /* digits: enough to tell certificates apart */

static bool start_tls(struct conn *c)
{
  c->tls = tls_session_new(c->server->tls);
  if (!c->tls)
    return false;
  for (size_t i = 0; c->context.entry_site && i < c->server->n_sites; i++)
    if (c->server->sites[i] == c->context.entry_site)
      tls_session_prefer(c->tls, i);
  conn_shake_begin(c);
  if (c->state != CONN_HANDSHAKE) /* its deadline runs from the accept on */
    conn_goto(c, CONN_HANDSHAKE);
  return true;
}

/* Few visitors show a certificate, so what is known of one has memory of its own. */
static bool keep_identity(struct conn *c)
{
  struct identity identity;
  int err = tls_session_identity(c->tls, &identity);
  if (err == 0 && identity.presented) {
    c->identity = malloc(sizeof identity);
    if (c->identity)
      *c->identity = identity;
    else
      err = ERR_NOMEM;
  }
  if (err)
    conn_drop(c, err_text(err));
  return err == 0;
}

static void handshake_done(struct conn *c)
{
  if (!keep_identity(c))
    return;
  long site = tls_session_site(c->tls);
  if (site >= 0 && (size_t)site < c->server->n_sites)
    c->context.sni_site = c->server->sites[site];
  struct str sni = tls_session_sni(c->tls);
  log_debug("connection %" PRIu64 ": %s %s%s%s%.*s%s%.*s", c->number, tls_session_version(c->tls),
            tls_session_cipher(c->tls), tls_session_resumed(c->tls) ? ", resumed" : "", sni.n ? ", for " : "",
            STR_ARG(sni), c->identity ? ", with the certificate " : "", c->identity ? FINGERPRINT_LOGGED : 0,
            c->identity ? c->identity->certificate : "");
  conn_goto(c, CONN_READ);
}

/* A request of which a part is missing will never be whole: its sender need not wait for the deadline. */
static bool drop_where_memory_is_short(struct conn *c)
{
  if (buf_error(&c->input) == 0)
    return false;
  conn_drop(c, "out of memory");
  return true;
}

/* Received bytes into `input`, through TLS where it is on. True where the state changed. */
static bool take_input(struct conn *c, struct str bytes)
{
  if (!c->tls) {
    struct str fits = str_head(bytes, c->input.max - c->input.n);
    buf_put_str(&c->input, fits);
    return drop_where_memory_is_short(c);
  }
  switch (tls_session_feed(c->tls, bytes, &c->input)) {
  case TLS_HANDSHAKE:
    return false;
  case TLS_OPEN:
  case TLS_CLOSED: /* a request may have come before the peer's close_notify: that is for step_read to see */
    if (drop_where_memory_is_short(c))
      return true;
    if (c->state == CONN_HANDSHAKE) {
      handshake_done(c);
      return true;
    }
    return false;
  case TLS_BROKEN:
    break;
  }
  conn_finish(c, tls_session_fault(c->tls));
  return true;
}

/* The first byte decides whether the client speaks TLS; then its input is taken. */
static bool take_first(struct conn *c, struct str bytes)
{
  bool hello = bytes.p[0] == 0x16; /* RFC 8446 5.1: a handshake record; no selector begins with it (P6) */
  if (c->proto->tls_required || (hello && c->server->gophers && c->server->tls)) {
    if (!start_tls(c)) {
      conn_drop(c, "out of memory");
      return true;
    }
    (void)take_input(c, bytes);
    return true;
  }
  return take_input(c, bytes);
}

/* Receives and takes what came. True where the state changed. */
static bool receive(struct conn *c)
{
  ssize_t n = c->readable ? conn_receive(c) : 0;
  if (n < 0) {
    conn_drop(c, "the client left");
    return true;
  }
  if (n == 0)
    return false;
  struct str bytes = {c->server->received, (size_t)n};
  bool first = !c->tls && c->input.n == 0;
  return first ? take_first(c, bytes) : take_input(c, bytes);
}

bool conn_step_handshake(struct conn *c)
{
  if (receive(c))
    return true;
  if (!c->eof)
    return false;
  conn_drop(c, "the client left during the handshake");
  return true;
}

static void on_response(void *context, struct response *response)
{
  struct conn *c = context;
  response_move(&c->response, response);
  c->answer = NULL;
  c->answered = true;
  if (!c->stepping)
    conn_step(c);
}

/* Who asks, for a site that lets each visitor in so often (as tags of the table of visitors, net/visitors.c). */
static uint64_t visitor(const struct conn *c)
{
  unsigned char network[ADDRESS_NETWORK_MOST];
  size_t n = address_network((const struct sockaddr *)&c->peer, network);
  uint64_t hash = n ? siphash(c->server->visitor_key, network, n) : 0;
  return n && hash == 0 ? 1 : hash;
}

/* The request is whole: let it be answered. */
static void handle(struct conn *c, enum parsed parsed)
{
  c->asked = true;
  conn_goto(c, CONN_HANDLE);
  if (c->admission.how != ADMITTED_SERVED) {
    conn_turn_away(c);
  } else if (parsed == PARSED_ANSWER) {
    response_move(&c->response, &c->request.answer);
    c->answered = true;
  } else {
    c->request.request.identity = c->identity;
    c->request.request.visitor = visitor(c);
    c->answer = site_start(c->request.site, &c->request.request, on_response, c);
  }
}

bool conn_step_read(struct conn *c)
{
  if (receive(c))
    return true;
  if (c->input.n) {
    enum parsed parsed = c->proto->parse(buf_str(&c->input), &c->context, &c->request);
    if (parsed != PARSED_MORE) {
      handle(c, parsed);
      return true;
    }
  }
  if (!c->eof)
    return false;
  if (c->tls)
    conn_finish(c, "the client left before its request was whole");
  else
    conn_drop(c, "the client left before its request was whole");
  return true;
}
