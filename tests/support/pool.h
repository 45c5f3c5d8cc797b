/* For tests: an env whose work waits until the test says so. */
#ifndef NUNCIO_TESTS_POOL_H
#define NUNCIO_TESTS_POOL_H

#include "site/env.h"

enum { POOL_MAX = 64 };

/* Embedded in the test's frame; `env` is handed to the code under test. */
struct pool {
  struct env env;
  struct work *waiting[POOL_MAX];
  unsigned n;        /* how many wait */
  unsigned long run; /* how many have been run so far */
  int refuse;        /* submit's answer from now on, where it is not 0 */
  uint64_t now;      /* what env->now says, in milliseconds */
  int64_t ahead;     /* how many seconds env->wall is ahead of the real clock: an hour at first, so that every file has
                        settled; with 0 those just written have not */
};

void pool_init(struct pool *p);
/* Runs the piece of work that waits longest (or all, with what they hand over in turn) and tells its owner. How many
 * there were. */
unsigned pool_run_one(struct pool *p);
unsigned pool_run_all(struct pool *p);
/* Tells the owner of the one that waits longest that it was cancelled. */
unsigned pool_cancel_one(struct pool *p);

#endif
