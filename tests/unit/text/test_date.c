/* Dates: every form that documents use, and what only looks like one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "text/date.h"

struct row {
  int line;
  const char *text;
  const char *want; /* NULL: no date */
};

static void check(const struct row *rows, size_t count, int (*parse)(struct str, struct date *))
{
  for (size_t i = 0; i < count; i++) {
    struct date date = {0, 0, 0};
    char iso[DATE_ISO_LENGTH + 1] = "none";
    int err = parse(str_from(rows[i].text), &date);
    if (err == 0)
      date_iso(date, iso);
    else if (err != ERR_SYNTAX)
      fail_msg("line %d: error %d", rows[i].line, err);
    if (strcmp(iso, rows[i].want ? rows[i].want : "none") != 0)
      fail_msg("line %d: `%s` gave %s", rows[i].line, rows[i].text, iso);
  }
}

static void english_dates(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {__LINE__, "September 26, 2012", "2012-09-26"},
      {__LINE__, "26 September 2012", "2012-09-26"},
      {__LINE__, "  September 26, 2012\t", "2012-09-26"},
      {__LINE__, "SEPTEMBER 26, 2012", "2012-09-26"},
      {__LINE__, "september  26,  2012", "2012-09-26"},
      {__LINE__, "Sept. 26, 2012", "2012-09-26"},
      {__LINE__, "Sep 26 2012", "2012-09-26"},
      {__LINE__, "September 26,2012", "2012-09-26"},
      {__LINE__, "September 26th, 2012", "2012-09-26"},
      {__LINE__, "1st May 2013", "2013-05-01"},
      {__LINE__, "26 September, 2012", "2012-09-26"},
      {__LINE__, "Wednesday, September 26, 2012", "2012-09-26"},
      {__LINE__, "Wednesday 26 September 2012", "2012-09-26"},
      {__LINE__, "Wed., Sept. 26, 2012", "2012-09-26"},
      {__LINE__, "May 1, 2013", "2013-05-01"},
      {__LINE__,
       "September\xc2\xa0"
       "26,\xe3\x80\x80"
       "2012",
       "2012-09-26"},
      {__LINE__, "September 26", NULL},
      {__LINE__, "September 2012", NULL},
      {__LINE__, "September 26, 12", NULL},
      {__LINE__, "September 26, 20122", NULL},
      {__LINE__, "September 31, 2012", NULL},
      {__LINE__, "September 0, 2012", NULL},
      {__LINE__, "Se 26, 2012", NULL},
      {__LINE__, "Septembre 26, 2012", NULL},
      {__LINE__, "September 26, 2012.", NULL},
      {__LINE__, "On September 26, 2012", NULL},
      {__LINE__, "September 26, 2012 Tokyo", NULL},
      {__LINE__, "Wednesday", NULL},
      {__LINE__, "26 ministers 2012", NULL},
      {__LINE__, "", NULL},
      {__LINE__, "   ", NULL},
      {__LINE__, "\xff\xfe", NULL},
  };
  check(rows, sizeof rows / sizeof *rows, date_parse);
}

static void iso_dates_and_the_calendar(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {__LINE__, "2012-09-26", "2012-09-26"},  {__LINE__, "２０１２-０９-２６", "2012-09-26"},
      {__LINE__, "2012-02-29", "2012-02-29"},  {__LINE__, "2011-02-29", NULL},
      {__LINE__, "1900-02-29", NULL},          {__LINE__, "2000-02-29", "2000-02-29"},
      {__LINE__, "2012-13-01", NULL},          {__LINE__, "2012-00-01", NULL},
      {__LINE__, "2012-04-31", NULL},          {__LINE__, "2012-9-26", NULL},
      {__LINE__, "2012-09-26 Title", NULL},    {__LINE__, "0000-01-01", NULL},
      {__LINE__, "2012-09-26T10:00:00", NULL}, {__LINE__, "12012-09-26", NULL},
  };
  check(rows, sizeof rows / sizeof *rows, date_parse);
}

static void japanese_dates(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {__LINE__, "2012年9月26日", "2012-09-26"},
      {__LINE__, "２０１２年９月２６日", "2012-09-26"},
      {__LINE__, "平成24年9月26日", "2012-09-26"},
      {__LINE__, "平成２４年９月２６日", "2012-09-26"},
      {__LINE__, "　平成24年 9月26日　", "2012-09-26"},
      {__LINE__, "平成 24 年 9 月 26 日", "2012-09-26"},
      {__LINE__, "平成24年9月26日（水曜日）", "2012-09-26"},
      {__LINE__, "平成24年9月26日(水)", "2012-09-26"},
      {__LINE__, "平成24年9月26日 水曜日", "2012-09-26"},
      {__LINE__, "令和元年5月1日", "2019-05-01"},
      {__LINE__, "令和6年12月31日", "2024-12-31"},
      {__LINE__, "平成元年1月8日", "1989-01-08"},
      {__LINE__, "昭和64年1月7日", "1989-01-07"},
      {__LINE__, "昭和元年12月25日", "1926-12-25"},
      {__LINE__, "大正15年12月25日", "1926-12-25"},
      {__LINE__, "大正元年7月30日", "1912-07-30"},
      {__LINE__, "明治45年7月30日", "1912-07-30"},
      {__LINE__, "明治37年2月8日", "1904-02-08"},
      {__LINE__, "平成元年1月7日", NULL},
      {__LINE__, "昭和64年1月8日", NULL},
      {__LINE__, "平成31年5月1日", NULL},
      {__LINE__, "平成0年5月1日", NULL},
      {__LINE__, "平成24年2月30日", NULL},
      {__LINE__, "24年9月26日", NULL},
      {__LINE__, "元年9月26日", NULL},
      {__LINE__, "平成24年9月", NULL},
      {__LINE__, "平成24年9月26日発表", NULL},
      {__LINE__, "平成24年9月26日（水", NULL},
      {__LINE__, "慶応元年9月26日", NULL},
  };
  check(rows, sizeof rows / sizeof *rows, date_parse);
}

static void iso_at_the_start_of_a_text(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {__LINE__, "2012-09-26", "2012-09-26"},
      {__LINE__, "2012-09-26 Title", "2012-09-26"},
      {__LINE__, "2012-09-26-title", "2012-09-26"},
      {__LINE__, " 2012-09-26", NULL},
      {__LINE__, "2012-09-261", NULL},
      {__LINE__, "2012-09-31", NULL},
      {__LINE__, "2012-09", NULL},
      {__LINE__, "", NULL},
  };
  check(rows, sizeof rows / sizeof *rows, date_parse_iso);
}

static void no_prefix_of_a_date_is_one(void **state)
{
  (void)state;
  static const char *const whole[] = {"Wednesday, September 26, 2012", "2012-09-26", "平成24年9月26日"};
  for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
    for (size_t n = 0; n < strlen(whole[i]); n++) {
      struct date date;
      assert_int_equal(date_parse(str_make(whole[i], n), &date), ERR_SYNTAX);
    }
}

static void months_are_known_by_name(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *text;
    bool month;
  } rows[] = {
      {__LINE__, "October 2012", true},
      {__LINE__, "Oct. 2012", true},
      {__LINE__, "MAY", true},
      {__LINE__, "Sept", true},
      {__LINE__, "Mayors", false},
      {__LINE__, "Oc 2012", false},
      {__LINE__, "", false},
      {__LINE__, " May", false},
      {__LINE__, "May1", true},
      {__LINE__, "Octobers", false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (date_begins_with_month(str_from(rows[i].text)) != rows[i].month)
      fail_msg("line %d", rows[i].line);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(english_dates),
      cmocka_unit_test(iso_dates_and_the_calendar),
      cmocka_unit_test(japanese_dates),
      cmocka_unit_test(iso_at_the_start_of_a_text),
      cmocka_unit_test(no_prefix_of_a_date_is_one),
      cmocka_unit_test(months_are_known_by_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
