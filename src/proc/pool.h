/* The thread pool of a worker's loop, as the site sees it. */
#ifndef NUNCIO_PROC_POOL_H
#define NUNCIO_PROC_POOL_H

#include <uv.h>

#include "site/env.h"

/* An env over libuv's pool. Embedded in the worker; `env` must come first, so that it can be found again from there. */
struct pool {
  struct env env;
  uv_loop_t *loop;
};

void pool_init(struct pool *pool, uv_loop_t *loop);

#endif
