/* A site under a path of the root that sites share on Gopher: its requests, and all that its menus say of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/ask.h"
#include "proto/proto.h"

static const struct fill world[] = {
    {"host/index.gmi", "# Host\n=> /alice/ Alice\n=> gopher://host.example/1/alice/sub/ Sub\n=> x.txt X\n", NULL},
    {"host/x.txt", "x of the host\n", NULL},
    {"host/alicex/y.txt", "y of the host\n", NULL},
    {"host/alice/hidden.txt", "never on Gopher\n", NULL},
    {"alice/index.gmi",
     "# Alice\n=> x.txt X\n=> /sub/ Sub\n=> gemini://alice.example/doc/ Doc\n=> gemini://host.example/x.txt Host's X\n"
     "=> gopher://host.example/0/alice/x.txt Gopher X\n=> gopher://host.example/0/x.txt Gopher host\n"
     "=> gopher://www.host.example/1/alice Alias\n=> gopher://alice.example/0/alice/x.txt Mine\n"
     "=> gopher://alice.example/0/x.txt Own\n=> https://w.example/ Web\n=> ../../x.txt Up\n=> sub?a Sub a\n",
     NULL},
    {"alice/x.txt", "x of alice\n", NULL},
    {"alice/sub/one.gmi", "# One\n=> .. Back\n", NULL},
    {"alice/sub/two.txt", "two\n", NULL},
    {"alice/alice/own.txt", "a folder of that name\n", NULL},
    {"alice/map/gophermap",
     "A map\n0Near\tnear.txt\n0Far\t/x.txt\n1Root\t/\n1sub\n1sub\t\nhWeb\tURL:https://w.example/\n"
     "hPage\tGET /x\n1Else\t/x\tgopher.example\t70\n",
     NULL},
    {"alice/gph/index.gph", "[0|Near|near.txt|server|port]\n[0|Far|/x.txt|server|port]\n", NULL},
    {"alice/doc.overview.txt", "Work\n\n1. First.\n\n2. Second.\n", NULL},
    {"alice/100%.txt", "percent\n", NULL},
    {"alice/URL:x", "a colon\n", NULL},
    {"alice/caps.txt.gmi", "# No caps\n", NULL},
    {"alice/all/gophermap", "All of it\n~\n*\n", NULL},
    {"alice/all/z.txt", "z\n", NULL},
    {"homes/bob/pub/index.gmi", "# Bob\n=> b.txt B\n=> / Home\n=> /~bob/list/ L\n", NULL},
    {"homes/bob/pub/b.txt", "b\n", NULL},
    {"homes/bob/pub/list/c.txt", "c\n", NULL},
    {"two/index.gmi", "# Two\n=> a.gmi A\n", NULL},
    {NULL, NULL, NULL},
};

enum { HOST, ALICE, TWO, SITES };
static struct folder folder;
static struct pool pool;
static struct mime *mime;
static struct site *sites[SITES];

static struct proto_context at_all;

static int setup(void **state)
{
  (void)state;
  static const char *const names[SITES][2] = {{"host.example", "www.host.example"}, {"alice.example"}, {"two.example"}};
  static const char *const folders[SITES] = {"host", "alice", "two"};
  static const char *const paths[SITES] = {NULL, "/alice", "/t/wo"};
  folder_make(&folder);
  folder_fill(&folder, world);
  pool_init(&pool);
  mime = mime_load_from(NULL, NULL);
  char homes[PATH_MAX];
  (void)snprintf(homes, sizeof homes, "%s", folder_path(&folder, "homes"));
  for (size_t i = 0; i < SITES; i++) {
    const struct site_config config = {.root = folder_path(&folder, folders[i]),
                                       .names = names[i],
                                       .n_names = i == HOST ? 2 : 1,
                                       .named = true,
                                       .gopher_path = paths[i],
                                       .dialect = i == ALICE,
                                       .homes = i == ALICE ? homes : NULL,
                                       .user_folder = "pub",
                                       .cache = (size_t)8 << 20};
    struct buf why = BUF_INIT(1024);
    assert_int_equal(site_open(&config, &pool.env, mime, &sites[i], &why), 0);
    buf_free(&why);
  }
  at_all = (struct proto_context){.sites = sites,
                                  .n_sites = SITES,
                                  .local_host = STR("192.0.2.1"),
                                  .port = 70,
                                  .gemini_port = 1965,
                                  .gopher_port = 70,
                                  .courtesies = true};
  return 0;
}

static int teardown(void **state)
{
  (void)state;
  for (size_t i = 0; i < SITES; i++)
    site_close(sites[i]);
  (void)pool_run_all(&pool);
  mime_free(mime);
  folder_remove(&folder);
  return 0;
}

static void keep(void *to, struct response *response)
{
  response_move(to, response);
}

/* All that is sent to who asks, ended by a NUL; static. *site: who answered. */
static const char *talk_once(const struct proto_context *context, struct str input, struct site **site)
{
  static struct buf sent = {.max = 1 << 20};
  struct proto_request r;
  struct response response;
  struct body *body = NULL;
  enum pull got = PULL_END;
  proto_request_init(&r);
  response_init(&response);
  buf_clear(&sent);
  enum parsed parsed = proto_gopher.parse(input, context, &r);
  assert_int_not_equal(parsed, PARSED_MORE);
  if (parsed == PARSED_ANSWER) {
    response_move(&response, &r.answer);
  } else {
    (void)site_start(r.site, &r.request, keep, &response);
    (void)pool_run_all(&pool);
  }
  *site = r.site;
  assert_int_equal(proto_gopher.encode(&r, context, &response, &sent, &body), 0);
  while (body && ((got = body_pull(body, &sent, 4096)) == PULL_BYTES || got == PULL_PENDING))
    (void)pool_run_all(&pool);
  assert_int_equal(got, PULL_END);
  body_free(body);
  proto_request_free(&r);
  buf_put_c(&sent, '\0');
  return sent.p;
}

/* Three times: on some file systems the pool looks first, and what is kept must be the same. */
static const char *talk(const struct proto_context *context, const char *input, struct site **site)
{
  struct buf line = BUF_INIT(2048);
  const char *got = "";
  buf_printf(&line, "%s\r\n", input);
  for (int round = 0; round < 3; round++) {
    got = talk_once(context, buf_str(&line), site);
    (void)pool_run_all(&pool);
  }
  buf_free(&line);
  return got;
}

static void which_site_a_selector_asks(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *selector;
    int site;
    const char *holds;
  } table[] = {
      {__LINE__, "", HOST, "iHost\t"},
      {__LINE__, "/", HOST, "iHost\t"},
      {__LINE__, "/x.txt", HOST, "x of the host"},
      {__LINE__, "/alice", ALICE, "iAlice\t"},
      {__LINE__, "alice", ALICE, "iAlice\t"},
      {__LINE__, "/alice/", ALICE, "iAlice\t"},
      {__LINE__, "//alice//", ALICE, "iAlice\t"},
      {__LINE__, "/alice/x.txt", ALICE, "x of alice"},
      {__LINE__, "alice/x.txt", ALICE, "x of alice"},
      {__LINE__, "/%61lice/x.txt", ALICE, "x of alice"},
      {__LINE__, "/alice/100%.txt", ALICE, "percent"},
      {__LINE__, "/alice/100%25.txt", ALICE, "percent"},
      {__LINE__, "/alice?words", ALICE, "iAlice\t"},
      {__LINE__, "/alice\twords", ALICE, "iAlice\t"},
      {__LINE__, "/alice/URL:x", ALICE, "a colon"},
      {__LINE__, "/alice/doc/2.gmi", ALICE, "Second"},
      {__LINE__, "/t/wo", TWO, "iTwo\t"},
      {__LINE__, "/t/wo/a.gmi", TWO, "There is no page at"},
      {__LINE__, "/t", HOST, "There is no page at"},
      /* What only begins like it, or leads there and away. */
      {__LINE__, "/alicex/y.txt", HOST, "y of the host"},
      {__LINE__, "/Alice/", HOST, "There is no page at"},
      {__LINE__, "/sub/alice/", HOST, "There is no page at"},
      {__LINE__, "/alice/../x.txt", HOST, "x of the host"},
      {__LINE__, "/sub/../alice/x.txt", ALICE, "x of alice"},
      {__LINE__, "/alice/../../x.txt", HOST, "climbs above the root"},
      {__LINE__, "/alice/sub/../x.txt", ALICE, "x of alice"},
      {__LINE__, "/alice/%2e%2e/x.txt", ALICE, "There is no page at"}, /* as it stands there is no such file */
      {__LINE__, "/alice/hidden.txt", ALICE, "There is no page at"},
      {__LINE__, "/alice/alice/x.txt", ALICE, "There is no page at"},
      /* The whole server's. */
      {__LINE__, "/caps.txt", HOST, "CapsVersion=1"},
      {__LINE__, "/alice/caps.txt", ALICE, "There is no page at"},
      {__LINE__, "URL:https://w.example/", HOST, "<a href=\"https://w.example/\">"},
      {__LINE__, "/alice/URL:https://w.example/", ALICE, "There is no page at"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct site *site = NULL;
    const char *got = talk(&at_all, table[i].selector, &site);
    if (site != sites[table[i].site] || !strstr(got, table[i].holds))
      fail_msg("line %d: %s, site %s:\n%s", table[i].line, table[i].selector, site_name(site).p, got);
  }
}

#define HERE "\thost.example\t70\r\n"

static void every_selector_that_leads_into_the_site_has_the_prefix(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *selector, *holds;
  } table[] = {
      /* links */
      {__LINE__, "/alice", "0X\t/alice/x.txt" HERE},
      {__LINE__, "/alice", "1Sub\t/alice/sub/" HERE},
      {__LINE__, "/alice", "1Sub a\t/alice/sub?a" HERE},
      {__LINE__, "/alice", "1Doc\t/alice/doc/" HERE},
      {__LINE__, "/alice", "0Gopher X\t/alice/x.txt" HERE},
      {__LINE__, "/alice", "1Alias\t/alice" HERE},
      {__LINE__, "/alice", "0Mine\t/alice/x.txt" HERE},
      {__LINE__, "/alice", "0Up\t/alice/x.txt" HERE},
      /* links that lead elsewhere */
      {__LINE__, "/alice", "hHost's X\tURL:gemini://host.example/x.txt" HERE},
      {__LINE__, "/alice", "0Gopher host\t/x.txt\thost.example\t70\r\n"},
      {__LINE__, "/alice", "0Own\t/x.txt\talice.example\t70\r\n"},
      {__LINE__, "/alice", "hWeb\tURL:https://w.example/" HERE},
      /* listings, with the way up */
      {__LINE__, "/alice/sub", "1Up\t/alice/" HERE},
      {__LINE__, "/alice/sub/", "1One\t/alice/sub/one.gmi" HERE},
      {__LINE__, "/alice/sub/", "0two.txt (4 bytes)\t/alice/sub/two.txt" HERE},
      {__LINE__, "/alice/sub/one.gmi", "1Back\t/alice/" HERE},
      /* maps of both forms */
      {__LINE__, "/alice/map", "0Near\t/alice/map/near.txt" HERE},
      {__LINE__, "/alice/map", "0Far\t/alice/x.txt" HERE},
      {__LINE__, "/alice/map", "1Root\t/alice/" HERE},
      {__LINE__, "/alice/map", "1sub\t/alice/map/sub" HERE},
      {__LINE__, "/alice/map", "hWeb\tURL:https://w.example/" HERE},
      {__LINE__, "/alice/map", "hPage\tGET /x" HERE},
      {__LINE__, "/alice/map", "1Else\t/x\tgopher.example\t70\r\n"},
      {__LINE__, "/alice/gph", "0Near\t/alice/gph/near.txt" HERE},
      {__LINE__, "/alice/gph", "0Far\t/alice/x.txt" HERE},
      /* overviews */
      {__LINE__, "/alice/doc", "\t/alice/doc/1.gmi" HERE},
      {__LINE__, "/alice/doc", "\t/alice/doc.overview.txt" HERE},
      {__LINE__, "/alice/doc/2.gmi", "\t/alice/doc/1.gmi" HERE},
      /* users */
      {__LINE__, "/alice/~bob", "0B\t/alice/~bob/b.txt" HERE},
      {__LINE__, "/alice/~bob/", "1Home\t/alice/" HERE},
      {__LINE__, "/alice/~bob/", "1L\t/alice/~bob/list/" HERE},
      {__LINE__, "/alice/~bob/list", "1Up\t/alice/~bob/" HERE},
      {__LINE__, "/alice/~bob/list", "0c.txt (2 bytes)\t/alice/~bob/list/c.txt" HERE},
      {__LINE__, "/~bob/", "There is no page at"},
      {__LINE__, "/alice/all", "1~bob\t/alice/~bob/" HERE},
      {__LINE__, "/alice/all", "0z.txt (2 bytes)\t/alice/all/z.txt" HERE},
      /* Gopher+ */
      {__LINE__, "/alice\t$", "+INFO: 0X\t/alice/x.txt" HERE},
      {__LINE__, "/alice/sub\t!", "+INFO: 1sub\t/alice/sub" HERE},
      {__LINE__, "/alice/map\t$", "+INFO: 0Far\t/alice/x.txt" HERE},
      /* the site that has the root */
      {__LINE__, "", "1Alice\t/alice/" HERE},
      {__LINE__, "", "1Sub\t/alice/sub/" HERE},
      {__LINE__, "", "0X\t/x.txt" HERE},
      {__LINE__, "/t/wo/", "1A\t/t/wo/a.gmi" HERE},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct site *site = NULL;
    const char *got = talk(&at_all, table[i].selector, &site);
    if (!strstr(got, table[i].holds))
      fail_msg("line %d: %s has no %s:\n%s", table[i].line, table[i].selector, table[i].holds, got);
  }
}

/* By its own listener and by its own name over TLS a site has its root: the same page, at once, in another form. */
static void nothing_has_a_prefix_where_the_site_is_known(void **state)
{
  (void)state;
  struct proto_context own = at_all, by_name = at_all, default_by_name = at_all, two_by_name = at_all;
  struct site *site = NULL;
  own.entry_site = sites[ALICE];
  by_name.sni_site = sites[ALICE];
  default_by_name.sni_site = sites[HOST];
  two_by_name.sni_site = sites[TWO];
  const struct proto_context *known[] = {&own, &by_name};
  for (int round = 0; round < 2; round++) {
    assert_contains(talk(&at_all, "/alice", &site), "0X\t/alice/x.txt" HERE);
    for (size_t i = 0; i < 2; i++) {
      const char *got = talk(known[i], "", &site);
      assert_ptr_equal(site, sites[ALICE]);
      assert_contains(got, "0X\t/x.txt\talice.example\t70\r\n");
      assert_contains(got, "1Sub\t/sub/\talice.example\t70\r\n");
      assert_contains(got, "0Own\t/x.txt\talice.example\t70\r\n");
      assert_lacks(got, "\t/alice/sub");
      assert_contains(talk(known[i], "/map", &site), "0Far\t/x.txt\talice.example\t70\r\n");
      /* Links from the shared root say it with its path; over TLS they lead here. What it has there comes first. */
      assert_contains(talk(known[i], "/alice/x.txt", &site),
                      known[i] == &by_name ? "x of alice" : "There is no page at /alice/x.txt");
      assert_contains(talk(known[i], "/alice/own.txt", &site), "a folder of that name");
      assert_contains(talk(known[i], "/alice/none.txt", &site), "There is no page at /alice/none.txt");
      assert_contains(talk(known[i], "/alicex.txt", &site), "There is no page at /alicex.txt");
      assert_contains(talk(known[i], "/t/wo", &site), "There is no page at /t/wo");
    }
  }
  assert_contains(talk(&two_by_name, "/alice", &site), "There is no page at /alice");
  assert_ptr_equal(site, sites[TWO]);
  assert_contains(talk(&two_by_name, "/t/wo", &site), "1A\t/a.gmi\ttwo.example\t70\r\n");
  assert_contains(talk(&two_by_name, "/t/wo/", &site), "1A\t/a.gmi\ttwo.example\t70\r\n");
  /* Whoever asks for the default by its name sees the root that all share. */
  assert_contains(talk(&default_by_name, "/alice/x.txt", &site), "x of alice");
  own.entry_site = sites[HOST];
  assert_contains(talk(&own, "/alice/x.txt", &site), "There is no page at /alice/x.txt");
}

static void a_web_browser_is_told_of_the_site_that_it_means(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *request, *gemini, *gopher;
  } table[] = {
      {__LINE__, "GET / HTTP/1.0", "\"gemini://host.example/\"", "\"gopher://host.example/\""},
      {__LINE__, "GET /x.txt HTTP/1.0", "\"gemini://host.example/x.txt\"", "\"gopher://host.example/0/x.txt\""},
      {__LINE__, "GET /alice HTTP/1.1", "\"gemini://alice.example/\"", "\"gopher://host.example/1/alice/\""},
      {__LINE__, "GET /alice/ HTTP/1.1", "\"gemini://alice.example/\"", "\"gopher://host.example/1/alice/\""},
      {__LINE__, "GET /alice/x.txt HTTP/1.1", "\"gemini://alice.example/x.txt\"",
       "\"gopher://host.example/0/alice/x.txt\""},
      {__LINE__, "GET /alice/sub?q HTTP/1.1", "\"gemini://alice.example/sub?q\"",
       "\"gopher://host.example/1/alice/sub?q\""},
      {__LINE__, "GET /alice?q HTTP/1.1", "\"gemini://alice.example/?q\"", "\"gopher://host.example/1/alice/?q\""},
      {__LINE__, "GET http://host.example/alice/x.txt HTTP/1.1", "\"gemini://alice.example/x.txt\"",
       "\"gopher://host.example/0/alice/x.txt\""},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct site *site = NULL;
    const char *got = talk(&at_all, table[i].request, &site);
    if (!strstr(got, table[i].gemini) || !strstr(got, table[i].gopher))
      fail_msg("line %d: %s:\n%s", table[i].line, table[i].request, got);
  }
}

/* What the site would say without a file behind it: prompts, redirects, entries. */
static void answers_without_a_page_have_the_prefix_too(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *selector;
    enum status status;
    const char *meta, *holds;
  } table[] = {
      {__LINE__, "/alice/ask", STATUS_INPUT, "Your name", "7Your name\t/alice/ask" HERE},
      {__LINE__, "/alice", STATUS_INPUT, "Your name", "7Your name\t/alice" HERE},
      {__LINE__, "/alice/old", STATUS_REDIRECT_PERMANENT, "/new/", "1/new/\t/alice/new/" HERE},
      {__LINE__, "/alice/a/old", STATUS_REDIRECT_PERMANENT, "new.gmi", "1new.gmi\t/alice/a/new.gmi" HERE},
      {__LINE__, "/alice", STATUS_REDIRECT_PERMANENT, "new.gmi", "1new.gmi\t/alice/new.gmi" HERE},
      {__LINE__, "/alice?q", STATUS_REDIRECT_PERMANENT, "new.gmi", "1new.gmi\t/alice/new.gmi" HERE},
      {__LINE__, "/alice/old", STATUS_REDIRECT_TEMPORARY, "gemini://alice.example/new/", "\t/alice/new/" HERE},
      {__LINE__, "/old", STATUS_REDIRECT_PERMANENT, "/new/", "1/new/\t/new/" HERE},
      {__LINE__, "/alice/closed/", STATUS_CERTIFICATE_REQUIRED, "Members only",
       "Members only (over Gemini: gemini://alice.example/closed/)"},
      {__LINE__, "/closed/", STATUS_CERTIFICATE_REQUIRED, "Members only",
       "Members only (over Gemini: gemini://host.example/closed/)"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct proto_request r;
    struct response response;
    struct body *body = NULL;
    struct buf line = BUF_INIT(256), sent = BUF_INIT(1 << 16);
    proto_request_init(&r);
    response_init(&response);
    buf_printf(&line, "%s\r\n", table[i].selector);
    assert_int_equal(proto_gopher.parse(buf_str(&line), &at_all, &r), PARSED_REQUEST);
    response_set(&response, table[i].status, "%s", table[i].meta);
    assert_int_equal(proto_gopher.encode(&r, &at_all, &response, &sent, &body), 0);
    assert_null(body);
    buf_put_c(&sent, '\0');
    if (!strstr(sent.p, table[i].holds))
      fail_msg("line %d: %s:\n%s", table[i].line, table[i].selector, sent.p);
    proto_request_free(&r);
    buf_free(&line);
    buf_free(&sent);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(which_site_a_selector_asks),
      cmocka_unit_test(every_selector_that_leads_into_the_site_has_the_prefix),
      cmocka_unit_test(nothing_has_a_prefix_where_the_site_is_known),
      cmocka_unit_test(a_web_browser_is_told_of_the_site_that_it_means),
      cmocka_unit_test(answers_without_a_page_have_the_prefix_too),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
