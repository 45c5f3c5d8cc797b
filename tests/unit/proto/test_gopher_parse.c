/* The pieces of a Gopher request line (P1 to P5, P12). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/err.h"
#include "proto/gopher_parse.h"

static void lines_are_cut_at_tabs_P3_P4(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *text;
    bool is_search;
    const char *selector, *words; /* words NULL: none */
    enum gopher_form form;
  } table[] = {
      {__LINE__, "", false, "", NULL, GOPHER_FORM_PLAIN},
      {__LINE__, "/a b", false, "/a b", NULL, GOPHER_FORM_PLAIN},
      {__LINE__, "/a\t", false, "/a", NULL, GOPHER_FORM_PLAIN},
      {__LINE__, "/a\twords here", false, "/a", "words here", GOPHER_FORM_PLAIN},
      {__LINE__, "/a\t+", false, "/a", NULL, GOPHER_FORM_PLAIN},
      {__LINE__, "/a\t+text/plain", false, "/a", NULL, GOPHER_FORM_PLAIN},
      {__LINE__, "\t$", false, "", NULL, GOPHER_FORM_MENU},
      {__LINE__, "/a\t$+VIEWS", false, "/a", NULL, GOPHER_FORM_MENU},
      {__LINE__, "/a\t!", false, "/a", NULL, GOPHER_FORM_ITEM},
      {__LINE__, "/a\t+\t1", false, "/a", NULL, GOPHER_FORM_PLAIN}, /* a data block follows: ignored */
      {__LINE__, "/a\twords\t$", false, "/a", "words", GOPHER_FORM_MENU},
      {__LINE__, "/a\twords\tmore", false, "/a", "words", GOPHER_FORM_PLAIN},
      /* On a selector that searches, the second field is words whatever it looks like. */
      {__LINE__, "/s\t+", true, "/s", "+", GOPHER_FORM_PLAIN},
      {__LINE__, "/s\t$100", true, "/s", "$100", GOPHER_FORM_PLAIN},
      {__LINE__, "/s\t$100\t$", true, "/s", "$100", GOPHER_FORM_MENU},
      {__LINE__, "/s\t\t!", true, "/s", "", GOPHER_FORM_ITEM},
      {__LINE__, "/s", true, "/s", NULL, GOPHER_FORM_PLAIN},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct gopher_line got;
    gopher_parse_line(str_from(table[i].text), table[i].is_search, &got);
    if (!str_eq(got.selector, str_from(table[i].selector)) || !str_eq(got.words, str_from(table[i].words)) ||
        got.has_words != (table[i].words != NULL) || got.form != table[i].form)
      fail_msg("line %d: selector '%.*s', words '%.*s', form %d", table[i].line, STR_ARG(got.selector),
               STR_ARG(got.words), (int)got.form);
  }
}

struct want {
  const char *path, *query; /* query NULL: none */
};

static bool is_target(const struct target *t, const struct want *want)
{
  return str_eq(t->path, str_from(want->path)) && t->has_query == (want->query != NULL) &&
         str_eq(t->query, str_from(want->query));
}

static void a_selector_is_read_as_it_stands_then_decoded_P2_P3(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *selector, *words;
    unsigned n;
    struct want want[2];
  } table[] = {
      {__LINE__, "", NULL, 1, {{"/", NULL}}},
      {__LINE__, "/", NULL, 1, {{"/", NULL}}},
      {__LINE__, "a/b.txt", NULL, 1, {{"/a/b.txt", NULL}}}, /* without its slash */
      {__LINE__, "/a/b.txt", NULL, 1, {{"/a/b.txt", NULL}}},
      {__LINE__, "//a///./b/", NULL, 1, {{"/a/b/", NULL}}},
      {__LINE__, "/a/../b", NULL, 1, {{"/b", NULL}}},
      {__LINE__, "/a b", NULL, 1, {{"/a b", NULL}}},
      {__LINE__, "/a\\b", NULL, 1, {{"/a\\b", NULL}}},
      {__LINE__, "/\xC3\xA9\xFF", NULL, 1, {{"/\xC3\xA9\xFF", NULL}}},
      {__LINE__, "/a%20b", NULL, 2, {{"/a%20b", NULL}, {"/a b", NULL}}},
      {__LINE__, "/a%2520b", NULL, 2, {{"/a%2520b", NULL}, {"/a%20b", NULL}}}, /* once */
      {__LINE__, "/100%", NULL, 1, {{"/100%", NULL}}},
      {__LINE__, "/s?two words", NULL, 2, {{"/s?two words", NULL}, {"/s", "two%20words"}}},
      {__LINE__, "/s?a?b%20c", NULL, 2, {{"/s?a?b%20c", NULL}, {"/s", "a?b%20c"}}},
      {__LINE__, "/s?", NULL, 2, {{"/s?", NULL}, {"/s", ""}}},
      {__LINE__, "/s?gopher://[::1]/", NULL, 2, {{"/s?gopher:/[::1]/", NULL}, {"/s", "gopher://%5B::1%5D/"}}},
      {__LINE__, "/s", "two words+", 1, {{"/s", "two%20words+"}}},
      {__LINE__, "/s", "\xC3\xA9%&\x01", 1, {{"/s", "%C3%A9%25&%01"}}},
      {__LINE__, "/s?old", "new", 2, {{"/s?old", "new"}, {"/s", "new"}}},
      /* As gophernicus writes what it does not send as it is. */
      {__LINE__, "/a#040b#303#251", NULL, 2, {{"/a#040b#303#251", NULL}, {"/a b\xC3\xA9", NULL}}},
      {__LINE__, "/a#045#043?b", NULL, 2, {{"/a#045#043?b", NULL}, {"/a%#", "b"}}},
      {__LINE__, "/#056#056x/#056/b", NULL, 2, {{"/#056#056x/#056/b", NULL}, {"/..x/b", NULL}}},
      {__LINE__, "/a%20b#040", NULL, 2, {{"/a%20b#040", NULL}, {"/a b#040", NULL}}}, /* it has no `%` */
      {__LINE__, "/a#400#048#12", NULL, 1, {{"/a#400#048#12", NULL}}},
      {__LINE__, "/a#", NULL, 1, {{"/a#", NULL}}},
      {__LINE__, "/a#000", NULL, 1, {{"/a#000", NULL}}}, /* NUL, slash and dots as when they are %-encoded */
      {__LINE__, "/a#057b", NULL, 1, {{"/a#057b", NULL}}},
      {__LINE__, "/#056#056/b", NULL, 1, {{"/#056#056/b", NULL}}},
      /* One of the two readings may name nothing. */
      {__LINE__, "/a%00b", NULL, 1, {{"/a%00b", NULL}}},
      {__LINE__, "/a%2Fb", NULL, 1, {{"/a%2Fb", NULL}}},
      {__LINE__, "/%2e%2e/b", NULL, 1, {{"/%2e%2e/b", NULL}}},
      {__LINE__, "/s?../../../x", NULL, 1, {{"/s", "../../../x"}}},
      {__LINE__, "/..?x", NULL, 1, {{"/..?x", NULL}}},
      /* Dots behind a `?` lead nowhere: what stands there is a query. */
      {__LINE__, "/s?../../x", NULL, 1, {{"/s", "../../x"}}},
      {__LINE__, "/d/s?a/../..", NULL, 1, {{"/d/s", "a/../.."}}},
      {__LINE__, "/s?/../x", "words", 1, {{"/s", "words"}}},
      {__LINE__, "/s?../x", NULL, 2, {{"/s?../x", NULL}, {"/s", "../x"}}}, /* `s?..` is a name */
      {__LINE__, "/d/../s?a/./b..", NULL, 2, {{"/s?a/b..", NULL}, {"/s", "a/./b.."}}},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct gopher_line line = {.selector = str_from(table[i].selector),
                               .words = str_from(table[i].words),
                               .has_words = table[i].words != NULL};
    struct buf text = BUF_INIT(4096);
    struct request got = {.targets = 0};
    int err = gopher_parse_targets(&line, &text, &got);
    bool same = err == 0 && got.targets == table[i].n && got.representation == REPR_MENU;
    for (unsigned k = 0; same && k < got.targets; k++)
      same = is_target(&got.target[k], &table[i].want[k]);
    if (!same)
      fail_msg("line %d: %d, %u targets: '%.*s' '%.*s'", table[i].line, err, got.targets, STR_ARG(got.target[0].path),
               STR_ARG(got.target[1].path));
    buf_free(&text);
  }
}

static void selectors_that_leave_or_hold_nul_are_refused_P2(void **state)
{
  (void)state;
  static const struct {
    int line;
    struct str selector;
    int err;
  } table[] = {
      {__LINE__, STR_INIT(".."), ERR_OUTSIDE},         {__LINE__, STR_INIT("/../etc/passwd"), ERR_OUTSIDE},
      {__LINE__, STR_INIT("a/../../b"), ERR_OUTSIDE},  {__LINE__, STR_INIT("/../a?x"), ERR_OUTSIDE},
      {__LINE__, STR_INIT("/..?x/../y"), ERR_OUTSIDE}, {__LINE__, STR_INIT("/a%00?x/../y"), ERR_SYNTAX},
      {__LINE__, STR_INIT("/a\0b"), ERR_SYNTAX},       {__LINE__, STR_INIT("/a?\0"), ERR_SYNTAX},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct gopher_line line = {.selector = table[i].selector};
    struct buf text = BUF_INIT(4096);
    struct request got;
    int err = gopher_parse_targets(&line, &text, &got);
    if (err != table[i].err)
      fail_msg("line %d: gave %d", table[i].line, err);
    buf_free(&text);
  }
}

static void short_memory_is_said(void **state)
{
  (void)state;
  struct gopher_line line = {.selector = STR("/a/long/selector")};
  struct buf text = BUF_INIT(8);
  struct request got;
  assert_int_equal(gopher_parse_targets(&line, &text, &got), ERR_NOMEM);
  buf_free(&text);
}

/* The path that stands for an item in a menu leads, when it comes back, to what the selector leads to. */
static void item_paths_are_encoded_and_read_the_same(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *selector, *item;
  } table[] = {
      {__LINE__, "", "/"},
      {__LINE__, "///", "/"},
      {__LINE__, "a b", "/a%20b"},
      {__LINE__, "//[x]", "/%5Bx%5D"},
      {__LINE__, "/a%20b?c", "/a%20b?c"},
      {__LINE__, "x://\xC3\xA9", "/x://%C3%A9"},
      {__LINE__, "/100%", "/100%25"},
      {__LINE__, "//url:http:.txt", "/url%3Ahttp:.txt"},
      {__LINE__, "a/URL:x", "/a/URL:x"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf got = BUF_INIT(256);
    gopher_parse_item(&got, str_from(table[i].selector));
    if (!str_eq(buf_str(&got), str_from(table[i].item)))
      fail_msg("line %d: '%.*s'", table[i].line, STR_ARG(buf_str(&got)));
    buf_free(&got);
  }
}

static void url_selectors_P12(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *selector, *url; /* NULL: it is none */
  } table[] = {
      {__LINE__, "URL:https://example.org/?a=b", "https://example.org/?a=b"},
      {__LINE__, "/URL:mailto:me@example.org", "mailto:me@example.org"},
      {__LINE__, "url:https://example.org/", "https://example.org/"},
      {__LINE__, "URL:", ""},
      {__LINE__, "//URL:x", NULL},
      {__LINE__, "/a/URL:x", NULL},
      {__LINE__, "/URL%3Ahttp:.txt", NULL}, /* as our menus name a file of ours */
      {__LINE__, "URL", NULL},
      {__LINE__, "", NULL},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    bool is_url = false;
    struct str url = gopher_parse_url(str_from(table[i].selector), &is_url);
    if (is_url != (table[i].url != NULL) || !str_eq(url, str_from(table[i].url)))
      fail_msg("line %d: '%.*s'", table[i].line, STR_ARG(url));
  }
}

static void web_browsers_are_told_from_selectors_P5(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *text, *target; /* NULL: a selector */
    bool head, post, versioned;
  } table[] = {
      {__LINE__, "GET / HTTP/1.1", "/", false, false, true},
      {__LINE__, "GET /a b HTTP/1.0", "/a b", false, false, true},
      {__LINE__, "GET http://example.org/ HTTP/1.1", "http://example.org/", false, false, true},
      {__LINE__, "HEAD /a HTTP/1.1", "/a", true, false, true},
      {__LINE__, "POST /form HTTP/1.1", "/form", false, true, true},
      {__LINE__, "GET /", "/", false, false, false}, /* HTTP/0.9, or a Gopher client's link */
      {__LINE__, "GET http://example.org/", "http://example.org/", false, false, false},
      {__LINE__, "GET started.txt", NULL, false, false, false},
      {__LINE__, "GET /a b", NULL, false, false, false},
      {__LINE__, "GET /a\twords", NULL, false, false, false},
      {__LINE__, "HEAD /a", NULL, false, false, false},
      {__LINE__, "POST /a", NULL, false, false, false},
      {__LINE__, "GET", NULL, false, false, false},
      {__LINE__, "get / HTTP/1.1", NULL, false, false, false},
      {__LINE__, "/GET / HTTP/1.1", NULL, false, false, false},
      {__LINE__, "About HTTP/1.1", NULL, false, false, false},
      {__LINE__, "", NULL, false, false, false},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct gopher_http got;
    bool is_http = gopher_parse_http(str_from(table[i].text), &got);
    if (is_http != (table[i].target != NULL))
      fail_msg("line %d: %d", table[i].line, is_http);
    if (is_http && (!str_eq(got.target, str_from(table[i].target)) || got.head != table[i].head ||
                    got.post != table[i].post || got.versioned != table[i].versioned))
      fail_msg("line %d: '%.*s'", table[i].line, STR_ARG(got.target));
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lines_are_cut_at_tabs_P3_P4),
      cmocka_unit_test(a_selector_is_read_as_it_stands_then_decoded_P2_P3),
      cmocka_unit_test(selectors_that_leave_or_hold_nul_are_refused_P2),
      cmocka_unit_test(short_memory_is_said),
      cmocka_unit_test(item_paths_are_encoded_and_read_the_same),
      cmocka_unit_test(url_selectors_P12),
      cmocka_unit_test(web_browsers_are_told_from_selectors_P5),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
