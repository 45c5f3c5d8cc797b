/* What a rule can be told: each value is taken within its bounds, or refused with a sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "config/redirect.h"
#include "config/rule.h"

enum { WHY_MAX = 4096 };

#define FINGERPRINT "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* What came of it, as one text. */
static void show(const struct rule *rule, enum rule_value which, struct buf *out)
{
  const char *strings[] = {[VALUE_LANG] = rule->lang,
                           [VALUE_CHARSET] = rule->charset,
                           [VALUE_TYPE] = rule->type,
                           [VALUE_LISTING_HEADER] = rule->header,
                           [VALUE_LISTING_FOOTER] = rule->footer,
                           [VALUE_CLIENT_REASON] = rule->gate_reason,
                           [VALUE_LOCAL_SETTINGS] = NULL};
  const unsigned numbers[] = {[VALUE_SLOW_DOWN] = rule->slow_seconds,   [VALUE_LISTING] = rule->listing,
                              [VALUE_LISTING_ORDER] = rule->order,      [VALUE_GOPHER_WIDTH] = rule->columns,
                              [VALUE_TERMINATE_TEXT] = rule->terminate, [VALUE_LOCAL_SETTINGS] = rule->local};
  if (which == VALUE_REDIRECT || which == VALUE_REDIRECT_PERMANENT || which == VALUE_GONE)
    buf_printf(out, "%u %s%s", rule->status, rule->meta ? rule->meta : "NULL", rule->with_rest ? " and the rest" : "");
  else if (which == VALUE_CLIENTS)
    buf_printf(out, "%d%d%d %zu", rule->gate.set, rule->gate.everybody, rule->gate.any, rule->gate.n_fingerprints);
  else if (strings[which])
    buf_put_str(out, str_from(strings[which]));
  else
    buf_printf(out, "%u", numbers[which]);
}

static void free_rule(struct rule *rule)
{
  struct rules one = {.rule = malloc(sizeof *rule), .n = 1};
  assert_non_null(one.rule);
  *one.rule = *rule;
  rules_free(&one);
}

static void values_are_taken(void **state)
{
  (void)state;
  static const struct {
    int line;
    enum rule_value which;
    const char *value, *shown;
  } table[] = {
      {__LINE__, VALUE_LANG, "pt-BR,fr", "pt-BR,fr"},
      {__LINE__, VALUE_LANG, "", ""},
      {__LINE__, VALUE_CHARSET, "iso-8859-1", "iso-8859-1"},
      {__LINE__, VALUE_TYPE, "text/plain", "text/plain"},
      {__LINE__, VALUE_TYPE, "text/x-log; charset=utf-8 ;a=\"b; \\\"c\"", "text/x-log; charset=utf-8 ;a=\"b; \\\"c\""},
      {__LINE__, VALUE_REDIRECT, "/new/", "30 /new/"},
      {__LINE__, VALUE_REDIRECT_PERMANENT, "/new/*", "31 /new/ and the rest"},
      {__LINE__, VALUE_GONE, "Taken down in 2024.", "52 Taken down in 2024."},
      {__LINE__, VALUE_GONE, "", "52 NULL"},
      {__LINE__, VALUE_GONE, "  \xc3\xa9t\xc3\xa9 ", "52 \xc3\xa9t\xc3\xa9"},
      {__LINE__, VALUE_SLOW_DOWN, "1", "1"},
      {__LINE__, VALUE_SLOW_DOWN, "3600", "3600"},
      {__LINE__, VALUE_LISTING, "off", "1"},
      {__LINE__, VALUE_LISTING, "true", "2"},
      {__LINE__, VALUE_LISTING_ORDER, "newest", "1"},
      {__LINE__, VALUE_LISTING_ORDER, "modified", "5"},
      {__LINE__, VALUE_LISTING_ORDER, "modified-up", "6"},
      {__LINE__, VALUE_LISTING_HEADER, "/a/b..c.gmi", "/a/b..c.gmi"},
      {__LINE__, VALUE_LISTING_FOOTER, "", ""},
      {__LINE__, VALUE_GOPHER_WIDTH, "20", "20"},
      {__LINE__, VALUE_GOPHER_WIDTH, "1024", "1024"},
      {__LINE__, VALUE_TERMINATE_TEXT, "yes", "2"},
      {__LINE__, VALUE_CLIENTS, "any", "101 0"},
      {__LINE__, VALUE_CLIENTS, "everybody", "110 0"},
      {__LINE__, VALUE_CLIENTS, "SHA256:" FINGERPRINT, "100 1"},
      {__LINE__, VALUE_CLIENT_REASON, "Members only: write to me.", "Members only: write to me."},
      {__LINE__, VALUE_LOCAL_SETTINGS, "no", "1"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct rule rule = {.pattern = NULL};
    struct buf why = BUF_INIT(WHY_MAX), shown = BUF_INIT(WHY_MAX);
    int err = rule_set(&rule, table[i].which, true, str_from(table[i].value), &why);
    show(&rule, table[i].which, &shown);
    if (err || !str_eq(buf_str(&shown), str_from(table[i].shown)))
      fail_msg("line %d: %d, %.*s, %.*s", table[i].line, err, STR_ARG(buf_str(&shown)), STR_ARG(buf_str(&why)));
    free_rule(&rule);
    buf_free(&why);
    buf_free(&shown);
  }
}

static void nonsense_is_refused(void **state)
{
  (void)state;
  static const struct {
    int line;
    enum rule_value which;
    const char *value, *why;
  } table[] = {
      {__LINE__, VALUE_LANG, "en\r", "expected a language tag"},
      {__LINE__, VALUE_CHARSET, "", "expected the name of a character set"},
      {__LINE__, VALUE_CHARSET, "utf-8; x", "expected the name of a character set"},
      {__LINE__, VALUE_TYPE, "", "expected a MIME type"},
      {__LINE__, VALUE_TYPE, "text", "expected a MIME type"},
      {__LINE__, VALUE_TYPE, "text/", "expected a MIME type"},
      {__LINE__, VALUE_TYPE, "/plain", "expected a MIME type"},
      {__LINE__, VALUE_TYPE, "text/plain;", "expected a MIME type"},
      {__LINE__, VALUE_TYPE, "text/plain; charset", "expected a MIME type"},
      {__LINE__, VALUE_TYPE, "text/plain; a=", "expected a MIME type"},
      {__LINE__, VALUE_TYPE, "text/plain; a=\"b", "expected a MIME type"},
      {__LINE__, VALUE_TYPE, "text/plain; a=\"b\\", "expected a MIME type"},
      {__LINE__, VALUE_TYPE, "text/plain a=b", "expected a MIME type"},
      {__LINE__, VALUE_TYPE, "text/plain\r\n", "expected a MIME type"},
      {__LINE__, VALUE_TYPE, "text/pl\xc3\xa4in", "expected a MIME type"},
      {__LINE__, VALUE_GONE, "a\nb", "expected a sentence"},
      {__LINE__, VALUE_GONE, "a\xff", "expected a sentence"},
      {__LINE__, VALUE_GONE, "a\xe2\x80\xae", "expected a sentence"}, /* writes from right to left */
      {__LINE__, VALUE_GONE, "a\xc2\x9b", "expected a sentence"},     /* begins an escape sequence */
      {__LINE__, VALUE_SLOW_DOWN, "0", "expected a number of seconds from 1 to 3600"},
      {__LINE__, VALUE_SLOW_DOWN, "3601", "expected a number of seconds from 1 to 3600"},
      {__LINE__, VALUE_SLOW_DOWN, "ten", "expected a number of seconds from 1 to 3600"},
      {__LINE__, VALUE_LISTING, "maybe", "expected true or false"},
      {__LINE__, VALUE_LISTING_ORDER, "random", "expected newest, oldest, name, name-down, modified or modified-up"},
      {__LINE__, VALUE_LISTING_ORDER, "", "expected newest, oldest, name, name-down, modified or modified-up"},
      {__LINE__, VALUE_LISTING_HEADER, "../x", "expected the name of a file"},
      {__LINE__, VALUE_LISTING_HEADER, "/a/..", "expected the name of a file"},
      {__LINE__, VALUE_LISTING_HEADER, "a/", "expected the name of a file"},
      {__LINE__, VALUE_LISTING_FOOTER, "a\tb", "expected the name of a file"},
      {__LINE__, VALUE_GOPHER_WIDTH, "19", "expected a number of columns from 20 to 1024"},
      {__LINE__, VALUE_GOPHER_WIDTH, "1025", "expected a number of columns from 20 to 1024"},
      {__LINE__, VALUE_CLIENTS, "anybody", "expected any, everybody, or the SHA-256 fingerprint"},
      {__LINE__, VALUE_CLIENTS, FINGERPRINT "0", "expected any, everybody, or the SHA-256 fingerprint"},
      {__LINE__, VALUE_CLIENT_REASON, "", "expected a sentence"},
      {__LINE__, VALUE_CLIENT_REASON, "a\x7f", "expected a sentence"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct rule rule = {.pattern = NULL}, empty = {.pattern = NULL};
    struct buf why = BUF_INIT(WHY_MAX);
    int err = rule_set(&rule, table[i].which, true, str_from(table[i].value), &why);
    if (err != ERR_SYNTAX || !str_starts(buf_str(&why), str_from(table[i].why)) ||
        memcmp(&rule, &empty, sizeof rule) != 0)
      fail_msg("line %d: %d, %.*s", table[i].line, err, STR_ARG(buf_str(&why)));
    free_rule(&rule);
    buf_free(&why);
  }
}

static void a_long_text_is_refused(void **state)
{
  (void)state;
  static const enum rule_value values[] = {VALUE_LANG,           VALUE_CHARSET,        VALUE_TYPE, VALUE_REDIRECT,
                                           VALUE_LISTING_HEADER, VALUE_LISTING_FOOTER, VALUE_GONE, VALUE_CLIENT_REASON};
  char text[RULE_TEXT_MOST + 2];
  memset(text, 'a', sizeof text - 1);
  text[0] = '/';
  text[sizeof text - 1] = '\0';
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    struct rule rule = {.pattern = NULL};
    struct buf why = BUF_INIT(WHY_MAX);
    if (rule_set(&rule, values[i], true, str_from(text), &why) != ERR_SYNTAX || why.n == 0)
      fail_msg("value %d", (int)values[i]);
    free_rule(&rule);
    buf_free(&why);
  }
  struct rule rule = {.pattern = NULL};
  struct buf why = BUF_INIT(WHY_MAX);
  assert_int_equal(rule_set(&rule, VALUE_REDIRECT, true, str_make(text, RULE_TEXT_MOST), &why), 0);
  assert_int_equal(rule_set(&rule, VALUE_CLIENT_REASON, true, str_make(text, RULE_TEXT_MOST), &why), 0);
  free_rule(&rule);
  buf_free(&why);
}

/* ------------------------------------------------------------------ several values of one rule */

static int set(struct rule *rule, enum rule_value which, bool first, const char *value)
{
  struct buf why = BUF_INIT(WHY_MAX);
  int err = rule_set(rule, which, first, str_from(value), &why);
  assert_true(err == 0 || why.n > 0);
  buf_free(&why);
  return err;
}

static void one_answer_of_three(void **state)
{
  (void)state;
  struct rule rule = {.pattern = NULL};
  assert_int_equal(set(&rule, VALUE_REDIRECT, true, "/a"), 0);
  assert_int_equal(set(&rule, VALUE_REDIRECT, true, "/b/*"), 0);
  assert_int_equal(set(&rule, VALUE_REDIRECT_PERMANENT, true, "/c"), ERR_SYNTAX);
  assert_int_equal(set(&rule, VALUE_GONE, true, ""), ERR_SYNTAX);
  assert_string_equal(rule.meta, "/b/");
  assert_true(rule.status == 30 && rule.with_rest);
  assert_int_equal(set(&rule, VALUE_REDIRECT, true, "/d"), 0);
  assert_false(rule.with_rest);
  free_rule(&rule);
}

static void who_may_enter(void **state)
{
  (void)state;
  struct rule rule = {.pattern = NULL};
  struct buf why = BUF_INIT(WHY_MAX);
  assert_int_equal(set(&rule, VALUE_CLIENTS, true, FINGERPRINT), 0);
  assert_int_equal(set(&rule, VALUE_CLIENTS, false, FINGERPRINT), 0);
  assert_int_equal(rule.gate.n_fingerprints, 2);
  assert_int_equal(set(&rule, VALUE_CLIENTS, false, "any"), ERR_SYNTAX);
  assert_int_equal(set(&rule, VALUE_CLIENTS, false, "everybody"), ERR_SYNTAX);
  assert_true(rule.gate.set && !rule.gate.any && !rule.gate.everybody);
  assert_int_equal(set(&rule, VALUE_CLIENTS, true, FINGERPRINT), 0);
  assert_int_equal(rule.gate.n_fingerprints, 1);
  assert_int_equal(rule_set_authority(&rule, true, 63, &why), 0);
  assert_int_equal(rule_set_authority(&rule, false, 0, &why), 0);
  assert_true(rule.gate.authorities == (UINT64_C(1) << 63 | 1) && rule.gate.n_fingerprints == 1);
  assert_int_equal(set(&rule, VALUE_CLIENTS, true, "any"), ERR_SYNTAX);
  assert_int_equal(rule_set_authority(&rule, true, 1, &why), 0);
  assert_true(rule.gate.authorities == 2);
  free_rule(&rule);
  rule = (struct rule){.pattern = NULL};
  assert_int_equal(set(&rule, VALUE_CLIENTS, true, "everybody"), 0);
  assert_int_equal(set(&rule, VALUE_CLIENTS, false, FINGERPRINT), ERR_SYNTAX);
  assert_int_equal(rule_set_authority(&rule, true, 1, &why), ERR_SYNTAX);
  assert_true(why.n > 0 && rule.gate.authorities == 0);
  assert_int_equal(set(&rule, VALUE_CLIENTS, true, "any"), 0);
  assert_true(rule.gate.any && !rule.gate.everybody);
  free_rule(&rule);
  buf_free(&why);
}

static void fingerprints_have_a_bound(void **state)
{
  (void)state;
  struct rule rule = {.pattern = NULL};
  for (int i = 0; i < RULE_FINGERPRINTS; i++)
    assert_int_equal(set(&rule, VALUE_CLIENTS, i == 0, FINGERPRINT), 0);
  assert_int_equal(set(&rule, VALUE_CLIENTS, false, FINGERPRINT), ERR_LIMIT);
  assert_int_equal(rule.gate.n_fingerprints, RULE_FINGERPRINTS);
  free_rule(&rule);
}

/* ------------------------------------------------------------------ where a redirect leads */

static void targets_are_canonical_G16(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *value, *target;
    bool rest;
  } table[] = {
      {__LINE__, "/", "/", false},
      {__LINE__, "/*", "/", true},
      {__LINE__, "/a/../b/./c//d", "/b/c/d", false},
      {__LINE__, "/a%7Eb/%2e%2e/c", "/c", false},
      {__LINE__, "/caf\xc3\xa9", "/caf%C3%A9", false},
      {__LINE__, "/a%20b", "/a%20b", false},
      {__LINE__, "/a%2Ab*", "/a%2Ab", true},
      {__LINE__, "/%2A", "/%2A", false},
      {__LINE__, "/a?b=c/d%20e", "/a?b=c/d%20e", false},
      {__LINE__, "/a?%2A", "/a?%2A", false},
      {__LINE__, "gemini://example.org/~x/*", "gemini://example.org/~x/", true},
      {__LINE__, "gemini://example.org", "gemini://example.org", false},
      {__LINE__, "gopher://example.org/1/a%20b", "gopher://example.org/1/a%20b", false},
      {__LINE__, "https://example.org/a|b#c", "https://example.org/a%7Cb#c", false},
      {__LINE__, "mailto:a@example.org", "mailto:a@example.org", false},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf target = BUF_INIT(WHY_MAX), again = BUF_INIT(WHY_MAX), why = BUF_INIT(WHY_MAX);
    bool rest = !table[i].rest, same = !table[i].rest;
    int err = redirect_read(str_from(table[i].value), &target, &rest, &why);
    if (err || !str_eq(buf_str(&target), str_from(table[i].target)) || rest != table[i].rest)
      fail_msg("line %d: %d, %.*s, %.*s", table[i].line, err, STR_ARG(buf_str(&target)), STR_ARG(buf_str(&why)));
    assert_int_equal(redirect_read(buf_str(&target), &again, &same, &why), 0);
    assert_true(!same && str_eq(buf_str(&target), buf_str(&again)));
    buf_free(&target);
    buf_free(&again);
    buf_free(&why);
  }
}

static void targets_that_mislead_are_refused(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *value, *why;
  } table[] = {
      {__LINE__, "", "expected a path that begins with a slash, or a URI"},
      {__LINE__, "*", "expected a path that begins with a slash, or a URI"},
      {__LINE__, "new/", "expected a path that begins with a slash, or a URI"},
      {__LINE__, "//evil.example/", "a path that begins with // would be another host"},
      {__LINE__, "//evil.example/*", "a path that begins with // would be another host"},
      {__LINE__, "/a#b", "no # and fragment"},
      {__LINE__, "/../a", "the path climbs above the root"},
      {__LINE__, "/a%2Fb", "there is a %2F or a %00 in it"},
      {__LINE__, "/a%00b", "there is a %2F or a %00 in it"},
      {__LINE__, "/a%zz", "expected two hexadecimal digits after each %"},
      {__LINE__, "/a%4", "expected two hexadecimal digits after each %"},
      {__LINE__, "/a b", "there is a blank or a control character in it"},
      {__LINE__, "/a\r\nb", "there is a blank or a control character in it"},
      {__LINE__, "/a*b", "a `*` stands at the end only"},
      {__LINE__, "/a**", "a `*` stands at the end only"},
      {__LINE__, "/a?b*", "a `*` cannot stand in a query"},
      {__LINE__, "javascript:alert(1)", "a link of that scheme can do readers harm"},
      {__LINE__, "DATA:text/html,x", "a link of that scheme can do readers harm"},
      {__LINE__, "vbscript:x", "a link of that scheme can do readers harm"},
      {__LINE__, "file:///etc/passwd", "a link of that scheme can do readers harm"},
      {__LINE__, "gemini://example.org/#a", "a gemini URI in a redirect has no fragment and no user"},
      {__LINE__, "gemini://a@example.org/", "a gemini URI in a redirect has no fragment and no user"},
      {__LINE__, "gemini://example.org*", "expected a slash before the `*`"},
      {__LINE__, "gemini://example.org/a*", "expected a slash before the `*`"},
      {__LINE__, "https://example.org/?*", "a `*` cannot stand in a query or a fragment"},
      {__LINE__, "https://example.org/#*", "a `*` cannot stand in a query or a fragment"},
      {__LINE__, "gemini://exa[mple/", "expected a path that begins with a slash, or a URI"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf target = BUF_INIT(WHY_MAX), why = BUF_INIT(WHY_MAX);
    bool rest = false;
    int err = redirect_read(str_from(table[i].value), &target, &rest, &why);
    if (err != ERR_SYNTAX || !str_starts(buf_str(&why), str_from(table[i].why)))
      fail_msg("line %d: %d, %.*s, %.*s", table[i].line, err, STR_ARG(buf_str(&target)), STR_ARG(buf_str(&why)));
    buf_free(&target);
    buf_free(&why);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_are_taken),
      cmocka_unit_test(nonsense_is_refused),
      cmocka_unit_test(a_long_text_is_refused),
      cmocka_unit_test(one_answer_of_three),
      cmocka_unit_test(who_may_enter),
      cmocka_unit_test(fingerprints_have_a_bound),
      cmocka_unit_test(targets_are_canonical_G16),
      cmocka_unit_test(targets_that_mislead_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
