/* The inside of an answer, shared by answer.c (looking, and the end) and answer_respond.c (what was found, as a
 * response).
 */
#ifndef NUNCIO_SITE_ANSWER_INTERNAL_H
#define NUNCIO_SITE_ANSWER_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "site/answer.h"
#include "site/build.h"
#include "site/dot_rules.h"
#include "site/look.h"
#include "site/state.h"

/* Who asks, for the rules. */
struct asked {
  const struct identity *identity; /* borrowed until `done`; may be NULL */
  uint64_t visitor;
  uint64_t
      paced; /* for which rule they need not wait: a request counts once for each, whatever it is tried as; 0: none */
};

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
  struct found found; /* while `in_pool`, the pool's, as are the next seven */
  int err;
  struct dot_rules *dots; /* what files of the capsule set; one reference, or NULL */
  int dots_err;           /* they cannot be told; with ERR_SYNTAX `dots_why` is a sentence for their author */
  struct buf dots_why;
  struct trail dots_trail; /* what the disk was asked for them */
  struct ruled ruled;      /* what holds, once it has been looked; its gate is one that files of the capsule set */
  const struct rule *gate; /* the settings' gate then */
  struct asked asked_by;
  const struct rule *door; /* the gate that was passed before the look: whoever asks for this path has to */
  bool guarded;            /* it holds for this visitor alone: the answer is not kept for others */
  bool *finished;          /* inside answer_start: where to say that the response has been handed over; else NULL */
  unsigned tries;          /* how many builds came to nothing since such files had changed meanwhile */
  bool in_pool;
  bool cancelled; /* nobody waits any more: in the pool, or alone for a build, which is finished for the next */
  char text[];    /* a copy of the targets: the pool may still read it when the reader has left */
};

/* Whether rules that need no look answer this target instead of a page: then *r is the answer. Else *door is the gate
 * that was passed. */
bool answer_rules_first(struct site *site, const struct target *target, struct asked *by, const struct rule **door,
                        struct response *r);

/* After the look, in whichever thread did it: what all rules there are say of it, in `ruled` and `gate`. */
void answer_rules_lay(struct answer *a);

/* Whether the rules as they were laid answer instead of a page; fills in `guarded`. */
bool answer_rules_then(struct answer *a, struct response *r);

/* Turns what was found into the response, perhaps later. */
void answer_respond(struct answer *a);

/* Hands over a page that is ready; the reference stays the caller's. */
void answer_with(struct answer *a, struct ready *ready);

/* Looks again since rules have changed while a page was built; after a few times the server is busy. In the loop's
 * thread. */
void answer_again(struct answer *a);

/* Ends the answer without a word. */
void answer_free(struct answer *a);

/* Hands the response over, and ends the answer; *r is empty afterwards. */
void answer_finish(struct answer *a, struct response *r);

/* The same for an error: tries the other reading of what was asked for (P2), or says what is wrong. */
void answer_fail(struct answer *a, int err);

#endif
