/* The log: limits, and a reader who is behind. */
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"

static void a_limit_lets_one_through_and_counts_the_rest(void **state)
{
  (void)state;
  struct log_limit limit = {0};
  unsigned left_out = 7;
  assert_true(log_due(&limit, 0, 1000, &left_out)); /* a clock may begin at 0 */
  assert_int_equal(left_out, 0);
  assert_false(log_due(&limit, 1, 1000, &left_out));
  assert_false(log_due(&limit, 999, 1000, &left_out));
  assert_true(log_due(&limit, 1001, 1000, &left_out));
  assert_int_equal(left_out, 2);
  assert_false(log_due(&limit, 1002, 1000, &left_out));
}

/* Reads what is in the pipe; the count of bytes, with a NUL after them. */
static size_t drain(int fd, char *text, size_t most)
{
  size_t n = 0;
  ssize_t got;
  while (n + 1 < most && (got = read(fd, text + n, most - 1 - n)) > 0)
    n += (size_t)got;
  text[n] = '\0';
  return n;
}

static void a_log_that_nobody_reads_stops_nobody(void **state)
{
  (void)state;
  static char text[1 << 20], part[PIPE_BUF];
  int pipes[2], before = dup(STDERR_FILENO);
  assert_true(before >= 0);
  assert_int_equal(pipe(pipes), 0);
  assert_int_equal(fcntl(pipes[0], F_SETFL, O_NONBLOCK), 0);
  assert_true(dup2(pipes[1], STDERR_FILENO) >= 0);
  memset(part, 'x', sizeof part - 1);

  alarm(20); /* a write that waits would wait for ever */
  for (int i = 0; i < 1000; i++)
    log_warning("%d %s", i, part);
  size_t n = drain(pipes[0], text, sizeof text);
  log_warning("the next one");
  size_t more = drain(pipes[0], text + n, sizeof text - n);
  alarm(0);
  assert_true(dup2(before, STDERR_FILENO) >= 0);
  close(before);
  close(pipes[0]);
  close(pipes[1]);

  /* Whole lines only, none too long, and the count of what is missing. */
  unsigned lines = 0;
  struct str rest = {text, n}, line;
  assert_true(n > 0 && text[n - 1] == '\n');
  while (str_line(&rest, &line)) {
    assert_true(line.n < PIPE_BUF);
    lines++;
  }
  assert_true(lines > 0 && lines < 1000);
  char want[64];
  assert_true(snprintf(want, sizeof want, "(%u lines before", 1000 - lines) > 0);
  assert_true(more > 0);
  assert_non_null(strstr(text + n, want));
  assert_non_null(strstr(text + n, "the next one"));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_limit_lets_one_through_and_counts_the_rest),
      cmocka_unit_test(a_log_that_nobody_reads_stops_nobody),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
