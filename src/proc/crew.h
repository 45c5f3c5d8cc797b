/* The crew: which workers there are, what each is at, and who serves which slot's sockets. Plain data, no processes. */
#ifndef NUNCIO_PROC_CREW_H
#define NUNCIO_PROC_CREW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "net/visitors.h"
#include "proc/sockets.h"

enum member_state {
  MEMBER_STARTING, /* not heard of yet */
  MEMBER_SERVING,  /* it has a slot's sockets, and perhaps those of slots that have nobody */
  MEMBER_DRAINING, /* it finishes what it has open */
};

enum { NO_SEAT = SEATS_MAX };

/* One worker, as the supervisor knows it. */
struct member {
  pid_t pid;
  int control; /* our end of its socket pair; owned */
  unsigned slot;
  unsigned seat;       /* in the table of visitors (net/visitors.h), which nobody else in the crew has; or NO_SEAT */
  unsigned generation; /* of settings and certificates; from 1 on */
  enum member_state state;
  uint64_t since_ms; /* when it came into this state */
  bool leaving;      /* wants to go, and serves until another one has its slot */
  bool hurried;      /* was told to stop, or was killed */
  bool killed;       /* was killed: it took too long, or was not up when all were to stop */
};

/* What a slot remembers of those who had it. */
struct slot {
  unsigned failures;    /* how many in a row died young */
  uint64_t start_at_ms; /* not before this */
};

struct crew {
  struct member *at; /* owned; pointers into it hold until the next crew_add or crew_remove */
  size_t n;
  unsigned n_slots;
  struct slot slots[WORKERS_MAX];
};
#define CREW_INIT ((struct crew){.at = NULL, .n = 0, .n_slots = 0})

/* Adds a worker without a seat, starting since `now_ms`; its `control` is taken over. NULL when memory is short. */
struct member *crew_add(struct crew *crew, pid_t pid, int control, unsigned slot, unsigned generation, uint64_t now_ms);
/* NULL where there is none. */
struct member *crew_find(struct crew *crew, pid_t pid);
/* Closes its control socket and forgets it. */
void crew_remove(struct crew *crew, struct member *m);
void crew_free(struct crew *crew);

void crew_set(struct member *m, enum member_state state, uint64_t now_ms);

/* The lowest seat that nobody has, or NO_SEAT. */
unsigned crew_free_seat(const struct crew *crew);

/* How many are in this state. */
size_t crew_count(const struct crew *crew, enum member_state state);
/* Who is in a slot in this state (any of them), or NULL; `generation` 0 means whichever. */
struct member *crew_in(const struct crew *crew, unsigned slot, enum member_state state, unsigned generation);

/* Whether a slot has somebody of this generation who serves and stays, or is on the way. */
bool crew_manned(const struct crew *crew, unsigned slot, unsigned generation);

/* The slots that a serving member is to serve: its own, and its share of those that nobody serves. */
uint64_t crew_duty(const struct crew *crew, const struct member *m);

/* A worker of this slot ended unasked after `lived_ms`: sets when the next one may start. At once for one that had
 * lived for a while; for one that keeps dying later each time, CREW_PAUSE_MOST_MS at most. The pause. */
uint64_t crew_failed(struct crew *crew, unsigned slot, uint64_t lived_ms, uint64_t now_ms);
enum { CREW_YOUNG_MS = 4000, CREW_PAUSE_MS = 100, CREW_PAUSE_MOST_MS = 15000 };

#endif
