/* The pages of overviews: paragraphs, headings, labels, links; what a reader sees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "text/overview.h"

static struct overview *parse(struct str source)
{
  struct overview *o = NULL;
  assert_int_equal(overview_parse(source, STR("NAME"), &o), 0);
  return o;
}

static void expect(int line, const struct buf *got, const char *want)
{
  if (!str_eq(buf_str(got), str_from(want)))
    fail_msg("line %d: got\n%.*s", line, STR_ARG(buf_str(got)));
}

struct row {
  int line;
  const char *source, *want;
};

/* The page of each source's first point, without its title and without its links. */
static void check_first_points(const struct row *rows, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    struct overview *o = parse(str_from(rows[i].source));
    struct buf page = BUF_INIT(65536);
    if (overview_points(o) == 0)
      fail_msg("line %d: no points", rows[i].line);
    assert_int_equal(overview_put_point(o, 0, &page), 0);
    assert_true(str_starts(buf_str(&page), STR("# ")));
    buf_drop(&page, str_find(buf_str(&page), '\n') + 2);
    for (size_t at = 0; at + 3 < page.n; at++)
      if (str_starts(str_skip(buf_str(&page), at), STR("\n\n=> ")))
        page.n = at + 1;
    expect(rows[i].line, &page, rows[i].want);
    buf_free(&page);
    overview_free(o);
  }
}
#define CHECK_POINTS(rows) check_first_points(rows, sizeof(rows) / sizeof *(rows))

/* A line of 60 columns, so that documents in these tests have a margin. */
#define MARGIN "Words enough for a line that shows where the margin would be"
/* With a number and a blank this is a line of 100 columns. */
#define COLUMNS_97 "Ninety-seven columns of text, which is more than most people would wrap at, but this is the limit"

static void wrapped_lines_are_joined(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {__LINE__, MARGIN "\n\n1. Both ministers concurred on holding a meeting at the vice-\nministerial level.\n",
       "1. Both ministers concurred on holding a meeting at the vice- ministerial level.\n"},
      {__LINE__,
       "T\r\n\r\n1. Both ministers concurred on holding such a meeting in\r\n   the middle of October in Japan.\r\n",
       "1. Both ministers concurred on holding such a meeting in the middle of October in Japan.\n"},
      {__LINE__, "T\n\n1. They met on the occasion of the General Assembly in New\nIn 2012. They were\n",
       "1. They met on the occasion of the General Assembly in New In 2012. They were\n"},
      /* What had room for the next word was not wrapped. */
      {__LINE__, "T\n\n1. Short lines\nstay apart. " MARGIN "\n", "1. Short lines\nstay apart. " MARGIN "\n"},
      /* A line of more than 100 columns was never wrapped. */
      {__LINE__, "T\n\n1. " MARGIN " " MARGIN "\nand this.\n" MARGIN "\n",
       "1. " MARGIN " " MARGIN "\n\nand this.\n" MARGIN "\n"},
      {__LINE__, "T\n\n1. " COLUMNS_97 "\nand this.\n", "1. " COLUMNS_97 " and this.\n"},
      {__LINE__, "T\n\n1. " COLUMNS_97 "y\nand this.\n", "1. " COLUMNS_97 "y\n\nand this.\n"},
      {__LINE__, "T\n\n   1.\n   " COLUMNS_97 "\nand this.\n", "1. " COLUMNS_97 " and this.\n"},
      {__LINE__, "T\n\n   1.\n    " COLUMNS_97 "\nand this.\n", "1. " COLUMNS_97 "\n\nand this.\n"},
      /* A blank line parts paragraphs, one or many. */
      {__LINE__, "T\n\n1. a\n\n\n\nb\n \nc\n", "## 1. a\n\nb\n\nc\n"},
      /* A title that is wider than the text says nothing about the margin. */
      {__LINE__,
       "A title that is a good deal wider than any line of the text that comes below it (Overview)\n\n"
       "1. Minister Gemba stated that he would like to promote all the\ncooperation of both countries and their "
       "exchanges, "
       "too.\n",
       "1. Minister Gemba stated that he would like to promote all the cooperation of both countries and their "
       "exchanges, "
       "too.\n"},
      /* Nor does a rule, whatever it is drawn with. */
      {__LINE__,
       MARGIN "\n\n1. Minister Gemba stated that he would like to promote all\nthe cooperation.\n"
              "\n2. a\n=====================================================================\n"
              "────────────────────────────────────────────────────────────────────\n"
              "ーーーーーーーーーーーーーーーーーーーーーーーーーーーーーーーーーーーー\n"
              "* * *  * * *  * * *  * * *  * * *  * * *  * * *  * * *  * * *  * * *\n"
              ". . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . .\n"
              "+-------------------------------+----------------------------------+\n",
       "1. Minister Gemba stated that he would like to promote all the cooperation.\n"},
  };
  CHECK_POINTS(rows);
}

static void chinese_and_japanese_are_joined_without_a_space(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {__LINE__, "T\n\n１．両外相は、日露関係について意見を\n　交換した。\n",
       "１．両外相は、日露関係について意見を交換した。\n"},
      {__LINE__, "T\n\n１．両外相は、日露関係についてＡＰＥＣ\nで意見を交換した。\n",
       "１．両外相は、日露関係についてＡＰＥＣで意見を交換した。\n"},
      {__LINE__, "T\n\n１．両外相は、日露関係について再び意見ＡＢ\nAPEC で交換した。\n",
       "１．両外相は、日露関係について再び意見ＡＢ APEC で交換した。\n"},
      /* 述 would have fitted, but 。 cannot begin a line and took it along. */
      {__LINE__, "T\n\n両外相は、日露関係について再び意見を述べた\n\n１．両外相は、日露関係について再び意見を\n述。\n",
       "１．両外相は、日露関係について再び意見を述。\n"},
      {__LINE__,
       "T\n\n両外相は、日露関係について再び意見を述べた\n\n１．両外相は、日露関係について再び意見を\n述…だ。\n",
       "１．両外相は、日露関係について再び意見を述…だ。\n"},
      {__LINE__,
       "T\n\n両外相は、日露関係について再び意見を述べた\n\n１．両外相は、日露関係について再び意見を\n述べ。\n",
       "## １．両外相は、日露関係について再び意見を\n\n述べ。\n"},
      {__LINE__, "T\n\n1. 한국어는 낱말 사이를 띄어 쓴다 그러므로 빈칸으로 잇는\n다.\n",
       "1. 한국어는 낱말 사이를 띄어 쓴다 그러므로 빈칸으로 잇는 다.\n"},
  };
  CHECK_POINTS(rows);
}

static void what_starts_something_stays_apart(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {__LINE__, "T\n\n1. Alpha\n• one\n・two\n- three\n* four\n○ five\n● six\n– seven\n",
       "## 1. Alpha\n\n• one\n・two\n- three\n * four\n○ five\n● six\n– seven\n"},
      {__LINE__, "T\n\n1. Both sides agreed on these matters, in so many words, which\n- are three\n- are four\n",
       "1. Both sides agreed on these matters, in so many words, which - are three\n\n- are four\n"},
      {__LINE__, "T\n\n1. a.\n- " MARGIN "\n  goes on\n- b\n", "1. a.\n\n- " MARGIN " goes on\n- b\n"},
      {__LINE__, "T\n\n1. a.\n(1) " MARGIN ".\n(2) " MARGIN "\nand on.\n",
       "1. a.\n(1) " MARGIN ".\n\n(2) " MARGIN " and on.\n"},
      {__LINE__, "T\n\n1. " MARGIN " in\n(1) above. It\n", "1. " MARGIN " in (1) above. It\n"},
      /* Sub-points behind a line that had room, whatever that one is. */
      {__LINE__, "T\n\n1. " MARGIN " and so on to\nthe end\n(1) " MARGIN ", that is so\n(2) " MARGIN "\n",
       "1. " MARGIN " and so on to the end\n\n(1) " MARGIN ", that is so\n(2) " MARGIN "\n"},
      {__LINE__, "T\n\n1. " MARGIN " and so on to\nthe end\n(a) " MARGIN ", that is\nSyria\n(b) Iran\n",
       "1. " MARGIN " and so on to the end\n\n(a) " MARGIN ", that is Syria\n\n(b) Iran\n"},
      {__LINE__, "T\n\n1. " MARGIN " and so on to\n" MARGIN " as is said in\n(1) above. It\n",
       "1. " MARGIN " and so on to " MARGIN " as is said in (1) above. It\n"},
      {__LINE__, "T\n\n1. They met as\nagreed upon in\n(1) above\n", "1. They met as agreed upon in (1) above\n"},
      {__LINE__, "T\n\n1. They met.\nTopics were:\nmany\n(1) Syria and\n(2) Iran\n",
       "1. They met. Topics were: many\n\n(1) Syria and\n(2) Iran\n"},
      {__LINE__, "T\n\n1. " MARGIN " para.\n(1) above.\n", "1. " MARGIN " para. (1) above.\n"},
      {__LINE__, "T\n\n2. a.\n1. " MARGIN ".\n2. b\n", "2. a.\n1. " MARGIN ".\n2. b\n"},
      /* A line that may well be the next point is no part of this one's sentence. */
      {__LINE__, "T\n\n1. " MARGIN ", and that it may be followed by\n2. Beta\n\n4. d\n",
       "1. " MARGIN ", and that it may be followed by\n\n2. Beta\n"},
      {__LINE__, "T\n\n1. " MARGIN ", and that it may be followed by\n2. beta\n\n3. c\n",
       "1. " MARGIN ", and that it may be followed by 2. beta\n"},
      {__LINE__, "T\n\n1. " MARGIN ", and that it may be followed by\n3. Gamma\n\n3. c\n",
       "1. " MARGIN ", and that it may be followed by 3. Gamma\n"},
      {__LINE__, "T\n\n1. " MARGIN ", and that it may be followed by\n   2. Beta\n\n3. c\n",
       "1. " MARGIN ", and that it may be followed by 2. Beta\n"},
      /* Sub-points of this point that are numbered in the decimal way, and what only looks like one. */
      {__LINE__, "T\n\n2. a.\n2.1 " MARGIN ".\n2.2 " MARGIN "\nand on.\n",
       "2. a.\n2.1 " MARGIN ".\n\n2.2 " MARGIN " and on.\n"},
      {__LINE__, "T\n\n2. " MARGIN "\n2.1 Alpha\n2.3.1 “Beta”\n2.1. Gamma\n2.1.12. \"Delta\"\n",
       "## 2. " MARGIN "\n\n2.1 Alpha\n2.3.1 “Beta”\n2.1. Gamma\n2.1.12. \"Delta\"\n"},
      {__LINE__, "T\n\n2. " MARGIN "\n２．１　総論\n２．２ Talks\n2.3 한국\n",
       "## 2. " MARGIN "\n\n２．１　総論\n２．２ Talks\n2.3 한국\n"},
      {__LINE__, "T\n\n2. " MARGIN "\n2.5 per cent\n", "2. " MARGIN " 2.5 per cent\n"},
      {__LINE__, "T\n\n2. " MARGIN "\n1.1 Alpha\n", "2. " MARGIN " 1.1 Alpha\n"},
      {__LINE__, "T\n\n2. " MARGIN "\n2.1Alpha\n", "2. " MARGIN " 2.1Alpha\n"},
      {__LINE__, "T\n\n2. " MARGIN "\n2.2012 Alpha\n", "2. " MARGIN " 2.2012 Alpha\n"},
      {__LINE__, "T\n\n2. " MARGIN "\n2.1, 2.2 Alpha\n", "2. " MARGIN " 2.1, 2.2 Alpha\n"},
      {__LINE__, "T\n\n2. " MARGIN "\n2.5 млн\n", "2. " MARGIN " 2.5 млн\n"},
      {__LINE__, "T\n\n2. A\n2.1 Syria\nThey talked.\n2.2 Iran\nThey talked.\n",
       "## 2. A\n\n### 2.1 Syria\n\nThey talked.\n\n### 2.2 Iran\n\nThey talked.\n"},
      {__LINE__, "T\n\n1. a.\n\n(a) b.\n(ii) c.\n① d.\n（ア）え。\n", "1. a.\n\n(a) b.\n(ii) c.\n① d.\n（ア）え。\n"},
      {__LINE__, "T\n\n1. " MARGIN ".\nBack to Index\nb\n\n2. c\n", "1. " MARGIN ".\n\nBack to Index\n\nb\n"},
      {__LINE__, "T\n\n1. " MARGIN ".\n-----\nb\n\n2. c\n", "1. " MARGIN ".\n\n-----\n\nb\n"},
      /* A rule is no wider than 60 columns on a page; what holds words is no rule. */
      {__LINE__,
       "T\n\n1. a.\n  ---------------------------------------------------------------------\nb\n"
       "==============================================================\nc\n"
       "- - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - -\nd\n"
       "━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━\n＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝"
       "＝＝＝＝＝＝＝＝＝＝＝＝\n\n"
       "-------------------------------------------------------------------- x\n\n2. b\n",
       "1. a.\n\n------------------------------------------------------------\n\nb\n\n"
       "============================================================\n\nc\n\n"
       "- - - - - - - - - - - - - - - - - - - - - - - - - - - - - -\n\nd\n\n"
       "━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━\n\n＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝＝"
       "＝＝＝＝＝＝＝\n\n"
       "-------------------------------------------------------------------- x\n"},
      /* ○○ is a name left out, and no bullet. */
      {__LINE__, "T\n\n１．両外相は、日露関係について意見を\n○○大臣。\n",
       "１．両外相は、日露関係について意見を ○○大臣。\n"},
      /* Paragraphs known by their first line's indentation only. */
      {__LINE__, "T\n\n1. " MARGIN "\nand so on to the end of the line, which is wide enough.\n   " MARGIN "\n",
       "1. " MARGIN " and so on to the end of the line, which is wide enough.\n\n" MARGIN "\n"},
  };
  CHECK_POINTS(rows);
}

static void headings_of_points_and_subpoints(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {__LINE__, "T\n\n1. Introduction\n\nThey met.\n", "## 1. Introduction\n\nThey met.\n"},
      {__LINE__, "T\n\n1. Introduction\nThey met.\n", "## 1. Introduction\n\nThey met.\n"},
      {__LINE__, "T\n\n1. They met.\n\nAnd parted.\n", "1. They met.\n\nAnd parted.\n"},
      {__LINE__, "T\n\n1. Nothing more\n", "1. Nothing more\n"},
      {__LINE__, "T\n\n1.\nIntroduction\n\nThey met.\n", "## 1. Introduction\n\nThey met.\n"},
      {__LINE__, "T\n\n1.\n", "1.\n"},
      {__LINE__, "T\n\n1 Introduction\nThe ministers met\nat last.\n",
       "## 1 Introduction\n\nThe ministers met at last.\n"},
      {__LINE__, "T\n\n１　冒頭\n　両大臣は、会談した。\n", "## １　冒頭\n\n両大臣は、会談した。\n"},
      {__LINE__, "T\n\n１．総論\n両大臣は、会談した。ラヴロフ大臣。\n",
       "## １．総論\n\n両大臣は、会談した。ラヴロフ大臣。\n"},
      {__LINE__, "T\n\n1. A\n(1) Syria\nThey talked.\n(2) Iran\nThey talked.\n",
       "## 1. A\n\n### (1) Syria\n\nThey talked.\n\n### (2) Iran\n\nThey talked.\n"},
      /* What visibly goes on is no heading: in a small letter on the next line, or after a comma. */
      {__LINE__, "T\n\n1. The chair opened the\nmeeting. " MARGIN "\n",
       "1. The chair opened the\nmeeting. " MARGIN "\n"},
      {__LINE__, "T\n\n1. The chair opened\n\nthe meeting.\n", "## 1. The chair opened\n\nthe meeting.\n"},
      {__LINE__, "T\n\n1. In Moscow,\nRussia and Japan met. " MARGIN "\n",
       "1. In Moscow,\n\nRussia and Japan met. " MARGIN "\n"},
      {__LINE__, "T\n\n1. In Moscow,\n\nRussia.\n", "1. In Moscow,\n\nRussia.\n"},
      {__LINE__, "T\n\n1. In Moscow,\nRussia and Japan.\n", "1. In Moscow, Russia and Japan.\n"},
      {__LINE__, "T\n\n１．日本、\n\nロシア。\n", "１．日本、\n\nロシア。\n"},
      {__LINE__, "T\n\n1. A\n(1) Syria, which\nis there. " MARGIN "\n\n(2) Iran,\n\nThey talked.\n",
       "## 1. A\n\n(1) Syria, which\nis there. " MARGIN "\n\n(2) Iran,\n\nThey talked.\n"},
      {__LINE__, "T\n\n1. Topics\n(a) one.\n", "## 1. Topics\n\n(a) one.\n"},
      /* A list of short ones has no headings. */
      {__LINE__, "T\n\n1. A\n(1) Syria\n(2) Iran\n", "## 1. A\n\n(1) Syria\n(2) Iran\n"},
      {__LINE__, "T\n\n1. A\n(1) They talked.\n(2) They parted.\n", "## 1. A\n\n(1) They talked.\n(2) They parted.\n"},
      /* A wrapped first line is none. */
      {__LINE__, "T\n\n1. Minister Gemba stated that he would like to promote all the\ncooperation.\n\nMore.\n",
       "1. Minister Gemba stated that he would like to promote all the cooperation.\n\nMore.\n"},
      {__LINE__,
       "T\n\n1. A first line which is more than eighty columns wide and therefore is never any heading\n\nMore.\n",
       "1. A first line which is more than eighty columns wide and therefore is never any heading\n\nMore.\n"},
  };
  CHECK_POINTS(rows);
}

static void numbers_stand_once_as_in_the_source(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {__LINE__, "T\n\n1. 1. a\n", "1. a\n"},
      {__LINE__, "T\n\n(1)　(1) a\n", "(1) a\n"},
      {__LINE__, "T\n\n1 1 Alpha\n", "1 Alpha\n"},
      {__LINE__, "T\n\n１． １．あ\n", "１．あ\n"},
      {__LINE__, "T\n\n1. 1. 1. a\n", "1. 1. a\n"},
      {__LINE__, "T\n\n1. １． a\n", "1. １． a\n"},
      {__LINE__, "T\n\n1. 1.5 million\n", "1. 1.5 million\n"},
      {__LINE__, "T\n\n1. 2. a\n", "1. 2. a\n"},
      {__LINE__, "T\n\n1. 1) a\n", "1. 1) a\n"},
      {__LINE__, "T\n\n01.   a\n", "01. a\n"},
  };
  CHECK_POINTS(rows);
}

static void markup_in_the_source_stays_text_G22(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {__LINE__, "# T\n\n1. => a\n\n=> b\n\n# c\n\n* d\n\n> e\n\n```\n\nf\n\n2. g\n",
       "## 1. => a\n\n => b\n\n # c\n\n * d\n\n > e\n\n ```\n\nf\n"},
      {__LINE__,
       "T\n\n1. # a\tb\x01"
       "c.\n",
       "1. # a b c.\n"},
  };
  CHECK_POINTS(rows);
}

static void check_labels(const struct row *rows, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    struct overview *o = parse(str_from(rows[i].source));
    struct buf page = BUF_INIT(4096);
    if (overview_points(o) == 0)
      fail_msg("line %d: no points", rows[i].line);
    assert_int_equal(overview_put_page(o, STR("s"), &page), 0);
    struct str rest = buf_str(&page), line = STR("");
    while (!str_starts(line, STR("=> 1.gmi ")))
      assert_true(str_line(&rest, &line));
    struct str label = str_skip(line, 9);
    if (!str_eq(label, str_from(rows[i].want)))
      fail_msg("line %d: got %.*s", rows[i].line, STR_ARG(label));
    assert_true(utf8_columns(label) <= 100);
    buf_free(&page);
    overview_free(o);
  }
}

static void labels_are_heading_or_first_sentence(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {__LINE__, "T\n\n1. Introduction\n\nThey met.\n", "1. Introduction"},
      {__LINE__, "T\n\n1. They met. They parted.\n", "1. They met."},
      {__LINE__, "T\n\n1. They met in 2012. in May. They parted.\n", "1. They met in 2012. in May."},
      {__LINE__, "T\n\n1. Did they? Yes! They did.\n", "1. Did they?"},
      {__LINE__, "T\n\n1. Yes! They did.\n", "1. Yes!"},
      {__LINE__, "T\n\n1. It grew by 1.5 Million. Then.\n", "1. It grew by 1.5 Million."},
      {__LINE__, "T\n\n1. Mr. A, Ms. B, Dr. C, St. D and No. E met. They parted.\n",
       "1. Mr. A, Ms. B, Dr. C, St. D and No. E met."},
      {__LINE__, "T\n\n1. The U.S. Secretary met H.E. Mr. Lavrov and J. Smith. They parted.\n",
       "1. The U.S. Secretary met H.E. Mr. Lavrov and J. Smith."},
      {__LINE__, "T\n\n1. He said \"yes.\" They parted.\n", "1. He said \"yes.\""},
      {__LINE__, "T\n\n1. See para. A and Vol. IV. They parted.\n", "1. See para. A and Vol. IV."},
      {__LINE__, "T\n\n1. He left. “We stay,” they said.\n", "1. He left."},
      {__LINE__, "T\n\n1. Ils partent. Évidemment.\n", "1. Ils partent."},
      {__LINE__, "T\n\n１．会談した。別れた。\n", "１．会談した。"},
      {__LINE__, "T\n\n１．「会談した。」別れた。\n", "１．「会談した。」"},
      {__LINE__, "T\n\n１　冒頭\n　会談した。\n", "１　冒頭"},
      {__LINE__, "T\n\n1. 1. They met. They parted.\n", "1. They met."},
      {__LINE__, "T\n\n1.\n\n2. b\n", "1."},
      {__LINE__, "T\n\n(1) They met\n\nand parted. Then.\n", "(1) They met"},
      /* A sentence that goes on below is cut as well. */
      {__LINE__, "T\n\n1. The chair opened the\nmeeting. " MARGIN "\n", "1. The chair opened the…"},
      {__LINE__, "T\n\n1. In Moscow,\n\nRussia.\n", "1. In Moscow,…"},
      {__LINE__, "T\n\n1. They met. In Moscow,\n\nRussia.\n", "1. They met."},
      {__LINE__, "T\n\n1. They agreed:\nto meet. " MARGIN "\n", "1. They agreed:"},
      {__LINE__,
       "T\n\n1. a23456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 "
       "123456,\n\nb\n",
       "1. a23456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789…"},
      {__LINE__,
       "T\n\n1. a23456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 "
       "12345,\n\nb\n",
       "1. a23456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 12345,…"},
      /* 100 columns with number and ellipsis, between words. */
      {__LINE__,
       "T\n\n1. This was the kick-off meeting for the preparation for the visit to Russia by the Prime Minister of "
       "Japan, "
       "which is planned.\n",
       "1. This was the kick-off meeting for the preparation for the visit to Russia by the Prime Minister…"},
      {__LINE__,
       "T\n\n1. a23456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 1234567\n",
       "1. a23456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 1234567"},
      {__LINE__,
       "T\n\n1. a23456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 12345678\n",
       "1. a23456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789…"},
      {__LINE__,
       "T\n\n1. "
       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n",
       "1. xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…"},
      /* Between characters where there are no spaces. */
      {__LINE__,
       "T\n\n１．あいうえおかきくけこあいうえおかきくけこあいうえおかきくけこあいうえおかきくけこあいうえおかきくけこ"
       "\n",
       "１．あいうえおかきくけこあいうえおかきくけこあいうえおかきくけこあいうえおかきくけこあいうえおかき…"},
  };
  check_labels(rows, sizeof rows / sizeof *rows);
}

static void the_whole_tree(void **state)
{
  (void)state;
  struct overview *o =
      parse(STR("The Meeting\n\nSeptember 26, 2012\n\nThey met.\n\n"
                "  1. 1. Alpha began. It was so.\n\n  3. Heading\n  Gamma was a longer text, as one can see.\n\n"
                "  3. Gamma again\n\n(END)\n\nBack to Index"));
  struct buf page = BUF_INIT(65536);
  assert_int_equal(overview_put_page(o, STR("../n%20n.overview.txt"), &page), 0);
  expect(__LINE__, &page,
         "# The Meeting\n\nSeptember 26, 2012\n\nThey met.\n\n"
         "=> 1.gmi 1. Alpha began.\n=> 3.gmi 3. Heading\n=> 3-2.gmi 3. Gamma again\n\n(END)\n\n"
         "=> ../n%20n.overview.txt The whole document as plain text\n=> ../ Back to Index\n");
  static const char *const points[] = {
      "# The Meeting\n\n1. Alpha began. It was so.\n\n=> 3.gmi Next: 3. Heading\n=> ./ Up: The Meeting\n",
      ("# The Meeting\n\n## 3. Heading\n\nGamma was a longer text, as one can see.\n\n"
       "=> 1.gmi Previous: 1. Alpha began.\n=> 3-2.gmi Next: 3. Gamma again\n=> ./ Up: The Meeting\n"),
      "# The Meeting\n\n3. Gamma again\n\n=> 3.gmi Previous: 3. Heading\n=> ./ Up: The Meeting\n",
  };
  for (size_t i = 0; i < 3; i++) {
    buf_clear(&page);
    assert_int_equal(overview_put_point(o, i, &page), 0);
    expect(__LINE__, &page, points[i]);
  }
  buf_free(&page);
  overview_free(o);
}

static void the_title_is_shown_without_its_underline(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {__LINE__, "T\n=\n", "# T\n\n=\n"},
      {__LINE__, "T\n===\n", "# T\n"},
      {__LINE__, "T\n   ---------  \nLead\n\n1. a\n---\nb\n", "# T\n\nLead\n\n=> 1.gmi 1. a\n\n---\n\nb\n"},
      {__LINE__, "\n T\r\n~~~\r\n1. a\n", "# T\n\n=> 1.gmi 1. a\n"},
      {__LINE__, "T\n---\nBack to Index\n", "# T\n"},
      /* What only looks like one stays. */
      {__LINE__, "T\n\n---\n", "# T\n\n---\n"},
      {__LINE__, "T\n===\n===\n", "# T\n\n===\n"},
      {__LINE__, "T\n= = =\n", "# T\n\n= = =\n"},
      {__LINE__, "T\n***\n", "# T\n\n***\n"},
      {__LINE__, "2012-09-26\n---\n", "# NAME\n\n2012-09-26\n\n---\n"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct overview *o = parse(str_from(rows[i].source));
    struct buf page = BUF_INIT(4096);
    struct str links = STR("\n=> ../s The whole document as plain text\n=> ../ Back to Index\n");
    assert_int_equal(overview_put_page(o, STR("../s"), &page), 0);
    assert_true(str_ends(buf_str(&page), links));
    page.n -= links.n;
    expect(rows[i].line, &page, rows[i].want);
    buf_free(&page);
    overview_free(o);
  }
}

static void a_document_without_points_is_its_text(void **state)
{
  (void)state;
  struct overview *o = parse(STR("T\n\n4. a\n\n5. b\nback to index\n\n"));
  struct buf page = BUF_INIT(65536);
  assert_int_equal(overview_put_page(o, STR("../s"), &page), 0);
  expect(__LINE__, &page, "# T\n\n4. a\n\n5. b\n\n=> ../s The whole document as plain text\n=> ../ Back to Index\n");
  buf_free(&page);
  overview_free(o);
}

static void pages_are_appended_and_errors_kept(void **state)
{
  (void)state;
  struct overview *o = parse(STR("T\n\n1. a\n\n2. b\n"));
  struct buf page = BUF_INIT(4096), small = BUF_INIT(20);
  buf_put_str(&page, STR("before"));
  assert_int_equal(overview_put_point(o, 0, &page), 0);
  assert_true(str_starts(buf_str(&page), STR("before# T\n")));
  assert_true(overview_put_page(o, STR("s"), &small) < 0);
  buf_clear(&small);
  assert_true(overview_put_point(o, 1, &small) < 0);
  buf_free(&page);
  buf_free(&small);
  overview_free(o);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(wrapped_lines_are_joined),
      cmocka_unit_test(chinese_and_japanese_are_joined_without_a_space),
      cmocka_unit_test(what_starts_something_stays_apart),
      cmocka_unit_test(headings_of_points_and_subpoints),
      cmocka_unit_test(numbers_stand_once_as_in_the_source),
      cmocka_unit_test(markup_in_the_source_stays_text_G22),
      cmocka_unit_test(labels_are_heading_or_first_sentence),
      cmocka_unit_test(the_whole_tree),
      cmocka_unit_test(the_title_is_shown_without_its_underline),
      cmocka_unit_test(a_document_without_points_is_its_text),
      cmocka_unit_test(pages_are_appended_and_errors_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
