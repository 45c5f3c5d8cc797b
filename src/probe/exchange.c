/* One connection with poll(2) and a deadline. */
#include "probe/exchange.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"

enum {
  RECEIVE = 16384,
  FAREWELL_MS = 2000, /* what a server has for its FIN after close_notify */
};

/* The connection while it lasts. */
struct line {
  const struct exchange_plan *plan;
  struct exchange *seen;
  struct tls_call *call; /* NULL: plain TCP */
  struct str unsent;     /* plain TCP: what is left of the request */
  uint64_t deadline_ms;
  int fd;
  bool farewell; /* close_notify came */
  bool over;     /* seen->end is known */
};

static uint64_t now_ms(void)
{
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---------------------------------------------------------------- the end */

static void end(struct line *line, enum exchange_end how, const char *fault)
{
  line->over = true;
  line->seen->end = how;
  (void)snprintf(line->seen->fault, sizeof line->seen->fault, "%s", fault ? fault : "");
}

/* A system call on the socket said no. After close_notify all is there, whatever becomes of the connection. */
static void fail(struct line *line, int error)
{
  if (line->farewell) {
    line->seen->closed_tcp = true;
    end(line, EXCHANGE_CLOSED, NULL);
  } else if (line->call && !line->seen->open) {
    end(line, EXCHANGE_BROKEN, error == ECONNRESET ? "a reset in the middle of the handshake" : strerror(error));
  } else {
    end(line, EXCHANGE_RESET, strerror(error));
  }
}

static void time_is_up(struct line *line)
{
  if (line->farewell)
    end(line, EXCHANGE_CLOSED, NULL);
  else
    end(line, EXCHANGE_LATE, line->call && !line->seen->open ? "the handshake did not end in time" : NULL);
}

/* The server's FIN. */
static void finish(struct line *line)
{
  line->seen->closed_tcp = true;
  if (!line->call || line->farewell)
    end(line, EXCHANGE_CLOSED, NULL);
  else if (line->seen->open)
    end(line, EXCHANGE_CUT, NULL);
  else
    end(line, EXCHANGE_BROKEN, "it closed in the middle of the handshake");
}

/* ---------------------------------------------------------------- in */

static void take_plain(void *context, struct str plain)
{
  struct line *line = context;
  buf_put_str(&line->seen->received, str_head(plain, EXCHANGE_MOST - line->seen->received.n));
}

/* The handshake is done: notes what it told, and asks. */
static void open_line(struct line *line)
{
  const struct exchange_plan *plan = line->plan;
  struct exchange_tls *tls = &line->seen->tls;
  line->seen->open = true;
  (void)snprintf(tls->version, sizeof tls->version, "%s", tls_call_version(line->call));
  tls->resumed = tls_call_resumed(line->call);
  tls->wants_certificate = tls_call_wants_certificate(line->call);
  tls->names_host = tls_call_names(line->call, plan->host, plan->host_is_ip);
  certificate_info_free(&tls->certificate);
  tls->certificate_err = tls_call_certificate(line->call, &tls->certificate);
  if (tls_call_write(line->call, plan->request) < 0)
    end(line, EXCHANGE_BROKEN, tls_call_fault(line->call));
}

static void take_cipher(struct line *line, struct str bytes)
{
  enum tls_state state = tls_call_feed(line->call, bytes, take_plain, line);
  if (!line->seen->open && (state == TLS_OPEN || state == TLS_CLOSED))
    open_line(line);
  if (state == TLS_BROKEN) {
    struct str alert = tls_call_output(line->call);
    (void)send(line->fd, alert.p, alert.n, MSG_NOSIGNAL);
    if (!line->over)
      end(line, EXCHANGE_BROKEN, tls_call_fault(line->call));
  } else if (state == TLS_CLOSED && !line->farewell) {
    uint64_t soon = now_ms() + FAREWELL_MS;
    line->farewell = true;
    line->deadline_ms = soon < line->deadline_ms ? soon : line->deadline_ms;
    tls_call_close(line->call); /* there are servers that wait for it */
  }
}

static void receive(struct line *line)
{
  char bytes[RECEIVE];
  ssize_t n = recv(line->fd, bytes, sizeof bytes, 0);
  if (n == 0) {
    finish(line);
  } else if (n < 0) {
    if (errno != EAGAIN && errno != EINTR)
      fail(line, errno);
  } else {
    if (line->call)
      take_cipher(line, str_make(bytes, (size_t)n));
    else
      take_plain(line, str_make(bytes, (size_t)n));
    if (!line->over && line->seen->received.n >= EXCHANGE_MOST)
      end(line, EXCHANGE_FLOOD, NULL);
  }
}

/* ---------------------------------------------------------------- out */

static struct str output(const struct line *line)
{
  return line->call ? tls_call_output(line->call) : line->unsent;
}

static void sent(struct line *line, size_t n)
{
  if (line->call)
    tls_call_sent(line->call, n);
  else
    line->unsent = str_skip(line->unsent, n);
}

/* A server that has answered and closed takes no more: what it said is still to be read, and tells how it ended. */
static void send_some(struct line *line)
{
  struct str out = output(line);
  ssize_t n = send(line->fd, out.p, out.n, MSG_NOSIGNAL);
  if (n >= 0)
    sent(line, (size_t)n);
  else if (errno != EAGAIN && errno != EINTR)
    sent(line, out.n);
}

/* ---------------------------------------------------------------- the whole */

/* Waits for the socket, no longer than the time that is left; what poll(2) saw, or 0 where the line is over. */
static short wait_for(struct line *line, short events)
{
  struct pollfd socket = {.fd = line->fd, .events = events};
  uint64_t now = now_ms();
  int left = now < line->deadline_ms ? (int)(line->deadline_ms - now) : 0;
  int n = left > 0 ? poll(&socket, 1, left) : 0;
  if (n == 0)
    time_is_up(line);
  else if (n < 0 && errno != EINTR)
    end(line, EXCHANGE_LOCAL, strerror(errno));
  return n > 0 ? socket.revents : (short)0;
}

static void connect_line(struct line *line)
{
  int error = 0;
  socklen_t size = sizeof error;
  line->fd = socket(line->plan->address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (line->fd < 0) {
    end(line, EXCHANGE_LOCAL, strerror(errno));
    return;
  }
  if (connect(line->fd, line->plan->address, line->plan->length) < 0 && errno != EINPROGRESS) {
    end(line, EXCHANGE_UNREACHABLE, strerror(errno));
    return;
  }
  while (!line->over && !wait_for(line, POLLOUT))
    ;
  if (line->over) {
    if (line->seen->end == EXCHANGE_LATE)
      end(line, EXCHANGE_UNREACHABLE, "no connection in time");
    return;
  }
  if (getsockopt(line->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
    error = errno;
  if (error)
    end(line, EXCHANGE_UNREACHABLE, strerror(error));
  else
    line->seen->open = !line->call;
}

bool exchange_connects(const struct sockaddr *address, socklen_t length, unsigned limit_ms, char fault[EXCHANGE_FAULT])
{
  const struct exchange_plan plan = {.address = address, .length = length};
  struct exchange seen = {.open = false};
  struct line line = {.plan = &plan, .seen = &seen, .fd = -1, .deadline_ms = now_ms() + limit_ms};
  connect_line(&line);
  (void)snprintf(fault, EXCHANGE_FAULT, "%s", seen.fault);
  if (line.fd >= 0)
    (void)close(line.fd);
  return seen.open;
}

static void talk(struct line *line)
{
  while (!line->over) {
    short events = wait_for(line, (short)(POLLIN | (output(line).n ? POLLOUT : 0)));
    if (!line->over && events & POLLOUT)
      send_some(line);
    if (!line->over && events & (POLLIN | POLLHUP | POLLERR))
      receive(line);
  }
}

static void prepare(struct line *line)
{
  const struct exchange_plan *plan = line->plan;
  if (!plan->tls) {
    tls_ticket_free(plan->ticket);
    line->unsent = plan->request;
    return;
  }
  line->call = tls_call_new(plan->tls, plan->sni, plan->ticket);
  if (!line->call)
    end(line, EXCHANGE_LOCAL, "no TLS session could be made");
}

static void keep_ticket(struct line *line)
{
  struct exchange *seen = line->seen;
  seen->ticket = tls_call_ticket(line->call);
  seen->tls.gave_ticket = seen->ticket != NULL;
  seen->tls.early_data = seen->ticket && tls_ticket_early_data(seen->ticket);
}

void exchange_run(const struct exchange_plan *plan, struct exchange *out)
{
  uint64_t began = now_ms();
  struct line line = {.plan = plan, .seen = out, .fd = -1, .deadline_ms = began + plan->limit_ms};
  *out = (struct exchange){.received = BUF_INIT(EXCHANGE_MOST)};
  prepare(&line);
  if (!line.over)
    connect_line(&line);
  if (!line.over)
    talk(&line);
  if (line.call)
    keep_ticket(&line);
  if (buf_error(&out->received))
    end(&line, EXCHANGE_LOCAL, err_text(buf_error(&out->received)));
  tls_call_free(line.call);
  if (line.fd >= 0)
    (void)close(line.fd);
  out->ms = (unsigned)(now_ms() - began);
}

void exchange_free(struct exchange *seen)
{
  buf_free(&seen->received);
  certificate_info_free(&seen->tls.certificate);
  tls_ticket_free(seen->ticket);
  *seen = (struct exchange){.received = BUF_INIT(EXCHANGE_MOST)};
}

void exchange_put_end(struct buf *out, const struct exchange *seen)
{
  switch (seen->end) {
  case EXCHANGE_CLOSED:
    buf_put_str(out, seen->tls.version[0] ? STR("close_notify") : STR("FIN"));
    if (!seen->closed_tcp)
      buf_put_str(out, STR(", but no FIN"));
    return;
  case EXCHANGE_CUT:
    buf_put_str(out, STR("FIN without close_notify"));
    return;
  case EXCHANGE_RESET:
    buf_put_str(out, STR("reset"));
    return;
  case EXCHANGE_LATE:
    buf_printf(out, "still open after %u ms", seen->ms);
    return;
  case EXCHANGE_FLOOD:
    buf_printf(out, "cut off after %u bytes", (unsigned)EXCHANGE_MOST);
    return;
  case EXCHANGE_BROKEN:
    buf_printf(out, "TLS: %s", seen->fault);
    return;
  case EXCHANGE_UNREACHABLE:
    buf_printf(out, "no connection: %s", seen->fault);
    return;
  case EXCHANGE_LOCAL:
    buf_printf(out, "not done: %s", seen->fault);
    return;
  }
}
