/* The lines of an overview: measured, and known by what they begin and end with. */
#include "base/utf8.h"
#include "text/overview_internal.h"
#include "text/wrap.h"

enum { TAB = 8, LONGEST_WORD = 512 };

#define COUNT(table) (sizeof(table) / sizeof *(table))

static const int32_t DASHES[] = {'-',    0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015,
                                 0x2212, 0x2500, 0x2501, 0x30fc, 0xff0d, 0};
static const int32_t DRAWN[] = {'_', '=', '*', '~', 0x2550, 0xff3f, 0xff1d, 0xff0a, 0};

/* ---- blanks */

bool overview_blank(int32_t point)
{
  return point == ' ' || point == '\t' || point == 0xa0 || point == 0x1680 || (point >= 0x2000 && point <= 0x200b) ||
         point == 0x202f || point == 0x205f || point == 0x3000 || point == 0xfeff;
}

struct str overview_skip_blanks(struct str s)
{
  while (s.n) {
    int32_t point;
    size_t n = utf8_decode(s, &point);
    if (!overview_blank(point))
      break;
    s = str_skip(s, n);
  }
  return s;
}

static struct str trim_end(struct str s)
{
  while (s.n && overview_blank(utf8_last(s)))
    s = overview_without_last(s);
  return s;
}

static size_t indentation(struct str blanks)
{
  size_t columns = 0;
  while (blanks.n) {
    int32_t point;
    size_t n = utf8_decode(blanks, &point);
    if (point == '\t')
      columns = (columns / TAB + 1) * TAB;
    else if (point == 0x3000)
      columns += 2;
    else if (point != 0x200b && point != 0xfeff)
      columns++;
    blanks = str_skip(blanks, n);
  }
  return columns;
}

/* ---- reading lines */

/* Whether the first bytes are all printable ASCII, one column each: the common case, without Unicode's tables. */
static bool plain_head(struct str text, size_t most)
{
  for (size_t i = 0; i < text.n && i < most; i++)
    if ((unsigned char)text.p[i] < 0x20 || (unsigned char)text.p[i] >= 0x7f)
      return false;
  return true;
}

/* Columns of indentation and text, where WIDEST_WRAPPED + 1 stands for all that is wider. */
static unsigned width(size_t indent, struct str text)
{
  if (indent > WIDEST_WRAPPED)
    return WIDEST_WRAPPED + 1;
  size_t room = WIDEST_WRAPPED - indent;
  bool wide;
  size_t columns = 0;
  if (plain_head(text, room + 1)) {
    columns = text.n;
    wide = columns > room;
  } else {
    wide = text.n > room && utf8_fit(text, room) < text.n; /* No byte takes more than a column. */
    if (!wide)
      columns = utf8_columns(text);
  }
  return wide ? WIDEST_WRAPPED + 1 : (unsigned)(indent + columns);
}

/* What is kept of a rule: it holds no words, and a wide one would be wrapped where it is shown. */
static void shorten_rule(struct overview_line *line)
{
  if (line->width <= WIDEST_RULE || !overview_is_rule(line->text))
    return;
  line->text = trim_end(str_head(line->text, utf8_fit(line->text, WIDEST_RULE)));
  line->width = width(line->indent, line->text);
}

bool overview_line_next(struct str text, size_t *at, struct overview_line *line)
{
  bool after_blank = *at == 0;
  while (*at < text.n) {
    struct str rest = str_skip(text, *at);
    struct str raw = str_head(rest, str_find(rest, '\n'));
    size_t start = *at;
    *at += raw.n < rest.n ? raw.n + 1 : raw.n;
    struct str content = overview_skip_blanks(raw);
    if (content.n == 0) {
      after_blank = true;
      continue;
    }
    line->indent = indentation(str_head(raw, raw.n - content.n));
    line->text = trim_end(content);
    line->start = start;
    line->end = *at;
    line->width = width(line->indent, line->text);
    shorten_rule(line);
    line->after_blank = after_blank;
    return true;
  }
  return false;
}

/* ---- lines of their own */

/* Whether text is at least three times the same mark from the table, blanks between them or not. */
static bool drawn_with(struct str text, const int32_t *marks)
{
  int32_t mark = utf8_first(text), point;
  size_t count = 0;
  if (!overview_among(marks, mark))
    return false;
  while (text.n) {
    text = str_skip(text, utf8_decode(text, &point));
    if (point == mark)
      count++;
    else if (!overview_blank(point))
      return false;
  }
  return count >= 3;
}

bool overview_is_rule(struct str text)
{
  return drawn_with(text, DASHES) || drawn_with(text, DRAWN);
}

bool overview_is_underline(struct str text)
{
  size_t same = 0;
  while (same < text.n && text.p[same] == text.p[0])
    same++;
  return text.n >= 3 && same == text.n && (text.p[0] == '-' || text.p[0] == '=' || text.p[0] == '~');
}

/* Whether a line says anything. Kana's long vowel mark is a letter, but a row of them is a rule. */
bool overview_has_words(struct str text)
{
  if (overview_is_rule(text))
    return false;
  while (text.n) {
    int32_t point;
    text = str_skip(text, utf8_decode(text, &point));
    if (utf8_alnum(point))
      return true;
  }
  return false;
}

bool overview_is_end(struct str text)
{
  static const struct str marks[] = {STR_INIT("(END)"), STR_INIT("（END）"), STR_INIT("（ＥＮＤ）"), STR_INIT("（了）"),
                                     STR_INIT("(了)")};
  for (size_t i = 0; i < COUNT(marks); i++)
    if (str_eq_nocase(text, marks[i]))
      return true;
  return drawn_with(text, DASHES) || str_eq(text, STR("--"));
}

bool overview_is_note(struct str text)
{
  static const struct str marks[] = {STR_INIT("(*"), STR_INIT("（*"), STR_INIT("(＊"), STR_INIT("（＊")};
  for (size_t i = 0; i < COUNT(marks); i++)
    if (str_starts(text, marks[i]))
      return true;
  return false;
}

bool overview_is_index(struct str text)
{
  return str_eq_nocase(text, STR("Back to Index"));
}

/* ---- how lines follow each other */

bool overview_abuts(struct str a, struct str b)
{
  return utf8_spaceless(utf8_last(a)) && utf8_spaceless(utf8_first(b));
}

static size_t skip_marks(struct str text, size_t at, bool (*is_mark)(int32_t point))
{
  int32_t point;
  while (at < text.n && at < LONGEST_WORD) {
    size_t n = utf8_decode(str_skip(text, at), &point);
    if (!is_mark(point))
      break;
    at += n;
  }
  return at;
}

/* The length of the first word. In a script without spaces that is one character, with the brackets before it and the
 * punctuation behind it that wrapping keeps together (kinsoku). */
static size_t first_word(struct str text)
{
  size_t at = skip_marks(text, 0, wrap_opens);
  int32_t point = utf8_first(str_skip(text, at));
  if (utf8_spaceless(point)) {
    unsigned columns;
    at += utf8_character(str_skip(text, at), &columns);
  } else {
    while (at < text.n && at < LONGEST_WORD) {
      size_t n = utf8_decode(str_skip(text, at), &point);
      if (overview_blank(point) || utf8_spaceless(point))
        break;
      at += n;
    }
  }
  return skip_marks(text, at, wrap_closes);
}

bool overview_had_room(const struct overview_line *line, struct str next, unsigned widest)
{
  struct str word = str_head(next, first_word(next));
  size_t space = overview_abuts(line->text, next) ? 0 : 1;
  return line->width + space + width(0, word) <= widest;
}

bool overview_parted(const struct overview_line *line, struct str next, unsigned widest)
{
  return widest < LEAST_MARGIN || line->width > WIDEST_WRAPPED || overview_had_room(line, next, widest);
}

bool overview_capital(int32_t point)
{
  if (point < 0x80)
    return point >= 'A' && point <= 'Z';
  if (point >= 0x100 && point <= 0x17f) {
    /* Latin Extended-A pairs capitals with small letters; which of the two is even changes twice. */
    bool odd_ones = (point >= 0x139 && point <= 0x148) || point >= 0x179;
    return point == 0x178 || (point != 0x138 && point != 0x149 && point != 0x17f && (point % 2 == 1) == odd_ones);
  }
  return (point >= 0xc0 && point <= 0xde && point != 0xd7) || (point >= 0x386 && point <= 0x3ab && point != 0x390) ||
         (point >= 0x400 && point <= 0x42f);
}

bool overview_small(int32_t point)
{
  if (point < 0x80)
    return point >= 'a' && point <= 'z';
  return (point >= 0xdf && point <= 0xff && point != 0xf7) ||
         (point >= 0x100 && point <= 0x17f && !overview_capital(point)) || (point >= 0x3ac && point <= 0x3ce) ||
         (point >= 0x430 && point <= 0x45f);
}
