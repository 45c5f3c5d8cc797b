/* The inside of an answer, shared by answer.c (looking, and the end) and answer_respond.c (what was found, as a
 * response).
 */
#ifndef NUNCIO_SITE_ANSWER_INTERNAL_H
#define NUNCIO_SITE_ANSWER_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "site/answer.h"
#include "site/build.h"
#include "site/look.h"
#include "site/state.h"

struct answer {
  struct work work; /* first: the pool gives it back */
  struct build_wait wait;
  struct site *site;
  void (*done)(void *context, struct response *response);
  void *context;
  enum representation representation;
  struct target target[REQUEST_TARGETS]; /* spans into `text` */
  unsigned targets, at;
  uint64_t asked; /* when the last look began, on the env's clock; and the wall time then */
  int64_t asked_ns;
  struct found found; /* while `in_pool`, the pool's */
  int err;
  bool *finished; /* inside answer_start: where to say that the response has been handed over; else NULL */
  bool in_pool;
  bool cancelled; /* nobody waits any more: in the pool, or alone for a build, which is finished for the next */
  char text[];    /* a copy of the targets: the pool may still read it when the reader has left */
};

/* Turns what was found into the response, perhaps later. */
void answer_respond(struct answer *a);

/* Hands over a page that is ready; the reference stays the caller's. */
void answer_with(struct answer *a, struct ready *ready);

/* Ends the answer without a word. */
void answer_free(struct answer *a);

/* Hands the response over, and ends the answer; *r is empty afterwards. */
void answer_finish(struct answer *a, struct response *r);

/* The same for an error: tries the other reading of what was asked for (P2), or says what is wrong. */
void answer_fail(struct answer *a, int err);

#endif
