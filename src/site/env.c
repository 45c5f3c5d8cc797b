/* The env without a loop: work is done where it is asked for. */
#include "site/env.h"

#include <time.h>

static int submit_direct(struct env *env, struct work *w)
{
  (void)env;
  w->run(w);
  w->done(w, false);
  return 0;
}

static uint64_t now_direct(struct env *env)
{
  (void)env;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int64_t env_wall(struct env *env)
{
  (void)env;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

struct env *env_direct(void)
{
  static struct env direct = {.submit = submit_direct, .now = now_direct, .wall = env_wall};
  return &direct;
}
