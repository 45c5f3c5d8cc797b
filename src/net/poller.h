/* The poller: one nested epoll descriptor for every socket of a worker. */
#ifndef NUNCIO_NET_POLLER_H
#define NUNCIO_NET_POLLER_H

#include <uv.h>

/* A uv_poll_t costs three system calls to begin with, one for each change and one to end. Most connections wait twice,
 * for the same thing: here that is one epoll_ctl in their life, and none where all that was asked for comes at once.
 * The loop watches the poller's descriptor and knows nothing of what is in it. Level-triggered. */
struct poller {
  int fd; /* the epoll descriptor; -1: closed */
  uv_poll_t watch;
};

/* Beside libuv's events: both sides have sent their FIN, so that what can be received now is all that ever comes. */
enum { POLLED_ENDED = 1 << 8 };

/* Somebody's socket in a poller. Embedded in its owner, who must outlive the callbacks of the loop's turn in which it
 * left (a handle's close callback is late enough). */
struct polled {
  int fd;      /* the owner's; to be set before the first poller_watch */
  int watched; /* UV_READABLE | UV_WRITABLE: what it waits for now */
  /* Called with what it may do now. A socket that failed or was hung up is ready for all that was waited for: the call
   * tells why. UV_DISCONNECT stands beside where an error is pending, POLLED_ENDED where nothing more can come. */
  void (*ready)(struct polled *p, int events);
};

/* 0 or ERR_IO. */
int poller_open(struct poller *poller, uv_loop_t *loop) __attribute__((warn_unused_result));
/* Whoever is still in it is told nothing any more. The struct may go after the loop's next turn. */
void poller_close(struct poller *poller);

/* Waits for these events from now on (0: for none). 0, or ERR_IO where the system has no room for it. */
int poller_watch(struct poller *poller, struct polled *p, int events) __attribute__((warn_unused_result));

/* Leaves. To be called before the descriptor is closed where another process holds the same socket; else closing is
 * enough. */
void poller_leave(struct poller *poller, struct polled *p);

#endif
