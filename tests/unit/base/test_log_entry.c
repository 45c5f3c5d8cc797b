/* Entries of the log of requests, in each form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/log_entry.h"

enum { MOST = 4096 };

/* Sunday, 2026-02-01, 03:04:05.006 UTC. */
static const struct timespec when = {.tv_sec = 1769915045, .tv_nsec = 6999999};

static struct log_entry page(const char *request)
{
  return (struct log_entry){
      .time = when,
      .protocol = "gemini",
      .name = "gemini",
      .tls = true,
      .asked = true,
      .site = STR("example.org"),
      .status = 20,
      .bytes = 1234,
      .request = str_from(request),
      .ms = 7,
  };
}

static void check(int line, const struct log_entry *e, enum log_format format, bool started, const char *want)
{
  struct buf out = BUF_INIT(2 * MOST);
  log_entry_put(&out, format, e, started, MOST);
  if (buf_error(&out) || !str_eq(buf_str(&out), str_from(want)))
    fail_msg("line %d: %.*s", line, STR_ARG(buf_str(&out)));
  buf_free(&out);
}

static void a_page_B3(void **state)
{
  (void)state;
  struct log_entry e = page("gemini://example.org/a.gmi");
  check(__LINE__, &e, LOG_PLAIN, true,
        "2026-02-01T03:04:05.006Z request gemini example.org 20 1234 7ms gemini://example.org/a.gmi\n");
  check(__LINE__, &e, LOG_PLAIN, false, "gemini example.org 20 1234 7ms gemini://example.org/a.gmi\n");
  check(__LINE__, &e, LOG_COMBINED, true,
        "- - - [01/Feb/2026:03:04:05 +0000] \"gemini://example.org/a.gmi\" 20 1234 \"-\" \"-\"\n");
  check(__LINE__, &e, LOG_COMBINED, false,
        "- - - [01/Feb/2026:03:04:05 +0000] \"gemini://example.org/a.gmi\" 20 1234 \"-\" \"-\"\n");
  check(__LINE__, &e, LOG_JSON, true,
        "{\"time\":\"2026-02-01T03:04:05.006Z\",\"protocol\":\"gemini\",\"tls\":true,\"resumed\":false,"
        "\"site\":\"example.org\",\"status\":20,\"bytes\":1234,\"ms\":7,\"request\":\"gemini://example.org/a.gmi\"}\n");
}

static void a_selector_with_an_address_B3(void **state)
{
  (void)state;
  struct log_entry e = page("");
  e.protocol = "gopher";
  e.name = "gophers";
  e.resumed = true;
  e.address = STR("192.0.2.0");
  check(__LINE__, &e, LOG_PLAIN, false, "gophers example.org 20 1234 7ms from 192.0.2.0 /\n");
  check(__LINE__, &e, LOG_COMBINED, false, "192.0.2.0 - - [01/Feb/2026:03:04:05 +0000] \"/\" 20 1234 \"-\" \"-\"\n");
  check(__LINE__, &e, LOG_JSON, false,
        "{\"time\":\"2026-02-01T03:04:05.006Z\",\"protocol\":\"gopher\",\"tls\":true,\"resumed\":true,"
        "\"site\":\"example.org\",\"status\":20,\"bytes\":1234,\"ms\":7,\"address\":\"192.0.2.0\",\"request\":\"\"}\n");
}

static void an_answer_that_was_cut_short(void **state)
{
  (void)state;
  struct log_entry e = page("/x");
  e.site = STR("");
  e.failed = true;
  check(__LINE__, &e, LOG_PLAIN, false, "gemini - 20 1234 7ms cut short: the client left /x\n");
  e.fault = "too slow";
  e.left_out = 3;
  check(__LINE__, &e, LOG_PLAIN, false,
        "gemini - 20 1234 7ms (3 more before this one were left out) cut short: too slow /x\n");
  check(__LINE__, &e, LOG_JSON, false,
        "{\"time\":\"2026-02-01T03:04:05.006Z\",\"protocol\":\"gemini\",\"tls\":true,\"resumed\":false,"
        "\"status\":20,\"bytes\":1234,\"ms\":7,\"left_out\":3,\"fault\":\"too slow\",\"request\":\"/x\"}\n");
}

static void who_never_asked(void **state)
{
  (void)state;
  struct log_entry e = {.time = when, .protocol = "gopher", .name = "gopher", .ms = 90, .left_out = 12};
  check(__LINE__, &e, LOG_PLAIN, true,
        "2026-02-01T03:04:05.006Z request gopher - no request: the client left, after 90ms "
        "(12 more before this one were left out)\n");
  check(__LINE__, &e, LOG_COMBINED, true, "- - - [01/Feb/2026:03:04:05 +0000] \"-\" - - \"-\" \"-\"\n");
  check(__LINE__, &e, LOG_JSON, true,
        "{\"time\":\"2026-02-01T03:04:05.006Z\",\"protocol\":\"gopher\",\"tls\":false,\"resumed\":false,\"ms\":90,"
        "\"left_out\":12,\"fault\":\"the client left\"}\n");
}

static void no_bytes_are_none_in_the_combined_form(void **state)
{
  (void)state;
  struct log_entry e = page("/");
  e.bytes = 0;
  check(__LINE__, &e, LOG_COMBINED, true, "- - - [01/Feb/2026:03:04:05 +0000] \"/\" 20 - \"-\" \"-\"\n");
}

static void what_a_peer_sends_is_escaped_B3(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *sent, *plain, *combined, *json;
  } table[] = {
      {__LINE__, "a b", "a b", "a b", "a b"},
      {__LINE__, "a\"b", "a\"b", "a\\\"b", "a\\\"b"},
      {__LINE__, "a\\b", "a\\\\b", "a\\\\b", "a\\\\b"},
      {__LINE__, "\"", "\"", "\\\"", "\\\""},
      {__LINE__, "a\r\nb", "a\\x0d\\x0ab", "a\\x0d\\x0ab", "a\\u000d\\u000ab"},
      {__LINE__, "\t\x7f", "\\x09\\x7f", "\\x09\\x7f", "\\u0009\\u007f"},
      {__LINE__, "\x1b[2J", "\\x1b[2J", "\\x1b[2J", "\\u001b[2J"},
      {__LINE__, "\xc3\xa4\xe6\x97\xa5\xf0\x9f\x99\x82", "\xc3\xa4\xe6\x97\xa5\xf0\x9f\x99\x82",
       "\xc3\xa4\xe6\x97\xa5\xf0\x9f\x99\x82", "\xc3\xa4\xe6\x97\xa5\xf0\x9f\x99\x82"},
      {__LINE__, "\xff", "\\xff", "\\xff", "\\ufffd"},
      {__LINE__, "\xc3", "\\xc3", "\\xc3", "\\ufffd"},
      {__LINE__, "\xed\xa0\x80", "\\xed\\xa0\\x80", "\\xed\\xa0\\x80", "\\ufffd\\ufffd\\ufffd"}, /* half a pair */
      {__LINE__, "\xc2\x9b", "\\xc2\\x9b", "\\xc2\\x9b", "\\u009b"},
      {__LINE__, "\xe2\x80\xae", "\\xe2\\x80\\xae", "\\xe2\\x80\\xae", "\\u202e"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    const char *const forms[] = {
        [LOG_PLAIN] = table[i].plain, [LOG_COMBINED] = table[i].combined, [LOG_JSON] = table[i].json};
    for (size_t form = 0; form < 3; form++) {
      struct log_entry e = page(table[i].sent);
      struct buf out = BUF_INIT(MOST), want = BUF_INIT(MOST);
      log_entry_put(&out, (enum log_format)form, &e, false, MOST);
      buf_printf(&want,
                 form == LOG_PLAIN      ? " 7ms %s\n"
                 : form == LOG_COMBINED ? "] \"%s\" 20 1234 \"-\" \"-\"\n"
                                        : "\"request\":\"%s\"}\n",
                 forms[form]);
      if (!str_ends(buf_str(&out), buf_str(&want)))
        fail_msg("line %d, form %zu: %.*s", table[i].line, form, STR_ARG(buf_str(&out)));
      buf_free(&out);
      buf_free(&want);
    }
  }
}

static bool escapes_are_whole(struct str s)
{
  while (s.n) {
    size_t n = 1;
    if (s.p[0] == '\\' && s.n > 1)
      n = s.p[1] == 'x' ? 4 : s.p[1] == 'u' ? 6 : 2;
    if (n > s.n || (n == 1 && s.p[0] == '\\'))
      return false;
    s = str_skip(s, n);
  }
  return true;
}

static void a_line_has_a_bound_and_no_escape_is_cut(void **state)
{
  (void)state;
  static const char *const units[] = {"x", "\xff", "\"", "\\", "\x1b", "\xf0\x9f\x99\x82", "\xe2\x80\xae"};
  static char request[1024 + 1];
  for (size_t u = 0; u < sizeof units / sizeof *units; u++)
    for (size_t shift = 0; shift < 8; shift++) {
      size_t n = shift, unit = strlen(units[u]);
      memset(request, 'x', shift);
      for (; n + unit < sizeof request; n += unit)
        memcpy(request + n, units[u], unit);
      request[n] = '\0';
      for (size_t form = 0; form < 3; form++) {
        struct log_entry e = page(request);
        struct buf out = BUF_INIT(2 * MOST);
        log_entry_put(&out, (enum log_format)form, &e, true, LOG_LINE_LEAST);
        assert_int_equal(buf_error(&out), 0);
        const char *end = form == LOG_PLAIN ? "\n" : form == LOG_COMBINED ? "\" 20 1234 \"-\" \"-\"\n" : "\"}\n";
        if (out.n > LOG_LINE_LEAST || out.n < LOG_LINE_LEAST - 64 || !str_ends(buf_str(&out), str_from(end)))
          fail_msg("unit %zu, form %zu: %zu bytes: %.*s", u, form, out.n, STR_ARG(buf_str(&out)));
        if (!escapes_are_whole(str_head(buf_str(&out), out.n - strlen(end))))
          fail_msg("unit %zu, form %zu: %.*s", u, form, STR_ARG(buf_str(&out)));
        buf_free(&out);
      }
    }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_page_B3),
      cmocka_unit_test(a_selector_with_an_address_B3),
      cmocka_unit_test(an_answer_that_was_cut_short),
      cmocka_unit_test(who_never_asked),
      cmocka_unit_test(no_bytes_are_none_in_the_combined_form),
      cmocka_unit_test(what_a_peer_sends_is_escaped_B3),
      cmocka_unit_test(a_line_has_a_bound_and_no_escape_is_cut),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
