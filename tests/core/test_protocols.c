/* Bytes in, bytes out: both protocols in front of a real capsule, without a socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../support/ask.h"
#include "proto/proto.h"

static const struct fill ITEMS[] = {
    {.path = "index.gmi", .text = "# Welcome\n=> page.gmi A page\n=> dir A directory\n=> 100%25.txt Percent\n"},
    {.path = "page.gmi", .text = "# A page\n"},
    {.path = "100%.txt", .text = "percent\n"},
    {.path = "100%25.txt", .text = "percent twenty-five\n"},
    {.path = "a b.txt", .text = "space\n"},
    {.path = "what?.txt", .text = "question\n"},
    {.path = "GET started.txt", .text = "start\n"},
    {.path = "dir/sub/x.txt", .text = "x\n"},
    {.path = "map/gophermap", .text = "A map\n0Text\ttext.txt\n"},
    {.path = "map/text.txt", .text = "text\n"},
    {.path = NULL},
};

static struct stand main_stand;
static struct site *sites[1];

static const struct proto_context context = {.sites = sites,
                                             .n_sites = 1,
                                             .local_host = STR_INIT("localhost"),
                                             .port = 7070,
                                             .gemini_port = 1965,
                                             .gopher_port = 7070,
                                             .courtesies = true};

static void keep(void *to, struct response *response)
{
  response_move(to, response);
}

/* Gives all that is sent to who asks `input` of a site, in `sent`, which ends with a NUL that is not counted. */
static struct str talk(struct stand *s, const struct proto *proto, struct str input, struct buf *sent)
{
  struct proto_request r;
  struct response response;
  struct body *body = NULL;
  enum pull got = PULL_END;
  sites[0] = s->site;
  proto_request_init(&r);
  response_init(&response);
  buf_clear(sent);
  enum parsed parsed = proto->parse(input, &context, &r);
  assert_int_not_equal(parsed, PARSED_MORE);
  if (parsed == PARSED_ANSWER) {
    response_move(&response, &r.answer);
  } else {
    (void)site_start(r.site, &r.request, keep, &response);
    (void)pool_run_all(&s->pool);
  }
  assert_int_equal(proto->encode(&r, &context, &response, sent, &body), 0);
  while (body && ((got = body_pull(body, sent, 4096)) == PULL_BYTES || got == PULL_PENDING))
    (void)pool_run_all(&s->pool);
  assert_int_equal(got, PULL_END);
  body_free(body);
  proto_request_free(&r);
  struct str all = buf_str(sent);
  buf_put_c(sent, '\0');
  return str_make(sent->p, all.n);
}

struct row {
  int line;
  const char *request, *sent;
};

static void check(const struct proto *proto, const struct row *table, size_t n)
{
  struct buf sent = BUF_INIT(1 << 16);
  for (size_t i = 0; i < n; i++) {
    struct str got = talk(&main_stand, proto, str_from(table[i].request), &sent);
    if (!str_eq(got, str_from(table[i].sent)))
      fail_msg("line %d: '%.*s'", table[i].line, STR_ARG(got));
  }
  buf_free(&sent);
}

static void gemini_answers(void **state)
{
  (void)state;
  static const struct row table[] = {
      {__LINE__, "gemini://capsule.example/page.gmi\r\n", "20 text/gemini\r\n# A page\n"},
      {__LINE__, "gemini://capsule.example/dir?a=b\r\n", "31 /dir/?a=b\r\n"},
      {__LINE__, "gemini://capsule.example//dir\r\n", "31 /dir/\r\n"},
      {__LINE__, "gemini://capsule.example/100%2525.txt\r\n", "20 text/plain\r\npercent twenty-five\n"},
      {__LINE__, "gemini://capsule.example/a b.txt\r\n", "20 text/plain\r\nspace\n"},
  };
  check(&proto_gemini, table, sizeof table / sizeof *table);
}

static void gopher_answers(void **state)
{
  (void)state;
  static const struct row table[] = {
      {__LINE__, "\r\n",
       "iWelcome\t\terror.host\t1\r\ni=======\t\terror.host\t1\r\n1A page\t/page.gmi\tcapsule.example\t7070\r\n"
       "1A directory\t/dir\tcapsule.example\t7070\r\n0Percent\t/100%25.txt\tcapsule.example\t7070\r\n.\r\n"},
      /* P2: as it stands first, then decoded once; without the slash too. */
      {__LINE__, "/100%25.txt\r\n", "percent twenty-five\n"},
      {__LINE__, "/100%.txt\r\n", "percent\n"},
      {__LINE__, "a%20b.txt\r\n", "space\n"},
      {__LINE__, "a b.txt\r\n", "space\n"},
      {__LINE__, "/what?.txt\r\n", "question\n"},
      {__LINE__, "/what%3F.txt\r\n", "question\n"},
      {__LINE__, "/a%20b.txt?words\r\n", "space\n"},
      {__LINE__, "/100%.txt\twords\r\n", "percent\n"},
      {__LINE__, "GET started.txt\r\n", "start\n"}, /* P5 */
      {__LINE__, "/map\r\n",
       "iA map\t\terror.host\t1\r\n0Text\t/map/text.txt\tcapsule.example\t7070\r\n.\r\n"}, /* P16 */
      {__LINE__, "/map\t$\r\n",
       "+-1\r\n+INFO: iA map\t\terror.host\t1\r\n+INFO: 0Text\t/map/text.txt\tcapsule.example\t7070\r\n.\r\n"},
      {__LINE__, "/map/text.txt\t!\r\n",
       "+-1\r\n+INFO: 0text.txt\t/map/text.txt\tcapsule.example\t7070\r\n.\r\n"}, /* P4 */
      {__LINE__, "/dir\t!\r\n", "+-1\r\n+INFO: 1dir\t/dir\tcapsule.example\t7070\r\n.\r\n"},
  };
  check(&proto_gopher, table, sizeof table / sizeof *table);
}

/* The same pages under the same paths: whatever is not there on one is not there on the other. */
static void what_is_missing_is_missing_on_both(void **state)
{
  (void)state;
  static const char *const paths[] = {"/nothing", "/page.gmi/", "/dir/nothing", "/..%2Fetc", "/page.gmi%0A"};
  struct buf sent = BUF_INIT(1 << 16), line = BUF_INIT(1 << 10);
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    buf_clear(&line);
    buf_printf(&line, "gemini://capsule.example%s\r\n", paths[i]);
    if (!str_starts(talk(&main_stand, &proto_gemini, buf_str(&line), &sent), STR("51 ")))
      fail_msg("%s: '%s'", paths[i], sent.p);
    buf_clear(&line);
    buf_printf(&line, "%s\r\n", paths[i]);
    struct str got = talk(&main_stand, &proto_gopher, buf_str(&line), &sent);
    if (!str_starts(got, STR("3")) || !str_ends(got, STR("\t\terror.host\t1\r\n.\r\n")))
      fail_msg("%s: '%s'", paths[i], sent.p);
  }
  buf_free(&line);
  buf_free(&sent);
}

/* P10: a menu's items lead where they say, also those whose names need care. */
static void a_listing_leads_to_what_it_lists_P2_P10(void **state)
{
  (void)state;
  struct stand odd;
  static const struct fill names[] = {
      {.path = "with space.txt", .text = "with space.txt"},
      {.path = "100%.txt", .text = "100%.txt"},
      {.path = "100%25.txt", .text = "100%25.txt"},
      {.path = "what?.txt", .text = "what?.txt"},
      {.path = "a:b.txt", .text = "a:b.txt"},
      {.path = "tab\there.txt", .text = "tab\there.txt"},
      {.path = "line\nend.txt", .text = "line\nend.txt"},
      {.path = "#.txt", .text = "#.txt"},
      {.path = "\xC3\xA9.txt", .text = "\xC3\xA9.txt"},
      {.path = "\xFF.txt", .text = "\xFF.txt"},
      {.path = "b\\c.txt", .text = "b\\c.txt"},
      {.path = "+d.txt", .text = "+d.txt"},
      {.path = NULL},
  };
  stand_make(&odd, names);
  struct buf menu = BUF_INIT(1 << 16), sent = BUF_INIT(1 << 16), request = BUF_INIT(1 << 10);
  struct str rest = talk(&odd, &proto_gopher, STR("\r\n"), &menu), line, field;
  unsigned items = 0;
  while (str_line(&rest, &line)) {
    if (!str_starts(line, STR("0")))
      continue;
    items++;
    assert_true(str_split(&line, '\t', &field) && str_split(&line, '\t', &field));
    buf_clear(&request);
    buf_put_str(&request, field);
    buf_put_str(&request, STR("\r\n"));
    struct str got = talk(&odd, &proto_gopher, buf_str(&request), &sent);
    bool found = false;
    for (const struct fill *f = names; f->path; f++)
      found = found || str_eq(got, str_from(f->text));
    if (!found)
      fail_msg("%.*s: '%s'", STR_ARG(field), sent.p);
  }
  assert_int_equal(items, sizeof names / sizeof *names - 1);
  buf_free(&request);
  buf_free(&sent);
  buf_free(&menu);
  stand_remove(&odd);
}

static int make(void **state)
{
  (void)state;
  stand_make(&main_stand, ITEMS);
  return 0;
}

static int unmake(void **state)
{
  (void)state;
  stand_remove(&main_stand);
  return 0;
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gemini_answers),
      cmocka_unit_test(gopher_answers),
      cmocka_unit_test(what_is_missing_is_missing_on_both),
      cmocka_unit_test(a_listing_leads_to_what_it_lists_P2_P10),
  };
  return cmocka_run_group_tests(tests, make, unmake);
}
