/* What the site needs from the loop that drives it: two clocks, and a place for work that may block. */
#ifndef NUNCIO_SITE_ENV_H
#define NUNCIO_SITE_ENV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"

/* One piece of work. Embedded in its owner's struct, which must stay until `done` was called. */
struct work {
  void (*run)(struct work *w); /* in a pool thread: touches nothing but what the work owns or what is immutable */
  void (*done)(struct work *w, bool cancelled); /* in the loop's thread, once; cancelled: run was never called */
  void *ticket;                                 /* the env's own, between submit and done */
};

/* The worker supplies one over libuv; tests and `render` supply one that runs the work at once, or when told. */
struct env {
  /* Hands the work over. `done` follows: from the loop later, or before submit returns (an env without threads). 0 or a
   * negative error, and then neither function is called. */
  int (*submit)(struct env *env, struct work *w);
  /* Nobody needs it any more: where it has not begun it never will, and `done` follows from the loop as cancelled.
   * NULL: this env cannot do that. */
  void (*cancel)(struct env *env, struct work *w);
  /* Milliseconds on a clock that never goes back. */
  uint64_t (*now)(struct env *env);
  /* The time of day, as files are stamped with it: nanoseconds since 1970 (CLOCK_REALTIME). */
  int64_t (*wall)(struct env *env);
  /* What was said of files that became shorter, or failed, while they were sent. Zeroed by whoever supplies it. */
  struct log_limit cut_short;
};

/* The wall clock of this machine: for those who supply an env. */
int64_t env_wall(struct env *env);

/* An env that runs all work at once in the calling thread. */
struct env *env_direct(void);

#endif
