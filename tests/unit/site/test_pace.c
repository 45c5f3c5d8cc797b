/* Pace: who asks again too soon. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "site/pace.h"

static struct pace pace;

static int forget(void **state)
{
  (void)state;
  memset(&pace, 0, sizeof pace);
  return 0;
}

static void the_wait_runs_from_the_last_answer(void **state)
{
  (void)state;
  assert_int_equal(pace_wait(&pace, 1, 1000, 10), 0);
  assert_int_equal(pace_wait(&pace, 1, 1000, 10), 10);
  assert_int_equal(pace_wait(&pace, 1, 1001, 10), 10);
  assert_int_equal(pace_wait(&pace, 1, 10000, 10), 1);
  assert_int_equal(pace_wait(&pace, 1, 10999, 10), 1); /* asking does not make it longer */
  assert_int_equal(pace_wait(&pace, 1, 11000, 10), 0);
  assert_int_equal(pace_wait(&pace, 1, 11000, 10), 10);
}

static void others_do_not_wait(void **state)
{
  (void)state;
  assert_int_equal(pace_wait(&pace, 1, 1000, 10), 0);
  assert_int_equal(pace_wait(&pace, 2, 1000, 10), 0);
  assert_int_equal(pace_wait(&pace, 1, 1000, 10), 10);
  /* Another in the same place takes it: nobody waits for what somebody else did. */
  assert_int_equal(pace_wait(&pace, 1 + PACE_PLACES, 1000, 10), 0);
  assert_int_equal(pace_wait(&pace, 1, 1000, 10), 0);
}

/* A key and a time that do not belong together, as another process may leave them for a moment. */
static void nobody_waits_for_what_is_another_place(void **state)
{
  (void)state;
  assert_int_equal(pace_wait(&pace, 1, 1000, 3600), 0);
  assert_int_equal(pace_wait(&pace, 1, 1000, 10), 0);
  assert_int_equal(pace_wait(&pace, 1, 1000, 10), 10);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(the_wait_runs_from_the_last_answer, forget),
      cmocka_unit_test_setup(others_do_not_wait, forget),
      cmocka_unit_test_setup(nobody_waits_for_what_is_another_place, forget),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
