/* Listeners: an accept loop of our own over a listening socket. */
#ifndef NUNCIO_NET_LISTENER_H
#define NUNCIO_NET_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "net/server.h"

/* libuv's uv_listen answers a full descriptor table by accepting and closing the clients that wait. This one
 * leaves them in the kernel's queue, tells one at a time by a descriptor that is kept back for that, and goes on by
 * itself. It can also stand by: the socket may be another process's to serve, until that one is gone. Embedded in its
 * owner; must stay until its handles have closed. */
struct listener {
  struct server *server; /* borrowed */
  struct entrance entrance;
  struct polled socket; /* owned from listener_open on */
  uv_timer_t retry;     /* goes on after a pause */
  unsigned turn;        /* how many to take before others have their turn */
  bool serving;         /* accepts; or else stands by */
  bool paused;          /* serving, but descriptors have run out */
  bool closed;          /* listener_close was called */
};

/* Makes a listener that stands by on `fd`, which is bound, listening and non-blocking, and taken over. */
void listener_open(struct listener *l, struct server *server, const struct entrance *entrance, int fd);

/* Starts to accept, or stands by again: who waits in the queue is left there for whoever else serves the socket. */
void listener_serve(struct listener *l, bool serving);

/* A descriptor may be free again: goes on at once if it was paused. */
void listener_resume(struct listener *l);

/* Accepts those who wait in the queue, some dozens at the most. Whether there may be more of them. The server's last
 * look at the door: while it runs, the poller calls. */
bool listener_accept(struct listener *l);

/* Stops for good and closes our descriptor. Does nothing the second time. */
void listener_close(struct listener *l);

/* The same at the end of the service: the socket itself stops listening, in every process that holds it, so that who
 * comes from now on is refused at once. */
void listener_end(struct listener *l);

#endif
