/* A kernel and a loop for one thread, in memory. */
#include "loopback.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum { POLLER_FD = LOOPBACK_FIRST - 1, TIMERS = 2 * LOOPBACK_MAX + 8, TURNS_MOST = 20000, QUEUE_MAX = 8 << 20 };
enum { START_MS = 1000, ROOM = 64 * 1024 };

struct timer {
  uv_timer_t *handle; /* NULL: free */
  uv_timer_cb call;
  uint64_t due;
  uv_close_cb closing; /* closed: called in the next turn */
  bool running, closed;
};

static struct {
  struct loopback sockets[LOOPBACK_MAX];
  struct timer timers[TIMERS];
  uint64_t now;
  uv_poll_t *poll;
  uv_poll_cb on_poll;
  bool nameless;
} world;

static void fault(const char *what)
{
  (void)fprintf(stderr, "does not hold: %s\n", what);
  abort();
}

/* ---------------------------------------------------------------- for the target */

void loopback_begin(void)
{
  memset(&world, 0, sizeof world);
  world.now = START_MS;
}

void loopback_end(void)
{
  for (size_t i = 0; i < LOOPBACK_MAX; i++) {
    struct loopback *s = &world.sockets[i];
    if (s->open)
      fault("every socket is closed at the end");
    buf_free(&s->coming);
    buf_free(&s->sent);
  }
  for (size_t i = 0; i < TIMERS; i++)
    if (world.timers[i].handle)
      fault("every timer is closed at the end");
}

int loopback_connect(void)
{
  for (int i = 0; i < LOOPBACK_MAX; i++) {
    struct loopback *s = &world.sockets[i];
    if (s->used)
      continue;
    *s = (struct loopback){.used = true, .open = true, .room = ROOM, .piece = SIZE_MAX};
    buf_init(&s->coming, QUEUE_MAX);
    buf_init(&s->sent, QUEUE_MAX);
    return LOOPBACK_FIRST + i;
  }
  return -1;
}

struct loopback *loopback_at(int fd)
{
  return fd >= LOOPBACK_FIRST && fd < LOOPBACK_FIRST + LOOPBACK_MAX ? &world.sockets[fd - LOOPBACK_FIRST] : NULL;
}

void loopback_send(struct loopback *s, struct str bytes)
{
  if (!s->client_fin && !s->client_rst)
    buf_put_str(&s->coming, bytes);
}

void loopback_take(struct loopback *s, size_t n)
{
  size_t waits = s->sent.n - s->acknowledged;
  s->acknowledged += n < waits ? n : waits;
}

void loopback_fin(struct loopback *s)
{
  s->client_fin = true;
}

void loopback_rst(struct loopback *s)
{
  s->client_rst = true;
}

void loopback_name(bool known)
{
  world.nameless = !known;
}

uint64_t loopback_now(void)
{
  return world.now;
}

/* ---------------------------------------------------------------- turns and time */

static unsigned ready(const struct loopback *s)
{
  unsigned events = 0;
  if (s->received < s->coming.n || s->client_fin || s->client_rst)
    events |= EPOLLIN;
  if (s->sent.n - s->acknowledged < s->room || s->client_rst)
    events |= EPOLLOUT;
  events &= s->waits_for;
  if (s->client_rst)
    events |= EPOLLERR | EPOLLHUP;
  if (s->client_fin && s->server_fin)
    events |= EPOLLHUP;
  return events;
}

static bool anybody_ready(void)
{
  for (size_t i = 0; i < LOOPBACK_MAX; i++)
    if (world.sockets[i].open && world.sockets[i].polled && ready(&world.sockets[i]))
      return true;
  return false;
}

static bool close_closed(void)
{
  bool any = false;
  for (size_t i = 0; i < TIMERS; i++) {
    struct timer *t = &world.timers[i];
    if (!t->handle || !t->closed)
      continue;
    uv_handle_t *handle = (uv_handle_t *)t->handle;
    uv_close_cb call = t->closing;
    *t = (struct timer){.handle = NULL};
    if (call)
      call(handle);
    any = true;
  }
  return any;
}

void loopback_turn(void)
{
  for (int turns = 0; close_closed() || anybody_ready(); turns++) {
    if (turns > TURNS_MOST)
      fault("the loop comes to rest");
    if (world.on_poll && anybody_ready())
      world.on_poll(world.poll, 0, UV_READABLE);
  }
}

uint64_t loopback_next(void)
{
  uint64_t next = UINT64_MAX;
  for (size_t i = 0; i < TIMERS; i++)
    if (world.timers[i].handle && world.timers[i].running && world.timers[i].due - world.now < next)
      next = world.timers[i].due - world.now;
  return next;
}

void loopback_wait(uint64_t ms)
{
  uint64_t end = world.now + ms;
  for (;;) {
    struct timer *first = NULL;
    for (size_t i = 0; i < TIMERS; i++) {
      struct timer *t = &world.timers[i];
      if (t->handle && t->running && t->due <= end && (!first || t->due < first->due))
        first = t;
    }
    if (!first)
      break;
    if (first->due > world.now)
      world.now = first->due;
    first->running = false;
    first->call(first->handle);
    loopback_turn();
  }
  world.now = end;
  loopback_turn();
}

/* ---------------------------------------------------------------- in the place of libuv's */

int __wrap_uv_timer_init(uv_loop_t *loop, uv_timer_t *handle);
int __wrap_uv_timer_start(uv_timer_t *handle, uv_timer_cb call, uint64_t timeout, uint64_t repeat);
int __wrap_uv_timer_stop(uv_timer_t *handle);
uint64_t __wrap_uv_timer_get_due_in(const uv_timer_t *handle);
void __wrap_uv_close(uv_handle_t *handle, uv_close_cb call);
uint64_t __wrap_uv_now(const uv_loop_t *loop);
int __wrap_uv_poll_init(uv_loop_t *loop, uv_poll_t *handle, int fd);
int __wrap_uv_poll_start(uv_poll_t *handle, int events, uv_poll_cb call);

static struct timer *timer_of(const void *handle)
{
  for (size_t i = 0; i < TIMERS; i++)
    if ((const void *)world.timers[i].handle == handle)
      return &world.timers[i];
  return NULL;
}

int __wrap_uv_timer_init(uv_loop_t *loop, uv_timer_t *handle)
{
  (void)loop;
  struct timer *t = timer_of(NULL);
  if (!t || timer_of(handle))
    fault("a timer is made once, and there are few of them");
  memset(handle, 0, sizeof *handle);
  *t = (struct timer){.handle = handle};
  return 0;
}

int __wrap_uv_timer_start(uv_timer_t *handle, uv_timer_cb call, uint64_t timeout, uint64_t repeat)
{
  struct timer *t = timer_of(handle);
  if (!t || t->closed || repeat != 0)
    fault("a timer that runs was made and is not closed");
  t->call = call;
  t->due = world.now + timeout;
  t->running = true;
  return 0;
}

int __wrap_uv_timer_stop(uv_timer_t *handle)
{
  struct timer *t = timer_of(handle);
  if (!t)
    fault("a timer that is stopped was made");
  t->running = false;
  return 0;
}

uint64_t __wrap_uv_timer_get_due_in(const uv_timer_t *handle)
{
  const struct timer *t = timer_of(handle);
  if (!t)
    fault("a timer that is looked at was made");
  return t->running ? t->due - world.now : 0;
}

void __wrap_uv_close(uv_handle_t *handle, uv_close_cb call)
{
  struct timer *t = timer_of(handle);
  if ((void *)handle == (void *)world.poll) {
    world.poll = NULL;
    world.on_poll = NULL;
    return;
  }
  if (!t || t->closed)
    fault("a handle is closed once");
  t->closing = call;
  t->closed = true;
  t->running = false;
}

uint64_t __wrap_uv_now(const uv_loop_t *loop)
{
  (void)loop;
  return world.now;
}

int __wrap_uv_poll_init(uv_loop_t *loop, uv_poll_t *handle, int fd)
{
  (void)loop;
  (void)fd;
  world.poll = handle;
  return 0;
}

int __wrap_uv_poll_start(uv_poll_t *handle, int events, uv_poll_cb call)
{
  (void)handle;
  (void)events;
  world.on_poll = call;
  return 0;
}

/* ---------------------------------------------------------------- in the place of the kernel's */

int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_epoll_create1(int flags);
int __wrap_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event);
int __wrap_epoll_wait(int epoll, struct epoll_event *events, int most, int timeout);
ssize_t __wrap_recv(int fd, void *to, size_t n, int flags);
ssize_t __wrap_send(int fd, const void *from, size_t n, int flags);
int __wrap_shutdown(int fd, int how);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t n);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *n);
int __wrap_getsockname(int fd, struct sockaddr *address, socklen_t *n);
int __wrap_ioctl(int fd, unsigned long request, ...);

static struct loopback *must_be_open(int fd)
{
  struct loopback *s = loopback_at(fd);
  if (!s || !s->open)
    fault("a descriptor that is used is open");
  return s;
}

static int failed(int number)
{
  errno = number;
  return -1;
}

/* The errno that this call is to fail with now, or 0. */
static int due(struct loopback *s, enum loopback_call call)
{
  int error = s->fault[call].error;
  if (error == 0 || s->fault[call].after-- > 0)
    return 0;
  s->fault[call].error = 0;
  return error;
}

int __wrap_close(int fd)
{
  if (fd < POLLER_FD)
    return __real_close(fd);
  if (fd == POLLER_FD)
    return 0;
  struct loopback *s = must_be_open(fd);
  s->open = false;
  s->polled = NULL;
  /* Closing with bytes unread is an RST too, which may destroy what was sent (P18). */
  s->server_rst = s->linger_rst || s->received < s->coming.n;
  s->server_fin = s->server_fin || !s->server_rst;
  return 0;
}

int __wrap_epoll_create1(int flags)
{
  (void)flags;
  return POLLER_FD;
}

int __wrap_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
  (void)epoll;
  struct loopback *s = must_be_open(fd);
  if ((operation == EPOLL_CTL_ADD) != (s->polled == NULL))
    fault("the poller knows what it watches");
  int error = operation == EPOLL_CTL_DEL ? 0 : due(s, CALL_WATCH);
  if (error)
    return failed(error);
  s->polled = operation == EPOLL_CTL_DEL ? NULL : event->data.ptr;
  s->waits_for = operation == EPOLL_CTL_DEL ? 0 : event->events;
  return 0;
}

int __wrap_epoll_wait(int epoll, struct epoll_event *events, int most, int timeout)
{
  (void)epoll;
  (void)timeout;
  int n = 0;
  for (size_t i = 0; i < LOOPBACK_MAX && n < most; i++) {
    const struct loopback *s = &world.sockets[i];
    if (s->open && s->polled && ready(s))
      events[n++] = (struct epoll_event){.events = ready(s), .data.ptr = s->polled};
  }
  return n;
}

ssize_t __wrap_recv(int fd, void *to, size_t n, int flags)
{
  (void)flags;
  struct loopback *s = must_be_open(fd);
  size_t waits = s->coming.n - s->received;
  int error = due(s, CALL_RECV);
  if (error)
    return failed(error);
  if (waits == 0)
    return s->client_rst ? failed(ECONNRESET) : s->client_fin ? 0 : failed(EAGAIN);
  if (n > s->piece)
    n = s->piece;
  if (n > waits)
    n = waits;
  memcpy(to, s->coming.p + s->received, n);
  s->received += n;
  return (ssize_t)n;
}

ssize_t __wrap_send(int fd, const void *from, size_t n, int flags)
{
  struct loopback *s = must_be_open(fd);
  size_t waits = s->sent.n - s->acknowledged;
  if (!(flags & MSG_NOSIGNAL))
    fault("no send raises SIGPIPE");
  if (s->server_fin)
    fault("nothing is sent after the FIN");
  int error = due(s, CALL_SEND);
  if (error)
    return failed(error);
  if (s->client_rst)
    return failed(EPIPE);
  if (waits >= s->room)
    return failed(EAGAIN);
  if (n > s->room - waits)
    n = s->room - waits;
  if (n > s->piece)
    n = s->piece;
  buf_put(&s->sent, from, n);
  if (buf_error(&s->sent))
    fault("an answer has an end");
  return (ssize_t)n;
}

int __wrap_shutdown(int fd, int how)
{
  struct loopback *s = must_be_open(fd);
  int error = due(s, CALL_SHUTDOWN);
  if (error)
    return failed(error);
  if (how == SHUT_WR)
    s->server_fin = true;
  return 0;
}

int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t n)
{
  struct loopback *s = must_be_open(fd);
  struct linger linger;
  if (level == SOL_SOCKET && name == SO_LINGER && n == sizeof linger) {
    memcpy(&linger, value, sizeof linger);
    s->linger_rst = linger.l_onoff && linger.l_linger == 0;
  }
  return 0;
}

int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *n)
{
  const struct loopback *s = must_be_open(fd);
  int error = s->client_rst ? ECONNRESET : 0;
  if (level != SOL_SOCKET || name != SO_ERROR || *n != sizeof error)
    return failed(ENOPROTOOPT);
  memcpy(value, &error, sizeof error);
  return 0;
}

int __wrap_getsockname(int fd, struct sockaddr *address, socklen_t *n)
{
  (void)must_be_open(fd);
  if (world.nameless)
    return failed(ENOTCONN);
  const struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xcb007101)}; /* 203.0.113.1 */
  memcpy(address, &local, sizeof local);
  *n = sizeof local;
  return 0;
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
  struct loopback *s = must_be_open(fd);
  int error = due(s, CALL_QUEUED);
  if (error) {
    s->blind = true;
    return failed(error);
  }
  va_list more;
  va_start(more, request);
  int *queued = va_arg(more, int *);
  va_end(more);
  size_t waits = s->sent.n - s->acknowledged;
  *queued = (int)waits + (s->server_fin && waits > 0); /* an idle client's kernel acknowledges a FIN at once */
  return 0;
}
