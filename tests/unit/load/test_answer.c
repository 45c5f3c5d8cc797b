/* The form of an answer, in one piece and byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "load/answer.h"

static char long_header[1100];

/* `20 `, so many bytes of META, CRLF. */
static const char *with_meta(size_t n)
{
  memset(long_header, 'x', sizeof long_header);
  memcpy(long_header, "20 ", 3);
  memcpy(long_header + 3 + n, "\r\n", 3);
  return long_header;
}

static void check(int line, bool gemini, struct str text, bool sound, int status, uint64_t body)
{
  for (size_t piece = 1; piece <= 2; piece++) {
    struct answer a;
    answer_init(&a, gemini);
    struct str rest = text;
    while (rest.n) {
      struct str part = piece == 1 ? str_head(rest, 1) : rest;
      answer_feed(&a, part);
      rest = str_skip(rest, part.n);
    }
    if (answer_sound(&a) != sound || a.bytes != text.n || (sound && (a.status != status || a.body != body)))
      fail_msg("line %d: %.*s: sound %d, status %d, body %llu of %llu", line, STR_ARG(text), answer_sound(&a), a.status,
               (unsigned long long)a.body, (unsigned long long)a.bytes);
  }
}

static void gemini_headers_G15(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *text;
    bool sound;
    int status;
    uint64_t body;
  } rows[] = {
      {__LINE__, "20 text/gemini\r\n", true, 20, 0},
      {__LINE__, "20 text/gemini\r\n# A page\n", true, 20, 9},
      {__LINE__, "20 text/gemini\r\n\r\n\r\n", true, 20, 4},
      {__LINE__, "29 x/y\r\nz", true, 29, 1},
      {__LINE__, "31 /there\r\n", true, 31, 0},
      {__LINE__, "10 Words?\r\n", true, 10, 0},
      {__LINE__, "51 not found\r\n", true, 51, 0},
      {__LINE__, "51\r\n", true, 51, 0},
      {__LINE__, "44 \r\n", true, 44, 0},
      {__LINE__, "62 \xC3\xA9\r\n", true, 62, 0},
      {__LINE__, "", false, 0, 0},
      {__LINE__, "2", false, 0, 0},
      {__LINE__, "20", false, 0, 0},
      {__LINE__, "20 text/gemini", false, 0, 0},
      {__LINE__, "20 text/gemini\r", false, 0, 0},
      {__LINE__, "20 text/gemini\n# A page\n", false, 0, 0},
      {__LINE__, "20 text/gemini\r# A page\n", false, 0, 0},
      {__LINE__, "20\r\n", false, 0, 0},
      {__LINE__, "20 \r\n", false, 0, 0},
      {__LINE__, "31\r\n", false, 0, 0},
      {__LINE__, "20\ttext/gemini\r\n", false, 0, 0},
      {__LINE__, "20 a\x1b[2J\r\n", false, 0, 0},
      {__LINE__, "200 OK\r\n", false, 0, 0},
      {__LINE__, "2x text\r\n", false, 0, 0},
      {__LINE__, "70 text\r\n", false, 0, 0},
      {__LINE__, "00 text\r\n", false, 0, 0},
      {__LINE__, " 20 text\r\n", false, 0, 0},
      {__LINE__, "HTTP/1.0 200 OK\r\n", false, 0, 0},
      {__LINE__, "51 not found\r\nand a body", false, 0, 0},
      {__LINE__, "31 /there\r\n.", false, 0, 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    check(rows[i].line, true, str_from(rows[i].text), rows[i].sound, rows[i].status, rows[i].body);
  check(__LINE__, true, STR("20 a\0b\r\n"), false, 0, 0);
  check(__LINE__, true, str_from(with_meta(1024)), true, 20, 0);
  check(__LINE__, true, str_from(with_meta(1025)), false, 0, 0);
}

static void gopher_is_all_body(void **state)
{
  (void)state;
  check(__LINE__, false, STR("iHello\t\terror.host\t1\r\n.\r\n"), true, 0, 25);
  check(__LINE__, false, STR("20 text/gemini\r\n"), true, 0, 16);
  check(__LINE__, false, STR(""), true, 0, 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gemini_headers_G15),
      cmocka_unit_test(gopher_is_all_body),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
