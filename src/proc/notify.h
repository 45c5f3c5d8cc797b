/* The service manager, such as systemd, is told how we are. */
#ifndef NUNCIO_PROC_NOTIFY_H
#define NUNCIO_PROC_NOTIFY_H

#include <stdbool.h>

/* Who wants to be told: sd_notify(3). */
struct notify {
  char *address; /* of a datagram socket: a path, or `@` and an abstract name; owned; NULL: nobody wants to know */
};
#define NOTIFY_INIT ((struct notify){.address = NULL})

/* Takes NOTIFY_SOCKET out of the environment, so that what we start does not speak for us. An address of another kind
 * than those is warned of and forgotten. ERR_NOMEM. */
int notify_take(struct notify *n) __attribute__((warn_unused_result));
void notify_free(struct notify *n);

/* Just before this process becomes another program: puts the variable back (or, false, takes it out again, where exec
 * has failed). ERR_NOMEM. */
int notify_hand_on(const struct notify *n, bool on) __attribute__((warn_unused_result));

/* Each sends one datagram, if anybody wants to know, and waits a second at most for room; a failure is a warning.
 * `status` is a line for `systemctl status`. */

/* READY=1: what was started, or reloaded, is up (or goes on as before). */
void notify_ready(const struct notify *n, const char *status);
/* RELOADING=1, until notify_ready. */
void notify_reloading(const struct notify *n, const char *status);
/* STOPPING=1. */
void notify_stopping(const struct notify *n, const char *status);

#endif
