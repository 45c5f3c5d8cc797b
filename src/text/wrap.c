/* Wrapping text at columns: greedy, with the simplest rules of Japanese line breaking (JIS X 4051, "kinsoku"). */
#include "text/wrap.h"

#include "base/utf8.h"

bool wrap_closes(int32_t point)
{
  static const int32_t marks[] = {
      '!',    ')',    ',',    '.',    ':',    ';',    '?',    ']',    '}',    0x2019, 0x201d, 0x2026, 0x3001, 0x3002,
      0x3005, 0x3009, 0x300b, 0x300d, 0x300f, 0x3011, 0x3015, 0x3017, 0x3041, 0x3043, 0x3045, 0x3047, 0x3049, 0x3063,
      0x3083, 0x3085, 0x3087, 0x30a1, 0x30a3, 0x30a5, 0x30a7, 0x30a9, 0x30c3, 0x30e3, 0x30e5, 0x30e7, 0x30fb, 0x30fc,
      0xff01, 0xff09, 0xff0c, 0xff0e, 0xff1a, 0xff1b, 0xff1f, 0xff3d, 0xff5d, 0xff61, 0xff63, 0xff64,
  };
  for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
    if (marks[i] == point)
      return true;
  return false;
}

bool wrap_opens(int32_t point)
{
  static const int32_t marks[] = {'(',    '[',    '{',    0x2018, 0x201c, 0x3008, 0x300a, 0x300c,
                                  0x300e, 0x3010, 0x3014, 0x3016, 0xff08, 0xff3b, 0xff5b, 0xff62};
  for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
    if (marks[i] == point)
      return true;
  return false;
}

static bool may_part(int32_t before, int32_t after)
{
  return (utf8_spaceless(before) || utf8_spaceless(after)) && !wrap_opens(before) && !wrap_closes(after);
}

/* Where the text can be cut so that the line ends before `end` and the next one begins at `next`. */
struct cut {
  size_t end, next;
};

/* Walks to the first character that does not fit. Returns false where all fits; *best is the last place to cut (its
 * `next` is 0 where there is none) and *full the place of that character, *content where the last word ended. */
static bool overflow(struct str text, size_t columns, struct cut *best, size_t *full, size_t *content)
{
  size_t at = 0, used = 0;
  int32_t before = -1;
  *best = (struct cut){0, 0};
  *content = 0;
  while (at < text.n) {
    unsigned width;
    size_t n = utf8_character(str_skip(text, at), &width);
    int32_t point = utf8_first(str_skip(text, at));
    bool space = n == 1 && point == ' ';
    if (!space) {
      if (*content > 0 && (*content < at || may_part(before, point)))
        *best = (struct cut){*content, at};
      if (used + width > columns) {
        *full = at;
        return true;
      }
      *content = at + n;
    }
    before = point;
    used += width;
    at += n;
  }
  return false;
}

bool wrap_cut(struct str *rest, size_t columns, bool whole, struct str *line)
{
  struct str text = *rest;
  struct cut best;
  size_t full, content;
  if (text.n == 0)
    return false;

  bool overflows = overflow(text, columns, &best, &full, &content);
  if (overflows && best.next == 0 && text.p[0] == ' ') {
    /* The indentation leaves no room for the first word. */
    while (text.n && text.p[0] == ' ')
      text = str_skip(text, 1);
    overflows = overflow(text, columns, &best, &full, &content);
  }
  if (!overflows) {
    if (!whole)
      return false;
    *line = str_head(text, content);
    *rest = str_skip(text, text.n);
    return true;
  }
  if (best.next == 0) {
    /* One word fills the line: cut where it is full, but after one character at least. */
    unsigned width;
    size_t at = full > 0 ? full : utf8_character(text, &width);
    best = (struct cut){at, at};
  }
  *line = str_head(text, best.end);
  *rest = str_skip(text, best.next);
  return true;
}
