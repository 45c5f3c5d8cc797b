/* Wrapping at columns (P9). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "text/wrap.h"

static void lines_are_cut_where_they_read_well_P9(void **state)
{
  (void)state;
  static const struct {
    int line;
    size_t columns;
    const char *text, *want; /* the lines, each with a bar behind it */
  } table[] = {
      {__LINE__, 10, "short", "short|"},
      {__LINE__, 10, "ten column", "ten column|"},
      {__LINE__, 10, "ten columns", "ten|columns|"},
      {__LINE__, 10, "a  b   c", "a  b   c|"},
      {__LINE__, 5, "abcde    fghij  ", "abcde|fghij|"},
      {__LINE__, 5, "abcdefghijkl mn", "abcde|fghij|kl mn|"},
      {__LINE__, 5, "ab cdefghijk", "ab|cdefg|hijk|"},
      {__LINE__, 10, "  indented text", "  indented|text|"},
      {__LINE__, 10, "     indented text", "indented|text|"},
      {__LINE__, 10, "                x y", "x y|"},
      {__LINE__, 10, "     ", "|"},
      {__LINE__, 10, "", ""},
      /* wide characters take two columns each */
      {__LINE__, 10, "日本語日本語", "日本語日本|語|"},
      {__LINE__, 11, "日本語日本語", "日本語日本|語|"},
      {__LINE__, 1, "日本", "日|本|"},
      /* kinsoku: closing marks do not begin a line, opening ones do not end it */
      {__LINE__, 10, "日本語日本。語", "日本語日|本。語|"},
      {__LINE__, 10, "日本語日（本）", "日本語日|（本）|"},
      {__LINE__, 10, "「「「「「「", "「「「「「|「|"},
      /* a script without spaces and one with them */
      {__LINE__, 8, "日本語abc", "日本語|abc|"},
      {__LINE__, 8, "abc日本語", "abc日本|語|"},
      {__LINE__, 8, "한국어 한국어", "한국어|한국어|"},
      /* a character is never cut: e with two accents, a family */
      {__LINE__, 3, "abe\xcc\x81\xcc\x88xyz", "abe\xcc\x81\xcc\x88|xyz|"},
      {__LINE__, 3, "ab\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9 c",
       "ab|\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9|c|"},
      /* a no-break space does not break */
      {__LINE__, 8,
       "see No.\xc2\xa0"
       "5",
       "see|No.\xc2\xa0"
       "5|"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf got = BUF_INIT(200);
    struct str rest = str_from(table[i].text), line;
    while (wrap_cut(&rest, table[i].columns, true, &line)) {
      buf_put_str(&got, line);
      buf_put_c(&got, '|');
    }
    if (!str_eq(buf_str(&got), str_from(table[i].want)))
      fail_msg("line %d: %.*s", table[i].line, STR_ARG(buf_str(&got)));
    buf_free(&got);
  }
}

static void a_start_is_cut_only_where_the_rest_cannot_matter(void **state)
{
  (void)state;
  struct str line, rest = STR("ten column");
  assert_false(wrap_cut(&rest, 10, false, &line));
  assert_true(str_eq(rest, STR("ten column")));
  rest = STR("ten columns");
  assert_true(wrap_cut(&rest, 10, false, &line));
  assert_true(str_eq(line, STR("ten")));
  assert_true(str_eq(rest, STR("columns")));
  assert_false(wrap_cut(&rest, 10, false, &line));
  rest = STR("word                ");
  assert_false(wrap_cut(&rest, 10, false, &line));
}

/* Characters without any width, of which a line could hold a million, must not be looked at again for every cut. */
static void wrapping_is_linear(void **state)
{
  (void)state;
  struct buf text = BUF_INIT(1 << 24);
  for (unsigned i = 0; i < 300000; i++)
    buf_put_str(&text, i % 1000 ? STR("\xe2\x80\x8b") : STR("ab "));
  for (unsigned i = 0; i < 300000; i++)
    buf_put_str(&text, STR("\xcc\x81"));
  for (unsigned i = 0; i < 300000; i++)
    buf_put_c(&text, ' ');
  assert_int_equal(buf_error(&text), 0);
  struct str rest = buf_str(&text), line;
  size_t lines = 0;
  while (wrap_cut(&rest, 20, true, &line)) {
    assert_true(utf8_columns(line) <= 20);
    lines++;
  }
  assert_true(lines > 10);
  buf_free(&text);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lines_are_cut_where_they_read_well_P9),
      cmocka_unit_test(a_start_is_cut_only_where_the_rest_cannot_matter),
      cmocka_unit_test(wrapping_is_linear),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
