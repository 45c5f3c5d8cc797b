/* The inside of the supervisor: supervisor.c (the loop, signals, what is due), supervisor_workers.c (starting workers,
 * telling them what to do) and supervisor_change.c (what they say, deaths, reload, upgrade). */
#ifndef NUNCIO_PROC_SUPERVISOR_INTERNAL_H
#define NUNCIO_PROC_SUPERVISOR_INTERNAL_H

#include "proc/supervisor.h"
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
  unsigned generation; /* what serves; 0: nothing has come up yet */
  enum trial trial;    /* of generation + 1 */
  struct copies tried; /* the pair that is on trial with it; what serves has the one in `state` */
  bool reload_wanted, upgrade_wanted;
  bool announced; /* the first generation came up */
  bool changing;  /* a generation is coming up */
  bool adopted;   /* the workers there are were started by the last version */
  bool stopping, failed;
  uint64_t stopping_since;
  uint64_t looked_at; /* when the ticket key was */
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

/* Tells the service manager that it serves; `note` says what went wrong before, or is "". */
void supervisor_tell_serving(const struct supervisor *s, const char *note);

/* ---- supervisor_change.c */

/* Begins what was asked for (a first start, a reload, an upgrade) once nothing else is under way. */
void supervisor_begin_wanted(struct supervisor *s);
/* Hears what a worker has to say. */
void supervisor_listen_to(struct supervisor *s, pid_t pid);
/* A child has ended, with the status that waitpid(2) gives. */
void supervisor_buried(struct supervisor *s, pid_t pid, int status);

#endif
