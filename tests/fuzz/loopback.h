/* A kernel and a loop for one thread, without either: sockets that are two queues in memory, and a clock that stands
 * still until it is told to go on. The linker puts these functions in the place of the system's and of libuv's (--wrap,
 * see the Makefile), so that the connections are driven as they are. */
#ifndef NUNCIO_TESTS_LOOPBACK_H
#define NUNCIO_TESTS_LOOPBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "net/poller.h"

/* Descriptors from here on are ours. */
enum { LOOPBACK_FIRST = 1 << 20, LOOPBACK_MAX = 8 };

/* The server's calls that can be made to fail. */
enum loopback_call { CALL_RECV, CALL_SEND, CALL_WATCH, CALL_QUEUED, CALL_SHUTDOWN, CALLS };

/* A socket of the server's, and what its client does. */
struct loopback {
  bool used, open; /* the server has not closed it */
  struct buf coming;
  size_t received; /* of `coming`, by the server */
  bool client_fin, client_rst;
  struct buf sent;     /* all that the server gave to the kernel */
  size_t acknowledged; /* of that: it has reached the client */
  size_t taken;        /* of that: the test has looked at it */
  size_t room, piece;  /* how much the kernel holds for a slow client; the most that one recv or send moves */
  bool server_fin, server_rst;
  bool linger_rst;       /* SO_LINGER 0: closing is an RST */
  struct polled *polled; /* what epoll would report it to */
  unsigned waits_for;    /* epoll's events */
  struct {
    int error;      /* an errno; 0: it works */
    unsigned after; /* so many that still work */
  } fault[CALLS];   /* each happens once */
  bool blind;       /* the server could not learn what its client has taken */
};

/* Everything as at first: no sockets, no timers, the clock at a second. */
void loopback_begin(void);
/* Gives back the memory. Every socket and every timer must have been closed, or this says what was left and aborts. */
void loopback_end(void);

/* A connected socket for conn_open; -1 when all are in use. */
int loopback_connect(void);
struct loopback *loopback_at(int fd);

/* The client's acts. */
void loopback_send(struct loopback *s, struct str bytes);
void loopback_take(struct loopback *s, size_t n); /* acknowledges so much more of what was sent */
void loopback_fin(struct loopback *s);
void loopback_rst(struct loopback *s);
/* Whether sockets know their own address. */
void loopback_name(bool known);

/* Runs the loop's turns until nobody is ready. The number of turns is bounded: a connection that spins is a fault. */
void loopback_turn(void);
/* Lets the time go on, and every timer that is due have its turn. */
void loopback_wait(uint64_t ms);
uint64_t loopback_now(void);
/* Milliseconds until the next timer is due; UINT64_MAX: none is. */
uint64_t loopback_next(void);

#endif
