/* What an overview's line begins with: numbers of points and sub-points, letters, bullets. */
#include "base/utf8.h"
#include "text/overview_internal.h"

enum { MOST_DIGITS = 3 };

/* Takes the code point `ascii` off *s, or the full-width form of it. */
static bool take(struct str *s, int32_t ascii)
{
  int32_t point = -1;
  if (s->n == 0)
    return false;
  size_t n = utf8_decode(*s, &point);
  if (point != ascii && point != ascii + 0xfee0)
    return false;
  *s = str_skip(*s, n);
  return true;
}

static int digit_of(int32_t point)
{
  if (point >= '0' && point <= '9')
    return (int)(point - '0');
  return point >= 0xff10 && point <= 0xff19 ? (int)(point - 0xff10) : -1;
}

/* Takes one to three digits of either width; false too where a fourth follows. */
static bool take_digits(struct str *s, unsigned *value)
{
  size_t count = 0;
  *value = 0;
  while (s->n) {
    int32_t point;
    size_t n = utf8_decode(*s, &point);
    int digit = digit_of(point);
    if (digit < 0)
      break;
    if (++count > MOST_DIGITS)
      return false;
    *value = *value * 10 + (unsigned)digit;
    *s = str_skip(*s, n);
  }
  return count > 0;
}

/* Whether the number has ended here and text may begin: after `1.` a blank, a capital, an opening quote or bracket, or
 * a Chinese or Japanese character, but no digit (`1.5 million`, `1.1`) and no small letter. After a full-width mark,
 * which brings its own space along, anything (`（１）10月`) but the digit of a decimal fraction. Neither before
 * punctuation, as in `（１）、（２）`. */
static bool parted(struct str rest, int32_t mark)
{
  static const int32_t marks[] = {',',    '.',    ';',    ':',    0x3001, 0x3002, 0xff0c, 0xff0e,
                                  0xff09, 0xff1a, 0xff1b, 0x300d, 0x300f, 0xff5e, 0x301c, 0x30fb};
  if (rest.n == 0)
    return true;
  int32_t point = utf8_first(rest);
  for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
    if (point == marks[i])
      return false;
  if (digit_of(point) >= 0)
    return mark == 0xff09 || (mark == 0xff0e && point < 0x80);
  return mark > 0x7f || overview_blank(point) || overview_capital(point) || point == '"' || point == '(' ||
         point == 0x201c || point == 0x2018 || utf8_spaceless(point);
}

/* Reads a number of any style at the start of s.
 *   number = digits ( "." / ")" ) / "(" digits ")"    ; and then what parted() wants
 *          / digits blank                             ; STYLE_TITLE
 */
static bool read_number(struct str s, struct overview_number *out)
{
  struct str rest = s;
  bool bracket = take(&rest, '(');
  if (!take_digits(&rest, &out->value))
    return false;
  if (bracket) {
    if (!take(&rest, ')'))
      return false;
    out->style = STYLE_BRACKET;
  } else if (take(&rest, '.')) {
    out->style = STYLE_DOT;
  } else if (take(&rest, ')')) {
    out->style = STYLE_PAREN;
  } else {
    if (rest.n == 0 || !overview_blank(utf8_first(rest)))
      return false;
    out->style = STYLE_TITLE;
  }
  out->text = str_head(s, s.n - rest.n);
  out->rest = rest;
  return out->style == STYLE_TITLE || parted(rest, utf8_last(out->text));
}

/* Whether what follows a bare number can be its title: a row of figures cannot, nor can the month of a day. */
static bool is_title(struct str s)
{
  if (date_begins_with_month(s))
    return false;
  for (size_t i = 0; i < s.n; i++)
    if ((unsigned char)s.p[i] >= 0x80 || (s.p[i] >= 'A' && s.p[i] <= 'Z') || (s.p[i] >= 'a' && s.p[i] <= 'z'))
      return true;
  return false;
}

bool overview_number_read(const struct overview_line *line, struct overview_number *out)
{
  if (!read_number(line->text, out))
    return false;
  if (out->style == STYLE_TITLE &&
      (line->width > WIDEST_HEADING || overview_ends_stop(line->text) || !is_title(overview_skip_blanks(out->rest))))
    return false;
  struct overview_number twin;
  struct str rest = overview_skip_blanks(out->rest);
  out->again = str_head(rest, 0);
  if (rest.n < out->rest.n && read_number(rest, &twin) && twin.style == out->style && str_eq(twin.text, out->text)) {
    out->again = twin.text;
    out->rest = twin.rest;
  }
  return true;
}

/* Whether a sub-point's text may begin so: with a capital, a letter of a script without capitals, or an opening quote.
 */
static bool begins_text(int32_t point)
{
  static const int32_t quotes[] = {'"', '\'', 0xab, 0x2018, 0x201c, 0x201e, 0x300c, 0x300e};
  for (size_t i = 0; i < sizeof quotes / sizeof *quotes; i++)
    if (point == quotes[i])
      return true;
  return overview_capital(point) || utf8_caseless(point);
}

/* dotted = digits 1*( "." digits ) [ "." ] blank text    ; the first digits are the point's number
 * The last full stop is taken before it is known whether digits follow; a fourth digit ends at no blank. */
bool overview_is_dotted(struct str text, unsigned value)
{
  unsigned part;
  size_t parts = 1;
  if (!take_digits(&text, &part) || part != value)
    return false;
  while (take(&text, '.') && take_digits(&text, &part))
    parts++;
  return parts > 1 && overview_blank(utf8_first(text)) && begins_text(utf8_first(overview_skip_blanks(text)));
}

/* Takes a single letter, a roman numeral of at most four letters, or a kana. */
static bool take_letter(struct str *s)
{
  size_t n = 0;
  while (n < s->n && n < 4 && (s->p[n] == 'i' || s->p[n] == 'v' || s->p[n] == 'x'))
    n++;
  if (n == 0) {
    int32_t point = utf8_first(*s);
    bool letter = (point >= 'a' && point <= 'z') || (point >= 'A' && point <= 'Z');
    bool kana = point >= 0x3041 && point <= 0x30f6;
    n = letter ? 1 : kana ? 3 : 0;
  }
  *s = str_skip(*s, n);
  return n > 0;
}

bool overview_is_lettered(struct str text)
{
  int32_t point = utf8_first(text);
  if ((point >= 0x2460 && point <= 0x249b) || (point >= 0x2776 && point <= 0x2793)) /* ① ⑴ ⒈ ❶ */
    return true;
  (void)take(&text, '(');
  struct str mark = text;
  if (!take_letter(&mark) || !take(&mark, ')'))
    return false;
  return parted(mark, utf8_last(str_head(text, text.n - mark.n)));
}

enum overview_bullet overview_bullet(struct str text)
{
  static const int32_t sure[] = {0x2022, 0x2023, 0x2043, 0x25e6, 0x30fb, 0xff65, 0x25cb, 0x25cf, 0x25ce,
                                 0x25c6, 0x25c7, 0x25a0, 0x25a1, 0x25aa, 0x25ab, 0x203b, 0xb7};
  static const int32_t parted_by_blank[] = {'*', '+', 0xff0a};
  static const int32_t dashes[] = {'-', 0x2013, 0x2014, 0x2015, 0xff0d};
  int32_t point;
  if (text.n == 0)
    return BULLET_NONE;
  struct str rest = str_skip(text, utf8_decode(text, &point));
  int32_t next = utf8_first(rest);
  /* ○○ stands for a name that is left out. */
  for (size_t i = 0; i < sizeof sure / sizeof *sure; i++)
    if (point == sure[i])
      return rest.n && next != point ? BULLET_SURE : BULLET_NONE;
  if (!overview_blank(next))
    return BULLET_NONE;
  for (size_t i = 0; i < sizeof parted_by_blank / sizeof *parted_by_blank; i++)
    if (point == parted_by_blank[i])
      return BULLET_SURE;
  for (size_t i = 0; i < sizeof dashes / sizeof *dashes; i++)
    if (point == dashes[i])
      return BULLET_DASH;
  return BULLET_NONE;
}
