/* Gopher menus: single lines (P7, P8, P9, P13). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "text/menu.h"

static void check(struct buf *got, const char *want)
{
  assert_int_equal(buf_error(got), 0);
  if (!str_eq(buf_str(got), str_from(want)))
    fail_msg("got %.*s", STR_ARG(buf_str(got)));
  buf_free(got);
}

static void a_line_has_four_fields_P7(void **state)
{
  (void)state;
  struct buf out = BUF_INIT(1000);
  menu_put(&out, '0', STR("A file"), STR("/a.txt"), STR("localhost"), 7070);
  check(&out, "0A file\t/a.txt\tlocalhost\t7070\r\n");
  menu_put(&out, '1', STR("a\tb\r\nc\0d"), STR("/a\tb\r\n%\xc3\xa9"), STR("h\t\n"), 70);
  check(&out, "1a b  c d\t/a%09b%0D%0A%\xc3\xa9\th  \t70\r\n");
  menu_put(&out, '\t', STR("caf\xe9"), STR(""), STR("h"), 70);
  check(&out, "icaf\xef\xbf\xbd\t\th\t70\r\n");
  menu_put_info(&out, STR("  "), STR("x\ty"));
  check(&out, "i  x y\t\terror.host\t1\r\n");
}

static void menus_end_with_a_dot_P8_P13(void **state)
{
  (void)state;
  struct buf out = BUF_INIT(1000);
  menu_put_end(&out);
  check(&out, ".\r\n");
  menu_put_error(&out, STR("No such\nfile"));
  check(&out, "3No such file\t\terror.host\t1\r\n.\r\n");
}

static void text_is_wrapped_with_prefixes_P9(void **state)
{
  (void)state;
  struct buf out = BUF_INIT(1000);
  menu_put_wrapped(&out, 12, STR("* "), STR("  "), STR("one two three four"));
  check(&out, "i* one two\t\terror.host\t1\r\ni  three four\t\terror.host\t1\r\n");
  menu_put_wrapped(&out, 12, STR("> "), STR("> "), STR(""));
  check(&out, "i>\t\terror.host\t1\r\n");
  menu_put_wrapped(&out, 12, STR(""), STR(""), STR(""));
  check(&out, "i\t\terror.host\t1\r\n");
  menu_put_wrapped(&out, 8, STR(""), STR(""), STR("a\xff\tb\nccccc"));
  check(&out, "ia\xef\xbf\xbd b\t\terror.host\t1\r\niccccc\t\terror.host\t1\r\n");
  out = BUF_INIT(20);
  menu_put_wrapped(&out, 10, STR(""), STR(""), STR("a longer text"));
  assert_int_equal(buf_error(&out), ERR_FULL);
  buf_free(&out);
}

static void a_name_suggests_a_type_P10_P15(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *path;
    char type;
  } table[] = {
      {__LINE__, "/", '1'},           {__LINE__, "/docs/", '1'},    {__LINE__, "/docs.d/", '1'},
      {__LINE__, "/a.gmi", '1'},      {__LINE__, "/a.GEMINI", '1'}, {__LINE__, "/README", '1'},
      {__LINE__, "/v1.2/about", '1'}, {__LINE__, "/.hidden", '1'},  {__LINE__, "/dot.", '1'},
      {__LINE__, "/a.txt", '9'}, /* the site knows better */
      {__LINE__, "/a.tar.gz", '9'},   {__LINE__, "a.pdf", '9'},     {__LINE__, "", '1'},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    char type = menu_type_by_name(str_from(table[i].path));
    if (type != table[i].type)
      fail_msg("line %d: %s is %c", table[i].line, table[i].path, type);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_line_has_four_fields_P7),
      cmocka_unit_test(menus_end_with_a_dot_P8_P13),
      cmocka_unit_test(text_is_wrapped_with_prefixes_P9),
      cmocka_unit_test(a_name_suggests_a_type_P10_P15),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
