/* The worker: where loop, sites, TLS, listeners and connections are put together. */
#ifndef NUNCIO_PROC_WORKER_H
#define NUNCIO_PROC_WORKER_H

#include "base/buf.h"
#include "config/settings.h"
#include "proc/sockets.h"
#include "tls/copies.h"

/* One loop and all that runs in it. Owns nothing global. */
struct worker;

/* What a worker is made of. */
struct worker_parts {
  const struct settings *settings; /* borrowed until worker_free */
  struct sockets *sockets;         /* every slot's; their descriptors are taken over as they come into use, the rest is
                                    * borrowed until worker_free */
  unsigned slot;                   /* its number, from 0 */
  bool first;                      /* nothing runs yet, and its owner waits at a terminal */
  int control;                     /* our end of the supervisor's socket pair; borrowed */
  int visitors;                    /* the table of visitors, or -1 for one of our own; needed during the call only */
  unsigned seat;                   /* in that table */
  int requests;                    /* where requests are logged, or -1; taken over */
  int day_keys;                    /* for hashed addresses, or -1; needed during the call only */
  const struct copies_set *copies; /* of the sites' pairs; of which there are none, its files are read; needed during
                                    * the call only */
  int tickets;                     /* the ring of ticket keys, or -1 for keys of our own; needed during the call only */
};

/* Makes a worker that stands by on every socket: it has read all that it needs, is the user that the settings name, and
 * is locked in, unless they say otherwise (proc/sandbox.h). On failure *why holds a sentence that names the thing and
 * the mend. */
int worker_new(const struct worker_parts *parts, struct worker **out, struct buf *why)
    __attribute__((warn_unused_result));

/* Says that it is ready and runs, serving the sockets of the slots that the supervisor names, until it is to drain (the
 * sockets stay for others, and what is open takes its own time), to stop (who waits at the door is let in, the sockets
 * end, and what is open has DRAIN_SECONDS; the second time it ends at once), or the supervisor is gone, which is the
 * same as stop. SIGTERM is passed to the supervisor as a wish to go. False where a thread of the pool hangs in the disk
 * and had to be left at work: then the worker must not be freed, and the process should end. */
bool worker_run(struct worker *w) __attribute__((warn_unused_result));
enum { DRAIN_SECONDS = 10, DRAIN_MS = 10000 };

void worker_free(struct worker *w);

#endif
