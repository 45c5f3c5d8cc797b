/* Dates: whatever is taken for one is a day of the calendar, and is the same day when it is read again. */
#include <stdint.h>
#include <string.h>

#include "must.h"
#include "text/date.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_day(struct date date)
{
  static const unsigned days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = date.year % 4 == 0 && (date.year % 100 != 0 || date.year % 400 == 0);
  must(date.year <= 9999 && date.month >= 1 && date.month <= 12, "a month of a year");
  must(date.day >= 1 && date.day <= days[date.month - 1] + (leap && date.month == 2), "a day of its month");
  char iso[DATE_ISO_LENGTH + 1];
  struct date again;
  date_iso(date, iso);
  must(strlen(iso) == DATE_ISO_LENGTH && date_parse_iso(str_from(iso), &again) == 0, "ten characters that are a date");
  must(again.year == date.year && again.month == date.month && again.day == date.day, "the same day");
  must(date_parse(str_from(iso), &again) == 0 && again.day == date.day, "a date in every reading");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct str text = str_make((const char *)data, size);
  struct date whole, start;
  bool is_date = date_parse(text, &whole) == 0, begins = date_parse_iso(text, &start) == 0;
  if (is_date)
    check_day(whole);
  if (begins)
    check_day(start);
  must(!begins || size >= DATE_ISO_LENGTH, "an ISO date has ten characters");
  must(!is_date || !begins || (whole.year == start.year && whole.month == start.month && whole.day == start.day),
       "two readings of one date");
  (void)date_begins_with_month(text);
  return 0;
}
