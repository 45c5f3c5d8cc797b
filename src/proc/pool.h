/* The thread pool of a worker's loop, as the site sees it. */
#ifndef NUNCIO_PROC_POOL_H
#define NUNCIO_PROC_POOL_H

#include <uv.h>

#include "site/env.h"

/* An env over libuv's pool. Embedded in the worker; `env` must come first, so that it can be found again from there. */
struct pool {
  struct env env;
  uv_loop_t *loop;
  uv_work_t first; /* what pool_start gives it to do */
};

void pool_open(struct pool *pool, uv_loop_t *loop);

/* Starts all the threads there will be: libuv has them all made when the first work is submitted ("Thread pool work
 * scheduling" in its documentation), as many as UV_THREADPOOL_SIZE says. ERR_BUSY. */
int pool_start(struct pool *pool) __attribute__((warn_unused_result));

#endif
