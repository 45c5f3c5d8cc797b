/* Gopher+: fields, and menus as attribute blocks (P4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/gopher_plus.h"

#define MENU "iWelcome\t\terror.host\t1\r\n1A page\t/page.gmi\tlocalhost\t70\r\n..dot\t/.dot\tlocalhost\t70\r\n.\r\n"
#define BLOCKS                                                                                                         \
  "+-1\r\n+INFO: iWelcome\t\terror.host\t1\r\n+INFO: 1A page\t/page.gmi\tlocalhost\t70\r\n"                            \
  "+INFO: ..dot\t/.dot\tlocalhost\t70\r\n.\r\n"

static void fields_of_gopher_plus_P4(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *field;
    bool plus;
    enum gopher_form form;
  } table[] = {
      {__LINE__, "+", true, GOPHER_FORM_PLAIN},
      {__LINE__, "+text/plain", true, GOPHER_FORM_PLAIN},
      {__LINE__, "$", true, GOPHER_FORM_MENU},
      {__LINE__, "$+INFO", true, GOPHER_FORM_MENU},
      {__LINE__, "!", true, GOPHER_FORM_ITEM},
      {__LINE__, "!+VIEWS", true, GOPHER_FORM_ITEM},
      {__LINE__, "", false, GOPHER_FORM_PLAIN},
      {__LINE__, "words", false, GOPHER_FORM_PLAIN},
      {__LINE__, "two + three", false, GOPHER_FORM_PLAIN},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    enum gopher_form form = GOPHER_FORM_ITEM;
    if (gopher_plus_field(str_from(table[i].field), &form) != table[i].plus || form != table[i].form)
      fail_msg("line %d: form %d", table[i].line, (int)form);
  }
}

/* However the menu is cut, its lines come out whole and marked once. */
static void a_menu_becomes_blocks_in_pieces_of_any_size_P4(void **state)
{
  (void)state;
  for (size_t size = 1; size < sizeof MENU; size++) {
    struct gopher_plus plus = {.begun = false};
    struct buf out = BUF_INIT(1024);
    for (struct str rest = STR(MENU); rest.n; rest = str_skip(rest, size))
      assert_int_equal(gopher_plus_feed(&plus, str_head(rest, size), &out), 0);
    if (!str_eq(buf_str(&out), STR(BLOCKS)))
      fail_msg("pieces of %zu: '%.*s'", size, STR_ARG(buf_str(&out)));
    buf_free(&out);
  }
}

static void the_same_from_a_body_P4(void **state)
{
  (void)state;
  struct body *body = gopher_plus_body(body_copy(STR(MENU)));
  struct buf out = BUF_INIT(1024);
  assert_non_null(body);
  enum pull got;
  while ((got = body_pull(body, &out, 16)) == PULL_BYTES)
    continue;
  assert_int_equal(got, PULL_END);
  assert_true(str_eq(buf_str(&out), STR(BLOCKS)));
  body_free(body);
  buf_free(&out);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fields_of_gopher_plus_P4),
      cmocka_unit_test(a_menu_becomes_blocks_in_pieces_of_any_size_P4),
      cmocka_unit_test(the_same_from_a_body_P4),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
