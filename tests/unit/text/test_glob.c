/* Patterns for names and paths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/buf.h"
#include "text/glob.h"

static void names_are_matched(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *pattern, *name;
    bool want;
  } table[] = {
      {__LINE__, "", "", true},
      {__LINE__, "", "a", false},
      {__LINE__, "a", "", false},
      {__LINE__, "*", "", true},
      {__LINE__, "*", "anything", true},
      {__LINE__, "*.txt", "a.txt", true},
      {__LINE__, "*.txt", ".txt", true},
      {__LINE__, "*.txt", "a.txt.gmi", false},
      {__LINE__, "*.txt", "a.txt.txt", true},
      {__LINE__, "a*b*c", "a-b-b-c", true},
      {__LINE__, "a*b*c", "a-b-b-", false},
      {__LINE__, "**", "x", true},
      {__LINE__, "?", "a", true},
      {__LINE__, "?", "", false},
      {__LINE__, "??", "a", false},
      {__LINE__, "[a-c]x", "bx", true},
      {__LINE__, "[a-c]x", "dx", false},
      {__LINE__, "[!a-c]x", "dx", true},
      {__LINE__, "[^a-c]x", "bx", false},
      {__LINE__, "[]x]", "]", true},
      {__LINE__, "[!]x]", "]", false},
      {__LINE__, "[a-]", "-", true},
      {__LINE__, "[c-a]", "b", false},
      {__LINE__, "[abc", "[abc", true},
      {__LINE__, "[", "[", true},
      {__LINE__, "[]", "[]", true},
      {__LINE__, "*[0-9].log", "x9.log", true},
      {__LINE__, "\\*", "*", true},
      {__LINE__, "\\*", "a", false},
      {__LINE__, "a\\", "a\\", true},
      {__LINE__, "\xc3\xa9*", "\xc3\xa9t\xc3\xa9", true},
      {__LINE__, "A", "a", false},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (glob_name(str_from(table[i].pattern), str_from(table[i].name)) != table[i].want)
      fail_msg("line %d", table[i].line);
}

static void paths_are_matched_segment_by_segment(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *pattern, *path;
    bool whole;
    const char *rest; /* NULL: the path is not beneath */
  } table[] = {
      {__LINE__, "/", "/", true, ""},
      {__LINE__, "/", "/a/b", false, "a/b"},
      {__LINE__, "/old/", "/old", true, ""},
      {__LINE__, "/old/", "/old/", true, ""},
      {__LINE__, "/old", "/old/a/b", false, "a/b"},
      {__LINE__, "/old", "/old/a/b/", false, "a/b/"},
      {__LINE__, "/old", "/older", false, NULL},
      {__LINE__, "/old", "//old//a", false, "a"},
      {__LINE__, "//old//", "/old", true, ""},
      {__LINE__, "/*.txt", "/a.txt", true, ""},
      {__LINE__, "/*.txt", "/b/a.txt", false, NULL},
      {__LINE__, "/~*/", "/~ann/x", false, "x"},
      {__LINE__, "/~*/private", "/~ann/private/x", false, "x"},
      {__LINE__, "/~*/private", "/~ann/b/private/x", false, NULL},
      {__LINE__, "/**/x", "/x", true, ""},
      {__LINE__, "/**/x", "/a/b/x", true, ""},
      {__LINE__, "/**/x", "/x/x", true, "x"},
      {__LINE__, "/**/x", "/a/x/b", false, "b"},
      {__LINE__, "/**/x", "/a/b", false, NULL},
      {__LINE__, "/a/**", "/a", true, ""},
      {__LINE__, "/a/**", "/a/b/c", true, "b/c"},
      {__LINE__, "/a/**/b/**/c", "/a/x/b/y/z/c", true, ""},
      {__LINE__, "/a/**/b/**/c", "/a/x/y/z/c", false, NULL},
      {__LINE__, "/**/*.de.gmi", "/a/b.de.gmi", true, ""},
      {__LINE__, "/a/b", "/a", false, NULL},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct str rest = STR("?"), pattern = str_from(table[i].pattern), path = str_from(table[i].path);
    if (glob_path(pattern, path) != table[i].whole)
      fail_msg("line %d: whole", table[i].line);
    bool above = glob_above(pattern, path, &rest);
    if (above != (table[i].rest != NULL) || (above && !str_eq(rest, str_from(table[i].rest))))
      fail_msg("line %d: above, '%.*s'", table[i].line, STR_ARG(rest));
  }
}

/* A pattern of many stars against a name that it nearly means: with a way back to each of them this would take longer
 * than anybody lives. */
static void no_pattern_takes_long(void **state)
{
  (void)state;
  enum { STARS = 200, LENGTH = 1000 };
  char pattern[2 * STARS + 2], name[LENGTH], path[2 * LENGTH];
  for (size_t i = 0; i < STARS; i++)
    memcpy(pattern + 2 * i, "a*", 2);
  memcpy(pattern + (size_t)2 * STARS, "b", 2);
  memset(name, 'a', sizeof name);
  assert_false(glob_name(str_from(pattern), str_make(name, sizeof name)));
  struct buf paths = BUF_INIT(64 * 1024);
  for (size_t i = 0; i < STARS; i++)
    buf_put_str(&paths, STR("/a/**"));
  buf_put_str(&paths, STR("/b"));
  for (size_t i = 0; i < sizeof path; i++)
    path[i] = i % 2 ? 'a' : '/';
  assert_false(glob_path(buf_str(&paths), str_make(path, sizeof path)));
  buf_free(&paths);
}

/* ------------------------------------------------------------------ a model */

/* The length of the set at `p`, 0 where its bracket is never closed; *is: whether it has `c`. As the header says it,
 * in the plainest way. */
static size_t plain_set(const char *p, char c, bool *is)
{
  bool negated = p[1] == '!' || p[1] == '^', found = false;
  const char *first = p + (negated ? 2 : 1), *end = *first ? strchr(first + 1, ']') : NULL;
  if (!end)
    return 0;
  while (first < end) {
    bool range = first + 2 < end && first[1] == '-';
    unsigned char low = (unsigned char)first[0], high = (unsigned char)first[range ? 2 : 0];
    found = found || ((unsigned char)c >= low && (unsigned char)c <= high);
    first += range ? 3 : 1;
  }
  *is = found != negated;
  return (size_t)(end - p) + 1;
}

/* Tries all that a star could stand for. */
static bool plain_match(const char *p, const char *name)
{
  if (*p == '\0')
    return *name == '\0';
  if (*p == '*')
    return plain_match(p + 1, name) || (*name && plain_match(p, name + 1));
  if (*name == '\0')
    return false;
  bool is = *p == '?' || *p == *name;
  size_t length = 1, set = *p == '[' ? plain_set(p, *name, &is) : 0;
  if (set) {
    length = set;
  } else if (*p == '\\' && p[1]) {
    is = p[1] == *name;
    length = 2;
  }
  return is && plain_match(p + length, name + 1);
}

static uint64_t seed = 1;

/* xorshift64*: the same patterns on every run. */
static unsigned pick(unsigned n)
{
  seed ^= seed >> 12;
  seed ^= seed << 25;
  seed ^= seed >> 27;
  return (unsigned)((seed * 0x2545f4914f6cdd1dull) >> 33) % n;
}

static void make_text(char *text, unsigned most)
{
  static const char alphabet[] = "*?[]!^\\ab-";
  unsigned n = pick(most + 1);
  for (unsigned i = 0; i < n; i++)
    text[i] = alphabet[pick(sizeof alphabet - 1)];
  text[n] = '\0';
}

static void random_patterns_agree_with_a_plain_model(void **state)
{
  (void)state;
  enum { PAIRS = 300000, PATTERN = 12, NAME = 5 };
  unsigned matched = 0;
  for (unsigned i = 0; i < PAIRS; i++) {
    char pattern[PATTERN + 1], name[NAME + 1];
    make_text(pattern, PATTERN);
    make_text(name, NAME);
    bool want = plain_match(pattern, name);
    if (glob_name(str_from(pattern), str_from(name)) != want)
      fail_msg("pattern %s, name %s", pattern, name);
    matched += want;
  }
  assert_in_range(matched, PAIRS / 50, PAIRS / 2);
}

/* ------------------------------------------------------------------ time */

static void repeat(const char *unit, char *text, size_t n)
{
  for (size_t i = 0, length = strlen(unit); i < n; i++)
    text[i] = unit[i % length];
}

/* The processor's time for a pattern of a star, the unit again and again, and a tail, against a name that is another
 * unit again and again: the shortest of a few. */
static int64_t cost_ns(const char *unit, const char *tail, const char *name_unit)
{
  enum { PATTERN = 666, NAME = 2000, TRIES = 3 };
  char pattern[1 + PATTERN + 8] = "*", name[NAME];
  int64_t best = INT64_MAX;
  repeat(unit, pattern + 1, PATTERN);
  memcpy(pattern + 1 + PATTERN, tail, strlen(tail) + 1);
  repeat(name_unit, name, sizeof name);
  for (int i = 0; i < TRIES; i++) {
    struct timespec from, to;
    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from), 0);
    assert_false(glob_name(str_from(pattern), str_make(name, sizeof name)));
    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to), 0);
    int64_t ns = (int64_t)(to.tv_sec - from.tv_sec) * 1000000000 + (to.tv_nsec - from.tv_nsec);
    best = ns < best ? ns : best;
  }
  return best;
}

/* Brackets cost what letters do, closed or not: rules of the capsule's files are compared in the loop. */
static void brackets_take_no_longer_than_letters(void **state)
{
  (void)state;
  enum { TIMES = 20 };
  static const struct {
    const char *unit, *tail, *name;
  } table[] = {
      {"[", "b", "["},    {"[!", "b", "[!"},    {"[^[", "b", "[^["}, {"[", "]", "x"},     {"[", "]b", "["},
      {"[!", "]b", "!["}, {"[^", "]b", "x"},    {"[]", "b", "[]"},   {"[!]", "b", "x"},   {"[^]x]", "b", "["},
      {"]", "[b", "]"},   {"[[]", "[[[b", "["}, {"\\[", "]b", "["},  {"?[", "[][b", "["},
  };
  int64_t letters = cost_ns("a", "b", "a");
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    int64_t brackets = cost_ns(table[i].unit, table[i].tail, table[i].name);
    if (brackets > TIMES * letters)
      fail_msg("*%s...%s: %lld times as long", table[i].unit, table[i].tail, (long long)(brackets / letters));
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_are_matched),
      cmocka_unit_test(paths_are_matched_segment_by_segment),
      cmocka_unit_test(no_pattern_takes_long),
      cmocka_unit_test(random_patterns_agree_with_a_plain_model),
      cmocka_unit_test(brackets_take_no_longer_than_letters),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
