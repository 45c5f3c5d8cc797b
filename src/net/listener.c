/* Listeners: accept until there is nobody left, pause when descriptors run out, go on by itself, stand by. */
#include "net/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "net/conn.h"

/* Clients taken in one go, so that a crowd at the door does not keep those inside waiting. */
enum { ACCEPT_MOST = 64 };
enum { RETRY_MS = 250, WARN_EVERY_MS = 60 * 1000 };

static void listener_pause(struct listener *l, int error);

static int accept_client(const struct listener *l, struct sockaddr_in6 *peer)
{
  socklen_t length = sizeof *peer;
  memset(peer, 0, sizeof *peer);
  return accept4(l->socket.fd, (struct sockaddr *)peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/* Descriptors have run out. One is kept back: who waits for the longest gets it, and is told. The next one has its turn
 * when that one has left, so they come one at a time. */
static void tell_one(struct listener *l)
{
  struct sockaddr_in6 peer;
  if (!reserve_spend(&l->server->reserve))
    return;
  int fd = accept_client(l, &peer);
  if (fd >= 0)
    conn_open_spare(l->server, &l->entrance, fd, (const struct sockaddr *)&peer);
  else
    reserve_keep(&l->server->reserve, l->server->poller.fd);
}

/* Whether there may be more to accept. */
static bool accept_one(struct listener *l)
{
  struct sockaddr_in6 peer;
  int fd = accept_client(l, &peer);
  if (fd >= 0) {
    conn_open(l->server, &l->entrance, fd, (const struct sockaddr *)&peer);
    return true;
  }
  switch (errno) {
  case EAGAIN:
    return false;
  case EINTR:
  case ECONNABORTED: /* the client has left already, or its network has (accept(2), "Error handling"): the next one */
  case ENETDOWN:
  case EPROTO:
  case ENOPROTOOPT:
  case EHOSTDOWN:
  case ENONET:
  case EHOSTUNREACH:
  case EOPNOTSUPP:
  case ENETUNREACH:
    return true;
  case EINVAL: /* another process has ended the listening: the service stops */
    poller_leave(&l->server->poller, &l->socket);
    return false;
  case EMFILE:
  case ENFILE:
    listener_pause(l, errno);
    tell_one(l);
    return false;
  default: /* memory has run out; and should it be something else, that must not spin either */
    listener_pause(l, errno);
    return false;
  }
}

bool listener_accept(struct listener *l)
{
  for (int i = 0; i < ACCEPT_MOST; i++)
    if (!accept_one(l))
      return false;
  return true;
}

/* Those who have sent the last bytes of their handshake are not read before the newcomers of this turn are in: these
 * must be few enough not to take their places. */
static unsigned turn_most(const struct listener *l)
{
  unsigned handshakes = l->server->limits.handshakes;
  if (handshakes == 0 || handshakes / 2 >= ACCEPT_MOST)
    return ACCEPT_MOST;
  return handshakes >= 2 ? handshakes / 2 : 1;
}

/* Somebody is there, and mostly nobody else: then asking once more for one is a system call for nothing. So it takes as
 * many as it found the last time, and twice as many where these were there: the poller tells of the rest. */
static void on_ready(struct polled *socket, int events)
{
  struct listener *l = (struct listener *)((char *)socket - offsetof(struct listener, socket));
  unsigned taken = 0;
  (void)events; /* an error on a listening socket shows in accept4 */
  while (taken < l->turn && accept_one(l))
    taken++;
  bool all_there = taken == l->turn;
  l->turn = all_there ? 2 * taken : taken;
  if (l->turn > turn_most(l))
    l->turn = turn_most(l);
  if (l->turn == 0)
    l->turn = 1;
}

static void on_retry(uv_timer_t *timer);

static void watch(struct listener *l)
{
  l->paused = poller_watch(&l->server->poller, &l->socket, UV_READABLE) < 0;
  if (l->paused)
    (void)uv_timer_start(&l->retry, on_retry, RETRY_MS, 0);
}

static void on_retry(uv_timer_t *timer)
{
  struct listener *l = timer->data;
  listener_resume(l);
}

static void listener_pause(struct listener *l, int error)
{
  unsigned long left_out;
  if (log_due(&l->server->starved, uv_now(l->server->loop), 1, WARN_EVERY_MS, &left_out))
    log_warning("port %u: cannot accept for now (%s); those who wait are taken as soon as others have left",
                l->entrance.port, strerror(error));
  l->paused = true;
  poller_leave(&l->server->poller, &l->socket);
  (void)uv_timer_start(&l->retry, on_retry, RETRY_MS, 0);
}

void listener_open(struct listener *l, struct server *server, const struct entrance *entrance, int fd)
{
  memset(l, 0, sizeof *l);
  l->server = server;
  l->entrance = *entrance;
  l->socket = (struct polled){.fd = fd, .ready = on_ready};
  l->turn = 1;
  (void)uv_timer_init(server->loop, &l->retry);
  l->retry.data = l;
}

void listener_serve(struct listener *l, bool serving)
{
  if (l->closed || l->serving == serving)
    return;
  l->serving = serving;
  l->paused = false;
  (void)uv_timer_stop(&l->retry);
  if (serving)
    watch(l);
  else
    poller_leave(&l->server->poller, &l->socket);
}

void listener_resume(struct listener *l)
{
  if (!l->paused || l->closed)
    return;
  (void)uv_timer_stop(&l->retry);
  reserve_keep(&l->server->reserve, l->server->poller.fd); /* before newcomers take what is free */
  watch(l);
}

void listener_close(struct listener *l)
{
  if (l->closed)
    return;
  l->closed = true;
  poller_leave(&l->server->poller, &l->socket); /* other processes hold the socket too */
  close(l->socket.fd);
  uv_close((uv_handle_t *)&l->retry, NULL);
}

void listener_end(struct listener *l)
{
  if (!l->closed)
    (void)shutdown(l->socket.fd, SHUT_RD);
  listener_close(l);
}
