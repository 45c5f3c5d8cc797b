/* Rules: which path they mean, and what they come to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "text/rules.h"

static void a_pattern_means_what_is_beneath_too(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *under, *pattern, *path;
    bool means, names;
  } table[] = {
      {__LINE__, "/", "/", "/", true, true},
      {__LINE__, "/", "", "/", true, true},
      {__LINE__, "/", "/", "/a/b", true, false},
      {__LINE__, "/", "/a", "/a", true, true},
      {__LINE__, "/", "a/", "/a", true, true},
      {__LINE__, "/", "/a", "/a/b", true, false},
      {__LINE__, "/", "/a", "/ab", false, false},
      {__LINE__, "/", "*.txt", "/a.txt", true, true},
      {__LINE__, "/", "*.txt", "/x/y/a.txt", true, true},
      {__LINE__, "/", "private", "/x/private/a.txt", true, false},
      {__LINE__, "/", "/*.txt", "/x/a.txt", false, false},
      {__LINE__, "/", "/private/", "//private//x", true, false},
      {__LINE__, "/u/", "/", "/u", true, true},
      {__LINE__, "/u/", "/", "/u/x", true, false},
      {__LINE__, "/u/", "/", "/v", false, false},
      {__LINE__, "/u/", "/x", "/u/x", true, true},
      {__LINE__, "/u/", "x/y", "/u/x/y", true, true},
      {__LINE__, "/u/", "x/y", "/x/y", false, false},
      {__LINE__, "/u/", "*.txt", "/u/b/c.txt", true, true},
      {__LINE__, "/u/", "*.txt", "/c.txt", false, false},
      {__LINE__, "/u/", "u", "/u/x", false, false},
      /* Nothing in the directory itself is special. */
      {__LINE__, "/[u]*/", "x", "/u/x", false, false},
      {__LINE__, "/[u]*/", "x", "/[u]*/x", true, true},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct rules rules;
    rules_init(&rules);
    struct rule *rule = rules_add(&rules, str_from(table[i].under), str_from(table[i].pattern));
    assert_non_null(rule);
    if (rule_means(rule, str_from(table[i].path), NULL) != table[i].means ||
        rule_names(rule, str_from(table[i].path)) != table[i].names)
      fail_msg("line %d", table[i].line);
    rules_free(&rules);
  }
}

static struct rule *add(struct rules *rules, const char *pattern)
{
  struct rule *rule = rules_add(rules, STR("/"), str_from(pattern));
  assert_non_null(rule);
  return rule;
}

static struct ruled laid(const struct rules *rules, const char *path, const char *file)
{
  struct ruled ruled = {.lang = NULL};
  rules_lay(rules, str_from(path), str_from(file ? file : path), &ruled);
  return ruled;
}

static void the_later_rule_holds(void **state)
{
  (void)state;
  struct rules rules;
  rules_init(&rules);
  add(&rules, "/")->lang = str_dup(STR("en"));
  struct rule *fr = add(&rules, "/fr/");
  fr->lang = str_dup(STR("fr"));
  fr->listing = TOGGLE_OFF;
  fr->columns = 40;
  struct rule *logs = add(&rules, "*.log");
  logs->type = str_dup(STR("text/x-log"));
  logs->terminate = TOGGLE_ON;
  add(&rules, "/fr/archive/")->listing = TOGGLE_ON;

  struct ruled r = laid(&rules, "/a.gmi", NULL);
  assert_string_equal(r.lang, "en");
  assert_null(r.type);
  assert_int_equal(r.listing, TOGGLE_UNSET);
  r = laid(&rules, "/fr/x/", NULL);
  assert_string_equal(r.lang, "fr");
  assert_int_equal(r.listing, TOGGLE_OFF);
  assert_int_equal(r.columns, 40);
  r = laid(&rules, "/fr/archive/a.log", NULL);
  assert_string_equal(r.lang, "fr");
  assert_string_equal(r.type, "text/x-log");
  assert_int_equal(r.listing, TOGGLE_ON);
  assert_int_equal(r.terminate, TOGGLE_ON);
  rules_free(&rules);
}

/* An index is what its own name says, whatever name it was asked for by; but a redirect of its name is not the
 * directory's. */
static void what_answers_counts_for_its_content(void **state)
{
  (void)state;
  struct rules rules;
  rules_init(&rules);
  struct rule *rule = add(&rules, "index.gmi");
  rule->lang = str_dup(STR("nl"));
  rule->gate = (struct gate){.set = true, .any = true};
  rule->status = 31;
  rule->meta = str_dup(STR("/"));
  rule->slow_seconds = 5;
  struct ruled r = laid(&rules, "/", "/index.gmi");
  assert_string_equal(r.lang, "nl");
  assert_ptr_equal(r.gate, rule);
  assert_null(r.answer);
  assert_null(r.slow);
  r = laid(&rules, "/index.gmi", NULL);
  assert_ptr_equal(r.answer, rule);
  rules_free(&rules);
}

static void redirects_know_where_they_end(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *pattern;
    unsigned status;
    const char *meta;
    bool with_rest;
    const char *path;
    bool want;
  } table[] = {
      {__LINE__, "/old", 30, "/new", false, "/old", true},
      {__LINE__, "/old", 30, "/new", false, "/old/", true},
      {__LINE__, "/old", 30, "/new", false, "/old/x", false},
      {__LINE__, "/old", 31, "/new/", true, "/old/x", true},
      {__LINE__, "/", 30, "/start.gmi", false, "/", true},
      {__LINE__, "/", 30, "/start.gmi", false, "/start.gmi", false},
      {__LINE__, "/", 31, "/new/", true, "/new/x", false},
      {__LINE__, "/", 31, "/caf%C3%A9/", true, "/caf\xc3\xa9/x", false},
      {__LINE__, "/a", 30, "/a?b", false, "/a", false},
      {__LINE__, "/a", 30, "/b?a", false, "/a", true},
      {__LINE__, "/old", 31, "/", true, "/old/x", true},
      {__LINE__, "/old", 31, "/", true, "/x", false},
      {__LINE__, "/old/", 31, "/old/archive/", true, "/old/x", true},
      {__LINE__, "/old/", 31, "/old/archive/", true, "/old/archive/x", false},
      {__LINE__, "/", 31, "/new/", true, "/x", true},
      {__LINE__, "/a", 30, "/a", false, "/a", false},
      {__LINE__, "*.htm", 31, "gemini://b.example/", true, "/x/y.htm", true},
      {__LINE__, "/old", 52, NULL, false, "/old/x", true},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct rules rules;
    rules_init(&rules);
    struct rule *rule = add(&rules, table[i].pattern);
    rule->status = table[i].status;
    rule->meta = table[i].meta ? str_dup(str_from(table[i].meta)) : NULL;
    rule->with_rest = table[i].with_rest;
    if ((laid(&rules, table[i].path, NULL).answer == rule) != table[i].want)
      fail_msg("line %d", table[i].line);
    rules_free(&rules);
  }
}

static void redirects_take_the_rest_along(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *pattern, *meta;
    bool with_rest;
    const char *path, *want;
  } table[] = {
      {__LINE__, "/old", "/new", false, "/old", "/new"},
      {__LINE__, "/old", "/new/", true, "/old/x/y", "/new/x/y"},
      {__LINE__, "/old", "/new/", true, "/old", "/new/"},
      {__LINE__, "/old", "/new/", true, "/old/a b", "/new/a%20b"},
      {__LINE__, "/old/", "gemini://b.example/", true, "/old/x", "gemini://b.example/x"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf to = BUF_INIT(1024);
    struct rules rules;
    rules_init(&rules);
    struct rule *rule = add(&rules, table[i].pattern);
    rule->meta = str_dup(str_from(table[i].meta));
    rule->with_rest = table[i].with_rest;
    rule_put_target(rule, str_from(table[i].path), &to);
    if (!str_eq(buf_str(&to), str_from(table[i].want)))
      fail_msg("line %d: %.*s", table[i].line, STR_ARG(buf_str(&to)));
    rules_free(&rules);
    buf_free(&to);
  }
}

static void a_gate_can_be_opened_again(void **state)
{
  (void)state;
  struct rules rules;
  rules_init(&rules);
  add(&rules, "/members/")->gate = (struct gate){.set = true, .any = true};
  add(&rules, "/members/door.gmi")->gate = (struct gate){.set = true, .everybody = true};
  assert_non_null(laid(&rules, "/members", NULL).gate);
  assert_non_null(laid(&rules, "//members//x", NULL).gate);
  assert_null(laid(&rules, "/members/door.gmi", NULL).gate);
  assert_null(laid(&rules, "/", NULL).gate);
  rules_free(&rules);
}

#define DIGITS "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"

static void fingerprints_are_read_as_people_write_them(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *text;
    int want;
  } table[] = {
      {__LINE__, DIGITS "f", 0},
      {__LINE__, "SHA256:" DIGITS "F", 0},
      {__LINE__, "sha256:" DIGITS "f", 0},
      {__LINE__, "01:23456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcde:f", 0},
      {__LINE__, "SHA-256 01:23:456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcde:F", 0},
      {__LINE__, "sha-256:" DIGITS "f", 0},
      {__LINE__, "SHA256: " DIGITS "f", 0},
      {__LINE__, "sha256 " DIGITS "f", 0},
      {__LINE__, "", ERR_SYNTAX},
      {__LINE__, "SHA-256", ERR_SYNTAX},
      {__LINE__, "SHA-256 ", ERR_SYNTAX},
      {__LINE__, "SHA-256" DIGITS "f", ERR_SYNTAX},
      {__LINE__, "SHA-256  " DIGITS "f", 0},
      {__LINE__, "SHA-256   " DIGITS "f", ERR_SYNTAX},
      {__LINE__, "SHA-512 " DIGITS "f", ERR_SYNTAX},
      {__LINE__, DIGITS, ERR_SYNTAX},
      {__LINE__, DIGITS "ff", ERR_SYNTAX},
      {__LINE__, DIGITS "g", ERR_SYNTAX},
      {__LINE__, "sha1:" DIGITS "f", ERR_SYNTAX},
      {__LINE__, DIGITS " f", ERR_SYNTAX},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct rules rules;
    rules_init(&rules);
    struct gate *gate = &add(&rules, "/")->gate;
    int got = gate_add(gate, str_from(table[i].text));
    if (got != table[i].want || gate->set != (got == 0) || (got == 0 && strcmp(gate->fingerprint[0], DIGITS "f") != 0))
      fail_msg("line %d: %d", table[i].line, got);
    rules_free(&rules);
  }
}

static void a_gate_has_a_bound(void **state)
{
  (void)state;
  struct rules rules;
  rules_init(&rules);
  struct gate *gate = &add(&rules, "/")->gate;
  for (size_t i = 0; i < RULE_FINGERPRINTS; i++)
    assert_int_equal(gate_add(gate, STR(DIGITS "f")), 0);
  assert_int_equal(gate_add(gate, STR(DIGITS "f")), ERR_LIMIT);
  rules_free(&rules);
}

static void sets_are_joined_in_order(void **state)
{
  (void)state;
  struct rules one, two;
  rules_init(&one);
  rules_init(&two);
  assert_int_equal(rules_join(&one, &two), 0);
  add(&one, "/a")->columns = 30;
  add(&two, "/a")->columns = 50;
  assert_int_equal(rules_join(&one, &two), 0);
  assert_int_equal(two.n, 0);
  assert_int_equal(one.n, 2);
  assert_int_equal(laid(&one, "/a", NULL).columns, 50);
  rules_free(&two);
  rules_free(&one);
}

static void a_copy_is_its_own(void **state)
{
  (void)state;
  struct rules one, two;
  rules_init(&one);
  rules_init(&two);
  struct rule *rule = add(&one, "*.txt");
  rule->lang = str_dup(STR("en"));
  assert_int_equal(gate_add(&rule->gate, STR(DIGITS "f")), 0);
  add(&one, "/x")->columns = 30;
  assert_int_equal(rules_copy(&two, &one), 0);
  rules_free(&one);
  assert_int_equal(two.n, 2);
  assert_string_equal(laid(&two, "/a/b.txt", NULL).lang, "en");
  assert_string_equal(laid(&two, "/b.txt", NULL).gate->gate.fingerprint[0], DIGITS "f");
  assert_int_equal(laid(&two, "/x", NULL).columns, 30);
  rules_free(&two);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_pattern_means_what_is_beneath_too),
      cmocka_unit_test(the_later_rule_holds),
      cmocka_unit_test(what_answers_counts_for_its_content),
      cmocka_unit_test(redirects_know_where_they_end),
      cmocka_unit_test(redirects_take_the_rest_along),
      cmocka_unit_test(a_gate_can_be_opened_again),
      cmocka_unit_test(fingerprints_are_read_as_people_write_them),
      cmocka_unit_test(a_gate_has_a_bound),
      cmocka_unit_test(sets_are_joined_in_order),
      cmocka_unit_test(a_copy_is_its_own),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
