/* For tests: an env whose work waits until the test says so. */
#include "pool.h"

#include <stdlib.h>
#include <string.h>

static int submit(struct env *env, struct work *w)
{
  struct pool *p = (struct pool *)env;
  if (p->refuse)
    return p->refuse;
  if (p->n == POOL_MAX)
    abort();
  p->waiting[p->n++] = w;
  return 0;
}

static uint64_t now(struct env *env)
{
  return ((struct pool *)env)->now;
}

static int64_t wall(struct env *env)
{
  return env_wall(env) + ((struct pool *)env)->ahead * 1000000000;
}

void pool_init(struct pool *p)
{
  *p = (struct pool){.env = {.submit = submit, .now = now, .wall = wall}, .now = 1000, .ahead = 3600};
}

static struct work *take(struct pool *p)
{
  if (p->n == 0)
    return NULL;
  struct work *first = p->waiting[0];
  memmove(p->waiting, p->waiting + 1, --p->n * sizeof(struct work *));
  return first;
}

unsigned pool_run_one(struct pool *p)
{
  struct work *w = take(p);
  if (!w)
    return 0;
  p->run++;
  w->run(w);
  w->done(w, false);
  return 1;
}

unsigned pool_run_all(struct pool *p)
{
  unsigned n = 0;
  while (pool_run_one(p))
    n++;
  return n;
}

unsigned pool_cancel_one(struct pool *p)
{
  struct work *w = take(p);
  if (!w)
    return 0;
  w->done(w, true);
  return 1;
}
