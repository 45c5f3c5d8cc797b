/* Labels: titles and dates from content and names; names and sizes as a person reads them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/utf8.h"
#include "site/label.h"
#include "site/readable.h"

static void titles_and_dates_of_gemtext_G24(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *head, *title, *date;
  } table[] = {
      {__LINE__, "", "", ""},
      {__LINE__, "text\n", "", ""},
      {__LINE__, "# Title", "Title", ""},
      {__LINE__, "text\n## Second\n# First\n", "Second", ""},
      {__LINE__, "# 2012-09-26 Title\n", "Title", "2012-09-26"},
      {__LINE__, "# 2012-09-26 - Title\n", "Title", "2012-09-26"},
      {__LINE__, "# 2012-09-26: Title\n", "Title", "2012-09-26"},
      {__LINE__, "# 2012-09-26 — Title\n", "Title", "2012-09-26"},
      {__LINE__, "# 2012-09-26\n", "", "2012-09-26"},
      {__LINE__, "# 2012-09-26th\n", "2012-09-26th", ""},
      {__LINE__, "# 2012-02-30 Title\n", "2012-02-30 Title", ""},
      {__LINE__, "# Title\n2012-09-26\n", "Title", "2012-09-26"},
      {__LINE__, "# Title\n\nSeptember 26, 2012\n", "Title", "2012-09-26"},
      {__LINE__, "# Title\n## 26 September 2012\n", "Title", "2012-09-26"},
      {__LINE__, "# 2011-01-01 Title\n2012-09-26\n", "Title", "2011-01-01"},
      {__LINE__, "# Title\nIt was September 26, 2012\n", "Title", ""},
      {__LINE__, "# Title\n> 2012-09-26\n* 2012-09-26\n=> 2012-09-26\n", "Title", ""},
      {__LINE__, "1\n2\n3\n4\n5\n6\n\n\n7\n2012-09-26\n", "", "2012-09-26"},
      {__LINE__, "1\n2\n3\n4\n5\n6\n7\n8\n2012-09-26\n", "", ""},
      {__LINE__, "```\n2012-09-26\n# No\n```\n# Yes\n", "Yes", ""},
      {__LINE__, "\xef\xbb\xbf# With a BOM\r\n", "With a BOM", ""},
      {__LINE__, "# Bad \xff\x1b[2J\n", "Bad \xef\xbf\xbd\xef\xbf\xbd[2J", ""},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf title = BUF_INIT(4096);
    char date[LABEL_DATE];
    label_gemtext(str_from(table[i].head), &title, date);
    assert_int_equal(buf_error(&title), 0);
    if (!str_eq(buf_str(&title), str_from(table[i].title)) || strcmp(date, table[i].date) != 0)
      fail_msg("line %d: '%.*s', '%s'", table[i].line, STR_ARG(buf_str(&title)), date);
    buf_free(&title);
  }
}

static void a_title_of_four_thousand_columns_is_cut(void **state)
{
  (void)state;
  char head[4096];
  memset(head, 'x', sizeof head);
  memcpy(head, "# ", 2);
  struct buf title = BUF_INIT(4096);
  char date[LABEL_DATE];
  label_gemtext(str_make(head, sizeof head), &title, date);
  assert_int_equal(utf8_columns(buf_str(&title)), LABEL_COLUMNS);
  assert_true(str_ends(buf_str(&title), STR("x…")));
  buf_free(&title);
}

static void dates_of_names(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *name, *rest, *date;
  } table[] = {
      {__LINE__, "2012-09-26-report.pdf", "report.pdf", "2012-09-26"},
      {__LINE__, "2012-09-26_report.pdf", "report.pdf", "2012-09-26"},
      {__LINE__, "2012-09-26 a.txt", "a.txt", "2012-09-26"},
      {__LINE__, "2012-09-26.gmi", "2012-09-26.gmi", "2012-09-26"},
      {__LINE__, "2012-09-26", "2012-09-26", "2012-09-26"},
      {__LINE__, "2012-09-26-", "2012-09-26-", "2012-09-26"},
      {__LINE__, "2012-09-261.txt", "2012-09-261.txt", ""},
      {__LINE__, "2012-13-26-x", "2012-13-26-x", ""},
      {__LINE__, "report-2012-09-26", "report-2012-09-26", ""},
      {__LINE__, "", "", ""},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    char date[LABEL_DATE];
    struct str rest = label_name_date(str_from(table[i].name), date);
    if (!str_eq(rest, str_from(table[i].rest)) || strcmp(date, table[i].date) != 0)
      fail_msg("line %d: '%.*s', '%s'", table[i].line, STR_ARG(rest), date);
  }
}

static void sizes_are_readable(void **state)
{
  (void)state;
  static const struct {
    int line;
    uint64_t bytes;
    const char *text;
  } table[] = {
      {__LINE__, 0, "0 bytes"},
      {__LINE__, 1, "1 byte"},
      {__LINE__, 1023, "1023 bytes"},
      {__LINE__, 1024, "1 KiB"},
      {__LINE__, 1536, "1.5 KiB"},
      {__LINE__, 2457, "2.4 KiB"},
      {__LINE__, 10189, "10 KiB"},
      {__LINE__, 12 * 1024 + 100, "12 KiB"},
      {__LINE__, 1024 * 1024 - 1, "1 MiB"},
      {__LINE__, 1023 * 1024 + 511, "1023 KiB"},
      {__LINE__, 1023 * 1024 + 512, "1 MiB"},
      {__LINE__, UINT64_C(1) << 30, "1 GiB"},
      {__LINE__, UINT64_MAX, "16 EiB"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf out = BUF_INIT(64);
    readable_put_size(&out, table[i].bytes);
    if (!str_eq(buf_str(&out), str_from(table[i].text)))
      fail_msg("line %d: %.*s", table[i].line, STR_ARG(buf_str(&out)));
    buf_free(&out);
  }
}

static void text_for_a_person_moves_no_cursor(void **state)
{
  (void)state;
  static const struct {
    int line;
    struct str text;
    size_t columns;
    const char *shown;
  } table[] = {
      {__LINE__, STR_INIT("plain"), 10, "plain"},
      {__LINE__, STR_INIT("exactly 10"), 10, "exactly 10"},
      {__LINE__, STR_INIT("eleven more"), 10, "eleven mo…"},
      {__LINE__, STR_INIT("a\tb\r\nc"), 10, "a b  c"},
      {__LINE__, STR_INIT("a\0b\x7f"), 10,
       "a\xef\xbf\xbd"
       "b\xef\xbf\xbd"},
      {__LINE__,
       STR_INIT("\xc2\x9b"
                "31m"),
       10,
       "\xef\xbf\xbd"
       "31m"},
      {__LINE__,
       STR_INIT("\xe2\x80\xae"
                "x"),
       10,
       "\xef\xbf\xbd"
       "x"},
      {__LINE__, STR_INIT("caf\xe9"), 10, "caf\xef\xbf\xbd"},
      {__LINE__, STR_INIT("日本語日本語"), 7, "日本語…"},
      {__LINE__, STR_INIT(""), 10, ""},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf out = BUF_INIT(256);
    readable_put(&out, table[i].text, table[i].columns);
    if (!str_eq(buf_str(&out), str_from(table[i].shown)))
      fail_msg("line %d: %.*s", table[i].line, STR_ARG(buf_str(&out)));
    buf_free(&out);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(titles_and_dates_of_gemtext_G24),
      cmocka_unit_test(a_title_of_four_thousand_columns_is_cut),
      cmocka_unit_test(dates_of_names),
      cmocka_unit_test(sizes_are_readable),
      cmocka_unit_test(text_for_a_person_moves_no_cursor),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
