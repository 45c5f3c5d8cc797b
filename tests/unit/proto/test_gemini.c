/* Gemini: request lines in, refusals and headers out (G7 to G16, G25). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "proto/proto.h"
#include "sites.h"

/* The default one is example.org, the other one other.example. */
enum { FIRST, SECOND, N_SITES };
static const char *const names[N_SITES][3] = {{"example.org", "www.example.org", "xn--mnchen-3ya.example"},
                                              {"other.example"}};
static struct site *sites[N_SITES];

/* A listener on 1965 that readers see at 11965, beside another one on 1966. */
static const unsigned served_ports[] = {1965, 1966};
static const struct proto_context outside = {.sites = sites,
                                             .n_sites = N_SITES,
                                             .local_host = STR_INIT("192.0.2.1"),
                                             .port = 1965,
                                             .gemini_port = 11965,
                                             .gopher_port = 70,
                                             .gemini_ports = served_ports,
                                             .n_gemini_ports = 2};

static struct str request_of(char *out, size_t size, const char *uri)
{
  size_t n = strlen(uri);
  assert_true(n + 2 <= size);
  memcpy(out, uri, n);
  memcpy(out + n, "\r\n", 2);
  return str_make(out, n + 2);
}

/* ---- what is served ---- */

static void requests_become_paths_and_queries_G11_G13_G14(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *uri, *path, *query; /* query NULL: none */
  } table[] = {
      {__LINE__, "gemini://example.org", "/", NULL}, /* G11 */
      {__LINE__, "gemini://example.org/", "/", NULL},
      {__LINE__, "gemini://example.org?q", "/", "q"},
      {__LINE__, "gemini://example.org/?", "/", ""},
      {__LINE__, "gemini://example.org/a/b.gmi", "/a/b.gmi", NULL},
      {__LINE__, "gemini://example.org/a/", "/a/", NULL},
      {__LINE__, "gemini://example.org//a///b", "/a/b", NULL},
      {__LINE__, "gemini://example.org/a/./b/../c", "/a/c", NULL},
      {__LINE__, "gemini://example.org/a/%2e%2E/c", "/c", NULL},
      {__LINE__, "gemini://example.org/%41%2541", "/A%41", NULL}, /* decoded once */
      {__LINE__, "gemini://example.org/a%3Fb%23c", "/a?b#c", NULL},
      {__LINE__, "gemini://example.org/a%5Cb", "/a\\b", NULL},
      {__LINE__, "gemini://example.org/a+b?c+d%20e", "/a+b", "c+d%20e"}, /* G14: not form-encoded */
      {__LINE__, "gemini://example.org/?a?b/../c", "/", "a?b/../c"},
      {__LINE__, "GEMINI://EXAMPLE.ORG/Case", "/Case", NULL},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    char bytes[128];
    struct proto_request r;
    proto_request_init(&r);
    enum parsed parsed = proto_gemini.parse(request_of(bytes, sizeof bytes, table[i].uri), &outside, &r);
    const struct target *t = &r.request.target[0];
    if (parsed != PARSED_REQUEST || r.site != sites[FIRST] || r.request.targets != 1 ||
        r.request.representation != REPR_GEMTEXT || !str_eq(t->path, str_from(table[i].path)) ||
        t->has_query != (table[i].query != NULL) || !str_eq(t->query, str_from(table[i].query)))
      fail_msg("line %d: %s gave %d, path '%.*s', query '%.*s', meta '%.*s'", table[i].line, table[i].uri, (int)parsed,
               STR_ARG(t->path), STR_ARG(t->query), STR_ARG(buf_str(&r.answer.meta)));
    proto_request_free(&r);
  }
}

static void what_clients_send_unencoded_is_tolerated_G10(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *uri, *path, *query;
  } table[] = {
      {__LINE__, "gemini://example.org/\xC3\xA9t\xC3\xA9?\xE5\x90\x8D", "/\xC3\xA9t\xC3\xA9", "%E5%90%8D"},
      {__LINE__, "gemini://example.org/a b[1]{2}|3^4\"5<6>7`8?a b[1]", "/a b[1]{2}|3^4\"5<6>7`8", "a%20b%5B1%5D"},
      {__LINE__, "gemini://example.org/a%5Cb%25?%25%5c", "/a\\b%", "%25%5c"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    char bytes[128];
    struct proto_request r;
    proto_request_init(&r);
    enum parsed parsed = proto_gemini.parse(request_of(bytes, sizeof bytes, table[i].uri), &outside, &r);
    const struct target *t = &r.request.target[0];
    if (parsed != PARSED_REQUEST || !str_eq(t->path, str_from(table[i].path)) ||
        !str_eq(t->query, str_from(table[i].query)))
      fail_msg("line %d: %s gave %d, path '%.*s', query '%.*s'", table[i].line, table[i].uri, (int)parsed,
               STR_ARG(t->path), STR_ARG(t->query));
    proto_request_free(&r);
  }
}

/* ---- what is refused ---- */

/* The request is bytes of any kind; the reason must hold `says`. */
struct refusal {
  int line;
  struct str bytes;
  enum status status;
  const char *says;
};

static void check_refusals(const struct refusal *table, size_t n, const struct proto_context *context)
{
  for (size_t i = 0; i < n; i++) {
    struct proto_request r;
    char meta[META_MAX + 1];
    proto_request_init(&r);
    enum parsed parsed = proto_gemini.parse(table[i].bytes, context, &r);
    struct str said = buf_str(&r.answer.meta);
    memcpy(meta, said.n ? said.p : "", said.n);
    meta[said.n] = '\0';
    if (parsed != PARSED_ANSWER || r.answer.status != table[i].status || !strstr(meta, table[i].says))
      fail_msg("line %d: gave %d, %d '%s'", table[i].line, (int)parsed, (int)r.answer.status, meta);
    proto_request_free(&r);
  }
}

#define ROW(bytes, status, says)                                                                                       \
  {                                                                                                                    \
    __LINE__, STR_INIT(bytes "\r\n"), status, says                                                                     \
  }

static void malformed_requests_are_told_what_is_wrong_G9(void **state)
{
  (void)state;
  static const struct refusal table[] = {
      ROW("", STATUS_BAD_REQUEST, "empty"),
      ROW("/index.gmi", STATUS_BAD_REQUEST, "relative"),
      ROW("example.org/", STATUS_BAD_REQUEST, "relative"),
      ROW("?q", STATUS_BAD_REQUEST, "relative"),
      ROW("//example.org/", STATUS_BAD_REQUEST, "no scheme"),
      ROW("1gemini://example.org/", STATUS_BAD_REQUEST, "no scheme"),
      ROW("gemini:", STATUS_BAD_REQUEST, "no host"),
      ROW("gemini:/a", STATUS_BAD_REQUEST, "no host"),
      ROW("gemini://", STATUS_BAD_REQUEST, "no host"),
      ROW("gemini:///a", STATUS_BAD_REQUEST, "no host"),
      ROW("gemini://:1965/", STATUS_BAD_REQUEST, "no host"),
      ROW("gemini://example.org:port/", STATUS_BAD_REQUEST, "malformed"),
      ROW("gemini://[::1/", STATUS_BAD_REQUEST, "malformed"),
      ROW("gemini://exa mple.org/", STATUS_BAD_REQUEST, "malformed"),
      ROW("gemini://me@example.org/", STATUS_BAD_REQUEST, "user information"),
      ROW("gemini://@example.org/", STATUS_BAD_REQUEST, "user information"),
      ROW("gemini://me:pw@example.org/", STATUS_BAD_REQUEST, "user information"),
      ROW("gemini://example.org/#top", STATUS_BAD_REQUEST, "fragment"),
      ROW("gemini://example.org/#", STATUS_BAD_REQUEST, "fragment"),
      ROW("gemini://example.org/a\0b", STATUS_BAD_REQUEST, "NUL"),
      ROW("gemini://example.org/a\tb", STATUS_BAD_REQUEST, "control"),
      ROW("gemini://example.org/a\nb", STATUS_BAD_REQUEST, "control"),
      ROW("gemini://example.org/a\rb", STATUS_BAD_REQUEST, "control"),
      ROW("gemini://example.org/a\r", STATUS_BAD_REQUEST, "control"),
      ROW("gemini://example.org/a\x7F", STATUS_BAD_REQUEST, "control"),
      ROW("gemini://example.org/\xFF", STATUS_BAD_REQUEST, "UTF-8"),
      ROW("gemini://example.org/\xC3", STATUS_BAD_REQUEST, "UTF-8"),
      ROW("\xEF\xBB\xBFgemini://example.org/", STATUS_BAD_REQUEST, "byte order mark"),
      ROW("gemini://m\xC3\xBCnchen.example/", STATUS_BAD_REQUEST, "xn--"),
      ROW("gemini://m%C3%BCnchen.example/", STATUS_BAD_REQUEST, "xn--"),
      ROW("GET / HTTP/1.1", STATUS_BAD_REQUEST, "relative"),
      ROW("gemini://example.org/%zz", STATUS_BAD_REQUEST, "percent sign"),
      ROW("gemini://example.org/100%", STATUS_BAD_REQUEST, "percent sign"),
      ROW("gemini://example.org/a%4", STATUS_BAD_REQUEST, "percent sign"),
      ROW("gemini://example.org/%%41", STATUS_BAD_REQUEST, "percent sign"),
      ROW("gemini://example.org/%4\xC3\xA9", STATUS_BAD_REQUEST, "percent sign"),
      ROW("gemini://example.org/a?50%", STATUS_BAD_REQUEST, "percent sign"),
      ROW("gemini://example.org/a?b%g0", STATUS_BAD_REQUEST, "percent sign"),
      ROW("gemini://exa%mple.org/", STATUS_BAD_REQUEST, "percent sign"),
      ROW("gemini://example.org/a\\b", STATUS_BAD_REQUEST, "backslash"),
      ROW("gemini://example.org/?a\\b", STATUS_BAD_REQUEST, "backslash"),
      ROW("gemini:\\\\example.org\\", STATUS_BAD_REQUEST, "backslash"),
  };
  check_refusals(table, sizeof table / sizeof *table, &outside);
}

static void paths_that_climb_or_hold_what_no_name_can_G13(void **state)
{
  (void)state;
  static const struct refusal table[] = {
      ROW("gemini://example.org/..", STATUS_BAD_REQUEST, "climbs"),
      ROW("gemini://example.org/../etc/passwd", STATUS_BAD_REQUEST, "climbs"),
      ROW("gemini://example.org/a/../../b", STATUS_BAD_REQUEST, "climbs"),
      ROW("gemini://example.org/%2e%2e/b", STATUS_BAD_REQUEST, "climbs"),
      ROW("gemini://example.org/a//../..", STATUS_BAD_REQUEST, "climbs"),
      ROW("gemini://example.org/a%00b", STATUS_BAD_REQUEST, "NUL"),
      ROW("gemini://example.org/a%2Fb", STATUS_NOT_FOUND, "slash"),
      ROW("gemini://example.org/..%2F..%2Fetc", STATUS_NOT_FOUND, "slash"),
  };
  check_refusals(table, sizeof table / sizeof *table, &outside);
}

static void what_is_not_ours_is_refused_with_a_reason_G12_G25(void **state)
{
  (void)state;
  static const struct refusal table[] = {
      ROW("http://example.org/", STATUS_PROXY_REFUSED, "http"),
      ROW("https://example.org/", STATUS_PROXY_REFUSED, "https"),
      ROW("gopher://example.org/", STATUS_PROXY_REFUSED, "gopher"),
      ROW("mailto:me@example.org", STATUS_PROXY_REFUSED, "mailto"),
      ROW("titan://example.org/a;size=3\r\nabc", STATUS_PROXY_REFUSED, "titan"), /* G25 */
      ROW("gemini://nobody.example/", STATUS_PROXY_REFUSED, "nobody.example"),
      ROW("gemini://nobody.example/", STATUS_PROXY_REFUSED, "example.org, www.example.org"),
      ROW("gemini://nobody.example/", STATUS_PROXY_REFUSED, "other.example"),
      ROW("gemini://sub.example.org/", STATUS_PROXY_REFUSED, "sub.example.org"),
      ROW("gemini://example.org../", STATUS_PROXY_REFUSED, "example.org.."),
      ROW("gemini://localhost/", STATUS_PROXY_REFUSED, "localhost"), /* not from loopback */
      ROW("gemini://example.org:70/", STATUS_PROXY_REFUSED, "Port 70"),
      ROW("gemini://example.org:70/", STATUS_PROXY_REFUSED, "11965"),
      ROW("gemini://example.org:1967/", STATUS_PROXY_REFUSED, "Port 1967"),
      ROW("gemini://example.org:0/", STATUS_PROXY_REFUSED, "Port 0"),
      ROW("gemini://example.org:99999999999999999999/", STATUS_PROXY_REFUSED, "not served"),
      ROW("gemini://192.0.2.7:1/", STATUS_PROXY_REFUSED, "Port 1"),
  };
  check_refusals(table, sizeof table / sizeof *table, &outside);
}

static void hosts_and_ports_that_are_ours_G12(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *uri;
    bool from_loopback;
    int site;
  } table[] = {
      {__LINE__, "gemini://example.org/", false, FIRST},
      {__LINE__, "gemini://EXAMPLE.org/", false, FIRST},
      {__LINE__, "gemini://example.org./", false, FIRST},
      {__LINE__, "gemini://www.example.org/", false, FIRST},
      {__LINE__, "gemini://%65xample.org/", false, FIRST},
      {__LINE__, "gemini://xn--mnchen-3ya.example/", false, FIRST},
      {__LINE__, "gemini://other.example/", false, SECOND},
      {__LINE__, "gemini://example.org:1965/", false, FIRST},
      {__LINE__, "gemini://example.org:11965/", false, FIRST}, /* the public port */
      {__LINE__, "gemini://example.org:1966/", false, FIRST},  /* another listener's */
      {__LINE__, "gemini://example.org:001965/", false, FIRST},
      {__LINE__, "gemini://example.org:/", false, FIRST},
      {__LINE__, "gemini://192.0.2.7/", false, FIRST}, /* any address is the default site */
      {__LINE__, "gemini://[::1]:1965/", false, FIRST},
      {__LINE__, "gemini://[2001:db8::7]/", false, FIRST},
      {__LINE__, "gemini://localhost/", true, FIRST},
      {__LINE__, "gemini://LOCALHOST.:11965/", true, FIRST},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    char bytes[128];
    struct proto_request r;
    struct proto_context context = outside;
    context.from_loopback = table[i].from_loopback;
    proto_request_init(&r);
    enum parsed parsed = proto_gemini.parse(request_of(bytes, sizeof bytes, table[i].uri), &context, &r);
    if (parsed != PARSED_REQUEST || r.site != sites[table[i].site])
      fail_msg("line %d: %s gave %d, '%.*s'", table[i].line, table[i].uri, (int)parsed,
               STR_ARG(buf_str(&r.answer.meta)));
    proto_request_free(&r);
  }
}

static void sni_and_url_may_differ_but_not_between_two_sites_G12(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *uri;
    int sni; /* -1: none, or one that nobody knows */
    enum parsed parsed;
  } table[] = {
      {__LINE__, "gemini://example.org/", -1, PARSED_REQUEST},
      {__LINE__, "gemini://example.org/", FIRST, PARSED_REQUEST},
      {__LINE__, "gemini://www.example.org/", FIRST, PARSED_REQUEST},
      {__LINE__, "gemini://192.0.2.1/", SECOND, PARSED_REQUEST},
      {__LINE__, "gemini://localhost/", SECOND, PARSED_REQUEST},
      {__LINE__, "gemini://example.org/", SECOND, PARSED_ANSWER},
      {__LINE__, "gemini://other.example/", FIRST, PARSED_ANSWER},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    char bytes[128];
    struct proto_request r;
    struct proto_context context = outside;
    context.sni_site = table[i].sni < 0 ? NULL : sites[table[i].sni];
    context.from_loopback = true;
    proto_request_init(&r);
    enum parsed parsed = proto_gemini.parse(request_of(bytes, sizeof bytes, table[i].uri), &context, &r);
    if (parsed != table[i].parsed || (parsed == PARSED_ANSWER && r.answer.status != STATUS_PROXY_REFUSED))
      fail_msg("line %d: %s gave %d", table[i].line, table[i].uri, (int)parsed);
    proto_request_free(&r);
  }
}

static void a_refusal_names_as_many_hosts_as_fit_G12(void **state)
{
  (void)state;
  static char long_name[200];
  memset(long_name, 'n', sizeof long_name - 1);
  const char *const long_names[] = {long_name, long_name, long_name};
  struct mime *mime = mime_load_from(NULL, NULL);
  struct site *const list[] = {site_without_files(mime, long_names, 3, true)};
  struct proto_context context = outside;
  context.sites = list;
  context.n_sites = 1;

  char bytes[1100];
  struct proto_request r;
  proto_request_init(&r);
  size_t n = 9;
  memcpy(bytes, "gemini://", n);
  memset(bytes + n, 'h', 1000);
  n += 1000;
  memcpy(bytes + n, "/\r\n", 3);
  assert_int_equal(proto_gemini.parse(str_make(bytes, n + 3), &context, &r), PARSED_ANSWER);
  assert_int_equal(r.answer.status, STATUS_PROXY_REFUSED);
  assert_true(str_ends(buf_str(&r.answer.meta), STR(" and others.")));
  proto_request_free(&r);
  site_close(list[0]);
  mime_free(mime);
}

/* ---- where the request ends ---- */

/* A request whose URI has n bytes, without its end. */
static void long_uri(char *out, size_t n)
{
  static const char start[] = "gemini://example.org/";
  memset(out, 'a', n);
  memcpy(out, start, sizeof start - 1);
}

static void a_uri_of_1024_bytes_is_served_and_of_1025_refused_G8(void **state)
{
  (void)state;
  char bytes[1030];
  struct proto_request r;
  proto_request_init(&r);
  long_uri(bytes, 1026);
  memcpy(bytes + 1024, "\r\n", 2);
  assert_int_equal(proto_gemini.parse(str_make(bytes, 1024), &outside, &r), PARSED_MORE);
  assert_int_equal(proto_gemini.parse(str_make(bytes, 1025), &outside, &r), PARSED_MORE);
  assert_int_equal(proto_gemini.parse(str_make(bytes, 1026), &outside, &r), PARSED_REQUEST);
  assert_int_equal(r.request.target[0].path.n, 1024 - 20);
  assert_int_equal(proto_gemini.input_max, 1026);

  long_uri(bytes, 1026);
  memcpy(bytes + 1025, "\r", 1);
  assert_int_equal(proto_gemini.parse(str_make(bytes, 1024), &outside, &r), PARSED_MORE);
  assert_int_equal(proto_gemini.parse(str_make(bytes, 1025), &outside, &r), PARSED_ANSWER); /* without waiting */
  assert_int_equal(r.answer.status, STATUS_BAD_REQUEST);
  assert_int_equal(proto_gemini.parse(str_make(bytes, 1026), &outside, &r), PARSED_ANSWER);

  /* A CR at the very end that no LF follows: with a full buffer there is always an answer. */
  long_uri(bytes, 1026);
  memcpy(bytes + 1024, "\rx", 2);
  assert_int_equal(proto_gemini.parse(str_make(bytes, 1025), &outside, &r), PARSED_MORE);
  assert_int_equal(proto_gemini.parse(str_make(bytes, 1026), &outside, &r), PARSED_ANSWER);
  assert_int_equal(r.answer.status, STATUS_BAD_REQUEST);
  proto_request_free(&r);
}

/* An owner may allow less than the specification does. */
static void a_smaller_limit_on_the_request(void **state)
{
  (void)state;
  char bytes[1030];
  struct proto_request r;
  struct proto_context small = outside;
  small.request_max = 100;
  proto_request_init(&r);
  long_uri(bytes, 1026);
  memcpy(bytes + 100, "\r\n", 2);
  assert_int_equal(proto_gemini.parse(str_make(bytes, 101), &small, &r), PARSED_MORE);
  assert_int_equal(proto_gemini.parse(str_make(bytes, 102), &small, &r), PARSED_REQUEST);
  memcpy(bytes + 100, "a\r\n", 3);
  for (size_t n = 101; n <= 103; n++) {
    assert_int_equal(proto_gemini.parse(str_make(bytes, n), &small, &r), PARSED_ANSWER);
    assert_int_equal(r.answer.status, STATUS_BAD_REQUEST);
    assert_true(str_eq(buf_str(&r.answer.meta), STR("The URL is longer than 100 bytes.")));
  }
  proto_request_free(&r);
}

static void only_crlf_ends_a_request_G7(void **state)
{
  (void)state;
  static const struct str waiting[] = {
      STR_INIT(""),
      STR_INIT("gemini://example.org/"),
      STR_INIT("gemini://example.org/\n"),
      STR_INIT("gemini://example.org/\r"),
      STR_INIT("gemini://example.org/\n\r"),
      STR_INIT("gemini://example.org/\rx\nGET\n\n"),
  };
  for (size_t i = 0; i < sizeof waiting / sizeof *waiting; i++) {
    struct proto_request r;
    proto_request_init(&r);
    if (proto_gemini.parse(waiting[i], &outside, &r) != PARSED_MORE)
      fail_msg("row %zu ended", i);
    proto_request_free(&r);
  }
}

static void bytes_after_the_request_are_ignored_G10(void **state)
{
  (void)state;
  struct proto_request r;
  proto_request_init(&r);
  assert_int_equal(proto_gemini.parse(STR("gemini://example.org/a\r\nmore\0\xFF\r\n"), &outside, &r), PARSED_REQUEST);
  assert_true(str_eq(r.request.target[0].path, STR("/a")));
  assert_true(str_eq(buf_str(&r.log_target), STR("gemini://example.org/a")));
  proto_request_free(&r);
}

/* Whatever a connection was fed before, the last parse is as if it were the first. */
static void a_parse_starts_from_nothing(void **state)
{
  (void)state;
  struct proto_request r;
  proto_request_init(&r);
  assert_int_equal(proto_gemini.parse(STR("gemini://nobody.example/\r\n"), &outside, &r), PARSED_ANSWER);
  assert_int_equal(proto_gemini.parse(STR("gemini://example.org/b?c\r\n"), &outside, &r), PARSED_REQUEST);
  assert_true(str_eq(r.request.target[0].path, STR("/b")));
  assert_true(str_eq(buf_str(&r.log_target), STR("gemini://example.org/b?c")));
  assert_int_equal(proto_gemini.parse(STR("gemini:"), &outside, &r), PARSED_MORE);
  assert_null(r.site);
  assert_int_equal(r.log_target.n, 0);
  proto_request_free(&r);
}

/* ---- the header ---- */

static struct str encode(enum status status, struct str meta, struct str content, struct buf *head, struct body **body)
{
  struct proto_request r;
  struct response response;
  proto_request_init(&r);
  response_init(&response);
  response.status = status;
  response.meta.max = 8 * META_MAX; /* what no site would say, but the header must stand it */
  buf_put_str(&response.meta, meta);
  if (content.p)
    response.body = body_copy(content);
  assert_int_equal(proto_gemini.encode(&r, &outside, &response, head, body), 0);
  assert_null(response.body);
  proto_request_free(&r);
  return buf_str(head);
}

static void headers_are_legal_whatever_the_site_says_G15(void **state)
{
  (void)state;
  static const struct {
    int line;
    int status;
    struct str meta;
    const char *head;
  } table[] = {
      {__LINE__, 20, STR_INIT("text/gemini; lang=en"), "20 text/gemini; lang=en\r\n"},
      {__LINE__, 20, STR_INIT(""), "20 application/octet-stream\r\n"},
      {__LINE__, 10, STR_INIT("Your name?"), "10 Your name?\r\n"},
      {__LINE__, 11, STR_INIT(" \t"), "11 No reason was given.\r\n"},
      {__LINE__, 44, STR_INIT("Wait for 3 seconds."), "44 Wait for 3 seconds.\r\n"},
      {__LINE__, 51, STR_INIT(""), "51 No reason was given.\r\n"},
      {__LINE__, 51, STR_INIT("a\r\n20 text/gemini\r\nb"), "51 a  20 text/gemini  b\r\n"},
      {__LINE__, 51, STR_INIT("\0\x01\x7F"), "51 No reason was given.\r\n"},
      {__LINE__, 51, STR_INIT("\xEF\xBB\xBF\xC2\x85x\xFFy"), "51 x\xEF\xBF\xBDy\r\n"},
      {__LINE__, 62, STR_INIT("\xE5\x90\x8D"), "62 \xE5\x90\x8D\r\n"},
      {__LINE__, 99, STR_INIT("what"), "40 The server made a mistake.\r\n"},
      {__LINE__, 21, STR_INIT("text/plain"), "40 The server made a mistake.\r\n"},
      {__LINE__, 0, STR_INIT("what"), "40 The server made a mistake.\r\n"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf head = BUF_INIT(2048);
    struct body *body = NULL;
    struct str got = encode((enum status)table[i].status, table[i].meta, STR("content"), &head, &body);
    if (!str_eq(got, str_from(table[i].head)) || (body != NULL) != (table[i].status == 20))
      fail_msg("line %d: '%.*s'", table[i].line, STR_ARG(got));
    body_free(body);
    buf_free(&head);
  }
}

static void redirects_stay_on_this_host_G16(void **state)
{
  (void)state;
  static const struct {
    int line;
    int status;
    const char *meta, *head;
  } table[] = {
      {__LINE__, 31, "/docs/?a=b", "31 /docs/?a=b\r\n"},
      {__LINE__, 30, "//evil.example/", "30 /evil.example/\r\n"},
      {__LINE__, 31, " ////evil", "31 /evil\r\n"},
      {__LINE__, 31, "\x1F//evil", "31 /evil\r\n"},
      {__LINE__, 31, "\xEF\xBB\xBF//evil", "31 /evil\r\n"},
      {__LINE__, 31, "/", "31 /\r\n"},
      {__LINE__, 30, "gemini://elsewhere.example//", "30 gemini://elsewhere.example//\r\n"},
      {__LINE__, 31, "", "40 The server made a mistake.\r\n"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf head = BUF_INIT(2048);
    struct body *body = NULL;
    struct str got = encode((enum status)table[i].status, str_from(table[i].meta), STR(""), &head, &body);
    if (!str_eq(got, str_from(table[i].head)) || body)
      fail_msg("line %d: '%.*s'", table[i].line, STR_ARG(got));
    buf_free(&head);
  }
}

static void meta_is_cut_between_characters_G15(void **state)
{
  (void)state;
  for (size_t before = 0; before < 4; before++) {
    struct buf head = BUF_INIT(2048), meta = BUF_INIT(8000);
    struct body *body = NULL;
    for (size_t i = 0; i < before; i++)
      buf_put_c(&meta, 'x');
    while (meta.n < 3000)
      buf_put_str(&meta, STR("\xE5\x90\x8D"));
    struct str got = encode(STATUS_NOT_FOUND, buf_str(&meta), STR(""), &head, &body);
    struct str sent = str_skip(str_head(got, got.n - 2), 3);
    assert_true(str_ends(got, STR("\r\n")));
    assert_true(sent.n <= META_MAX && sent.n > META_MAX - 3);
    assert_true(utf8_valid(sent));
    buf_free(&meta);
    buf_free(&head);
  }
}

static void a_body_goes_out_as_it_is(void **state)
{
  (void)state;
  struct buf head = BUF_INIT(2048), content = BUF_INIT(100);
  struct body *body = NULL;
  (void)encode(STATUS_SUCCESS, STR("text/plain"), STR("one\ntwo\r\n\0three"), &head, &body);
  assert_int_equal(body_pull(body, &content, 100), PULL_BYTES);
  assert_int_equal(body_pull(body, &content, 100), PULL_END);
  assert_true(str_eq(buf_str(&content), STR("one\ntwo\r\n\0three")));
  body_free(body);
  buf_free(&content);
  buf_free(&head);
}

static void a_full_head_is_an_error_and_loses_nothing(void **state)
{
  (void)state;
  struct proto_request r;
  struct response response;
  struct buf head = BUF_INIT(4);
  struct body *body = NULL;
  proto_request_init(&r);
  response_init(&response);
  response_set(&response, STATUS_SUCCESS, "text/plain");
  response.body = body_copy(STR("content"));
  assert_true(proto_gemini.encode(&r, &outside, &response, &head, &body) < 0);
  assert_null(body);
  buf_free(&head);
  proto_request_free(&r);
}

/* ---- properties ---- */

static uint32_t seed = 1;

static uint32_t next(uint32_t below)
{
  seed = seed * 1664525u + 1013904223u;
  return (seed >> 8) % below;
}

/* Any input, fed a little at a time, ends as it does at once, and the paths that come out are safe. */
static void feeding_in_pieces_changes_nothing(void **state)
{
  (void)state;
  static const char *const atoms[] = {"gemini", "://", "example.org", "/",    "..", "%2e", "%2F", "%00", "?",
                                      "#",      "@",   ":",           "1965", "a",  "//",  ".",   "\r",  "\n",
                                      "\r\n",   "%",   "\xC3",        "\xA9", "[",  "]",   " ",   "\\",  "\xFF"};
  for (unsigned round = 0; round < 20000; round++) {
    char bytes[512];
    size_t n = 0;
    if (next(4)) {
      memcpy(bytes, "gemini://example.org", 20);
      n = 20;
    }
    for (unsigned count = next(12); count > 0; count--) {
      const char *atom = atoms[next(sizeof atoms / sizeof *atoms)];
      memcpy(bytes + n, atom, strlen(atom));
      n += strlen(atom);
    }
    memcpy(bytes + n, "\r\n", 2);
    n += 2;
    struct proto_request whole, pieces;
    proto_request_init(&whole);
    proto_request_init(&pieces);
    enum parsed at_once = proto_gemini.parse(str_make(bytes, n), &outside, &whole), at_last = PARSED_MORE;
    for (size_t fed = next(8); at_last == PARSED_MORE && fed < n; fed += 1 + next(8))
      at_last = proto_gemini.parse(str_make(bytes, fed), &outside, &pieces);
    if (at_last == PARSED_MORE)
      at_last = proto_gemini.parse(str_make(bytes, n), &outside, &pieces);
    assert_int_equal(at_once, at_last);
    assert_true(str_eq(buf_str(&whole.log_target), buf_str(&pieces.log_target)));
    assert_true(str_eq(buf_str(&whole.answer.meta), buf_str(&pieces.answer.meta)));
    if (at_once == PARSED_REQUEST) {
      struct str path = whole.request.target[0].path;
      assert_true(str_eq(path, pieces.request.target[0].path));
      assert_true(str_eq(whole.request.target[0].query, pieces.request.target[0].query));
      assert_true(str_starts(path, STR("/")));
      assert_null(memmem(path.p, path.n, "/../", 4));
      assert_null(memmem(path.p, path.n, "//", 2));
      assert_null(memchr(path.p, 0, path.n));
    }
    proto_request_free(&whole);
    proto_request_free(&pieces);
  }
}

static struct mime *mime_table;

static int open_sites(void **state)
{
  (void)state;
  mime_table = mime_load_from(NULL, NULL);
  sites[FIRST] = site_without_files(mime_table, names[FIRST], 3, true);
  sites[SECOND] = site_without_files(mime_table, names[SECOND], 1, true);
  return 0;
}

static int close_sites(void **state)
{
  (void)state;
  for (size_t i = 0; i < N_SITES; i++)
    site_close(sites[i]);
  mime_free(mime_table);
  return 0;
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(requests_become_paths_and_queries_G11_G13_G14),
      cmocka_unit_test(what_clients_send_unencoded_is_tolerated_G10),
      cmocka_unit_test(malformed_requests_are_told_what_is_wrong_G9),
      cmocka_unit_test(paths_that_climb_or_hold_what_no_name_can_G13),
      cmocka_unit_test(what_is_not_ours_is_refused_with_a_reason_G12_G25),
      cmocka_unit_test(hosts_and_ports_that_are_ours_G12),
      cmocka_unit_test(sni_and_url_may_differ_but_not_between_two_sites_G12),
      cmocka_unit_test(a_refusal_names_as_many_hosts_as_fit_G12),
      cmocka_unit_test(a_uri_of_1024_bytes_is_served_and_of_1025_refused_G8),
      cmocka_unit_test(a_smaller_limit_on_the_request),
      cmocka_unit_test(only_crlf_ends_a_request_G7),
      cmocka_unit_test(bytes_after_the_request_are_ignored_G10),
      cmocka_unit_test(a_parse_starts_from_nothing),
      cmocka_unit_test(headers_are_legal_whatever_the_site_says_G15),
      cmocka_unit_test(redirects_stay_on_this_host_G16),
      cmocka_unit_test(meta_is_cut_between_characters_G15),
      cmocka_unit_test(a_body_goes_out_as_it_is),
      cmocka_unit_test(a_full_head_is_an_error_and_loses_nothing),
      cmocka_unit_test(feeding_in_pieces_changes_nothing),
  };
  return cmocka_run_group_tests(tests, open_sites, close_sites);
}
