/* The latency histogram against sorted samples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "load/histogram.h"

enum { SAMPLES_MAX = 20000 };

static struct histogram h;
static uint64_t samples[SAMPLES_MAX];

static int set_up(void **state)
{
  (void)state;
  memset(&h, 0, sizeof h);
  return 0;
}

/* The same numbers in every run. */
static uint64_t random_number(void)
{
  static uint64_t x = 88172645463325252U;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  return x;
}

static int ascending(const void *a, const void *b)
{
  uint64_t x, y;
  memcpy(&x, a, sizeof x);
  memcpy(&y, b, sizeof y);
  return (x > y) - (x < y);
}

static void percentiles_are_those_of_the_sorted_samples(void **state)
{
  static const struct {
    int line;
    size_t n;
    uint64_t least;
    unsigned bits; /* each sample is least + a random number of up to so many bits, chosen anew for each */
  } rows[] = {
      {__LINE__, 1, 0, 0},        {__LINE__, 1, 123456789, 0},
      {__LINE__, 2, 0, 30},       {__LINE__, 3, 5, 2},
      {__LINE__, 7, 100, 20},     {__LINE__, 100, 0, 7},
      {__LINE__, 999, 50000, 16}, {__LINE__, 1000, 0, 43},
      {__LINE__, 10000, 127, 10}, {__LINE__, SAMPLES_MAX, 200000, 24},
  };
  static const unsigned shares[] = {1, 100, 2500, 5000, 9000, 9900, 9990, 9999, 10000};
  for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
    size_t n = rows[r].n;
    (void)set_up(state);
    for (size_t i = 0; i < n; i++) {
      uint64_t mask = rows[r].bits ? (UINT64_C(2) << (random_number() % rows[r].bits)) - 1 : 0;
      samples[i] = rows[r].least + (random_number() & mask);
      histogram_add(&h, samples[i]);
    }
    qsort(samples, n, sizeof *samples, ascending);
    assert_int_equal(h.n, n);
    assert_int_equal(h.min, samples[0]);
    assert_int_equal(h.max, samples[n - 1]);
    for (size_t s = 0; s < sizeof shares / sizeof *shares; s++) {
      size_t rank = (n * shares[s] + 9999) / 10000;
      uint64_t right = samples[rank - 1], got = histogram_percentile(&h, shares[s]);
      if (got < right || got - right > right / HISTOGRAM_STEPS || got > h.max)
        fail_msg("line %d: share %u is %llu, and not %llu", rows[r].line, shares[s], (unsigned long long)got,
                 (unsigned long long)right);
    }
    assert_int_equal(histogram_percentile(&h, 10000), samples[n - 1]);
  }
}

static void counts_up_to_a_value(void **state)
{
  (void)state;
  for (uint64_t i = 1; i <= 100000; i++)
    histogram_add(&h, i);
  static const uint64_t values[] = {0, 1, 2, 63, 127, 128, 129, 1000, 4095, 4096, 50000, 99999};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    uint64_t got = histogram_at_most(&h, values[i]);
    assert_true(got >= values[i]);
    assert_true(got - values[i] <= values[i] / HISTOGRAM_STEPS);
  }
  assert_int_equal(histogram_at_most(&h, 100000), 100000);
  assert_int_equal(histogram_at_most(&h, UINT64_MAX), 100000);
}

static void empty_and_beyond(void **state)
{
  (void)state;
  assert_int_equal(histogram_percentile(&h, 5000), 0);
  assert_int_equal(histogram_at_most(&h, 7), 0);
  histogram_add(&h, UINT64_MAX);
  assert_int_equal(h.n, 1);
  assert_int_equal(histogram_percentile(&h, 5000), (UINT64_C(1) << HISTOGRAM_POWERS) - 1);
  histogram_add(&h, 0);
  assert_int_equal(h.min, 0);
  assert_int_equal(histogram_percentile(&h, 5000), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(percentiles_are_those_of_the_sorted_samples, set_up),
      cmocka_unit_test_setup(counts_up_to_a_value, set_up),
      cmocka_unit_test_setup(empty_and_beyond, set_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
