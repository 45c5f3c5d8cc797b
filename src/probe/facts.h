/* What is known of a server while it is being asked. */
#ifndef NUNCIO_PROBE_FACTS_H
#define NUNCIO_PROBE_FACTS_H

#include <stdbool.h>
#include <time.h>

#include "base/buf.h"
#include "load/target.h"

/* Answers that later ones are compared with. */
enum kept { KEPT_NONE, KEPT_ROOT, KEPT_ITEM, KEPTS };

/* What is learnt about the server on the way. */
enum fact {
  FACT_DIRECTORY, /* Gemini: the path of a directory that the first page links to, without its slash */
  FACT_ITEM,      /* Gopher: the selector of an item that leads back to this server */
  FACT_TEXT,      /* of a text (type 0) */
  FACT_SEARCH,    /* of a search (type 7) */
  FACTS,
};

enum { FACT_MOST = 512 }; /* bytes: with anything longer no request would be a fair one */

/* What was seen in all exchanges together. */
struct tally {
  unsigned exchanges, answers; /* the latter: those with at least a byte of one */
  unsigned ended_wrong;        /* answers that ended neither as they should nor at our limits */
  struct buf first_wrong;      /* the request of the first of them */
  unsigned illegal;            /* Gemini: answers whose header is not legal (G15) */
  const char *first_fault;     /* what is wrong with the first of them; static storage */
  struct buf first_illegal;    /* its request */
};

struct facts {
  const struct target *target;
  time_t now;
  unsigned limit_ms, quiet_ms;
  struct buf fact[FACTS]; /* empty: not known */
  struct buf kept[KEPTS];
  bool has_kept[KEPTS];
  struct tally tally;
};

#endif
