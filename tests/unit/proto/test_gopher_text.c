/* Texts that end with a lone dot, as RFC 1436 sends them (P14). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/gopher_text.h"

static void a_text_ends_with_a_lone_dot_P14(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *text, *sent;
  } table[] = {
      {__LINE__, "", ".\r\n"},
      {__LINE__, "one", "one\r\n.\r\n"},
      {__LINE__, "one\n", "one\r\n.\r\n"},
      {__LINE__, "one\r\n", "one\r\n.\r\n"},
      {__LINE__, "one\n\ntwo\n", "one\r\n\r\ntwo\r\n.\r\n"},
      {__LINE__, "\n", "\r\n.\r\n"},
      {__LINE__, ".", "..\r\n.\r\n"},
      {__LINE__, ".\n..\r\n.a\nb.\n .\n", "..\r\n...\r\n..a\r\nb.\r\n .\r\n.\r\n"},
      {__LINE__, "one\r", "one\r\n.\r\n"},
      {__LINE__, "a\rb\r\r\n", "a\rb\r\r\n.\r\n"},
      {__LINE__, "\r\n.\r\n", "\r\n..\r\n.\r\n"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct str text = str_from(table[i].text);
    for (size_t size = 1; size <= text.n + 1; size++) {
      struct buf out = BUF_INIT(256);
      struct gopher_text filter = {.in_line = false};
      for (size_t at = 0; at < text.n; at += size)
        assert_int_equal(gopher_text_feed(&filter, str_head(str_skip(text, at), size), &out), 0);
      assert_int_equal(gopher_text_end(&filter, &out), 0);
      if (!str_eq(buf_str(&out), str_from(table[i].sent)))
        fail_msg("line %d, %zu bytes at a time: '%.*s'", table[i].line, size, STR_ARG(buf_str(&out)));
      buf_free(&out);
    }
  }
}

static void a_body_becomes_such_a_text_P14(void **state)
{
  (void)state;
  static const char *const texts[][2] = {{NULL, ".\r\n"}, {".x\ny", "..x\r\ny\r\n.\r\n"}};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    struct buf out = BUF_INIT(256);
    struct body *body = gopher_text_body(texts[i][0] ? body_copy(str_from(texts[i][0])) : NULL);
    enum pull got;
    assert_non_null(body);
    while ((got = body_pull(body, &out, 4096)) == PULL_BYTES)
      continue;
    assert_int_equal(got, PULL_END);
    assert_true(str_eq(buf_str(&out), str_from(texts[i][1])));
    body_free(body);
    buf_free(&out);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_text_ends_with_a_lone_dot_P14),
      cmocka_unit_test(a_body_becomes_such_a_text_P14),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
