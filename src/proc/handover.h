/* The handover: what a process of ours gives to the one that it starts, or that it becomes. */
#ifndef NUNCIO_PROC_HANDOVER_H
#define NUNCIO_PROC_HANDOVER_H

#include <stdbool.h>

#include "base/buf.h"
#include "proc/crew.h"
#include "proc/sockets.h"
#include "tls/copies.h"

/* A supervisor starts its workers as the same program, and gives them the settings that passed, whatever the settings
 * file holds by then; and for an upgrade it executes the new program in its own place. Either way everything that lives
 * longer goes along as descriptors. Which is which stands in a small text in memory, whose descriptor is named by an
 * environment variable. Lines that a reader does not know are skipped, so that versions can follow each other. */
enum handover_role {
  HANDOVER_NONE,       /* started by somebody else */
  HANDOVER_WORKER,     /* started by a supervisor, to serve */
  HANDOVER_SUPERVISOR, /* an upgrade: the supervisor's process, in a new program */
  HANDOVER_READER,     /* started by a supervisor, to read the settings anew and say what they are */
};

struct handover {
  enum handover_role role;
  unsigned slot;            /* a worker's */
  unsigned first;           /* a worker's; 1: nothing runs yet, and its owner waits at a terminal */
  int control;              /* a worker's end of its socket pair, or -1; owned */
  int tickets;              /* the ring of ticket keys, or -1; owned */
  int visitors;             /* the table of visitors, or -1; owned */
  unsigned seat;            /* a worker's, in that table; NO_SEAT: none */
  int requests;             /* where requests are logged: a file or a socket, or -1; owned */
  int day_keys;             /* for hashed addresses, or -1; owned */
  int settings;             /* those in use (proc/kept.h), or -1: the arguments say them; owned */
  int answer;               /* a reader's: the memory to write those it has read into, or -1; owned */
  struct copies_set copies; /* of the pairs that are in use, by site; owned */
  struct sockets sockets;   /* owned */
  struct crew crew;         /* the supervisor's; owned */
};
#define HANDOVER_INIT                                                                                                  \
  ((struct handover){.role = HANDOVER_NONE,                                                                            \
                     .control = -1,                                                                                    \
                     .tickets = -1,                                                                                    \
                     .visitors = -1,                                                                                   \
                     .seat = NO_SEAT,                                                                                  \
                     .requests = -1,                                                                                   \
                     .day_keys = -1,                                                                                   \
                     .settings = -1,                                                                                   \
                     .answer = -1,                                                                                     \
                     .copies = COPIES_SET_INIT})

/* Takes what this process was given, once, early: the environment variable is gone afterwards and every descriptor is
 * close-on-exec again. HANDOVER_NONE where nothing was given. On ERR_SYNTAX, ERR_NOMEM or ERR_IO (somebody set the
 * variable by hand) *why says so. */
int handover_take(struct handover *h, struct buf *why) __attribute__((warn_unused_result));

/* The descriptor of the text that says what `h` holds, close-on-exec like all the others; or a negative error. */
int handover_write(const struct handover *h) __attribute__((warn_unused_result));

/* Just before exec: lets `text` and all the descriptors that it names through (or, false, shuts them in again, where
 * exec has failed), and sets (clears) the variable. Allocates nothing but the variable. ERR_NOMEM or ERR_IO. */
int handover_let_through(const struct handover *h, int text, bool through) __attribute__((warn_unused_result));

void handover_free(struct handover *h);

#endif
