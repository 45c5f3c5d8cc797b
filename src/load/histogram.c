/* A log-linear histogram: buckets by the highest bit and the seven bits below it. */
#include "load/histogram.h"

#include <stddef.h>

static const uint64_t value_max = (UINT64_C(1) << HISTOGRAM_POWERS) - 1;

/* Values below 128 have a bucket each. From there on, a value with `shift` bits to spare is cut down to its highest
 * eight, 128 to 255: the bucket is that number in the `shift`-th row of 128. */
static size_t bucket_of(uint64_t value)
{
  if (value < HISTOGRAM_STEPS)
    return (size_t)value;
  unsigned highest = 63U - (unsigned)__builtin_clzll(value), shift = highest - HISTOGRAM_BITS;
  return ((size_t)shift << HISTOGRAM_BITS) + (size_t)(value >> shift);
}

/* The largest value that falls into the bucket. */
static uint64_t bucket_top(size_t bucket)
{
  if (bucket < HISTOGRAM_STEPS)
    return bucket;
  unsigned shift = (unsigned)(bucket >> HISTOGRAM_BITS) - 1;
  uint64_t head = (bucket & (HISTOGRAM_STEPS - 1)) + HISTOGRAM_STEPS;
  return ((head + 1) << shift) - 1;
}

void histogram_add(struct histogram *h, uint64_t value)
{
  if (value > value_max)
    value = value_max;
  h->buckets[bucket_of(value)]++;
  if (h->n == 0 || value < h->min)
    h->min = value;
  if (value > h->max)
    h->max = value;
  h->n++;
}

uint64_t histogram_percentile(const struct histogram *h, unsigned ten_thousandths)
{
  enum { WHOLE = 10000 };
  uint64_t seen = 0;
  if (h->n == 0)
    return 0;
  /* The rank of the value: h->n * share, rounded up, without an overflow. */
  uint64_t rank = h->n / WHOLE * ten_thousandths + (h->n % WHOLE * ten_thousandths + WHOLE - 1) / WHOLE;
  for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
    seen += h->buckets[i];
    if (seen >= rank && seen > 0) {
      uint64_t top = bucket_top(i);
      return top < h->max ? top : h->max;
    }
  }
  return h->max;
}

uint64_t histogram_at_most(const struct histogram *h, uint64_t value)
{
  uint64_t seen = 0;
  if (value >= h->max)
    return h->n;
  for (size_t i = 0, last = bucket_of(value); i <= last; i++)
    seen += h->buckets[i];
  return seen;
}
