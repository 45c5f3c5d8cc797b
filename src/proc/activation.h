/* Socket activation: listening sockets from whoever started us, such as systemd. */
#ifndef NUNCIO_PROC_ACTIVATION_H
#define NUNCIO_PROC_ACTIVATION_H

#include "proc/sockets.h"

/* Takes the sockets that sd_listen_fds(3) tells of: descriptors from 3 on, LISTEN_FDS of them, for the process
 * LISTEN_PID; and LISTEN_FDNAMES says of each whether it is to speak `gemini` or `gopher`. All of them are shared by
 * `slots` workers (sockets_share). Nothing is added where nothing was given, or to another process; the variables are
 * gone afterwards either way. ERR_SYNTAX (what was given makes no sense), ERR_NOMEM or ERR_BUSY, with a sentence in
 * *why. */
int activation_take(struct sockets *s, unsigned slots, struct buf *why) __attribute__((warn_unused_result));

#endif
