/* How often something may be said: so many times in a stretch of time, and what had to be left out is counted. */
#ifndef NUNCIO_SITE_PACE_H
#define NUNCIO_SITE_PACE_H

#include <stdbool.h>
#include <stdint.h>

/* All zero: nothing was said yet. */
struct pace {
  uint64_t since; /* when the stretch that counts now began, in milliseconds */
  unsigned said;  /* so far in it */
  unsigned long left_out;
};

/* Whether it may be said now: at most `most` times in `period_ms` from the first time on. If so, *left_out is how many
 * times it was not since the last time that it was. */
bool pace_allows(struct pace *p, uint64_t now, unsigned most, uint64_t period_ms, unsigned long *left_out);

#endif
