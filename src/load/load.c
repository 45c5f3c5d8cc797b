/* The loop of the load generator: who begins when, what is counted, and when it ends. */
#include "load/load.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <uv.h>

#include "base/err.h"
#include "load/jar.h"
#include "load/visit.h"
#include "tls/client.h"

enum {
  EVENTS = 128,        /* looked at in one turn */
  REST_MS = 10,        /* after a failure: a server that is away is not to be hammered */
  GIVE_UP_AFTER = 100, /* requests, where none was answered */
  PROGRESS_MS = 500,
};

struct load {
  const struct load_plan *plan;
  struct load_result *result;
  uv_loop_t loop;
  /* One descriptor in the loop for all sockets: a connection costs one epoll_ctl, and its close none. */
  uv_poll_t poll;
  uv_timer_t duration, progress;
  uv_signal_t interrupt, terminate;
  struct visit_world world;
  struct visit *visits;
  unsigned n_visits, active; /* active: under way, or resting before the next request */
  struct jar *jars;          /* one for each target */
  size_t *addresses;         /* for each target: which of its addresses is asked */
  uint64_t begun;
  uint64_t started, last_end; /* uv_hrtime */
  uint64_t cpu_at_start;      /* microseconds */
  size_t next_target;
  bool stopping;
};

static struct load *load_of(struct visit_world *world)
{
  return (struct load *)(void *)((char *)world - offsetof(struct load, world));
}

/* ---------------------------------------------------------------- counting */

/* Whether a whole answer is the one that this target gave first. */
static enum load_fault compare(struct load_first *first, const struct answer *answer)
{
  if (!first->known)
    *first = (struct load_first){.known = true, .status = answer->status, .body = answer->body};
  if (first->status != answer->status)
    return LOAD_STATUS;
  return first->body == answer->body ? LOAD_OK : LOAD_LENGTH;
}

static void count(struct load *load, struct visit *v)
{
  struct load_result *result = load->result;
  if (v->fault == LOAD_OK)
    v->fault = compare(&result->firsts[v->target_index], &v->answer);
  result->requests++;
  result->bytes += v->answer.bytes;
  if (v->shook_hands && tls_call_resumed(v->tls))
    result->resumed++;
  else if (v->shook_hands)
    result->full++;
  if (v->fault == LOAD_OK) {
    histogram_add(&result->latency, v->end - v->began);
  } else {
    result->failed++;
    result->faults[v->fault]++;
  }
  if (v->fault == LOAD_TLS && result->tls_fault[0] == '\0' && v->tls)
    (void)snprintf(result->tls_fault, sizeof result->tls_fault, "%s", tls_call_fault(v->tls));
  load->last_end = uv_hrtime();
  result->elapsed_ns = load->last_end - load->started;
}

static uint64_t cpu_us(void)
{
  struct rusage usage;
  if (getrusage(RUSAGE_SELF, &usage) < 0)
    return 0;
  return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000U +
         (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* The load ends here, whatever stragglers there are; the first time counts. */
static void close_window(struct load *load, uint64_t now)
{
  const struct load_result *result = load->result;
  if (result->window.ns == 0)
    load->result->window = (struct load_window){.ns = now - load->started,
                                                .answered = result->requests - result->failed,
                                                .bytes = result->bytes,
                                                .cpu_us = cpu_us() - load->cpu_at_start};
}

/* ---------------------------------------------------------------- beginning and ending */

static void close_handle(uv_handle_t *handle, void *context)
{
  (void)context;
  if (!uv_is_closing(handle))
    uv_close(handle, NULL);
}

/* A visit has nothing to do any more; with the last one the loop has nothing left. */
static void retire(struct load *load)
{
  if (--load->active == 0)
    uv_walk(&load->loop, close_handle, NULL);
}

static void begin(struct load *load, struct visit *v)
{
  const struct load_plan *plan = load->plan;
  if (load->stopping || (!v->again && plan->requests && load->begun == plan->requests)) {
    retire(load);
    return;
  }
  if (!v->again) {
    load->begun++;
    v->target_index = load->next_target;
    load->next_target = (load->next_target + 1) % plan->n_targets;
  }
  v->again = false;
  visit_begin(v, &plan->targets[v->target_index], load->addresses[v->target_index],
              jar_take(&load->jars[v->target_index]));
}

static void on_rested(uv_timer_t *timer)
{
  struct visit *v = timer->data;
  begin(load_of(v->world), v);
}

/* A name may lead to addresses where nobody listens (`localhost` to ::1): then the next one is for all. */
static bool try_next_address(struct load *load, const struct visit *v)
{
  size_t *address = &load->addresses[v->target_index];
  bool elsewhere = v->fault == LOAD_REFUSED || v->fault == LOAD_UNREACHABLE || v->fault == LOAD_CONNECT_TIMEOUT;
  if (!elsewhere || load->result->firsts[v->target_index].known)
    return false;
  if (*address == v->address && *address + 1 < v->target->n_addresses)
    ++*address;
  return *address != v->address;
}

/* Cuts off what is under way, and begins nothing more. */
static void stop(struct load *load, bool cut)
{
  load->stopping = true;
  for (unsigned i = 0; i < load->n_visits && load->active > 0; i++) {
    struct visit *v = &load->visits[i];
    bool resting = v->state == VISIT_IDLE && uv_is_active((const uv_handle_t *)&v->timer);
    if (!resting && (!cut || v->state == VISIT_IDLE))
      continue;
    visit_clear(v);
    retire(load);
  }
}

static void on_visit_ended(struct visit_world *world, struct visit *v)
{
  struct load *load = load_of(world);
  v->again = try_next_address(load, v);
  if (!v->again) {
    count(load, v);
    if (v->tls)
      jar_fill(&load->jars[v->target_index], v->tls);
  }
  bool failed = v->fault != LOAD_OK;
  visit_clear(v);
  const struct load_result *result = load->result;
  if (!load->stopping && result->failed == result->requests && result->failed >= GIVE_UP_AFTER) {
    load->result->gave_up = true;
    load->stopping = true;
  }
  if (failed)
    (void)uv_timer_start(&v->timer, on_rested, REST_MS, 0);
  else
    begin(load, v);
}

/* ---------------------------------------------------------------- the loop's calls */

static void on_sockets(uv_poll_t *poll, int status, int events)
{
  struct load *load = poll->data;
  struct epoll_event ready[EVENTS];
  (void)status;
  (void)events;
  int n = epoll_wait(load->world.epoll, ready, EVENTS, 0);
  for (int i = 0; i < n; i++)
    visit_event(ready[i].data.ptr, ready[i].events);
}

static void on_duration(uv_timer_t *timer)
{
  struct load *load = timer->data;
  close_window(load, uv_hrtime());
  stop(load, false);
}

static void on_signal(uv_signal_t *handle, int number)
{
  struct load *load = handle->data;
  (void)number;
  load->result->interrupted = true;
  close_window(load, uv_hrtime());
  stop(load, true);
}

static void on_progress(uv_timer_t *timer)
{
  struct load *load = timer->data;
  load->result->elapsed_ns = uv_hrtime() - load->started;
  load->plan->progress(load->plan->context, load->result);
}

/* ---------------------------------------------------------------- putting it together */

static int allocate(struct load *load)
{
  const struct load_plan *plan = load->plan;
  load->visits = calloc(load->n_visits, sizeof *load->visits);
  load->jars = calloc(plan->n_targets, sizeof *load->jars);
  load->addresses = calloc(plan->n_targets, sizeof *load->addresses);
  load->world.received = malloc(VISIT_RECEIVE);
  load->result->firsts = calloc(plan->n_targets, sizeof *load->result->firsts);
  if (!load->visits || !load->jars || !load->addresses || !load->world.received || !load->result->firsts)
    return ERR_NOMEM;
  for (size_t i = 0; i < plan->n_targets; i++)
    if (jar_init(&load->jars[i], load->n_visits) < 0)
      return ERR_NOMEM;
  return tls_client_new(plan->resume, &load->world.tls);
}

static void release(struct load *load)
{
  for (size_t i = 0; load->jars && i < load->plan->n_targets; i++)
    jar_free(&load->jars[i]);
  free(load->jars);
  free(load->addresses);
  free(load->visits);
  free(load->world.received);
  tls_client_free(load->world.tls);
  if (load->world.epoll >= 0)
    (void)close(load->world.epoll);
}

/* Everything in the loop but the visits. */
static int watch(struct load *load)
{
  const struct load_plan *plan = load->plan;
  int error = uv_poll_init(&load->loop, &load->poll, load->world.epoll);
  if (error == 0)
    error = uv_poll_start(&load->poll, UV_READABLE, on_sockets);
  if (error == 0)
    error = uv_signal_init(&load->loop, &load->interrupt);
  if (error == 0)
    error = uv_signal_init(&load->loop, &load->terminate);
  if (error == 0)
    error = uv_signal_start(&load->interrupt, on_signal, SIGINT);
  if (error == 0)
    error = uv_signal_start(&load->terminate, on_signal, SIGTERM);
  (void)uv_timer_init(&load->loop, &load->duration);
  (void)uv_timer_init(&load->loop, &load->progress);
  load->poll.data = load->interrupt.data = load->terminate.data = load->duration.data = load->progress.data = load;
  /* The loop knows the time of its making, and certificates may have been read since: the end would come too soon. And
   * the clocks begin together, however long it takes until the first visit. */
  load->started = uv_hrtime();
  uv_update_time(&load->loop);
  if (error == 0 && plan->duration_ms)
    error = uv_timer_start(&load->duration, on_duration, plan->duration_ms, 0);
  if (error == 0 && plan->progress)
    error = uv_timer_start(&load->progress, on_progress, PROGRESS_MS, PROGRESS_MS);
  return error ? ERR_BUSY : 0;
}

static void run(struct load *load)
{
  load->active = load->n_visits;
  for (unsigned i = 0; i < load->n_visits; i++)
    visit_init(&load->visits[i], &load->world, &load->loop);
  load->cpu_at_start = cpu_us();
  for (unsigned i = 0; i < load->n_visits; i++)
    begin(load, &load->visits[i]);
  (void)uv_run(&load->loop, UV_RUN_DEFAULT);
  load->result->cpu_us = cpu_us() - load->cpu_at_start;
  load->result->elapsed_ns = (load->last_end ? load->last_end : uv_hrtime()) - load->started;
  close_window(load, load->started + load->result->elapsed_ns);
}

int load_run(const struct load_plan *plan, struct load_result *out)
{
  struct load load = {.plan = plan, .result = out, .n_visits = plan->concurrency};
  *out = (struct load_result){.requests = 0};
  if (plan->requests && plan->requests < load.n_visits)
    load.n_visits = (unsigned)plan->requests;
  load.world.timeout_ms = plan->timeout_ms;
  load.world.ended = on_visit_ended;
  load.world.epoll = epoll_create1(EPOLL_CLOEXEC);
  int err = load.world.epoll < 0 ? ERR_BUSY : allocate(&load);
  if (err == 0 && uv_loop_init(&load.loop) < 0)
    err = ERR_BUSY;
  else if (err == 0) {
    err = watch(&load);
    if (err == 0)
      run(&load);
    uv_walk(&load.loop, close_handle, NULL);
    (void)uv_run(&load.loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&load.loop);
  }
  release(&load);
  return err;
}

void load_result_free(struct load_result *result)
{
  free(result->firsts);
  result->firsts = NULL;
}
