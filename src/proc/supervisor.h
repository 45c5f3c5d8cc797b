/* The supervisor: starts workers, replaces those that die, reloads, upgrades, stops. */
#ifndef NUNCIO_PROC_SUPERVISOR_H
#define NUNCIO_PROC_SUPERVISOR_H

#include "config/settings.h"
#include "proc/handover.h"
#include "proc/notify.h"

/* What it is to supervise. All borrowed for as long as it runs, but that `handover` is taken over. */
struct supervision {
  char *const *arguments; /* what comes after the program's name; ended by NULL: workers are started with the same */
  size_t n_arguments;
  struct settings *settings; /* in use; others that pass take their place */
  bool reads;                /* the arguments name a settings file: SIGHUP and SIGUSR2 have it read anew */
  /* Sockets, ring, the text of the settings (proc/kept.h) and, after an upgrade, workers; by the role it is known
   * whether this is a first start. */
  struct handover *handover;
  const struct notify *notify; /* who is told of starts, reloads and the end */
  /* Called once all workers of a first start serve. */
  void (*on_ready)(void *context);
  void *context;
};

/* Makes it heed signals from now on: what comes while the sockets are being opened waits until supervisor_run. Before
 * any thread starts. ERR_IO. */
int supervisor_heed_signals(void) __attribute__((warn_unused_result));

/* Runs until SIGTERM or SIGINT, and after all workers have ended. A loop over signals and children, nothing else: no
 * stranger's byte comes here.
 *
 *   SIGHUP    a child reads the settings file anew, and a first worker certificates. If that works and the worker comes
 *             up, a whole new generation takes over the sockets and the old one finishes what it has open; if not, what
 *             runs goes on. Whoever is started later gets the settings that passed.
 *   SIGUSR2   the same with the program's file as it is now, and then this process becomes that program.
 *   SIGUSR1   the file that requests are logged to is opened anew by its name, or syslog's socket connected again, and
 *             all workers change over.
 *   another certificate, or another folder in the capsule's place: what SIGHUP does, with the settings in use
 *   SIGTERM, SIGINT   workers finish, DRAIN_SECONDS at most; the second time they end at once.
 *
 * False where a first start failed: the worker has said why. */
bool supervisor_run(const struct supervision *plan) __attribute__((warn_unused_result));

#endif
