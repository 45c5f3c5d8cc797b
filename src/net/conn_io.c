/* A connection's bytes: receiving, gathering, encrypting, sending; and what the log says of it. */
#include <errno.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/log.h"
#include "net/conn_internal.h"

/* Lines in the log for those who were not served; and how much of what was asked for a line shows: it may be escaped to
 * four times as much, and one address has hundreds of lines a minute. */
enum { LINES_MOST = 60, LINES_MS = 60 * 1000, TARGET_SHOWN = 256 };

ssize_t conn_receive(struct conn *c)
{
  c->readable = false;
  if (c->eof)
    return 0;
  ssize_t n;
  do
    n = recv(c->socket.fd, c->server->received, sizeof c->server->received, 0);
  while (n < 0 && errno == EINTR);
  if (n == 0 || (c->ended && n > 0 && (size_t)n < sizeof c->server->received))
    c->eof = true; /* a rest that leaves room is a whole one: no need to ask again */
  if (n < 0)
    return errno == EAGAIN ? 0 : -1;
  return n;
}

static struct str pending_output(const struct conn *c)
{
  if (c->tls)
    return tls_session_output(c->tls);
  return str_skip(buf_str(&c->output), c->output_sent);
}

bool conn_has_output(const struct conn *c)
{
  return pending_output(c).n > 0;
}

static void output_sent(struct conn *c, size_t n)
{
  c->wire += n;
  if (c->tls) {
    tls_session_sent(c->tls, n);
    return;
  }
  c->output_sent += n;
  if (c->output_sent == c->output.n) {
    buf_clear(&c->output);
    c->output_sent = 0;
  }
}

uint64_t conn_delivered(const struct conn *c)
{
  int queued = 0;
  if (ioctl(c->socket.fd, SIOCOUTQ, &queued) < 0)
    return c->wire;
  if (c->said_at && queued > 0)
    queued--; /* our FIN counts as a byte */
  if (queued < 0 || (uint64_t)queued > c->wire)
    return c->wire;
  return c->wire - (uint64_t)queued;
}

enum sent conn_send(struct conn *c)
{
  /* After the last byte comes shutdown(2): with MSG_MORE the two leave in one segment. */
  int flags = MSG_NOSIGNAL | (c->complete ? MSG_MORE : 0);
  c->blocked = false;
  for (;;) {
    struct str out = pending_output(c);
    if (out.n == 0)
      return SENT_ALL;
    ssize_t n = send(c->socket.fd, out.p, out.n, flags);
    if (n >= 0) {
      output_sent(c, (size_t)n);
      continue;
    }
    if (errno == EINTR)
      continue;
    if (errno != EAGAIN)
      return SENT_DEAD;
    c->blocked = true;
    return SENT_BLOCKED;
  }
}

/* Encrypts what was gathered; plain TCP sends it as it is. */
static int seal(struct conn *c)
{
  if (!c->tls || c->output.n == 0)
    return buf_error(&c->output);
  int err = buf_error(&c->output);
  if (err == 0)
    err = tls_session_write(c->tls, buf_str(&c->output));
  buf_clear(&c->output);
  return err;
}

static size_t piece_size(const struct conn *c)
{
  uint64_t ms = uv_now(c->server->loop) - c->write_at;
  return c->sent >= FAST_BYTES && c->sent / (ms + 1) >= FAST_RATE ? PIECE_FAST : PIECE;
}

enum filled conn_fill(struct conn *c)
{
  bool wait = c->pulling;
  size_t piece = piece_size(c);
  while (c->body && !wait && c->output.n < piece) {
    size_t before = c->output.n;
    switch (body_pull(c->body, &c->output, piece - c->output.n)) {
    case PULL_BYTES:
      break;
    case PULL_PENDING:
      c->pulling = wait = true;
      break;
    case PULL_END:
      body_free(c->body);
      c->body = NULL;
      break;
    case PULL_FAILED:
      return FILLED_FAILED;
    }
    c->sent += c->output.n - before;
    if (buf_error(&c->output) != 0)
      return FILLED_FAILED;
  }
  if (wait && !c->writing && c->sent == 0)
    return FILLED_WAIT;
  if (seal(c) < 0)
    return FILLED_FAILED;
  if (!c->body && !c->complete) {
    c->complete = true;
    if (c->tls)
      tls_session_close(c->tls); /* G3 */
  }
  return wait ? FILLED_WAIT : FILLED;
}

const char *conn_state_name(enum conn_state state)
{
  switch (state) {
  case CONN_HANDSHAKE:
    return "handshake";
  case CONN_READ:
    return "read";
  case CONN_HANDLE:
    return "handle";
  case CONN_WRITE:
    return "write";
  case CONN_SHUTDOWN:
    return "shutdown";
  case CONN_CLOSING:
    return "closing";
  }
  return "?";
}

/* B3. Who is served has a line each, as often as the limits let them ask. Lines for those who never asked or were
 * turned away cost a stranger next to nothing, so there are only some of them a minute. */
static bool log_line_due(const struct conn *c, unsigned long *left_out)
{
  struct server *server = c->server;
  if (!c->asked)
    return log_due(&server->unasked, uv_now(server->loop), LINES_MOST, LINES_MS, left_out);
  if (c->admission.how != ADMITTED_SERVED)
    return log_due(&server->refused, uv_now(server->loop), LINES_MOST, LINES_MS, left_out);
  return true;
}

void conn_log(const struct conn *c)
{
  struct server *server = c->server;
  struct log_entry entry = {
      .protocol = c->proto->name,
      .name = c->tls ? c->proto->name_tls : c->proto->name,
      .tls = c->tls,
      .asked = c->asked,
      .status = (unsigned)c->status,
      .bytes = c->head + c->sent,
      .failed = c->failed,
      .request = str_head(buf_str(&c->request.log_target), TARGET_SHOWN),
      .shortened = c->request.log_target.n > TARGET_SHOWN,
      .fault = c->fault,
  };
  if (!request_log_wants(&server->requests) || !log_line_due(c, &entry.left_out))
    return;
  entry.resumed = c->tls && tls_session_resumed(c->tls);
  if (c->request.site)
    entry.site = site_name(c->request.site);
  /* The wait for the peer's FIN is none of the reader's. */
  entry.ms = (c->said_at ? c->said_at : uv_now(server->loop)) - c->opened_at;
  request_log_write(&server->requests, &entry, (const struct sockaddr *)&c->peer, uv_now(server->loop));
}
