/* How the lines and sentences of an overview end. */
#include "base/utf8.h"
#include "text/overview_internal.h"

static const int32_t CLOSING_QUOTES[] = {'"',    '\'',   ']',    0x2019, 0x201d, 0xbb,   0x203a,
                                         0x3009, 0x300b, 0x300d, 0x300f, 0x3011, 0x3015, 0};
static const int32_t STOPS[] = {'.', 0x3002, 0xff0e, 0xff61, 0};
static const int32_t COMMAS[] = {',', 0x60c, 0x3001, 0xff0c, 0xff64, 0};
static const int32_t CLAUSES[] = {':', ';', 0xff1a, 0xff1b, 0};
static const int32_t ENDS[] = {':',    ';',    '!',    '?',    ')',    '.',    0x3002, 0xff0e,
                               0xff61, 0xff1a, 0xff1b, 0xff01, 0xff1f, 0xff09, 0};

bool overview_among(const int32_t *table, int32_t point)
{
  for (; *table; table++)
    if (*table == point)
      return true;
  return false;
}

struct str overview_without_last(struct str s)
{
  do
    s.n--;
  while (s.n && ((unsigned char)s.p[s.n] & 0xc0) == 0x80);
  return s;
}

static bool ends(struct str text, const int32_t *marks)
{
  while (text.n) {
    int32_t last = utf8_last(text);
    if (overview_among(marks, last))
      return true;
    if (!overview_among(CLOSING_QUOTES, last))
      return false;
    text = overview_without_last(text);
  }
  return false;
}

bool overview_ends_sentence(struct str text)
{
  return ends(text, ENDS);
}

bool overview_ends_stop(struct str text)
{
  return ends(text, STOPS);
}

bool overview_ends_comma(struct str text)
{
  return ends(text, COMMAS);
}

bool overview_ends_clause(struct str text)
{
  return ends(text, CLAUSES);
}

/* ---- abbreviations */

enum { LONGEST_ABBREVIATION = 8 };

static bool is_letter(char c)
{
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

bool overview_abbreviates(struct str text, bool initials)
{
  /* Those that a name follows, and those that a number follows; "no." and "art." in small letters are the ends of
   * sentences more often. */
  static const char *const known[] = {"Mr",   "Ms",    "Mrs",   "Messrs", "Dr",  "St",  "Hon", "Prof",
                                      "Amb",  "Gen",   "Capt",  "Col",    "Lt",  "Sen", "Rep", "Gov",
                                      "No",   "Nos",   "Art",   "Arts",   "Sec", "Ch",  "Fig", "Para",
                                      "para", "Paras", "paras", "Vol",    "vol", "p",   "pp",  "cf"};
  size_t from = text.n;
  while (from > 0 && is_letter(text.p[from - 1]) && text.n - from < LONGEST_ABBREVIATION)
    from--;
  struct str word = str_skip(text, from);
  int32_t initial;
  if (initials && word.n && utf8_decode(word, &initial) == word.n && overview_capital(initial))
    return true;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (str_eq(word, str_from(known[i])))
      return true;
  return false;
}

bool overview_ends_abbreviated(struct str text)
{
  return str_ends(text, STR(".")) && overview_abbreviates(str_head(text, text.n - 1), false);
}
