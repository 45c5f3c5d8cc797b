/* Patterns for names and paths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_are_matched),
      cmocka_unit_test(paths_are_matched_segment_by_segment),
      cmocka_unit_test(no_pattern_takes_long),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
