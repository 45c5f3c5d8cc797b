/* The thread pool: uv_queue_work behind the site's own small table of functions. */
#include "proc/pool.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/err.h"

struct job {
  uv_work_t request;
  struct work *work;
};

static void on_run(uv_work_t *request)
{
  struct job *job = request->data;
  job->work->run(job->work);
}

static void on_done(uv_work_t *request, int status)
{
  struct job *job = request->data;
  struct work *work = job->work;
  free(job);
  work->done(work, status == UV_ECANCELED);
}

static int submit(struct env *env, struct work *w)
{
  struct pool *pool = (struct pool *)(void *)env;
  struct job *job = malloc(sizeof *job);
  if (!job)
    return ERR_NOMEM;
  job->work = w;
  w->ticket = job;
  job->request.data = job;
  if (uv_queue_work(pool->loop, &job->request, on_run, on_done) < 0) {
    free(job);
    return ERR_BUSY;
  }
  return 0;
}

static void cancel(struct env *env, struct work *w)
{
  struct job *job = w->ticket;
  (void)env;
  (void)uv_cancel((uv_req_t *)&job->request); /* UV_EBUSY: it runs, or has run */
}

static uint64_t now(struct env *env)
{
  const struct pool *pool = (const struct pool *)(const void *)env;
  return uv_now(pool->loop);
}

static void run_nothing(uv_work_t *request)
{
  (void)request;
}

int pool_start(struct pool *pool)
{
  return uv_queue_work(pool->loop, &pool->first, run_nothing, NULL) < 0 ? ERR_BUSY : 0;
}

void pool_open(struct pool *pool, uv_loop_t *loop)
{
  static_assert(offsetof(struct pool, env) == 0, "an env is found again as the pool that begins with it");
  pool->env = (struct env){.submit = submit, .cancel = cancel, .now = now, .wall = env_wall};
  pool->loop = loop;
}
