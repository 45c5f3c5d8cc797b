/* What changes under the supervisor: generations, versions, deaths. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "proc/clock.h"
#include "proc/control.h"
#include "proc/sandbox.h"
#include "proc/spawn.h"
#include "proc/supervisor_internal.h"

/* ------------------------------------------------------------------ reload, upgrade */

/* What `systemctl status` shows beside how many serve. */
#define FAILED(what) ", as before: the last " what " failed, and the log says why"

static void trial_failed(struct supervisor *s)
{
  enum trial trial = s->trial;
  s->trial = TRIAL_NONE;
  copies_close(&s->tried);
  s->failed = s->generation == 0 && !s->stopping;
  if (s->failed || s->stopping)
    return;
  const char *what = trial == TRIAL_UPGRADE ? "the upgrade" : "the reload";
  log_warning("%s failed; what ran before goes on", what);
  supervisor_tell_serving(s, trial == TRIAL_UPGRADE ? FAILED("upgrade") : FAILED("reload"));
}

static void begin_trial(struct supervisor *s, enum trial trial)
{
  const char *program = s->self;
  if (s->generation > 0)
    notify_reloading(s->plan->notify, trial == TRIAL_UPGRADE ? "upgrading" : "reloading");
  if (trial == TRIAL_UPGRADE) {
    program = s->program;
    log_notice("upgrading: trying %s", program);
  } else if (s->generation > 0 && !s->adopted) {
    log_notice("reloading: trying certificates and settings");
  }
  s->trial = trial;
  watch_know(s->plan->watch, clock_ms()); /* before it is read: what changes meanwhile is seen at the next look */
  if (s->plan->certs && copies_make(s->plan->certs, s->plan->name, &s->tried) < 0)
    log_debug("the certificate or its key cannot be copied: the new worker says why");
  supervisor_start(s, program, 0, s->generation + 1);
  if (!crew_in(&s->state->crew, 0, MEMBER_STARTING, s->generation + 1))
    trial_failed(s); /* not even started: it was said why */
}

void supervisor_begin_wanted(struct supervisor *s)
{
  if (s->trial != TRIAL_NONE || s->stopping)
    return;
  if (s->generation == 0) {
    begin_trial(s, TRIAL_RELOAD);
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
  int err = notify_hand_on(s->plan->notify, true);
  if (err == 0)
    err = spawn_become(s->program, s->argv, s->state);
  log_error("cannot become %s (%s: %s); what runs goes on", s->program, err_text(err),
            strerror(errno)); /* NOLINT(concurrency-mt-unsafe): one thread */
  if (notify_hand_on(s->plan->notify, false) < 0)
    log_warning("NOTIFY_SOCKET cannot be taken out of the environment again");
  supervisor_tell_serving(s, FAILED("upgrade"));
}

static void trial_passed(struct supervisor *s, struct member *m)
{
  enum trial trial = s->trial;
  s->trial = TRIAL_NONE;
  if (trial == TRIAL_UPGRADE) {
    copies_close(&s->tried); /* the new program tries for itself, and has those in use until then */
    supervisor_drain(m);     /* it has nothing open */
    upgrade(s);
    return;
  }
  s->generation = m->generation;
  copies_close(&s->state->copies);
  s->state->copies = s->tried;
  s->tried = COPIES_INIT;
  s->changing = true;
  s->adopted = false;
  for (unsigned slot = 0; slot < s->state->crew.n_slots; slot++)
    s->state->crew.slots[slot] = (struct slot){0, 0};
  supervisor_promote(s, m);
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
    else if (crew_in(&s->state->crew, m->slot, MEMBER_SERVING, s->generation) && m->generation != s->generation)
      supervisor_drain(m); /* it came up too late: those who serve have newer settings */
    else
      supervisor_promote(s, m);
    return;
  case CONTROL_LEAVING:
    if (m->state == MEMBER_SERVING && !s->stopping)
      log_notice("worker %u was asked to go: another one takes its place", m->slot);
    m->leaving = true;
    return;
  case CONTROL_SERVE:
  case CONTROL_DRAIN:
  case CONTROL_STOP:
  case CONTROL_STOP_NOW:
    return; /* ours to say */
  }
}

void supervisor_listen_to(struct supervisor *s, pid_t pid)
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
  bool unsaid = WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS; /* nothing ran that could have named the call */
  if (unsaid || (WIFEXITED(status) && WEXITSTATUS(status) == SANDBOX_STATUS))
    log_warning("worker %u (process %ld) was ended by its sandbox%s: another one takes its place%s", m->slot,
                (long)m->pid, unsaid ? ", with its signals blocked as they are where a thread is made" : "", after);
  else if (WIFSIGNALED(status))
    log_warning("worker %u (process %ld) was ended by signal %d (%s)%s: another one takes its place%s", m->slot,
                (long)m->pid, WTERMSIG(status), strsignal(WTERMSIG(status)), /* NOLINT(concurrency-mt-unsafe) */
                WCOREDUMP(status) ? ", core dumped" : "", after);
  else
    log_warning("worker %u (process %ld) ended with status %d: another one takes its place%s", m->slot, (long)m->pid,
                WEXITSTATUS(status), after);
}

/* Why there is no new worker, where it has not said so itself: our own workers do, and end with EXIT_FAILURE (or with
 * the sandbox's status); any other program may just end. */
static void say_trial_death(const struct member *m, int status)
{
  if (WIFSIGNALED(status) && !m->hurried)
    log_error("the new worker was ended by signal %d (%s)", WTERMSIG(status),
              strsignal(WTERMSIG(status))); /* NOLINT(concurrency-mt-unsafe): one thread */
  else if (WIFEXITED(status) && WEXITSTATUS(status) != EXIT_FAILURE && WEXITSTATUS(status) != SANDBOX_STATUS)
    log_error("the new worker ended with status %d before it was ready", WEXITSTATUS(status));
}

void supervisor_buried(struct supervisor *s, pid_t pid, int status)
{
  supervisor_listen_to(s, pid); /* its last words */
  struct crew *crew = &s->state->crew;
  struct member *m = crew_find(crew, pid);
  if (!m)
    return; /* a child that our last version had for itself */
  bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (on_trial(s, m)) {
    say_trial_death(m, status);
    trial_failed(s);
  } else if (m->state != MEMBER_DRAINING && !s->stopping) {
    uint64_t now = clock_ms(), lived = m->state == MEMBER_SERVING ? now - m->since_ms : 0;
    say_death(m, status, crew_failed(crew, m->slot, lived, now));
  } else if (!clean && !m->hurried) {
    log_warning("worker %u (process %ld) did not end in order (%s %d): what it had open is lost", m->slot, (long)pid,
                WIFSIGNALED(status) ? "signal" : "status",
                WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
  }
  if (s->visitors)
    visitors_clear_seat(s->visitors, m->seat); /* what it had open is closed */
  crew_remove(crew, m);
  if (!s->stopping)
    supervisor_tell_duties(s);
  else if (crew_count(crew, MEMBER_SERVING) == 0)
    sockets_end(&s->state->sockets); /* nobody else would */
}
