/* The words for a certificate's dates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "cmd/cert_show.h"

static void how_a_certificate_stands_is_said_plainly(void **state)
{
  (void)state;
  enum { DAY = 24 * 60 * 60, NOW = 1790000000 };
  static const struct {
    int line;
    time_t begin, end; /* from now */
    enum cert_state wanted;
    const char *says;
  } rows[] = {
      {__LINE__, -DAY, 400 * DAY, CERT_GOOD, "400 days left"},
      {__LINE__, -DAY, 30 * DAY, CERT_GOOD, "30 days left"},
      {__LINE__, -DAY, 30 * DAY - 1, CERT_SOON, "29 days left: EXPIRES SOON"},
      {__LINE__, 0, DAY, CERT_SOON, "1 day left: EXPIRES SOON"},
      {__LINE__, -DAY, 1, CERT_SOON, "less than a day left: EXPIRES SOON"},
      {__LINE__, -DAY, 0, CERT_EXPIRED, "EXPIRED less than a day ago: readers are warned or turned away"},
      {__LINE__, -DAY, -2 * DAY, CERT_EXPIRED, "EXPIRED 2 days ago: readers are warned or turned away"},
      {__LINE__, 5, -5, CERT_EXPIRED, "EXPIRED less than a day ago: readers are warned or turned away"},
      {__LINE__, 1, DAY, CERT_EARLY,
       "NOT VALID YET, less than a day to go: readers are warned or turned away until then; is this machine's clock "
       "right?"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct buf words = BUF_INIT(1024);
    enum cert_state got = cert_show_state(&words, CERT_OF_SERVER, NOW + rows[i].begin, NOW + rows[i].end, NOW);
    if (got != rows[i].wanted || !str_eq(buf_str(&words), str_from(rows[i].says)))
      fail_msg("row at line %d: %d: %.*s", rows[i].line, (int)got, STR_ARG(buf_str(&words)));
    buf_free(&words);
  }
}

static void what_no_server_shows_turns_no_reader_away(void **state)
{
  (void)state;
  enum { DAY = 24 * 60 * 60, NOW = 1790000000 };
  static const struct {
    int line;
    enum cert_use use;
    time_t begin, end; /* from now */
    const char *says;
  } rows[] = {
      {__LINE__, CERT_OF_CLIENT, -DAY, -DAY, "EXPIRED 1 day ago: servers turn it away (62)"},
      {__LINE__, CERT_OF_NEITHER, -DAY, -DAY, "EXPIRED 1 day ago"},
      {__LINE__, CERT_OF_NEITHER, DAY, 2 * DAY, "NOT VALID YET, 1 day to go; is this machine's clock right?"},
      {__LINE__, CERT_OF_NEITHER, -DAY, DAY, "1 day left: EXPIRES SOON"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct buf words = BUF_INIT(1024);
    (void)cert_show_state(&words, rows[i].use, NOW + rows[i].begin, NOW + rows[i].end, NOW);
    if (!str_eq(buf_str(&words), str_from(rows[i].says)))
      fail_msg("row at line %d: %.*s", rows[i].line, STR_ARG(buf_str(&words)));
    buf_free(&words);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(how_a_certificate_stands_is_said_plainly),
      cmocka_unit_test(what_no_server_shows_turns_no_reader_away),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
