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
  supervisor_forget_tried(s);
  s->failed = s->generation == 0 && !s->stopping;
  if (s->failed || s->stopping)
    return;
  const char *what = trial == TRIAL_UPGRADE ? "the upgrade" : "the reload";
  log_warning("%s failed; what ran before goes on", what);
  supervisor_tell_serving(s, trial == TRIAL_UPGRADE ? FAILED("upgrade") : FAILED("reload"));
}

static const char *program_of(const struct supervisor *s)
{
  return s->trial == TRIAL_UPGRADE ? s->program : s->self;
}

/* A first worker tries them out, with the certificates as they are now. */
static void try_settings(struct supervisor *s)
{
  supervisor_watch_all(s);
  watch_know(&s->watch, clock_ms()); /* before it is read: what changes meanwhile is seen at the next look */
  supervisor_copy_pairs(s);
  supervisor_start(s, program_of(s), 0, s->generation + 1);
  if (!crew_in(&s->state->crew, 0, MEMBER_STARTING, s->generation + 1))
    trial_failed(s); /* not even started: it was said why */
}

/* With `anew`, the settings file is read first, if there is one. */
static void begin_trial(struct supervisor *s, enum trial trial, bool anew)
{
  if (s->generation > 0)
    notify_reloading(s->plan->notify, trial == TRIAL_UPGRADE ? "upgrading" : "reloading");
  if (trial == TRIAL_UPGRADE)
    log_notice("upgrading: trying %s", s->program);
  else if (s->generation > 0 && !s->adopted)
    log_notice("reloading: trying certificates and settings");
  s->trial = trial;
  if (!anew || !s->plan->reads)
    try_settings(s);
  else if (!supervisor_read_anew(s, program_of(s)))
    trial_failed(s);
}

static void reader_ended(struct supervisor *s, int status)
{
  if (supervisor_take_answer(s, status) && !s->stopping)
    try_settings(s);
  else
    trial_failed(s);
}

void supervisor_begin_wanted(struct supervisor *s)
{
  if (s->trial != TRIAL_NONE || s->stopping)
    return;
  if (s->generation == 0) {
    begin_trial(s, TRIAL_RELOAD, false); /* they were read just now */
    return;
  }
  /* Not while workers are on their way: a burst of signals comes to one reload more. A slot whose workers keep dying
   * does not keep anyone from reloading what may mend it. */
  if (crew_count(&s->state->crew, MEMBER_STARTING) > 0)
    return;
  if (s->upgrade_wanted) {
    s->upgrade_wanted = false;
    if (s->program)
      begin_trial(s, TRIAL_UPGRADE, true);
    else
      log_error("cannot upgrade: the system does not say where the program is");
  } else if (s->reload_wanted || s->refresh_wanted) {
    bool anew = s->reload_wanted;
    s->reload_wanted = s->refresh_wanted = false;
    begin_trial(s, TRIAL_RELOAD, anew);
  }
}

/* The new program has shown that it can serve with these settings: this process becomes it, and gets them, and the
 * copies of the pair that belong to them. Its workers are the old generation then, and go on until it has its own. */
static void upgrade(struct supervisor *s)
{
  char name[] = "nuncio";
  s->argv[0] = name;
  struct handover next = *s->state; /* borrowed: never freed through `next` */
  next.copies = s->tried;
  if (s->tried_text >= 0)
    next.settings = s->tried_text;
  int err = notify_hand_on(s->plan->notify, true);
  if (err == 0)
    err = spawn_become(s->program, s->argv, &next);
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
    supervisor_drain(m); /* it has nothing open */
    upgrade(s);
    supervisor_forget_tried(s);
    return;
  }
  s->generation = m->generation;
  supervisor_take_tried(s);
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
  case CONTROL_LOG_LOST:
    s->log_lost = true;
    return;
  case CONTROL_SERVE:
  case CONTROL_DRAIN:
  case CONTROL_STOP:
  case CONTROL_STOP_NOW:
  case CONTROL_LOG:
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
    if (message.descriptor >= 0)
      close(message.descriptor); /* none of ours would send one */
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
  if (pid == s->reader) {
    reader_ended(s, status);
    return;
  }
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
