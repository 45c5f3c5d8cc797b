/* The supervisor: a loop over signals, children and what they say. */
#include "proc/supervisor.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "proc/clock.h"
#include "proc/control.h"
#include "proc/spawn.h"
#include "proc/worker.h"
#include "tls/tickets.h"

enum {
  START_MS = 60 * 1000,      /* how long a worker may take to come up: certificates may lie on a slow disk */
  STOP_MS = DRAIN_MS + 2000, /* after that, what is left is killed */
  LOOK_MS = 5 * 60 * 1000,   /* how often the age of the ticket key is looked at */
  DRAINING_MOST = 32,        /* so many workers may finish slow readers at their leisure after reloads */
  ARGUMENTS_OWN = 2,         /* the program's name before, NULL after */
};

/* Who tries the new settings out before others follow. */
enum trial { TRIAL_NONE, TRIAL_RELOAD, TRIAL_UPGRADE };

struct supervisor {
  const struct supervision *plan;
  struct handover *state; /* sockets, ring, crew */
  struct tickets *tickets;
  char *self;    /* the program that runs */
  char *program; /* by which path we were started; NULL: not known */
  char **argv;   /* a worker's: argv[0] is changed for each */
  int signals;
  unsigned generation; /* what serves; 0: nothing has come up yet */
  enum trial trial;    /* of generation + 1 */
  bool reload_wanted, upgrade_wanted;
  bool announced; /* all of a generation came up */
  bool stopping, failed;
  uint64_t stopping_since;
  uint64_t looked_at; /* when the ticket key was */
};

/* ------------------------------------------------------------------ workers */

static void tell_duties(struct supervisor *s)
{
  struct crew *crew = &s->state->crew;
  for (size_t i = 0; i < crew->n; i++)
    if (crew->at[i].state == MEMBER_SERVING)
      (void)control_send(crew->at[i].control, CONTROL_SERVE, crew_duty(crew, &crew->at[i]));
}

static void start(struct supervisor *s, const char *program, unsigned slot, unsigned generation)
{
  int ours = -1, theirs = -1;
  pid_t pid = -1;
  char title[32];
  (void)snprintf(title, sizeof title, "nuncio: worker %u", slot);
  s->argv[0] = title;
  int err = control_pair(&ours, &theirs);
  if (err == 0) {
    struct handover h = {
        .role = HANDOVER_WORKER,
        .slot = slot,
        .generation = generation,
        .control = theirs,
        .tickets = s->state->tickets,
        .sockets = s->state->sockets, /* borrowed: never freed through `h` */
    };
    err = spawn_worker(program, s->argv, &h, &pid);
  }
  if (theirs >= 0)
    close(theirs);
  if (err == 0 && crew_add(&s->state->crew, pid, ours, slot, generation, clock_ms()))
    return;
  if (ours >= 0)
    close(ours); /* and a worker that was started sees that nobody wants it */
  (void)crew_failed(&s->state->crew, slot, 0, clock_ms());
  log_error("cannot start worker %u: %s; trying again", slot, err_text(err ? err : ERR_NOMEM));
}

static void tell_to_stop(struct member *m)
{
  m->hurried = true;
  if (!control_send(m->control, CONTROL_STOP, 0))
    (void)kill(m->pid, SIGKILL);
}

static void drain(struct member *m)
{
  crew_set(m, MEMBER_DRAINING, clock_ms());
  (void)control_send(m->control, CONTROL_DRAIN, 0);
}

/* Readers may be slow and reloads frequent: who has had the longest is hurried when there are too many. */
static void bound_draining(struct supervisor *s)
{
  struct crew *crew = &s->state->crew;
  struct member *oldest = NULL;
  size_t leisurely = 0;
  for (size_t i = 0; i < crew->n; i++) {
    struct member *m = &crew->at[i];
    if (m->state != MEMBER_DRAINING || m->hurried)
      continue;
    leisurely++;
    if (!oldest || m->since_ms < oldest->since_ms)
      oldest = m;
  }
  if (leisurely <= DRAINING_MOST)
    return;
  log_warning("more than %d workers are finishing what they had open before a reload: the oldest one has %d seconds",
              DRAINING_MOST, DRAIN_SECONDS);
  tell_to_stop(oldest);
}

/* A worker has come up: it takes its slot over, and who had it finishes. */
static void promote(struct supervisor *s, struct member *m)
{
  struct crew *crew = &s->state->crew;
  crew_set(m, MEMBER_SERVING, clock_ms());
  for (size_t i = 0; i < crew->n; i++) {
    struct member *other = &crew->at[i];
    if (other != m && other->slot == m->slot && other->state == MEMBER_SERVING)
      drain(other);
  }
  tell_duties(s);
  bound_draining(s);
}

/* ------------------------------------------------------------------ reload, upgrade */

/* Whether every slot is served by the generation that is in use, and nobody is on the way. */
static bool settled(const struct supervisor *s)
{
  const struct crew *crew = &s->state->crew;
  for (unsigned slot = 0; slot < crew->n_slots; slot++)
    if (!crew_in(crew, slot, MEMBER_SERVING, s->generation))
      return false;
  return s->generation > 0 && crew_count(crew, MEMBER_STARTING) == 0;
}

static void begin_trial(struct supervisor *s, enum trial trial)
{
  const char *program = s->self;
  if (trial == TRIAL_UPGRADE) {
    program = s->program;
    log_notice("upgrading: trying %s", program);
  } else if (s->generation > 0) {
    log_notice("reloading: trying certificates and settings");
  }
  s->trial = trial;
  start(s, program, 0, s->generation + 1);
  if (!crew_in(&s->state->crew, 0, MEMBER_STARTING, s->generation + 1))
    s->trial = TRIAL_NONE; /* not even started: it was said why */
}

static void begin_wanted(struct supervisor *s)
{
  if (s->trial != TRIAL_NONE || s->stopping)
    return;
  if (s->generation == 0) {
    if (!s->failed)
      begin_trial(s, TRIAL_RELOAD);
    s->failed = s->trial == TRIAL_NONE;
    return;
  }
  /* Not while workers are on their way: a burst of signals comes to one reload more. A slot whose workers keep dying
   * does not keep anyone from reloading what may mend it. */
  if (crew_count(&s->state->crew, MEMBER_STARTING) > 0)
    return;
  if (s->upgrade_wanted) {
    s->upgrade_wanted = false;
    if (s->program)
      begin_trial(s, TRIAL_UPGRADE);
    else
      log_error("cannot upgrade: the system does not say where the program is");
  } else if (s->reload_wanted) {
    s->reload_wanted = false;
    begin_trial(s, TRIAL_RELOAD);
  }
}

/* The new program has shown that it can serve with these settings: this process becomes it. Its workers are the old
 * generation then, and go on until it has its own. */
static void upgrade(struct supervisor *s)
{
  char name[] = "nuncio";
  s->argv[0] = name;
  int err = spawn_become(s->program, s->argv, s->state);
  log_error("cannot become %s (%s: %s); what runs goes on", s->program, err_text(err),
            strerror(errno)); /* NOLINT(concurrency-mt-unsafe): one thread */
}

static void trial_passed(struct supervisor *s, struct member *m)
{
  enum trial trial = s->trial;
  s->trial = TRIAL_NONE;
  if (trial == TRIAL_UPGRADE) {
    drain(m); /* it has nothing open */
    upgrade(s);
    return;
  }
  s->generation = m->generation;
  for (unsigned slot = 0; slot < s->state->crew.n_slots; slot++)
    s->state->crew.slots[slot] = (struct slot){0, 0};
  promote(s, m);
}

static void trial_failed(struct supervisor *s)
{
  enum trial trial = s->trial;
  s->trial = TRIAL_NONE;
  s->failed = s->generation == 0 && !s->stopping;
  if (!s->failed && !s->stopping)
    log_warning("%s failed; what ran before goes on", trial == TRIAL_UPGRADE ? "the upgrade" : "the reload");
}

/* ------------------------------------------------------------------ what comes */

static bool on_trial(const struct supervisor *s, const struct member *m)
{
  return s->trial != TRIAL_NONE && m->generation == s->generation + 1 && m->state == MEMBER_STARTING;
}

static void heard(struct supervisor *s, struct member *m, enum control_kind kind)
{
  switch (kind) {
  case CONTROL_READY:
    if (m->state != MEMBER_STARTING || s->stopping)
      return;
    if (on_trial(s, m))
      trial_passed(s, m);
    else
      promote(s, m);
    return;
  case CONTROL_LEAVING:
    if (m->state == MEMBER_SERVING) {
      log_notice("worker %u was asked to go: another one takes its place", m->slot);
      crew_set(m, MEMBER_DRAINING, clock_ms());
      tell_duties(s);
    }
    return;
  case CONTROL_SERVE:
  case CONTROL_DRAIN:
  case CONTROL_STOP:
    return; /* ours to say */
  }
}

static void listen_to(struct supervisor *s, pid_t pid)
{
  struct control message;
  struct member *m;
  /* Found anew each time: hearing one may change the crew. */
  while ((m = crew_find(&s->state->crew, pid)) && m->control >= 0) {
    int got = control_receive(m->control, &message);
    if (got == 0)
      return;
    if (got < 0) { /* it ends: poll would go on telling so until it has */
      close(m->control);
      m->control = -1;
      return;
    }
    heard(s, m, message.kind);
  }
}

static void say_death(const struct member *m, int status, uint64_t pause)
{
  char after[48] = "";
  if (pause)
    (void)snprintf(after, sizeof after, ", in %" PRIu64 ".%" PRIu64 " s", pause / 1000, pause % 1000 / 100);
  if (WIFSIGNALED(status))
    log_warning("worker %u (process %ld) was ended by signal %d (%s)%s: another one takes its place%s", m->slot,
                (long)m->pid, WTERMSIG(status), strsignal(WTERMSIG(status)), /* NOLINT(concurrency-mt-unsafe) */
                WCOREDUMP(status) ? ", core dumped" : "", after);
  else
    log_warning("worker %u (process %ld) ended with status %d: another one takes its place%s", m->slot, (long)m->pid,
                WEXITSTATUS(status), after);
}

static void buried(struct supervisor *s, pid_t pid, int status)
{
  listen_to(s, pid); /* its last words */
  struct crew *crew = &s->state->crew;
  struct member *m = crew_find(crew, pid);
  if (!m)
    return; /* a child that our last version had for itself */
  bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (on_trial(s, m)) {
    trial_failed(s);
  } else if (m->state != MEMBER_DRAINING && !s->stopping) {
    uint64_t now = clock_ms(), lived = m->state == MEMBER_SERVING ? now - m->since_ms : 0;
    say_death(m, status, crew_failed(crew, m->slot, lived, now));
  } else if (!clean && !m->hurried) {
    log_warning("worker %u (process %ld) did not end in order (%s %d): what it had open is lost", m->slot, (long)pid,
                WIFSIGNALED(status) ? "signal" : "status",
                WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
  }
  crew_remove(crew, m);
  if (!s->stopping)
    tell_duties(s);
}

static void bury(struct supervisor *s)
{
  int status;
  pid_t pid;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
    buried(s, pid, status);
}

static void stop(struct supervisor *s, int number)
{
  struct crew *crew = &s->state->crew;
  if (!s->stopping)
    s->stopping_since = clock_ms();
  log_notice(s->stopping ? "%s again: stopping at once" : "%s: stopping", number == SIGINT ? "interrupt" : "SIGTERM");
  s->stopping = true;
  for (size_t i = 0; i < crew->n; i++)
    tell_to_stop(&crew->at[i]);
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
    if (now >= crew->slots[slot].start_at_ms && !crew_in(crew, slot, MEMBER_SERVING, s->generation) &&
        !crew_in(crew, slot, MEMBER_STARTING, s->generation))
      start(s, s->self, slot, s->generation);
}

static void kill_late(struct supervisor *s)
{
  struct crew *crew = &s->state->crew;
  uint64_t now = clock_ms();
  for (size_t i = 0; i < crew->n; i++) {
    struct member *m = &crew->at[i];
    bool late = m->state == MEMBER_STARTING && !m->hurried && now - m->since_ms >= START_MS;
    if (late)
      log_error("worker %u did not come up in %d seconds: ending it", m->slot, START_MS / 1000);
    if (late || (s->stopping && now - s->stopping_since >= STOP_MS)) {
      m->hurried = true;
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
  if (tickets_due(s->tickets, tickets_now()) && tickets_rotate(s->tickets, tickets_now()) < 0)
    log_error("no random bytes for a new ticket key: the one in use stays");
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
  return a < b ? a : b;
}

/* How long nothing is due, in milliseconds. */
static int patience(const struct supervisor *s)
{
  const struct crew *crew = &s->state->crew;
  uint64_t now = clock_ms(), next = now + LOOK_MS;
  if (s->stopping)
    next = sooner(next, s->stopping_since + STOP_MS);
  for (size_t i = 0; i < crew->n; i++)
    if (crew->at[i].state == MEMBER_STARTING)
      next = sooner(next, crew->at[i].since_ms + START_MS);
  for (unsigned slot = 0; slot < crew->n_slots && !s->stopping; slot++)
    if (crew->slots[slot].start_at_ms > now)
      next = sooner(next, crew->slots[slot].start_at_ms);
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
      listen_to(s, pids[i]);
  bury(s);
  free(fds);
  free(pids);
}

static void run(struct supervisor *s)
{
  struct crew *crew = &s->state->crew;
  while (!s->failed && !(s->stopping && crew->n == 0)) {
    if (!s->stopping) {
      begin_wanted(s);
      start_missing(s);
      if (!s->announced && settled(s)) {
        s->announced = true;
        s->plan->on_ready(s->plan->context);
      }
    }
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
  (void)sigaddset(set, SIGUSR2);
  (void)sigaddset(set, SIGTERM);
  (void)sigaddset(set, SIGINT);
}

int supervisor_heed_signals(void)
{
  sigset_t set;
  handled(&set);
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
  s->announced = s->reload_wanted = true;
  log_notice("upgraded: this is nuncio " NUNCIO_VERSION " now");
}

bool supervisor_run(const struct supervision *plan)
{
  struct supervisor s = {.plan = plan, .state = plan->handover, .looked_at = clock_ms()};
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
    adopt(&s);
    run(&s);
  }
  if (s.signals >= 0)
    close(s.signals);
  tickets_unmap(s.tickets);
  buf_free(&why);
  free(s.self);
  free(s.program);
  free(s.argv);
  return !s.failed;
}
