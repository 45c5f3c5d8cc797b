/* The table of visitors as it lies in shared memory: for visitors.c (counting) and visitors_memory.c (making, mapping).
 */
#ifndef NUNCIO_NET_VISITORS_TABLE_H
#define NUNCIO_NET_VISITORS_TABLE_H

#include <stdatomic.h>

#include "base/siphash.h"
#include "net/visitors.h"
#include "site/pace.h"

/* One visitor. Two workers may be at it at once, and one may be killed over it: every field is right by itself, and a
 * race can make the table forget something, never count against somebody what another did. */
struct place {
  _Atomic uint64_t tag;    /* the hash of the address; 0: nobody's. The address itself is not kept */
  _Atomic uint64_t seen;   /* when it last connected */
  _Atomic uint64_t window; /* net/rate.h */
  _Atomic uint64_t block;
};

/* One worker's counts, written by it alone (and by the supervisor once it is dead). */
struct seat {
  _Atomic uint32_t tallies[TALLIES];
  char apart[64 - TALLIES * sizeof(uint32_t)]; /* no two workers write to one cache line */
  _Atomic uint16_t open[VISITORS_PLACES];
};

struct table {
  char magic[16];
  unsigned char key[SIPHASH_KEY_BYTES];
  _Atomic uint32_t seats; /* no seat from this one on was ever taken */
  char apart[28];
  struct place places[VISITORS_PLACES];
  struct pace pace;
  struct seat at[SEATS_MAX];
};

struct visitors {
  struct table *table;
  unsigned seat; /* ours; SEATS_MAX: none */
};

#endif
