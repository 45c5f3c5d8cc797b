/* The inside of the supervisor: supervisor.c (the loop, signals, what is due), supervisor_workers.c (starting workers,
 * telling them what to do), supervisor_change.c (what they say, deaths, reload, upgrade), supervisor_settings.c (which
 * settings) and supervisor_log.c (the log of requests). */
#ifndef NUNCIO_PROC_SUPERVISOR_INTERNAL_H
#define NUNCIO_PROC_SUPERVISOR_INTERNAL_H

#include "base/day_keys.h"
#include "base/log.h"
#include "proc/supervisor.h"
#include "proc/watch.h"
#include "tls/tickets.h"

/* Who tries the new settings out before others follow. */
enum trial { TRIAL_NONE, TRIAL_RELOAD, TRIAL_UPGRADE };

struct supervisor {
  const struct supervision *plan;
  struct handover *state; /* sockets, ring, crew */
  struct tickets *tickets;
  struct visitors *visitors; /* NULL: workers count for themselves */
  char *self;                /* the program that runs */
  char *program;             /* by which path we were started; NULL: not known */
  char **argv;               /* a worker's: argv[0] is changed for each */
  int signals;
  unsigned generation;            /* what serves; 0: nothing has come up yet */
  enum trial trial;               /* of generation + 1 */
  struct copies_set tried;        /* the pairs that are on trial with it; what serves has those in `state` */
  int tried_text;                 /* the settings that are; -1: those in use */
  struct settings tried_settings; /* the same, where there is such a text */
  pid_t reader;                   /* a child that reads the settings anew for the trial; 0: none */
  uint64_t reader_since;
  int answer;         /* what it writes them into, or -1 */
  struct watch watch; /* what workers read at their start: another one there means a trial of the same settings */
  bool reload_wanted, upgrade_wanted, refresh_wanted;
  bool announced; /* the first generation came up */
  bool changing;  /* a generation is coming up */
  bool adopted;   /* the workers there are were started by the last version */
  bool stopping, failed;
  uint64_t stopping_since;
  uint64_t looked_at;          /* when the ticket key was */
  struct day_keys *day_keys;   /* NULL: no address is hashed */
  uint64_t keys_at;            /* when their day was looked at */
  bool log_wanted, log_lost;   /* SIGUSR1; a worker has nowhere to log to */
  uint64_t log_tried_at;       /* when the place was opened, or was not to be had */
  struct log_limit log_warned; /* that it is not to be had */
};

/* ---- supervisor_workers.c */

/* Starts a worker as `program`. What went wrong is said, and the slot waits a little (not where it was a trial). */
void supervisor_start(struct supervisor *s, const char *program, unsigned slot, unsigned generation);
/* Tells everybody who serves what there is to serve now. */
void supervisor_tell_duties(struct supervisor *s);
/* A worker has come up: it takes its slot over, and who had it finishes. */
void supervisor_promote(struct supervisor *s, struct member *m);
void supervisor_drain(struct member *m);
/* It has DRAIN_SECONDS. */
void supervisor_tell_to_stop(struct member *m);
void supervisor_tell_to_stop_now(struct member *m);

/* ---- supervisor_settings.c */

/* The settings that a new generation is started with. */
const struct settings *supervisor_tried(const struct supervisor *s);
/* They have failed, or passed and are those in use from now on; the copies of their pair too. */
void supervisor_forget_tried(struct supervisor *s);
void supervisor_take_tried(struct supervisor *s);
/* Watches what these name, besides what those in use do. */
void supervisor_watch_all(struct supervisor *s);
/* Copies the pairs of the settings on trial into s->tried. */
void supervisor_copy_pairs(struct supervisor *s);
/* Starts a child, as `program`, that reads the settings anew. False where that failed, which was said. */
bool supervisor_read_anew(struct supervisor *s, const char *program);
/* It has ended: takes what it has read on trial. False where it has failed, which was said. */
bool supervisor_take_answer(struct supervisor *s, int status);
/* Nothing more is expected of it. */
void supervisor_end_reading(struct supervisor *s);
/* Tells the service manager that it serves; `note` says what went wrong before, or is "". */
void supervisor_tell_serving(const struct supervisor *s, const char *note);

/* ---- supervisor_change.c */

/* Begins what was asked for (a first start, a reload, an upgrade) once nothing else is under way. */
void supervisor_begin_wanted(struct supervisor *s);
/* Hears what a worker has to say. */
void supervisor_listen_to(struct supervisor *s, pid_t pid);
/* A child has ended, with the status that waitpid(2) gives. */
void supervisor_buried(struct supervisor *s, pid_t pid, int status);

/* ---- supervisor_log.c */

/* At the start: keys for addresses, and what requests are logged to, where it was not handed over. What cannot be had
 * is said. */
void supervisor_open_log(struct supervisor *s);
/* Does what is wanted and what is due; and when, on the supervisor's clock, something is due next. */
void supervisor_look_after_log(struct supervisor *s);
uint64_t supervisor_log_due(const struct supervisor *s);

#endif
