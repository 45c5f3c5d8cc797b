/* A connection's deadlines: one table, and what happens when one has passed (B1). */
#include <sys/socket.h>

#include "net/conn_internal.h"

static void on_timer(uv_timer_t *timer);

/* How many looks a write's deadline is made of; what is left to those who have not asked when the server stops. */
enum { WRITE_LOOKS = 6, HURRY_MS = 1000 };

/* In CONN_WRITE the deadline is for the lack of progress, so it is looked at more often than it may pass. */
static uint64_t look_every(uint64_t allowed)
{
  return allowed / WRITE_LOOKS + 1;
}

static uint64_t at_most(uint64_t deadline, uint64_t most)
{
  return deadline < most ? deadline : most;
}

/* Who is turned away is told so briefly. */
static uint64_t brief(const struct conn *c, uint64_t deadline)
{
  return c->admission.how == ADMITTED_SERVED ? deadline : at_most(deadline, TURNED_MS);
}

/* When the server stops, who has not asked must hurry. */
static uint64_t hurried(const struct conn *c, uint64_t deadline)
{
  deadline = brief(c, deadline);
  return c->server->stopping ? at_most(deadline, HURRY_MS) : deadline;
}

/* How long a client may take nothing of its answer. */
static uint64_t patience(const struct conn *c)
{
  return brief(c, c->server->deadlines.write);
}

/* The deadline of a state in milliseconds from its beginning; the one table (B1). */
static uint64_t deadline_of(const struct conn *c)
{
  const struct deadlines *d = &c->server->deadlines;
  switch (c->state) {
  case CONN_HANDSHAKE:
    return hurried(c, d->handshake);
  case CONN_READ:
    return hurried(c, d->request);
  case CONN_HANDLE:
    return d->handle;
  case CONN_WRITE:
    return look_every(patience(c));
  case CONN_SHUTDOWN:
    return brief(c, d->drain);
  case CONN_CLOSING:
    break;
  }
  return 0;
}

void conn_arm(struct conn *c)
{
  uint64_t deadline = deadline_of(c);
  if (deadline)
    (void)uv_timer_start(&c->timer, on_timer, deadline, 0);
  else
    (void)uv_timer_stop(&c->timer);
}

void conn_hasten(struct conn *c)
{
  if (uv_timer_get_due_in(&c->timer) > HURRY_MS)
    conn_arm(c);
}

/* Whether the peer has taken something since the last look, and enough over all (B1). What lies in the kernel's queue
 * it has not taken. */
static bool reads_fast_enough(struct conn *c, uint64_t now)
{
  uint64_t allowed = patience(c), delivered = conn_delivered(c);
  if (delivered > c->delivered) {
    c->delivered = delivered;
    c->progress_at = now;
  }
  uint64_t all = now - c->write_at;
  return now - c->progress_at < allowed && (all < allowed || delivered * 1000 / all >= MIN_RATE);
}

/* Time for a look in CONN_WRITE. */
static void check_progress(struct conn *c)
{
  uint64_t now = uv_now(c->server->loop), allowed = patience(c);
  if (c->pulling && !conn_has_output(c) && conn_delivered(c) == c->wire) {
    /* The peer has all that there is: if somebody is slow, it is our disk. Its time does not count against the reader.
     */
    if (now - c->progress_at >= allowed) {
      conn_source_late(c);
      return;
    }
    c->write_at += look_every(allowed);
  } else if (!reads_fast_enough(c, now)) {
    c->complete = false;
    conn_drop(c, "the client reads too slowly");
    return;
  }
  (void)uv_timer_start(&c->timer, on_timer, look_every(allowed), 0);
}

/* Whether the peer has sent an RST. Once its FIN has come nothing else tells of that: the poller would report the FIN
 * again and again. */
static bool is_reset(const struct conn *c)
{
  int error = 0;
  socklen_t n = sizeof error;
  return getsockopt(c->socket.fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0 || error != 0;
}

/* Our FIN is sent, and the peer's has not come, or it has not taken all. While it still takes what lies in the kernel
 * it may go on: an RST would destroy it. */
static void check_drained(struct conn *c)
{
  uint64_t now = uv_now(c->server->loop);
  bool all_taken = conn_delivered(c) >= c->wire, left = !all_taken && is_reset(c);
  if (!all_taken && !left && reads_fast_enough(c, now)) {
    (void)uv_timer_start(&c->timer, on_timer, brief(c, c->server->deadlines.drain), 0);
    return;
  }
  if (!all_taken && c->asked) {
    c->fault = left ? "the client left" : "the client reads too slowly";
    c->failed = true;
  }
  conn_close(c);
}

/* Why one who has not asked is left. */
static const char *late(const struct conn *c, const char *why)
{
  return c->server->stopping ? "the server stops" : why;
}

static void on_timer(uv_timer_t *timer)
{
  struct conn *c = timer->data;
  switch (c->state) {
  case CONN_HANDSHAKE:
    conn_drop(c, late(c, c->tls ? "the handshake took too long" : "nothing came"));
    return;
  case CONN_READ:
    /* G7: no answer; G3: but a close_notify */
    conn_finish(c, late(c, c->tls || c->input.n ? "the request took too long" : "nothing came"));
    break;
  case CONN_HANDLE:
    if (c->answer)
      site_cancel(c->answer);
    c->answer = NULL;
    response_set(&c->response, STATUS_TEMPORARY_FAILURE, "This took too long to make. Please try again later.");
    c->answered = true;
    break;
  case CONN_WRITE:
    check_progress(c);
    return;
  case CONN_SHUTDOWN:
    check_drained(c);
    return;
  case CONN_CLOSING:
    return;
  }
  conn_step(c);
}
