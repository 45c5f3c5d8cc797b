/* One request being answered, from the look to the response: look in the loop, in the pool where that would wait. */
#include "site/answer.h"

#include <stdlib.h>

#include "base/err.h"
#include "site/answer_internal.h"
#include "site/failure.h"
#include "site/recall.h"

void answer_free(struct answer *a)
{
  look_free(&a->found);
  dot_rules_unref(a->dots);
  buf_free(&a->dots_why);
  trail_free(&a->dots_trail);
  site_unref(a->site);
  free(a);
}

void answer_finish(struct answer *a, struct response *r)
{
  bool *finished = a->finished;
  if (!a->cancelled)
    a->done(a->context, r);
  response_free(r);
  answer_free(a);
  if (finished)
    *finished = true;
}

enum { TRIES_MAX = 3, WHY_MAX = 2048 };

static void look(struct answer *a);

void answer_fail(struct answer *a, int err)
{
  /* The owner is told of the file that is to blame: an index, a document. */
  struct env *env = a->site->env;
  failure_log(&a->site->failures, env->now(env), err,
              a->found.file.n ? buf_str(&a->found.file) : a->target[a->at].path);
  if (err == ERR_NOT_FOUND && a->at + 1 < a->targets) {
    a->at++; /* P2: as it stands first, then decoded once */
    look(a);
    return;
  }
  struct response r;
  response_init(&r);
  /* Where nothing was found at all, the reader is told of what was asked for as it stood. */
  failure_response(&r, err, a->target[err == ERR_NOT_FOUND ? 0 : a->at].path);
  answer_finish(a, &r);
}

/* What files of the capsule set for the path. In any thread: nobody else has a reference to what an earlier try read
 * (but a build, when look() begins once more, in the loop).
 */
static int read_dots(struct answer *a, unsigned flags)
{
  struct site *site = a->site;
  const struct dot_rules_order order = site_dot_rules(site, a->asked_ns);
  dot_rules_unref(a->dots);
  a->dots = NULL;
  a->dots_err = 0;
  buf_clear(&a->dots_why);
  trail_free(&a->dots_trail);
  trail_init(&a->dots_trail);
  if (!site->reads_dots)
    return 0;
  int err = dot_rules_read(&order, a->target[a->at].path, flags, &a->dots_trail, &a->dots, &a->dots_why);
  if (err != ERR_AGAIN)
    a->dots_err = err;
  return err;
}

static void look_and_read(struct answer *a, unsigned flags)
{
  a->ruled = (struct ruled){.lang = NULL};
  a->gate = NULL;
  a->err = read_dots(a, flags);
  if (a->err == 0)
    a->err = look_at(&a->site->root, a->target[a->at].path, a->representation, flags, &a->found);
  if (a->err == 0)
    a->err = look_read(&a->found, READY_FILE_MAX, flags);
  /* Whoever writes a page after the gate that is to guard it must not find it shown because we came between the two. */
  if (a->err == 0 && a->site->reads_dots && trail_check(&a->dots_trail, &a->site->root, flags) != 0)
    a->err = ERR_AGAIN;
  if (a->err == 0)
    trail_join(&a->found.trail, &a->dots_trail);
}

static void look_run(struct work *w)
{
  struct answer *a = (struct answer *)w;
  look_and_read(a, 0);
  /* Somebody is writing to the file in place: perhaps they have finished by now. */
  for (int tries = 1; a->err == ERR_AGAIN && tries < TRIES_MAX; tries++)
    look_and_read(a, 0);
  if (a->err == ERR_AGAIN)
    a->err = ERR_BUSY;
  answer_rules_lay(a);
}

static void look_done(struct work *w, bool cancelled)
{
  struct answer *a = (struct answer *)w;
  a->in_pool = false;
  if (a->cancelled) {
    answer_free(a);
    return;
  }
  if (cancelled)
    a->err = ERR_BUSY;
  answer_respond(a);
}

/* The second reading of what was asked for may be ready, as the first may (answer_start): our own menus write the names
 * of listings encoded. */
static struct ready *second_ready(const struct answer *a)
{
  return a->at > 0 ? recall(a->site, a->representation, a->target[a->at].path) : NULL;
}

/* The second reading of what was asked for is another path, and other rules may mean it. */
static bool answered_second(struct answer *a)
{
  struct response r;
  response_init(&r);
  bool is = a->at > 0 && answer_rules_first(a->site, &a->target[a->at], &a->asked_by, &a->door, &r);
  if (is)
    answer_finish(a, &r);
  else
    response_free(&r);
  return is;
}

static void look(struct answer *a)
{
  struct env *env = a->site->env;
  if (answered_second(a))
    return;
  struct ready *ready = second_ready(a);
  if (ready) {
    answer_with(a, ready);
    return;
  }
  a->asked = env->now(env);
  a->asked_ns = env->wall(env);
  look_and_read(a, RESOLVE_CACHED_ONLY);
  bool quick = !a->dots || a->dots->pattern_bytes <= DOT_RULES_LOOP_MAX;
  if (a->err != ERR_AGAIN && quick) {
    answer_rules_lay(a);
    answer_respond(a);
    return;
  }
  a->work.run = look_run;
  a->work.done = look_done;
  a->in_pool = true;
  int err = env->submit(env, &a->work);
  if (err) {
    a->in_pool = false;
    answer_fail(a, err);
  }
}

/* The build still has a reference to the rules of the last look, and they are counted in the loop's thread only: look()
 * gives them up before it asks the pool. */
void answer_again(struct answer *a)
{
  if (++a->tries < TRIES_MAX)
    look(a);
  else
    answer_fail(a, ERR_BUSY);
}

static struct answer *answer_make(struct site *site, const struct request *request)
{
  size_t n = 0;
  for (unsigned i = 0; i < request->targets; i++)
    n += request->target[i].path.n + request->target[i].query.n;
  struct answer *a = calloc(1, sizeof *a + n);
  if (!a)
    return NULL;
  char *at = a->text;
  for (unsigned i = 0; i < request->targets; i++) {
    const struct target *from = &request->target[i];
    a->target[i].path = str_place(&at, from->path);
    a->target[i].query = str_place(&at, from->query);
    a->target[i].has_query = from->has_query;
  }
  a->targets = request->targets;
  a->representation = request->representation;
  a->site = site_ref(site);
  look_init(&a->found);
  buf_init(&a->dots_why, WHY_MAX);
  trail_init(&a->dots_trail);
  return a;
}

/* What needs no look: a page that is ready; or the news that memory is short. */
static void answer_at_once(struct ready *ready, void (*done)(void *context, struct response *response), void *context)
{
  struct response r;
  response_init(&r);
  if (!ready || ready_response(ready, &r) != 0) {
    response_free(&r);
    failure_response(&r, ERR_NOMEM, STR("/"));
  }
  done(context, &r);
  response_free(&r);
}

struct answer *answer_start(struct site *site, const struct request *request,
                            void (*done)(void *context, struct response *response), void *context)
{
  struct asked by = {.identity = request->identity, .visitor = request->visitor};
  const struct rule *door = NULL;
  struct response r;
  response_init(&r);
  if (answer_rules_first(site, &request->target[0], &by, &door, &r)) {
    done(context, &r);
    response_free(&r);
    return NULL;
  }
  struct ready *ready = recall(site, request->representation, request->target[0].path);
  struct answer *a = ready ? NULL : answer_make(site, request);
  if (!a) {
    answer_at_once(ready, done, context);
    return NULL;
  }
  a->done = done;
  a->context = context;
  a->asked_by = by;
  a->door = door;
  bool finished = false;
  a->finished = &finished;
  look(a);
  if (finished)
    return NULL;
  /* The analyzer does not see that whoever freed it has set `finished`. */
  a->finished = NULL; /* NOLINT(clang-analyzer-unix.Malloc) */
  return a;
}

void answer_cancel(struct answer *a)
{
  /* What is being built is kept for the next who asks, by the last who waited for it. A look is for nobody else: where
   * the disk is slow, those who have left must not keep the pool from those who wait. look_done frees. */
  if (a->in_pool || build_alone(&a->wait)) {
    a->cancelled = true;
    if (a->in_pool && a->site->env->cancel)
      a->site->env->cancel(a->site->env, &a->work);
    return;
  }
  build_leave(&a->wait);
  answer_free(a);
}
