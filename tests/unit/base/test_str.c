/* Spans: cutting lines and parts, numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/str.h"

static void lines_end_at_lf_or_crlf(void **state)
{
  (void)state;
  struct str rest = STR("one\r\n\ntwo\rx\nthree"), line;
  const struct str want[] = {STR("one"), STR(""), STR("two\rx"), STR("three")};
  for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
    assert_true(str_line(&rest, &line));
    assert_true(str_eq(line, want[i]));
  }
  assert_false(str_line(&rest, &line));
}

static void split_gives_every_part(void **state)
{
  (void)state;
  struct str rest = STR("a,,b"), part;
  const struct str want[] = {STR("a"), STR(""), STR("b")};
  for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
    assert_true(str_split(&rest, ',', &part));
    assert_true(str_eq(part, want[i]));
  }
  assert_false(str_split(&rest, ',', &part));
  rest = STR("");
  assert_true(str_split(&rest, ',', &part));
  assert_int_equal(part.n, 0);
  assert_false(str_split(&rest, ',', &part));
}

static void numbers_are_digits_only(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *text;
    int result;
    unsigned value;
  } table[] = {
      {__LINE__, "0", 0, 0},
      {__LINE__, "1965", 0, 1965},
      {__LINE__, "999999999", 0, 999999999},
      {__LINE__, "", ERR_SYNTAX, 0},
      {__LINE__, "-1", ERR_SYNTAX, 0},
      {__LINE__, " 1", ERR_SYNTAX, 0},
      {__LINE__, "1x", ERR_SYNTAX, 0},
      {__LINE__, "1234567890", ERR_SYNTAX, 0},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    unsigned value = 0;
    int result = str_number(str_from(table[i].text), &value);
    if (result != table[i].result || value != table[i].value)
      fail_msg("line %d: %s gave %d, %u", table[i].line, table[i].text, result, value);
  }
}

static void order_and_search(void **state)
{
  (void)state;
  assert_true(str_cmp(STR("a"), STR("ab")) < 0);
  assert_true(str_cmp(STR("b"), STR("ab")) > 0);
  assert_int_equal(str_cmp(STR(""), STR("")), 0);
  assert_int_equal(str_find(STR("abcb"), 'b'), 1);
  assert_int_equal(str_rfind(STR("abcb"), 'b'), 3);
  assert_int_equal(str_find(STR("abc"), 'x'), 3);
  assert_true(str_eq(str_trim(STR(" \t a b\t ")), STR("a b")));
  assert_true(str_starts_nocase(STR("GeMini://"), STR("gemini:")));
  assert_true(str_ends(STR("a.gmi"), STR(".gmi")));
  assert_false(str_ends(STR("gmi"), STR(".gmi")));
}

static void several_texts_in_one_block(void **state)
{
  (void)state;
  char block[8] = "#######", *at = block;
  struct str one = str_place(&at, STR("abc")), none = str_place(&at, (struct str){NULL, 0});
  struct str two = str_place(&at, STR("de"));
  assert_true(str_eq(one, STR("abc")) && none.n == 0 && str_eq(two, STR("de")));
  assert_string_equal(block, "abcde##");
  assert_ptr_equal(at, block + 5);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lines_end_at_lf_or_crlf),    cmocka_unit_test(split_gives_every_part),
      cmocka_unit_test(numbers_are_digits_only),    cmocka_unit_test(order_and_search),
      cmocka_unit_test(several_texts_in_one_block),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
