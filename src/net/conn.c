/* Connections: the state machine. The callbacks of the loop leave a note and call conn_step, which moves as far as it
 * can. */
#include "net/conn.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/address.h"
#include "base/log.h"
#include "net/conn_internal.h"

/* ------------------------------------------------------------------ states */

/* The only place where the state changes. */
void conn_goto(struct conn *c, enum conn_state state)
{
  log_debug("connection %" PRIu64 ": %s -> %s", c->number, conn_state_name(c->state), conn_state_name(state));
  c->state = state;
  if (state != CONN_HANDSHAKE)
    conn_shake_end(c);
  conn_arm(c);
}

/* ------------------------------------------------------------------ the end */

/* Gives back what the states made; the timer closes later. */
static void conn_release(struct conn *c)
{
  if (c->answer)
    site_cancel(c->answer);
  c->answer = NULL;
  body_free(c->body);
  c->body = NULL;
  response_free(&c->response);
  proto_request_free(&c->request);
  tls_session_free(c->tls);
  c->tls = NULL;
  free(c->identity);
  c->identity = NULL;
  buf_free(&c->input);
  buf_free(&c->output);
}

/* The socket goes; where it had the descriptor that is kept back, that is kept again. */
static void close_socket(struct server *server, int fd, bool spare)
{
  if (spare)
    reserve_close_into(&server->reserve, fd, server->poller.fd);
  else
    close(fd);
}

static void on_timer_closed(uv_handle_t *timer)
{
  struct conn *c = timer->data;
  struct server *server = c->server;
  *(c->previous ? &c->previous->next : &server->first) = c->next;
  if (c->next)
    c->next->previous = c->previous;
  server->n_conns--;
  free(c);
  server->on_gone(server);
}

void conn_close(struct conn *c)
{
  if (c->state == CONN_CLOSING)
    return;
  conn_log(c);
  if (c->failed) {
    /* P18: the reader can tell an answer that was cut short by the RST. */
    const struct linger rst = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(c->socket.fd, SOL_SOCKET, SO_LINGER, &rst, sizeof rst);
  }
  conn_goto(c, CONN_CLOSING);
  conn_release(c);
  conn_depart(c->server, &c->admission);
  close_socket(c->server, c->socket.fd, c->spare);
  c->socket.fd = -1;
  c->socket.watched = 0; /* nobody else holds the socket: closing took it out of the poller */
  uv_close((uv_handle_t *)&c->timer, on_timer_closed);
}

/* The peer is gone, or is to be dropped without another byte. */
void conn_drop(struct conn *c, const char *why)
{
  if (!c->fault)
    c->fault = why;
  if (c->asked && !c->complete)
    c->failed = true;
  conn_close(c);
}

/* Nothing more will be said but what waits in the output and a close_notify. */
void conn_finish(struct conn *c, const char *why)
{
  c->fault = why;
  c->complete = true;
  if (c->tls)
    tls_session_close(c->tls);
  c->write_at = c->progress_at = uv_now(c->server->loop);
  conn_goto(c, CONN_WRITE);
}

/* ------------------------------------------------------------------ the loop's side */

/* What the socket should wait for: derived from the state, here and nowhere else. */
static int interest(const struct conn *c)
{
  /* While the peer does not take what we have to say we do not listen either: nothing can pile up. */
  if (c->blocked)
    return UV_WRITABLE;
  switch (c->state) {
  case CONN_HANDSHAKE:
  case CONN_READ:
  case CONN_HANDLE:
  case CONN_SHUTDOWN:
    return c->eof ? 0 : UV_READABLE;
  case CONN_WRITE:
  case CONN_CLOSING:
    break;
  }
  return 0;
}

static void on_ready(struct polled *socket, int events)
{
  struct conn *c = (struct conn *)((char *)socket - offsetof(struct conn, socket));
  if (events & UV_DISCONNECT) {
    if (c->state == CONN_WRITE)
      c->complete = false;
    conn_drop(c, "the client left");
    return;
  }
  if (events & UV_READABLE)
    c->readable = true;
  if (events & UV_WRITABLE)
    c->blocked = false;
  if (events & POLLED_ENDED)
    c->ended = true;
  conn_step(c);
}

static void watch(struct conn *c)
{
  if (poller_watch(&c->server->poller, &c->socket, interest(c)) < 0)
    conn_drop(c, "the event loop refused it");
}

/* Moves as far as it can go without waiting, then says what it waits for. */
void conn_step(struct conn *c)
{
  bool moved = true;
  c->stepping = true;
  while (moved) {
    switch (c->state) {
    case CONN_HANDSHAKE:
      moved = conn_step_handshake(c);
      break;
    case CONN_READ:
      moved = conn_step_read(c);
      break;
    case CONN_HANDLE:
      moved = conn_step_handle(c);
      break;
    case CONN_WRITE:
      moved = c->blocked ? false : conn_step_write(c);
      break;
    case CONN_SHUTDOWN:
      moved = conn_step_shutdown(c);
      break;
    case CONN_CLOSING:
      return; /* never touched again before its timer has closed */
    }
  }
  /* The handshake's flights, and whatever TLS wants to say while the site is at work. */
  if (c->tls && !c->writing && !c->blocked && conn_has_output(c) && conn_send(c) == SENT_DEAD) {
    conn_drop(c, "the client left");
    return;
  }
  c->stepping = false;
  watch(c);
}

/* ------------------------------------------------------------------ the beginning */

/* The address that the client connected to, as text (P19). */
static struct str local_address(struct conn *c)
{
  struct sockaddr_in6 local;
  socklen_t length = sizeof local;
  memset(&local, 0, sizeof local);
  const struct sockaddr *address = (const struct sockaddr *)&local;
  if (getsockname(c->socket.fd, (struct sockaddr *)&local, &length) < 0 || address_loopback(address))
    return STR("localhost");
  address_text(address, c->local_host);
  return str_from(c->local_host);
}

static void fill_context(struct conn *c, const struct entrance *entrance, const struct sockaddr *peer)
{
  struct server *server = c->server;
  c->context = (struct proto_context){
      .sites = server->sites,
      .n_sites = server->n_sites,
      .entry_site = entrance->site,
      .local_host = entrance->local_host.n ? entrance->local_host : local_address(c),
      .port = entrance->port,
      .gemini_port = entrance->gemini_port,
      .gemini_ports = server->gemini_ports,
      .n_gemini_ports = server->n_gemini_ports,
      .gopher_port = entrance->gopher_port,
      .from_loopback = address_loopback(peer),
      .courtesies = server->courtesies,
      .gophers = server->gophers && server->tls,
      .request_max = server->limits.request,
  };
  memcpy(&c->peer, peer, peer->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
}

static void open_conn(struct server *server, const struct entrance *entrance, int fd, const struct sockaddr *peer,
                      bool spare)
{
  struct admission admission;
  if (!conn_admit(server, peer, spare, &admission)) {
    close_socket(server, fd, spare);
    return;
  }
  struct conn *c = calloc(1, sizeof *c);
  if (!c) {
    conn_depart(server, &admission);
    close_socket(server, fd, spare);
    return;
  }
  (void)uv_timer_init(server->loop, &c->timer);
  c->timer.data = c;
  c->socket = (struct polled){.fd = fd, .ready = on_ready};
  c->server = server;
  c->proto = entrance->proto;
  c->number = ++server->clients;
  c->admission = admission;
  c->spare = spare;
  buf_init(&c->input, c->proto->input_max);
  buf_init(&c->output, OUTPUT_MAX);
  proto_request_init(&c->request);
  response_init(&c->response);
  c->opened_at = c->progress_at = c->write_at = uv_now(server->loop);
  fill_context(c, entrance, peer);

  c->next = server->first;
  if (c->next)
    c->next->previous = c;
  server->first = c;
  server->n_conns++;

  conn_goto(c, c->proto->tls_required ? CONN_HANDSHAKE : CONN_READ);
  c->readable = true; /* TCP_DEFER_ACCEPT: the first bytes are usually here already */
  conn_step(c);
}

void conn_open(struct server *server, const struct entrance *entrance, int fd, const struct sockaddr *peer)
{
  open_conn(server, entrance, fd, peer, false);
}

void conn_open_spare(struct server *server, const struct entrance *entrance, int fd, const struct sockaddr *peer)
{
  open_conn(server, entrance, fd, peer, true);
}

void conn_hurry(struct server *server)
{
  struct conn *next;
  server->stopping = true;
  for (struct conn *c = server->first; c; c = next) {
    next = c->next; /* memory is freed later, from the loop: the list holds while we walk it */
    if (c->state > CONN_READ)
      continue;
    if (!c->tls && c->input.n == 0)
      conn_drop(c, "the server stops");
    else
      conn_hasten(c);
  }
}

void conn_close_all(struct server *server)
{
  struct conn *next;
  for (struct conn *c = server->first; c; c = next) {
    next = c->next;
    if (c->state != CONN_CLOSING)
      conn_drop(c, "the server stops");
  }
}
