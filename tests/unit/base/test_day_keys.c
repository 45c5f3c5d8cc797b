/* The keys of hashed addresses: one for each day, the same for all who map the memory, gone when the day is over. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/day_keys.h"
#include "base/err.h"

enum { TODAY = 20485 };

struct pair {
  int fd;
  struct day_keys *writer, *reader;
  struct buf why;
};

static int make(void **state)
{
  static struct pair p;
  buf_init(&p.why, 1024);
  assert_int_equal(day_keys_create(&p.fd, TODAY, &p.why), 0);
  assert_true(fcntl(p.fd, F_GETFD) & FD_CLOEXEC);
  assert_int_equal(day_keys_map(p.fd, true, &p.writer, &p.why), 0);
  assert_int_equal(day_keys_map(p.fd, false, &p.reader, &p.why), 0);
  *state = &p;
  return 0;
}

static int unmake(void **state)
{
  struct pair *p = *state;
  day_keys_unmap(p->writer);
  day_keys_unmap(p->reader);
  close(p->fd);
  buf_free(&p->why);
  return 0;
}

static void days(void **state)
{
  (void)state;
  assert_true(day_of((time_t)TODAY * 86400) == TODAY);
  assert_true(day_of((time_t)TODAY * 86400 + 86399) == TODAY);
  assert_true(day_of((time_t)TODAY * 86400 - 1) == TODAY - 1);
  assert_true(day_of(0) == 1); /* a clock that was never set has keys too */
  assert_true(day_of(-5) == 1);
}

static void today_and_tomorrow_have_keys_that_differ(void **state)
{
  struct pair *p = *state;
  unsigned char today[SIPHASH_KEY_BYTES], tomorrow[SIPHASH_KEY_BYTES], again[SIPHASH_KEY_BYTES];
  assert_true(day_keys_get(p->reader, TODAY, today));
  assert_true(day_keys_get(p->reader, TODAY + 1, tomorrow));
  assert_memory_not_equal(today, tomorrow, sizeof today);
  assert_true(day_keys_get(p->writer, TODAY, again));
  assert_memory_equal(today, again, sizeof today);
  assert_false(day_keys_get(p->reader, TODAY - 1, again));
  assert_false(day_keys_get(p->reader, TODAY + 2, again));
  assert_false(day_keys_get(p->reader, TODAY + 4, again)); /* in the same slot as today's */
}

static void a_look_changes_nothing_until_the_day_is_over(void **state)
{
  struct pair *p = *state;
  unsigned char today[SIPHASH_KEY_BYTES], tomorrow[SIPHASH_KEY_BYTES], got[SIPHASH_KEY_BYTES];
  assert_true(day_keys_get(p->reader, TODAY, today));
  assert_true(day_keys_get(p->reader, TODAY + 1, tomorrow));
  assert_int_equal(day_keys_look(p->writer, TODAY), 0);
  assert_true(day_keys_get(p->reader, TODAY, got));
  assert_memory_equal(got, today, sizeof got);

  assert_int_equal(day_keys_look(p->writer, TODAY + 1), 0);
  assert_true(day_keys_get(p->reader, TODAY + 1, got));
  assert_memory_equal(got, tomorrow, sizeof got); /* who has used it since midnight goes on with it */
  assert_true(day_keys_get(p->reader, TODAY + 2, got));
  assert_false(day_keys_get(p->reader, TODAY, got));

  /* The key of the day that is over is nowhere in the memory. */
  off_t size = lseek(p->fd, 0, SEEK_END);
  void *all = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, p->fd, 0);
  assert_true(all != MAP_FAILED);
  assert_null(memmem(all, (size_t)size, today, sizeof today));
  assert_non_null(memmem(all, (size_t)size, tomorrow, sizeof tomorrow));
  assert_int_equal(munmap(all, (size_t)size), 0);
}

static void a_clock_that_jumps_is_followed_at_the_next_look(void **state)
{
  struct pair *p = *state;
  static const uint64_t jumps[] = {TODAY + 400, TODAY + 401, TODAY + 404, TODAY - 3000, 1, TODAY};
  unsigned char got[SIPHASH_KEY_BYTES], seen[sizeof jumps / sizeof *jumps][SIPHASH_KEY_BYTES];
  for (size_t i = 0; i < sizeof jumps / sizeof *jumps; i++) {
    assert_int_equal(day_keys_look(p->writer, jumps[i]), 0);
    assert_true(day_keys_get(p->reader, jumps[i], got));
    assert_true(day_keys_get(p->reader, jumps[i] + 1, seen[i]));
    for (size_t j = 0; j < i; j++)
      if (jumps[j] + 1 != jumps[i])
        assert_memory_not_equal(got, seen[j], sizeof got);
  }
}

static void what_is_none_is_refused(void **state)
{
  struct pair *p = *state;
  struct day_keys *out;
  int other = memfd_create("other", MFD_CLOEXEC);
  assert_true(other >= 0);
  assert_int_equal(day_keys_map(other, false, &out, &p->why), ERR_SYNTAX);
  assert_null(out);
  assert_true(p->why.n > 0);
  close(other);
  off_t size = lseek(p->fd, 0, SEEK_END);
  char *all = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, p->fd, 0);
  assert_true(all != MAP_FAILED);
  all[0]++; /* another version's */
  assert_int_equal(day_keys_map(p->fd, false, &out, &p->why), ERR_SYNTAX);
  assert_int_equal(munmap(all, (size_t)size), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(days),
      cmocka_unit_test_setup_teardown(today_and_tomorrow_have_keys_that_differ, make, unmake),
      cmocka_unit_test_setup_teardown(a_look_changes_nothing_until_the_day_is_over, make, unmake),
      cmocka_unit_test_setup_teardown(a_clock_that_jumps_is_followed_at_the_next_look, make, unmake),
      cmocka_unit_test_setup_teardown(what_is_none_is_refused, make, unmake),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
