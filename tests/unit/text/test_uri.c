/* URIs: parsing, percent-encoding, paths, relative references. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "text/uri.h"

enum { USERINFO = 1, QUERY = 2, FRAGMENT = 4, IP = 8, AUTHORITY = 16 };

static unsigned flags(const struct uri *u)
{
  return (u->has_userinfo ? USERINFO : 0U) | (u->has_query ? QUERY : 0U) | (u->has_fragment ? FRAGMENT : 0U) |
         (u->host_is_ip ? IP : 0U) | (u->has_authority ? AUTHORITY : 0U);
}

static void parts_of_a_uri_G9_G12(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *text;
    const char *parts; /* scheme|userinfo|host|port|path|query|fragment */
    unsigned flags;
  } table[] = {
      {__LINE__, "gemini://localhost/", "gemini||localhost||/||", AUTHORITY},
      {__LINE__, "gemini://localhost", "gemini||localhost||||", AUTHORITY},
      {__LINE__, "gemini://localhost?q", "gemini||localhost|||q|", AUTHORITY | QUERY},
      {__LINE__, "gemini://localhost#f", "gemini||localhost||||f", AUTHORITY | FRAGMENT},
      {__LINE__, "GEMINI://Host:1965/a/b?", "GEMINI||Host|1965|/a/b||", AUTHORITY | QUERY},
      {__LINE__, "gemini://h:/", "gemini||h||/||", AUTHORITY},
      {__LINE__, "gemini://u:p@h/", "gemini|u:p|h||/||", AUTHORITY | USERINFO},
      {__LINE__, "gemini://@h/", "gemini||h||/||", AUTHORITY | USERINFO},
      {__LINE__, "gemini://h/#", "gemini||h||/||", AUTHORITY | FRAGMENT},
      {__LINE__, "gemini://h//a//b", "gemini||h||//a//b||", AUTHORITY},
      {__LINE__, "gemini://127.0.0.1/", "gemini||127.0.0.1||/||", AUTHORITY | IP},
      {__LINE__, "gemini://127.0.0.256/", "gemini||127.0.0.256||/||", AUTHORITY},
      {__LINE__, "gemini://[::1]:7/x", "gemini||::1|7|/x||", AUTHORITY | IP},
      {__LINE__, "gemini://[v7.x]/", "gemini||v7.x||/||", AUTHORITY | IP},
      {__LINE__, "gemini:///x", "gemini||||/x||", AUTHORITY},
      {__LINE__, "//h/x?y#z", "||h||/x|y|z", AUTHORITY | QUERY | FRAGMENT},
      {__LINE__, "mailto:a@b.example", "mailto||||a@b.example||", 0},
      {__LINE__, "x:", "x||||||", 0},
      {__LINE__, "a/b?c/d?e", "||||a/b|c/d?e|", QUERY},
      {__LINE__, "/a:b", "||||/a:b||", 0},
      {__LINE__, "./a:b", "||||./a:b||", 0},
      {__LINE__, "?q#f?g", "|||||q|f?g", QUERY | FRAGMENT},
      {__LINE__, "", "||||||", 0},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct uri u;
    int err = uri_parse(str_from(table[i].text), &u);
    if (err)
      fail_msg("line %d: %s: %s", table[i].line, table[i].text, err_text(err));
    struct buf got = BUF_INIT(200);
    buf_printf(&got, "%.*s|%.*s|%.*s|%.*s|%.*s|%.*s|%.*s", STR_ARG(u.scheme), STR_ARG(u.userinfo), STR_ARG(u.host),
               STR_ARG(u.port), STR_ARG(u.path), STR_ARG(u.query), STR_ARG(u.fragment));
    if (!str_eq(buf_str(&got), str_from(table[i].parts)) || flags(&u) != table[i].flags)
      fail_msg("line %d: %s is %.*s, flags %u", table[i].line, table[i].text, STR_ARG(buf_str(&got)), flags(&u));
    buf_free(&got);
  }
}

static void what_is_no_uri_G9(void **state)
{
  (void)state;
  static const struct {
    int line;
    struct str text;
  } table[] = {
      {__LINE__, STR_INIT("gemini://h/a b")},      {__LINE__, STR_INIT("gemini://h/\x01")},
      {__LINE__, STR_INIT("gemini://h/a\0b")},     {__LINE__, STR_INIT("gemini://h/%")},
      {__LINE__, STR_INIT("gemini://h/%2")},       {__LINE__, STR_INIT("gemini://h/%zz")},
      {__LINE__, STR_INIT("gemini://h/\xc3\xa9")}, {__LINE__, STR_INIT("\xef\xbb\xbfgemini://h/")},
      {__LINE__, STR_INIT("gemini://h:x/")},       {__LINE__, STR_INIT("gemini://[::1")},
      {__LINE__, STR_INIT("gemini://[::g]/")},     {__LINE__, STR_INIT("gemini://a\\b/")},
      {__LINE__, STR_INIT("gemini://h/#a#b")},     {__LINE__, STR_INIT("gemini://a@b@c/")},
      {__LINE__, STR_INIT("12:30.gmi")},           {__LINE__, STR_INIT(":x")},
      {__LINE__, STR_INIT(" gemini://h/")},        {__LINE__, STR_INIT("gemini://h/\r")},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct uri u;
    if (uri_parse(table[i].text, &u) != ERR_SYNTAX)
      fail_msg("line %d: taken", table[i].line);
  }
  static char giant[URI_MAX + 1];
  struct uri u;
  memset(giant, 'a', sizeof giant);
  assert_int_equal(uri_parse(str_make(giant, URI_MAX), &u), 0);
  assert_int_equal(u.path.n, URI_MAX);
  assert_int_equal(uri_parse(str_make(giant, sizeof giant), &u), ERR_SYNTAX);
  memset(giant, '/', sizeof giant);
  assert_int_equal(uri_parse(str_make(giant, URI_MAX), &u), 0);
}

/* One text function over a table of inputs and outputs. */
struct text_row {
  int line;
  struct str in;
  const char *want;
};

static void check_text(void (*put)(struct buf *, struct str), const struct text_row *table, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    struct buf got = BUF_INIT(200);
    put(&got, table[i].in);
    if (!str_eq(buf_str(&got), str_from(table[i].want)))
      fail_msg("line %d: got %.*s", table[i].line, STR_ARG(buf_str(&got)));
    buf_free(&got);
  }
}

static void what_people_send_is_tolerated_G10(void **state)
{
  (void)state;
  static const struct text_row table[] = {
      {__LINE__, STR_INIT("gemini://h/caf\xc3\xa9?\xe6\x97\xa5"), "gemini://h/caf%C3%A9?%E6%97%A5"},
      {__LINE__, STR_INIT("gemini://h/a b[c]{d}|^\"<>`\\"), "gemini://h/a%20b%5Bc%5D%7Bd%7D%7C%5E%22%3C%3E%60%5C"},
      {__LINE__, STR_INIT("gemini://h?[a b]"), "gemini://h?%5Ba%20b%5D"},
      {__LINE__, STR_INIT("gemini://[::1]:1965/[x]"), "gemini://[::1]:1965/%5Bx%5D"},
      {__LINE__, STR_INIT("//[::1]/[x]"), "//[::1]/%5Bx%5D"},
      {__LINE__, STR_INIT("[x]"), "%5Bx%5D"},
      {__LINE__, STR_INIT("gemini://h\\x/"), "gemini://h\\x/"},
      {__LINE__, STR_INIT("gemini://m\xc3\xbcnchen/"), "gemini://m\xc3\xbcnchen/"},
      {__LINE__, STR_INIT("/100%"), "/100%25"},
      {__LINE__, STR_INIT("/%4"), "/%254"},
      {__LINE__, STR_INIT("/%4x%41%%41"), "/%254x%41%25%41"},
      {__LINE__, STR_INIT("/a\x01\n\x7f"), "/a\x01\n\x7f"},
      {__LINE__, STR_INIT("a#b c"), "a#b%20c"},
      {__LINE__, STR_INIT(""), ""},
  };
  check_text(uri_put_lenient, table, sizeof table / sizeof *table);
}

static void names_are_percent_encoded(void **state)
{
  (void)state;
  static const struct text_row paths[] = {
      {__LINE__, STR_INIT("/a/b.gmi"), "/a/b.gmi"},
      {__LINE__, STR_INIT("/100% done?#[x]"), "/100%25%20done%3F%23%5Bx%5D"},
      {__LINE__, STR_INIT("/~u/a:b@c!$&'()*+,;=-_."), "/~u/a:b@c!$&'()*+,;=-_."},
      {__LINE__, STR_INIT("\xe6\x97\xa5\xff\0\n"), "%E6%97%A5%FF%00%0A"},
  };
  static const struct text_row queries[] = {
      {__LINE__, STR_INIT("a b/c?d&e=f+g#h%"), "a%20b/c?d&e=f+g%23h%25"},
  };
  check_text(uri_put_path, paths, sizeof paths / sizeof *paths);
  check_text(uri_put_query, queries, sizeof queries / sizeof *queries);
}

static void a_colon_gets_a_dot_slash_G16(void **state)
{
  (void)state;
  static const struct text_row table[] = {
      {__LINE__, STR_INIT("a.gmi"), "a.gmi"},
      {__LINE__, STR_INIT("12:30.gmi"), "./12:30.gmi"},
      {__LINE__, STR_INIT("javascript:x"), "./javascript:x"},
      {__LINE__, STR_INIT("dir/a:b"), "dir/a:b"},
      {__LINE__, STR_INIT("a:b/c"), "./a:b/c"},
      {__LINE__, STR_INIT(""), "./"},
      {__LINE__, STR_INIT("//evil"), ".///evil"},
      {__LINE__, STR_INIT("a b/"), "a%20b/"},
  };
  check_text(uri_put_relative, table, sizeof table / sizeof *table);
}

static void decoding_once_G13(void **state)
{
  (void)state;
  static const struct text_row table[] = {
      {__LINE__, STR_INIT("a%20b"), "a b"},   {__LINE__, STR_INIT("%252e"), "%2e"},
      {__LINE__, STR_INIT("a+b"), "a+b"},     {__LINE__, STR_INIT("%"), "%"},
      {__LINE__, STR_INIT("%4"), "%4"},       {__LINE__, STR_INIT("%4g%41"), "%4gA"},
      {__LINE__, STR_INIT("%%34%31"), "%41"}, {__LINE__, STR_INIT("%e6%97%A5"), "\xe6\x97\xa5"},
  };
  check_text(uri_decode, table, sizeof table / sizeof *table);
}

static void a_request_path_becomes_a_file_name_G11_G13(void **state)
{
  (void)state;
  static const struct {
    int line;
    struct str path;
    bool decode;
    int result;
    const char *want;
  } table[] = {
      {__LINE__, STR_INIT(""), true, 0, "/"},
      {__LINE__, STR_INIT("/"), true, 0, "/"},
      {__LINE__, STR_INIT("a"), true, 0, "/a"},
      {__LINE__, STR_INIT("/a/b/"), true, 0, "/a/b/"},
      {__LINE__, STR_INIT("//a///b//"), true, 0, "/a/b/"},
      {__LINE__, STR_INIT("/a/./b/."), true, 0, "/a/b/"},
      {__LINE__, STR_INIT("/a/../b"), true, 0, "/b"},
      {__LINE__, STR_INIT("/a/b/.."), true, 0, "/a/"},
      {__LINE__, STR_INIT("/a//../b"), true, 0, "/b"},
      {__LINE__, STR_INIT("/a/%2e%2E/b/%2e"), true, 0, "/b/"},
      {__LINE__, STR_INIT("/a/.%2e/b"), true, 0, "/b"},
      {__LINE__, STR_INIT("/..."), true, 0, "/..."},
      {__LINE__, STR_INIT("/.%2e."), true, 0, "/..."},
      {__LINE__, STR_INIT("/a%20b%25"), true, 0, "/a b%"},
      {__LINE__, STR_INIT("/%252e%252e/x"), true, 0, "/%2e%2e/x"},
      {__LINE__, STR_INIT("/a%5c..%5cb"), true, 0, "/a\\..\\b"},
      {__LINE__, STR_INIT("/.."), true, ERR_OUTSIDE, ""},
      {__LINE__, STR_INIT("/a/../../b"), true, ERR_OUTSIDE, ""},
      {__LINE__, STR_INIT("/%2e%2e/etc"), true, ERR_OUTSIDE, ""},
      {__LINE__, STR_INIT("../a"), true, ERR_OUTSIDE, ""},
      {__LINE__, STR_INIT("/a%2Fb"), true, ERR_NOT_FOUND, ""},
      {__LINE__, STR_INIT("/..%2f..%2fetc"), true, ERR_NOT_FOUND, ""},
      {__LINE__, STR_INIT("/a%00b"), true, ERR_SYNTAX, ""},
      {__LINE__, STR_INIT("/a\0b"), true, ERR_SYNTAX, ""},
      {__LINE__, STR_INIT("/a%20b%2F%00"), false, 0, "/a%20b%2F%00"},
      {__LINE__, STR_INIT("/a/%2e%2e/b"), false, 0, "/a/%2e%2e/b"},
      {__LINE__, STR_INIT("/a/../b"), false, 0, "/b"},
      {__LINE__, STR_INIT("/.."), false, ERR_OUTSIDE, ""},
      {__LINE__, STR_INIT("/a\0b"), false, ERR_SYNTAX, ""},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf got = BUF_INIT(100);
    buf_put_str(&got, STR("before"));
    int result = uri_path(&got, table[i].path, table[i].decode);
    if (result != table[i].result || !str_eq(str_skip(buf_str(&got), 6), str_from(table[i].want)))
      fail_msg("line %d: %d, %.*s", table[i].line, result, STR_ARG(buf_str(&got)));
    buf_free(&got);
  }
  struct buf small = BUF_INIT(4);
  assert_int_equal(uri_path(&small, STR("/too/long"), true), ERR_FULL);
  buf_free(&small);
}

static void references_resolve_against_the_page_P11(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *base, *ref;
    int result;
    const char *want;
  } table[] = {
      {__LINE__, "/docs/a.gmi", "b.gmi", 0, "/docs/b.gmi"},
      {__LINE__, "/docs/", "b.gmi", 0, "/docs/b.gmi"},
      {__LINE__, "/docs/", "/b.gmi", 0, "/b.gmi"},
      {__LINE__, "/docs/a.gmi", "../b.gmi#there", 0, "/b.gmi"},
      {__LINE__, "/docs/a.gmi", "..", 0, "/"},
      {__LINE__, "/docs/a.gmi", ".", 0, "/docs/"},
      {__LINE__, "/docs/a.gmi", "../../../b", 0, "/b"},
      {__LINE__, "/docs/a.gmi", "%2e%2e/b", 0, "/b"},
      {__LINE__, "/docs/a.gmi", "./x:y", 0, "/docs/x:y"},
      {__LINE__, "/docs/a.gmi", "b%20c%3F?d", 0, "/docs/b%20c%3F?d"},
      {__LINE__, "/docs/a.gmi", "", 0, "/docs/a.gmi"},
      {__LINE__, "/docs/a.gmi?q", "", 0, "/docs/a.gmi?q"},
      {__LINE__, "/docs/a.gmi?q", "#f", 0, "/docs/a.gmi?q"},
      {__LINE__, "/docs/a.gmi?q/r", "b", 0, "/docs/b"},
      {__LINE__, "/docs/a.gmi?q", "?", 0, "/docs/a.gmi?"},
      {__LINE__, "", "a", 0, "/a"},
      {__LINE__, "/a", "b c[\xe6\x97\xa5]100%", 0, "/b%20c%5B%E6%97%A5%5D100%25"},
      {__LINE__, "/a/b/c", "x//../y", 0, "/a/b/x/y"},
      {__LINE__, "/", "..//evil.example/", 0, "/evil.example/"},
      {__LINE__, "/", "/.//evil.example/", 0, "/evil.example/"},
      {__LINE__, "/", "a?b=//c/../d", 0, "/a?b=//c/../d"},
      {__LINE__, "/", "gemini://h/", ERR_OUTSIDE, ""},
      {__LINE__, "/", "mailto:a@b", ERR_OUTSIDE, ""},
      {__LINE__, "/", "//h/x", ERR_OUTSIDE, ""},
      {__LINE__, "/", "12:30.gmi", ERR_SYNTAX, ""},
      {__LINE__, "/",
       "a\x01"
       "b",
       ERR_SYNTAX, ""},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf got = BUF_INIT(100);
    int result = uri_resolve(&got, str_from(table[i].base), str_from(table[i].ref));
    if (result != table[i].result || !str_eq(buf_str(&got), str_from(table[i].want)))
      fail_msg("line %d: %d, %.*s", table[i].line, result, STR_ARG(buf_str(&got)));
    buf_free(&got);
  }
}

/* RFC 3986 5.4: the examples, as far as they stay on the same site. */
static void rfc3986_examples(void **state)
{
  (void)state;
  static const char *const table[][2] = {
      {"g", "/b/c/g"},
      {"./g", "/b/c/g"},
      {"g/", "/b/c/g/"},
      {"/g", "/g"},
      {"?y", "/b/c/d;p?y"},
      {"g?y", "/b/c/g?y"},
      {"#s", "/b/c/d;p?q"},
      {"g#s", "/b/c/g"},
      {"g?y#s", "/b/c/g?y"},
      {";x", "/b/c/;x"},
      {"g;x", "/b/c/g;x"},
      {"", "/b/c/d;p?q"},
      {".", "/b/c/"},
      {"./", "/b/c/"},
      {"..", "/b/"},
      {"../g", "/b/g"},
      {"../..", "/"},
      {"../../g", "/g"},
      {"../../../g", "/g"},
      {"/./g", "/g"},
      {"/../g", "/g"},
      {"g.", "/b/c/g."},
      {".g", "/b/c/.g"},
      {"g..", "/b/c/g.."},
      {"..g", "/b/c/..g"},
      {"./../g", "/b/g"},
      {"./g/.", "/b/c/g/"},
      {"g/./h", "/b/c/g/h"},
      {"g/../h", "/b/c/h"},
      {"g;x=1/./y", "/b/c/g;x=1/y"},
      {"g;x=1/../y", "/b/c/y"},
      {"g?y/../x", "/b/c/g?y/../x"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf got = BUF_INIT(100);
    assert_int_equal(uri_resolve(&got, STR("/b/c/d;p?q"), str_from(table[i][0])), 0);
    if (!str_eq(buf_str(&got), str_from(table[i][1])))
      fail_msg("%s: %.*s", table[i][0], STR_ARG(buf_str(&got)));
    buf_free(&got);
  }
}

static void schemes_P12(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *text, *scheme;
    bool unsafe;
  } table[] = {
      {__LINE__, "gemini://h/", "gemini", false},
      {__LINE__, "JavaScript:alert(1)", "JavaScript", true},
      {__LINE__, "data:text/html,x", "data", true},
      {__LINE__, "vbscript:x", "vbscript", true},
      {__LINE__, "FILE:///etc/passwd", "FILE", true},
      {__LINE__, "a+b-c.1:", "a+b-c.1", false},
      {__LINE__, "1a:", "", false},
      {__LINE__, "a/b:c", "", false},
      {__LINE__, "abc", "", false},
      {__LINE__, ":", "", false},
      {__LINE__, "", "", false},
      {__LINE__, "filet:x", "filet", false},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct str scheme = uri_scheme(str_from(table[i].text));
    if (!str_eq(scheme, str_from(table[i].scheme)) || uri_scheme_unsafe(scheme) != table[i].unsafe)
      fail_msg("line %d: '%.*s'", table[i].line, STR_ARG(scheme));
  }
}

/* A path that was made safe stays what it is when it is encoded, sent and made safe again. */
static void encoded_paths_come_back_G13(void **state)
{
  (void)state;
  static const char alphabet[] = "//..%2eEfa \\?#\x01\xff\xc3\xa9:";
  uint32_t seed = 11;
  unsigned taken = 0;
  for (unsigned round = 0; round < 50000; round++) {
    char bytes[16];
    size_t n = round % (sizeof bytes + 1);
    for (size_t i = 0; i < n; i++) {
      seed = seed * 1664525u + 1013904223u;
      bytes[i] = alphabet[(seed >> 16) % (sizeof alphabet - 1)];
    }
    struct buf path = BUF_INIT(100), encoded = BUF_INIT(100), again = BUF_INIT(100);
    if (uri_path(&path, str_make(bytes, n), round % 2) == 0) {
      taken++;
      uri_put_path(&encoded, buf_str(&path));
      assert_int_equal(uri_path(&again, buf_str(&encoded), true), 0);
      assert_true(str_eq(buf_str(&path), buf_str(&again)));
      struct uri u;
      assert_int_equal(uri_parse(buf_str(&encoded), &u), 0);
      assert_true(str_eq(u.path, buf_str(&encoded)));
    }
    buf_free(&path);
    buf_free(&encoded);
    buf_free(&again);
  }
  assert_true(taken > 10000);
}

static void what_is_encoded_already_stays(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *text, *path, *query;
  } table[] = {
      {__LINE__, "", "", ""},
      {__LINE__, "/a b/caf\xc3\xa9", "/a%20b/caf%C3%A9", "/a%20b/caf%C3%A9"},
      {__LINE__, "%41%2f%zz%4", "%41%2f%25zz%254", "%41%2f%25zz%254"},
      {__LINE__, "a?b#c", "a%3Fb%23c", "a?b%23c"},
      {__LINE__, "%%41", "%25%41", "%25%41"},
      {__LINE__, "%", "%25", "%25"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf path = BUF_INIT(100), query = BUF_INIT(100);
    uri_put_encoded_path(&path, str_from(table[i].text));
    uri_put_encoded_query(&query, str_from(table[i].text));
    if (!str_eq(buf_str(&path), str_from(table[i].path)) || !str_eq(buf_str(&query), str_from(table[i].query)))
      fail_msg("line %d: %.*s %.*s", table[i].line, STR_ARG(buf_str(&path)), STR_ARG(buf_str(&query)));
    buf_free(&path);
    buf_free(&query);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_encoded_already_stays),
      cmocka_unit_test(parts_of_a_uri_G9_G12),
      cmocka_unit_test(what_is_no_uri_G9),
      cmocka_unit_test(what_people_send_is_tolerated_G10),
      cmocka_unit_test(names_are_percent_encoded),
      cmocka_unit_test(a_colon_gets_a_dot_slash_G16),
      cmocka_unit_test(decoding_once_G13),
      cmocka_unit_test(a_request_path_becomes_a_file_name_G11_G13),
      cmocka_unit_test(references_resolve_against_the_page_P11),
      cmocka_unit_test(rfc3986_examples),
      cmocka_unit_test(schemes_P12),
      cmocka_unit_test(encoded_paths_come_back_G13),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
