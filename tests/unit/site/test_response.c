/* Responses: what may stand in a META (G15), and who owns what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "site/response.h"

static void a_meta_is_clean_G15(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *text, *want;
  } table[] = {
      {__LINE__, "", ""},
      {__LINE__, "text/gemini; lang=en", "text/gemini; lang=en"},
      {__LINE__, "No such file: caf\xc3\xa9 \xe5\xa4\x96", "No such file: caf\xc3\xa9 \xe5\xa4\x96"},
      {__LINE__, "20 text/plain\r\nforged", "20 text/plain  forged"},
      {__LINE__,
       "a\tb\x7f"
       "c\x1b[2J",
       "a b c [2J"},
      {__LINE__,
       "a\xc2\x9b"
       "b\xc2\x85",
       "a b "}, /* control characters above ASCII */
      {__LINE__,
       "\xef\xbb\xbf"
       "no mark",
       "no mark"}, /* a byte order mark */
      {__LINE__, "\xff\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
      {__LINE__, "cut \xe5\xa4", "cut \xef\xbf\xbd\xef\xbf\xbd"},
  };
  struct response r;
  response_init(&r);
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    response_set(&r, STATUS_NOT_FOUND, "%s", table[i].text);
    if (!str_eq(buf_str(&r.meta), str_from(table[i].want)))
      fail_msg("line %d: %.*s", table[i].line, STR_ARG(buf_str(&r.meta)));
    assert_int_equal(buf_error(&r.meta), 0);
    assert_int_equal(r.status, STATUS_NOT_FOUND);
  }
  response_free(&r);
}

/* Whatever its bytes: 1024 at most, valid, without control characters; and as long as it can be. */
static void a_meta_is_cut_between_characters_G15(void **state)
{
  (void)state;
  static const char *const units[] = {"x", "\xc3\xa9", "\xe5\xa4\x96", "\xf0\x9f\x9a\x80", "\xff", "\n", "\xc2\x80"};
  char text[8000];
  struct response r;
  response_init(&r);
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    for (size_t lead = 0; lead < 5; lead++) {
      size_t n = lead, unit = strlen(units[i]);
      memset(text, 'a', lead);
      for (; n + unit < sizeof text; n += unit)
        memcpy(text + n, units[i], unit);
      text[n] = '\0';
      response_set(&r, STATUS_TEMPORARY_FAILURE, "%s", text);
      struct str meta = buf_str(&r.meta);
      if (meta.n > META_MAX || meta.n + 4 <= META_MAX || !utf8_valid(meta) || str_has_control(meta))
        fail_msg("unit %zu after %zu bytes: %zu bytes", i, lead, meta.n);
    }
  }
  response_set(&r, STATUS_SUCCESS, "%1024s", "text/plain");
  assert_int_equal(r.meta.n, META_MAX);
  response_free(&r);
}

static void only_a_success_has_a_body_G15(void **state)
{
  (void)state;
  struct response r;
  response_init(&r);
  assert_int_equal(r.status, STATUS_TEMPORARY_FAILURE);
  r.body = body_copy(STR("text"));
  r.format = FORMAT_GEMTEXT;
  response_set(&r, STATUS_SUCCESS, "text/gemini");
  assert_non_null(r.body);
  assert_int_equal(r.format, FORMAT_GEMTEXT);
  response_set(&r, STATUS_TEMPORARY_FAILURE, "memory is short");
  assert_null(r.body);
  assert_int_equal(r.format, FORMAT_PLAIN);
  response_free(&r);
}

static void a_response_moves_whole(void **state)
{
  (void)state;
  struct response from, to;
  response_init(&from);
  response_set(&from, STATUS_SUCCESS, "text/gemini");
  buf_put_str(&from.base, STR("/dir/"));
  from.format = FORMAT_GEMTEXT;
  from.body = body_copy(STR("# Page\n"));
  struct body *body = from.body;
  response_move(&to, &from);
  assert_ptr_equal(to.body, body);
  assert_int_equal(to.status, STATUS_SUCCESS);
  assert_int_equal(to.format, FORMAT_GEMTEXT);
  assert_true(str_eq(buf_str(&to.meta), STR("text/gemini")));
  assert_true(str_eq(buf_str(&to.base), STR("/dir/")));
  assert_null(from.body);
  assert_int_equal(from.meta.n, 0);
  /* What was moved from can be used again; both can be freed, twice. */
  response_set(&from, STATUS_GONE, "gone");
  response_free(&from);
  response_free(&to);
  response_free(&to);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_meta_is_clean_G15),
      cmocka_unit_test(a_meta_is_cut_between_characters_G15),
      cmocka_unit_test(only_a_success_has_a_body_G15),
      cmocka_unit_test(a_response_moves_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
