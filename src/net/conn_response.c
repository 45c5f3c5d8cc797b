/* A connection's second half: from the site's answer to its last byte, and the peer's FIN. */
#include <sys/socket.h>

#include "net/conn_internal.h"

/* How often the peer's last bytes are looked for at a time. */
enum { DRAIN_LOOKS = 4 };

static void on_wake(void *context)
{
  struct conn *c = context;
  c->pulling = false;
  if (!c->stepping)
    conn_step(c);
}

/* Puts the response into the output's way: its head gathered, its body ready to be pulled. */
static bool begin_response(struct conn *c)
{
  if (c->proto->encode(&c->request, &c->context, &c->response, &c->output, &c->body) < 0 ||
      buf_error(&c->output) != 0) {
    conn_drop(c, "out of memory");
    return false;
  }
  c->status = c->response.status;
  c->head = c->output.n;
  c->sent = 0;
  if (c->body)
    body_on_wake(c->body, on_wake, c);
  return true;
}

bool conn_step_handle(struct conn *c)
{
  /* The reader may leave meanwhile; a mere FIN does not say so (netcat sends one after its request). */
  if (c->readable) {
    ssize_t n = conn_receive(c);
    if (n < 0) {
      conn_drop(c, "the client left");
      return true;
    }
    if (n > 0 && c->tls && tls_session_feed(c->tls, str_make(c->server->received, (size_t)n), NULL) == TLS_BROKEN) {
      (void)conn_send(c); /* the alert */
      conn_drop(c, tls_session_fault(c->tls));
      return true;
    }
  }
  if (!c->answered)
    return false;
  c->answered = false;
  if (!begin_response(c))
    return true;
  c->write_at = c->progress_at = uv_now(c->server->loop);
  conn_goto(c, CONN_WRITE);
  return true;
}

/* A body failed. As long as nothing has left, the reader can still be told why (G17). */
static bool replace_answer(struct conn *c)
{
  if (c->writing)
    return false;
  body_free(c->body);
  c->body = NULL;
  c->pulling = false;
  buf_clear(&c->output);
  response_free(&c->response);
  response_set(&c->response, STATUS_TEMPORARY_FAILURE, "The server could not read this. Please try again later.");
  return begin_response(c);
}

void conn_source_late(struct conn *c)
{
  c->fault = "its source takes too long";
  if (!replace_answer(c)) {
    if (c->state != CONN_CLOSING)
      conn_drop(c, c->fault);
    return;
  }
  c->progress_at = uv_now(c->server->loop);
  conn_arm(c); /* the look that found it out was the last one that was due */
  conn_step(c);
}

/* Fills the output if there is room for more. False when the connection was dropped. */
static bool fill(struct conn *c, bool *wait)
{
  *wait = false;
  if (c->complete)
    return true;
  enum filled filled = conn_fill(c);
  if (filled == FILLED_FAILED) {
    if (!replace_answer(c) || conn_fill(c) == FILLED_FAILED) {
      if (c->state != CONN_CLOSING)
        conn_drop(c, "its source failed");
      return false;
    }
  }
  *wait = filled == FILLED_WAIT;
  return true;
}

bool conn_step_write(struct conn *c)
{
  for (int pieces = 0; pieces < PIECES_PER_TURN; pieces++) {
    bool wait = false;
    if ((!c->writing || !conn_has_output(c)) && !fill(c, &wait))
      return true;
    if (wait && !c->writing && c->sent == 0)
      return false; /* only the head so far: it leaves together with the first of the body, or not at all */
    c->writing = true;
    switch (conn_send(c)) {
    case SENT_ALL:
      if (c->complete) {
        c->said_at = uv_now(c->server->loop);
        conn_goto(c, CONN_SHUTDOWN);
        (void)shutdown(c->socket.fd, SHUT_WR);
        return true;
      }
      if (wait || c->pulling)
        return false;
      break;
    case SENT_BLOCKED:
      return false;
    case SENT_DEAD:
      c->complete = false; /* what was complete did not arrive */
      conn_drop(c, "the client left");
      return true;
    }
  }
  c->blocked = true; /* others have their turn; the poll says at once that there is room */
  return false;
}

bool conn_step_shutdown(struct conn *c)
{
  /* What comes is thrown away: mostly a close_notify, with the FIN close behind it. */
  bool reset = false;
  for (int looks = 0; c->readable && looks < DRAIN_LOOKS; looks++) {
    ssize_t n = conn_receive(c);
    reset = n < 0;
    c->readable = n > 0 && !c->eof;
  }
  /* A client may have sent its FIN with its request. What it has not taken by now it is still to take: closed, the
   * socket would live on in the kernel, beyond every limit and deadline of ours (check_drained). */
  if (!reset && (!c->eof || conn_delivered(c) < c->wire))
    return false;
  conn_close(c);
  return true;
}
