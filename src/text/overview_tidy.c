/* The text of an overview made ready: one kind of line end, and no control characters. */
#include "text/overview_internal.h"

static bool is_c1(const unsigned char *p, size_t left)
{
  return p[0] == 0xc2 && left > 1 && p[1] >= 0x80 && p[1] < 0xa0;
}

static bool is_separator(const unsigned char *p, size_t left) /* U+2028, U+2029 */
{
  return p[0] == 0xe2 && left > 2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9);
}

/* What the control character at p becomes, and in *n how long it is; NUL where it is none. */
static char tidied(const unsigned char *p, size_t left, size_t *n)
{
  *n = 1;
  if (p[0] == '\r') {
    *n = left > 1 && p[1] == '\n' ? 2 : 1;
    return '\n';
  }
  if (p[0] >= '\n' && p[0] <= '\f')
    return '\n';
  if (p[0] < 0x20 || p[0] == 0x7f)
    return p[0] == '\t' ? '\t' : ' ';
  if (is_c1(p, left)) {
    *n = 2;
    return p[1] == 0x85 ? '\n' : ' ';
  }
  if (is_separator(p, left)) {
    *n = 3;
    return '\n';
  }
  return '\0';
}

size_t overview_tidy(char *text, size_t size)
{
  size_t to = 0;
  bool indenting = true; /* nothing but blanks on this line yet: tabs keep their meaning */
  for (size_t from = 0; from < size;) {
    const unsigned char *p = (const unsigned char *)text + from;
    size_t n;
    char c = tidied(p, size - from, &n);
    from += n;
    if (c == '\0') {
      text[to++] = (char)p[0];
      /* Wide blanks are not looked for here: a tab behind one becomes a space, which is as good. */
      indenting = indenting && p[0] == ' ';
      continue;
    }
    if (c == '\n' && n == 3 && p[2] == 0xa9) /* A paragraph separator is a blank line. */
      text[to++] = '\n';
    text[to++] = c == '\t' && !indenting ? ' ' : c;
    indenting = indenting || c == '\n';
  }
  return to;
}
