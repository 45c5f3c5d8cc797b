/* `.nuncio` texts: an author's rules for a directory, and nothing of the host's. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/utf8.h"
#include "config/file.h"
#include "config/local.h"

enum { WHY_MAX = 4096, THREADS = 4, TURNS = 200 };

static void read_well(struct rules *rules, const char *text)
{
  struct buf why = BUF_INIT(WHY_MAX);
  if (local_read(str_from(text), STR("/a/b/"), rules, &why) < 0)
    fail_msg("%s: %.*s", text, STR_ARG(buf_str(&why)));
  buf_free(&why);
}

static void an_author_says_what_holds_beneath(void **state)
{
  (void)state;
  struct rules rules;
  read_well(&rules, "# In French\n"
                    "path \"*.txt\" {\n charset = iso-8859-1\n}\n"
                    "lang = fr\n"
                    "path \"/old/\" { redirect = \"/a/b/new/*\" }\n"
                    "path x/y { clients = any client-reason = \"Write to me.\" }\n"
                    "listing = off listing-header = top.gmi\n");
  assert_int_equal(rules.n, 4);
  const struct rule *r = rules.rule;
  assert_string_equal(r[0].pattern, "/a/b/");
  assert_true(r[0].under == 5 && !r[0].names && r[0].line == 5 && r[0].listing == TOGGLE_OFF);
  assert_string_equal(r[0].lang, "fr");
  assert_string_equal(r[0].header, "top.gmi");
  assert_string_equal(r[1].pattern, "/a/b/*.txt");
  assert_true(r[1].names && r[1].under == 5 && r[1].line == 2);
  assert_string_equal(r[2].pattern, "/a/b/old/");
  assert_true(r[2].status == 30 && r[2].with_rest);
  assert_string_equal(r[3].pattern, "/a/b/x/y");
  assert_true(r[3].gate.set && r[3].gate.any);
  assert_true(rule_means(&r[0], STR("/a/b/c/d"), NULL) && !rule_means(&r[0], STR("/a/c"), NULL));
  rules_free(&rules);
  read_well(&rules, "");
  assert_int_equal(rules.n, 0);
  rules_free(&rules);
  read_well(&rules, "# nothing\r\n");
  assert_int_equal(rules.n, 0);
  rules_free(&rules);
}

static void mistakes_are_told_with_their_line(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *text, *why;
  } table[] = {
      {__LINE__, "\nlag = en", "2: there is no setting `lag`; did you mean `lang`?"},
      {__LINE__, "path x {\n\n\nlistng = off }",
       "4: there is no setting `listng` within path { }; did you mean `listing`?"},
      {__LINE__, "pth x { }", "1: there is no setting `pth`; did you mean `path`?"},
      {__LINE__, "client-ca = ca.pem",
       "1: there is no setting `client-ca`; `client-ca` has its place in the server's settings file"},
      {__LINE__, "path x { client-ca = ca.pem }",
       "1: there is no setting `client-ca` within path { }; `client-ca` has its place in the server's settings file"},
      {__LINE__, "local-settings = no",
       "1: there is no setting `local-settings`; `local-settings` has its place in the server's settings file"},
      {__LINE__, "host = a.example",
       "1: there is no setting `host`; `host` has its place in the server's settings file"},
      {__LINE__, "timeout { }",
       "1: there is no setting `timeout`; `timeout` has its place in the server's settings file"},
      {__LINE__, "site x { }", "1: there is no setting `site`; `site` has its place in the server's settings file"},
      {__LINE__, "include(\"/etc/passwd\")",
       "1: there is no setting `include`; `include` has its place in the server's settings file"},
      {__LINE__, "path x { path y { } }",
       "1: there is no setting `path` within path { }; expected path \"PATTERN\" { NAME = VALUE }, outside of these "
       "braces"},
      {__LINE__, "path x { }\npath x { }", "2: there is a path `x` already"},
      {__LINE__, "path /x/y { }\npath x/y { }", "2: path x/y: there is a path of that pattern already"},
      {__LINE__, "xxxxxxxxxxxx = 1", "1: there is no setting `xxxxxxxxxxxx`; expected one of lang, charset, type, "},
      {__LINE__, "lang = 'f", "1: the quotes that begin here do not end on this line"},
      {__LINE__, "lang = \"${HOME}\"", "1: nothing is put in for ${...}"},
      {__LINE__, "clients = {}", "1: expected a value between these braces"},
      {__LINE__, "redirect = '//evil.example/'", "1: redirect = //evil.example/: a path that begins with // would be"},
      {__LINE__, "\x01", "1: there is a control character outside of quotes"},
      {__LINE__, "}", "1: there is no { to this }"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct rules rules;
    struct buf why = BUF_INIT(WHY_MAX);
    int err = local_read(str_from(table[i].text), STR("/"), &rules, &why);
    if (err != ERR_SYNTAX || !str_starts(buf_str(&why), str_from(table[i].why)) || rules.n != 0 || rules.rule)
      fail_msg("line %d: %d, %.*s", table[i].line, err, STR_ARG(buf_str(&why)));
    buf_free(&why);
  }
}

static void all_has_a_bound(void **state)
{
  (void)state;
  struct rules rules;
  struct buf text = BUF_INIT((size_t)2 * LOCAL_TEXT_MAX), why = BUF_INIT(WHY_MAX);
  for (int i = 0; i < RULES_MAX; i++)
    buf_printf(&text, "path %d { }\n", i);
  assert_int_equal(local_read(buf_str(&text), STR("/"), &rules, &why), 0);
  assert_int_equal(rules.n, RULES_MAX);
  rules_free(&rules);
  buf_put_str(&text, STR("lang = en\n"));
  assert_int_equal(local_read(buf_str(&text), STR("/"), &rules, &why), ERR_SYNTAX);
  assert_true(str_eq(buf_str(&why), STR("1001: lang = en: at most 1000 paths have settings of their own")));
  buf_clear(&text);
  buf_clear(&why);
  while (text.n < LOCAL_TEXT_MAX)
    buf_put_c(&text, '\n');
  assert_int_equal(local_read(buf_str(&text), STR("/"), &rules, &why), 0);
  rules_free(&rules);
  buf_put_c(&text, '\n');
  assert_int_equal(local_read(buf_str(&text), STR("/"), &rules, &why), ERR_LIMIT);
  assert_true(rules.n == 0 && str_eq(buf_str(&why), STR("1: this file is larger than 64 KiB")));
  buf_free(&text);
  buf_free(&why);
}

/* They may be told to readers. */
static void sentences_fit_a_header_G15(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *text, *why;
  } table[] = {
      {__LINE__, "lang = 'a\tb'", "1: lang = a?b: expected a language tag"},
      {__LINE__, "lang = '\xff\xc3'", "1: lang = ??: expected a language tag"},
      {__LINE__, "'\xe2\x80\xae\xc2\x9b' = 1", "1: there is no setting `??`; expected one of"},
      {__LINE__, "path '\t' { }", "1: path ?: expected a pattern"},
      {__LINE__, "lang = \xc3\xa9", "1: lang = \xc3\xa9: expected a language tag"},
  };
  struct rules rules;
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf why = BUF_INIT(WHY_MAX);
    int err = local_read(str_from(table[i].text), STR("/"), &rules, &why);
    if (err != ERR_SYNTAX || !str_starts(buf_str(&why), str_from(table[i].why)))
      fail_msg("line %d: %d, %.*s", table[i].line, err, STR_ARG(buf_str(&why)));
    buf_free(&why);
  }
}

static void sentences_have_an_end(void **state)
{
  (void)state;
  static const char *const before[] = {"lang = ", "", "path "};
  for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
    struct rules rules;
    struct buf text = BUF_INIT(LOCAL_TEXT_MAX), why = BUF_INIT(LOCAL_WHY_MAX);
    buf_put_str(&text, str_from(before[i]));
    while (text.n + 10 < LOCAL_TEXT_MAX)
      buf_put_str(&text, STR("\xc3\xa9"));
    buf_put_str(&text, STR(" { }"));
    assert_int_equal(local_read(buf_str(&text), STR("/"), &rules, &why), ERR_SYNTAX);
    assert_true(buf_error(&why) == 0 && why.n > 20 && utf8_valid(buf_str(&why)));
    if (i == 0)
      assert_non_null(memmem(why.p, why.n, "...: expected a language tag", 28));
    else
      assert_true(str_ends(buf_str(&why), STR("...")));
    buf_free(&text);
    buf_free(&why);
  }
}

/* ------------------------------------------------------------------ several at a time */

/* Each reads another text, good and bad by turns; the number of those that came out otherwise. */
static void *read_often(void *context)
{
  const int *number = context;
  uintptr_t wrong = 0;
  struct buf good = BUF_INIT(WHY_MAX), expected = BUF_INIT(WHY_MAX);
  for (int i = 0; i <= *number; i++)
    buf_printf(&good, "path n%d-%d { gopher-width = %d }\n", *number, i, 100 + *number);
  buf_printf(&expected, "1: gopher-width = %d: expected a number of columns from 20 to 1024", *number);
  for (int turn = 0; turn < TURNS; turn++) {
    struct rules rules;
    struct buf why = BUF_INIT(WHY_MAX), bad = BUF_INIT(WHY_MAX);
    bool right = local_read(buf_str(&good), STR("/"), &rules, &why) == 0 && rules.n == (size_t)*number + 1;
    for (size_t i = 0; right && i < rules.n; i++)
      right = rules.rule[i].columns == 100 + (unsigned)*number;
    rules_free(&rules);
    buf_printf(&bad, "gopher-width = %d", *number);
    right = right && local_read(buf_str(&bad), STR("/"), &rules, &why) == ERR_SYNTAX;
    wrong += !right || !str_eq(buf_str(&why), buf_str(&expected));
    rules_free(&rules);
    buf_free(&why);
    buf_free(&bad);
  }
  buf_free(&good);
  buf_free(&expected);
  return (void *)wrong; /* NOLINT(performance-no-int-to-ptr): a number, never followed */
}

static void any_thread_may_read(void **state)
{
  (void)state;
  pthread_t threads[THREADS];
  int numbers[THREADS];
  for (int i = 0; i < THREADS; i++) {
    numbers[i] = i;
    assert_int_equal(pthread_create(&threads[i], NULL, read_often, &numbers[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    void *wrong = NULL;
    assert_int_equal(pthread_join(threads[i], &wrong), 0);
    assert_null(wrong);
  }
}

static void a_settings_file_is_read_as_before_afterwards(void **state)
{
  (void)state;
  struct settings s;
  struct rules rules;
  struct buf why = BUF_INIT(WHY_MAX);
  assert_int_equal(local_read(STR("path x { lang = '"), STR("/"), &rules, &why), ERR_SYNTAX);
  assert_int_equal(settings_init(&s), 0);
  assert_int_equal(settings_read_text(&s, STR("workers = 7\npath /x { lang = en }"), "f", &why), 0);
  assert_true(s.workers == 7 && s.sites[0].rules.n == 1);
  settings_free(&s);
  buf_free(&why);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_author_says_what_holds_beneath),
      cmocka_unit_test(mistakes_are_told_with_their_line),
      cmocka_unit_test(all_has_a_bound),
      cmocka_unit_test(any_thread_may_read),
      cmocka_unit_test(sentences_fit_a_header_G15),
      cmocka_unit_test(sentences_have_an_end),
      cmocka_unit_test(a_settings_file_is_read_as_before_afterwards),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
