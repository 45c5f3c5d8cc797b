/* Listeners: an accept loop of our own over a listening socket. */
#ifndef NUNCIO_NET_LISTENER_H
#define NUNCIO_NET_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "base/log.h"
#include "net/server.h"

/* libuv's uv_listen answers a full descriptor table by accepting and closing the clients that wait. This one
 * leaves them in the kernel's queue, pauses, and goes on by itself. Embedded in its owner; must stay until
 * listener_close's callback. */
struct listener {
  struct server *server; /* borrowed */
  struct entrance entrance;
  int fd; /* the socket; owned from listener_open on */
  uv_poll_t poll;
  uv_timer_t retry; /* goes on after a pause */
  bool paused;
  struct log_limit warned;
  bool closed;      /* listener_close was called */
  unsigned closing; /* handles whose close callback is still to come */
  void (*on_closed)(struct listener *l);
};

/* Starts to accept on `fd`, which is bound, listening and non-blocking. 0 or a negative error; after an error the
 * struct is unused. */
int listener_open(struct listener *l, struct server *server, const struct entrance *entrance, int fd)
    __attribute__((warn_unused_result));

/* A descriptor may be free again: goes on at once if it was paused. */
void listener_resume(struct listener *l);

/* Accepts those who wait in the queue, some dozens at the most. Whether there may be more of them. */
bool listener_accept(struct listener *l);

/* Stops for good and closes the socket: who comes from now on is refused at once. on_closed is called from the loop
 * when the struct may go. Does nothing the second time. */
void listener_close(struct listener *l, void (*on_closed)(struct listener *l));

#endif
