/* The worker's life: it serves what the supervisor says, drains, and stops. */
#include "base/err.h"
#include "net/conn.h"
#include "proc/control.h"
#include "proc/worker_internal.h"

/* When lines of the log that wait are tried again: soon, and more seldom each time that it was in vain. */
enum { LOG_PAUSE_MS = 5, LOG_PAUSE_MOST_MS = 640 };

/* What the thread pool is given to finish once the last connection is gone. */
enum { POOL_MS = 500, DOOR_NS = 500 * 1000 * 1000 };

/* ------------------------------------------------------------------ while it runs */

static void close_handle(uv_handle_t *handle)
{
  if (!uv_is_closing(handle))
    uv_close(handle, NULL);
}

static const char *connections(unsigned n)
{
  return n == 1 ? "connection" : "connections";
}

/* A thread of the pool hangs (a dead disk): it cannot be stopped, so it is left behind. */
static void on_abandon(uv_timer_t *timer)
{
  struct worker *w = timer->data;
  log_warning("leaving although a file is still being read: the disk does not answer");
  w->abandoned = true;
  uv_stop(&w->loop);
}

/* Lets the loop end where the last connection is gone. Only the pool may still be at work, and it gets a little time;
 * the timer itself does not keep the loop going. */
static void end_if_done(struct worker *w)
{
  if (!w->draining || w->server.n_conns > 0)
    return;
  poller_close(&w->server.poller);
  close_handle((uv_handle_t *)&w->on_term);
  close_handle((uv_handle_t *)&w->on_control);
  uv_unref((uv_handle_t *)&w->drain);
  (void)uv_timer_start(&w->drain, on_abandon, POOL_MS, 0);
}

void worker_on_gone(struct server *server)
{
  struct worker *w = server->owner;
  if (w->draining) {
    end_if_done(w);
    return;
  }
  reclaim_on_gone(&w->reclaim);
  for (size_t i = 0; i < w->n_entries; i++)
    listener_resume(&w->entries[i].listener);
}

/* ------------------------------------------------------------------ the supervisor's word */

static void serve(struct worker *w, uint64_t slots)
{
  for (size_t i = 0; i < w->n_entries && !w->draining; i++)
    listener_serve(&w->entries[i].listener, slots >> w->entries[i].slot & 1);
}

/* Others have the sockets now, and who waits in their queues. */
static void drain(struct worker *w)
{
  if (w->draining)
    return;
  w->draining = true;
  for (size_t i = 0; i < w->n_entries; i++)
    listener_close(&w->entries[i].listener);
  unsigned n = w->server.n_conns;
  if (n > 0)
    log_notice("worker %u finishes %u %s that began before", w->slot, n, connections(n));
  end_if_done(w);
}

static void on_drained_out(uv_timer_t *timer)
{
  struct worker *w = timer->data;
  log_warning("cut short, since the time to finish is over: %u %s", w->server.n_conns, connections(w->server.n_conns));
  conn_close_all(&w->server);
}

/* Who has reached the door is let in; then it is shut. Not for ever, since in a flood there is always one more, and
 * those who are inside wait meanwhile. */
static void shut_door(struct worker *w)
{
  uint64_t end = uv_hrtime() + DOOR_NS;
  for (size_t i = 0; i < w->n_entries; i++) {
    struct listener *l = &w->entries[i].listener;
    if (!l->serving || l->closed)
      continue;
    while (listener_accept(l) && uv_hrtime() < end) {
      /* some dozens at a time */
    }
    if (w->entries[i].given)
      listener_close(l); /* who comes now is somebody else's */
    else
      listener_end(l);
  }
  uv_update_time(&w->loop); /* the deadlines that are set next count from now */
}

static void stop(struct worker *w)
{
  if (w->stopping)
    return;
  w->stopping = true;
  shut_door(w);
  w->draining = true;
  for (size_t i = 0; i < w->n_entries; i++)
    listener_close(&w->entries[i].listener);
  conn_hurry(&w->server);
  unsigned n = w->server.n_conns;
  if (n > 0) {
    log_notice("stopping: worker %u: %u %s up to %d seconds to finish", w->slot, n,
               n == 1 ? "connection has" : "connections have", DRAIN_SECONDS);
    (void)uv_timer_start(&w->drain, on_drained_out, DRAIN_MS, 0);
  }
  end_if_done(w);
}

static void stop_now(struct worker *w)
{
  stop(w);
  conn_close_all(&w->server);
}

/* Between two lines, as all that is done here. */
static void use_log(struct worker *w, int descriptor)
{
  if (descriptor >= 0)
    request_log_use(&w->server.requests, descriptor, uv_now(&w->loop));
  else
    log_warning("worker %u had no place for the descriptor of the new log: SIGUSR1 to the supervisor tries again",
                w->slot);
}

void worker_on_log_lost(void *owner)
{
  struct worker *w = owner;
  (void)control_send(w->control, CONTROL_LOG_LOST, 0); /* where the supervisor is gone, on_control hears of it */
}

static void on_log_timer(uv_timer_t *timer)
{
  struct worker *w = timer->data;
  if (request_log_flush(&w->server.requests, uv_now(&w->loop)))
    return;
  if (w->log_pause < LOG_PAUSE_MOST_MS)
    w->log_pause *= 2;
  (void)uv_timer_start(timer, on_log_timer, w->log_pause, 0);
}

void worker_on_log_waiting(void *owner)
{
  struct worker *w = owner;
  w->log_pause = LOG_PAUSE_MS;
  (void)uv_timer_start(&w->log_timer, on_log_timer, w->log_pause, 0);
}

/* SIGTERM to a worker alone, or to all processes of a service at once: the supervisor knows which, and says what to do.
 */
void worker_on_signal(uv_signal_t *handle, int number)
{
  struct worker *w = handle->data;
  (void)number;
  if (!control_send(w->control, CONTROL_LEAVING, 0))
    drain(w);
}

void worker_on_control(uv_poll_t *poll, int status, int events)
{
  struct worker *w = poll->data;
  struct control message;
  int got = status < 0 ? ERR_IO : 1;
  (void)events;
  while (got == 1 && (got = control_receive(w->control, &message)) == 1) {
    switch (message.kind) {
    case CONTROL_SERVE:
      serve(w, message.slots);
      break;
    case CONTROL_DRAIN:
      drain(w);
      break;
    case CONTROL_STOP:
      stop(w);
      break;
    case CONTROL_STOP_NOW:
      stop_now(w);
      break;
    case CONTROL_LOG:
      use_log(w, message.descriptor);
      break;
    case CONTROL_READY:
    case CONTROL_LEAVING:
    case CONTROL_LOG_LOST:
      break; /* ours to say */
    }
  }
  if (got >= 0)
    return;
  if (!uv_is_closing((uv_handle_t *)&w->on_control)) /* the last word before may have ended it all */
    (void)uv_poll_stop(&w->on_control);
  if (!w->draining) {
    log_error("the supervisor is gone: stopping");
    stop(w);
  }
}

bool worker_run(struct worker *w)
{
  (void)control_send(w->control, CONTROL_READY, 0); /* where nobody is there, on_control hears of it */
  (void)uv_run(&w->loop, UV_RUN_DEFAULT);
  return !w->abandoned;
}
