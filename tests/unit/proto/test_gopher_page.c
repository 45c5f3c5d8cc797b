/* The pages that the Gopher side makes: caps.txt (P17), URL: pages (P12), the answer to browsers (P5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/gopher_page.h"

static bool holds(const struct buf *b, const char *what)
{
  return b->n && memmem(b->p, b->n, what, strlen(what)) != NULL;
}

static void caps_name_what_clients_ask_for_P17(void **state)
{
  (void)state;
  static const char *const wanted[] = {
      "CAPS\r\n",
      "\r\nCapsVersion=1\r\n",
      "\r\nExpireCapsAfter=3600\r\n",
      "\r\nPathDelimeter=/\r\n",
      "\r\nPathIdentity=.\r\n",
      "\r\nPathParent=..\r\n",
      "\r\nPathParentDouble=FALSE\r\n",
      "\r\nPathKeepPreDelimeter=FALSE\r\n",
      "\r\nServerSoftware=nuncio\r\n",
      "\r\nServerSoftwareVersion=",
      "\r\nServerDefaultEncoding=utf-8\r\n",
  };
  struct proto_context context = {.port = 7070, .gopher_port = 70, .gophers = true};
  struct buf out = BUF_INIT(4096);
  gopher_page_caps(&out, &context);
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
    if (!holds(&out, wanted[i]))
      fail_msg("%s is missing", wanted[i]);
  assert_true(str_starts(buf_str(&out), STR("CAPS\r\n")));
  assert_true(holds(&out, "\r\nServerTLSPort=70\r\n")); /* as readers see it */

  buf_clear(&out);
  context.gophers = false;
  gopher_page_caps(&out, &context);
  assert_false(holds(&out, "TLS"));
  buf_free(&out);
}

static void pages_lead_only_where_it_is_safe_P12(void **state)
{
  (void)state;
  static const struct {
    int line;
    struct str url;
    bool allowed;
  } table[] = {
      {__LINE__, STR_INIT("https://example.org/"), true},
      {__LINE__, STR_INIT("mailto:me@example.org"), true},
      {__LINE__, STR_INIT("gemini://example.org/"), true},
      {__LINE__, STR_INIT("javascript:alert(1)"), false},
      {__LINE__, STR_INIT("JavaScript:alert(1)"), false},
      {__LINE__, STR_INIT("data:text/html,x"), false},
      {__LINE__, STR_INIT("vbscript:x"), false},
      {__LINE__, STR_INIT("file:///etc/passwd"), false},
      {__LINE__, STR_INIT(" javascript:alert(1)"), false},
      {__LINE__, STR_INIT("java\x01script:alert(1)"), false},
      {__LINE__, STR_INIT("https://example.org/\x01"), false},
      {__LINE__, STR_INIT("https://example.org/\0"), false},
      {__LINE__, STR_INIT("//example.org/"), false},
      {__LINE__, STR_INIT("example"), false},
      {__LINE__, STR_INIT(""), false},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (gopher_page_url_allowed(table[i].url) != table[i].allowed)
      fail_msg("line %d", table[i].line);
}

static void urls_are_escaped_in_their_page_P12(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *url, *shown;
  } table[] = {
      {__LINE__, "https://example.org/?a=b&c=d", "https://example.org/?a=b&amp;c=d"},
      {__LINE__, "https://example.org/\"><script>x</script>", "https://example.org/%22%3E%3Cscript%3Ex%3C/script%3E"},
      {__LINE__, "https://a\"><script>/", "https://a&quot;&gt;&lt;script&gt;/"},
      {__LINE__, "https://example.org/it's", "https://example.org/it&#39;s"},
      {__LINE__, "https://example.org/\xC3\xA9\xFF", "https://example.org/%C3%A9%FF"},
      {__LINE__, "https://\xFF/", "https://\xEF\xBF\xBD/"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf page = BUF_INIT(4096), link = BUF_INIT(512), refresh = BUF_INIT(512);
    buf_printf(&link, "<a href=\"%s\">%s</a>%c", table[i].shown, table[i].shown, 0);
    buf_printf(&refresh, "http-equiv=\"refresh\" content=\"3;url=%s\">%c", table[i].shown, 0);
    gopher_page_url(&page, str_from(table[i].url));
    if (!holds(&page, link.p) || !holds(&page, refresh.p) || holds(&page, "<script"))
      fail_msg("line %d: %.*s", table[i].line, STR_ARG(buf_str(&page)));
    buf_free(&page);
    buf_free(&link);
    buf_free(&refresh);
  }
}

/* ---- HTTP ---- */

static char type_of(void *context, struct str path)
{
  (void)context;
  path = str_head(path, str_find(path, '?'));
  return str_ends(path, STR(".txt")) ? '0' : menu_type_by_name(path);
}

/* Gives what a browser gets that sends `line` to a server at example.org. */
static void http(const char *line, const struct proto_context *context, struct str host, struct buf *out)
{
  struct gopher_http request;
  struct proto_request r;
  proto_request_init(&r);
  proto_request_reset(&r, context);
  r.place.host = host;
  r.place.port = context->gopher_port;
  r.place.type_of = type_of;
  assert_true(gopher_parse_http(str_from(line), &request));
  gopher_page_http(out, &request, &r);
  assert_int_equal(buf_error(out), 0);
  proto_request_free(&r);
}

static void browsers_are_told_both_addresses_P5(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *request, *gemini, *gopher;
  } table[] = {
      {__LINE__, "GET / HTTP/1.1", "\"gemini://example.org/\"", "\"gopher://example.org/\""},
      {__LINE__, "GET /a/b.txt HTTP/1.0", "\"gemini://example.org/a/b.txt\"", "\"gopher://example.org/0/a/b.txt\""},
      {__LINE__, "GET /a/b HTTP/1.0", "\"gemini://example.org/a/b\"", "\"gopher://example.org/1/a/b\""},
      {__LINE__, "GET http://www.example.org:8080/a?b HTTP/1.1", "\"gemini://example.org/a?b\"",
       "\"gopher://example.org/1/a?b\""},
      {__LINE__, "GET http://www.example.org HTTP/1.1", "\"gemini://example.org/\"", "\"gopher://example.org/\""},
      {__LINE__, "GET /a%20b?c%20d HTTP/1.1", "\"gemini://example.org/a%20b?c%20d\"",
       "\"gopher://example.org/1/a%20b?c%20d\""},
      {__LINE__, "GET /\"><script>?\"<script> HTTP/1.1", "\"gemini://example.org/%22%3E%3Cscript%3E?%22%3Cscript%3E\"",
       "\"gopher://example.org/1/%22%3E%3Cscript%3E?%22%3Cscript%3E\""},
      {__LINE__, "GET //evil.example/x HTTP/1.1", "\"gemini://example.org/evil.example/x\"",
       "\"gopher://example.org/1/evil.example/x\""},
      {__LINE__, "GET /../x HTTP/1.1", "\"gemini://example.org/\"", "\"gopher://example.org/\""},
      {__LINE__, "GET * HTTP/1.1", "\"gemini://example.org/\"", "\"gopher://example.org/\""},
      {__LINE__, "GET javascript:alert(1) HTTP/1.1", "\"gemini://example.org/\"", "\"gopher://example.org/\""},
  };
  struct proto_context context = {.gemini_port = 1965, .gopher_port = 70};
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf out = BUF_INIT(16 * 1024);
    http(table[i].request, &context, STR("example.org"), &out);
    if (!holds(&out, table[i].gemini) || !holds(&out, table[i].gopher) || holds(&out, "<script"))
      fail_msg("line %d: %.*s", table[i].line, STR_ARG(buf_str(&out)));
    buf_free(&out);
  }
}

static void addresses_have_their_port_and_brackets_P5(void **state)
{
  (void)state;
  struct proto_context context = {.gemini_port = 11965, .gopher_port = 7070};
  struct buf out = BUF_INIT(16 * 1024);
  http("GET / HTTP/1.1", &context, STR("2001:db8::1"), &out);
  assert_true(holds(&out, "\"gemini://[2001:db8::1]:11965/\""));
  assert_true(holds(&out, "\"gopher://[2001:db8::1]:7070/\""));

  buf_clear(&out);
  context.gemini_port = 0; /* not offered */
  http("GET / HTTP/1.1", &context, STR("localhost"), &out);
  assert_false(holds(&out, "gemini://"));
  buf_free(&out);
}

static void the_form_of_the_http_answer_P5(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *request, *start;
    bool has_body;
  } table[] = {
      {__LINE__, "GET / HTTP/1.1", "HTTP/1.0 200 OK\r\n", true},
      {__LINE__, "POST / HTTP/1.1", "HTTP/1.0 501 Not Implemented\r\n", true},
      {__LINE__, "HEAD / HTTP/1.1", "HTTP/1.0 200 OK\r\n", false},
      {__LINE__, "GET /", "<!DOCTYPE html>", true},
  };
  struct proto_context context = {.gemini_port = 1965, .gopher_port = 70};
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf out = BUF_INIT(16 * 1024);
    http(table[i].request, &context, STR("example.org"), &out);
    buf_put_c(&out, '\0');
    const char *end = strstr(out.p, "\r\n\r\n"), *length = strstr(out.p, "\r\nContent-Length: ");
    const char *body = end ? end + 4 : out.p;
    if (!str_starts(buf_str(&out), str_from(table[i].start)) || (strlen(body) > 0) != table[i].has_body)
      fail_msg("line %d: %s", table[i].line, out.p);
    if (end && table[i].has_body)
      assert_int_equal(strtoul(length + 18, NULL, 10), strlen(body));
    buf_free(&out);
  }
}

static void short_memory_is_said(void **state)
{
  (void)state;
  struct buf out = BUF_INIT(64);
  gopher_page_url(&out, STR("https://example.org/"));
  assert_true(buf_error(&out) < 0);
  buf_free(&out);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(caps_name_what_clients_ask_for_P17),
      cmocka_unit_test(pages_lead_only_where_it_is_safe_P12),
      cmocka_unit_test(urls_are_escaped_in_their_page_P12),
      cmocka_unit_test(browsers_are_told_both_addresses_P5),
      cmocka_unit_test(addresses_have_their_port_and_brackets_P5),
      cmocka_unit_test(the_form_of_the_http_answer_P5),
      cmocka_unit_test(short_memory_is_said),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
