/* How often one address may ask: a sliding window, and blocks that double. Pure arithmetic on two words, each of which
 * fits into one atomic of a table that several processes share. A word of 0 is the state of somebody unknown. */
#ifndef NUNCIO_NET_RATE_H
#define NUNCIO_NET_RATE_H

#include <stdbool.h>
#include <stdint.h>

/* The window: how many requests came in the minute that runs and in the one before. */
enum { WINDOW_MS = 60 * 1000, WINDOW_MOST = (1 << 20) - 1 };

/* Counts a request that comes at `now_ms`; *over where the last WINDOW_MS hold more than `most` with it. */
uint64_t window_add(uint64_t window, uint64_t now_ms, unsigned most, bool *over);

/* A block: until when nobody is served, and how long it was meant to be. The first one of an address lasts
 * BLOCK_FIRST_S. One that follows soon is twice as long, BLOCK_MOST_S at the most; who has kept quiet for
 * BLOCK_FORGIVEN_MS after the last one's end begins anew. */
enum { BLOCK_FIRST_S = 30, BLOCK_MOST_S = 60 * 60, BLOCK_FORGIVEN_MS = 10 * 60 * 1000 };

/* And for those who go on: so many requests during a block double it, from then on. Not each: the specification asks
 * clients to try again after a second, two, four and so on (status 44), and they must reach the end of a block before
 * it has doubled for ever; those that were on their way when it began are no defiance either. */
enum { BLOCK_DOUBLES_AFTER = 4 };

bool block_lasts(uint64_t block, uint64_t now_ms);
/* Begins one, where none lasts. */
uint64_t block_begin(uint64_t block, uint64_t now_ms);
/* A request came while it lasts. */
uint64_t block_defied(uint64_t block, uint64_t now_ms);
/* Whole seconds until its end, at least 1 while it lasts. */
unsigned block_seconds(uint64_t block, uint64_t now_ms);

#endif
