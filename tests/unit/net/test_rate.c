/* How often one address may ask: the sliding window and the blocks, by a clock of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/rate.h"

enum { MINUTE = WINDOW_MS, HOUR = 60 * MINUTE };

/* Adds `n` requests at a time; whether the last one was over. */
static bool add(uint64_t *window, unsigned n, uint64_t now, unsigned most)
{
  bool over = false;
  while (n--)
    *window = window_add(*window, now, most, &over);
  return over;
}

static void a_minute_that_slides(void **state)
{
  (void)state;
  static const struct {
    int line;
    uint64_t first, then; /* when `before` requests came, and when `more` */
    unsigned before, more;
    bool over; /* with a limit of 100 */
  } table[] = {
      {__LINE__, 0, 0, 0, 100, false},
      {__LINE__, 0, 0, 0, 101, true},
      {__LINE__, 7 * MINUTE, 8 * MINUTE - 1, 60, 40, false}, /* the same minute */
      {__LINE__, 7 * MINUTE, 8 * MINUTE - 1, 60, 41, true},
      {__LINE__, 8 * MINUTE - 1, 8 * MINUTE, 100, 1, true}, /* no moment doubles what is allowed */
      {__LINE__, 8 * MINUTE - 1, 8 * MINUTE + 5, 5, 95, false},
      {__LINE__, 8 * MINUTE - 1, 8 * MINUTE + 5, 5, 96, true},
      {__LINE__, 7 * MINUTE, 8 * MINUTE + MINUTE / 4, 100, 25, false},
      {__LINE__, 7 * MINUTE, 8 * MINUTE + MINUTE / 4, 100, 26, true},
      {__LINE__, 7 * MINUTE, 8 * MINUTE + MINUTE / 2, 100, 50, false},
      {__LINE__, 7 * MINUTE, 9 * MINUTE, 100, 100, false}, /* a whole minute lies between */
      {__LINE__, 7 * MINUTE, 9 * MINUTE, 100, 101, true},
      {__LINE__, 7 * MINUTE, 100 * (uint64_t)HOUR, 100, 100, false},
      {__LINE__, 8 * MINUTE, 8 * MINUTE - 5, 60, 40, false}, /* another worker's clock was a little ahead */
      {__LINE__, 8 * MINUTE, 8 * MINUTE - 5, 60, 41, true},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    uint64_t window = 0;
    assert_false(add(&window, table[i].before, table[i].first, 100));
    if (add(&window, table[i].more, table[i].then, 100) != table[i].over)
      fail_msg("line %d", table[i].line);
  }
}

/* Who asks evenly, just as often as is allowed, is never over. */
static void an_even_reader_is_never_over(void **state)
{
  (void)state;
  for (uint64_t start = 0; start < MINUTE; start += 7001) {
    uint64_t window = 0;
    for (unsigned i = 0; i < 500; i++)
      if (add(&window, 1, start + i * (MINUTE / 60), 61))
        fail_msg("request %u, begun at %lu", i, (unsigned long)start);
  }
}

static void counts_do_not_overflow(void **state)
{
  (void)state;
  uint64_t window = 0;
  assert_false(add(&window, WINDOW_MOST, 5, WINDOW_MOST));
  assert_false(add(&window, 10, 5, WINDOW_MOST)); /* as many as can be counted */
  assert_true(add(&window, 1, 5, WINDOW_MOST - 1));
  assert_true(add(&window, 1, MINUTE, WINDOW_MOST - 1));
  assert_false(add(&window, 1, 3 * MINUTE, 1));
}

static void a_block_lasts_and_ends(void **state)
{
  (void)state;
  uint64_t block = block_begin(0, 1000);
  assert_false(block_lasts(0, 0));
  assert_true(block_lasts(block, 1000));
  assert_int_equal(block_seconds(block, 1000), 30);
  assert_int_equal(block_seconds(block, 1001), 30); /* nobody is told to come too early */
  assert_int_equal(block_seconds(block, 30999), 1);
  assert_true(block_lasts(block, 30999));
  assert_false(block_lasts(block, 31000));
  assert_int_equal(block_seconds(block, 31000), 0);
}

/* Asks during a block; the seconds to wait. */
static unsigned defy(uint64_t *block, uint64_t now, unsigned times)
{
  while (times--)
    *block = block_defied(*block, now);
  return block_seconds(*block, now);
}

static void a_block_doubles_for_those_who_go_on(void **state)
{
  (void)state;
  uint64_t now = 5000, block = block_begin(0, now);
  assert_int_equal(defy(&block, now, BLOCK_DOUBLES_AFTER - 1), 30);
  now += 10000;
  assert_int_equal(defy(&block, now, 1), 60); /* from then on */
  assert_int_equal(defy(&block, now, BLOCK_DOUBLES_AFTER - 1), 60);
  assert_int_equal(defy(&block, now, 1), 120);
  static const unsigned next[] = {240, 480, 960, 1920, 3600, 3600};
  for (size_t i = 0; i < sizeof next / sizeof *next; i++)
    assert_int_equal(defy(&block, now, BLOCK_DOUBLES_AFTER), next[i]);
  assert_false(block_lasts(block, now + HOUR));
}

/* The specification of status 44: clients should double their pause until they are served. */
static void a_client_that_backs_off_as_the_specification_asks_is_served_again(void **state)
{
  (void)state;
  for (unsigned first = 1; first < 60; first++) {
    uint64_t now = 0, pause = first * 1000, block = block_begin(0, now);
    while (block_lasts(block, now)) {
      block = block_defied(block, now);
      now += pause;
      pause *= 2;
    }
    assert_true(now <= 10 * MINUTE);
  }
}

static void a_second_block_is_longer_unless_it_is_forgiven(void **state)
{
  (void)state;
  uint64_t first = block_begin(0, 1000), end = 1000 + 30000;
  assert_int_equal(block_seconds(block_begin(first, end), end), 60);
  assert_int_equal(block_seconds(block_begin(first, end + BLOCK_FORGIVEN_MS - 1), end + BLOCK_FORGIVEN_MS - 1), 60);
  assert_int_equal(block_seconds(block_begin(first, end + BLOCK_FORGIVEN_MS), end + BLOCK_FORGIVEN_MS), 30);
}

static void a_machine_that_runs_for_a_hundred_years(void **state)
{
  (void)state;
  const uint64_t now = (uint64_t)100 * 366 * 24 * HOUR;
  uint64_t window = 0, block = block_begin(0, now);
  assert_int_equal(block_seconds(block, now), 30);
  assert_false(add(&window, 100, now, 100));
  assert_true(add(&window, 1, now + 1, 100));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_minute_that_slides),
      cmocka_unit_test(an_even_reader_is_never_over),
      cmocka_unit_test(counts_do_not_overflow),
      cmocka_unit_test(a_block_lasts_and_ends),
      cmocka_unit_test(a_block_doubles_for_those_who_go_on),
      cmocka_unit_test(a_client_that_backs_off_as_the_specification_asks_is_served_again),
      cmocka_unit_test(a_second_block_is_longer_unless_it_is_forgiven),
      cmocka_unit_test(a_machine_that_runs_for_a_hundred_years),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
