/* agate's `.meta` files: what their lines mean, and what is said of those that mean nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "text/agate_meta.h"

static bool same(const char *a, const char *b)
{
  return a && b ? strcmp(a, b) == 0 : a == b;
}

static void each_line_is_a_rule(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *text, *pattern, *parameters, *type;
    unsigned status;
    const char *meta;
  } table[] = {
      /* the four forms */
      {__LINE__, "a.gmi:", "/d/a.gmi", "", NULL, 0, NULL},
      {__LINE__, "a.gmi: ;lang=de", "/d/a.gmi", ";lang=de", NULL, 0, NULL},
      {__LINE__, "a.gmi: ;lang=en ;charset=us-ascii", "/d/a.gmi", ";lang=en ;charset=us-ascii", NULL, 0, NULL},
      {__LINE__, "LICENSE:text/plain;charset=UTF-8", "/d/LICENSE", "", "text/plain;charset=UTF-8", 0, NULL},
      {__LINE__, "a: text/gemini; lang=\"en,fr\"", "/d/a", "", "text/gemini; lang=\"en,fr\"", 0, NULL},
      {__LINE__, "gone.gmi: 52 This is no longer here, sorry.", "/d/gone.gmi", NULL, NULL, 52,
       "This is no longer here, sorry."},
      {__LINE__, "gone.gmi: 52\tsorry: really", "/d/gone.gmi", NULL, NULL, 52, "sorry: really"},
      {__LINE__, "gone.gmi: 52", "/d/gone.gmi", NULL, NULL, 52, NULL},
      {__LINE__, "old: 31 gemini://example.org/new", "/d/old", NULL, NULL, 31, "gemini://example.org/new"},
      {__LINE__, "ask: 10 Your name?", "/d/ask", NULL, NULL, 10, "Your name?"},
      {__LINE__, "x: 62 ", "/d/x", NULL, NULL, 62, NULL},
      /* spaces, comments, the other sign */
      {__LINE__, "  a b.gmi  :  ;lang=de  # German\r\n", "/d/a b.gmi", ";lang=de", NULL, 0, NULL},
      {__LINE__, "\xef\xbb\xbf# first\n\n   \na=;lang=x", "/d/a", ";lang=x", NULL, 0, NULL},
      {__LINE__, "a: ;x=1:2", "/d/a", ";x=1:2", NULL, 0, NULL},
      /* paths */
      {__LINE__, "**/*.de.gmi: ;lang=de", "/d/**/*.de.gmi", ";lang=de", NULL, 0, NULL},
      {__LINE__, "nl/**: ;lang=nl", "/d/nl/**", ";lang=nl", NULL, 0, NULL},
      {__LINE__, "./b//c/: ;lang=nl", "/d/b/c", ";lang=nl", NULL, 0, NULL},
      {__LINE__, "/b: ;lang=nl", "/d/b", ";lang=nl", NULL, 0, NULL},
      {__LINE__, "b\\c[!x]?*.gmi: ;lang=nl", "/d/b\\\\c[!x]?*.gmi", ";lang=nl", NULL, 0, NULL},
      {__LINE__, "b[]]c: ;lang=nl", "/d/b[]]c", ";lang=nl", NULL, 0, NULL},
      {__LINE__, "\xc3\xa9.gmi: ;lang=fr", "/d/\xc3\xa9.gmi", ";lang=fr", NULL, 0, NULL},
      /* sections */
      {__LINE__, "[other]\nb: ;lang=x\n[ mime ]\na: ;lang=y\n[more]\nc: 99 x", "/d/a", ";lang=y", NULL, 0, NULL},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct rules rules;
    struct buf why = BUF_INIT(1024);
    rules_init(&rules);
    int err = agate_meta_read(str_from(table[i].text), STR("/d/"), &rules, &why);
    if (err || why.n || rules.n != 1)
      fail_msg("line %d: %d, %zu rules, '%.*s'", table[i].line, err, rules.n, STR_ARG(buf_str(&why)));
    const struct rule *rule = rules.rule;
    if (!same(rule->pattern, table[i].pattern) || !same(rule->parameters, table[i].parameters) ||
        !same(rule->type, table[i].type) || rule->status != table[i].status || !same(rule->meta, table[i].meta))
      fail_msg("line %d: %s, %s, %s, %u %s", table[i].line, rule->pattern, rule->parameters, rule->type, rule->status,
               rule->meta);
    assert_true(rule->agate);
    assert_int_equal(rule->under, 3);
    rules_free(&rules);
    buf_free(&why);
  }
}

static void what_is_wrong_is_said_with_its_line(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *text, *why;
  } table[] = {
      {__LINE__, "\nnothing", "line 2: expected PATH: METADATA, not nothing"},
      {__LINE__, ": ;lang=de", "line 1: expected PATH: METADATA"},
      {__LINE__, "/: ;lang=de", "line 1: expected PATH: METADATA, not /"},
      {__LINE__, "../a: ;lang=de", "line 1: expected the path of a file in this directory or beneath it, not ../a"},
      {__LINE__, "a/../b: x/y", "line 1: expected the path of a file in this directory or beneath it, not a/../b"},
      {__LINE__, "a**: x/y",
       "line 1: expected wildcards in which `**` stands alone between slashes and each `[` has its "
       "`]`, not a**"},
      {__LINE__, "a[b: x/y",
       "line 1: expected wildcards in which `**` stands alone between slashes and each `[` has its "
       "`]`, not a[b"},
      {__LINE__, "a[]: x/y",
       "line 1: expected wildcards in which `**` stands alone between slashes and each `[` has its "
       "`]`, not a[]"},
      {__LINE__, "a: plain", "line 1: expected ;PARAMETERS, a status code, or a MIME type, not plain"},
      {__LINE__, "a: /plain", "line 1: expected ;PARAMETERS, a status code, or a MIME type, not /plain"},
      {__LINE__, "a: text/;x=y", "line 1: expected ;PARAMETERS, a status code, or a MIME type, not text/;x=y"},
      {__LINE__, "a: text/pl in", "line 1: expected ;PARAMETERS, a status code, or a MIME type, not text/pl in"},
      {__LINE__, "a: 5", "line 1: expected a status code of two digits and a space, or a MIME type, not 5"},
      {__LINE__, "a: 520 x", "line 1: expected a status code of two digits and a space, or a MIME type, not 520 x"},
      {__LINE__, "a: 5x gone", "line 1: expected a status code of two digits and a space, or a MIME type, not 5x gone"},
      {__LINE__, "a: 20 text/plain",
       "line 1: expected a MIME type alone, since a file that is served has the status 20 anyway, not 20 text/plain"},
      {__LINE__, "a: 45 x", "line 1: expected a status code that Gemini has, not 45 x"},
      {__LINE__, "a: 99 x", "line 1: expected ;PARAMETERS, a status code, or a MIME type, not 99 x"},
      {__LINE__, "a: 10", "line 1: expected a prompt after the status code, not 10"},
      {__LINE__, "a: 31", "line 1: expected an address after the status code, not 31"},
      {__LINE__, "a: 31 to there", "line 1: expected an address after the status code, not 31 to there"},
      {__LINE__, "a: ;x=\x1b[1m", "line 1: expected text without control characters"},
      {__LINE__, "a\xff: ;x=y", "line 1: expected UTF-8"},
      {__LINE__, "a\nb\nc\nd\ne\nf\ng",
       "line 1: expected PATH: METADATA, not a; line 2: expected PATH: METADATA, not b; line 3: expected PATH: "
       "METADATA, "
       "not c; line 4: expected PATH: METADATA, not d; line 5: expected PATH: METADATA, not e; and 2 more"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct rules rules;
    struct buf why = BUF_INIT(4096);
    rules_init(&rules);
    int err = agate_meta_read(str_from(table[i].text), STR("/"), &rules, &why);
    if (err != ERR_SYNTAX || rules.n || !str_eq(buf_str(&why), str_from(table[i].why)))
      fail_msg("line %d: %d, '%.*s'", table[i].line, err, STR_ARG(buf_str(&why)));
    rules_free(&rules);
    buf_free(&why);
  }
}

static void the_good_lines_hold(void **state)
{
  (void)state;
  struct rules rules;
  struct buf why = BUF_INIT(1024), text = BUF_INIT(1 << 20);
  rules_init(&rules);
  assert_int_equal(agate_meta_read(STR(""), STR("/"), &rules, &why), 0);
  assert_int_equal(rules.n + why.n, 0);
  assert_int_equal(agate_meta_read(STR("a: ;lang=de\nbad\nc: 52 gone\n"), STR("/"), &rules, &why), 0);
  assert_int_equal(rules.n, 2);
  assert_int_equal(rules.rule[1].line, 3);
  assert_true(str_eq(buf_str(&why), STR("line 2: expected PATH: METADATA, not bad")));
  buf_clear(&why);

  for (int i = 0; i < RULES_MAX + 2; i++)
    buf_printf(&text, "%d: ;lang=de\n", i);
  assert_int_equal(agate_meta_read(buf_str(&text), STR("/"), &rules, &why), 0);
  assert_int_equal(rules.n, 2 + RULES_MAX);
  assert_true(
      str_eq(buf_str(&why), STR("line 1001: expected 1000 lines at most; line 1002: expected 1000 lines at most")));
  buf_clear(&why);
  rules_free(&rules);

  buf_clear(&text);
  buf_put_str(&text, STR("a: ;x="));
  for (int i = 0; i < 1030; i++)
    buf_put_c(&text, 'x');
  assert_int_equal(agate_meta_read(buf_str(&text), STR("/"), &rules, &why), ERR_SYNTAX);
  assert_true(str_starts(buf_str(&why), STR("line 1: expected 1024 bytes of metadata at most, not ;x=xxx")));
  assert_true(why.n < 200);
  buf_free(&why);
  buf_free(&text);
  rules_free(&rules);
}

/* agate's README shows what its example comes to. */
static void the_last_line_that_means_a_file_counts(void **state)
{
  (void)state;
  static const char text[] = "**/*.de.gmi: ;lang=de\n"
                             "nl/**/*.gmi: ;lang=nl\n"
                             "index.gmi: ;lang=en-GB\n"
                             "LICENSE: text/plain;charset=UTF-8\n"
                             "gone.gmi: 52 Gone, sorry.\n"
                             "nl/back.gmi:\n"
                             "notes/*: text/x-notes\n"
                             "notes/a: ;x=y\n"
                             "down/*: 40 Later.\n"
                             "down/up.gmi: ;lang=en\n"
                             "down/index.gmi: 52 Gone, too.\n";
  static const struct {
    int line;
    const char *path, *file, *parameters, *type;
    unsigned status;
  } table[] = {
      {__LINE__, "/", "/index.gmi", ";lang=en-GB", NULL, 0},
      {__LINE__, "/index.gmi", NULL, ";lang=en-GB", NULL, 0},
      {__LINE__, "/x/index.gmi", NULL, NULL, NULL, 0},
      {__LINE__, "/LICENSE", NULL, "", "text/plain;charset=UTF-8", 0},
      {__LINE__, "/gone.gmi", NULL, NULL, NULL, 52},
      {__LINE__, "/x/gone.gmi", NULL, NULL, NULL, 0},
      {__LINE__, "/a.de.gmi", NULL, ";lang=de", NULL, 0},
      {__LINE__, "/x/y/a.de.gmi", NULL, ";lang=de", NULL, 0},
      {__LINE__, "/nl/a.gmi", NULL, ";lang=nl", NULL, 0},
      {__LINE__, "/nl/a.de.gmi", NULL, ";lang=nl", NULL, 0},
      {__LINE__, "/nl/back.gmi", NULL, "", NULL, 0},
      {__LINE__, "/notes/b", NULL, "", "text/x-notes", 0},
      {__LINE__, "/notes/a", NULL, ";x=y", NULL, 0},
      {__LINE__, "/notes/b/c", NULL, NULL, NULL, 0}, /* nothing beneath what is meant */
      {__LINE__, "/down/a.gmi", NULL, NULL, NULL, 40},
      {__LINE__, "/down/up.gmi", NULL, ";lang=en", NULL, 0},
      {__LINE__, "/down/", "/down/index.gmi", NULL, NULL, 52},
      {__LINE__, "/.well-known/a.de.gmi", NULL, NULL, NULL, 0}, /* its dot is not written */
  };
  struct rules rules;
  struct buf why = BUF_INIT(1024);
  rules_init(&rules);
  assert_int_equal(agate_meta_read(str_from(text), STR("/"), &rules, &why), 0);
  assert_int_equal(why.n, 0);
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct ruled ruled = {.lang = NULL};
    const char *file = table[i].file ? table[i].file : table[i].path;
    rules_lay(&rules, str_from(table[i].path), str_from(file), &ruled);
    unsigned status = ruled.answer ? ruled.answer->status : 0;
    if (!same(ruled.parameters, table[i].parameters) || !same(ruled.type, table[i].type) || status != table[i].status)
      fail_msg("line %d: %s, %s, %u", table[i].line, ruled.parameters, ruled.type, status);
  }
  rules_free(&rules);
  assert_int_equal(agate_meta_read(STR(".well-known/*: ;lang=de"), STR("/"), &rules, &why), 0);
  struct ruled ruled = {.lang = NULL};
  rules_lay(&rules, STR("/.well-known/a"), STR("/.well-known/a"), &ruled);
  assert_string_equal(ruled.parameters, ";lang=de");
  rules_free(&rules);
  buf_free(&why);
}

/* Other rules of the same page go on as they do. */
static void other_rules_hold_beside_it(void **state)
{
  (void)state;
  struct rules rules;
  struct buf why = BUF_INIT(1024);
  rules_init(&rules);
  struct rule *first = rules_add(&rules, STR("/"), STR("/"));
  assert_non_null(first);
  first->columns = 40;
  first->type = str_dup(STR("text/plain"));
  assert_int_equal(agate_meta_read(STR("*: text/x-a\na: ;x=y"), STR("/"), &rules, &why), 0);
  struct rule *last = rules_add(&rules, STR("/"), STR("/a"));
  assert_non_null(last);
  last->lang = str_dup(STR("de"));
  struct ruled ruled = {.lang = NULL};
  rules_lay(&rules, STR("/a"), STR("/a"), &ruled);
  assert_int_equal(ruled.columns, 40);
  assert_string_equal(ruled.type, "text/plain");
  assert_string_equal(ruled.parameters, ";x=y");
  assert_string_equal(ruled.lang, "de");
  rules_free(&rules);
  buf_free(&why);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_line_is_a_rule),        cmocka_unit_test(what_is_wrong_is_said_with_its_line),
      cmocka_unit_test(the_good_lines_hold),        cmocka_unit_test(the_last_line_that_means_a_file_counts),
      cmocka_unit_test(other_rules_hold_beside_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
