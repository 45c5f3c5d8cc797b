/* Menus of other servers (P7, P8, P19). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "probe/menu_line.h"

static void lines_P7(void **state)
{
  (void)state;
  static const struct {
    int line;
    struct str text;
    char type;
    const char *display, *selector, *host;
    unsigned port;
    const char *fault;
    bool is_end;
  } rows[] = {
      {__LINE__, STR_INIT("1Docs\t/docs\texample.org\t70\r\n"), '1', "Docs", "/docs", "example.org", 70, NULL, false},
      {__LINE__, STR_INIT("1Docs\t/docs\texample.org\t70\t+\r\n"), '1', "Docs", "/docs", "example.org", 70, NULL,
       false},
      {__LINE__, STR_INIT("i\t\terror.host\t1\r\n"), 'i', "", "", "error.host", 1, NULL, false},
      {__LINE__, STR_INIT(".\r\n"), '\0', "", "", "", 0, NULL, true},
      {__LINE__, STR_INIT(".\n"), '\0', "", "", "", 0, "no CRLF at its end", true},
      {__LINE__, STR_INIT("1Docs\t/docs\texample.org\t70\n"), '1', "Docs", "/docs", "example.org", 70,
       "no CRLF at its end", false},
      {__LINE__, STR_INIT("1Docs\t/docs\texample.org\t70"), '1', "Docs", "/docs", "example.org", 70,
       "no CRLF at its end", false},
      {__LINE__, STR_INIT("iHello\r\n"), 'i', "", "", "", 0, "fewer than four fields", false},
      {__LINE__, STR_INIT("1Docs\t/docs\texample.org\r\n"), '1', "", "", "", 0, "fewer than four fields", false},
      {__LINE__, STR_INIT("1Docs\t/docs\texample.org\tport\r\n"), '1', "Docs", "/docs", "example.org", 0,
       "a port that is no number up to 65535", false},
      {__LINE__, STR_INIT("1Docs\t/docs\texample.org\t70000\r\n"), '1', "Docs", "/docs", "example.org", 0,
       "a port that is no number up to 65535", false},
      {__LINE__, STR_INIT("1Do\rcs\t/docs\texample.org\t70\r\n"), '1', "", "", "", 0, "a control character in a field",
       false},
      {__LINE__, STR_INIT("\r\n"), '\0', "", "", "", 0, "an empty line", false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct menu_line line;
    struct str rest = rows[i].text;
    assert_true(menu_line_next(&rest, &line));
    if (line.type != rows[i].type || !str_eq(line.display, str_from(rows[i].display)) ||
        !str_eq(line.selector, str_from(rows[i].selector)) || !str_eq(line.host, str_from(rows[i].host)) ||
        line.port != rows[i].port || !str_eq(str_from(line.fault), str_from(rows[i].fault)) ||
        line.is_end != rows[i].is_end)
      fail_msg("line %d: %s", rows[i].line, line.fault ? line.fault : "no fault");
    assert_false(menu_line_next(&rest, &line));
  }
}

static void where_an_item_leads_P19(void **state)
{
  (void)state;
  static const struct {
    const char *host;
    unsigned port;
    const char *asked;
    bool here;
  } rows[] = {
      {"example.org", 70, "example.org", true},
      {"Example.ORG", 70, "example.org", true},
      {"example.org", 71, "example.org", false},
      {"example.com", 70, "example.org", false},
      {"localhost", 70, "127.0.0.1", true},
      {"127.0.0.1", 70, "localhost", true},
      {"localhost", 70, "::1", true},
      {"localhost", 70, "192.0.2.1", false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct menu_line line = {.type = '1', .host = str_from(rows[i].host), .port = rows[i].port};
    if (menu_line_leads_to(&line, str_from(rows[i].asked), 70) != rows[i].here)
      fail_msg("%s:%u as %s", rows[i].host, rows[i].port, rows[i].asked);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lines_P7),
      cmocka_unit_test(where_an_item_leads_P19),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
