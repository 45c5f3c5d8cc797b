/* Links in menus: from a gemtext target to an item (P2, P10, P11, P12). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "text/menu_link.h"

static bool here(void *context, struct str scheme, struct str host, struct str port)
{
  assert_ptr_equal(context, here);
  assert_true(str_eq(scheme, STR("gemini")) || str_eq(scheme, STR("gopher")));
  return str_eq_nocase(host, STR("us.example")) &&
         (port.n == 0 || str_eq(port, str_eq(scheme, STR("gemini")) ? STR("1965") : STR("7070")));
}

static char type_of(void *context, struct str path)
{
  assert_ptr_equal(context, here);
  if (str_starts(path, STR("/search")))
    return '7';
  path = str_head(path, str_find(path, '?'));
  return str_ends(path, STR(".txt")) ? '0' : str_ends(path, STR(".png")) ? 'I' : menu_type_by_name(path);
}

struct link_row {
  int line;
  const char *target;
  const char *want; /* type, selector, host, port; empty: no item */
};

static void check_links(const struct menu_place *place, const struct link_row *table, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    struct menu_link link;
    struct buf got = BUF_INIT(300);
    assert_int_equal(menu_link_make(&link, place, STR("/docs/a.gmi"), str_from(table[i].target)), 0);
    if (link.type)
      buf_printf(&got, "%c %.*s %.*s %u", link.type, STR_ARG(buf_str(&link.selector)), STR_ARG(buf_str(&link.host)),
                 link.port);
    if (!str_eq(buf_str(&got), str_from(table[i].want)))
      fail_msg("line %d: %s: %.*s", table[i].line, table[i].target, STR_ARG(buf_str(&got)));
    buf_free(&got);
    menu_link_free(&link);
  }
}

static void targets_become_items_P10_P11_P12(void **state)
{
  (void)state;
  static const struct link_row table[] = {
      /* inside the capsule */
      {__LINE__, "b.gmi", "1 /docs/b.gmi us.example 7070"},
      {__LINE__, "/b.txt#part", "0 /b.txt us.example 7070"},
      {__LINE__, "../pic%20ture.png", "I /pic%20ture.png us.example 7070"},
      {__LINE__, "caf\xc3\xa9.txt", "0 /docs/caf%C3%A9.txt us.example 7070"},
      {__LINE__, "100%.txt", "0 /docs/100%25.txt us.example 7070"},
      {__LINE__, "./12:30.gmi", "1 /docs/12:30.gmi us.example 7070"},
      {__LINE__, "/url:http:.txt", "0 /url%3Ahttp:.txt us.example 7070"}, /* P12: no URL */
      {__LINE__, "../URL:/?a:b", "1 /URL%3A/?a:b us.example 7070"},
      {__LINE__, "./URL:x.txt", "0 /docs/URL:x.txt us.example 7070"},
      {__LINE__, "gemini://us.example/URL:x.txt", "0 /URL%3Ax.txt us.example 7070"},
      {__LINE__, "../../../b.gmi", "1 /b.gmi us.example 7070"},
      {__LINE__, "/search?a%20b", "7 /search?a%20b us.example 7070"},
      {__LINE__, "#part", "1 /docs/a.gmi us.example 7070"},
      {__LINE__, "/", "1 / us.example 7070"},
      {__LINE__, "gemini://us.example", "1 / us.example 7070"},
      {__LINE__, "GEMINI://US.example:1965/x/../y.txt?q#f", "0 /y.txt?q us.example 7070"},
      {__LINE__, "gemini://us.example//evil.example/x", "1 /evil.example/x us.example 7070"},
      {__LINE__, "gemini://us.example?q", "1 /?q us.example 7070"},
      {__LINE__, "//us.example/x", "1 /x us.example 7070"},
      {__LINE__, "gopher://us.example/0/a%20b?c", "0 /a%20b?c us.example 7070"},
      {__LINE__, "gopher://us.example:7070", "1  us.example 7070"},
      {__LINE__, "gopher://us.example:7070/", "1  us.example 7070"},
      /* other Gopher servers: the item that the URL names */
      {__LINE__, "gopher://them.example", "1  them.example 70"},
      {__LINE__, "gopher://them.example/1", "1  them.example 70"},
      {__LINE__, "Gopher://them.example:71/0/caf%C3%A9%25", "0 /caf\xc3\xa9% them.example 71"},
      {__LINE__, "gopher://them.example/7/v2/vs", "7 /v2/vs them.example 70"},
      {__LINE__, "gopher://them.example/1a?b", "1 a?b them.example 70"},
      {__LINE__, "gopher://[2001:db8::1]/1/", "1 / 2001:db8::1 70"},
      {__LINE__, "gopher://us.example:71/1/x", "1 /x us.example 71"},
      /* what no menu line can say is left to the URL */
      {__LINE__, "gopher://them.example/7/s%09words", "h URL:gopher://them.example/7/s%09words us.example 7070"},
      {__LINE__, "gopher://them.example/1%0D%0A.", "h URL:gopher://them.example/1%0D%0A. us.example 7070"},
      {__LINE__, "gopher://them.example/ix", "h URL:gopher://them.example/ix us.example 7070"},
      {__LINE__, "gopher://u@them.example/1/", "h URL:gopher://u@them.example/1/ us.example 7070"},
      {__LINE__, "gopher:///1/x", ""},
      /* other schemes */
      {__LINE__, "gophers://them.example/1/", "h URL:gophers://them.example/1/ us.example 7070"},
      {__LINE__, "gemini://them.example/a b", "h URL:gemini://them.example/a%20b us.example 7070"},
      {__LINE__, "gemini://us.example:1966/", "h URL:gemini://us.example:1966/ us.example 7070"},
      {__LINE__, "gemini://u@us.example/", "h URL:gemini://u@us.example/ us.example 7070"},
      {__LINE__, "//them.example/x", "h URL:gemini://them.example/x us.example 7070"},
      {__LINE__, "https://\xe4\xbe\x8b.jp/\xe3\x81\x82?100%",
       "h URL:https://%E4%BE%8B.jp/%E3%81%82?100%25 us.example 7070"},
      {__LINE__, "mailto:a@b.example", "h URL:mailto:a@b.example us.example 7070"},
      {__LINE__, "telnet://bbs.example", "8  bbs.example 23"},
      {__LINE__, "telnet://guest:secret@bbs.example:2323/", "8 guest bbs.example 2323"},
      {__LINE__, "telnet://g%0Ax@bbs.example/", "8  bbs.example 23"},
      {__LINE__, "telnet:bbs.example", ""},
      {__LINE__, "telnet://bbs.example:0/", ""},
      /* nothing to follow */
      {__LINE__, "javascript:alert(1)", ""},
      {__LINE__, "JavaScript:alert(1)", ""},
      {__LINE__, "data:text/html,x", ""},
      {__LINE__, "vbscript:x", ""},
      {__LINE__, "file:///etc/passwd", ""},
      {__LINE__, "\x01javascript:x", ""},
      {__LINE__, "https://x\x7f/", ""},
      {__LINE__, "12:30.gmi", ""},
  };
  const struct menu_place place = {
      .host = STR("us.example"), .port = 7070, .type_of = type_of, .is_here = here, .context = (void *)(uintptr_t)here};
  check_links(&place, table, sizeof table / sizeof *table);
}

/* Under a root that is shared: what leads into the capsule has the prefix, and nothing else has. */
static void a_prefix_stands_before_what_is_inside_P11(void **state)
{
  (void)state;
  static const struct link_row table[] = {
      {__LINE__, "b.gmi", "1 /na/me/docs/b.gmi us.example 7070"},
      {__LINE__, "/b.txt#part", "0 /na/me/b.txt us.example 7070"},
      {__LINE__, "../../..", "1 /na/me/ us.example 7070"},
      {__LINE__, "#part", "1 /na/me/docs/a.gmi us.example 7070"},
      {__LINE__, "/na/me/b.gmi", "1 /na/me/na/me/b.gmi us.example 7070"},
      {__LINE__, "/search?a%20b", "7 /na/me/search?a%20b us.example 7070"},
      {__LINE__, "/URL:x.txt", "0 /na/me/URL%3Ax.txt us.example 7070"},
      {__LINE__, "gemini://us.example", "1 /na/me/ us.example 7070"},
      {__LINE__, "//us.example/x?q", "1 /na/me/x?q us.example 7070"},
      /* A gopher: link has the whole selector: with the prefix it is inside, else elsewhere on this server. */
      {__LINE__, "gopher://us.example/0/na/me/a%20b?c", "0 /na/me/a%20b?c us.example 7070"},
      {__LINE__, "gopher://us.example:7070/1na/me/x", "1 na/me/x us.example 7070"},
      {__LINE__, "gopher://us.example/1/na/me", "1 /na/me us.example 7070"},
      {__LINE__, "gopher://us.example/1/na/me?q", "1 /na/me?q us.example 7070"},
      {__LINE__, "gopher://us.example:7070/1/na/mex", "1 /na/mex us.example 7070"},
      {__LINE__, "gopher://us.example/0/a%20b", "0 /a b us.example 70"},
      {__LINE__, "gopher://us.example/1/na", "1 /na us.example 70"},
      {__LINE__, "gopher://us.example/", "1  us.example 70"},
      {__LINE__, "gopher://them.example/0/na/me/x", "0 /na/me/x them.example 70"},
      {__LINE__, "https://them.example/", "h URL:https://them.example/ us.example 7070"},
      {__LINE__, "telnet://bbs.example", "8  bbs.example 23"},
  };
  const struct menu_place place = {.host = STR("us.example"),
                                   .port = 7070,
                                   .prefix = STR("/na/me"),
                                   .type_of = type_of,
                                   .is_here = here,
                                   .context = (void *)(uintptr_t)here};
  check_links(&place, table, sizeof table / sizeof *table);
}

static void a_place_without_functions_goes_by_name(void **state)
{
  (void)state;
  const struct menu_place place = {.host = STR("h"), .port = 70};
  struct menu_link link;
  assert_int_equal(menu_link_make(&link, &place, STR("/"), STR("a.gmi?x.png")), 0);
  assert_int_equal(link.type, '1');
  menu_link_free(&link);
  assert_int_equal(menu_link_make(&link, &place, STR("/"), STR("gemini://h/")), 0);
  assert_int_equal(link.type, 'h');
  menu_link_free(&link);
}

static void a_giant_target_does_no_harm(void **state)
{
  (void)state;
  const struct menu_place place = {.host = STR("h"), .port = 70};
  static const char *const heads[] = {"", "/", "gopher://h/1", "gemini://h/", "telnet://", "https://h/", "//"};
  static char target[32000];
  for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
    struct menu_link link;
    memset(target, '\xe9', sizeof target);
    memcpy(target, heads[i], strlen(heads[i]));
    assert_int_equal(menu_link_make(&link, &place, STR("/"), str_make(target, sizeof target)), 0);
    menu_link_free(&link);
  }
}

static void a_target_is_shown_readably(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *target, *want;
  } table[] = {
      {__LINE__, "a%20b.txt", "a b.txt"},
      {__LINE__, "%E6%97%A5.gmi", "\xe6\x97\xa5.gmi"},
      {__LINE__, "caf%E9.txt", "caf%E9.txt"},
      {__LINE__, "a%0Ab", "a%0Ab"},
      {__LINE__, "%20%20", "%20%20"},
      {__LINE__, "caf\xe9", "caf\xef\xbf\xbd"},
      {__LINE__, "100%", "100%"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf got = BUF_INIT(100);
    menu_link_put_readable(&got, str_from(table[i].target));
    if (!str_eq(buf_str(&got), str_from(table[i].want)))
      fail_msg("line %d: %.*s", table[i].line, STR_ARG(buf_str(&got)));
    buf_free(&got);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(targets_become_items_P10_P11_P12),
      cmocka_unit_test(a_prefix_stands_before_what_is_inside_P11),
      cmocka_unit_test(a_place_without_functions_goes_by_name),
      cmocka_unit_test(a_giant_target_does_no_harm),
      cmocka_unit_test(a_target_is_shown_readably),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
