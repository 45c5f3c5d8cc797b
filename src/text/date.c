/* Dates as documents write them: English, ISO 8601 and Japanese forms, read from a copy with plain digits and blanks.
 */
#include "text/date.h"

#include <stdio.h>

#include "base/err.h"
#include "base/utf8.h"

/* The longest form, a weekday and a shortened month with blanks to spare, is far shorter. */
enum { LONGEST = 96 };

/* What is left to read of the folded text. Every reader below takes its part off the front, or leaves it alone and
 * says false. */
struct reader {
  struct str rest;
};

struct name {
  struct str full;
  size_t shortest; /* bytes that a shortened form has at least */
};

static const struct name MONTHS[] = {
    {STR_INIT("January"), 3},   {STR_INIT("February"), 3}, {STR_INIT("March"), 3},    {STR_INIT("April"), 3},
    {STR_INIT("May"), 3},       {STR_INIT("June"), 3},     {STR_INIT("July"), 3},     {STR_INIT("August"), 3},
    {STR_INIT("September"), 3}, {STR_INIT("October"), 3},  {STR_INIT("November"), 3}, {STR_INIT("December"), 3},
};

static const struct name WEEKDAYS[] = {
    {STR_INIT("Monday"), 3}, {STR_INIT("Tuesday"), 3},  {STR_INIT("Wednesday"), 3}, {STR_INIT("Thursday"), 3},
    {STR_INIT("Friday"), 3}, {STR_INIT("Saturday"), 3}, {STR_INIT("Sunday"), 3},
};

/* Each era with its first and its last day; the day of a change belonged to both until 1989. The months of Meiji 1 to 5
 * followed the old calendar; they are taken as they are written. */
static const struct era {
  struct str name;
  struct date first, last;
} ERAS[] = {
    {STR_INIT("明治"), {1868, 1, 1}, {1912, 7, 30}},  {STR_INIT("大正"), {1912, 7, 30}, {1926, 12, 25}},
    {STR_INIT("昭和"), {1926, 12, 25}, {1989, 1, 7}}, {STR_INIT("平成"), {1989, 1, 8}, {2019, 4, 30}},
    {STR_INIT("令和"), {2019, 5, 1}, {9999, 12, 31}},
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static bool blank(int32_t point)
{
  return point == ' ' || point == '\t' || point == 0xa0 || point == 0x3000;
}

struct folded {
  char p[LONGEST];
  size_t n;
};

static bool put(struct folded *out, struct str bytes)
{
  if (bytes.n > sizeof out->p - out->n)
    return false;
  for (size_t i = 0; i < bytes.n; i++)
    out->p[out->n++] = bytes.p[i];
  return true;
}

/* Makes full-width digits, brackets and blanks ASCII, and leaves out the blanks around the text. False where it is too
 * long to be a date. */
static bool fold(struct str text, struct folded *out)
{
  static const char digits[] = "0123456789";
  bool pending = false;
  out->n = 0;
  while (text.n) {
    int32_t point;
    size_t n = utf8_decode(text, &point);
    struct str part = str_head(text, n);
    text = str_skip(text, n);
    if (blank(point)) {
      pending = out->n > 0;
      continue;
    }
    if (point >= 0xff10 && point <= 0xff19)
      part = str_make(digits + (point - 0xff10), 1);
    else if (point == 0xff08 || point == 0xff09)
      part = point == 0xff08 ? STR("(") : STR(")");
    if ((pending && !put(out, STR(" "))) || !put(out, part))
      return false;
    pending = false;
  }
  return out->n > 0;
}

static bool take(struct reader *r, struct str text)
{
  if (!str_starts(r->rest, text))
    return false;
  r->rest = str_skip(r->rest, text.n);
  return true;
}

static bool digit(struct str s, size_t at)
{
  return at < s.n && s.p[at] >= '0' && s.p[at] <= '9';
}

static bool letter(struct str s, size_t at)
{
  return at < s.n && ((s.p[at] >= 'a' && s.p[at] <= 'z') || (s.p[at] >= 'A' && s.p[at] <= 'Z'));
}

/* A number of `least` to `most` digits, and no digit after it. */
static bool take_number(struct reader *r, size_t least, size_t most, unsigned *out)
{
  size_t n = 0;
  while (n <= most && digit(r->rest, n))
    n++;
  if (n < least || n > most || str_number(str_head(r->rest, n), out) < 0)
    return false;
  r->rest = str_skip(r->rest, n);
  return true;
}

/* A name from the table, whole or shortened (then perhaps with a dot), in any case. */
static bool take_name(struct reader *r, const struct name *table, size_t count, unsigned *index)
{
  size_t n = 0;
  while (letter(r->rest, n))
    n++;
  for (unsigned i = 0; i < count; i++) {
    if (n < table[i].shortest || !str_starts_nocase(table[i].full, str_head(r->rest, n)))
      continue;
    r->rest = str_skip(r->rest, n);
    (void)take(r, STR("."));
    *index = i;
    return true;
  }
  return false;
}

static bool take_month(struct reader *r, unsigned *month)
{
  unsigned index = 0;
  if (!take_name(r, MONTHS, COUNT(MONTHS), &index))
    return false;
  *month = index + 1;
  return true;
}

bool date_begins_with_month(struct str text)
{
  struct reader r = {text};
  unsigned month;
  return take_month(&r, &month);
}

/* The day of the month, `26` or `26th`. */
static bool take_day(struct reader *r, unsigned *day)
{
  if (!take_number(r, 1, 2, day))
    return false;
  static const struct str endings[] = {STR_INIT("st"), STR_INIT("nd"), STR_INIT("rd"), STR_INIT("th")};
  for (size_t i = 0; i < COUNT(endings); i++)
    if (str_starts_nocase(r->rest, endings[i]) && !letter(r->rest, 2)) {
      r->rest = str_skip(r->rest, 2);
      break;
    }
  return true;
}

/* A comma, a blank or both. */
static bool take_gap(struct reader *r)
{
  bool comma = take(r, STR(","));
  return take(r, STR(" ")) || comma;
}

/* english = [ weekday gap ] ( month [" "] day gap year / day [" "] month gap year ) */
static bool english(struct str text, struct date *out)
{
  struct reader r = {text};
  unsigned weekday;
  if (take_name(&r, WEEKDAYS, COUNT(WEEKDAYS), &weekday) && !take_gap(&r))
    return false;
  if (take_month(&r, &out->month)) {
    (void)take(&r, STR(" "));
    if (!take_day(&r, &out->day))
      return false;
  } else {
    if (!take_day(&r, &out->day))
      return false;
    (void)take(&r, STR(" "));
    if (!take_month(&r, &out->month))
      return false;
  }
  return take_gap(&r) && take_number(&r, 4, 4, &out->year) && r.rest.n == 0;
}

static bool iso(struct str text, struct date *out, struct str *rest)
{
  struct reader r = {text};
  bool good = take_number(&r, 4, 4, &out->year) && take(&r, STR("-")) && take_number(&r, 2, 2, &out->month) &&
              take(&r, STR("-")) && take_number(&r, 2, 2, &out->day);
  *rest = r.rest;
  return good;
}

/* A weekday after a Japanese date: `(水)`, `(水曜日)`; or nothing. */
static bool japanese_weekday(struct reader *r)
{
  (void)take(r, STR(" "));
  if (r->rest.n == 0)
    return true;
  bool bracket = take(r, STR("("));
  static const struct str days[] = {STR_INIT("月"), STR_INIT("火"), STR_INIT("水"), STR_INIT("木"),
                                    STR_INIT("金"), STR_INIT("土"), STR_INIT("日")};
  size_t i = 0;
  while (i < COUNT(days) && !take(r, days[i]))
    i++;
  if (i == COUNT(days))
    return false;
  bool whole = take(r, STR("曜日")) || take(r, STR("曜"));
  return (bracket ? take(r, STR(")")) : whole) && r->rest.n == 0;
}

static int compare(const struct date *a, const struct date *b)
{
  unsigned left = a->year * 10000 + a->month * 100 + a->day;
  unsigned right = b->year * 10000 + b->month * 100 + b->day;
  return left < right ? -1 : left > right;
}

/* japanese = ( era ( 1*2DIGIT / 元 ) / 4DIGIT ) 年 1*2DIGIT 月 1*2DIGIT 日 [ weekday ]   ; blanks between the parts */
static bool japanese(struct str text, struct date *out)
{
  struct reader r = {text};
  const struct era *era = NULL;
  for (size_t i = 0; i < COUNT(ERAS) && !era; i++)
    if (take(&r, ERAS[i].name))
      era = &ERAS[i];
  (void)take(&r, STR(" "));
  if (era && take(&r, STR("元")))
    out->year = 1;
  else if (!take_number(&r, era ? 1 : 4, era ? 2 : 4, &out->year))
    return false;
  if (era) {
    if (out->year == 0)
      return false;
    out->year += era->first.year - 1;
  }
  (void)take(&r, STR(" "));
  if (!take(&r, STR("年")))
    return false;
  (void)take(&r, STR(" "));
  if (!take_number(&r, 1, 2, &out->month))
    return false;
  (void)take(&r, STR(" "));
  if (!take(&r, STR("月")))
    return false;
  (void)take(&r, STR(" "));
  if (!take_number(&r, 1, 2, &out->day))
    return false;
  (void)take(&r, STR(" "));
  if (!take(&r, STR("日")) || !japanese_weekday(&r))
    return false;
  return !era || (compare(&era->first, out) <= 0 && compare(out, &era->last) <= 0);
}

static bool valid(const struct date *d)
{
  static const unsigned days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (d->year < 1 || d->year > 9999 || d->month < 1 || d->month > 12 || d->day < 1)
    return false;
  bool leap = (d->year % 4 == 0 && d->year % 100 != 0) || d->year % 400 == 0;
  return d->day <= days[d->month - 1] + (leap && d->month == 2 ? 1 : 0);
}

int date_parse(struct str text, struct date *out)
{
  struct folded folded;
  if (!fold(text, &folded))
    return ERR_SYNTAX;
  struct str s = {folded.p, folded.n}, rest;
  struct date date = {0, 0, 0};
  bool whole = (iso(s, &date, &rest) && rest.n == 0) || english(s, &date) || japanese(s, &date);
  if (!whole || !valid(&date))
    return ERR_SYNTAX;
  *out = date;
  return 0;
}

int date_parse_iso(struct str text, struct date *out)
{
  struct date date;
  struct str rest;
  if (!iso(text, &date, &rest) || !valid(&date))
    return ERR_SYNTAX;
  *out = date;
  return 0;
}

void date_iso(struct date date, char out[DATE_ISO_LENGTH + 1])
{
  (void)snprintf(out, DATE_ISO_LENGTH + 1, "%04u-%02u-%02u", date.year % 10000, date.month % 100, date.day % 100);
}
