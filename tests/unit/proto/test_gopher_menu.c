/* Menus made of bodies: gemtext (P10) and gophermaps (P16), streamed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/gopher_menu.h"
#include "text/gophermap.h"
#include "text/gph.h"

static const struct menu_place place = {.host = STR_INIT("example.org"), .port = 70, .columns = MENU_COLUMNS};

/* A body that gives its bytes a few at a time, and then ends or fails. */
struct drip {
  struct body body;
  struct str rest;
  size_t size;
  bool fails;
};

static enum pull drip_pull(struct body *b, struct buf *out, size_t most)
{
  struct drip *drip = (struct drip *)b;
  size_t n = drip->size < most ? drip->size : most;
  if (drip->rest.n == 0)
    return drip->fails ? PULL_FAILED : PULL_END;
  buf_put_str(out, str_head(drip->rest, n));
  drip->rest = str_skip(drip->rest, n);
  return PULL_BYTES;
}

static void drip_destroy(struct body *b)
{
  free(b);
}

static struct body *drip_body(struct str content, size_t size, bool fails)
{
  static const struct body_ops ops = {drip_pull, drip_destroy};
  struct drip *drip = malloc(sizeof *drip);
  assert_non_null(drip);
  body_init(&drip->body, &ops);
  drip->rest = content;
  drip->size = size;
  drip->fails = fails;
  return &drip->body;
}

static enum pull pull_all(struct body *body, struct buf *out)
{
  enum pull got;
  while ((got = body_pull(body, out, 4096)) == PULL_BYTES)
    continue;
  return got;
}

/* The menu of `content`, which comes `size` bytes at a time. */
static void menu_of(struct str content, size_t size, enum format format, const char *base, struct buf *out)
{
  struct body *body = gopher_menu_body(drip_body(content, size, false), format, str_from(base), &place);
  assert_non_null(body);
  assert_int_equal(pull_all(body, out), PULL_END);
  body_free(body);
}

static void gemtext_becomes_a_menu_however_it_comes_P10(void **state)
{
  (void)state;
  static const struct str page = STR_INIT("# Title\n\nText of the page.\n=> b.txt Next\n=> /c/ Up\n* item");
  struct buf whole = BUF_INIT(4096), pieces = BUF_INIT(4096);
  menu_of(page, page.n, FORMAT_GEMTEXT, "/dir/a.gmi", &whole);
  assert_non_null(memmem(whole.p, whole.n, "\r\n9Next\t/dir/b.txt\texample.org\t70\r\n", 33));
  assert_true(str_ends(buf_str(&whole), STR("\r\n.\r\n")));
  for (size_t size = 1; size < page.n; size++) {
    buf_clear(&pieces);
    menu_of(page, size, FORMAT_GEMTEXT, "/dir/a.gmi", &pieces);
    assert_true(str_eq(buf_str(&whole), buf_str(&pieces)));
  }
  buf_free(&whole);
  buf_free(&pieces);
}

static void a_gophermap_streams_as_it_reads_whole_P16(void **state)
{
  (void)state;
  static const struct str maps[] = {
      STR_INIT(""),
      STR_INIT("\n"),
      STR_INIT(
          "Welcome\r\n\r\n1Sub\tsub\n0Text\ttext.txt\nhWeb\tURL:https://example.net/\n1There\t/x\tother.example\t7070"),
      STR_INIT("before\n.\nafter\n"),
      STR_INIT("before\n.\r\n.\n1After\tafter\n"),
      STR_INIT("."),
      STR_INIT("..\n. \n.x\n"),
      STR_INIT("\xFF\n1\xC3\tb\n"),
  };
  for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) {
    struct buf want = BUF_INIT(4096), got = BUF_INIT(4096);
    assert_int_equal(gophermap_menu(maps[i], STR("/dir/"), &place, &want), 0);
    for (size_t size = 1; size <= maps[i].n + 1; size++) {
      buf_clear(&got);
      menu_of(maps[i], size, FORMAT_GOPHERMAP, "/dir/", &got);
      if (!str_eq(buf_str(&want), buf_str(&got)))
        fail_msg("map %zu, %zu at a time: '%.*s'", i, size, STR_ARG(buf_str(&got)));
    }
    buf_free(&want);
    buf_free(&got);
  }
}

static void a_maps_relative_selectors_start_from_its_directory_P16(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *base, *selector;
  } table[] = {
      {__LINE__, "/dir/", "\t/dir/sub\t"},
      {__LINE__, "/dir/gophermap", "\t/dir/sub\t"},
      {__LINE__, "/", "\t/sub\t"},
      {__LINE__, "", "\t/sub\t"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf got = BUF_INIT(256);
    menu_of(STR("1Sub\tsub\n"), 100, FORMAT_GOPHERMAP, table[i].base, &got);
    if (!memmem(got.p, got.n, table[i].selector, strlen(table[i].selector)))
      fail_msg("line %d: '%.*s'", table[i].line, STR_ARG(buf_str(&got)));
    buf_free(&got);
  }
}

static void a_gph_menu_streams_as_it_reads_whole(void **state)
{
  (void)state;
  static const struct str menus[] = {
      STR_INIT(""),
      STR_INIT("\n"),
      STR_INIT("Welcome\r\n\r\n[1|Sub|sub|server|port]\n[0|There|/x|other.example|70]\nt[x\n.\nafter"),
      STR_INIT("[0|a \\| b|c\\|d]\n\xFF\n[1|\xC3|b]\n"),
  };
  for (size_t i = 0; i < sizeof menus / sizeof *menus; i++) {
    struct buf map = BUF_INIT(4096), want = BUF_INIT(4096), got = BUF_INIT(4096);
    assert_int_equal(gph_gophermap(menus[i], &map), 0);
    assert_int_equal(gophermap_menu(buf_str(&map), STR("/dir/"), &place, &want), 0);
    for (size_t size = 1; size <= menus[i].n + 1; size++) {
      buf_clear(&got);
      menu_of(menus[i], size, FORMAT_GPH, "/dir/", &got);
      if (!str_eq(buf_str(&want), buf_str(&got)))
        fail_msg("menu %zu, %zu at a time: '%.*s'", i, size, STR_ARG(buf_str(&got)));
    }
    buf_free(&map);
    buf_free(&want);
    buf_free(&got);
  }
}

/* A line without an end must not fill the memory, and every byte of it is shown. */
static void an_endless_line_of_a_map_is_shown_in_pieces_P16(void **state)
{
  (void)state;
  enum { LENGTH = 1000 * 1000 };
  char *line = malloc(LENGTH);
  assert_non_null(line);
  memset(line, 'x', LENGTH);
  struct buf got = BUF_INIT(2 * LENGTH);
  menu_of(str_make(line, LENGTH), 16 * 1024, FORMAT_GOPHERMAP, "/", &got);
  struct str rest = buf_str(&got), part;
  size_t shown = 0;
  while (str_line(&rest, &part))
    if (str_starts(part, STR("ix")))
      shown += str_find(part, '\t') - 1;
  assert_int_equal(shown, LENGTH);
  buf_free(&got);
  free(line);
}

static void no_body_is_an_empty_menu_P8(void **state)
{
  (void)state;
  static const enum format formats[] = {FORMAT_GEMTEXT, FORMAT_GOPHERMAP, FORMAT_GPH};
  for (size_t i = 0; i < 2; i++) {
    struct buf got = BUF_INIT(64);
    struct body *body = gopher_menu_body(NULL, formats[i], STR("/"), &place);
    assert_non_null(body);
    assert_int_equal(pull_all(body, &got), PULL_END);
    assert_true(str_eq(buf_str(&got), STR(".\r\n")));
    body_free(body);
    buf_free(&got);
  }
}

/* A page that is cut short must not look whole: no end of the menu then (P18). */
static void a_body_that_fails_makes_a_menu_that_fails_P18(void **state)
{
  (void)state;
  static const enum format formats[] = {FORMAT_GEMTEXT, FORMAT_GOPHERMAP, FORMAT_GPH};
  for (size_t i = 0; i < 2; i++) {
    struct buf got = BUF_INIT(256);
    struct body *body = gopher_menu_body(drip_body(STR("one\ntwo\n"), 4, true), formats[i], STR("/"), &place);
    assert_int_equal(pull_all(body, &got), PULL_FAILED);
    assert_false(str_ends(buf_str(&got), STR("\n.\r\n")));
    body_free(body);
    buf_free(&got);
  }
}

static void a_body_may_be_freed_at_any_time(void **state)
{
  (void)state;
  for (size_t pulls = 0; pulls < 3; pulls++) {
    struct buf got = BUF_INIT(256);
    struct body *body = gopher_menu_body(drip_body(STR("one\n1x\ty"), 2, false), FORMAT_GOPHERMAP, STR("/"), &place);
    for (size_t i = 0; i < pulls; i++)
      (void)body_pull(body, &got, 4);
    body_free(body);
    buf_free(&got);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gemtext_becomes_a_menu_however_it_comes_P10),
      cmocka_unit_test(a_gophermap_streams_as_it_reads_whole_P16),
      cmocka_unit_test(a_gph_menu_streams_as_it_reads_whole),
      cmocka_unit_test(a_maps_relative_selectors_start_from_its_directory_P16),
      cmocka_unit_test(an_endless_line_of_a_map_is_shown_in_pieces_P16),
      cmocka_unit_test(no_body_is_an_empty_menu_P8),
      cmocka_unit_test(a_body_that_fails_makes_a_menu_that_fails_P18),
      cmocka_unit_test(a_body_may_be_freed_at_any_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
