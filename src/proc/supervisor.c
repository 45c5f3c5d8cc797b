/* The supervisor: a loop over signals, children and what they say. */
#include "proc/supervisor.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "proc/clock.h"
#include "proc/spawn.h"
#include "proc/supervisor_internal.h"
#include "proc/worker.h"

enum {
  START_MS = 60 * 1000,      /* how long a worker may take to come up: certificates may lie on a slow disk */
  STOP_MS = DRAIN_MS + 2000, /* after that, what is left is killed */
  LOOK_MS = 5 * 60 * 1000,   /* how often the age of the ticket key is looked at */
  ARGUMENTS_OWN = 2,         /* the program's name before, NULL after */
};

/* ------------------------------------------------------------------ children and signals */

static void bury(struct supervisor *s)
{
  int status;
  pid_t pid;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
    supervisor_buried(s, pid, status);
}

/* They hold nothing yet, and would say that the sockets, which are about to be shut, are none. */
static void end_starting(struct supervisor *s)
{
  struct crew *crew = &s->state->crew;
  if (s->reader > 0)
    (void)kill(s->reader, SIGKILL);
  for (size_t i = 0; i < crew->n; i++) {
    struct member *m = &crew->at[i];
    if (m->state != MEMBER_STARTING || m->killed)
      continue;
    m->hurried = m->killed = true;
    (void)kill(m->pid, SIGKILL);
  }
}

static void stop(struct supervisor *s, int number)
{
  struct crew *crew = &s->state->crew;
  bool again = s->stopping;
  if (!again)
    s->stopping_since = clock_ms();
  log_notice(again ? "%s again: stopping at once" : "%s: stopping", number == SIGINT ? "interrupt" : "SIGTERM");
  s->stopping = true;
  if (!again)
    notify_stopping(s->plan->notify, "stopping: who is being answered may finish");
  end_starting(s);
  for (size_t i = 0; i < crew->n; i++) {
    struct member *m = &crew->at[i];
    if (m->killed)
      continue;
    if (again)
      supervisor_tell_to_stop_now(m);
    else if (!m->hurried) /* whose time is running already; one of an older version would end at once */
      supervisor_tell_to_stop(m);
  }
  if (crew_count(crew, MEMBER_SERVING) == 0)
    sockets_end(&s->state->sockets); /* nobody else would */
}

static void take_signals(struct supervisor *s)
{
  struct signalfd_siginfo info;
  while (read(s->signals, &info, sizeof info) == sizeof info) {
    switch (info.ssi_signo) {
    case SIGCHLD:
      break; /* several deaths may be one signal: all are looked for below */
    case SIGHUP:
      s->reload_wanted = true;
      break;
    case SIGUSR1:
      s->log_wanted = true;
      break;
    case SIGUSR2:
      s->upgrade_wanted = true;
      break;
    default:
      stop(s, (int)info.ssi_signo);
    }
  }
}

/* ------------------------------------------------------------------ what is due */

static void start_missing(struct supervisor *s)
{
  struct crew *crew = &s->state->crew;
  uint64_t now = clock_ms();
  for (unsigned slot = 0; slot < crew->n_slots && s->generation > 0; slot++)
    if (now >= crew->slots[slot].start_at_ms && !crew_manned(crew, slot, s->generation))
      supervisor_start(s, s->self, slot, s->generation);
}

static void kill_late(struct supervisor *s)
{
  struct crew *crew = &s->state->crew;
  uint64_t now = clock_ms();
  if (s->reader > 0 && now - s->reader_since >= START_MS) {
    log_error("the settings were not read in %d seconds: giving up", START_MS / 1000);
    (void)kill(s->reader, SIGKILL);
    s->reader_since = now;
  }
  for (size_t i = 0; i < crew->n; i++) {
    struct member *m = &crew->at[i];
    if (m->killed)
      continue; /* it may be stuck in the kernel: nothing more can be done */
    bool late = m->state == MEMBER_STARTING && now - m->since_ms >= START_MS;
    if (late)
      log_error("worker %u did not come up in %d seconds: ending it", m->slot, START_MS / 1000);
    if (late || (s->stopping && now - s->stopping_since >= STOP_MS)) {
      m->hurried = m->killed = true;
      (void)kill(m->pid, SIGKILL);
    }
  }
}

static void rotate_tickets(struct supervisor *s)
{
  uint64_t now = clock_ms();
  if (!s->tickets || now - s->looked_at < LOOK_MS)
    return;
  s->looked_at = now;
  tickets_tidy(s->tickets); /* the last rotation is a look ago, or more */
  if (tickets_due(s->tickets, tickets_now()) && tickets_rotate(s->tickets, tickets_now()) < 0)
    log_error("no random bytes for a new ticket key: the one in use stays");
}

/* Not while a trial is under way: what it makes of the change is heard first. */
static void look_for_changes(struct supervisor *s)
{
  if (s->stopping || s->generation == 0 || s->trial != TRIAL_NONE)
    return;
  const char *changed = watch_look(&s->watch, clock_ms());
  if (!changed)
    return;
  log_notice("%s is another one now, or gone", changed);
  s->refresh_wanted = true;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
  return a < b ? a : b;
}

/* How long nothing is due, in milliseconds. */
static int patience(const struct supervisor *s)
{
  const struct crew *crew = &s->state->crew;
  uint64_t now = clock_ms(), next = sooner(now + LOOK_MS, supervisor_log_due(s));
  for (size_t i = 0; i < crew->n; i++) {
    const struct member *m = &crew->at[i];
    if (s->stopping && !m->killed)
      next = sooner(next, s->stopping_since + STOP_MS);
    if (m->state == MEMBER_STARTING && !m->killed)
      next = sooner(next, m->since_ms + START_MS);
  }
  if (s->reader > 0)
    next = sooner(next, s->reader_since + START_MS);
  for (unsigned slot = 0; slot < crew->n_slots && !s->stopping && s->generation > 0; slot++)
    if (!crew_manned(crew, slot, s->generation))
      next = sooner(next, crew->slots[slot].start_at_ms);
  if (!s->stopping && s->generation > 0 && s->trial == TRIAL_NONE)
    next = sooner(next, s->watch.next_ms);
  return next > now ? (int)(next - now) : 1;
}

/* ------------------------------------------------------------------ the loop */

static void wait_for_something(struct supervisor *s)
{
  struct crew *crew = &s->state->crew;
  struct pollfd *fds = calloc(crew->n + 1, sizeof *fds);
  pid_t *pids = calloc(crew->n + 1, sizeof *pids);
  size_t n = fds && pids ? crew->n : 0; /* without memory: signals alone, and the others at the next look */
  struct pollfd only = {.fd = s->signals, .events = POLLIN};
  for (size_t i = 0; i < n; i++) {
    fds[i + 1] = (struct pollfd){.fd = crew->at[i].control, .events = POLLIN};
    pids[i] = crew->at[i].pid;
  }
  if (n)
    fds[0] = only;
  (void)poll(n ? fds : &only, n + 1, patience(s));
  take_signals(s);
  for (size_t i = 0; i < n; i++)
    if (fds[i + 1].revents)
      supervisor_listen_to(s, pids[i]);
  take_signals(s); /* a worker that leaves may have had the same SIGTERM a moment before us: nobody replaces it then */
  bury(s);
  free(fds);
  free(pids);
}

/* Whether every slot is served by the generation that is in use, and nobody is on the way. */
static bool settled(const struct supervisor *s)
{
  const struct crew *crew = &s->state->crew;
  for (unsigned slot = 0; slot < crew->n_slots; slot++)
    if (!crew_in(crew, slot, MEMBER_SERVING, s->generation))
      return false;
  return s->generation > 0 && crew_count(crew, MEMBER_STARTING) == 0;
}

static void say_settled(struct supervisor *s)
{
  size_t old = crew_count(&s->state->crew, MEMBER_DRAINING);
  s->changing = false;
  if (!s->announced && s->state->role == HANDOVER_NONE)
    s->plan->on_ready(s->plan->context);
  else
    log_notice("%u new worker%s; old ones that still finish: %zu", s->state->crew.n_slots,
               s->state->crew.n_slots == 1 ? " serves" : "s serve", old);
  s->announced = true;
  supervisor_tell_serving(s, "");
}

static void run(struct supervisor *s)
{
  struct crew *crew = &s->state->crew;
  while (!s->failed && !(s->stopping && crew->n == 0)) {
    if (!s->stopping) {
      look_for_changes(s);
      start_missing(s);
      if (s->changing && settled(s))
        say_settled(s);
      supervisor_begin_wanted(s); /* last: no trial begins while workers are on their way */
    }
    supervisor_look_after_log(s);
    kill_late(s);
    rotate_tickets(s);
    if (!s->failed)
      wait_for_something(s);
  }
}

static void handled(sigset_t *set)
{
  (void)sigemptyset(set);
  (void)sigaddset(set, SIGCHLD);
  (void)sigaddset(set, SIGHUP);
  (void)sigaddset(set, SIGUSR1);
  (void)sigaddset(set, SIGUSR2);
  (void)sigaddset(set, SIGTERM);
  (void)sigaddset(set, SIGINT);
}

int supervisor_heed_signals(void)
{
  sigset_t set;
  handled(&set);
  /* Whoever started us may have had them ignored: then nobody would hear of a death, or of anything. */
  for (int number = 1; number < NSIG; number++)
    if (sigismember(&set, number) == 1)
      (void)signal(number, SIG_DFL);
  return sigprocmask(SIG_BLOCK, &set, NULL) < 0 ? ERR_IO : 0;
}

/* After an upgrade the workers of the last version are an old generation, and its children ours. */
static void adopt(struct supervisor *s)
{
  if (s->state->role != HANDOVER_SUPERVISOR)
    return;
  const struct crew *crew = &s->state->crew;
  s->generation = 1;
  for (size_t i = 0; i < crew->n; i++)
    if (crew->at[i].state == MEMBER_SERVING && crew->at[i].generation > s->generation)
      s->generation = crew->at[i].generation;
  s->refresh_wanted = s->adopted = true;
  log_notice("upgraded: this is nuncio " NUNCIO_VERSION " now");
}

/* The table of visitors: the one that was handed over, or else a new one, at a first start and after an upgrade from a
 * version that had none or another. Who counts in an old table has no seat in this one. */
static void open_visitors(struct supervisor *s)
{
  struct handover *state = s->state;
  struct buf why = BUF_INIT(1024);
  if (state->visitors >= 0 && visitors_map(state->visitors, NO_SEAT, &s->visitors, &why) == 0)
    goto out;
  if (state->visitors >= 0)
    close(state->visitors);
  for (size_t i = 0; i < state->crew.n; i++)
    state->crew.at[i].seat = NO_SEAT;
  buf_clear(&why);
  if (visitors_create(&state->visitors, &why) < 0 || visitors_map(state->visitors, NO_SEAT, &s->visitors, &why) < 0)
    log_error("%.*s; limits for one address are kept by each worker alone", STR_ARG(buf_str(&why)));

out:
  buf_free(&why);
}

bool supervisor_run(const struct supervision *plan)
{
  struct supervisor s = {.plan = plan,
                         .state = plan->handover,
                         .tried = COPIES_SET_INIT,
                         .tried_text = -1,
                         .answer = -1,
                         .watch = WATCH_INIT,
                         .looked_at = clock_ms()};
  struct buf why = BUF_INIT(1024);
  sigset_t set;
  handled(&set);
  s.state->crew.n_slots = sockets_slots(&s.state->sockets);
  s.self = spawn_self();
  s.program = spawn_program();
  s.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  s.argv = calloc(plan->n_arguments + ARGUMENTS_OWN, sizeof *s.argv);
  if (s.signals < 0 || !s.argv || !s.self) {
    log_error("cannot supervise: %s", err_text(s.argv ? ERR_IO : ERR_NOMEM));
    s.failed = true;
  } else {
    memcpy(s.argv + 1, plan->arguments, plan->n_arguments * sizeof *s.argv);
    if (s.state->tickets >= 0 && tickets_map(s.state->tickets, true, &s.tickets, &why) < 0)
      log_error("%.*s; ticket keys will not change", STR_ARG(buf_str(&why)));
    open_visitors(&s);
    supervisor_open_log(&s);
    adopt(&s);
    bury(&s); /* who ended while this program took the last one's place: nobody tells of them again */
    run(&s);
  }
  if (s.signals >= 0)
    close(s.signals);
  supervisor_forget_tried(&s);
  supervisor_end_reading(&s);
  watch_free(&s.watch);
  tickets_unmap(s.tickets);
  visitors_unmap(s.visitors);
  day_keys_unmap(s.day_keys);
  buf_free(&why);
  free(s.self);
  free(s.program);
  free(s.argv);
  return !s.failed;
}
