/* Plain text within one line: control bytes and faulty UTF-8 are made harmless here. */
#include "text/plain.h"

#include "base/utf8.h"

enum { TAB_COLUMNS = 8 };

bool plain_is(struct str s)
{
  return !str_has_control(s) && utf8_valid(s);
}

void plain_put(struct buf *out, struct str s)
{
  while (s.n) {
    size_t n = 0;
    while (n < s.n && !str_is_control(s.p[n]))
      n++;
    (void)utf8_clean(out, str_head(s, n));
    if (n < s.n)
      buf_put_c(out, ' ');
    s = str_skip(s, n + 1);
  }
}

void plain_put_expanded(struct buf *out, struct str s)
{
  size_t column = 0;
  struct str part, rest = s.p ? s : STR("");
  while (str_split(&rest, '\t', &part)) {
    size_t start = out->n;
    plain_put(out, part);
    if (buf_error(out))
      return;
    if (!rest.p)
      break;
    column += utf8_columns(str_skip(buf_str(out), start));
    do
      buf_put_c(out, ' ');
    while (++column % TAB_COLUMNS != 0);
  }
}

struct str plain_trim_end(struct str s)
{
  while (s.n && s.p[s.n - 1] == ' ')
    s.n--;
  return s;
}

size_t plain_unfinished(struct str s)
{
  enum { CHARACTER_MAX = 4 }; /* bytes of one in UTF-8 */
  if (s.n && s.p[s.n - 1] == '\r')
    return 1;
  for (size_t n = 1; n < CHARACTER_MAX && n <= s.n; n++) {
    struct str tail = str_skip(s, s.n - n);
    if (((unsigned char)tail.p[0] & 0xc0) == 0xc0)
      return utf8_valid_head(tail) && !utf8_valid(tail) ? n : 0;
  }
  return 0;
}
