/* One client's place in the load: a request at a time, from connect() to the end of its answer. */
#ifndef NUNCIO_LOAD_VISIT_H
#define NUNCIO_LOAD_VISIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "load/answer.h"
#include "load/load.h"
#include "load/target.h"
#include "tls/client.h"

/*   CONNECT -> HANDSHAKE (TLS) -> ANSWER -> FAREWELL (TLS: close_notify came, FIN not yet) -> IDLE
 *
 * and from each of them to IDLE on a fault or at the deadline. */
enum visit_state { VISIT_IDLE, VISIT_CONNECT, VISIT_HANDSHAKE, VISIT_ANSWER, VISIT_FAREWELL };

struct visit;

/* What all visits of a load share. */
struct visit_world {
  int epoll; /* watches the visits' sockets; an event's pointer is its struct visit */
  struct tls_client *tls;
  uint64_t timeout_ms;
  char *received; /* where every visit receives, VISIT_RECEIVE bytes */
  /* A visit has ended, with its `fault` and what it knows; it is IDLE. The callee calls visit_clear on it, and only
   * then may begin it anew: not from in here where visit_begin is what ended it, that is with a fault. */
  void (*ended)(struct visit_world *world, struct visit *v);
};

enum { VISIT_RECEIVE = 128 << 10 };

struct visit {
  struct visit_world *world;
  uv_timer_t timer; /* the deadline; its owner's while the visit is IDLE. Its data is the visit */
  enum visit_state state;
  int fd;                      /* -1 while IDLE */
  const struct target *target; /* borrowed */
  size_t target_index;         /* the owner's */
  bool again;                  /* the owner's: this was no request yet, the next one is for the same target */
  size_t address;              /* which of the target's */
  struct tls_call *tls;        /* owned; NULL on plain Gopher. The owner may take its tickets */
  struct answer answer;
  struct str unsent;     /* plain Gopher: what is left of the request */
  bool watches_writing;  /* epoll tells when more can be sent */
  bool shook_hands;      /* the TLS handshake succeeded */
  enum load_fault fault; /* after the end */
  uint64_t began, end;   /* uv_hrtime: connect(), and close_notify or FIN */
};

/* Makes an IDLE visit whose timer is in `loop`. The memory may go once the timer was closed. */
void visit_init(struct visit *v, struct visit_world *world, uv_loop_t *loop);

/* Connects to an address of the target and goes on from there. `ticket` (NULL: none) is taken. The visit may have ended
 * when this returns, but only with a fault. */
void visit_begin(struct visit *v, const struct target *target, size_t address, struct tls_ticket *ticket);

/* What epoll told of its socket. */
void visit_event(struct visit *v, uint32_t events);

/* Drops what the visit holds: after its end, or in the middle without a word. */
void visit_clear(struct visit *v);

#endif
