/* How long a connection may take: judged from outside, by what its client sees (B1). */
#ifndef NUNCIO_TESTS_CONN_TIMES_H
#define NUNCIO_TESTS_CONN_TIMES_H

#include "loopback.h"
#include "net/conn_internal.h"

#define CONN_TIMES                                                                                                     \
  ((struct deadlines){CONN_HANDSHAKE_MS, CONN_REQUEST_MS, CONN_HANDLE_MS, CONN_WRITE_MS, CONN_DRAIN_MS})

enum {
  CONN_HANDSHAKE_MS = 10000,
  CONN_REQUEST_MS = 10000,
  CONN_HANDLE_MS = 60000,
  CONN_WRITE_MS = 30000,
  CONN_DRAIN_MS = 1000,
  CONN_HURRY_MS = 1000, /* for those who have not asked when the server stops */
  /* Every state once, and the drain of one who has to take what the kernel holds. */
  CONN_TIMES_ALL = CONN_HANDSHAKE_MS + CONN_REQUEST_MS + CONN_HANDLE_MS + 2 * CONN_WRITE_MS + 10 * CONN_DRAIN_MS,
};

/* At the beginning of a run; when the server begins to stop. */
void conn_times_begin(void);
void conn_times_hurry(void);

/* To be asked about every connection after each step. `s` is its socket, NULL in CONN_CLOSING. */
void conn_times_check(const struct conn *c, const struct loopback *s);

#endif
