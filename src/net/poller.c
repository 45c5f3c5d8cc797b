/* The poller: epoll below the loop. */
#include "net/poller.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/err.h"

/* Sockets served in one turn: more of them wait for the loop's next one, and timers have theirs in between. */
enum { TURN = 128 };

static void on_events(uv_poll_t *watch, int status, int events)
{
  struct poller *poller = watch->data;
  struct epoll_event ready[TURN];
  (void)status; /* an epoll descriptor has no errors of its own */
  (void)events;
  int n = epoll_wait(poller->fd, ready, TURN, 0);
  for (int i = 0; i < n; i++) {
    struct polled *p = ready[i].data.ptr;
    int what = 0;
    if (ready[i].events & EPOLLIN)
      what |= UV_READABLE;
    if (ready[i].events & EPOLLOUT)
      what |= UV_WRITABLE;
    if (ready[i].events & (EPOLLHUP | EPOLLERR))
      what |= UV_READABLE | UV_WRITABLE;
    what &= p->watched;
    if (ready[i].events & EPOLLERR)
      what |= UV_DISCONNECT;
    if (ready[i].events & EPOLLHUP)
      what |= POLLED_ENDED;
    if (p->watched) /* who was served before it in this turn may have ended it */
      p->ready(p, what);
  }
}

int poller_open(struct poller *poller, uv_loop_t *loop)
{
  poller->fd = epoll_create1(EPOLL_CLOEXEC);
  if (poller->fd < 0)
    return ERR_IO;
  if (uv_poll_init(loop, &poller->watch, poller->fd) < 0) {
    close(poller->fd);
    poller->fd = -1;
    return ERR_IO;
  }
  poller->watch.data = poller;
  if (uv_poll_start(&poller->watch, UV_READABLE, on_events) == 0)
    return 0;
  poller_close(poller);
  return ERR_IO;
}

void poller_close(struct poller *poller)
{
  if (poller->fd < 0)
    return;
  uv_close((uv_handle_t *)&poller->watch, NULL);
  close(poller->fd);
  poller->fd = -1;
}

static uint32_t wanted(int events)
{
  return (events & UV_READABLE ? EPOLLIN : 0U) | (events & UV_WRITABLE ? EPOLLOUT : 0U);
}

int poller_watch(struct poller *poller, struct polled *p, int events)
{
  if (events == p->watched)
    return 0;
  /* One that waits for nothing is taken out: epoll would report a hang-up all the same, again and again. */
  struct epoll_event event = {.events = wanted(events), .data.ptr = p};
  int operation = events == 0 ? EPOLL_CTL_DEL : p->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  if (epoll_ctl(poller->fd, operation, p->fd, &event) < 0)
    return ERR_IO;
  p->watched = events;
  return 0;
}

void poller_leave(struct poller *poller, struct polled *p)
{
  if (poller_watch(poller, p, 0) < 0)
    p->watched = 0;
}
