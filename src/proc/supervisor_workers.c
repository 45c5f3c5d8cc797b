/* The supervisor's workers: started, told what to serve, told to finish. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "proc/clock.h"
#include "proc/control.h"
#include "proc/spawn.h"
#include "proc/supervisor_internal.h"
#include "proc/worker.h"

/* So many workers may finish slow readers at their leisure after reloads, besides two generations of them. */
enum { DRAINING_MOST = 32 };
enum { STATUS_ROOM = 128 };

/* A living worker that does not hear must not serve what others do. */
static void tell(struct member *m, enum control_kind kind, uint64_t slots)
{
  if (m->control < 0 || control_send(m->control, kind, slots))
    return;
  m->hurried = true;
  (void)kill(m->pid, SIGKILL);
}

void supervisor_tell_duties(struct supervisor *s)
{
  struct crew *crew = &s->state->crew;
  for (size_t i = 0; i < crew->n; i++)
    if (crew->at[i].state == MEMBER_SERVING)
      tell(&crew->at[i], CONTROL_SERVE, crew_duty(crew, &crew->at[i]));
}

void supervisor_start(struct supervisor *s, const char *program, unsigned slot, unsigned generation)
{
  int ours = -1, theirs = -1;
  pid_t pid = -1;
  char title[32];
  (void)snprintf(title, sizeof title, "nuncio: worker %u", slot);
  s->argv[0] = title;
  unsigned seat = s->visitors ? crew_free_seat(&s->state->crew) : NO_SEAT;
  int err = control_pair(&ours, &theirs);
  if (err == 0) {
    struct handover h = {
        .role = HANDOVER_WORKER,
        .slot = slot,
        .first = s->generation == 0,
        .control = theirs,
        .tickets = s->state->tickets,
        .visitors = seat == NO_SEAT ? -1 : s->state->visitors,
        .seat = seat,
        .requests = s->state->requests,
        .day_keys = s->state->day_keys,
        .settings = generation > s->generation && s->tried_text >= 0 ? s->tried_text : s->state->settings,
        .answer = -1,
        .copies = generation > s->generation ? s->tried : s->state->copies, /* borrowed, as the sockets are */
        .sockets = s->state->sockets,                                       /* borrowed: never freed through `h` */
    };
    err = spawn_worker(program, s->argv, &h, &pid);
  }
  if (theirs >= 0)
    close(theirs);
  struct member *m = err ? NULL : crew_add(&s->state->crew, pid, ours, slot, generation, clock_ms());
  if (m) {
    m->seat = seat;
    return;
  }
  if (ours >= 0)
    close(ours); /* and a worker that was started sees that nobody wants it */
  uint64_t now = clock_ms();
  bool trial = generation > s->generation; /* then the slot has lost nobody */
  if (!trial && crew_failed(&s->state->crew, slot, 0, now) == 0)
    s->state->crew.slots[slot].start_at_ms = now + CREW_PAUSE_MS; /* what is short now may be there soon */
  log_error("cannot start worker %u: %s", slot,
            err == ERR_BUSY ? "no process or no descriptor is to be had" : err_text(err ? err : ERR_NOMEM));
}

void supervisor_tell_serving(const struct supervisor *s, const char *note)
{
  char status[STATUS_ROOM];
  unsigned n = s->state->crew.n_slots;
  (void)snprintf(status, sizeof status, "%u worker%s%s", n, n == 1 ? " serves" : "s serve", note);
  notify_ready(s->plan->notify, status);
}

void supervisor_tell_to_stop(struct member *m)
{
  m->hurried = true;
  tell(m, CONTROL_STOP, 0);
}

void supervisor_tell_to_stop_now(struct member *m)
{
  m->hurried = true;
  tell(m, CONTROL_STOP_NOW, 0);
  tell(m, CONTROL_STOP, 0); /* one of an older version understands only this, the second time */
}

void supervisor_drain(struct member *m)
{
  crew_set(m, MEMBER_DRAINING, clock_ms());
  tell(m, CONTROL_DRAIN, 0);
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
  size_t most = DRAINING_MOST + (size_t)2 * crew->n_slots;
  if (leisurely <= most)
    return;
  log_warning("more than %zu workers are finishing what they had open before a reload: the oldest one has %d seconds",
              most, DRAIN_SECONDS);
  supervisor_tell_to_stop(oldest);
}

void supervisor_promote(struct supervisor *s, struct member *m)
{
  struct crew *crew = &s->state->crew;
  crew_set(m, MEMBER_SERVING, clock_ms());
  for (size_t i = 0; i < crew->n; i++) {
    struct member *other = &crew->at[i];
    if (other != m && other->slot == m->slot && other->state == MEMBER_SERVING)
      supervisor_drain(other);
  }
  supervisor_tell_duties(s);
  bound_draining(s);
}
