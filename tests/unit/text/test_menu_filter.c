/* Gemtext to menu (P7 to P12): what it looks like, and what holds for any page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../support/menu_check.h"
#include "base/err.h"

static bool here(void *context, struct str scheme, struct str host, struct str port)
{
  (void)context;
  (void)scheme;
  return str_eq(host, STR("h")) && port.n == 0;
}

/* The menu of a page that arrives in pieces of the given size. */
static void make(struct str page, unsigned columns, size_t piece, struct buf *menu)
{
  const struct menu_place place = {.host = STR("h"), .port = 70, .columns = columns, .is_here = here};
  struct menu_filter f;
  assert_int_equal(menu_filter_begin(&f, &place, STR("/d/p.gmi")), 0);
  while (page.n) {
    assert_int_equal(menu_filter_feed(&f, str_head(page, piece), menu), 0);
    page = str_skip(page, piece);
  }
  assert_int_equal(menu_filter_end(&f, menu), 0);
  menu_filter_free(&f);
}

/* A menu as a person sees it: type, a bar and the display; for items the selector behind another bar. */
static void put_picture(struct buf *out, struct str menu)
{
  struct menu_row row;
  while (menu.n) {
    const char *fault = menu_row(&menu, &row);
    if (fault)
      fail_msg("%s", fault);
    buf_put_c(out, row.type);
    if (row.type != '.') {
      buf_put_c(out, '|');
      buf_put_str(out, row.display);
    }
    if (row.type != '.' && row.type != 'i')
      buf_printf(out, "|%.*s", STR_ARG(row.selector));
    buf_put_c(out, '\n');
  }
}

static void every_line_type_has_its_form_P9_P10_P11_P12(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *page, *want;
  } table[] = {
      {__LINE__, "", ".\n"},
      {__LINE__, "\n", "i|\n.\n"},
      {__LINE__, "text\n\nmore", "i|text\ni|\ni|more\n.\n"},
      {__LINE__, "text that is longer than the line\n", "i|text that is\ni|longer than the\ni|line\n.\n"},
      {__LINE__, "text  \r\n \r\n", "i|text\ni|\n.\n"},
      {__LINE__, "\xef\xbb\xbf# Title\n", "i|Title\ni|=====\n.\n"},
      {__LINE__, "# \xe6\x97\xa5\xe6\x9c\xac\n", "i|\xe6\x97\xa5\xe6\x9c\xac\ni|====\n.\n"},
      {__LINE__, "# A title of two lines\n", "i|A title of two\ni|lines\ni|==============\n.\n"},
      {__LINE__, "a\n# B\nc\n## D\n\n### E\n", "i|a\ni|\ni|B\ni|=\ni|c\ni|\ni|D\ni|\ni|E\n.\n"},
      {__LINE__, "a\n#\nb\n", "i|a\ni|\ni|b\n.\n"},
      {__LINE__, "* an item of two lines\n* \n", "i|* an item of two\ni|  lines\ni|*\n.\n"},
      {__LINE__, ">a quote of two lines\n>\n", "i|> a quote of two\ni|> lines\ni|>\n.\n"},
      {__LINE__,
       "```alt\n  as  it is, and wider than that\n=> x\n\ta\x01"
       "b\n```\n",
       "i|  as  it is, and wider than that\ni|=> x\ni|        a b\n.\n"},
      {__LINE__, "```\nwithout an end", "i|without an end\n.\n"},
      {__LINE__, "=> a.txt A file\n", "9|A file|/d/a.txt\n.\n"},
      {__LINE__, "=> b%20c.gmi\n", "1|b c.gmi|/d/b%20c.gmi\n.\n"},
      {__LINE__, "=> a.txt A label of several lines\n", "9|A label of|/d/a.txt\ni|  several lines\n.\n"},
      {__LINE__, "=> a.txt \x01\x02\n", "9|a.txt|/d/a.txt\n.\n"},
      {__LINE__, "=> javascript:x Click\n", "i|Click\ni|  (javascript:x)\n.\n"},
      {__LINE__, "=> data:x\n", "i|data:x\n.\n"},
      {__LINE__, "=>\n=> \n", "i|=>\ni|=>\n.\n"},
      {__LINE__, "caf\xe9\n", "i|caf\xef\xbf\xbd\n.\n"},
      {__LINE__, ".\n", "i|.\n.\n"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf menu = BUF_INIT(4096), got = BUF_INIT(4096);
    make(str_from(table[i].page), 16, 4096, &menu);
    put_picture(&got, buf_str(&menu));
    if (!str_eq(buf_str(&got), str_from(table[i].want)))
      fail_msg("line %d:\n%.*s", table[i].line, STR_ARG(buf_str(&got)));
    buf_free(&menu);
    buf_free(&got);
  }
}

static void the_usual_width_is_67_P9(void **state)
{
  (void)state;
  struct buf page = BUF_INIT(1000), menu = BUF_INIT(4096);
  for (unsigned i = 0; i < 68; i++)
    buf_put_c(&page, 'x');
  make(buf_str(&page), 0, 4096, &menu);
  struct str rest = buf_str(&menu);
  struct menu_row row;
  assert_null(menu_row(&rest, &row));
  assert_int_equal(row.display.n, MENU_COLUMNS);
  buf_free(&page);
  buf_free(&menu);
}

/* ---------------------------------------------------------------- any page */

static uint32_t seed = 3;

static unsigned pick(unsigned n)
{
  seed = seed * 1664525u + 1013904223u;
  return (seed >> 8) % n;
}

static void put_random_page(struct buf *page)
{
  static const char *const parts[] = {"word",
                                      " ",
                                      "a",
                                      "longerwordthanmost",
                                      "\xe6\x97\xa5\xe6\x9c\xac\xe3\x80\x82",
                                      "\xef\xbc\x88\xe6\x97\xa5\xef\xbc\x89",
                                      "e\xcc\x81",
                                      "\xe2\x80\x8b",
                                      "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9",
                                      "\xef\xb8\x8f",
                                      "\xe9",
                                      "\xf0\x9f",
                                      "\t",
                                      "\r",
                                      "%41",
                                      "javascript:x",
                                      "gopher://o/0/x",
                                      "gemini://h//y?z",
                                      "https://x/",
                                      "/a.txt",
                                      "../b",
                                      "#",
                                      "=>",
                                      "   ",
                                      "\x01",
                                      "``",
                                      ">",
                                      "* "};
  static const char *const starts[] = {"", "", "# ", "## ", "* ", "> ", "=> ", "=> /x.txt ", "```", "=>javascript:x "};
  unsigned lines = pick(8);
  for (unsigned i = 0; i < lines; i++) {
    buf_put_str(page, str_from(starts[pick(sizeof starts / sizeof *starts)]));
    for (unsigned n = pick(3) ? pick(12) : pick(80); n > 0; n--)
      buf_put_str(page, str_from(parts[pick(sizeof parts / sizeof *parts)]));
    if (i + 1 < lines || pick(4))
      buf_put_str(page, pick(5) ? STR("\n") : STR("\r\n"));
  }
}

static void any_page_becomes_a_whole_menu_P7_P9_P10(void **state)
{
  (void)state;
  for (unsigned round = 0; round < 4000; round++) {
    struct buf page = BUF_INIT(1 << 16), whole = BUF_INIT(1 << 20), pieces = BUF_INIT(1 << 20);
    unsigned columns = MENU_COLUMNS_MIN + pick(60);
    put_random_page(&page);
    assert_int_equal(buf_error(&page), 0);
    make(buf_str(&page), columns, 1 << 16, &whole);
    const char *fault = menu_check(buf_str(&page), columns, buf_str(&whole));
    if (fault)
      fail_msg("round %u: %s\n%.*s\n%.*s", round, fault, STR_ARG(buf_str(&page)), STR_ARG(buf_str(&whole)));
    make(buf_str(&page), columns, 1, &pieces);
    assert_true(str_eq(buf_str(&whole), buf_str(&pieces)));
    buf_free(&page);
    buf_free(&whole);
    buf_free(&pieces);
  }
}

/* ---------------------------------------------------------------- lines without an end */

/* Appends the visible bytes of a text: no spaces, no marks of quotation. */
static void put_visible(struct buf *out, struct str text)
{
  for (size_t i = 0; i < text.n; i++)
    if (text.p[i] != ' ' && text.p[i] != '>')
      buf_put_c(out, text.p[i]);
}

/* Feeds `start` and then `part` again and again, 200 KB without a line end, and compares what the menu shows with
 * `shown` and the parts. */
static void check_endless(int line, const char *start, const char *shown, const char *part, bool preformatted)
{
  struct buf page = BUF_INIT(1 << 20), whole = BUF_INIT(1 << 23), pieces = BUF_INIT(1 << 23);
  struct buf want = BUF_INIT(1 << 20), got = BUF_INIT(1 << 20);
  buf_put_str(&page, str_from(start));
  put_visible(&want, str_from(shown));
  while (page.n < 200000) {
    buf_put_str(&page, str_from(part));
    put_visible(&want, str_from(part));
  }
  make(buf_str(&page), 67, 1 << 20, &whole);
  make(buf_str(&page), 67, 1, &pieces);
  assert_true(str_eq(buf_str(&whole), buf_str(&pieces)));

  struct str rest = buf_str(&whole);
  while (rest.n) {
    struct menu_row row;
    assert_null(menu_row(&rest, &row));
    if (!preformatted && utf8_columns(row.display) > 67)
      fail_msg("line %d: too wide", line);
    put_visible(&got, row.display);
  }
  if (!str_eq(buf_str(&got), buf_str(&want)))
    fail_msg("line %d: %zu bytes shown, %zu there", line, got.n, want.n);
  buf_free(&page);
  buf_free(&whole);
  buf_free(&pieces);
  buf_free(&want);
  buf_free(&got);
}

static void endless_lines_lose_nothing_P9(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *start, *shown, *part;
    bool preformatted;
  } table[] = {
      {__LINE__, "", "", "word ", false},
      {__LINE__, "", "", "  spaced    ", false},
      {__LINE__, "> ", "", "quoted, ", false},
      {__LINE__, "=> a.txt ", "", "label ", false},
      {__LINE__, "=> javascript:x ", "javascript:x", "label ", false},
      {__LINE__, "=> ", "=>", "target", false},
      {__LINE__, "* ", "*", "\xe6\x97\xa5\xe6\x9c\xac", false},
      {__LINE__, "", "", "unbroken", false},
      {__LINE__, "", "", "\xe2\x80\x8b", false},
      {__LINE__, "a", "a", "\xcc\x81", false},
      {__LINE__, "```\n", "", "pre  formatted", true},
      {__LINE__, "```\n", "", "\xe6\x97\xa5\xe6\x9c\xac", true},
      {__LINE__, "```\na", "a", "\xcc\x81", true},
      {__LINE__, "```\n", "", "                                                                ", true},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    check_endless(table[i].line, table[i].start, table[i].shown, table[i].part, table[i].preformatted);
}

/* Where a line is put in pieces must not show: it is wrapped as if it had come at once. The words and the runs of
 * spaces move along, so that the places where the filter has to cut fall within both. */
static void pieces_of_a_line_do_not_show_P9(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *mark, *first, *next;
  } table[] = {
      {__LINE__, "", "", ""},
      {__LINE__, "> ", "> ", "> "},
      {__LINE__, "* ", "* ", "  "},
  };
  for (unsigned round = 0; round < 60; round++) {
    const size_t row = round % (sizeof table / sizeof *table);
    struct buf page = BUF_INIT(1 << 20), menu = BUF_INIT(1 << 23), wrapped = BUF_INIT(1 << 23);
    buf_put_str(&page, str_from(table[row].mark));
    while (page.n < 100000) {
      buf_printf(&page, "w%u\xe6\x97\xa5 ", pick(100000));
      for (unsigned spaces = pick(400) ? pick(3) : pick(round % 2 ? 90 : 40000); spaces > 0; spaces--)
        buf_put_c(&page, ' ');
    }
    buf_put_str(&page, STR("end"));
    make(buf_str(&page), 67, 1000, &menu);
    menu_put_wrapped(&wrapped, 67, str_from(table[row].first), str_from(table[row].next),
                     str_skip(buf_str(&page), strlen(table[row].mark)));
    menu_put_end(&wrapped);
    if (!str_eq(buf_str(&menu), buf_str(&wrapped)))
      fail_msg("line %d, round %u: another menu", table[row].line, round);
    buf_free(&page);
    buf_free(&menu);
    buf_free(&wrapped);
  }
}

/* The spaces at a cut belong to neither line, also where they are more than the filter waits for. */
static void a_run_of_spaces_leaves_no_indentation_P9(void **state)
{
  (void)state;
  for (unsigned more = 0; more < 80; more++) {
    struct buf page = BUF_INIT(1 << 16), menu = BUF_INIT(4096), got = BUF_INIT(4096);
    buf_put_c(&page, 'a');
    for (unsigned spaces = 32 * 1024 - 2 + more; spaces > 0; spaces--)
      buf_put_c(&page, ' ');
    buf_put_c(&page, 'b');
    make(buf_str(&page), 67, 1000, &menu);
    put_picture(&got, buf_str(&menu));
    assert_true(str_eq(buf_str(&got), STR("i|a\ni|b\n.\n")));
    buf_free(&page);
    buf_free(&menu);
    buf_free(&got);
  }
}

/* What the filter keeps does not grow with the line. */
static void memory_stays_bounded(void **state)
{
  (void)state;
  static const char *const parts[] = {"a", " ", "\t", "\xff", "\xe2\x80\x8b", "\xcc\x81", "```", "=>"};
  const struct menu_place place = {.host = STR("h"), .port = 70, .columns = 67};
  for (size_t i = 0; i < 2 * sizeof parts / sizeof *parts; i++) {
    struct menu_filter f;
    struct buf piece = BUF_INIT(1 << 20), out = BUF_INIT(1 << 22);
    assert_int_equal(menu_filter_begin(&f, &place, STR("/")), 0);
    if (i % 2)
      assert_int_equal(menu_filter_feed(&f, STR("```\nx "), &out), 0);
    while (piece.n < 50000)
      buf_put_str(&piece, str_from(parts[i / 2]));
    for (unsigned n = 0; n < 40; n++) {
      assert_int_equal(menu_filter_feed(&f, buf_str(&piece), &out), 0);
      assert_true(f.pending.n < 32 * 1024);
      assert_true(f.pending.cap + f.work.cap <= 512 * 1024);
      buf_clear(&out);
    }
    assert_int_equal(menu_filter_end(&f, &out), 0);
    menu_filter_free(&f);
    buf_free(&piece);
    buf_free(&out);
  }
}

static void a_full_buffer_is_an_error(void **state)
{
  (void)state;
  const struct menu_place place = {.host = STR("h"), .port = 70};
  struct menu_filter f;
  struct buf out = BUF_INIT(30);
  assert_int_equal(menu_filter_begin(&f, &place, STR("/")), 0);
  assert_int_equal(menu_filter_feed(&f, STR("one\ntwo\nthree\n"), &out), ERR_FULL);
  buf_clear(&out);
  assert_int_equal(menu_filter_feed(&f, STR("four\n"), &out), ERR_FULL);
  assert_int_equal(menu_filter_end(&f, &out), ERR_FULL);
  menu_filter_free(&f);
  buf_free(&out);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_line_type_has_its_form_P9_P10_P11_P12),
      cmocka_unit_test(the_usual_width_is_67_P9),
      cmocka_unit_test(any_page_becomes_a_whole_menu_P7_P9_P10),
      cmocka_unit_test(endless_lines_lose_nothing_P9),
      cmocka_unit_test(pieces_of_a_line_do_not_show_P9),
      cmocka_unit_test(a_run_of_spaces_leaves_no_indentation_P9),
      cmocka_unit_test(memory_stays_bounded),
      cmocka_unit_test(a_full_buffer_is_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
