/* `.gph` menus: each line as the gophermap line that it stands for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "text/gph.h"

static void lines_become_those_of_a_gophermap(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *gph, *want;
  } table[] = {
      {__LINE__, "", "i\t\n"},
      {__LINE__, "just words", "ijust words\t\n"},
      {__LINE__, "[0|A text|/a.txt|server|port]", "0A text\t/a.txt\t\t\n"},
      {__LINE__, "[0|A text|a.txt]", "0A text\ta.txt\t\t\n"},
      {__LINE__, "[0|A text|a.txt|]", "0A text\ta.txt\t\t\n"},
      {__LINE__, "[1|There|/x|gopher.example.org|7070]", "1There\t/x\tgopher.example.org\t7070\n"},
      {__LINE__, "[1|There||gopher.example.org|70]", "1There\t\tgopher.example.org\t70\n"},
      {__LINE__, "[1|Home||server|port]", "1Home\t/\t\t\n"},
      {__LINE__, "[1|On our other port|/x|server|7071]", "1On our other port\t/x\t\t7071\n"},
      {__LINE__, "[h|Web|URL:https://example.org/|server|port]", "hWeb\tURL:https://example.org/\t\t\n"},
      {__LINE__, "[i||Err||]", "i\tErr\t\t\n"},
      {__LINE__, "[1|a \\| b|/a\\|b|server|port]", "1a | b\t/a|b\t\t\n"},
      {__LINE__, "[1|a\\b|/a\\\\b]", "1a\\b\t/a\\\\b\t\t\n"},
      {__LINE__, "[0|a\tb|/c\td]", "0a b\t/c d\t\t\n"},
      {__LINE__, "[0|A text|/a.txt|server|port] \t", "0A text\t/a.txt\t\t\n"},
      {__LINE__, "[0|a]b|/c]", "0a]b\t/c\t\t\n"},
      /* What only looks like an item is shown as it stands. */
      {__LINE__, "[", "i[\t\n"},
      {__LINE__, "[]", "i[]\t\n"},
      {__LINE__, "[0|no selector]", "i[0|no selector]\t\n"},
      {__LINE__, "[|no type|/x|server|port]", "i[|no type|/x|server|port]\t\n"},
      {__LINE__, "[00|two types|/x|server|port]", "i[00|two types|/x|server|port]\t\n"},
      {__LINE__, "[\xc3\xa9|no ASCII|/x|server|port]", "i[\xc3\xa9|no ASCII|/x|server|port]\t\n"},
      {__LINE__, "[0|six|/x|server|port|more]", "i[0|six|/x|server|port|more]\t\n"},
      {__LINE__, "[0|no end|/x|server|port", "i[0|no end|/x|server|port\t\n"},
      {__LINE__, "[0|the end escaped\\|/x]", "i[0|the end escaped\\|/x]\t\n"},
      /* A `t` in front is left out, once. */
      {__LINE__, "t[0|no item|/x|server|port]", "i[0|no item|/x|server|port]\t\n"},
      {__LINE__, "ttwo", "itwo\t\n"},
      {__LINE__, "t", "i\t\n"},
      /* Nothing ends a menu but its end; a TAB in a text makes no item of it. */
      {__LINE__, ".", "i.\t\n"},
      {__LINE__, "1name\t/x", "i1name   /x\t\n"},
      {__LINE__, "\xef\xbb\xbf[0|behind a mark|/x]", "0behind a mark\t/x\t\t\n"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf got = BUF_INIT(200);
    gph_put_line(&got, str_from(table[i].gph));
    if (!str_eq(buf_str(&got), str_from(table[i].want)))
      fail_msg("line %d: '%.*s'", table[i].line, STR_ARG(buf_str(&got)));
    buf_free(&got);
  }
}

static void a_whole_menu_has_a_line_for_each_line(void **state)
{
  (void)state;
  struct buf got = BUF_INIT(200);
  assert_int_equal(gph_gophermap(STR("Hello\r\n\r\n[0|A|/a]\n.\nlast"), &got), 0);
  assert_true(str_eq(buf_str(&got), STR("iHello\t\ni\t\n0A\t/a\t\t\ni.\t\nilast\t\n")));
  buf_free(&got);
  buf_init(&got, 8);
  assert_int_equal(gph_gophermap(STR("Hello, world\n"), &got), ERR_FULL);
  buf_free(&got);
}

static void a_menu_is_known_by_its_suffix(void **state)
{
  (void)state;
  assert_true(gph_named(STR("index.gph")));
  assert_true(gph_named(STR("/dir/a.gph")));
  assert_false(gph_named(STR(".gph")));
  assert_false(gph_named(STR("a.gph.txt")));
  assert_false(gph_named(STR("a.GPH")));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lines_become_those_of_a_gophermap),
      cmocka_unit_test(a_whole_menu_has_a_line_for_each_line),
      cmocka_unit_test(a_menu_is_known_by_its_suffix),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
