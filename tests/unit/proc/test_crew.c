/* The crew: who serves which slot, and when the next one may start. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proc/crew.h"

/* One letter for each member: its state (s, S, D); its slot is its place. A dot: the slot has nobody. */
static void man(struct crew *crew, const char *states)
{
  *crew = CREW_INIT;
  crew->n_slots = (unsigned)strlen(states);
  for (unsigned slot = 0; slot < crew->n_slots; slot++) {
    if (states[slot] == '.')
      continue;
    struct member *m = crew_add(crew, 1000 + (pid_t)slot, -1, slot, 1, 0);
    assert_non_null(m);
    crew_set(m, states[slot] == 'S' ? MEMBER_SERVING : states[slot] == 'D' ? MEMBER_DRAINING : MEMBER_STARTING, 0);
  }
}

static void duties_follow_from_who_serves(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *states;
    uint64_t duty[6];
  } table[] = {
      {__LINE__, "S", {1}},
      {__LINE__, "SS", {1, 2}},
      {__LINE__, "S.", {3}},
      {__LINE__, "sS", {0, 3}},
      {__LINE__, "SD", {3, 0}},
      {__LINE__, "SSss", {1 | 4, 2 | 8, 0, 0}},
      {__LINE__, "..SS.", {0, 0, 4 | 1 | 16, 8 | 2}},
      {__LINE__, "ssDs", {0, 0, 0, 0}},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct crew crew;
    man(&crew, table[i].states);
    for (size_t k = 0; k < crew.n; k++) {
      uint64_t duty = crew_duty(&crew, &crew.at[k]);
      if (duty != table[i].duty[crew.at[k].slot])
        fail_msg("line %d: slot %u has %" PRIx64, table[i].line, crew.at[k].slot, duty);
    }
    crew_free(&crew);
  }
}

/* No two living workers count in the same row; whose was cleared may be given again. */
static void the_lowest_seat_that_nobody_has(void **state)
{
  (void)state;
  struct crew crew;
  man(&crew, "SsDS");
  for (size_t i = 0; i < crew.n; i++) {
    assert_int_equal(crew_free_seat(&crew), i);
    crew.at[i].seat = crew_free_seat(&crew);
  }
  crew_remove(&crew, crew_find(&crew, 1001));
  assert_int_equal(crew_free_seat(&crew), 1);
  for (unsigned i = 0; i <= SEATS_MAX; i++) {
    struct member *m = crew_add(&crew, 5000 + (pid_t)i, -1, 0, 1, 0);
    assert_non_null(m);
    assert_int_equal(m->seat, NO_SEAT);
    m->seat = crew_free_seat(&crew);
  }
  assert_int_equal(crew_free_seat(&crew), NO_SEAT);
  assert_int_equal(crew.at[crew.n - 1].seat, NO_SEAT);
  crew_free(&crew);
}

/* Whatever the states: if anybody serves, every slot is served, and by one. */
static void every_slot_is_served_by_one(void **state)
{
  (void)state;
  static const char letters[] = ".sSD";
  for (unsigned pattern = 0; pattern < 4 * 4 * 4 * 4 * 4; pattern++) {
    char states[6] = "";
    for (unsigned slot = 0, rest = pattern; slot < 5; slot++, rest /= 4)
      states[slot] = letters[rest % 4];
    struct crew crew;
    man(&crew, states);
    uint64_t all = 0;
    for (size_t i = 0; i < crew.n; i++) {
      uint64_t duty = crew_duty(&crew, &crew.at[i]);
      if (all & duty)
        fail_msg("%s: a slot is served twice", states);
      all |= duty;
    }
    if (all != (strchr(states, 'S') ? 31 : 0))
      fail_msg("%s: %" PRIx64 " is served", states, all);
    crew_free(&crew);
  }
}

static void a_slot_of_64_is_served_too(void **state)
{
  (void)state;
  struct crew crew = CREW_INIT;
  crew.n_slots = WORKERS_MAX;
  struct member *m = crew_add(&crew, 1, -1, WORKERS_MAX - 1, 1, 0);
  assert_non_null(m);
  crew_set(m, MEMBER_SERVING, 0);
  assert_true(crew_duty(&crew, m) == UINT64_MAX);
  crew_free(&crew);
}

static void who_keeps_dying_comes_back_later_each_time(void **state)
{
  (void)state;
  struct crew crew = CREW_INIT;
  crew.n_slots = 2;
  uint64_t now = 1000, last = 0;
  assert_int_equal(crew_failed(&crew, 1, CREW_YOUNG_MS, now), 0);
  assert_int_equal(crew_failed(&crew, 1, 0, now), 0); /* once may be chance */
  for (int i = 0; i < 20; i++) {
    uint64_t pause = crew_failed(&crew, 1, 10, now);
    assert_true(pause >= CREW_PAUSE_MS && pause <= CREW_PAUSE_MOST_MS && pause >= last);
    assert_true(crew.slots[1].start_at_ms == now + pause);
    last = pause;
  }
  assert_int_equal(last, CREW_PAUSE_MOST_MS);
  assert_int_equal(crew.slots[0].start_at_ms, 0);
  assert_int_equal(crew_failed(&crew, 1, CREW_YOUNG_MS, now), 0); /* it had lived */
}

static void members_are_found_and_removed(void **state)
{
  (void)state;
  struct crew crew;
  man(&crew, "SsDS");
  assert_int_equal(crew_count(&crew, MEMBER_SERVING), 2);
  assert_ptr_equal(crew_in(&crew, 3, MEMBER_SERVING, 1), crew_find(&crew, 1003));
  assert_null(crew_in(&crew, 3, MEMBER_SERVING, 2));
  crew_remove(&crew, crew_find(&crew, 1000));
  assert_null(crew_find(&crew, 1000));
  assert_int_equal(crew.n, 3);
  assert_int_equal(crew_find(&crew, 1003)->slot, 3);
  assert_int_equal(crew_find(&crew, 1001)->slot, 1);
  crew_free(&crew);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(duties_follow_from_who_serves),
      cmocka_unit_test(the_lowest_seat_that_nobody_has),
      cmocka_unit_test(every_slot_is_served_by_one),
      cmocka_unit_test(a_slot_of_64_is_served_too),
      cmocka_unit_test(who_keeps_dying_comes_back_later_each_time),
      cmocka_unit_test(members_are_found_and_removed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
