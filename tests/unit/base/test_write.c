/* Writing the whole of something, however little of it is taken at a time. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/write.h"

/* What write(2) does next: takes so many bytes at most, or fails. This definition comes before the C library's. */
static struct {
  size_t most;
  int fail_at, error; /* the call that fails, counted from 1; 0: none */
  int calls;
  char got[64];
  size_t n;
} kernel;

ssize_t write(int fd, const void *p, size_t n)
{
  (void)fd;
  if (++kernel.calls == kernel.fail_at) {
    errno = kernel.error;
    return -1;
  }
  n = n < kernel.most ? n : kernel.most;
  assert_true(kernel.n + n <= sizeof kernel.got);
  memcpy(kernel.got + kernel.n, p, n);
  kernel.n += n;
  return (ssize_t)n;
}

static void all_of_it_is_written(void **state)
{
  (void)state;
  static const struct {
    int line;
    size_t most;
    int fail_at, error, result, calls;
    const char *got;
  } table[] = {
      {__LINE__, 64, 0, 0, 0, 1, "seven b"},  {__LINE__, 3, 0, 0, 0, 3, "seven b"},
      {__LINE__, 1, 0, 0, 0, 7, "seven b"},   {__LINE__, 3, 2, EINTR, 0, 4, "seven b"},
      {__LINE__, 3, 2, ENOSPC, -1, 2, "sev"}, {__LINE__, 64, 1, EINTR, 0, 2, "seven b"},
      {__LINE__, 64, 1, EAGAIN, -1, 1, ""},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    memset(&kernel, 0, sizeof kernel);
    kernel.most = table[i].most;
    kernel.fail_at = table[i].fail_at;
    kernel.error = table[i].error;
    errno = 0;
    int result = write_all(-1, STR("seven b")), error = errno, calls = kernel.calls;
    kernel.most = sizeof kernel.got;
    if (result != table[i].result || calls != table[i].calls || strcmp(kernel.got, table[i].got) != 0 ||
        (result < 0 && error != table[i].error))
      fail_msg("line %d: %d after %d calls, with \"%s\" written", table[i].line, result, calls, kernel.got);
  }
}

static void nothing_needs_no_call(void **state)
{
  (void)state;
  memset(&kernel, 0, sizeof kernel);
  assert_int_equal(write_all(-1, STR("")), 0);
  assert_int_equal(kernel.calls, 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_of_it_is_written),
      cmocka_unit_test(nothing_needs_no_call),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
