/* UTF-8 by libutf8proc: decoding, checking, columns. */
#include "base/utf8.h"

#include <utf8proc.h>

static const char REPLACEMENT[] = "\xef\xbf\xbd"; /* U+FFFD */

size_t utf8_decode(struct str s, int32_t *point)
{
  unsigned char first = (unsigned char)s.p[0];
  if (first < 0x80) {
    *point = first;
    return 1;
  }
  utf8proc_int32_t value;
  utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)s.p, (utf8proc_ssize_t)(s.n < 4 ? s.n : 4), &value);
  if (n <= 0) {
    *point = -1;
    return 1;
  }
  *point = value;
  return (size_t)n;
}

void utf8_put(struct buf *out, int32_t point)
{
  utf8proc_uint8_t bytes[4];
  utf8proc_ssize_t n = utf8proc_encode_char(point, bytes);
  if (n > 0)
    buf_put(out, bytes, (size_t)n);
}

/* Where the first invalid byte of s stands, or s.n. */
static size_t first_invalid(struct str s)
{
  size_t at = 0;
  while (at < s.n) {
    int32_t point;
    size_t n = utf8_decode(str_skip(s, at), &point);
    if (point < 0)
      return at;
    at += n;
  }
  return s.n;
}

bool utf8_valid(struct str s)
{
  return first_invalid(s) == s.n;
}

bool utf8_valid_head(struct str s)
{
  size_t at = first_invalid(s);
  if (at == s.n)
    return true;
  /* Three bytes at most can be missing, and only a lead byte may stand where the fault is. */
  unsigned char lead = (unsigned char)s.p[at];
  size_t want = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (lead > 0xf4 || want <= s.n - at)
    return false;
  for (size_t i = at + 1; i < s.n; i++)
    if (((unsigned char)s.p[i] & 0xc0) != 0x80)
      return false;
  return true;
}

size_t utf8_clean(struct buf *out, struct str s)
{
  size_t replaced = 0;
  while (s.n) {
    size_t at = first_invalid(s);
    buf_put(out, s.p, at);
    s = str_skip(s, at);
    if (s.n) {
      buf_put(out, REPLACEMENT, sizeof REPLACEMENT - 1);
      s = str_skip(s, 1);
      replaced++;
    }
  }
  return replaced;
}

bool utf8_disturbs(int32_t point)
{
  return (point >= 0x80 && point <= 0x9f) || (point >= 0x200e && point <= 0x200f) ||
         (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) || point == 0xfeff;
}

/* Hangul's vowels and finals: terminals give the syllable its columns with the first consonant. */
static bool is_jamo_tail(int32_t point)
{
  return (point >= 0x1160 && point <= 0x11ff) || (point >= 0xd7b0 && point <= 0xd7ff);
}

/* As wcwidth() of most terminals has it. Unlike libutf8proc they give a column to a mark that stands beside its letter
 * (Mc), as most vowel signs of India's scripts do. */
static unsigned point_columns(int32_t point)
{
  if (point < 0)
    return 1;
  if (point < 0x20 || point == 0x7f || is_jamo_tail(point))
    return 0;
  int width = utf8proc_charwidth(point);
  if (width == 0 && point >= 0x80 && utf8proc_category(point) == UTF8PROC_CATEGORY_MC)
    return 1;
  return width > 0 ? (unsigned)width : 0;
}

static bool is_regional(int32_t point)
{
  return point >= 0x1f1e6 && point <= 0x1f1ff;
}

static bool is_pictograph(int32_t point)
{
  return utf8proc_get_property(point)->boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC;
}

static bool is_skin_tone(int32_t point)
{
  return point >= 0x1f3fb && point <= 0x1f3ff;
}

/* The width of a character of `columns` that began with `first` and whose last part was `last`, once `next` has joined
 * it. Parts stand side by side, but for emoji (UTS #51), which are drawn as one: of what a joiner or a skin tone brings
 * together the widest part counts; U+FE0F asks for the emoji form of a symbol, which is wide, and so is the flag that
 * two regional indicators make. */
static unsigned joined_columns(unsigned columns, int32_t first, int32_t last, int32_t next)
{
  unsigned width = point_columns(next);
  if ((next == 0xfe0f && columns == 1 && first >= 0x2000) || (is_regional(first) && is_regional(next)))
    return 2;
  if ((last == 0x200d && is_pictograph(next)) || (is_skin_tone(next) && is_pictograph(last)))
    return width > columns ? width : columns;
  return columns + width;
}

size_t utf8_character(struct str s, unsigned *columns)
{
  int32_t point;
  size_t n = utf8_decode(s, &point);
  *columns = point_columns(point);
  if (point < 0)
    return n;
  /* ASCII before ASCII is by far the commonest case; only CR LF would be one cluster. */
  utf8proc_int32_t state = 0;
  int32_t first = point;
  while (n < s.n) {
    int32_t next;
    if (point < 0x80 && (unsigned char)s.p[n] < 0x80 && point != '\r')
      break;
    size_t length = utf8_decode(str_skip(s, n), &next);
    if (next < 0 || utf8proc_grapheme_break_stateful(point, next, &state))
      break;
    unsigned width = joined_columns(*columns, first, point, next);
    if (width > UTF8_CHARACTER_COLUMNS)
      break;
    *columns = width;
    n += length;
    point = next;
  }
  return n;
}

size_t utf8_columns(struct str s)
{
  size_t total = 0;
  while (s.n) {
    unsigned columns;
    s = str_skip(s, utf8_character(s, &columns));
    total += columns;
  }
  return total;
}

size_t utf8_fit(struct str s, size_t columns)
{
  size_t at = 0;
  while (at < s.n) {
    unsigned width;
    size_t n = utf8_character(str_skip(s, at), &width);
    if (width > columns)
      break;
    columns -= width;
    at += n;
  }
  return at;
}

bool utf8_spaceless(int32_t point)
{
  return (point >= 0x2e80 && point <= 0x30ff) || /* radicals, CJK punctuation, Hiragana, Katakana */
         (point >= 0x3100 && point <= 0x312f) || /* Bopomofo */
         (point >= 0x31a0 && point <= 0x4dbf) || /* strokes, phonetic extensions, enclosed, Han A */
         (point >= 0x4e00 && point <= 0x9fff) || /* Han */
         (point >= 0xf900 && point <= 0xfaff) || /* compatibility Han */
         (point >= 0xfe30 && point <= 0xfe4f) || /* vertical forms */
         (point >= 0xff01 && point <= 0xff9f) || /* fullwidth forms, halfwidth Katakana */
         (point >= 0x20000 && point <= 0x3ffff); /* Han B and on */
}

bool utf8_alnum(int32_t point)
{
  if (point < 0x80)
    return (point >= '0' && point <= '9') || (point >= 'A' && point <= 'Z') || (point >= 'a' && point <= 'z');
  utf8proc_category_t category = utf8proc_category(point);
  return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) ||
         (category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO);
}

bool utf8_caseless(int32_t point)
{
  /* The feminine and the masculine ordinal sign are Latin's. */
  return point >= 0x80 && point != 0xaa && point != 0xba && utf8proc_category(point) == UTF8PROC_CATEGORY_LO;
}

int32_t utf8_first(struct str s)
{
  int32_t point = -1;
  if (s.n)
    (void)utf8_decode(s, &point);
  return point;
}

int32_t utf8_last(struct str s)
{
  size_t at = s.n;
  while (at > 0 && s.n - at < 4) {
    at--;
    if (((unsigned char)s.p[at] & 0xc0) != 0x80)
      break;
  }
  struct str tail = str_skip(s, at);
  int32_t point = -1;
  if (tail.n && utf8_decode(tail, &point) != tail.n)
    return -1;
  return point;
}
