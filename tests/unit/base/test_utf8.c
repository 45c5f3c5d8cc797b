/* UTF-8: what is valid, how wide it is, where it may be cut; the log's escaping. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/utf8.h"

static void validity(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *text;
    bool valid, valid_head;
  } table[] = {
      {__LINE__, "", true, true},
      {__LINE__, "plain", true, true},
      {__LINE__, "caf\xc3\xa9", true, true},
      {__LINE__, "\xe5\xa4\x96", true, true},
      {__LINE__, "\xe5\xa4", false, true},          /* cut short */
      {__LINE__, "a\xf0\x9f", false, true},         /* cut short */
      {__LINE__, "\xe5\xa4z", false, false},        /* broken off in the middle */
      {__LINE__, "\xc0\xaf", false, false},         /* overlong */
      {__LINE__, "\xed\xa0\x80", false, false},     /* a surrogate */
      {__LINE__, "\xf5\x80\x80\x80", false, false}, /* above U+10FFFF */
      {__LINE__, "\x80", false, false},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct str s = str_from(table[i].text);
    if (utf8_valid(s) != table[i].valid || utf8_valid_head(s) != table[i].valid_head)
      fail_msg("line %d", table[i].line);
  }
}

/* P9: columns as a terminal shows them. */
static void columns_P9(void **state)
{
  (void)state;
  assert_int_equal(utf8_columns(STR("abc")), 3);
  assert_int_equal(utf8_columns(STR("caf\xc3\xa9")), 4);
  assert_int_equal(utf8_columns(STR("cafe\xcc\x81")), 4);             /* a combining accent */
  assert_int_equal(utf8_columns(STR("\xe5\xa4\x96\xe5\x8b\x99")), 4); /* two Han characters */
  assert_int_equal(utf8_columns(STR("\xef\xbc\x91\xef\xbc\x8e")), 4); /* fullwidth 1 and full stop */
  assert_int_equal(utf8_columns(STR("\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x9a\x80")), 2); /* joined emoji */
  assert_int_equal(utf8_columns(STR("\xf0\x9f\x87\xaf\xf0\x9f\x87\xb5")), 2);             /* a flag */
  assert_int_equal(utf8_columns(STR("\xe2\x98\x80\xef\xb8\x8f")), 2);                     /* a sun in its emoji form */
  assert_int_equal(utf8_columns(STR(" \xef\xb8\x8f\xef\xb8\x8f")), 1);                    /* a space has no such form */
  assert_int_equal(utf8_columns(STR("\xff")), 1);
}

/* P9: what stands in one character is as wide as its parts together, but for emoji, which are drawn as one. */
static void clusters_are_as_wide_as_terminals_show_P9(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *text;
    size_t columns;
  } table[] = {
      {__LINE__, "क्ष", 2},           /* a conjunct: the virama takes no column */
      {__LINE__, "क्‍ष", 2}, /* with a joiner */
      {__LINE__, "क\xe2\x80\x8dा", 2},
      {__LINE__, "का", 2},                                   /* vowel signs that stand beside their letter */
      {__LINE__, "हिन्दी", 5},                                /* i before its letter, ii behind */
      {__LINE__, "กำ", 2},                                   /* Thai sara am */
      {__LINE__, "ｶﾞ", 2},                                   /* halfwidth ga: the sound mark has a column */
      {__LINE__, "が", 2},                                   /* ka with a combining one */
      {__LINE__, "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8", 2}, /* Hangul in its letters: one syllable */
      {__LINE__, "👨‍👩‍👧", 2},
      {__LINE__, "👍🏽", 2},
      {__LINE__, "☝🏽", 2},
      {__LINE__, "❤️", 2},
      {__LINE__, "❤️‍🔥", 2},
      {__LINE__, "🇯🇵🇷🇺", 4},
      {__LINE__, "🇯", 1},
      {__LINE__, "a\xf0\x9f\x8f\xbd", 3}, /* a skin tone with nothing to tone */
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    size_t columns = utf8_columns(str_from(table[i].text));
    if (columns != table[i].columns)
      fail_msg("line %d: %zu columns", table[i].line, columns);
  }
}

/* P9: no character is too wide for a narrow line, whatever is heaped upon it. */
static void a_heap_of_marks_is_parted_P9(void **state)
{
  (void)state;
  struct buf heap = BUF_INIT(4096);
  buf_put_str(&heap, STR("क"));
  for (int i = 0; i < 100; i++)
    buf_put_str(&heap, STR("ा"));
  assert_int_equal(utf8_columns(buf_str(&heap)), 101);
  unsigned columns;
  assert_int_equal(utf8_character(buf_str(&heap), &columns), UTF8_CHARACTER_COLUMNS * 3);
  assert_int_equal(columns, UTF8_CHARACTER_COLUMNS);
  assert_int_equal(utf8_fit(buf_str(&heap), 67), 64 * 3);
  buf_free(&heap);
}

/* P9: never cut inside a character. */
static void fit_cuts_between_characters_P9(void **state)
{
  (void)state;
  assert_int_equal(utf8_fit(STR("abc"), 2), 2);
  assert_int_equal(utf8_fit(STR("\xe5\xa4\x96\xe5\x8b\x99"), 3), 3);
  assert_int_equal(utf8_fit(STR("cafe\xcc\x81x"), 4), 6);
  assert_int_equal(utf8_fit(STR(""), 4), 0);
}

static void clean_replaces_each_bad_byte(void **state)
{
  (void)state;
  struct buf b = BUF_INIT(64);
  assert_int_equal(utf8_clean(&b, STR("a\xff\xfe"
                                      "b")),
                   2);
  assert_true(str_eq(buf_str(&b), STR("a\xef\xbf\xbd\xef\xbf\xbd"
                                      "b")));
  buf_free(&b);
}

static void ends_of_a_text(void **state)
{
  (void)state;
  assert_int_equal(utf8_first(STR("\xe5\xa4\x96x")), 0x5916);
  assert_int_equal(utf8_last(STR("x\xe5\xa4\x96")), 0x5916);
  assert_int_equal(utf8_last(STR("x")), 'x');
  assert_int_equal(utf8_last(STR("")), -1);
  assert_true(utf8_spaceless(0x5916));
  assert_false(utf8_spaceless('x'));
  assert_false(utf8_spaceless(0xac00));
}

/* B3: nothing that a stranger sends can forge a line or steer a terminal. */
static void log_escapes_B3(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *text, *want;
  } table[] = {
      {__LINE__, "plain caf\xc3\xa9", "plain caf\xc3\xa9"},
      {__LINE__, "a\r\nb", "a\\x0d\\x0ab"},
      {__LINE__, "\x1b[2J", "\\x1b[2J"},
      {__LINE__, "\x7f", "\\x7f"},
      {__LINE__, "\xff", "\\xff"},
      {__LINE__, "\xc2\x9b", "\\xc2\\x9b"},          /* CSI as one code point */
      {__LINE__, "\xe2\x80\xae", "\\xe2\\x80\\xae"}, /* right-to-left override */
      {__LINE__, "a\\x41", "a\\\\x41"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf b = BUF_INIT(256);
    log_escape(&b, str_from(table[i].text));
    if (!str_eq(buf_str(&b), str_from(table[i].want)))
      fail_msg("line %d: %.*s", table[i].line, STR_ARG(buf_str(&b)));
    buf_free(&b);
  }
}

static void letters_and_digits(void **state)
{
  (void)state;
  static const struct {
    int line;
    int32_t point;
    bool alnum, caseless;
  } table[] = {
      {__LINE__, 'a', true, false},     {__LINE__, 'Z', true, false},     {__LINE__, '0', true, false},
      {__LINE__, '-', false, false},    {__LINE__, -1, false, false},     {__LINE__, 0xe9, true, false},
      {__LINE__, 0xba, true, false},    {__LINE__, 0x416, true, false},   {__LINE__, 0x5916, true, true},
      {__LINE__, 0x3042, true, true},   {__LINE__, 0xd55c, true, true},   {__LINE__, 0x628, true, true},
      {__LINE__, 0xff11, true, false},  {__LINE__, 0x2460, true, false},  {__LINE__, 0x2014, false, false},
      {__LINE__, 0x2500, false, false}, {__LINE__, 0x3002, false, false}, {__LINE__, 0xfffd, false, false},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (utf8_alnum(table[i].point) != table[i].alnum || utf8_caseless(table[i].point) != table[i].caseless)
      fail_msg("line %d", table[i].line);
}

static void what_disturbs_a_line_B3(void **state)
{
  (void)state;
  static const int32_t disturb[] = {0x80, 0x9f, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2066, 0x2069, 0xfeff};
  static const int32_t harmless[] = {-1, 'a', 0x7f, 0xa0, 0x200b, 0x200d, 0x2010, 0x2030, 0x2065, 0x3042, 0x1f600};
  for (size_t i = 0; i < sizeof disturb / sizeof *disturb; i++)
    assert_true(utf8_disturbs(disturb[i]));
  for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
    assert_false(utf8_disturbs(harmless[i]));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(validity),
      cmocka_unit_test(columns_P9),
      cmocka_unit_test(clusters_are_as_wide_as_terminals_show_P9),
      cmocka_unit_test(a_heap_of_marks_is_parted_P9),
      cmocka_unit_test(fit_cuts_between_characters_P9),
      cmocka_unit_test(clean_replaces_each_bad_byte),
      cmocka_unit_test(ends_of_a_text),
      cmocka_unit_test(log_escapes_B3),
      cmocka_unit_test(letters_and_digits),
      cmocka_unit_test(what_disturbs_a_line_B3),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
