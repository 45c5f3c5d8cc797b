/* Commands to suggest: what a message says must work when it is pasted into a shell. */
#ifndef NUNCIO_TLS_ADVICE_H
#define NUNCIO_TLS_ADVICE_H

#include <stdbool.h>

#include "base/buf.h"

/* Appends `nuncio cert ACTION NAME` between backquotes, with the folder where it is not the default one and with
 * --new-key where that is asked for. NAME itself is written where `name` is NULL. */
void advice_cert(struct buf *out, const char *action, const char *dir, const char *name, bool new_key);

/* The same for one that adds a further name to the certificate NAME. */
void advice_add(struct buf *out, const char *dir, const char *name, const char *further);

/* Appends a space and one word of a POSIX shell, in quotes where it needs them. */
void advice_word(struct buf *out, const char *word);

#endif
