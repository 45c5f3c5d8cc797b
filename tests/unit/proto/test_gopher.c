/* Gopher: requests in, menus and documents out (P1 to P5, P8, P11 to P17, P19). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/gopher_plus.h"
#include "proto/proto.h"
#include "sites.h"

enum { FIRST, SECOND, N_SITES };
static const char *const names[N_SITES][2] = {{"example.org", "www.example.org"}, {"other.example"}};
static struct site *sites[N_SITES], *nameless_sites[1];

/* A listener on 7070 that readers see at 70. Gemini is served on two ports. */
static const unsigned served_ports[] = {1965, 1966};
static const struct proto_context outside = {.sites = sites,
                                             .n_sites = N_SITES,
                                             .local_host = STR_INIT("192.0.2.1"),
                                             .port = 7070,
                                             .gemini_port = 1965,
                                             .gopher_port = 70,
                                             .gemini_ports = served_ports,
                                             .n_gemini_ports = 2,
                                             .courtesies = true,
                                             .gophers = true};

/* Encodes a response and gives everything that is sent. */
static struct str encode(struct proto_request *r, const struct proto_context *context, struct response *response,
                         struct buf *sent)
{
  struct body *body = NULL;
  enum pull got = PULL_END;
  assert_int_equal(proto_gopher.encode(r, context, response, sent, &body), 0);
  while (body && (got = body_pull(body, sent, 4096)) == PULL_BYTES)
    continue;
  assert_int_equal(got, PULL_END);
  body_free(body);
  return buf_str(sent);
}

/* What a reader gets for `request` where the site answers with this. */
struct reply {
  enum status status;
  const char *meta;
  enum format format;
  const char *base, *content;
};

/* And what it may say of how that is to be sent. */
static unsigned wanted_columns;
static bool wanted_dot;

static struct str answer(struct str request, const struct proto_context *context, const struct reply *reply,
                         struct buf *sent)
{
  struct proto_request r;
  struct response response;
  proto_request_init(&r);
  response_init(&response);
  enum parsed parsed = proto_gopher.parse(request, context, &r);
  assert_int_not_equal(parsed, PARSED_MORE);
  if (parsed == PARSED_ANSWER) {
    response_move(&response, &r.answer);
  } else {
    response_set(&response, reply->status, "%s", reply->meta);
    response.format = reply->format;
    response.columns = wanted_columns;
    response.terminate = wanted_dot;
    if (reply->base)
      buf_put_str(&response.base, str_from(reply->base));
    if (reply->content)
      response.body = body_copy(str_from(reply->content));
  }
  (void)encode(&r, context, &response, sent);
  proto_request_free(&r);
  return buf_str(sent);
}

/* ---- requests ---- */

static void where_a_request_ends_P1(void **state)
{
  (void)state;
  static const struct {
    int line;
    struct str bytes;
    enum parsed parsed;
    const char *path, *log;
  } table[] = {
      {__LINE__, STR_INIT(""), PARSED_MORE, NULL, ""},
      {__LINE__, STR_INIT("/a"), PARSED_MORE, NULL, ""},
      {__LINE__, STR_INIT("/a\r"), PARSED_MORE, NULL, ""},
      {__LINE__, STR_INIT("/a\t+"), PARSED_MORE, NULL, ""},
      {__LINE__, STR_INIT("\r\n"), PARSED_REQUEST, "/", ""},
      {__LINE__, STR_INIT("\n"), PARSED_REQUEST, "/", ""}, /* netcat */
      {__LINE__, STR_INIT("/a\r\n"), PARSED_REQUEST, "/a", "/a"},
      {__LINE__, STR_INIT("/a\n"), PARSED_REQUEST, "/a", "/a"},
      {__LINE__, STR_INIT("/a\twords\r\n"), PARSED_REQUEST, "/a", "/a\twords"},
      {__LINE__, STR_INIT("/a\t+\t1\r\n+-1\r\nblock\r\n.\r\n"), PARSED_REQUEST, "/a", "/a\t+\t1"},
      {__LINE__, STR_INIT("/a\r\nmore\0\xFF"), PARSED_REQUEST, "/a", "/a"},
      {__LINE__, STR_INIT("/a\0b\r\n"), PARSED_ANSWER, NULL, NULL},
      {__LINE__, STR_INIT("/../a\r\n"), PARSED_ANSWER, NULL, "/../a"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct proto_request r;
    proto_request_init(&r);
    enum parsed parsed = proto_gopher.parse(table[i].bytes, &outside, &r);
    if (parsed != table[i].parsed || (table[i].log && !str_eq(buf_str(&r.log_target), str_from(table[i].log))))
      fail_msg("line %d: gave %d, '%.*s'", table[i].line, (int)parsed, STR_ARG(buf_str(&r.log_target)));
    if (parsed == PARSED_REQUEST && (r.site != sites[FIRST] || r.request.representation != REPR_MENU ||
                                     !str_eq(r.request.target[0].path, str_from(table[i].path))))
      fail_msg("line %d: '%.*s'", table[i].line, STR_ARG(r.request.target[0].path));
    if (parsed == PARSED_ANSWER)
      assert_int_equal(r.answer.status, STATUS_BAD_REQUEST);
    proto_request_free(&r);
  }
}

static void a_request_of_1024_bytes_is_read_and_no_longer_one_P1(void **state)
{
  (void)state;
  char bytes[1100];
  struct proto_request r;
  struct buf sent = BUF_INIT(4096);
  proto_request_init(&r);
  memset(bytes, 'a', sizeof bytes);
  assert_int_equal(proto_gopher.input_max, 1024);
  assert_int_equal(proto_gopher.parse(str_make(bytes, 1023), &outside, &r), PARSED_MORE);
  memcpy(bytes + 1022, "\r\n", 2);
  assert_int_equal(proto_gopher.parse(str_make(bytes, 1024), &outside, &r), PARSED_REQUEST);
  assert_int_equal(r.request.target[0].path.n, 1023);

  memcpy(bytes + 1022, "a\r", 2); /* The LF would be the 1025th. */
  assert_int_equal(proto_gopher.parse(str_make(bytes, 1024), &outside, &r), PARSED_ANSWER);
  struct str got = encode(&r, &outside, &r.answer, &sent);
  assert_true(str_starts(got, STR("3The request is longer than 1024 bytes.\t")));
  assert_true(str_ends(got, STR("\r\n.\r\n")));
  buf_free(&sent);
  proto_request_free(&r);
}

/* An owner may allow less than the protocol does. */
static void a_smaller_limit_on_the_request(void **state)
{
  (void)state;
  char bytes[200];
  struct proto_request r;
  struct proto_context small = outside;
  small.request_max = 100;
  proto_request_init(&r);
  memset(bytes, 'a', sizeof bytes);
  assert_int_equal(proto_gopher.parse(str_make(bytes, 99), &small, &r), PARSED_MORE);
  memcpy(bytes + 98, "\r\n", 2);
  assert_int_equal(proto_gopher.parse(str_make(bytes, 100), &small, &r), PARSED_REQUEST);
  memcpy(bytes + 98, "aa\n", 3);
  assert_int_equal(proto_gopher.parse(str_make(bytes, 100), &small, &r), PARSED_ANSWER); /* without waiting */
  assert_int_equal(proto_gopher.parse(str_make(bytes, 101), &small, &r), PARSED_ANSWER);
  assert_true(str_eq(buf_str(&r.answer.meta), STR("The request is longer than 100 bytes.")));
  proto_request_free(&r);
}

static void a_parse_starts_from_nothing(void **state)
{
  (void)state;
  struct proto_request r;
  proto_request_init(&r);
  assert_int_equal(proto_gopher.parse(STR("/../a\t!\r\n"), &outside, &r), PARSED_ANSWER);
  assert_int_equal(proto_gopher.parse(STR("/b%20c?d\r\n"), &outside, &r), PARSED_REQUEST);
  assert_int_equal(r.form, GOPHER_FORM_PLAIN);
  assert_int_equal(r.request.targets, 2);
  assert_true(str_eq(r.request.target[1].path, STR("/b c")));
  assert_true(str_eq(r.request.target[1].query, STR("d")));
  assert_true(str_eq(r.item_path, STR("/b%20c?d")));
  proto_request_free(&r);
}

static void words_and_gopher_plus_P3_P4(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *bytes, *query; /* NULL: none */
    enum gopher_form form;
  } table[] = {
      {__LINE__, "/page\twords\t$\r\n", "words", GOPHER_FORM_MENU},
      {__LINE__, "/page\t+1\r\n", NULL, GOPHER_FORM_PLAIN},
      {__LINE__, "/page\t$\r\n", NULL, GOPHER_FORM_MENU},
      {__LINE__, "/page\twords\t!\r\n", "words", GOPHER_FORM_ITEM},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct proto_request r;
    proto_request_init(&r);
    enum parsed parsed = proto_gopher.parse(str_from(table[i].bytes), &outside, &r);
    const struct target *t = &r.request.target[0];
    if (parsed != PARSED_REQUEST || r.form != table[i].form || t->has_query != (table[i].query != NULL) ||
        !str_eq(t->query, str_from(table[i].query)))
      fail_msg("line %d: form %u, query '%.*s'", table[i].line, r.form, STR_ARG(t->query));
    proto_request_free(&r);
  }
}

/* ---- answers ---- */

static const struct reply page = {STATUS_SUCCESS, "text/gemini", FORMAT_GEMTEXT, "/dir/",
                                  "Hello\n=> a.txt A text\n=> b B page\n"};
static const struct reply text = {STATUS_SUCCESS, "text/plain; charset=utf-8", FORMAT_PLAIN, NULL, "one\n.\ntwo"};

static void answers_have_the_form_of_what_they_are_P4_P13_P14(void **state)
{
  (void)state;
  static const struct reply empty = {STATUS_SUCCESS, "text/gemini", FORMAT_GEMTEXT, "/", NULL};
  static const struct reply nothing = {STATUS_SUCCESS, "text/plain", FORMAT_PLAIN, NULL, NULL};
  static const struct reply map = {STATUS_SUCCESS, "text/plain", FORMAT_GOPHERMAP, "/dir/", "Hi\n0Text\ta.txt\n"};
  static const struct reply missing = {STATUS_NOT_FOUND, "No such thing\there.", FORMAT_PLAIN, NULL, NULL};
  static const struct reply speechless = {STATUS_CERTIFICATE_REQUIRED, "", FORMAT_PLAIN, NULL, NULL};
  static const struct reply closed = {STATUS_CERTIFICATE_REQUIRED, "For members", FORMAT_PLAIN, NULL, NULL};
  static const struct reply moved = {STATUS_REDIRECT_PERMANENT, "/new/?a=b", FORMAT_PLAIN, NULL, NULL};
  static const struct reply away = {STATUS_REDIRECT_TEMPORARY, "https://example.net/", FORMAT_PLAIN, NULL, NULL};
  static const struct reply harm = {STATUS_REDIRECT_TEMPORARY, "javascript:alert(1)", FORMAT_PLAIN, NULL, NULL};
  static const struct reply prompt = {STATUS_INPUT, "Your name?", FORMAT_PLAIN, NULL, NULL};
  static const struct reply talk = {STATUS_SENSITIVE_INPUT,
                                    "A prompt that is so long that no terminal of 67 columns would show it whole.",
                                    FORMAT_PLAIN, NULL, NULL};
  static const struct {
    int line;
    const char *request;
    const struct reply *reply;
    const char *sent;
  } table[] = {
      {__LINE__, "/dir/\r\n", &page,
       "iHello\t\terror.host\t1\r\n0A text\t/dir/a.txt\texample.org\t70\r\n1B page\t/dir/b\texample.org\t70\r\n.\r\n"},
      {__LINE__, "/dir/\t$\r\n", &page,
       "+-1\r\n+INFO: iHello\t\terror.host\t1\r\n+INFO: 0A text\t/dir/a.txt\texample.org\t70\r\n"
       "+INFO: 1B page\t/dir/b\texample.org\t70\r\n.\r\n"},
      {__LINE__, "/dir/\t!\r\n", &page, "+-1\r\n+INFO: 1dir\t/dir/\texample.org\t70\r\n.\r\n"},
      {__LINE__, "\t!\r\n", &page, "+-1\r\n+INFO: 1example.org\t/\texample.org\t70\r\n.\r\n"},
      {__LINE__, "/\r\n", &empty, ".\r\n"},
      {__LINE__, "/\t$\r\n", &empty, "+-1\r\n.\r\n"},
      {__LINE__, "/dir\r\n", &map, "iHi\t\terror.host\t1\r\n0Text\t/dir/a.txt\texample.org\t70\r\n.\r\n"},
      {__LINE__, "/dir\t!\r\n", &map, "+-1\r\n+INFO: 1dir\t/dir\texample.org\t70\r\n.\r\n"},

      {__LINE__, "/a.txt\r\n", &text, "one\n.\ntwo"}, /* P14 */
      {__LINE__, "/a.txt\t+\r\n", &text, "one\n.\ntwo"},
      {__LINE__, "/a.txt\t$\r\n", &text, "one\n.\ntwo"},
      {__LINE__, "/a.txt\twords\r\n", &text, "one\n.\ntwo"},
      {__LINE__, "a%20b.txt\t!\r\n", &text, "+-1\r\n+INFO: 0a b.txt\t/a%20b.txt\texample.org\t70\r\n.\r\n"},
      {__LINE__, "/\xFF.txt\t!\r\n", &text, "+-1\r\n+INFO: 0\xEF\xBF\xBD.txt\t/%FF.txt\texample.org\t70\r\n.\r\n"},
      {__LINE__, "/empty\r\n", &nothing, ""},

      {__LINE__, "/x\r\n", &missing, "3No such thing here.\t\terror.host\t1\r\n.\r\n"}, /* P13 */
      {__LINE__, "/x\t$\r\n", &missing, "+-1\r\n+INFO: 3No such thing here.\t\terror.host\t1\r\n.\r\n"},
      {__LINE__, "/x\t!\r\n", &missing, "+-1\r\n+INFO: 3No such thing here.\t\terror.host\t1\r\n.\r\n"},
      {__LINE__, "/x\r\n", &speechless, "3No reason was given.\t\terror.host\t1\r\n.\r\n"},
      {__LINE__, "/a%20b/x\r\n", &closed,
       "3For members (over Gemini: gemini://example.org/a%20b/x)\t\terror.host\t1\r\n.\r\n"},
      {__LINE__, "/..\r\n", NULL, "3The selector climbs above the root of the capsule.\t\terror.host\t1\r\n.\r\n"},

      {__LINE__, "/x\r\n", &moved,
       "iThis has moved:\t\terror.host\t1\r\n1/new/?a=b\t/new/?a=b\texample.org\t70\r\n.\r\n"},
      {__LINE__, "/x\r\n", &away,
       "iThis has "
       "moved:\t\terror.host\t1\r\nhhttps://example.net/\tURL:https://example.net/\texample.org\t70\r\n.\r\n"},
      {__LINE__, "/x\r\n", &prompt, "7Your name?\t/x\texample.org\t70\r\n.\r\n"},
      {__LINE__, "/x\r\n", &talk,
       "iA prompt that is so long that no terminal of 67 columns would show\t\terror.host\t1\r\n"
       "iit whole.\t\terror.host\t1\r\n7Answer\t/x\texample.org\t70\r\n.\r\n"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf sent = BUF_INIT(16 * 1024);
    struct str got = answer(str_from(table[i].request), &outside, table[i].reply, &sent);
    if (!str_eq(got, str_from(table[i].sent)))
      fail_msg("line %d: '%.*s'", table[i].line, STR_ARG(got));
    buf_free(&sent);
  }
  struct buf sent = BUF_INIT(16 * 1024);
  struct str got = answer(STR("/x\r\n"), &outside, &harm, &sent);
  assert_null(memmem(got.p, got.n, "URL:", 4)); /* P12 */
  buf_free(&sent);
}

static void texts_end_with_a_dot_where_that_is_wanted_P14(void **state)
{
  (void)state;
  static const char content[] = "one\n.\ntwo", dotted[] = "one\r\n..\r\ntwo\r\n.\r\n";
  static const struct {
    int line;
    const char *meta, *request;
    enum format format;
    const char *content, *sent;
  } table[] = {
      {__LINE__, "text/plain", "/a\r\n", FORMAT_PLAIN, content, dotted},
      {__LINE__, "text/markdown; charset=utf-8", "/a\r\n", FORMAT_PLAIN, content, dotted},
      {__LINE__, "application/json", "/a\r\n", FORMAT_PLAIN, content, dotted},
      {__LINE__, "text/plain", "/a\t+\r\n", FORMAT_PLAIN, content, dotted},
      {__LINE__, "text/plain", "/a\r\n", FORMAT_PLAIN, NULL, ".\r\n"},
      {__LINE__, "text/plain", "/a\t!\r\n", FORMAT_PLAIN, content, "+-1\r\n+INFO: 0a\t/a\texample.org\t70\r\n.\r\n"},
      {__LINE__, "application/octet-stream", "/a\r\n", FORMAT_PLAIN, content, content},
      {__LINE__, "image/png", "/a\r\n", FORMAT_PLAIN, content, content},
      {__LINE__, "text/html", "/a\r\n", FORMAT_PLAIN, content, content},
      {__LINE__, "text/gemini", "/a\r\n", FORMAT_GEMTEXT, "one", "ione\t\terror.host\t1\r\n.\r\n"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf sent = BUF_INIT(4096);
    const struct reply reply = {STATUS_SUCCESS, table[i].meta, table[i].format, "/", table[i].content};
    wanted_dot = true;
    struct str got = answer(str_from(table[i].request), &outside, &reply, &sent);
    if (!str_eq(got, str_from(table[i].sent)))
      fail_msg("line %d: '%.*s'", table[i].line, STR_ARG(got));
    buf_free(&sent);
  }
  wanted_dot = false;
}

static void a_page_may_say_how_wide_its_menu_is_P9(void **state)
{
  (void)state;
  static const char words[] = "Some words that are wider than the menu.";
  static const struct {
    int line;
    struct reply reply;
    unsigned columns;
    const char *sent;
  } table[] = {
      {__LINE__,
       {STATUS_SUCCESS, "text/gemini", FORMAT_GEMTEXT, "/", words},
       20,
       "iSome words that are\t\terror.host\t1\r\niwider than the menu.\t\terror.host\t1\r\n.\r\n"},
      {__LINE__,
       {STATUS_SUCCESS, "text/gemini", FORMAT_GEMTEXT, "/", words},
       0,
       "iSome words that are wider than the menu.\t\terror.host\t1\r\n.\r\n"},
      {__LINE__,
       {STATUS_INPUT, words, FORMAT_PLAIN, NULL, NULL},
       20,
       "iSome words that are\t\terror.host\t1\r\niwider than the menu.\t\terror.host\t1\r\n"
       "7Answer\t/x\texample.org\t70\r\n.\r\n"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf sent = BUF_INIT(4096);
    wanted_columns = table[i].columns;
    struct str got = answer(STR("/x\r\n"), &outside, &table[i].reply, &sent);
    if (!str_eq(got, str_from(table[i].sent)))
      fail_msg("line %d: '%.*s'", table[i].line, STR_ARG(got));
    buf_free(&sent);
  }
  wanted_columns = 0;
}

static void links_to_this_server_stay_here_P11(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *target, *item;
  } table[] = {
      {__LINE__, "gemini://example.org/b", "/b\texample.org\t70"},
      {__LINE__, "gemini://WWW.example.org.:1965/b", "/b\texample.org\t70"},
      {__LINE__, "gemini://example.org:1966/b", "/b\texample.org\t70"}, /* another listener's */
      {__LINE__, "gopher://example.org/1/b", "/b\texample.org\t70"},
      {__LINE__, "gopher://example.org:70/1/b", "/b\texample.org\t70"},
      {__LINE__, "gopher://example.org:7070/1/b", "/b\texample.org\t70"}, /* the listener's own port */
      {__LINE__, "gopher://example.org:71/1/b", "/b\texample.org\t71"},
      {__LINE__, "gopher://other.example/1/b", "/b\tother.example\t70"},
      {__LINE__, "gemini://example.org:70/b", "URL:gemini://example.org:70/b\texample.org\t70"},
      {__LINE__, "gemini://example.org:0/b", "URL:gemini://example.org:0/b\texample.org\t70"},
      {__LINE__, "gemini://other.example/b", "URL:gemini://other.example/b\texample.org\t70"},
      {__LINE__, "https://example.org/b", "URL:https://example.org/b\texample.org\t70"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf sent = BUF_INIT(4096), content = BUF_INIT(256), want = BUF_INIT(256);
    buf_printf(&content, "=> %s Label%c", table[i].target, 0);
    buf_printf(&want, "Label\t%s\r\n.\r\n", table[i].item);
    const struct reply reply = {STATUS_SUCCESS, "text/gemini", FORMAT_GEMTEXT, "/", content.p};
    struct str got = answer(STR("/\r\n"), &outside, &reply, &sent);
    if (got.n != want.n + 1 || !str_eq(str_skip(got, 1), buf_str(&want)))
      fail_msg("line %d: '%.*s'", table[i].line, STR_ARG(got));
    buf_free(&sent);
    buf_free(&content);
    buf_free(&want);
  }
}

static void menus_name_the_host_that_reaches_us_P19(void **state)
{
  (void)state;
  struct proto_context named = outside, sni = outside, unnamed = outside, plain = outside;
  sni.sni_site = sites[SECOND];
  unnamed.sites = plain.sites = nameless_sites;
  unnamed.n_sites = plain.n_sites = 1;
  plain.gopher_port = 0;
  const struct {
    int line;
    const struct proto_context *context;
    const char *item;
  } table[] = {
      {__LINE__, &named, "0A text\t/dir/a.txt\texample.org\t70\r\n"},
      {__LINE__, &sni, "0A text\t/dir/a.txt\tother.example\t70\r\n"},
      {__LINE__, &unnamed, "0A text\t/dir/a.txt\t192.0.2.1\t70\r\n"},
      {__LINE__, &plain, "0A text\t/dir/a.txt\t192.0.2.1\t7070\r\n"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf sent = BUF_INIT(4096);
    struct str got = answer(STR("/dir/\r\n"), table[i].context, &page, &sent);
    if (!memmem(got.p, got.n, table[i].item, strlen(table[i].item)))
      fail_msg("line %d: '%.*s'", table[i].line, STR_ARG(got));
    buf_free(&sent);
  }
}

static void links_to_the_address_that_menus_name_stay_here_P11_P19(void **state)
{
  (void)state;
  struct proto_context context = outside;
  context.sites = nameless_sites;
  context.n_sites = 1;
  const struct reply reply = {STATUS_SUCCESS, "text/gemini", FORMAT_GEMTEXT, "/",
                              "=> gemini://192.0.2.1/a.txt A\n=> gemini://localhost/b.txt B\n"};
  struct buf sent = BUF_INIT(4096);
  struct str got = answer(STR("/\r\n"), &context, &reply, &sent);
  assert_true(str_eq(got, STR("0A\t/a.txt\t192.0.2.1\t70\r\n0B\t/b.txt\t192.0.2.1\t70\r\n.\r\n")));
  buf_free(&sent);
}

static void caps_txt_is_made_where_there_is_none_P17(void **state)
{
  (void)state;
  static const struct reply missing = {STATUS_NOT_FOUND, "Not found.", FORMAT_PLAIN, NULL, NULL};
  static const struct reply broken = {STATUS_TEMPORARY_FAILURE, "Sorry.", FORMAT_PLAIN, NULL, NULL};
  static const struct {
    int line;
    const char *request;
    const struct reply *reply;
    const char *start;
  } table[] = {
      {__LINE__, "caps.txt\r\n", &missing, "CAPS\r\n"},
      {__LINE__, "/caps.txt\r\n", &missing, "CAPS\r\n"},
      {__LINE__, "/caps.txt\t+\r\n", &missing, "CAPS\r\n"},
      {__LINE__, "/caps.txt\r\n", &text, "one\n"}, /* a file of that name wins */
      {__LINE__, "/caps.txt\r\n", &broken, "3Sorry."},
      {__LINE__, "/dir/caps.txt\r\n", &missing, "3Not found."},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf sent = BUF_INIT(4096);
    struct str got = answer(str_from(table[i].request), &outside, table[i].reply, &sent);
    if (!str_starts(got, str_from(table[i].start)))
      fail_msg("line %d: '%.*s'", table[i].line, STR_ARG(got));
    buf_free(&sent);
  }
}

static void url_selectors_answer_a_page_P12(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *request, *start;
  } table[] = {
      {__LINE__, "URL:https://example.net/\r\n", "<!DOCTYPE html>"},
      {__LINE__, "/URL:https://example.net/\r\n", "<!DOCTYPE html>"},
      {__LINE__, "URL:https://example.net/\t+\r\n", "<!DOCTYPE html>"},
      {__LINE__, "URL:https://example.net/\t!\r\n", "<!DOCTYPE html>"},
      {__LINE__, "URL:javascript:alert(1)\r\n", "3"},
      {__LINE__, "URL:FILE:///etc/passwd\r\n", "3"},
      {__LINE__, "URL:\r\n", "3"},
      {__LINE__, "URL:/relative\r\n", "3"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf sent = BUF_INIT(16 * 1024);
    struct str got = answer(str_from(table[i].request), &outside, NULL, &sent);
    if (!str_starts(got, str_from(table[i].start)))
      fail_msg("line %d: '%.*s'", table[i].line, STR_ARG(got));
    buf_free(&sent);
  }
}

static void browsers_get_a_page_unless_it_is_switched_off_P5(void **state)
{
  (void)state;
  static const struct reply missing = {STATUS_NOT_FOUND, "Not found.", FORMAT_PLAIN, NULL, NULL};
  struct proto_context off = outside;
  struct buf sent = BUF_INIT(16 * 1024);
  /* The end of the request line is enough: the header may never come. */
  struct str got = answer(STR("GET /a HTTP/1.1\r\n"), &outside, NULL, &sent);
  assert_true(str_starts(got, STR("HTTP/1.0 200 OK\r\n")));
  assert_true(str_ends(got, STR("</html>\n")));
  assert_non_null(memmem(got.p, got.n, "gemini://example.org/a", 22));
  assert_non_null(memmem(got.p, got.n, "gopher://example.org/1/a", 24));

  buf_clear(&sent);
  got = answer(STR("GET started.txt\r\n"), &outside, &text, &sent);
  assert_true(str_eq(got, STR("one\n.\ntwo")));

  buf_clear(&sent);
  off.courtesies = false;
  got = answer(STR("GET / HTTP/1.1\r\n"), &off, &missing, &sent);
  assert_true(str_starts(got, STR("3Not found.")));
  buf_free(&sent);
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
  assert_int_equal(proto_gopher.parse(STR("/a\r\n"), &outside, &r), PARSED_REQUEST);
  response_set(&response, STATUS_NOT_FOUND, "Not found.");
  assert_true(proto_gopher.encode(&r, &outside, &response, &head, &body) < 0);
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

static void check_path(struct str path)
{
  assert_true(str_starts(path, STR("/")));
  assert_null(memmem(path.p, path.n, "/../", 4));
  assert_null(memmem(path.p, path.n, "//", 2));
  assert_null(memchr(path.p, 0, path.n));
}

/* Any input, fed a little at a time, ends as it does at once, and the paths that come out are safe. */
static void feeding_in_pieces_changes_nothing(void **state)
{
  (void)state;
  static const char *const atoms[] = {"/",  "..",   "%2e",  "%2F",       "%00",     "?",  "+", "$",
                                      "!",  "\t",   "URL:", ".",         "\r",      "\n", "%", "\xC3\xA9",
                                      "\\", "\xFF", "GET ", " HTTP/1.0", "http",    ":",  "a", "//",
                                      "b",  "&<",   "\"",   "search",    "caps.txt"};
  for (unsigned round = 0; round < 20000; round++) {
    char bytes[512];
    size_t n = 0;
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
    enum parsed at_once = proto_gopher.parse(str_make(bytes, n), &outside, &whole), at_last = PARSED_MORE;
    for (size_t fed = next(8); at_last == PARSED_MORE && fed < n; fed += 1 + next(8))
      at_last = proto_gopher.parse(str_make(bytes, fed), &outside, &pieces);
    if (at_last == PARSED_MORE)
      at_last = proto_gopher.parse(str_make(bytes, n), &outside, &pieces);
    assert_int_equal(at_once, at_last);
    assert_true(str_eq(buf_str(&whole.log_target), buf_str(&pieces.log_target)));
    assert_true(str_eq(buf_str(&whole.answer.meta), buf_str(&pieces.answer.meta)));
    assert_int_equal(whole.form, pieces.form);
    assert_int_equal(whole.request.targets, pieces.request.targets);
    for (unsigned i = 0; i < whole.request.targets; i++) {
      check_path(whole.request.target[i].path);
      assert_true(str_eq(whole.request.target[i].path, pieces.request.target[i].path));
      assert_true(str_eq(whole.request.target[i].query, pieces.request.target[i].query));
    }
    proto_request_free(&whole);
    proto_request_free(&pieces);
  }
}

static struct mime *mime_table;

static int open_sites(void **state)
{
  static const char *const localhost[] = {"localhost"};
  (void)state;
  mime_table = mime_load_from(NULL, NULL);
  sites[FIRST] = site_without_files(mime_table, names[FIRST], 2, true);
  sites[SECOND] = site_without_files(mime_table, names[SECOND], 1, true);
  nameless_sites[0] = site_without_files(mime_table, localhost, 1, false);
  return 0;
}

static int close_sites(void **state)
{
  (void)state;
  site_close(sites[FIRST]);
  site_close(sites[SECOND]);
  site_close(nameless_sites[0]);
  mime_free(mime_table);
  return 0;
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(where_a_request_ends_P1),
      cmocka_unit_test(a_request_of_1024_bytes_is_read_and_no_longer_one_P1),
      cmocka_unit_test(a_smaller_limit_on_the_request),
      cmocka_unit_test(a_parse_starts_from_nothing),
      cmocka_unit_test(words_and_gopher_plus_P3_P4),
      cmocka_unit_test(answers_have_the_form_of_what_they_are_P4_P13_P14),
      cmocka_unit_test(texts_end_with_a_dot_where_that_is_wanted_P14),
      cmocka_unit_test(a_page_may_say_how_wide_its_menu_is_P9),
      cmocka_unit_test(links_to_this_server_stay_here_P11),
      cmocka_unit_test(menus_name_the_host_that_reaches_us_P19),
      cmocka_unit_test(links_to_the_address_that_menus_name_stay_here_P11_P19),
      cmocka_unit_test(caps_txt_is_made_where_there_is_none_P17),
      cmocka_unit_test(url_selectors_answer_a_page_P12),
      cmocka_unit_test(browsers_get_a_page_unless_it_is_switched_off_P5),
      cmocka_unit_test(a_full_head_is_an_error_and_loses_nothing),
      cmocka_unit_test(feeding_in_pieces_changes_nothing),
  };
  return cmocka_run_group_tests(tests, open_sites, close_sites);
}
