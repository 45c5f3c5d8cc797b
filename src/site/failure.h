/* What a reader is told when there is no page, and what the owner is told. */
#ifndef NUNCIO_SITE_FAILURE_H
#define NUNCIO_SITE_FAILURE_H

#include "base/str.h"
#include "site/response.h"

/* Fills in the answer for an error (base/err.h) on a raw path: 51 with a sentence that names the path where there is
 * nothing for the reader, 40 for a fault of ours (G17). Never 59: what a request looks like is the protocols' matter.
 */
void failure_response(struct response *r, int err, struct str path);

/* One line in the log where the owner should look: an unreadable file (G19), a link out of the capsule (G13), a fault
 * of ours. Nothing for a page that is simply not there. */
void failure_log(int err, struct str path);

#endif
