/* The sliding window and the block, packed into a word each. */
#include "net/rate.h"

/* window = number of the minute (24 bits), requests in the one before it (20), requests in it (20) */
enum { COUNT_BITS = 20, NUMBER_BITS = 24 };

static unsigned at_most(uint64_t n)
{
  return n < WINDOW_MOST ? (unsigned)n : WINDOW_MOST;
}

/* At 15 seconds past the minute the last 60 seconds are these 15 and three quarters of the minute before. How many of
 * that minute's requests fell into those three quarters is not known: as many as if they had come evenly, rounded up.
 * So a burst fades over a minute or two, and no moment doubles what is allowed, as the change of a plain minute would.
 */
uint64_t window_add(uint64_t window, uint64_t now_ms, unsigned most, bool *over)
{
  const uint64_t mask = ((uint64_t)1 << NUMBER_BITS) - 1;
  uint64_t number = window >> (2 * COUNT_BITS), minute = now_ms / WINDOW_MS & mask, past = now_ms % WINDOW_MS;
  unsigned before = window >> COUNT_BITS & WINDOW_MOST, here = window & WINDOW_MOST;
  if (((minute - number) & mask) > mask / 2) {
    minute = number; /* the clock of another worker is a little ahead of ours */
    past = 0;
  } else if (minute != number) {
    before = minute - number == 1 ? here : 0;
    here = 0;
  }
  here = at_most((uint64_t)here + 1);
  *over = (before * (WINDOW_MS - past) + WINDOW_MS - 1) / WINDOW_MS + here > most;
  return minute << (2 * COUNT_BITS) | (uint64_t)before << COUNT_BITS | here;
}

/* block = its end in milliseconds (44 bits), its length in seconds (12), requests since it began or last doubled (8) */
enum { LENGTH_BITS = 12, ASKED_BITS = 8 };
_Static_assert(BLOCK_MOST_S < 1 << LENGTH_BITS && BLOCK_DOUBLES_AFTER < 1 << ASKED_BITS, "a block must fit its word");

static uint64_t until(uint64_t block)
{
  return block >> (LENGTH_BITS + ASKED_BITS);
}

static unsigned length(uint64_t block)
{
  return block >> ASKED_BITS & ((1U << LENGTH_BITS) - 1);
}

static uint64_t block_of(uint64_t now_ms, unsigned seconds)
{
  return (now_ms + (uint64_t)seconds * 1000) << (LENGTH_BITS + ASKED_BITS) | (uint64_t)seconds << ASKED_BITS;
}

static unsigned doubled(unsigned seconds)
{
  return 2 * seconds < BLOCK_MOST_S ? 2 * seconds : BLOCK_MOST_S;
}

bool block_lasts(uint64_t block, uint64_t now_ms)
{
  return now_ms < until(block);
}

uint64_t block_begin(uint64_t block, uint64_t now_ms)
{
  bool forgiven = block == 0 || now_ms - until(block) >= BLOCK_FORGIVEN_MS;
  return block_of(now_ms, forgiven ? BLOCK_FIRST_S : doubled(length(block)));
}

uint64_t block_defied(uint64_t block, uint64_t now_ms)
{
  const unsigned asked = (block & ((1U << ASKED_BITS) - 1)) + 1;
  return asked < BLOCK_DOUBLES_AFTER ? block + 1 : block_of(now_ms, doubled(length(block)));
}

unsigned block_seconds(uint64_t block, uint64_t now_ms)
{
  return block_lasts(block, now_ms) ? (unsigned)((until(block) - now_ms + 999) / 1000) : 0;
}
