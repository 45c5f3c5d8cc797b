/* Overviews: what is the title, the date, the lead, a point, the tail. One row per rule of the grammar. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "text/overview.h"

static struct overview *parse(struct str source)
{
  struct overview *o = NULL;
  assert_int_equal(overview_parse(source, STR("NAME"), &o), 0);
  return o;
}

/* A document in one line: `title|date|page:number page:number`. The date is the summary's, as the documents here are
 * shorter than its head. */
static void outline(struct str source, const struct overview *o, struct buf *out)
{
  struct buf title = BUF_INIT(OVERVIEW_HEAD);
  char date[11];
  assert_int_equal(overview_summary(source, STR("NAME"), &title, date), 0);
  assert_true(str_eq(buf_str(&title), overview_title(o)));
  buf_free(&title);
  buf_put_str(out, overview_title(o));
  buf_put_c(out, '|');
  buf_put_str(out, str_from(date));
  buf_put_c(out, '|');
  for (size_t i = 0; i < overview_points(o); i++) {
    if (i)
      buf_put_c(out, ' ');
    buf_put_str(out, overview_page_name(o, i));
    buf_put_c(out, ':');
    buf_put_str(out, overview_number(o, i));
  }
}

struct row {
  int line;
  const char *source, *want;
};

static void check(const struct row *rows, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    struct overview *o = parse(str_from(rows[i].source));
    struct buf got = BUF_INIT(4096);
    outline(str_from(rows[i].source), o, &got);
    if (!str_eq(buf_str(&got), str_from(rows[i].want)))
      fail_msg("line %d: got %.*s", rows[i].line, STR_ARG(buf_str(&got)));
    buf_free(&got);
    overview_free(o);
  }
}
#define CHECK(rows) check(rows, sizeof(rows) / sizeof *(rows))

static void titles_and_dates(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {__LINE__, "", "NAME||"},
      {__LINE__, " \n\n\t\n", "NAME||"},
      {__LINE__, "Title", "Title||"},
      {__LINE__, "\n\n  Title  \n", "Title||"},
      {__LINE__, "\xef\xbb\xbfTitle\n", "Title||"},
      {__LINE__, "1. a\n\n2. b\n", "NAME||1:1. 2:2."},
      {__LINE__, "September 26, 2012\n\nText\n\n1. a\n", "NAME|2012-09-26|1:1."},
      {__LINE__, "T\n\nSeptember 26, 2012\n\n1. a\n", "T|2012-09-26|1:1."},
      {__LINE__, "T\n26 September 2012\n1. a\n", "T|2012-09-26|1:1."},
      {__LINE__, "T\nLead.\n  2012-09-26 \n1. a\n", "T|2012-09-26|1:1."},
      {__LINE__, "T\n\n平成24年9月26日\n\n１．あ\n", "T|2012-09-26|1:１．"},
      {__LINE__, "T\n\n２０１２年９月２６日（水）\n", "T|2012-09-26|"},
      {__LINE__, "T\n\n2012-09-31\n\n2012-09-26\n\n2012-09-27\n", "T|2012-09-26|"},
      {__LINE__, "T\n\n1. a\n\nSeptember 26, 2012\n", "T||1:1."},
      {__LINE__, "T\n\nOn September 26, 2012\n\n1. a\n", "T||1:1."},
      {__LINE__, "T\r\n\r\nSeptember 26, 2012\r\n\r\n1. a\r\n2. b\r\n", "T|2012-09-26|1:1. 2:2."},
      {__LINE__, "T\r\rSeptember 26, 2012\r\r1. a.\r2. b\r", "T|2012-09-26|1:1. 2:2."},
      /* A point, too, stands after the title where that is underlined. */
      {__LINE__, "T\n===\n1. a\n", "T||1:1."},
      {__LINE__, "  T\n  ------\nSeptember 26, 2012\n1. a\n", "T|2012-09-26|1:1."},
      {__LINE__, "T\n~~~\n1 Alpha\n", "T||1:1"},
      {__LINE__, "T\n--\n1. a\n", "T||"},
      {__LINE__, "T\n\n---\n1. a\n", "T||"},
      {__LINE__, "T\n=-=\n1. a\n", "T||"},
      {__LINE__, "T\n***\n1. a\n", "T||"},
      {__LINE__, "T\nLead\n---\n1. a\n", "T||"},
      {__LINE__, "1. a\n---\n2. b\n", "NAME||1:1."},
      {__LINE__, "2012-09-26\n---\n1. a\n", "NAME|2012-09-26|"},
      {__LINE__, "Back to Index\n", "NAME||"},
      {__LINE__, "Back to Index\n\nMore\n", "Back to Index||"},
  };
  CHECK(rows);
}

static void styles_of_points(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {__LINE__, "T\n\n1. a\n\n2. b\n", "T||1:1. 2:2."},
      {__LINE__, "T\n\n1) a\n\n2) b\n", "T||1:1) 2:2)"},
      {__LINE__, "T\n\n(1) a\n\n(2) b\n", "T||1:(1) 2:(2)"},
      {__LINE__, "T\n\n1 Alpha\n\n2 Beta\n", "T||1:1 2:2"},
      {__LINE__, "T\n\n１．あ\n\n２．い\n", "T||1:１． 2:２．"},
      {__LINE__, "T\n\n１）あ\n\n２）い\n", "T||1:１） 2:２）"},
      {__LINE__, "T\n\n（１）あ\n\n（２）い\n", "T||1:（１） 2:（２）"},
      {__LINE__, "T\n\n１　あ\n\n２　い\n", "T||1:１ 2:２"},
      {__LINE__, "T\n\n1.あ\n\n2.い\n", "T||1:1. 2:2."},
      {__LINE__, "T\n\n1.Alpha\n\n2.Beta\n", "T||1:1. 2:2."},
      {__LINE__, "T\n\n１．あ\n\n2. b\n", "T||1:１． 2:2."},
      /* Indented or not, by whatever blanks. */
      {__LINE__, "T\n\n  1. a\n\n2. b\n\n\t3. c\n\n　4. d\n", "T||1:1. 2:2. 3:3. 4:4."},
      {__LINE__, "T\n\n\xc2\xa0 1. a\n\n2. b\n", "T||1:1. 2:2."},
      {__LINE__, "T\n\n（１）10月\n\n（２）ab\n\n（３）、\n", "T||1:（１） 2:（２）"},
      {__LINE__, "T\n\n１．10月\n\n２．５倍\n\n２．b\n", "T||1:１． 2:２．"},
      /* Another style, or something that is no number, stays inside. */
      {__LINE__, "T\n\n1. a\n\n2) b\n\n(2) c\n\n2 Delta\n", "T||1:1."},
      {__LINE__, "T\n\n1. a\n\n2.5 million\n\n2.2. Deep\n\n2.b\n", "T||1:1."},
      {__LINE__, "T\n\n1. a\n\n（２）、（３）について\n\n2)-3)\n", "T||1:1."},
      /* Sub-points numbered in the decimal way are no points. */
      {__LINE__, "T\n\n1. a.\n\n1.1 Alpha.\n\n1.2. Beta.\n\n2.1 Gamma.\n\n2. b\n", "T||1:1. 2:2."},
      {__LINE__, "T\n\n１．あ。\n\n１．１　い。\n\n２．う。\n\n２．1 え。\n\n２．２．お。\n", "T||1:１． 2:２．"},
      {__LINE__, "T\n\n1 Alpha\n\n1.1 Beta\n\n2 Gamma\n\n2.1 Delta\n", "T||1:1 2:2"},
      {__LINE__, "T\n\n1.1 Alpha\n\n1.2 Beta\n", "T||"},
      /* (1) only where there is no other. */
      {__LINE__, "T\n\n(1) x\n\n(2) y\n\n1. a\n\n(1) z\n\n2. b\n", "T||1:1. 2:2."},
      {__LINE__, "T\n\n(1) x\n\n(2) y\n\n1 Alpha\n\n2 Beta\n", "T||1:1 2:2"},
      /* `1 Title`: 80 columns, no full stop. */
      {__LINE__, "T\n\n1 Alpha.\n\n1 Beta\n", "T||1:1"},
      {__LINE__, "T\n\n1 Alpha\n\n2 あい。\n\n2 B\n", "T||1:1 2:2"},
      {__LINE__, "T\n\n1 Alpha\n\n2 3 4\n\n110 minutes\n\n3 hours later\n", "T||1:1 3:3"},
      {__LINE__, "T\n\n1 Alpha\nHe left.\n2 hours later\nhe came back.\n2 Beta\n", "T||1:1 2:2"},
      {__LINE__, "T\n\n1 Alpha\n\n3 October 2012\n\n2 Beta\n", "T||1:1 2:2"},
      /* A title that begins with a figure is the title where surer points follow. */
      {__LINE__, "2 Plus 2 Talks\n\n1. a\n\n2. b\n", "2 Plus 2 Talks||1:1. 2:2."},
      {__LINE__, "T\n\n2 Alpha\n\n3 Beta\n", "T||2:2 3:3"},
      {__LINE__, "1 Year of Partnership\n\n1. a\n\n2. b\n", "1 Year of Partnership||1:1. 2:2."},
      /* An address before the points is no `1 Title`. */
      {__LINE__, "T\n\n1 United Nations Plaza\n\nLead.\n\n1. a\n\n2. b\n", "T||1:1. 2:2."},
      {__LINE__, "T\n\n1 United Nations Plaza\n\n１）あ\n\n２）い\n", "T||1:１） 2:２）"},
      {__LINE__, "T\n\n1 Alpha\n\n2. b\n\n7) c\n", "T||1:1"},
      /* But lists stand within points. */
      {__LINE__, "T\n\n1 Alpha\n\n1. x\n\n2. y\n\n2 Beta\n\n1. z\n", "T||1:1 2:2"},
      {__LINE__, "T\n\n1 Alpha\n\n1. x\n\n2. y\n\n2 ministers left\n", "T||1:1. 2:2."},
      {__LINE__, "T\n\n1. a\n\n1 Alpha\n\n2 Beta\n\n2. b\n", "T||1:1. 2:2."},
      /* A day of a month is none either. */
      {__LINE__, "T\n\n1 October 2012, Brussels\n\n1. a\n\n2. b\n", "T||1:1. 2:2."},
      {__LINE__, "T\n\n1 Oct. 2012, Brussels\n\n1 Alpha\n\n2 MAY\n\n2 Mayors\n", "T||1:1 2:2"},
      {__LINE__, "T\n\n１ October 2012, Brussels\n\n(1) a\n\n(2) b\n", "T||1:(1) 2:(2)"},
      {__LINE__, "T\n\n1. October 2012\n\n2. May\n", "T||1:1. 2:2."},
  };
  CHECK(rows);
}

static void a_title_has_80_columns_at_most(void **state)
{
  (void)state;
  char source[3 * 80];
  for (int width = 79; width <= 82; width++) {
    (void)snprintf(source, sizeof source, "T\n\n1 %.*s\n", width - 2,
                   "Alphaxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    struct overview *o = parse(str_from(source));
    assert_int_equal(overview_points(o), width <= 80 ? 1 : 0);
    overview_free(o);
  }
}

/* A line of 60 columns, so that documents in these tests have a margin. */
#define MARGIN "Words enough for a line that shows where the margin would be"

static void where_points_start(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {__LINE__, "T\n1. a.\n2. b:\n3. c;\n4. d!\n5. e?\n6. f)\n7. g\n", "T||1:1. 2:2. 3:3. 4:4. 5:5. 6:6. 7:7."},
      {__LINE__, "T\n１．あ。\n２．い：\n３．う）\n４．え\n", "T||1:１． 2:２． 3:３． 4:４．"},
      {__LINE__, "T\n1. He said \"yes.\"\n2. “No.”\n3. 「はい。」\n4. d\n", "T||1:1. 2:2. 3:3. 4:4."},
      {__LINE__, "T\n2012-09-26\n1. a\n", "T|2012-09-26|1:1."},
      {__LINE__, "T\n\n1. " MARGIN "\n\nThe visit to the islands in the north that began on September\n2. It was\n",
       "T||1:1."},
      {__LINE__, "T\n\n1. a\n\nThey met\nIn 2012. They\n110 minutes\n", "T||1:1."},
      {__LINE__, "T\nLead\n1. a\n", "T||"},
      {__LINE__, "T\n\n1. a\n   \t\n2. b\n", "T||1:1. 2:2."},
  };
  CHECK(rows);
}

/* Where the line before had room for the number, that was not wrapped there. */
static void tight_lists_need_no_stops(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {__LINE__, "T\n\n1. Opening\n2. Adoption of the agenda\n3. Other matters\n", "T||1:1. 2:2. 3:3."},
      {__LINE__, "T\n\n１　開会\n２　議事\n３　閉会\n", "T||1:１ 2:２ 3:３"},
      {__LINE__, "T\n\n(1) Opening\n(2) Adoption\n(3) Closing\n", "T||1:(1) 2:(2) 3:(3)"},
      {__LINE__, "T\n\n1 Opening\n2 Adoption\n", "T||1:1 2:2"},
      {__LINE__, "T\n\n1. opening\n2. adoption\n3. other\n", "T||1:1. 2:2. 3:3."},
      {__LINE__, "T\n" MARGIN ":\n1. opening\n2. adoption\n3. other\n", "T||1:1. 2:2. 3:3."},
      {__LINE__, "T\n\n1. Opening\nThe chair spoke\n2. Adoption\n" MARGIN "\n", "T||1:1. 2:2."},
      {__LINE__, "T\n\n1. " MARGIN " " MARGIN "\n2. Adoption\n", "T||1:1. 2:2."},
      /* The line before is full, but the list goes on. */
      {__LINE__, "T\n\n１．これは会議の冒頭に行われた挨拶の要旨を記したものである\n２．議事\n３．閉会\n",
       "T||1:１． 2:２． 3:３．"},
      {__LINE__, "T\n\n1. Opening\n2. " MARGIN "\n3. Other\n", "T||1:1. 2:2. 3:3."},
      {__LINE__, "T\n\n1. " MARGIN "\nand on.\n2. " MARGIN "\n3. It was\nso.\n\n4. d\n", "T||1:1. 2:2. 3:3. 4:4."},
      {__LINE__, "T\n\n1. " MARGIN "\n2. It was\n\n2. b\n\n3. c\n", "T||1:1. 2:2. 3:3."},
      {__LINE__, "T\n\n1. " MARGIN "\n2. it was\n\n3. c\n", "T||1:1. 3:3."},
      {__LINE__, "T\n\n1. " MARGIN "\n  2. It was\n\n3. c\n", "T||1:1. 3:3."},
      {__LINE__, "T\n\n1. " MARGIN "\n2. It was\n\n4. d\n", "T||1:1. 4:4."},
      /* The line before is full: this one may be wrapped text. */
      {__LINE__, "T\n\n1. " MARGIN "\n2. It was\n", "T||1:1."},
      {__LINE__, "T\n\n1. " MARGIN ".\n\n1. Opening of the whole session of the General Assembly, which\n2. It was\n",
       "T||1:1. 1-2:1."},
      /* Only what comes next. */
      {__LINE__, "T\n\n1. Opening\n3. Other\n1. x\n2. Adoption\n", "T||1:1. 2:2."},
      {__LINE__, "T\n\n1. Opening\n\n2. Adoption\n2. Other\n", "T||1:1. 2:2."},
      /* A small letter only where the line before is the item before; `1 Title` never. */
      {__LINE__, "T\n\n1. " MARGIN "\nthat is in\n2. it was\n", "T||1:1."},
      {__LINE__, "T\n\n1 Opening\n2 ministers\n2 Adoption\n", "T||1:1 2:2"},
      /* Deeper ones are a list of the point's own, or wrapped text that hangs. */
      {__LINE__, "T\n\n1. Alpha\n   1. x\n   2. y\n2. Beta\n", "T||1:1. 2:2."},
      {__LINE__, "T\n" MARGIN ":\n1. They met in\n  2. It was\n 2. Beta\n", "T||1:1. 2:2."},
      /* The first point is no next one. */
      {__LINE__, "T\nLead\n1. a\n", "T||"},
  };
  CHECK(rows);
}

static void what_reads_on_starts_no_point(void **state)
{
  (void)state;
  static const struct row rows[] = {
      /* Behind an abbreviation that a number follows. */
      {__LINE__, "T\n\n1. " MARGIN " para.\n3. and Annex II.\n\n2. b\n", "T||1:1. 2:2."},
      {__LINE__, "T\n\n1. " MARGIN " paras.\n3. Annex II.\n\n2. b\n", "T||1:1. 2:2."},
      {__LINE__, "T\n\n1. " MARGIN " (No.\n3. The first.\n\n2. b\n", "T||1:1. 2:2."},
      {__LINE__, "T\n\n1. " MARGIN " Art.\n2. The first.\n\n3. c\n", "T||1:1. 3:3."},
      {__LINE__, "T\n\n1. " MARGIN " pp.\n2. The first.\n\n3. c\n", "T||1:1. 3:3."},
      {__LINE__, "T\n\n1. " MARGIN " the U.S.\n2. The first.\n\n3. c\n", "T||1:1. 2:2. 3:3."},
      {__LINE__, "T\n\n1. " MARGIN " supp.\n2. The first.\n\n3. c\n", "T||1:1. 2:2. 3:3."},
      /* A small letter, unless the line before lets one follow. */
      {__LINE__, "T\n\n1. " MARGIN " seq.\n3. and Annex II.\n\n2. b\n", "T||1:1. 2:2."},
      {__LINE__, "T\n\n(1) " MARGIN " (see also)\n(2) above\n\n(2) b\n", "T||1:(1) 2:(2)"},
      {__LINE__, "T\n\n1. " MARGIN ";\n2. " MARGIN ":\n3. and\n", "T||1:1. 2:2. 3:3."},
      {__LINE__, "T\n\n1. " MARGIN ";\n2. and " MARGIN "；\n3. and;\n4. and\n", "T||1:1. 2:2. 3:3. 4:4."},
      {__LINE__, "T\n\n1. " MARGIN ".\n\n2. and\n", "T||1:1. 2:2."},
      {__LINE__, "T\n" MARGIN ".\n1. and;\n2. and\n", "T||1:1. 2:2."},
  };
  CHECK(rows);
}

static void numbers_of_points(void **state)
{
  (void)state;
  static const struct row rows[] = {
      /* The first is 1 to 3. */
      {__LINE__, "T\n\n2. a\n\n3. b\n", "T||2:2. 3:3."},
      {__LINE__, "T\n\n3. a\n\n4. b\n", "T||3:3. 4:4."},
      {__LINE__, "T\n\n4. a\n\n5. b\n", "T||"},
      {__LINE__, "T\n\n4. a\n\n1. b\n", "T||"},
      {__LINE__, "T\n\n0. a\n\n1. b\n", "T||"},
      /* The last one's or one to three above it. */
      {__LINE__, "T\n\n1. a\n\n4. b\n\n8. c\n\n7. d\n\n3. e\n", "T||1:1. 4:4. 7:7."},
      {__LINE__, "T\n\n1. a\n\n3. b\n\n3. c\n\n3. d\n\n4. e\n", "T||1:1. 3:3. 3-2:3. 3-3:3. 4:4."},
      {__LINE__, "T\n\n1. a\n\n1. b\n", "T||1:1. 1-2:1."},
      /* Four digits start nothing; zeros in front change no value. */
      {__LINE__, "T\n\n1. a\n\n0002. b\n\n2012. c\n\n002. d\n", "T||1:1. 2:002."},
      {__LINE__, "T\n\n1. 1. a\n\n2. 2. b\n\n3. 4. c\n\n4. 4) d\n", "T||1:1. 2:2. 3:3. 4:4."},
  };
  CHECK(rows);
}

static void lists_that_start_anew_stay_inside(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {__LINE__, "T\n\n1. a\n\n2. b\n\n1. x\n\n3. c\n", "T||1:1. 2:2. 3:3."},
      {__LINE__, "T\n\n1. a\n\n2. b\n\n1. x\n\n2. y\n\n3. c\n", "T||1:1. 2:2. 3:3."},
      {__LINE__, "T\n\n1. a\n\n2. b\n\n   1. x\n   2. y\n   3. z\n   4. w\n\n3. c\n", "T||1:1. 2:2. 3:3."},
      {__LINE__, "T\n\n1. a\n\n   1. x\n\n   2. y\n\n   3. z\n\n2. b\n", "T||1:1. 2:2."},
      {__LINE__, "T\n\n  1. a\n\n 2. b\n\n3. c\n", "T||1:1. 2:2. 3:3."},
      {__LINE__, " 9. x\n", "9. x||"},
  };
  CHECK(rows);
}

/* The words of the tail, which the overview's page shows below the links. */
static void what_follows_the_last_point(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *source, *tail;
  } rows[] = {
      {__LINE__, "T\n\n1. a\n\nb\n\nc", ""},
      {__LINE__, "T\n\n1. a\n(END)\nb", "(END)\n\nb\n"},
      {__LINE__, "T\n\n1. a\n(end)", "(END)\n"},
      {__LINE__, "T\n\n１．あ\n（了）\n参考", "（了）\n\n参考\n"},
      {__LINE__, "T\n\n1. a\n---\nb", "---\n\nb\n"},
      {__LINE__, "T\n\n1. a\n— — —\nb", "— — —\n\nb\n"},
      {__LINE__, "T\n\n1. a\n--\nb", "--\n\nb\n"},
      {__LINE__, "T\n\n1. a.\n\n-- \r\nA. N. Other\n", "--\n\nA. N. Other\n"},
      {__LINE__, "T\n\n1. a\n-- b", ""},
      {__LINE__, "T\n\n1. a\n- -\nb", ""},
      {__LINE__, "T\n\n1. a\n==\nb", ""},
      {__LINE__, "T\n\n1. a\n--\n\n2. b", ""},
      {__LINE__, "T\n\n1. a\n===\nb", ""},
      {__LINE__, "T\n\n1. a\n(*) b", "(*) b\n"},
      {__LINE__, "T\n\n1. a\n(* b\n\nc", "(* b\n\nc\n"},
      {__LINE__, "T\n\n  1. a\n\nb", "b\n"},
      {__LINE__, "T\n\n  1. a\nb", ""},
      {__LINE__, "T\n\n  1. a\n\n  b\n\n c", "c\n"},
      {__LINE__, "T\n\n\t1. a\n\n        b\n\n       c", "c\n"},
      {__LINE__, "T\n\n　1. a\n\n  b\n\n c", "c\n"},
      {__LINE__, "T\n\n1. a\n(END)\n2. b", ""}, /* Not the last point. */
      {__LINE__, "T\n\n  1. a\n\nb\n\n  2. c", ""},
      {__LINE__, "T\n\n1. a\n\n(END)\n\nBack to Index", "(END)\n"},
      {__LINE__, "T\n\n1. a\n\n(END)\n\nBack to Index\n\nb", "(END)\n\nBack to Index\n\nb\n"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct overview *o = parse(str_from(rows[i].source));
    struct buf page = BUF_INIT(4096), want = BUF_INIT(4096);
    assert_int_equal(overview_put_page(o, STR("../s"), &page), 0);
    buf_printf(&want, "%s\n=> ../s The whole document as plain text\n=> ../ Back to Index\n", "");
    struct str tail = str_from(rows[i].tail);
    struct str got = buf_str(&page);
    /* From behind the last point's link to the links of ours. */
    size_t at = got.n;
    for (size_t j = 0; j + 4 < got.n; j++)
      if (str_starts(str_skip(got, j), STR(".gmi ")))
        at = j;
    got = str_skip(got, at);
    got = str_skip(got, str_find(got, '\n') + 1);
    assert_true(str_ends(got, buf_str(&want)));
    got.n -= want.n;
    if (got.n)
      got = str_skip(got, 1);
    if (!str_eq_nocase(got, tail))
      fail_msg("line %d: got %.*s", rows[i].line, STR_ARG(got));
    buf_free(&page);
    buf_free(&want);
    overview_free(o);
  }
}

static void numbers_in_another_style_are_told(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *source;
    size_t found;
    unsigned value;
    size_t at;
    const char *number;
  } rows[] = {
      {__LINE__, "T\n\n1. a\n\n2) b\n\n3. c\n", 1, 2, 5, "2)"},
      {__LINE__, "T\r\n1. a.\r\n(2) b.\r\n(3) c.\r\n4. d.\r\n", 2, 2, 3, "(2)"},
      {__LINE__, "T\n\n1. a\n\n2. b\n\n3 Gamma\n\n4. d\n\n５）e\n\n6. f\n", 2, 3, 7, "3"},
      /* Behind the last point: what is right above it. */
      {__LINE__, "T\n\n1) a\n\n2. b\n\n3. c\n", 2, 2, 5, "2."},
      {__LINE__, "T\n\n1. a\n\n3) b\n", 0, 0, 0, ""},
      {__LINE__, "T\n\n1. a\n\n2 ministers\n", 0, 0, 0, ""},
      {__LINE__, "T\n\n1. a\n\n(END)\n\n2) b\n", 0, 0, 0, ""},
      /* No number is missing; a list within a point; what could start no point in any style. */
      {__LINE__, "", 0, 0, 0, ""},
      {__LINE__, "T\n\n1. a\n\n2) b\n\n2. c\n", 0, 0, 0, ""},
      {__LINE__, "T\n\n1. a\n\n4. b\n", 0, 0, 0, ""},
      {__LINE__, "T\n\n1. a:\n(1) x.\n(2) y.\n3. b\n", 0, 0, 0, ""},
      {__LINE__, "T\n\n1. as in\n(2) above\n\n3. b\n", 0, 0, 0, ""},
      {__LINE__, "T\n\n1. Opening\n2) Adoption\n3. Other\n", 1, 2, 4, "2)"},
      {__LINE__, "T\n\n1. a\n\n3) x\n\n3. b\n", 0, 0, 0, ""},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct overview *o = parse(str_from(rows[i].source));
    struct overview_stray stray = {0, 0, STR("")};
    size_t found = overview_strays(o, &stray);
    if (found != rows[i].found || stray.value != rows[i].value || stray.line != rows[i].at ||
        !str_eq(stray.number, str_from(rows[i].number)))
      fail_msg("line %d: %zu found, %u on line %zu: %.*s", rows[i].line, found, stray.value, stray.line,
               STR_ARG(stray.number));
    overview_free(o);
  }
}

static void pages_are_found_by_their_names(void **state)
{
  (void)state;
  struct overview *o = parse(STR("T\n\n1. a\n\n3. b\n\n3. c\n\n6. d\n"));
  static const struct {
    const char *page;
    long want;
  } rows[] = {
      {"1", 0},      {"3", 1},    {"3-2", 2},   {"6", 3},    {"", -1},   {"2", -1},         {"3-1", -1},
      {"3-3", -1},   {"03", -1},  {"3-02", -1}, {"6-2", -1}, {"-", -1},  {"3-", -1},        {"-2", -1},
      {"3-2-1", -1}, {"3-0", -1}, {"1000", -1}, {"x", -1},   {"１", -1}, {"999999999", -1}, {"3-999999999", -1},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (overview_find(o, str_from(rows[i].page)) != rows[i].want)
      fail_msg("%s", rows[i].page);
  overview_free(o);
}

static void invalid_bytes_are_counted_and_replaced(void **state)
{
  (void)state;
  struct overview *o = parse(STR("T\xff\n\n1. a\xe3\x81\n"));
  assert_int_equal(overview_replaced(o), 3);
  assert_true(str_eq(overview_title(o), STR("T\xef\xbf\xbd")));
  overview_free(o);
  o = parse(STR("T\n"));
  assert_int_equal(overview_replaced(o), 0);
  assert_true(overview_size(o) >= 2);
  overview_free(o);
}

static void the_name_is_shown_as_text(void **state)
{
  (void)state;
  struct overview *o = NULL;
  assert_int_equal(overview_parse(STR(""), STR("a\n\xff"), &o), 0);
  assert_true(str_eq(overview_title(o), STR("a \xef\xbf\xbd")));
  overview_free(o);
  assert_int_equal(overview_parse(STR("1. a"), STR(""), &o), 0);
  assert_int_equal(overview_title(o).n, 0);
  struct buf page = BUF_INIT(4096);
  assert_int_equal(overview_put_page(o, STR("s"), &page), 0);
  assert_true(str_starts(buf_str(&page), STR("=> 1.gmi 1. a\n")));
  buf_free(&page);
  overview_free(o);
}

static void more_than_eight_mebibytes_are_refused(void **state)
{
  (void)state;
  struct overview *o = NULL;
  char *much = calloc(1, OVERVIEW_MAX + 1);
  assert_non_null(much);
  assert_int_equal(overview_parse(str_make(much, OVERVIEW_MAX + 1), STR("N"), &o), ERR_LIMIT);
  assert_null(o);
  free(much);
}

static void summaries_need_the_head_only(void **state)
{
  (void)state;
  char head[OVERVIEW_HEAD];
  static const struct {
    int line;
    const char *start; /* filled up with text */
    const char *end;   /* the head ends with this */
    const char *title, *date;
  } rows[] = {
      {__LINE__, "T\n\nSeptember 26, 2012\n\n", "x", "T", "2012-09-26"},
      {__LINE__, "1. a\n\n", "x", "NAME", ""},
      {__LINE__, "2012-09-26\n\n", "x", "NAME", "2012-09-26"},
      {__LINE__, "T\n", "\n2012-09-26", "T", ""}, /* That line may go on. */
      {__LINE__, "T\n", "\n2012-09-26\n", "T", "2012-09-26"},
      {__LINE__, "T\r", "\r2012-09-26", "T", ""},
      {__LINE__, "T\n", "\xe3\x81", "T", ""},
      {__LINE__, "T\n", "\nBack to Index", "T", ""},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct buf title = BUF_INIT(OVERVIEW_HEAD);
    char date[11];
    memset(head, 'x', sizeof head);
    memcpy(head, rows[i].start, strlen(rows[i].start));
    memcpy(head + sizeof head - strlen(rows[i].end), rows[i].end, strlen(rows[i].end));
    assert_int_equal(overview_summary(str_make(head, sizeof head), STR("NAME"), &title, date), 0);
    if (!str_eq(buf_str(&title), str_from(rows[i].title)) || strcmp(date, rows[i].date) != 0)
      fail_msg("line %d: %.*s, %s", rows[i].line, STR_ARG(buf_str(&title)), date);
    buf_free(&title);
  }
  /* One line that goes on behind the head: as far as it goes, cut between characters. */
  struct buf title = BUF_INIT(OVERVIEW_HEAD);
  char date[11];
  for (size_t i = 0; i + 3 <= sizeof head; i += 3)
    memcpy(head + i, "\xe3\x81\x82", 3);
  head[sizeof head - 1] = '\xe3';
  assert_int_equal(overview_summary(str_make(head, sizeof head), STR("NAME"), &title, date), 0);
  assert_int_equal(title.n, sizeof head - 1);
  buf_free(&title);
  /* A short document is all there. */
  assert_int_equal(overview_summary(STR("Back to Index"), STR("NAME"), &title, date), 0);
  assert_true(str_eq(buf_str(&title), STR("NAME")));
  buf_free(&title);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(titles_and_dates),
      cmocka_unit_test(styles_of_points),
      cmocka_unit_test(a_title_has_80_columns_at_most),
      cmocka_unit_test(where_points_start),
      cmocka_unit_test(tight_lists_need_no_stops),
      cmocka_unit_test(what_reads_on_starts_no_point),
      cmocka_unit_test(numbers_of_points),
      cmocka_unit_test(lists_that_start_anew_stay_inside),
      cmocka_unit_test(what_follows_the_last_point),
      cmocka_unit_test(numbers_in_another_style_are_told),
      cmocka_unit_test(pages_are_found_by_their_names),
      cmocka_unit_test(invalid_bytes_are_counted_and_replaced),
      cmocka_unit_test(the_name_is_shown_as_text),
      cmocka_unit_test(more_than_eight_mebibytes_are_refused),
      cmocka_unit_test(summaries_need_the_head_only),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
