/* Visitors: who has how much open and asks how often, counted by all workers of a service in one table of shared
 * memory. No libuv here: the supervisor makes the table, and clears what a dead worker had counted. */
#ifndef NUNCIO_NET_VISITORS_H
#define NUNCIO_NET_VISITORS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/buf.h"

/* A visitor is an address_network. The table has room for so many of them, in sets of VISITORS_WAYS that a keyed hash
 * chooses, whatever addresses come. In a full set the one who was not seen for the longest gives way, but nobody who
 * is blocked or has something open; where all of them are or have, the newcomer is served without being counted: a
 * crowd of addresses must not lock others out, and each of it is still held by the limits on all.
 *
 * Every worker has a seat, a number that no other living worker has, and counts in that seat's row of cells, which
 * nobody else writes: what an address has open is the sum of its column. So a worker may be killed between any two
 * instructions, and clearing its row leaves the counts exact. */
enum { VISITORS_PLACES = 16384, VISITORS_WAYS = 8, SEATS_MAX = 512 };

/* A mapping of the table. */
struct visitors;

/* What one address may do; what is counted of others is the same for all. */
struct visitor_limits {
  unsigned open;     /* connections at a time */
  unsigned requests; /* in a sliding minute; WINDOW_MOST of net/rate.h at the most */
};

/* Makes an empty table, as a sealed memfd without a name in any file system. *fd is the caller's; it has FD_CLOEXEC.
 * Untouched pages take no memory: about 600 KiB in all with two workers and every place taken. ERR_NOMEM or ERR_IO,
 * with a sentence in *why. */
int visitors_create(int *fd, struct buf *why) __attribute__((warn_unused_result));

/* Maps the table behind `fd`, which may be closed afterwards, to count at `seat`; SEATS_MAX: only to clear. ERR_SYNTAX
 * where it is no table of this layout, else as above; *why holds a sentence. */
int visitors_map(int fd, unsigned seat, struct visitors **out, struct buf *why) __attribute__((warn_unused_result));
void visitors_unmap(struct visitors *v);

/* What else all workers share about visitors: where they are to ask slowly (site/pace.h), and the key by which their
 * networks are hashed (SIPHASH_KEY_BYTES). Both stay until visitors_unmap. */
struct pace *visitors_pace(struct visitors *v);
const unsigned char *visitors_key(const struct visitors *v);

/* Forgets what the worker that had this seat had open. Once it is dead, and before another one gets the seat. */
void visitors_clear_seat(struct visitors *v, unsigned seat);

enum visit {
  VISIT_WELCOME,
  VISIT_CROWDED, /* it has too much open already */
  VISIT_BLOCKED, /* it asks too often, or is still to wait since it did */
};

/* Where a visitor stands in the table; NO_PLACE: it is not counted. */
enum { NO_PLACE = VISITORS_PLACES };

/* A client of this address has connected, which is one request in both protocols. Where it is welcome it is counted as
 * open until visitors_leave(*place). *seconds is how long to wait where it is blocked. `now_ms` is CLOCK_MONOTONIC
 * in milliseconds, or a test's. */
enum visit visitors_enter(struct visitors *v, const struct sockaddr *peer, const struct visitor_limits *limits,
                          uint64_t now_ms, unsigned *place, unsigned *seconds);
void visitors_leave(struct visitors *v, unsigned place);

/* What is counted of all visitors together. */
enum tally {
  TALLY_SERVED,
  TALLY_TURNED, /* who is being told that there is no place */
  TALLIES,
};

/* Counts one more where there are less than `most` in the whole service; else false. */
bool visitors_take(struct visitors *v, enum tally tally, unsigned most) __attribute__((warn_unused_result));
void visitors_give(struct visitors *v, enum tally tally);

/* For tests and for whoever wants to know: what is counted now. */
unsigned visitors_total(const struct visitors *v, enum tally tally);
unsigned visitors_open(const struct visitors *v, unsigned place);

#endif
