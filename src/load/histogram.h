/* How long requests took: a histogram of bounded memory whose error is bounded too. Pure.
 *
 * Log-linear: every power of two is cut into HISTOGRAM_STEPS buckets of equal width, so that a bucket is never wider
 * than a 128th of the values in it, from nanoseconds to hours. */
#ifndef NUNCIO_LOAD_HISTOGRAM_H
#define NUNCIO_LOAD_HISTOGRAM_H

#include <stdint.h>

enum {
  HISTOGRAM_BITS = 7,
  HISTOGRAM_STEPS = 1 << HISTOGRAM_BITS,
  HISTOGRAM_POWERS = 44, /* values of 2^44 and more (nanoseconds: five hours) count as 2^44 - 1 */
  HISTOGRAM_BUCKETS = (HISTOGRAM_POWERS - HISTOGRAM_BITS + 1) * HISTOGRAM_STEPS,
};

/* Made of zeros, it is empty. About 38 KiB. */
struct histogram {
  uint64_t buckets[HISTOGRAM_BUCKETS];
  uint64_t n, min, max; /* min and max are exact; 0 where there are no values */
};

void histogram_add(struct histogram *h, uint64_t value);

/* The smallest value that so many ten-thousandths of all values do not exceed (nearest rank): 5000 is the
 * median, 9990 the p99.9. Never less than that value, and more by less than a 128th; the largest value itself for
 * 10000. 0 where there are no values. */
uint64_t histogram_percentile(const struct histogram *h, unsigned ten_thousandths);

/* How many values are at most `value`, give or take those of the one bucket that it falls into. */
uint64_t histogram_at_most(const struct histogram *h, uint64_t value);

#endif
