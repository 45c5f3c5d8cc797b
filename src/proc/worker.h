/* The worker: where loop, sites, TLS, listeners and connections are put together. */
#ifndef NUNCIO_PROC_WORKER_H
#define NUNCIO_PROC_WORKER_H

#include "base/buf.h"
#include "config/settings.h"
#include "proc/sockets.h"

/* One loop and all that runs in it. Owns nothing global. */
struct worker;

/* Makes a worker from ready settings and ready listening sockets, of which the settings are borrowed until worker_free
 * and the sockets are taken over as they come into use (those left in `sockets` are still the caller's). When it
 * returns 0 every socket accepts. On failure *why holds a sentence that names the thing and the mend. */
int worker_new(const struct settings *settings, struct sockets *sockets, struct worker **out, struct buf *why)
    __attribute__((warn_unused_result));

/* Runs until SIGTERM or SIGINT, then stops accepting, lets what is being answered finish (DRAIN_SECONDS at most; a
 * second signal ends it at once) and returns. False where a thread of the pool hangs in the disk and had to be left at
 * work: then the worker must not be freed, and the process should end. */
bool worker_run(struct worker *w) __attribute__((warn_unused_result));
enum { DRAIN_SECONDS = 10, DRAIN_MS = 10000 };

void worker_free(struct worker *w);

#endif
