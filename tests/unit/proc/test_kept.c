/* Settings in memory: read as often as one likes, by whoever has the descriptor, and changed by nobody. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "proc/kept.h"

static void they_come_back_as_they_were(void **state)
{
  (void)state;
  struct settings s, got;
  struct buf why = BUF_INIT(1024);
  assert_int_equal(settings_init(&s), 0);
  s.workers = 5;
  assert_int_equal(settings_name(&s.sites[0], STR("a.example"), &why), 0);
  int fd = kept_make(&s, &why);
  assert_true(fd >= 0);
  assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
  assert_int_equal(write(fd, "x", 1), -1);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(kept_read(fd, &got, &why), 0);
    assert_int_equal(got.workers, 5);
    assert_string_equal(got.sites[0].names[0], "a.example");
    settings_free(&got);
  }
  close(fd);
  settings_free(&s);
  buf_free(&why);
}

static void what_is_no_such_memory_is_refused(void **state)
{
  (void)state;
  struct settings got;
  struct buf why = BUF_INIT(1024);
  int fd = kept_empty();
  assert_int_equal(write(fd, "workers = 2\n", 12), 12);
  assert_int_equal(kept_read(fd, &got, &why), ERR_SYNTAX); /* whoever writes it could go on */
  assert_true(why.n > 0);
  close(fd);
  fd = kept_empty();
  assert_int_equal(write(fd, "wings = 2\n", 10), 10);
  assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
  buf_clear(&why);
  assert_int_equal(kept_read(fd, &got, &why), ERR_SYNTAX);
  assert_true(str_starts(buf_str(&why), STR("settings that were handed over:1: ")));
  close(fd);
  buf_free(&why);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(they_come_back_as_they_were),
      cmocka_unit_test(what_is_no_such_memory_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
