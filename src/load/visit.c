/* A request's way: connect, handshake, ask, read to the end, and say goodbye as readers' clients do. */
#include "load/visit.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* How much one visit may receive at a time before the others have their turn. */
enum { RECEIVES = 8 };

/* ---------------------------------------------------------------- the end */

static void end(struct visit *v, enum load_fault fault)
{
  (void)uv_timer_stop(&v->timer);
  if (v->fd >= 0)
    (void)close(v->fd); /* epoll forgets it, since there is no other descriptor of the socket */
  v->fd = -1;
  v->state = VISIT_IDLE;
  v->fault = fault;
  v->world->ended(v->world, v);
}

static enum load_fault fault_of(int error)
{
  switch (error) {
  case ECONNREFUSED:
    return LOAD_REFUSED;
  case ECONNRESET:
  case EPIPE:
  case ECONNABORTED:
    return LOAD_RESET;
  case EADDRNOTAVAIL:
    return LOAD_NO_PORT;
  case EMFILE:
  case ENFILE:
  case ENOBUFS:
  case ENOMEM:
    return LOAD_LOCAL;
  case ETIMEDOUT:
    return LOAD_CONNECT_TIMEOUT;
  default:
    return LOAD_UNREACHABLE;
  }
}

/* Not a byte came, where that is no answer. An empty document is one on Gopher: over plain TCP the FIN ends it, over
 * TLS close_notify, without which it may be cut short (G3). */
static bool lacks_answer(const struct visit *v)
{
  bool ended = !v->tls || v->state == VISIT_FAREWELL;
  return v->answer.bytes == 0 && (v->target->kind == TARGET_GEMINI || !ended);
}

/* The server's FIN. */
static void finish(struct visit *v)
{
  const struct answer *answer = &v->answer;
  enum load_fault fault = LOAD_OK;
  if (v->state != VISIT_FAREWELL)
    v->end = uv_hrtime();
  if (lacks_answer(v))
    fault = LOAD_EMPTY;
  else if (v->tls && v->state != VISIT_FAREWELL)
    fault = LOAD_NO_CLOSE;
  else if (!answer_sound(answer))
    fault = LOAD_HEADER;
  end(v, fault);
}

/* A system call said no. After close_notify all is there, whatever becomes of the connection: a server that has closed
 * already answers our own close_notify by an RST. */
static void fail(struct visit *v, int error)
{
  if (v->state == VISIT_FAREWELL)
    finish(v);
  else
    end(v, fault_of(error));
}

static void on_deadline(uv_timer_t *timer)
{
  struct visit *v = timer->data;
  end(v, v->state == VISIT_CONNECT ? LOAD_CONNECT_TIMEOUT : LOAD_TIMEOUT);
}

/* ---------------------------------------------------------------- out */

/* Lets epoll tell when the socket takes more, or no longer. */
static bool watch(struct visit *v, int operation, bool writing)
{
  struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | (writing ? (uint32_t)EPOLLOUT : 0), .data.ptr = v};
  v->watches_writing = writing;
  return epoll_ctl(v->world->epoll, operation, v->fd, &event) == 0;
}

static struct str output(const struct visit *v)
{
  return v->tls ? tls_call_output(v->tls) : v->unsent;
}

static void sent(struct visit *v, size_t n)
{
  if (v->tls)
    tls_call_sent(v->tls, n);
  else
    v->unsent = str_skip(v->unsent, n);
  if (v->state == VISIT_CONNECT)
    v->state = v->tls ? VISIT_HANDSHAKE : VISIT_ANSWER;
}

/* Sends what there is and the socket takes; before the connection stands it takes nothing. False when that was the
 * visit's end. */
static bool send_all(struct visit *v)
{
  struct str out;
  while ((out = output(v)).n > 0) {
    ssize_t n = send(v->fd, out.p, out.n, MSG_NOSIGNAL);
    if (n >= 0) {
      sent(v, (size_t)n);
    } else if (errno == EAGAIN) {
      break;
    } else if (errno != EINTR) {
      fail(v, errno);
      return false;
    }
  }
  return true;
}

/* The same for a socket that is watched already. */
static bool send_on(struct visit *v)
{
  if (!send_all(v))
    return false;
  bool writing = output(v).n > 0;
  if (writing != v->watches_writing && !watch(v, EPOLL_CTL_MOD, writing)) {
    end(v, LOAD_LOCAL);
    return false;
  }
  return true;
}

/* ---------------------------------------------------------------- in */

static void take_plain(void *context, struct str plain)
{
  struct visit *v = context;
  answer_feed(&v->answer, plain);
}

/* The handshake is done: the request leaves together with our Finished. */
static int ask(struct visit *v)
{
  v->state = VISIT_ANSWER;
  v->shook_hands = true;
  return tls_call_write(v->tls, buf_str(&v->target->request));
}

/* False when that was the visit's end. */
static bool take_cipher(struct visit *v, struct str bytes)
{
  enum tls_state state = tls_call_feed(v->tls, bytes, take_plain, v);
  if (v->state == VISIT_HANDSHAKE && (state == TLS_OPEN || state == TLS_CLOSED) && ask(v) < 0)
    state = TLS_BROKEN;
  switch (state) {
  case TLS_HANDSHAKE:
  case TLS_OPEN:
    break;
  case TLS_CLOSED:
    if (v->state != VISIT_FAREWELL) {
      v->state = VISIT_FAREWELL;
      v->end = uv_hrtime();
      tls_call_close(v->tls); /* now rather than after the FIN: there are servers that wait for it */
    }
    break;
  case TLS_BROKEN:
    if (output(v).n > 0) /* an alert, as far as it will go */
      (void)send(v->fd, output(v).p, output(v).n, MSG_NOSIGNAL);
    end(v, LOAD_TLS);
    return false;
  }
  return send_on(v);
}

/* False when that was the visit's end. */
static bool take(struct visit *v, struct str bytes)
{
  if (v->tls)
    return take_cipher(v, bytes);
  answer_feed(&v->answer, bytes);
  return true;
}

static void receive(struct visit *v, bool to_the_end)
{
  for (int i = 0; i < RECEIVES; i++) {
    ssize_t n = recv(v->fd, v->world->received, VISIT_RECEIVE, 0);
    if (n == 0) {
      finish(v);
      return;
    }
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0) {
      if (errno != EAGAIN)
        fail(v, errno);
      return;
    }
    if (!take(v, str_make(v->world->received, (size_t)n)))
      return;
    /* Where the FIN is not there yet, asking for it is a call for nothing. */
    if (n < VISIT_RECEIVE && !to_the_end)
      return;
  }
}

void visit_event(struct visit *v, uint32_t events)
{
  if (events & EPOLLOUT && !send_on(v))
    return;
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
    receive(v, (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
}

/* ---------------------------------------------------------------- the beginning */

void visit_init(struct visit *v, struct visit_world *world, uv_loop_t *loop)
{
  *v = (struct visit){.world = world, .fd = -1};
  (void)uv_timer_init(loop, &v->timer);
  v->timer.data = v;
}

/* What is to be sent is ready before the connection is. False where memory is short. */
static bool prepare(struct visit *v, struct tls_ticket *ticket)
{
  const struct target *target = v->target;
  answer_init(&v->answer, target->kind == TARGET_GEMINI);
  if (!target_tls(target)) {
    v->unsent = buf_str(&target->request);
    return true;
  }
  v->tls = tls_call_new(v->world->tls, target->host_is_ip ? NULL : target->host, ticket);
  return v->tls != NULL;
}

void visit_begin(struct visit *v, const struct target *target, size_t address, struct tls_ticket *ticket)
{
  v->target = target;
  v->address = address;
  v->state = VISIT_CONNECT;
  v->shook_hands = false;
  v->began = uv_hrtime();
  if (!prepare(v, ticket)) {
    end(v, LOAD_LOCAL);
    return;
  }
  v->fd = socket(target->addresses[address].ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (v->fd < 0) {
    fail(v, errno);
    return;
  }
  v->began = uv_hrtime();
  if (connect(v->fd, (const struct sockaddr *)&target->addresses[address], target->lengths[address]) < 0 &&
      errno != EINPROGRESS) {
    fail(v, errno);
    return;
  }
  /* Not early: the loop's time is that of its last look at the clock, without what is less than a millisecond. */
  uv_update_time(v->timer.loop);
  (void)uv_timer_start(&v->timer, on_deadline, v->world->timeout_ms + 1, 0);
  /* On loopback the connection stands by now, and the first bytes can go at once. */
  if (send_all(v) && !watch(v, EPOLL_CTL_ADD, output(v).n > 0))
    end(v, LOAD_LOCAL);
}

void visit_clear(struct visit *v)
{
  (void)uv_timer_stop(&v->timer);
  if (v->fd >= 0)
    (void)close(v->fd);
  v->fd = -1;
  v->state = VISIT_IDLE;
  tls_call_free(v->tls);
  v->tls = NULL;
}
