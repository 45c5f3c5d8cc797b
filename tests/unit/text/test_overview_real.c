/* The document that the capsule ships, as it is and as editors would have wrapped it. Run from the top of the tree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../support/overview_check.h"

#define PATH "capsule/japan-russia-foreign-ministers-2012-09.overview.txt"

static struct buf document;

static int load(void **state)
{
  (void)state;
  buf_init(&document, 65536);
  FILE *file = fopen(PATH, "rb");
  char *room = buf_room(&document, 65536);
  if (!file || !room)
    return -1;
  buf_added(&document, fread(room, 1, 65536, file));
  return fclose(file);
}

static int unload(void **state)
{
  (void)state;
  buf_free(&document);
  return 0;
}

/* All its pages, one after the other. */
static void put_pages(struct str source, struct buf *out)
{
  struct overview *o = NULL;
  assert_int_equal(overview_parse(source, STR("N"), &o), 0);
  assert_int_equal(overview_put_page(o, STR("../s"), out), 0);
  for (size_t i = 0; i < overview_points(o); i++)
    assert_int_equal(overview_put_point(o, i, out), 0);
  overview_free(o);
}

static void it_has_five_points_and_a_date(void **state)
{
  (void)state;
  struct overview *o = NULL;
  assert_int_equal(overview_parse(buf_str(&document), STR("N"), &o), 0);
  assert_true(str_eq(overview_title(o), STR("Japan-Russia Foreign Ministers’ Meeting (Overview)")));
  struct buf title = BUF_INIT(OVERVIEW_HEAD);
  char date[11];
  assert_int_equal(overview_summary(buf_str(&document), STR("N"), &title, date), 0);
  assert_true(str_eq(buf_str(&title), overview_title(o)));
  assert_string_equal(date, "2012-09-26");
  buf_free(&title);
  assert_int_equal(overview_points(o), 5);
  assert_int_equal(overview_replaced(o), 0);
  static const char *const numbers[] = {"1.", "2.", "3.", "4.", "5."};
  for (size_t i = 0; i < 5; i++)
    assert_true(str_eq(overview_number(o, i), str_from(numbers[i])));
  overview_free(o);
}

static void its_words_arrive_whole_and_each_number_once(void **state)
{
  (void)state;
  const char *fault = overview_check(buf_str(&document));
  if (fault)
    fail_msg("%s", fault);
  struct buf pages = BUF_INIT(1 << 20);
  put_pages(buf_str(&document), &pages);
  buf_put_c(&pages, '\0');
  assert_null(strstr(pages.p, "1. 1."));
  assert_null(strstr(pages.p, "5. 5."));
  static const char *const starts[] = {
      "# Japan-Russia Foreign Ministers’ Meeting (Overview)\n\nSeptember 26, 2012\n\nOn Tuesday, September 25",
      "\n=> 2.gmi 2. Minister Gemba stated that he would like to promote Japan-Russia cooperation in various fields…\n",
      "\n=> 5.gmi 5. In addition, Minister Gemba explained Japan’s stance on present Japan-China relations.\n\n",
      "\n=> ../ Back to Index\n# Japan-Russia Foreign Ministers’ Meeting (Overview)\n\n1. This was the kick-off",
      "upon Mr. Shuvalov’s visit to Japan in November.\n\n=> 2.gmi Next: 2. Minister Gemba stated",
  };
  for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
    if (!strstr(pages.p, starts[i]))
      fail_msg("not there: %s", starts[i]);
  buf_free(&pages);
}

/* Wraps one line at blanks, the continuation lines indented by `hang` columns; CR LF. */
static void put_wrapped(struct buf *out, struct str line, size_t width, size_t hang)
{
  size_t indent = 0;
  while (indent < line.n && line.p[indent] == ' ')
    indent++;
  buf_put_str(out, str_head(line, indent));
  size_t column = indent;
  struct str rest = str_skip(line, indent), word;
  for (bool first = true; str_split(&rest, ' ', &word); first = false) {
    size_t columns = utf8_columns(word);
    if (!first && column + 1 + columns > width) {
      buf_put_str(out, STR("\r\n"));
      for (column = 0; indent && column < indent + hang; column++)
        buf_put_c(out, ' ');
    } else if (!first) {
      buf_put_c(out, ' ');
      column++;
    }
    buf_put_str(out, word);
    column += columns;
  }
  buf_put_str(out, STR("\r\n"));
}

static void wrapped_at_any_width_it_gives_the_same_pages(void **state)
{
  (void)state;
  struct buf want = BUF_INIT(1 << 20), source = BUF_INIT(1 << 20), got = BUF_INIT(1 << 20);
  put_pages(buf_str(&document), &want);
  for (size_t width = 60; width <= 100; width++)
    for (size_t hang = 0; hang < 6; hang += 2) {
      struct str rest = buf_str(&document), line;
      buf_clear(&source);
      buf_clear(&got);
      while (str_line(&rest, &line))
        put_wrapped(&source, line, width, hang);
      put_pages(buf_str(&source), &got);
      if (!str_eq(buf_str(&got), buf_str(&want)))
        fail_msg("%zu columns, indented by %zu:\n%.*s", width, hang, STR_ARG(buf_str(&got)));
    }
  buf_free(&want);
  buf_free(&source);
  buf_free(&got);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_has_five_points_and_a_date),
      cmocka_unit_test(its_words_arrive_whole_and_each_number_once),
      cmocka_unit_test(wrapped_at_any_width_it_gives_the_same_pages),
  };
  return cmocka_run_group_tests(tests, load, unload);
}
