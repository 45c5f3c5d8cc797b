/* What a reader is told when there is no page, and what the owner is told. */
#ifndef NUNCIO_SITE_FAILURE_H
#define NUNCIO_SITE_FAILURE_H

#include <stdint.h>

#include "base/log.h"
#include "base/str.h"
#include "site/once.h"
#include "site/response.h"

/* Fills in the answer for an error (base/err.h) on a raw path: 51 with a sentence that names the path where there is
 * nothing for the reader, 40 for a fault of ours (G17). Never 59: what a request looks like is the protocols' matter.
 */
void failure_response(struct response *r, int err, struct str path);

/* What a site has said of late: the same file is asked for again and again, and strangers choose how often. All zero:
 * nothing. */
struct failures {
  struct once files;
  struct log_limit warnings, faults;
};

enum {
  FAILURE_WARNINGS = 100,        /* lines an hour: below a link that leads out there are as many names as one likes */
  FAILURE_HOUR_MS = 3600 * 1000, /* how long a file is not named again */
  FAILURE_MINUTE_MS = 60 * 1000, /* from one fault of ours to the next that is written */
};

/* A line in the log where the owner should look: an unreadable file (G19), a link out of the capsule, a FIFO or the
 * like (G13), a document that is too large, each once for a file and hour; a fault of ours, such as too few
 * descriptors, once a minute. A line says how many were left out before it. Nothing for a page that is simply not
 * there. `now` is the env's clock. */
void failure_log(struct failures *f, uint64_t now, int err, struct str path);

/* The same for a sentence that is whole, such as a mistake in a file that sets rules. */
void failure_tell(struct failures *f, uint64_t now, struct str sentence);

#endif
