/* Spans: comparing, searching, cutting. */
#include "base/str.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"

struct str str_from(const char *text)
{
  return (struct str){text, text ? strlen(text) : 0};
}

struct str str_make(const char *p, size_t n)
{
  return (struct str){p, n};
}

bool str_eq(struct str a, struct str b)
{
  return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool str_eq_nocase(struct str a, struct str b)
{
  return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

bool str_starts(struct str s, struct str prefix)
{
  return s.n >= prefix.n && str_eq(str_head(s, prefix.n), prefix);
}

bool str_starts_nocase(struct str s, struct str prefix)
{
  return s.n >= prefix.n && str_eq_nocase(str_head(s, prefix.n), prefix);
}

bool str_ends(struct str s, struct str suffix)
{
  return s.n >= suffix.n && str_eq(str_skip(s, s.n - suffix.n), suffix);
}

int str_cmp(struct str a, struct str b)
{
  size_t n = a.n < b.n ? a.n : b.n;
  int order = n ? memcmp(a.p, b.p, n) : 0;
  if (order != 0)
    return order;
  return a.n < b.n ? -1 : a.n > b.n;
}

size_t str_find(struct str s, char c)
{
  const char *at = s.n ? memchr(s.p, c, s.n) : NULL;
  return at ? (size_t)(at - s.p) : s.n;
}

size_t str_rfind(struct str s, char c)
{
  for (size_t i = s.n; i > 0; i--)
    if (s.p[i - 1] == c)
      return i - 1;
  return s.n;
}

struct str str_skip(struct str s, size_t n)
{
  if (n > s.n)
    n = s.n;
  return n ? (struct str){s.p + n, s.n - n} : s;
}

struct str str_head(struct str s, size_t n)
{
  return (struct str){s.p, n < s.n ? n : s.n};
}

struct str str_trim(struct str s)
{
  while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
    s = str_skip(s, 1);
  while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
    s.n--;
  return s;
}

bool str_line(struct str *rest, struct str *line)
{
  if (rest->n == 0)
    return false;
  size_t at = str_find(*rest, '\n');
  *line = str_head(*rest, at);
  *rest = str_skip(*rest, at + 1);
  if (line->n && line->p[line->n - 1] == '\r')
    line->n--;
  return true;
}

bool str_split(struct str *rest, char sep, struct str *part)
{
  if (!rest->p)
    return false;
  size_t at = str_find(*rest, sep);
  *part = str_head(*rest, at);
  *rest = at < rest->n ? str_skip(*rest, at + 1) : (struct str){NULL, 0};
  return true;
}

int str_number(struct str s, unsigned *out)
{
  unsigned value = 0;
  if (s.n == 0 || s.n > 9)
    return ERR_SYNTAX;
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] < '0' || s.p[i] > '9')
      return ERR_SYNTAX;
    value = value * 10 + (unsigned)(s.p[i] - '0');
  }
  *out = value;
  return 0;
}

char *str_dup(struct str s)
{
  char *copy = malloc(s.n + 1);
  if (!copy)
    return NULL;
  if (s.n)
    memcpy(copy, s.p, s.n);
  copy[s.n] = '\0';
  return copy;
}

struct str str_place(char **at, struct str s)
{
  struct str copy = {*at, s.n};
  if (s.n)
    memcpy(*at, s.p, s.n);
  *at += s.n;
  return copy;
}

bool str_is_control(char c)
{
  unsigned char byte = (unsigned char)c;
  return byte < 0x20 || byte == 0x7f;
}

bool str_has_control(struct str s)
{
  for (size_t i = 0; i < s.n; i++)
    if (str_is_control(s.p[i]))
      return true;
  return false;
}
