/* Plain text within one line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text/plain.h"

static void bytes_become_plain_text(void **state)
{
  (void)state;
  static const struct {
    int line;
    struct str in;
    const char *put, *expanded;
  } table[] = {
      {__LINE__, STR_INIT(""), "", ""},
      {__LINE__, STR_INIT("caf\xc3\xa9 "), "caf\xc3\xa9 ", "caf\xc3\xa9 "},
      {__LINE__, STR_INIT("a\0b\r\nc\x7f"), "a b  c ", "a b  c "},
      {__LINE__, STR_INIT("caf\xe9\x01\xff"), "caf\xef\xbf\xbd \xef\xbf\xbd", "caf\xef\xbf\xbd \xef\xbf\xbd"},
      {__LINE__, STR_INIT("\ta"), " a", "        a"},
      {__LINE__, STR_INIT("abc\td\t"), "abc d ", "abc     d       "},
      {__LINE__, STR_INIT("12345678\tx"), "12345678 x", "12345678        x"},
      {__LINE__, STR_INIT("\xe6\x97\xa5\tx"), "\xe6\x97\xa5 x", "\xe6\x97\xa5      x"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf put = BUF_INIT(100), expanded = BUF_INIT(100);
    plain_put(&put, table[i].in);
    plain_put_expanded(&expanded, table[i].in);
    if (!str_eq(buf_str(&put), str_from(table[i].put)) || !str_eq(buf_str(&expanded), str_from(table[i].expanded)))
      fail_msg("line %d: '%.*s' '%.*s'", table[i].line, STR_ARG(buf_str(&put)), STR_ARG(buf_str(&expanded)));
    assert_true(plain_is(buf_str(&put)) && plain_is(buf_str(&expanded)));
    assert_int_equal(plain_is(table[i].in), str_eq(table[i].in, buf_str(&put)));
    buf_free(&put);
    buf_free(&expanded);
  }
  assert_true(str_eq(plain_trim_end(STR(" a  ")), STR(" a")));
  assert_int_equal(plain_trim_end(STR("  ")).n, 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bytes_become_plain_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
