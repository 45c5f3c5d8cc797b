/* The supervisor's part in the log of requests: it opens what workers write to, and keeps the keys for addresses. */
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "proc/clock.h"
#include "proc/control.h"
#include "proc/log_place.h"
#include "proc/supervisor_internal.h"

enum {
  KEYS_MS = 60 * 1000,       /* how often the day is looked at */
  ASKED_MS = 1000,           /* how often a lost place is tried again, at most */
  ASKED_WARN_MS = 60 * 1000, /* how often it is said that it cannot be had */
};

/* The keys that were handed over, or else new ones, at a first start and after an upgrade from a version that had none
 * or others. */
static void open_keys(struct supervisor *s)
{
  struct handover *state = s->state;
  struct buf why = BUF_INIT(1024);
  if (state->day_keys >= 0 && day_keys_map(state->day_keys, true, &s->day_keys, &why) == 0)
    goto out;
  if (state->day_keys >= 0)
    close(state->day_keys);
  buf_clear(&why);
  if (day_keys_create(&state->day_keys, day_of(time(NULL)), &why) < 0 ||
      day_keys_map(state->day_keys, true, &s->day_keys, &why) < 0)
    log_error("%.*s; no address is hashed", STR_ARG(buf_str(&why)));

out:
  buf_free(&why);
}

static void take_place(struct supervisor *s, int fd)
{
  if (s->state->requests >= 0)
    close(s->state->requests);
  s->state->requests = fd;
}

/* Opened by its name. What runs in an old generation goes on with what it has. */
static int open_place(struct supervisor *s, struct buf *why)
{
  int fd = log_place_open(s->plan->settings->log_to, s->plan->settings->log_path, why);
  s->log_tried_at = clock_ms();
  if (fd < 0)
    return fd;
  take_place(s, fd);
  return 0;
}

void supervisor_open_log(struct supervisor *s)
{
  struct buf why = BUF_INIT(1024);
  open_keys(s);
  s->keys_at = clock_ms();
  if (s->plan->settings->log_to == LOG_TO_STDERR)
    take_place(s, -1);
  else if ((s->state->requests < 0 || s->state->role == HANDOVER_SUPERVISOR) && open_place(s, &why) < 0)
    log_warning("%.*s", STR_ARG(buf_str(&why)));
  buf_free(&why);
}

/* Those who only finish have lines to write too. One that cannot be told goes on with the old file; one that has just
 * ended needs none. */
static void hand_out(struct supervisor *s)
{
  struct crew *crew = &s->state->crew;
  for (size_t i = 0; i < crew->n; i++) {
    struct member *m = &crew->at[i];
    if (m->control >= 0 && !control_send_descriptor(m->control, CONTROL_LOG, s->state->requests) && errno != EPIPE)
      log_warning("worker %u (process %ld) cannot be told of the new log: its requests go to the old one", m->slot,
                  (long)m->pid);
  }
}

/* By SIGUSR1: whatever comes of it is said. */
static void renew(struct supervisor *s)
{
  struct buf why = BUF_INIT(1024);
  if (s->plan->settings->log_to == LOG_TO_STDERR) {
    log_notice("SIGUSR1: requests are logged to standard error, which stays as it is");
  } else if (open_place(s, &why) < 0) {
    log_error("%.*s; what was open before is still written to", STR_ARG(buf_str(&why)));
  } else {
    hand_out(s);
    log_notice("SIGUSR1: the log of requests was opened anew");
  }
  buf_free(&why);
}

/* A worker has nowhere to write: syslogd was started anew, or is not there. */
static void mend(struct supervisor *s)
{
  struct buf why = BUF_INIT(1024);
  unsigned long unsaid;
  uint64_t now = clock_ms();
  if (s->plan->settings->log_to == LOG_TO_STDERR || now - s->log_tried_at < ASKED_MS)
    return; /* it will be asked for again */
  if (open_place(s, &why) == 0)
    hand_out(s);
  else if (log_due(&s->log_warned, now, 1, ASKED_WARN_MS, &unsaid))
    log_warning("%.*s", STR_ARG(buf_str(&why)));
  buf_free(&why);
}

void supervisor_look_after_log(struct supervisor *s)
{
  uint64_t now = clock_ms();
  if (s->log_wanted)
    renew(s);
  else if (s->log_lost)
    mend(s);
  s->log_wanted = s->log_lost = false;
  if (!s->day_keys || now - s->keys_at < KEYS_MS)
    return;
  s->keys_at = now;
  if (day_keys_look(s->day_keys, day_of(time(NULL))) < 0)
    log_error("no random bytes for the keys of hashed addresses");
}

uint64_t supervisor_log_due(const struct supervisor *s)
{
  return s->keys_at + KEYS_MS;
}
