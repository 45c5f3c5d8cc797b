/* What supervisor and workers say to each other: short messages over a socket pair. */
#ifndef NUNCIO_PROC_CONTROL_H
#define NUNCIO_PROC_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

/* A worker of one version may be spoken to by the supervisor of the next (an upgrade in place): numbers are never
 * reused. */
enum control_kind {
  CONTROL_READY = 1,    /* worker: all is loaded; it stands by */
  CONTROL_LEAVING = 2,  /* worker: it was asked to go (SIGTERM) and leaves its sockets to others */
  CONTROL_SERVE = 3,    /* supervisor: serve the sockets of these slots, and no others */
  CONTROL_DRAIN = 4,    /* supervisor: serve none any more, finish what is open in your own time, and end */
  CONTROL_STOP = 5,     /* supervisor: finish what is open within DRAIN_SECONDS, and end; once more changes nothing */
  CONTROL_STOP_NOW = 6, /* supervisor: end at once. Not known to older workers, to whom a second CONTROL_STOP says so */
  CONTROL_LOG = 7,      /* supervisor: log requests to the descriptor that comes along, from now on */
  CONTROL_LOG_LOST = 8, /* worker: it has no such descriptor, or its socket has lost its other end */
};

struct control {
  enum control_kind kind;
  uint64_t slots; /* CONTROL_SERVE: bit N is slot N; else 0 */
  int descriptor; /* CONTROL_LOG: what came along, close-on-exec, the receiver's to close; else -1, as where this
                   * process has no place for another descriptor */
};

/* Makes the two ends: close-on-exec, non-blocking, message boundaries kept. 0 or ERR_BUSY. */
int control_pair(int *supervisor, int *worker) __attribute__((warn_unused_result));

/* Sends one message; false where the other side is gone, or takes nothing any more. */
bool control_send(int fd, enum control_kind kind, uint64_t slots);

/* The same with a descriptor, of which the other side gets a duplicate (unix(7), SCM_RIGHTS). errno says why not: EPIPE
 * where the other side is gone. */
bool control_send_descriptor(int fd, enum control_kind kind, int descriptor);

/* Takes one message: 1, or 0 where none waits, or ERR_IO where the other side is gone. What a later version may say is
 * skipped. */
int control_receive(int fd, struct control *out) __attribute__((warn_unused_result));

#endif
