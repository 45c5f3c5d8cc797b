/* The lines of `nuncio check URL`, from findings made up by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/check_report.h"

enum { LINE = 1 << 16 };

static void bytes_that_a_terminal_can_take(void **state)
{
  (void)state;
  static const struct {
    int line;
    struct str bytes;
    size_t most;
    const char *shown;
  } rows[] = {
      {__LINE__, STR_INIT(""), 10, ""},
      {__LINE__, STR_INIT("gemini://x/\r\n"), 20, "gemini://x/\\r\\n"},
      {__LINE__, STR_INIT("\t$\n"), 20, "\\t$\\n"},
      {__LINE__, STR_INIT("\x1b[2J\0\\"), 20, "\\x1b[2J\\x00\\\\"},
      {__LINE__, STR_INIT("caf\xC3\xA9 \xFF"), 20, "caf\xC3\xA9 \\xff"},
      {__LINE__, STR_INIT("0123456789"), 10, "0123456789"},
      {__LINE__, STR_INIT("0123456789a"), 10, "0123456789... (11 bytes)"},
      {__LINE__, STR_INIT("caf\xC3\xA9s"), 4, "caf... (6 bytes)"},
      {__LINE__, STR_INIT("\xFF\xFF\xFF"), 2, "\\xff\\xff... (3 bytes)"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct buf out = BUF_INIT(LINE);
    check_put_bytes(&out, rows[i].bytes, rows[i].most);
    if (!str_eq(buf_str(&out), str_from(rows[i].shown)))
      fail_msg("line %d: %.*s", rows[i].line, STR_ARG(buf_str(&out)));
    buf_free(&out);
  }
}

static void lines_for_people_and_machines(void **state)
{
  (void)state;
  static const struct {
    int line;
    struct probe_line finding;
    const char *text, *json;
  } rows[] = {
      {__LINE__,
       {.rule = "G9",
        .what = "userinfo is refused with 59",
        .verdict = VERDICT_FAIL,
        .words = STR_INIT("answered with 20\x1b"),
        .asked = true,
        .sent = STR_INIT("gemini://n@x/\r\n"),
        .received = STR_INIT("20 text/gemini\r\n\"\xFF"),
        .ended = STR_INIT("close_notify")},
       "fail  G9   userinfo is refused with 59: answered with 20\\x1b\n"
       "        > gemini://n@x/\\r\\n\n"
       "        < 20 text/gemini\\r\\n\"\\xff [close_notify]\n",
       "{\"rule\":\"G9\",\"what\":\"userinfo is refused with 59\",\"verdict\":\"fail\",\"words\":\"answered with "
       "20\\\\x1b\",\"sent\":\"gemini://n@x/\\\\r\\\\n\",\"received\":\"20 "
       "text/gemini\\\\r\\\\n\\\"\\\\xff\",\"bytes\":18,\"ended\":\"close_notify\"}\n"},
      {__LINE__,
       {.rule = "P18",
        .what = "FIN after its last byte",
        .verdict = VERDICT_PASS,
        .asked = true,
        .again = true,
        .ended = STR_INIT("FIN")},
       "pass  P18  FIN after its last byte\n",
       "{\"rule\":\"P18\",\"what\":\"FIN after its last "
       "byte\",\"verdict\":\"pass\",\"words\":\"\",\"sent\":\"\",\"received\":\"\",\"bytes\":0,\"ended\":\"FIN\"}\n"},
      {__LINE__,
       {.rule = "P3", .what = "a search", .verdict = VERDICT_NOTE, .words = STR_INIT("not judged")},
       "note  P3   a search: not judged\n",
       "{\"rule\":\"P3\",\"what\":\"a search\",\"verdict\":\"note\",\"words\":\"not "
       "judged\",\"sent\":null,\"received\":null,\"bytes\":null,\"ended\":null}\n"},
      {__LINE__,
       {.rule = "P1",
        .what = "a bare LF",
        .verdict = VERDICT_NOTE,
        .words = STR_INIT("still open"),
        .asked = true,
        .sent = STR_INIT("\n"),
        .ended = STR_INIT("still open after 2000 ms")},
       "note  P1   a bare LF: still open\n        > \\n\n        < [still open after 2000 ms]\n",
       "{\"rule\":\"P1\",\"what\":\"a bare LF\",\"verdict\":\"note\",\"words\":\"still "
       "open\",\"sent\":\"\\\\n\",\"received\":\"\",\"bytes\":0,\"ended\":\"still open after 2000 ms\"}\n"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct buf text = BUF_INIT(LINE), json = BUF_INIT(LINE);
    check_put_text(&text, &rows[i].finding);
    check_put_json(&json, &rows[i].finding);
    if (!str_eq(buf_str(&text), str_from(rows[i].text)))
      fail_msg("line %d: %.*s", rows[i].line, STR_ARG(buf_str(&text)));
    if (!str_eq(buf_str(&json), str_from(rows[i].json)))
      fail_msg("line %d: %.*s", rows[i].line, STR_ARG(buf_str(&json)));
    buf_free(&text);
    buf_free(&json);
  }
}

/* However much came: a line is bounded. */
static void a_long_answer_is_cut(void **state)
{
  (void)state;
  static char bytes[100000];
  const struct probe_line line = {
      .rule = "G1", .what = "x", .asked = true, .sent = {bytes, sizeof bytes}, .received = {bytes, sizeof bytes}};
  struct buf text = BUF_INIT(LINE), json = BUF_INIT(LINE);
  check_put_text(&text, &line);
  check_put_json(&json, &line);
  assert_int_equal(buf_error(&text) | buf_error(&json), 0);
  assert_true(text.n < 2000);
  assert_true(json.n < 20000);
  buf_free(&text);
  buf_free(&json);
}

static void the_sum(void **state)
{
  (void)state;
  const struct probe_result result = {.passes = 40, .fails = 2, .notes = 1};
  struct buf out = BUF_INIT(LINE);
  check_put_sum(&out, &result);
  assert_true(str_eq(buf_str(&out), STR("40 passed, 2 failed, 1 note\n")));
  buf_free(&out);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bytes_that_a_terminal_can_take),
      cmocka_unit_test(lines_for_people_and_machines),
      cmocka_unit_test(a_long_answer_is_cut),
      cmocka_unit_test(the_sum),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
