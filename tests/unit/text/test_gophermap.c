/* Gophermaps: parsed, as menus, and as gemtext (P16). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "text/gophermap.h"

static void lines_are_parsed_P16(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *text;
    char type;
    const char *parts; /* name|selector|host|port */
    bool has_selector;
  } table[] = {
      {__LINE__, "just words", 'i', "just words|||0", false},
      {__LINE__, "", 'i', "|||0", false},
      {__LINE__, "0name\t", '0', "name|name||0", false},
      {__LINE__, "0name\t/sel", '0', "name|/sel||0", true},
      {__LINE__, "1name\t/sel\thost.example", '1', "name|/sel|host.example|0", true},
      {__LINE__, "1name\t/sel\t host.example \t 7070 ", '1', "name|/sel|host.example|7070", true},
      {__LINE__, "1name\t\thost.example\t70", '1', "name||host.example|70", true},
      {__LINE__, "1name\t\t\t7070", '1', "name|name||7070", false},
      {__LINE__, "1name\t/s\th\t0", '1', "name|/s|h|0", true},
      {__LINE__, "1name\t/s\th\t65536", '1', "name|/s|h|0", true},
      {__LINE__, "1name\t/s\th\t7x", '1', "name|/s|h|0", true},
      {__LINE__, "1name\t/s\th\t70\t+", '1', "name|/s|h|70", true},
      {__LINE__, "1\t/s", '1', "|/s||0", true},
      {__LINE__, "iinfo\tfake\t(NULL)\t0", 'i', "info|||0", false},
      {__LINE__, "information", 'i', "information|||0", false},
      {__LINE__, "\tno type", 'i', "\tno type|||0", false},
      {__LINE__, " x\ty", 'i', " x\ty|||0", false},
      {__LINE__, "\xc3\xa9\ty", 'i', "\xc3\xa9\ty|||0", false},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct gophermap_line got;
    struct buf parts = BUF_INIT(200);
    gophermap_parse(str_from(table[i].text), &got);
    buf_printf(&parts, "%.*s|%.*s|%.*s|%u", STR_ARG(got.name), STR_ARG(got.selector), STR_ARG(got.host), got.port);
    if (got.type != table[i].type || got.has_selector != table[i].has_selector ||
        !str_eq(buf_str(&parts), str_from(table[i].parts)))
      fail_msg("line %d: %c %.*s", table[i].line, got.type, STR_ARG(buf_str(&parts)));
    buf_free(&parts);
  }
}

struct map_row {
  int line;
  struct str map;
  const char *want;
};

static void check_map(bool menu, const struct map_row *table, size_t n)
{
  const struct menu_place place = {.host = STR("us"), .port = 7070};
  for (size_t i = 0; i < n; i++) {
    struct buf got = BUF_INIT(1000);
    int err = menu ? gophermap_menu(table[i].map, STR("/my%20docs/"), &place, &got)
                   : gophermap_gemtext(table[i].map, STR("/my%20docs/"), &got);
    if (err || !str_eq(buf_str(&got), str_from(table[i].want)))
      fail_msg("line %d: %d\n%.*s", table[i].line, err, STR_ARG(buf_str(&got)));
    buf_free(&got);
  }
}

#define INFO "\t\terror.host\t1\r\n"

static void a_map_is_a_menu_P9_P16(void **state)
{
  (void)state;
  static const struct map_row table[] = {
      {__LINE__, STR_INIT(""), ".\r\n"},
      {__LINE__, STR_INIT("Hello\n\n"), "iHello" INFO "i" INFO ".\r\n"},
      {__LINE__, STR_INIT("\xef\xbb\xbfHello\r\n"), "iHello" INFO ".\r\n"},
      {__LINE__, STR_INIT("0about.txt\t"), "0about.txt\t/my%20docs/about.txt\tus\t7070\r\n.\r\n"},
      {__LINE__, STR_INIT("1Up\t../x/"), "1Up\t/my%20docs/../x/\tus\t7070\r\n.\r\n"},
      {__LINE__, STR_INIT("1Root\t/"), "1Root\t/\tus\t7070\r\n.\r\n"},
      {__LINE__, STR_INIT("0100% a?b\t/100% a?b\n"), "0100% a?b\t/100% a?b\tus\t7070\r\n.\r\n"},
      {__LINE__, STR_INIT("1There\t\tthem\n"), "1There\t\tthem\t70\r\n.\r\n"},
      {__LINE__, STR_INIT("1There\tx\tthem\t71\n"), "1There\tx\tthem\t71\r\n.\r\n"},
      {__LINE__, STR_INIT("1Here\t/x\t\t71\n"), "1Here\t/x\tus\t71\r\n.\r\n"},
      {__LINE__, STR_INIT("hWeb\tURL:https://x/\n"), "hWeb\tURL:https://x/\tus\t7070\r\n.\r\n"},
      {__LINE__, STR_INIT("hBad\tURL:JavaScript:x\n"), "iBad (JavaScript:x)" INFO ".\r\n"},
      {__LINE__, STR_INIT("a\n.\nb\n"), "ia" INFO ".\r\n"},
      {__LINE__, STR_INIT("\tx\n"), "i        x" INFO ".\r\n"},
      {__LINE__, STR_INIT("caf\xe9\n0caf\xe9\t/caf\xe9\n"),
       "icaf\xef\xbf\xbd" INFO "0caf\xef\xbf\xbd\t/caf\xe9\tus\t7070\r\n.\r\n"},
      {__LINE__, STR_INIT("1a\rb\t/c\rd\te\rf\n1a\0b\t/c\0d\te\0f\n"),
       "1a b\t/c%0Dd\te f\t70\r\n1a b\t/c%00d\te f\t70\r\n.\r\n"},
      {__LINE__,
       STR_INIT("a line that is far wider than the sixty-seven columns that other text is wrapped at stays\n"),
       "ia line that is far wider than the sixty-seven columns that other text is wrapped at stays" INFO ".\r\n"},
  };
  check_map(true, table, sizeof table / sizeof *table);
}

static void items_become_links_P16(void **state)
{
  (void)state;
  static const struct map_row table[] = {
      {__LINE__, STR_INIT("0about.txt\t"), "=> /my%20docs/about.txt about.txt\n"},
      {__LINE__, STR_INIT("1Dir\t/docs/"), "=> /docs/ Dir\n"},
      {__LINE__, STR_INIT("1Dir\t."), "=> /my%20docs/ Dir\n"},
      {__LINE__, STR_INIT("0x\t/100% a?b#c"), "=> /100%25%20a%3Fb%23c x\n"},
      /* P2: what is encoded already is decoded once on Gopher, and so it is on Gemini. */
      {__LINE__, STR_INIT("0x\t/caf%C3%A9%20a b%zz%4"), "=> /caf%C3%A9%20a%20b%25zz%254 x\n"},
      {__LINE__, STR_INIT("0x\ta%3fb%23%0a"), "=> /my%20docs/a%3fb%23%0a x\n"},
      {__LINE__, STR_INIT("0x\t%2e%2e/y"), "=> /my%20docs/%2e%2e/y x\n"},
      {__LINE__, STR_INIT("0Out\t.%2E/%2e%2e/y"), "Out\n"},
      {__LINE__, STR_INIT("0Never\ta%2fb"), "Never\n"},
      {__LINE__, STR_INIT("0Never\ta%00"), "Never\n"},
      {__LINE__, STR_INIT("0Up\t../y"), "=> /y Up\n"},
      {__LINE__, STR_INIT("0Out\t../../y"), "Out\n"},
      {__LINE__, STR_INIT("0Evil\t//evil.example/"), "=> /evil.example/ Evil\n"},
      {__LINE__, STR_INIT("7Find\t/search"), "=> /search Find\n"},
      {__LINE__, STR_INIT("7Find\t/s?a b%20c?%zz#"), "=> /s?a%20b%20c?%25zz%23 Find\n"},
      {__LINE__, STR_INIT("7Find\tsearch?"), "=> /my%20docs/search? Find\n"},
      {__LINE__, STR_INIT("7Find\t/s?../../x"), "=> /s?../../x Find\n"},
      {__LINE__, STR_INIT("1Dir\t/search?x"), "=> /search%3Fx Dir\n"},
      {__LINE__, STR_INIT("1\t/x"), "=> /x\n"},
      {__LINE__, STR_INIT("1There\t\tthem.example"), "=> gopher://them.example/ There\n"},
      {__LINE__, STR_INIT("1There\t\tthem.example\t70"), "=> gopher://them.example/ There\n"},
      {__LINE__, STR_INIT("0There\t/a b?c\tthem.example\t7070"), "=> gopher://them.example:7070/0/a%20b%3Fc There\n"},
      {__LINE__, STR_INIT("7Find\t/v2/vs\tthem.example\t70"), "=> gopher://them.example/7/v2/vs Find\n"},
      {__LINE__, STR_INIT("1Six\t/\t2001:db8::1\t70"), "=> gopher://[2001:db8::1]/1/ Six\n"},
      {__LINE__, STR_INIT("1Bad\t/\ta/b\t70"), "Bad\n"},
      {__LINE__, STR_INIT("1Bad\t/\tu@h\t70"), "Bad\n"},
      {__LINE__, STR_INIT("hWeb\tURL:https://x.example/a b"), "=> https://x.example/a%20b Web\n"},
      {__LINE__, STR_INIT("hWeb\t/url:https://x.example/\tus\t70"), "=> https://x.example/ Web\n"},
      {__LINE__, STR_INIT("hBad\tURL:javascript:x"), "Bad (javascript:x)\n"},
      {__LINE__, STR_INIT("hBad\tURL:https://a b/"), "Bad (https://a b/)\n"},
      {__LINE__, STR_INIT("hBad\tURL:/x"), "Bad (/x)\n"},
      {__LINE__, STR_INIT("hOld\tGET /a b\tw.example\t80"), "=> http://w.example/a%20b Old\n"},
      {__LINE__, STR_INIT("hOld\tGET //a b/%41?c d?#\tw.example\t80"),
       "=> http://w.example//a%20b/%41?c%20d?%23 Old\n"},
      {__LINE__, STR_INIT("hOld\tGET a\tw.example\t8080"), "=> http://w.example:8080/a Old\n"},
      {__LINE__, STR_INIT("hOld\tGET /a"), "Old\n"},
      {__LINE__, STR_INIT("8BBS\tme\tb.example\t23"), "=> telnet://me@b.example BBS\n"},
      {__LINE__, STR_INIT("TBBS\ta b/@:%41\xc3\xa9\tb.example\t2323"),
       "=> telnet://a%20b%2F%40%3A%2541%C3%A9@b.example:2323 BBS\n"},
      {__LINE__, STR_INIT("8BBS\tme"), "BBS\n"},
      {__LINE__, STR_INIT("TBBS\t\tb.example\t2323"), "=> telnet://b.example:2323 BBS\n"},
      {__LINE__, STR_INIT("3Oops\t\terr\t1"), "Oops\n"},
      {__LINE__, STR_INIT("3=> x\t\terr\t1"), " => x\n"},
      {__LINE__, STR_INIT("0a\x01z\t/b\x01z"), "=> /b%01z a z\n"},
      {__LINE__, STR_INIT("0nul\t/b\0z"), "nul\n"},
  };
  check_map(false, table, sizeof table / sizeof *table);
}

static void info_lines_are_text_or_drawings_G22_P16(void **state)
{
  (void)state;
  static const struct map_row table[] = {
      {__LINE__, STR_INIT(""), ""},
      {__LINE__, STR_INIT("Welcome\n\nto my  place\n"), "Welcome\n\nto my  place\n"},
      {__LINE__, STR_INIT("  indented\n"), "  indented\n"},
      {__LINE__, STR_INIT("# x\n=> y\n```\n"), " # x\n => y\n ```\n"},
      {__LINE__, STR_INIT("Title\n=====\ntext\n"), "Title\n=====\ntext\n"},
      {__LINE__, STR_INIT("-----\n"), "-----\n"},
      {__LINE__, STR_INIT("iHello\tfake\tnull\t0\n"), "Hello\n"},
      {__LINE__, STR_INIT(" /\\_/\\\n( o.o )\n\n > ^ <\n\ntext\n"),
       "```drawing\n /\\_/\\\n( o.o )\n\n > ^ <\n```\n\ntext\n"},
      {__LINE__, STR_INIT("Name      Size\nfoo       12\n1x\t/x\n"),
       "```drawing\nName      Size\nfoo       12\n```\n=> /x x\n"},
      {__LINE__, STR_INIT("\xe2\x94\x8c\xe2\x94\x90\n1x\t/x\n\xe2\x94\x8c\xe2\x94\x90\n"),
       "```drawing\n\xe2\x94\x8c\xe2\x94\x90\n```\n=> /x x\n```drawing\n\xe2\x94\x8c\xe2\x94\x90\n```\n"},
      {__LINE__, STR_INIT("/-\\|/-\\|\n```\n"), "```drawing\n/-\\|/-\\|\n ```\n```\n"},
      {__LINE__, STR_INIT("\ta\tb\n"), "```drawing\n        a       b\n```\n"},
      {__LINE__, STR_INIT("caf\xe9\n.\nmore\n"), "caf\xef\xbf\xbd\n"},
  };
  check_map(false, table, sizeof table / sizeof *table);
}

/* Only what has no host, and is no URL or request of another protocol, is of the capsule. */
static void a_prefix_stands_before_the_capsules_own_selectors_P16(void **state)
{
  (void)state;
  const struct menu_place place = {.host = STR("us"), .port = 7070, .prefix = STR("/na/me")};
  struct buf got = BUF_INIT(2000);
  int err = gophermap_menu(STR("text\n0Near\tnear.txt\n0Far\t/far.txt\n1name\n1name\t\n1Root\t/\n"
                               "hWeb\tURL:http://x/\nhWeb\t/URL:http://x/\nhPage\tGET /x\n"
                               "1Us\t/there\tus\n1Us\t\tus\n1Port\t/x\t\t71\n1Else\t/x\tthem\t70\n"),
                           STR("/d%20d/"), &place, &got);
  buf_put_c(&got, '\0');
  assert_int_equal(err, 0);
  assert_string_equal(got.p, "itext" INFO "0Near\t/na/me/d%20d/near.txt\tus\t7070\r\n"
                             "0Far\t/na/me/far.txt\tus\t7070\r\ni1name" INFO
                             "1name\t/na/me/d%20d/name\tus\t7070\r\n1Root\t/na/me/\tus\t7070\r\n"
                             "hWeb\tURL:http://x/\tus\t7070\r\nhWeb\t/URL:http://x/\tus\t7070\r\n"
                             "hPage\tGET /x\tus\t7070\r\n1Us\t/there\tus\t70\r\n1Us\t\tus\t70\r\n"
                             "1Port\t/na/me/x\tus\t71\r\n1Else\t/x\tthem\t70\r\n.\r\n");
  buf_free(&got);
}

static void a_large_map_takes_linear_time(void **state)
{
  (void)state;
  static const char *const lines[] = {"\n", "text\n", "a   b\n", "1x\t/x\n", "1x\ty\n", "```\n", "\t"};
  const struct menu_place place = {.host = STR("us"), .port = 70};
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    struct buf map = BUF_INIT(1 << 22), out = BUF_INIT(1 << 26);
    while (map.n < 500000)
      buf_put_str(&map, str_from(lines[i]));
    assert_int_equal(gophermap_menu(buf_str(&map), STR("/d/"), &place, &out), 0);
    buf_clear(&out);
    assert_int_equal(gophermap_gemtext(buf_str(&map), STR("/d/"), &out), 0);
    buf_free(&map);
    buf_free(&out);
  }
}

static void a_full_buffer_is_an_error(void **state)
{
  (void)state;
  const struct menu_place place = {.host = STR("us"), .port = 70};
  struct buf out = BUF_INIT(20);
  assert_int_equal(gophermap_menu(STR("one\ntwo\n"), STR("/"), &place, &out), ERR_FULL);
  buf_free(&out);
  assert_int_equal(gophermap_gemtext(STR("one\ntwo\nthree\nfour\nfive\n"), STR("/"), &out), ERR_FULL);
  buf_free(&out);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lines_are_parsed_P16),
      cmocka_unit_test(a_map_is_a_menu_P9_P16),
      cmocka_unit_test(items_become_links_P16),
      cmocka_unit_test(info_lines_are_text_or_drawings_G22_P16),
      cmocka_unit_test(a_prefix_stands_before_the_capsules_own_selectors_P16),
      cmocka_unit_test(a_large_map_takes_linear_time),
      cmocka_unit_test(a_full_buffer_is_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
