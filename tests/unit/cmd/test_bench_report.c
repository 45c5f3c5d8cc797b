/* The reports of `nuncio bench`, from results made up by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "cmd/bench_number.h"
#include "cmd/bench_report.h"

enum { MS = 1000000, COLUMNS = 80, ROWS = 12 };

static void numbers(void **state)
{
  (void)state;
  static const struct {
    int line;
    void (*put)(struct buf *out, uint64_t n);
    uint64_t n;
    const char *text;
  } rows[] = {
      {__LINE__, bench_put_count, 0, "0"},
      {__LINE__, bench_put_count, 999, "999"},
      {__LINE__, bench_put_count, 1000, "1,000"},
      {__LINE__, bench_put_count, 1234567, "1,234,567"},
      {__LINE__, bench_put_count, UINT64_MAX, "18,446,744,073,709,551,615"},
      {__LINE__, bench_put_time, 0, "0.000 ms"},
      {__LINE__, bench_put_time, 85000, "0.085 ms"},
      {__LINE__, bench_put_time, 999400, "0.999 ms"},
      {__LINE__, bench_put_time, 999600, "1.00 ms"},
      {__LINE__, bench_put_time, 9994000, "9.99 ms"},
      {__LINE__, bench_put_time, 9996000, "10.0 ms"},
      {__LINE__, bench_put_time, 99960000, "100 ms"},
      {__LINE__, bench_put_time, 999400000, "999 ms"},
      {__LINE__, bench_put_time, 999600000, "1.00 s"},
      {__LINE__, bench_put_time, UINT64_C(12345) * MS, "12.3 s"},
      {__LINE__, bench_put_bytes, 0, "0 bytes"},
      {__LINE__, bench_put_bytes, 1, "1 byte"},
      {__LINE__, bench_put_bytes, 1023, "1023 bytes"},
      {__LINE__, bench_put_bytes, 1024, "1.0 KiB"},
      {__LINE__, bench_put_bytes, 1536, "1.5 KiB"},
      {__LINE__, bench_put_bytes, (1 << 20) - 1, "1.0 MiB"},
      {__LINE__, bench_put_bytes, UINT64_C(5) << 40, "5.0 TiB"},
      {__LINE__, bench_put_bytes, UINT64_C(5) << 50, "5120.0 TiB"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct buf out = BUF_INIT(64);
    rows[i].put(&out, rows[i].n);
    if (!str_eq(buf_str(&out), str_from(rows[i].text)))
      fail_msg("line %d: %.*s", rows[i].line, STR_ARG(buf_str(&out)));
    buf_free(&out);
  }
}

/* A load of two URLs, one of them with everything in it that JSON must escape. */
static struct target targets[2];
static struct load_first firsts[2];
static struct load_result result;
static const struct load_plan plan = {.targets = targets, .n_targets = 2, .concurrency = 3};

static int set_up(void **state)
{
  (void)state;
  targets[0].url = STR("gemini://h/");
  targets[1].url = STR("gopher://h/0\"\\\x1b[2J\xC3\xA9\xFF\x7f");
  firsts[0] = (struct load_first){.known = true, .status = 20, .body = 1234};
  firsts[1] = (struct load_first){.known = true, .body = 1};
  memset(&result, 0, sizeof result);
  result.firsts = firsts;
  result.requests = 5;
  result.bytes = 2048;
  result.elapsed_ns = UINT64_C(2000) * MS;
  result.cpu_us = 1000000;
  result.window = (struct load_window){.ns = UINT64_C(1000) * MS, .answered = 3, .bytes = 1024, .cpu_us = 500000};
  return 0;
}

static void json_says_it_all_in_one_line(void **state)
{
  (void)state;
  struct buf out = BUF_INIT(4096);
  for (unsigned i = 1; i <= 4; i++)
    histogram_add(&result.latency, i * 10000);
  result.failed = 1;
  result.faults[LOAD_LENGTH] = 1;
  result.full = 2;
  result.resumed = 3;
  bench_report_json(&out, &plan, &result);
  buf_put_c(&out, '\0');
  assert_int_equal(buf_error(&out), 0);
  assert_string_equal(
      out.p,
      "{\"urls\":[\"gemini://h/\",\"gopher://h/0\\\"\\\\\\u001b[2J\xC3\xA9\xEF\xBF\xBD\\u007f\"],"
      "\"firsts\":[{\"status\":20,\"bytes\":1234},{\"status\":null,\"bytes\":1}],\"concurrency\":3,"
      "\"seconds\":2.000,\"load_seconds\":1.000,\"requests\":5,\"failed\":1,\"requests_per_second\":3.0,\"bytes\":2048,"
      "\"latency_us\":{\"min\":10,\"p50\":20,\"p90\":40,\"p99\":40,\"p999\":40,\"max\":40},"
      "\"handshakes\":{\"full\":2,\"resumed\":3},\"errors\":{\"other length\":1},\"tls_fault\":null,"
      "\"interrupted\":false,\"gave_up\":false,\"cpu_us\":1000000}\n");
  buf_free(&out);
}

static void json_has_no_latency_where_nothing_succeeded(void **state)
{
  (void)state;
  struct buf out = BUF_INIT(4096);
  result.failed = 5;
  result.faults[LOAD_REFUSED] = 5;
  bench_report_json(&out, &plan, &result);
  buf_put_c(&out, '\0');
  assert_non_null(strstr(out.p, "\"latency_us\":{\"min\":null,\"p50\":null,\"p90\":null,\"p99\":null,\"p999\":null,"
                                "\"max\":null},"));
  buf_free(&out);
}

static void json_tells_how_it_ended(void **state)
{
  (void)state;
  static const char *const words[] = {"\"firsts\":[null,{", "\"tls_fault\":\"an \\\"alert\\\"\"",
                                      "\"interrupted\":true", "\"gave_up\":true"};
  struct buf out = BUF_INIT(4096);
  firsts[0].known = false;
  memcpy(result.tls_fault, "an \"alert\"", 11);
  result.interrupted = result.gave_up = true;
  bench_report_json(&out, &plan, &result);
  buf_put_c(&out, '\0');
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (!strstr(out.p, words[i]))
      fail_msg("no `%s` in\n%s", words[i], out.p);
  buf_free(&out);
}

/* No line is too wide for a terminal, and nothing in it steers one. */
static void assert_fits(struct str text)
{
  struct str line;
  while (str_line(&text, &line)) {
    assert_false(str_has_control(line));
    if (utf8_columns(line) > COLUMNS)
      fail_msg("%zu columns: %.*s", utf8_columns(line), STR_ARG(line));
  }
}

static void the_text_names_what_happened(void **state)
{
  (void)state;
  static const char *const words[] = {
      "gemini://h/\n  status 20, 1,234 bytes\n",
      "gopher://h/0\"\\\\\\x1b[2J\xC3\xA9\\xff\\x7f\n  1 byte\n",
      "requests    5 in 2.00 s by 3 clients, 4 failed\n",
      "rate        3 requests a second\n",
      "received    2.0 KiB, 1.0 KiB a second\n",
      "handshakes  5 full, 0 resumed\n",
      "used 50% of one processor\n",
      "errors      3 connection refused\n            1 tls (the server does not speak TLS)\n",
      "  up to    7.001 ms 100.00%  ####",
  };
  struct buf out = BUF_INIT(65536);
  result.failed = 4;
  result.full = 5;
  result.faults[LOAD_REFUSED] = 3;
  result.faults[LOAD_TLS] = 1;
  memcpy(result.tls_fault, "the server does not speak TLS", 30);
  histogram_add(&result.latency, 7 * MS);
  bench_report_text(&out, &plan, &result);
  assert_fits(buf_str(&out));
  assert_null(memmem(out.p, out.n, "interrupted", strlen("interrupted")));
  buf_put_c(&out, '\0');
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (!strstr(out.p, words[i]))
      fail_msg("no `%s` in\n%s", words[i], out.p);
  buf_free(&out);
}

static void the_text_says_that_it_is_not_the_whole(void **state)
{
  (void)state;
  struct buf out = BUF_INIT(65536);
  result.interrupted = true;
  bench_report_text(&out, &plan, &result);
  assert_fits(buf_str(&out));
  assert_non_null(memmem(out.p, out.n, "\ninterrupted before its end\n", 28));
  buf_free(&out);
}

static void nothing_measured_has_no_latency(void **state)
{
  (void)state;
  struct buf out = BUF_INIT(65536);
  result.requests = result.failed = 5;
  firsts[0].known = false;
  bench_report_text(&out, &plan, &result);
  buf_put_c(&out, '\0');
  assert_null(strstr(out.p, "latency"));
  assert_non_null(strstr(out.p, "no whole answer"));
  assert_null(strstr(out.p, "handshakes"));
  buf_clear(&out);
  result.elapsed_ns = result.window.ns = 0;
  bench_report_json(&out, &plan, &result);
  buf_put_c(&out, '\0');
  assert_non_null(strstr(out.p, "\"requests_per_second\":0.0,"));
  buf_free(&out);
}

/* Rows that begin with `  up to` or `  above`; the shares of all must make up the whole. */
static void check_rows(int line, struct str text)
{
  struct str row;
  unsigned rows = 0;
  double sum = 0;
  while (str_line(&text, &row)) {
    if (!str_starts(row, STR("  up to ")) && !str_starts(row, STR("  above ")))
      continue;
    size_t percent = str_find(row, '%');
    char share[8] = "";
    memcpy(share, row.p + percent - 6, 6);
    sum += strtod(share, NULL);
    rows++;
  }
  if (rows < 1 || rows > ROWS || sum < 99.9 || sum > 100.1)
    fail_msg("line %d: %u rows, %f in all", line, rows, sum);
}

static void every_histogram_fits(void **state)
{
  static const struct {
    int line;
    uint64_t least, step; /* nanoseconds */
    unsigned n;
    uint64_t outlier;
  } rows[] = {
      {__LINE__, 0, 0, 1, 0},
      {__LINE__, 500, 1, 100, 0},
      {__LINE__, 999999, 1, 3, 0},
      {__LINE__, 100000, 1000, 1000, UINT64_C(9000) * MS},
      {__LINE__, 4 * MS, 3 * MS, 1000, UINT64_C(20000) * MS},
      {__LINE__, 1000, 100 * MS, 10000, UINT64_C(99999999) * MS},
      {__LINE__, 199 * MS, 1, 2, 0},
      {__LINE__, 1, UINT64_C(3600000) * MS, 4, 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (uint64_t scale = 1; scale < 100000; scale = scale * 3 + 1) {
      struct buf out = BUF_INIT(65536);
      (void)set_up(state);
      for (unsigned k = 0; k < rows[i].n; k++)
        histogram_add(&result.latency, rows[i].least + rows[i].step * k / scale);
      if (rows[i].outlier)
        histogram_add(&result.latency, rows[i].outlier);
      bench_report_text(&out, &plan, &result);
      assert_int_equal(buf_error(&out), 0);
      assert_fits(buf_str(&out));
      check_rows(rows[i].line, buf_str(&out));
      buf_free(&out);
    }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers),
      cmocka_unit_test_setup(json_says_it_all_in_one_line, set_up),
      cmocka_unit_test_setup(json_has_no_latency_where_nothing_succeeded, set_up),
      cmocka_unit_test_setup(json_tells_how_it_ended, set_up),
      cmocka_unit_test_setup(the_text_says_that_it_is_not_the_whole, set_up),
      cmocka_unit_test_setup(the_text_names_what_happened, set_up),
      cmocka_unit_test_setup(nothing_measured_has_no_latency, set_up),
      cmocka_unit_test_setup(every_histogram_fits, set_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
