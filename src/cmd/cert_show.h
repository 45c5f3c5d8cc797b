/* What `nuncio cert` prints about certificates. */
#ifndef NUNCIO_CMD_CERT_SHOW_H
#define NUNCIO_CMD_CERT_SHOW_H

#include <stdbool.h>
#include <time.h>

#include "base/buf.h"

/* Prints what is in DIR/NAME.crt; what cannot be read is one line on standard error. An exit_status. */
int cert_show_one(const char *dir, const char *name);
/* The same for all that are in the folder, sorted by name. */
int cert_show_all(const char *dir);

enum cert_state { CERT_GOOD, CERT_SOON, CERT_EXPIRED, CERT_EARLY };

/* How a certificate, a client's or a server's, stands at `now`, and the words for it. */
enum cert_state cert_show_state(struct buf *out, bool client, time_t begin, time_t end, time_t now);

#endif
