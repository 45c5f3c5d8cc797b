/* What `nuncio cert` prints about certificates. */
#ifndef NUNCIO_CMD_CERT_SHOW_H
#define NUNCIO_CMD_CERT_SHOW_H

#include <time.h>

#include "base/buf.h"

/* Prints what is in DIR/NAME.crt; what cannot be read is one line on standard error. An exit_status. */
int cert_show_one(const char *dir, const char *name);
/* The same for all that are in the folder, sorted by name. */
int cert_show_all(const char *dir);

enum cert_state { CERT_GOOD, CERT_SOON, CERT_EXPIRED, CERT_EARLY };

enum cert_use { CERT_OF_SERVER, CERT_OF_CLIENT, CERT_OF_NEITHER }; /* the last: an authority's, or nobody knows */

/* How a certificate stands at `now`, and the words for it. */
enum cert_state cert_show_state(struct buf *out, enum cert_use use, time_t begin, time_t end, time_t now);

#endif
