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

static void a_limit_lets_so_many_through_and_counts_the_rest(void **state)
{
  (void)state;
  static const struct {
    int line;
    uint64_t now; /* a clock may begin at 0 */
    bool due;
    unsigned long left_out;
  } table[] = {
      {__LINE__, 0, true, 0},    {__LINE__, 5, true, 0},     {__LINE__, 6, false, 0},
      {__LINE__, 99, false, 0},  {__LINE__, 100, true, 2},   {__LINE__, 100, true, 0},
      {__LINE__, 199, false, 0}, {__LINE__, 10000, true, 1}, {__LINE__, 10001, true, 0},
  };
  struct log_limit limit = {0};
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    unsigned long left_out = 0;
    bool due = log_due(&limit, table[i].now, 2, 100, &left_out);
    if (due != table[i].due || left_out != table[i].left_out)
      fail_msg("line %d: %d, %lu left out", table[i].line, due, left_out);
  }
}

static void what_was_left_out_is_said(void **state)
{
  (void)state;
  char note[LOG_NOTE_BYTES];
  assert_string_equal(log_note(0, note), "");
  assert_string_equal(log_note(12, note), " (12 more before this one were left out)");
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
      cmocka_unit_test(a_limit_lets_so_many_through_and_counts_the_rest),
      cmocka_unit_test(what_was_left_out_is_said),
      cmocka_unit_test(a_log_that_nobody_reads_stops_nobody),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
