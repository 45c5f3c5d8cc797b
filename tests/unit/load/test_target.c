/* URLs into requests, hosts into addresses. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "load/target.h"

static void what_a_url_asks_for(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *url;
    enum target_kind kind;
    const char *host;
    unsigned port;
    bool ip;
    const char *request; /* without CRLF */
  } rows[] = {
      {__LINE__, "gemini://localhost/", TARGET_GEMINI, "localhost", 1965, false, "gemini://localhost/"},
      {__LINE__, "gemini://localhost", TARGET_GEMINI, "localhost", 1965, false, "gemini://localhost/"},
      {__LINE__, "GEMINI://h:7/a/b?c%20d", TARGET_GEMINI, "h", 7, false, "gemini://h:7/a/b?c%20d"},
      {__LINE__, "gemini://h?q", TARGET_GEMINI, "h", 1965, false, "gemini://h/?q"},
      {__LINE__, "gemini://h/?", TARGET_GEMINI, "h", 1965, false, "gemini://h/?"},
      {__LINE__, "gemini://h/a#part", TARGET_GEMINI, "h", 1965, false, "gemini://h/a"},
      {__LINE__, "gemini://[::1]:1966/", TARGET_GEMINI, "::1", 1966, true, "gemini://[::1]:1966/"},
      {__LINE__, "gemini://127.0.0.1/x", TARGET_GEMINI, "127.0.0.1", 1965, true, "gemini://127.0.0.1/x"},
      {__LINE__, "gemini://h/\xC3\xA9 |", TARGET_GEMINI, "h", 1965, false, "gemini://h/%C3%A9%20%7C"},
      {__LINE__, "gopher://h", TARGET_GOPHER, "h", 70, false, ""},
      {__LINE__, "gopher://h/", TARGET_GOPHER, "h", 70, false, ""},
      {__LINE__, "gopher://h/1", TARGET_GOPHER, "h", 70, false, ""},
      {__LINE__, "gopher://h:7070/0/a/b.txt", TARGET_GOPHER, "h", 7070, false, "/a/b.txt"},
      {__LINE__, "gopher://h/0about.gmi", TARGET_GOPHER, "h", 70, false, "about.gmi"},
      {__LINE__, "gopher://h/7/find%09two%20words", TARGET_GOPHER, "h", 70, false, "/find\ttwo words"},
      {__LINE__, "gopher://h/7find?words", TARGET_GOPHER, "h", 70, false, "find?words"},
      {__LINE__, "gophers://[::1]/1/x", TARGET_GOPHERS, "::1", 70, true, "/x"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct target t;
    struct buf why = BUF_INIT(1024), request = BUF_INIT(1024);
    if (target_parse(str_from(rows[i].url), &t, &why) != 0)
      fail_msg("line %d: %.*s", rows[i].line, STR_ARG(buf_str(&why)));
    buf_printf(&request, "%s\r\n", rows[i].request);
    if (t.kind != rows[i].kind || strcmp(t.host, rows[i].host) != 0 || t.port != rows[i].port ||
        t.host_is_ip != rows[i].ip || !str_eq(buf_str(&t.request), buf_str(&request)))
      fail_msg("line %d: host %s, port %u, request %.*s", rows[i].line, t.host, t.port, STR_ARG(buf_str(&t.request)));
    assert_true(target_tls(&t) == (rows[i].kind != TARGET_GOPHER));
    buf_free(&request);
    target_free(&t);
  }
}

static void what_is_refused(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *url, *why;
  } rows[] = {
      {__LINE__, "", "gemini://"},
      {__LINE__, "localhost", "gemini://"},
      {__LINE__, "https://localhost/", "gemini://"},
      {__LINE__, "gemini:localhost", "host"},
      {__LINE__, "gemini:///x", "host"},
      {__LINE__, "gemini://u@h/", "user names"},
      {__LINE__, "gemini://h:0/", "port"},
      {__LINE__, "gemini://h:65536/", "port"},
      {__LINE__, "gemini://h:99999999999/", "port"},
      {__LINE__, "gemini://h:x/", "not a URL"},
      {__LINE__, "gemini://h/\r\nx", "not a URL"},
      {__LINE__, "gopher://h/0a%0D%0Ab", "line break"},
      {__LINE__, "gopher://h/0a%00b", "NUL"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct target t;
    struct buf why = BUF_INIT(1024);
    if (target_parse(str_from(rows[i].url), &t, &why) != ERR_SYNTAX)
      fail_msg("line %d: taken", rows[i].line);
    buf_put_c(&why, '\0');
    if (!strstr(why.p, rows[i].why))
      fail_msg("line %d: %s", rows[i].line, why.p);
    buf_free(&why);
    target_free(&t);
  }
}

/* G8, P1: 1024 bytes can be asked for, and one more can not. */
static void a_request_has_a_limit(void **state)
{
  (void)state;
  static const struct {
    const char *head;
    size_t not_sent;
  } rows[] = {{"gemini://h/", 0}, {"gopher://h/0", 12}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (size_t n = 1024; n <= 1025; n++) {
      struct target t;
      struct buf url = BUF_INIT(4096), why = BUF_INIT(1024);
      buf_printf(&url, "%s", rows[i].head);
      while (url.n < n + rows[i].not_sent)
        buf_put_c(&url, 'x');
      assert_int_equal(target_parse(buf_str(&url), &t, &why), n == 1024 ? 0 : ERR_SYNTAX);
      assert_int_equal(t.request.n, n + 2);
      target_free(&t);
      buf_free(&url);
      buf_free(&why);
    }
  struct target t;
  struct buf url = BUF_INIT(1 << 20), why = BUF_INIT(1024);
  buf_printf(&url, "gemini://h/");
  while (url.n < 500000)
    buf_put_str(&url, STR("\xC3\xA9"));
  assert_int_equal(target_parse(buf_str(&url), &t, &why), ERR_SYNTAX);
  target_free(&t);
  buf_free(&url);
  buf_free(&why);
}

static void addresses_of_a_literal(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *url;
    bool loopback;
  } rows[] = {
      {__LINE__, "gopher://127.0.0.1:7070/", true}, {__LINE__, "gopher://127.9.8.7/", true},
      {__LINE__, "gopher://128.0.0.1/", false},     {__LINE__, "gopher://0.0.0.0/", false},
      {__LINE__, "gopher://192.0.2.1/", false},     {__LINE__, "gopher://[::1]/", true},
      {__LINE__, "gopher://[::]/", false},          {__LINE__, "gopher://[::ffff:127.0.0.1]/", true},
      {__LINE__, "gopher://[2001:db8::1]/", false}, {__LINE__, "gopher://[::ffff:192.0.2.1]/", false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct target t;
    struct buf why = BUF_INIT(1024);
    assert_int_equal(target_parse(str_from(rows[i].url), &t, &why), 0);
    if (target_resolve(&t, &why) != 0 || t.n_addresses != 1 || !target_stranger(&t) != rows[i].loopback)
      fail_msg("line %d: %zu addresses; %.*s", rows[i].line, t.n_addresses, STR_ARG(buf_str(&why)));
    target_free(&t);
    buf_free(&why);
  }
}

/* One stranger among several is enough. */
static void every_address_is_looked_at(void **state)
{
  (void)state;
  struct target t = {.n_addresses = 2};
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, other = own;
  other.sin_addr.s_addr = htonl(0xC0000201);
  memcpy(&t.addresses[0], &own, sizeof own);
  memcpy(&t.addresses[1], &other, sizeof other);
  assert_ptr_equal(target_stranger(&t), &t.addresses[1]);
  t.n_addresses = 1;
  assert_null(target_stranger(&t));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_a_url_asks_for),        cmocka_unit_test(what_is_refused),
      cmocka_unit_test(a_request_has_a_limit),      cmocka_unit_test(addresses_of_a_literal),
      cmocka_unit_test(every_address_is_looked_at),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
