/* Patterns for names and paths: one star is gone back to at a time, so that no pattern takes long. */
#include "text/glob.h"

bool glob_segment(struct str *rest, struct str *segment)
{
  while (str_split(rest, '/', segment))
    if (segment->n)
      return true;
  return false;
}

/* ------------------------------------------------------------------ one name */

/* The length of the set that begins at pattern.p[at] == '[', its bracket at the end included; 0 where it has none. A
 * bracket that comes first is one of the set. `last` is where the pattern's last closing bracket stands: a bracket that
 * is never closed is known by it, without a search to the end of the pattern for every byte of the name. */
static size_t set_length(struct str pattern, size_t last, size_t at)
{
  size_t i = at + 1;
  if (i < pattern.n && (pattern.p[i] == '!' || pattern.p[i] == '^'))
    i++;
  if (last == pattern.n || last <= i)
    return 0;
  return i + 2 + str_find(str_skip(pattern, i + 1), ']') - at;
}

/* Whether a byte is in a set, which is given with its brackets. */
static bool in_set(struct str set, unsigned char c)
{
  struct str inside = str_make(set.p + 1, set.n - 2);
  bool negated = inside.n > 0 && (inside.p[0] == '!' || inside.p[0] == '^'), found = false;
  if (negated)
    inside = str_skip(inside, 1);
  for (size_t i = 0; i < inside.n; i++) {
    unsigned char low = (unsigned char)inside.p[i], high = low;
    if (i + 2 < inside.n && inside.p[i + 1] == '-') {
      high = (unsigned char)inside.p[i + 2];
      i += 2;
    }
    found = found || (c >= low && c <= high);
  }
  return found != negated;
}

/* Whether what stands at pattern.p[at], which is no star, means this byte; *length is how long it is, and no more bytes
 * than those are looked at. */
static bool means_byte(struct str pattern, size_t last, size_t at, char c, size_t *length)
{
  *length = 1;
  switch (pattern.p[at]) {
  case '?':
    return true;
  case '[': {
    size_t n = set_length(pattern, last, at);
    if (n == 0)
      return c == '[';
    *length = n;
    return in_set(str_make(pattern.p + at, n), (unsigned char)c);
  }
  case '\\':
    if (at + 1 == pattern.n)
      return c == '\\';
    *length = 2;
    return c == pattern.p[at + 1];
  default:
    return c == pattern.p[at];
  }
}

bool glob_name(struct str pattern, struct str name)
{
  size_t p = 0, n = 0, after = 0, mark = 0, length = 0, last = str_rfind(pattern, ']');
  bool starred = false;
  while (n < name.n) {
    if (p < pattern.n && pattern.p[p] == '*') {
      starred = true;
      after = ++p;
      mark = n;
    } else if (p < pattern.n && means_byte(pattern, last, p, name.p[n], &length)) {
      p += length;
      n++;
    } else if (starred) { /* the last star takes one byte more; earlier ones need not: what follows them has its place
                           */
      p = after;
      n = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.n && pattern.p[p] == '*')
    p++;
  return p == pattern.n;
}

/* ------------------------------------------------------------------ a path */

/* The same way as for a name, with segments for bytes and `**` for the star. Where the pattern has been used up,
 * `above` decides whether what is left of the path matters. */
static bool match(struct str pattern, struct str path, bool above, struct str *left)
{
  struct str after = STR(""), mark = STR(""), wanted, segment;
  bool starred = false;
  for (;;) {
    struct str rest_of_pattern = pattern, rest = path;
    bool more = glob_segment(&rest_of_pattern, &wanted);
    if (more && str_eq(wanted, STR("**"))) {
      starred = true;
      after = pattern = rest_of_pattern;
      mark = path;
      continue;
    }
    bool there = glob_segment(&rest, &segment);
    if (!more && (above || !there)) {
      *left = path.p ? path : STR("");
      return true;
    }
    if (more && !there)
      return false;
    if (more && glob_name(wanted, segment)) {
      pattern = rest_of_pattern;
      path = rest;
    } else if (starred && glob_segment(&mark, &segment)) {
      pattern = after;
      path = mark;
    } else {
      return false;
    }
  }
}

bool glob_path(struct str pattern, struct str path)
{
  struct str left;
  return match(pattern, path, false, &left);
}

bool glob_above(struct str pattern, struct str path, struct str *rest)
{
  if (!match(pattern, path, true, rest))
    return false;
  while (str_starts(*rest, STR("/")))
    *rest = str_skip(*rest, 1);
  return true;
}
