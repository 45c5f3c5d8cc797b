/* Where a link of a page or a menu leads, by its words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "cmd/check_capsule_link.h"

static struct settings settings;

static int set_up(void **state)
{
  (void)state;
  struct buf why = BUF_INIT(1024);
  int err = settings_init(&settings);
  if (err == 0)
    err = settings_name(&settings.sites[0], STR("Example.org"), &why);
  if (err == 0)
    err = settings_name(&settings.sites[0], STR("www.example.org"), &why);
  buf_free(&why);
  return err;
}

static int tear_down(void **state)
{
  (void)state;
  settings_free(&settings);
  return 0;
}

/* "KIND PATH PATH" */
static void write_link(struct buf *out, const struct link *link)
{
  static const char *const kinds[] = {[LINK_ELSEWHERE] = "elsewhere",
                                      [LINK_INSIDE] = "inside",
                                      [LINK_OURS] = "ours",
                                      [LINK_UNSAFE] = "unsafe",
                                      [LINK_BAD] = "bad"};
  buf_printf(out, "%s", kinds[link->kind]);
  for (unsigned i = 0; i < link->n; i++)
    buf_printf(out, " %.*s", STR_ARG(link->path[i]));
}

static void check(int line, const struct link *link, const char *want)
{
  struct buf got = BUF_INIT(4096);
  write_link(&got, link);
  if (!str_eq(buf_str(&got), str_from(want)))
    fail_msg("line %d: %.*s", line, STR_ARG(buf_str(&got)));
  buf_free(&got);
}

static void of_gemtext(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *target, *want;
  } table[] = {
      {__LINE__, "a.gmi", "inside /docs/a.gmi"},
      {__LINE__, "./a.gmi?words", "inside /docs/a.gmi"},
      {__LINE__, "..", "inside /"},
      {__LINE__, "../../../a", "inside /a"},
      {__LINE__, "/", "inside /"},
      {__LINE__, "", "inside /docs/page.gmi"},
      {__LINE__, "#part", "inside /docs/page.gmi"},
      {__LINE__, "a%20b%C3%A9.gmi", "inside /docs/a b\xc3\xa9.gmi"},
      {__LINE__, "\xc3\xa9.gmi", "inside /docs/\xc3\xa9.gmi"},
      {__LINE__, "%2e%2e/a", "inside /a"},
      {__LINE__, "a%2Fb", "inside"},
      {__LINE__, "a%00b", "inside"},
      {__LINE__, "gemini://example.org/b.gmi", "ours /b.gmi"},
      {__LINE__, "GEMINI://EXAMPLE.ORG./b%20c", "ours /b c"},
      {__LINE__, "gemini://www.example.org:1965", "ours /"},
      {__LINE__, "//example.org/b", "ours /b"},
      {__LINE__, "gemini://example.org:1966/b", "elsewhere"},
      {__LINE__, "gemini://example.net/b", "elsewhere"},
      {__LINE__, "gemini://xexample.org/b", "elsewhere"},
      {__LINE__, "https://example.org/b", "elsewhere"},
      {__LINE__, "mailto:a@example.org", "elsewhere"},
      {__LINE__, "gopher://example.org", "ours /"},
      {__LINE__, "gopher://example.org/0/b.txt", "ours /b.txt"},
      {__LINE__, "gopher://example.org:70/0b%20c.txt", "ours /b c.txt"},
      {__LINE__, "gopher://example.org:7070/0/b.txt", "elsewhere"},
      {__LINE__, "javascript:x", "unsafe"},
      {__LINE__, "FILE:///etc/passwd", "unsafe"},
      {__LINE__, "gemini://[x", "bad"},
      {__LINE__, "gemini:///x", "bad"},
      {__LINE__, "gemini:x", "bad"},
      {__LINE__, "a\x01", "bad"},
  };
  struct link link;
  link_init(&link);
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    assert_int_equal(link_of_gemtext(&link, &settings.sites[0], STR("/docs/page.gmi"), str_from(table[i].target)), 0);
    check(table[i].line, &link, table[i].want);
  }
  link_free(&link);
}

static void of_a_map(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *text, *want;
  } table[] = {
      {__LINE__, "0A\ta.txt", "inside /docs/a.txt"},
      {__LINE__, "0a.txt\t", "inside /docs/a.txt"},
      {__LINE__, "0A\t/b/a.txt", "inside /b/a.txt"},
      {__LINE__, "0A\t../a.txt", "inside /a.txt"},
      {__LINE__, "0A\t/a%20b", "inside /a%20b /a b"},
      {__LINE__, "7A\t/find?x", "inside /find?x /find"},
      {__LINE__, "0A\t../../a.txt", "inside"},
      {__LINE__, "0A\t/a\texample.org", "ours /a"},
      {__LINE__, "1A\t\texample.org\t70", "ours /"},
      {__LINE__, "0A\t/a\texample.org\t7070", "elsewhere"},
      {__LINE__, "0A\t/a\texample.net\t70", "elsewhere"},
      {__LINE__, "8A\tme\texample.org\t23", "elsewhere"},
      {__LINE__, "hA\tGET /x", "elsewhere"},
      {__LINE__, "hA\tURL:https://example.net/", "elsewhere"},
      {__LINE__, "hA\tURL:gemini://example.org/a", "ours /a"},
      {__LINE__, "hA\tURL:javascript:x", "unsafe"},
      {__LINE__, "hA\tURL:x", "bad"},
  };
  struct link link;
  link_init(&link);
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct gophermap_line item;
    gophermap_parse(str_from(table[i].text), &item);
    assert_int_equal(link_of_item(&link, &settings.sites[0], STR("/docs/"), &item), 0);
    check(table[i].line, &link, table[i].want);
  }
  link_free(&link);
}

static void a_path_that_cannot_be_says_why(void **state)
{
  (void)state;
  struct gophermap_line item;
  struct link link;
  link_init(&link);
  gophermap_parse(STR("0A\t../../../a"), &item);
  assert_int_equal(link_of_item(&link, &settings.sites[0], STR("/docs/"), &item), 0);
  assert_int_equal(link.err, ERR_OUTSIDE);
  assert_int_equal(link_of_gemtext(&link, &settings.sites[0], STR("/"), STR("a%2fb")), 0);
  assert_int_equal(link.err, ERR_NOT_FOUND);
  link_free(&link);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(of_gemtext),
      cmocka_unit_test(of_a_map),
      cmocka_unit_test(a_path_that_cannot_be_says_why),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
