/* Gemini headers, strictly (G15). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "probe/header.h"

static void headers_G15(void **state)
{
  (void)state;
  static const struct {
    int line;
    struct str answer;
    int status;
    const char *meta, *body, *fault;
  } rows[] = {
      {__LINE__, STR_INIT("20 text/gemini\r\n# Hi\n"), 20, "text/gemini", "# Hi\n", NULL},
      {__LINE__, STR_INIT("51 Not found\r\n"), 51, "Not found", "", NULL},
      {__LINE__, STR_INIT("51 \r\n"), 51, "", "", NULL},
      {__LINE__, STR_INIT("51\r\n"), 51, "", "", NULL},
      {__LINE__, STR_INIT("20 caf\xC3\xA9\r\n"), 20, "caf\xC3\xA9", "", NULL},
      {__LINE__, STR_INIT(""), 0, "", "", "no answer"},
      {__LINE__, STR_INIT("2"), 0, "", "", "the answer does not begin with a status of two digits"},
      {__LINE__, STR_INIT("<html>"), 0, "", "", "the answer does not begin with a status of two digits"},
      {__LINE__,
       STR_INIT("\xEF\xBB\xBF"
                "20 text/gemini\r\n"),
       0, "", "", "the header begins with a byte order mark"},
      {__LINE__, STR_INIT("20 text/gemini\n"), 20, "", "", "the header does not end with CRLF"},
      {__LINE__, STR_INIT("20 text/gemini"), 20, "", "", "the header does not end with CRLF"},
      {__LINE__, STR_INIT("20\ttext/gemini\r\n"), 20, "\ttext/gemini", "", "no space follows the status"},
      {__LINE__, STR_INIT("200 OK\r\n"), 20, "0 OK", "", "no space follows the status"},
      {__LINE__, STR_INIT("20\r\n"), 20, "", "", "META is empty"},
      {__LINE__, STR_INIT("20  \r\n"), 20, " ", "", "META is empty"},
      {__LINE__, STR_INIT("31 \r\n"), 31, "", "", "META is empty"},
      {__LINE__, STR_INIT("99 What\r\n"), 99, "What", "", "the specification has no such status"},
      {__LINE__, STR_INIT("21 text/gemini\r\n"), 21, "text/gemini", "", "the specification has no such status"},
      {__LINE__, STR_INIT("51 a\x01z\r\n"), 51, "a\x01z", "", "META holds a control character"},
      {__LINE__, STR_INIT("51 a\xC2\x85z\r\n"), 51, "a\xC2\x85z", "", "META holds a control character"},
      {__LINE__, STR_INIT("51 a\xFFz\r\n"), 51, "a\xFFz", "", "META is not UTF-8"},
      {__LINE__, STR_INIT("51 Not found\r\nIt is not here.\n"), 51, "Not found", "It is not here.\n",
       "a body follows a status that has none"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct header h;
    header_read(rows[i].answer, &h);
    if (h.status != rows[i].status || !str_eq(h.meta, str_from(rows[i].meta)) ||
        !str_eq(h.body, str_from(rows[i].body)) || !str_eq(str_from(h.fault), str_from(rows[i].fault)))
      fail_msg("line %d: %d, meta `%.*s`, body `%.*s`, %s", rows[i].line, h.status, STR_ARG(h.meta), STR_ARG(h.body),
               h.fault ? h.fault : "legal");
  }
}

static void meta_has_a_bound_G15(void **state)
{
  (void)state;
  for (size_t n = 1023; n <= 1025; n++) {
    struct header h;
    struct buf answer = BUF_INIT(2048);
    buf_put_str(&answer, STR("59 "));
    for (size_t i = 0; i < n; i++)
      buf_put_c(&answer, 'm');
    buf_put_str(&answer, STR("\r\n"));
    header_read(buf_str(&answer), &h);
    assert_int_equal(h.meta.n, n);
    assert_true((h.fault != NULL) == (n > 1024));
    buf_free(&answer);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(headers_G15),
      cmocka_unit_test(meta_has_a_bound_G15),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
