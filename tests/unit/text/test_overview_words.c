/* Properties of overviews over documents made at random: no word is lost, invented or moved, each point's page holds
 * that point's words and no other's, and everything takes linear time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "../../support/overview_check.h"

enum { WELL_FORMED = 1000, SOUPS = 6000, LARGE = OVERVIEW_MAX / 4 };

static uint64_t seed;

/* xorshift64*: the same documents on every run. */
static unsigned pick(unsigned n)
{
  seed ^= seed >> 12;
  seed ^= seed << 25;
  seed ^= seed >> 27;
  return (unsigned)((seed * 0x2545f4914f6cdd1dull) >> 33) % n;
}

static bool chance(unsigned percent)
{
  return pick(100) < percent;
}

#define ONE_OF(table) table[pick((unsigned)(sizeof(table) / sizeof *(table)))]

/* ---- well-formed documents */

struct style {
  bool wide, japanese, doubled, crlf;
  const char *open, *close;
  unsigned indent, width; /* width 0: not wrapped */
};

static void put_number(struct buf *out, const struct style *style, unsigned number)
{
  buf_put_str(out, str_from(style->open));
  char digits[16];
  (void)snprintf(digits, sizeof digits, "%u", number);
  for (const char *d = digits; *d; d++)
    if (style->wide)
      utf8_put(out, 0xff10 + (*d - '0'));
    else
      buf_put_c(out, *d);
  buf_put_str(out, str_from(style->close));
}

/* Text whose words name their owner, so that a word on the wrong page is known (a heading, without a stop, has no
 * others: `1 Mr.` is no title); wrapped to the style's width with the continuation lines indented by `hang`. */
static void put_text(struct buf *out, const struct style *style, const char *owner, unsigned words, unsigned hang,
                     bool stop)
{
  static const char *const spice[] = {"Mr.", "H.E.",  "U.S.", "(local", "time),", "2012",
                                      "110", "vice-", "=>",   "#",      "In"};
  size_t line = out->n;
  while (line > 0 && out->p[line - 1] != '\n')
    line--;
  for (unsigned i = 0; i < words; i++) {
    char word[64];
    if (!style->japanese && stop && chance(15))
      (void)snprintf(word, sizeof word, "%s", ONE_OF(spice));
    else
      (void)snprintf(word, sizeof word, style->japanese ? "%s語%u、" : "%sx%u", owner, pick(1000));
    size_t columns = utf8_columns(str_make(out->p + line, out->n - line)) + 1 + utf8_columns(str_from(word));
    if (i > 0 && style->width && columns > style->width) {
      buf_put_str(out, style->crlf ? STR("\r\n") : STR("\n"));
      line = out->n;
      for (unsigned k = 0; k < hang; k++)
        buf_put_c(out, ' ');
    } else if (i > 0 && !style->japanese) {
      buf_put_c(out, ' ');
    }
    buf_put_str(out, str_from(word));
  }
  if (stop)
    buf_put_str(out, style->japanese ? STR("終わる。") : STR(" end."));
}

static void put_end(struct buf *out, const struct style *style, unsigned lines)
{
  while (lines-- > 0)
    buf_put_str(out, style->crlf ? STR("\r\n") : STR("\n"));
}

struct expected {
  unsigned points;
  unsigned numbers[32];
};

static struct style pick_style(void)
{
  static const char *const marks[][2] = {{"", "."}, {"", ")"}, {"(", ")"}, {"", " "}};
  static const char *const wide_marks[][2] = {{"", "．"}, {"", "）"}, {"（", "）"}, {"", "　"}};
  static const unsigned widths[] = {0, 60, 66, 72, 80, 100};
  struct style s = {.wide = chance(30), .japanese = chance(30), .doubled = chance(30), .crlf = chance(30)};
  unsigned mark = pick(4);
  s.open = s.wide ? wide_marks[mark][0] : marks[mark][0];
  s.close = s.wide ? wide_marks[mark][1] : marks[mark][1];
  s.indent = chance(50) ? pick(5) : 0;
  s.width = ONE_OF(widths);
  return s;
}

static bool is_title_style(const struct style *style)
{
  return strcmp(style->close, " ") == 0 || strcmp(style->close, "　") == 0;
}

static void put_point(struct buf *out, const struct style *style, unsigned index, unsigned number)
{
  char owner[16];
  (void)snprintf(owner, sizeof owner, "P%uo", index);
  for (unsigned k = 0; k < style->indent; k++)
    buf_put_c(out, ' ');
  put_number(out, style, number);
  if (style->doubled) {
    buf_put_c(out, ' ');
    put_number(out, style, number);
  }
  if (!style->wide)
    buf_put_c(out, ' ');
  struct style heading = *style;
  heading.width = 0;
  if (is_title_style(style) || chance(30)) {
    put_text(out, &heading, owner, 1 + pick(3), 0, false);
    put_end(out, style, 1 + pick(2));
  }
  unsigned paragraphs = 1 + pick(3);
  for (unsigned p = 0; p < paragraphs; p++) {
    static const char *const starts[] = {"", "", "", "・", "- ", "• "};
    for (unsigned k = 0; p > 0 && k < style->indent; k++)
      buf_put_c(out, ' ');
    if (p > 0)
      buf_put_str(out, str_from(ONE_OF(starts)));
    put_text(out, style, owner, 1 + pick(60), style->indent, true);
    put_end(out, style, 2);
  }
}

/* A whole document as such documents look, and what must come of it. */
static void put_document(struct buf *out, struct expected *want)
{
  struct style style = pick_style();
  *want = (struct expected){.points = pick(9)};
  if (chance(20))
    buf_put_str(out, STR("\xef\xbb\xbf"));
  buf_put_str(out, style.japanese ? STR("日露外相会談（概要）") : STR("Meeting of the Foreign Ministers (Overview)"));
  if (chance(20)) {
    static const char *const lines[] = {"===", "-----------------------", "~~~~~~~~"};
    put_end(out, &style, 1);
    buf_put_str(out, str_from(ONE_OF(lines)));
  }
  put_end(out, &style, 1 + pick(2));
  if (chance(70)) {
    static const char *const dates[] = {"September 26, 2012", "26 September 2012", "2012-09-26", "2012年9月26日",
                                        "平成24年9月26日"};
    buf_put_str(out, str_from(ONE_OF(dates)));
    put_end(out, &style, 2);
  }
  for (unsigned p = pick(3); p > 0; p--) {
    put_text(out, &style, "Lead", 5 + pick(60), 0, true);
    put_end(out, &style, 2);
  }
  unsigned number = 1 + pick(3);
  for (unsigned i = 0; i < want->points; i++) {
    want->numbers[i] = number;
    put_point(out, &style, i, number);
    number += chance(80) ? 1 : pick(4);
    /* `1 Title` after `1 Title` as a repeat is taken, as a list that starts anew is not: keep away from both. */
    if (number == 1)
      number = 2;
  }
  if (want->points && chance(40)) {
    static const char *const marks[] = {"(END)", "-----", "(* Note"};
    buf_put_str(out, str_from(ONE_OF(marks)));
    put_end(out, &style, 1 + pick(2));
    put_text(out, &style, "Tail", 1 + pick(30), 0, true);
    put_end(out, &style, 2);
  }
  if (chance(50))
    buf_put_str(out, chance(50) ? STR("Back to Index") : STR("back to index"));
}

/* Every word on point i's page that names an owner names this one. */
static void check_owners(const struct overview *o, size_t i, const struct buf *source)
{
  struct buf page = BUF_INIT(OVERVIEW_PAGE_MAX);
  assert_int_equal(overview_put_point(o, i, &page), 0);
  struct str rest = buf_str(&page), line;
  while (str_line(&rest, &line)) {
    if (str_starts(line, STR("=>")))
      continue;
    for (size_t at = 0; at + 3 < line.n; at++) {
      struct str word = str_skip(line, at);
      unsigned owner;
      size_t end = str_find(word, 'o');
      if (word.p[0] == 'P' && end > 1 && end < 4 && str_number(str_head(str_skip(word, 1), end - 1), &owner) == 0 &&
          owner != i)
        fail_msg("a word of point %u on the page of %zu of\n%.*s", owner, i, STR_ARG(buf_str(source)));
    }
    if (str_find(line, 'L') < line.n && str_starts(str_skip(line, str_find(line, 'L')), STR("Lead")))
      fail_msg("a word of the lead on the page of %zu of\n%.*s", i, STR_ARG(buf_str(source)));
  }
  buf_free(&page);
}

static void documents_become_what_they_are(void **state)
{
  (void)state;
  seed = 20120926;
  for (unsigned round = 0; round < WELL_FORMED; round++) {
    struct buf source = BUF_INIT(1 << 20);
    struct expected want;
    put_document(&source, &want);
    assert_int_equal(buf_error(&source), 0);
    const char *fault = overview_check(buf_str(&source));
    if (fault)
      fail_msg("round %u: %s in\n%.*s", round, fault, STR_ARG(buf_str(&source)));
    struct overview *o = NULL;
    assert_int_equal(overview_parse(buf_str(&source), CHECK_NAME, &o), 0);
    if (overview_points(o) != want.points)
      fail_msg("round %u: %zu points, not %u, in\n%.*s", round, overview_points(o), want.points,
               STR_ARG(buf_str(&source)));
    for (size_t i = 0; i < want.points; i++) {
      unsigned number;
      struct str page = overview_page_name(o, i);
      assert_int_equal(str_number(str_head(page, str_find(page, '-')), &number), 0);
      assert_int_equal(number, want.numbers[i]);
      check_owners(o, i, &source);
    }
    overview_free(o);
    buf_free(&source);
  }
}

/* ---- anything at all */

static const char *const FRAGMENTS[] = {
    "1.",
    "2.",
    "3.",
    "1)",
    "2)",
    "(1)",
    "(2)",
    "（１）",
    "１．",
    "２．",
    "１",
    "２",
    "1",
    "2",
    "3",
    "12",
    "999.",
    "1000.",
    "0.",
    "Back to Index",
    "BACK TO INDEX",
    "(END)",
    "（了）",
    "---",
    "— — —",
    "***",
    "===",
    "----------------------------------------------------------------------",
    "～～～",
    "~~~",
    "__________________________________________________________________",
    "＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝",
    "(*",
    "（*",
    "September 26, 2012",
    "2012年9月26日",
    "平成24年9月26日",
    "26 September 2012",
    "• ",
    "・",
    "- ",
    "* ",
    "○",
    "○○",
    "=>",
    "#",
    "###",
    ">",
    "```",
    "Title",
    "Minister Gemba stated",
    "the",
    "a",
    "end.",
    "so:",
    "yes!",
    "no?",
    "玄葉大臣",
    "日露",
    "。",
    "、",
    "「",
    "」",
    "ＡＰＥＣ",
    "e\xcc\x81",
    "\xcc\x81",
    "👨‍👩‍👧",
    "한국어",
    "\xff",
    "\xe3\x81",
    "\xc0\x80",
    "\xed\xa0\x80",
    "\xef\xbb\xbf",
    "\xe2\x80\xa8",
    "\xe2\x80\xa9",
    "\xc2\x85",
    "\xc2\x9b",
    "\x1b[31m",
    "\v",
    "\f",
    "\xc2\xa0",
    "\xe2\x80\x8b",
    "Mr.",
    "U.S.",
    "(a)",
    "①",
    "(i)",
    "a sentence that is long enough to reach beyond the margin of most of the documents here",
};

static void put_soup(struct buf *out)
{
  static const char *const gaps[] = {"", " ", " ", " ", "  ", "\t", "　"};
  static const char *const ends[] = {"\n", "\n", "\n", "\n\n", "\n\n", "\r\n", "\r\n\r\n", "\r", ".\n", ".\n", "\n \n"};
  for (unsigned lines = pick(40); lines > 0; lines--) {
    for (unsigned k = chance(30) ? pick(6) : 0; k > 0; k--)
      buf_put_str(out, str_from(ONE_OF(gaps)));
    for (unsigned words = pick(chance(20) ? 30 : 5); words > 0; words--) {
      buf_put_str(out, str_from(ONE_OF(FRAGMENTS)));
      buf_put_str(out, str_from(ONE_OF(gaps)));
      if (chance(1))
        buf_put_c(out, '\0');
    }
    buf_put_str(out, str_from(ONE_OF(ends)));
  }
}

static void soup_keeps_its_words_too(void **state)
{
  (void)state;
  seed = 1965;
  for (unsigned round = 0; round < SOUPS; round++) {
    struct buf source = BUF_INIT(1 << 20);
    put_soup(&source);
    const char *fault = overview_check(buf_str(&source));
    if (fault)
      fail_msg("round %u: %s in\n%.*s", round, fault, STR_ARG(buf_str(&source)));
    buf_free(&source);
  }
}

/* ---- size */

/* Fills a document with copies of `piece` behind `start`. */
static void fill(struct buf *out, const char *start, const char *piece, size_t n, size_t size)
{
  buf_clear(out);
  buf_put_str(out, str_from(start));
  while (size - out->n >= n)
    buf_put(out, piece, n);
  assert_int_equal(buf_error(out), 0);
}

/* Parses a document and writes its page and three points': seconds of the processor. */
static double cost(struct str source, size_t *points)
{
  struct overview *o = NULL;
  struct buf page = BUF_INIT(OVERVIEW_PAGE_MAX);
  clock_t start = clock();
  assert_int_equal(overview_parse(source, STR("N"), &o), 0);
  assert_int_equal(overview_put_page(o, STR("s"), &page), 0);
  *points = overview_points(o);
  for (size_t i = 0; i < *points && i < 3; i++) {
    buf_clear(&page);
    assert_int_equal(overview_put_point(o, i, &page), 0);
  }
  double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
  overview_free(o);
  buf_free(&page);
  return seconds;
}

static void time_is_linear_whatever_the_shape(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *start, *piece;
    size_t n, points;
  } rows[] = {
      {__LINE__, "", "1.\n", 3, OVERVIEW_POINTS_MAX},
      {__LINE__, "", "\n", 1, 0},
      {__LINE__, "", "\0", 1, 0},
      {__LINE__, "", "a", 1, 0},
      {__LINE__, "", "\"", 1, 0},
      {__LINE__, "", "\xff", 1, 0},
      {__LINE__, "1. e", "\xcc\x81", 2, 1},
      {__LINE__, "T\n\n1. ", "Mr. ", 4, 1},
      {__LINE__, "T\n\n1. a\n", "(1)\n", 4, 1},
      {__LINE__, "T\n\n1. ", "言葉 and words\n", 16, 1},
      {__LINE__, "T\n\n1. ", "-", 1, 1},
  };
  struct buf source = BUF_INIT(OVERVIEW_MAX);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    size_t points;
    fill(&source, rows[i].start, rows[i].piece, rows[i].n, LARGE / 8);
    double small = cost(buf_str(&source), &points);
    fill(&source, rows[i].start, rows[i].piece, rows[i].n, LARGE);
    double large = cost(buf_str(&source), &points);
    if (points != rows[i].points)
      fail_msg("line %d: %zu points", rows[i].line, points);
    /* Eight times the text: quadratic time would be 64 times. Short times are all noise. */
    if (large > 0.5 && large > 24 * small)
      fail_msg("line %d: %.3f s for an eighth, %.3f s for the whole", rows[i].line, small, large);
  }
  buf_free(&source);
}

static void ten_thousand_points_and_a_paragraph_of_two_megabytes(void **state)
{
  (void)state;
  struct buf source = BUF_INIT(OVERVIEW_MAX);
  buf_put_str(&source, STR("T\n\n"));
  for (unsigned i = 0; i < 10000; i++)
    buf_printf(&source, "%u. Point %u of the many.\n\n", i / 11 + 1, i);
  struct overview *o = NULL;
  assert_int_equal(overview_parse(buf_str(&source), STR("N"), &o), 0);
  assert_int_equal(overview_points(o), 10000);
  assert_true(str_eq(overview_page_name(o, 9999), STR("910")));
  assert_true(str_eq(overview_page_name(o, 9998), STR("909-11")));
  assert_int_equal(overview_find(o, STR("909-11")), 9998);
  overview_free(o);
  fill(&source, "T\n\n1. ", "many words and ", 15, 2000000);
  buf_put_str(&source, STR("an end.\n\n2. b\n"));
  const char *fault = overview_check(buf_str(&source));
  if (fault)
    fail_msg("%s", fault);
  buf_free(&source);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(documents_become_what_they_are),
      cmocka_unit_test(soup_keeps_its_words_too),
      cmocka_unit_test(time_is_linear_whatever_the_shape),
      cmocka_unit_test(ten_thousand_points_and_a_paragraph_of_two_megabytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
