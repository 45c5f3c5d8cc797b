/* The memory that a crowd has left: given back to the system, so that one bad day is not paid for with memory for
 * years. */
#ifndef NUNCIO_PROC_RECLAIM_H
#define NUNCIO_PROC_RECLAIM_H

#include "net/server.h"

/* Embedded in the worker. Loop thread only. The handle does not keep the loop going, and is closed with the others by
 * the worker (uv_walk). */
struct reclaim {
  uv_timer_t timer;
  const struct server *server; /* borrowed: whose connections are counted */
  unsigned crowd;              /* the most connections at once since memory was given back last */
};

void reclaim_init(struct reclaim *r, const struct server *server);

/* A connection has gone. Some seconds after the last large crowd has gone, for the most part, the C library is asked to
 * give back what it keeps. */
void reclaim_on_gone(struct reclaim *r);

#endif
