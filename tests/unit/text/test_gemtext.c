/* Gemtext: reading lines, and writing text that stays text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "text/gemtext.h"

static void every_line_type(void **state)
{
  (void)state;
  static const struct {
    int line;
    bool before, after; /* preformatted */
    const char *text;
    enum gemtext_type type;
    unsigned level;
    const char *target, *want;
  } table[] = {
      {__LINE__, false, false, "plain words", GEMTEXT_TEXT, 0, "", "plain words"},
      {__LINE__, false, false, "", GEMTEXT_TEXT, 0, "", ""},
      {__LINE__, false, false, "  kept as it is ", GEMTEXT_TEXT, 0, "", "  kept as it is "},
      {__LINE__, false, false, "=> /a.gmi A label", GEMTEXT_LINK, 0, "/a.gmi", "A label"},
      {__LINE__, false, false, "=>/a.gmi", GEMTEXT_LINK, 0, "/a.gmi", ""},
      {__LINE__, false, false, "=>\t /a.gmi\t A  label \t", GEMTEXT_LINK, 0, "/a.gmi", "A  label"},
      {__LINE__, false, false, "=> /a.gmi   ", GEMTEXT_LINK, 0, "/a.gmi", ""},
      {__LINE__, false, false, "=>", GEMTEXT_TEXT, 0, "", "=>"},
      {__LINE__, false, false, "=> \t", GEMTEXT_TEXT, 0, "", "=> \t"},
      {__LINE__, false, false, " => /a", GEMTEXT_TEXT, 0, "", " => /a"},
      {__LINE__, false, false, "# One", GEMTEXT_HEADING, 1, "", "One"},
      {__LINE__, false, false, "##Two ", GEMTEXT_HEADING, 2, "", "Two"},
      {__LINE__, false, false, "###\tThree", GEMTEXT_HEADING, 3, "", "Three"},
      {__LINE__, false, false, "#### Four", GEMTEXT_HEADING, 3, "", "# Four"},
      {__LINE__, false, false, "#", GEMTEXT_HEADING, 1, "", ""},
      {__LINE__, false, false, "* item", GEMTEXT_ITEM, 0, "", "item"},
      {__LINE__, false, false, "*item", GEMTEXT_TEXT, 0, "", "*item"},
      {__LINE__, false, false, "*", GEMTEXT_TEXT, 0, "", "*"},
      {__LINE__, false, false, ">quote", GEMTEXT_QUOTE, 0, "", "quote"},
      {__LINE__, false, false, "> ", GEMTEXT_QUOTE, 0, "", ""},
      {__LINE__, false, true, "``` alt text", GEMTEXT_FENCE, 0, "", "alt text"},
      {__LINE__, true, false, "```", GEMTEXT_FENCE, 0, "", ""},
      {__LINE__, true, true, "=> /a b", GEMTEXT_PRE, 0, "", "=> /a b"},
      {__LINE__, true, true, "  # \t", GEMTEXT_PRE, 0, "", "  # \t"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    bool preformatted = table[i].before;
    struct gemtext_line got;
    gemtext_parse(str_from(table[i].text), &preformatted, &got);
    if (got.type != table[i].type || got.level != table[i].level || preformatted != table[i].after ||
        !str_eq(got.target, str_from(table[i].target)) || !str_eq(got.text, str_from(table[i].want)))
      fail_msg("line %d: %s is type %d, level %u, target '%.*s', text '%.*s'", table[i].line, table[i].text,
               (int)got.type, got.level, STR_ARG(got.target), STR_ARG(got.text));
  }
}

static void the_title_is_the_first_heading_G24(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *head, *want;
  } table[] = {
      {__LINE__, "# Title\ntext\n# Other\n", "Title"},
      {__LINE__, "text\r\n\r\n## Second level \r\n", "Second level"},
      {__LINE__, "#\n# Real\n", "Real"},
      {__LINE__, "```\n# not this\n```\n# this\n", "this"},
      {__LINE__, "\xef\xbb\xbf# After a mark", "After a mark"},
      {__LINE__, "no heading\n", ""},
      {__LINE__, "", ""},
      {__LINE__, "# caf\xc3\xa9 \xe6\x97", "caf\xc3\xa9"},  /* cut inside a character */
      {__LINE__, "# caf\xe9 x\n", "caf\xe9 x"},             /* not UTF-8 at all: as it is */
      {__LINE__, "# \xe6\x97\n# \xe6\x97\xa5", "\xe6\x97"}, /* not at the end: no cut */
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct str got = gemtext_title(str_from(table[i].head));
    if (!str_eq(got, str_from(table[i].want)))
      fail_msg("line %d: got '%.*s'", table[i].line, STR_ARG(got));
  }
}

static void text_stays_text_G22(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *text, *want;
  } table[] = {
      {__LINE__, "plain", "plain\n"},
      {__LINE__, "", "\n"},
      {__LINE__, "=> /evil", " => /evil\n"},
      {__LINE__, "# no heading", " # no heading\n"},
      {__LINE__, "* no item", " * no item\n"},
      {__LINE__, "*\tno item", " * no item\n"},
      {__LINE__, "*footnote", "*footnote\n"},
      {__LINE__, "> no quote", " > no quote\n"},
      {__LINE__, "```", " ```\n"},
      {__LINE__, "``", "``\n"},
      {__LINE__, "one\n=> /two", "one => /two\n"},
      {__LINE__, "a\r\nb\tc\x7f", "a  b c \n"},
      {__LINE__, "caf\xe9", "caf\xef\xbf\xbd\n"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf out = BUF_INIT(100);
    gemtext_put_text(&out, str_from(table[i].text));
    if (!str_eq(buf_str(&out), str_from(table[i].want)))
      fail_msg("line %d: got '%.*s'", table[i].line, STR_ARG(buf_str(&out)));
    buf_free(&out);
  }
}

static void headings_and_links_are_one_line_each(void **state)
{
  (void)state;
  struct buf out = BUF_INIT(1000);
  gemtext_put_heading(&out, 1, STR("A\nB"));
  gemtext_put_heading(&out, 3, STR("# C"));
  gemtext_put_link(&out, STR("./a:b.gmi"), STR("x\r\ny"));
  gemtext_put_link(&out, STR("a.gmi"), STR(""));
  assert_int_equal(buf_error(&out), 0);
  assert_true(str_eq(buf_str(&out), STR("# A B\n### # C\n=> ./a:b.gmi x  y\n=> a.gmi\n")));
  buf_free(&out);
}

/* Whatever bytes a text holds, what is written for it is one line, valid, and parses as text. */
static void any_text_stays_one_line_of_text_G22(void **state)
{
  (void)state;
  static const char alphabet[] = "=>#*` \t\n\r>a\x80\xe6\x97\xa5";
  uint32_t seed = 7;
  for (unsigned round = 0; round < 20000; round++) {
    char bytes[8];
    size_t n = 0;
    for (; n < round % (sizeof bytes + 1); n++) {
      seed = seed * 1664525u + 1013904223u;
      bytes[n] = alphabet[(seed >> 16) % sizeof alphabet]; /* its NUL too */
    }
    struct buf out = BUF_INIT(100);
    gemtext_put_text(&out, str_make(bytes, n));
    struct str rest = buf_str(&out), line;
    bool preformatted = false;
    struct gemtext_line got;
    assert_true(str_line(&rest, &line));
    assert_int_equal(rest.n, 0);
    assert_true(utf8_valid(line));
    assert_false(str_has_control(line));
    gemtext_parse(line, &preformatted, &got);
    assert_int_equal(got.type, GEMTEXT_TEXT);
    assert_false(preformatted);
    buf_free(&out);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_line_type),
      cmocka_unit_test(the_title_is_the_first_heading_G24),
      cmocka_unit_test(text_stays_text_G22),
      cmocka_unit_test(headings_and_links_are_one_line_each),
      cmocka_unit_test(any_text_stays_one_line_of_text_G22),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
