/* Menus that are ready: kept with their pages for each address, and right about where their links lead. */
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
#include "site/ready.h"
#include "site/resolve_internal.h"
#include "site/state.h"

static const struct fill capsule[] = {
    {"page.gmi", "# Page\n=> a.txt A\n=> README R\n=> list L\n=> meeting M\n=> gemini://capsule.example:1966/ G\n",
     NULL},
    {"a.txt", "a\n", NULL},
    {"README", "readme\n", NULL},
    {"list/TEXT", "text\n", NULL},
    {"list/DATA", "\x01\x02", NULL},
    {"list/notes.md", "x", NULL},
    {"list/folder.md/x.txt", "x", NULL},
    {"map/gophermap", "Mapped\n0Text\ta.txt\n", NULL},
    {"meeting.overview.txt", "Meeting\n\n1. One.\n\n2. Two.\n", NULL},
    {NULL, NULL, NULL},
};

static const char *const selectors[] = {"/page.gmi\r\n", "/list\r\n",    "/list/\r\n",
                                        "/map/\r\n",     "/meeting\r\n", "/meeting/2.gmi\r\n"};
enum { SELECTORS = sizeof selectors / sizeof *selectors };

static struct stand *stand;
static unsigned columns; /* what the site's answer says of its menu's width; 0: what it said itself */

static void keep(void *to, struct response *response)
{
  response_move(to, response);
}

/* Asks over Gopher at an address, and returns all that is sent, ended by a NUL. With `disk` false no question reaches
 * the disk: then only what is ready can be answered. */
static const char *talk_at(const char *host, unsigned port, unsigned gemini_port, const char *input, bool disk)
{
  enum { SENT_MAX = 64 << 20 };
  static struct buf sent = {.max = SENT_MAX};
  struct site *const sites[] = {stand->site};
  const struct proto_context context = {.sites = sites,
                                        .n_sites = 1,
                                        .local_host = str_from(host),
                                        .port = port,
                                        .gopher_port = port,
                                        .gemini_port = gemini_port};
  struct proto_request r;
  struct response response;
  struct body *body = NULL;
  enum pull got = PULL_END;
  int fd = stand->site->root.folder;
  if (!disk)
    stand->site->root.folder = -1;
  proto_request_init(&r);
  response_init(&response);
  buf_free(&sent);
  assert_int_equal(proto_gopher.parse(str_from(input), &context, &r), PARSED_REQUEST);
  (void)site_start(r.site, &r.request, keep, &response);
  (void)pool_run_all(&stand->pool);
  response.columns = columns ? columns : response.columns;
  assert_int_equal(proto_gopher.encode(&r, &context, &response, &sent, &body), 0);
  while (body && ((got = body_pull(body, &sent, 4096)) == PULL_BYTES || got == PULL_PENDING))
    (void)pool_run_all(&stand->pool);
  assert_int_equal(got, PULL_END);
  body_free(body);
  proto_request_free(&r);
  stand->site->root.folder = fd;
  buf_put_c(&sent, '\0');
  assert_int_equal(buf_error(&sent), 0);
  return sent.p;
}

static const char *talk(const char *input)
{
  return talk_at("localhost", 70, 1965, input, true);
}

/* Asks until its links' types are known: on some file systems the pool has to look for some of them, and no menu is
 * kept before it has. */
static const char *talk_settled(const char *input)
{
  (void)talk(input);
  (void)talk(input);
  return talk(input);
}

/* The names of the stand are not configured here: menus name the address (P19). */
static int setup(void **state)
{
  static const char *const names[] = {"capsule.example"};
  static struct stand s;
  stand_make_with(&s, *state, (struct site_config){.names = names, .n_names = 1, .cache = (size_t)32 << 20});
  stand = &s;
  return 0;
}

static int teardown(void **state)
{
  (void)state;
  stand_remove(stand);
  return 0;
}

static void a_menu_that_is_asked_for_again_costs_no_look(void **state)
{
  (void)state;
  for (int i = 0; i < SELECTORS; i++) {
    char *first = strdup(talk_settled(selectors[i]));
    assert_non_null(strstr(first, "\tlocalhost\t70\r\n"));
    assert_string_equal(talk_at("localhost", 70, 1965, selectors[i], false), first);
    stand->pool.now += READY_TRUSTED_MS - 1;
    assert_string_equal(talk_at("localhost", 70, 1965, selectors[i], false), first);
    stand->pool.now += 1;
    assert_non_null(strstr(talk_at("localhost", 70, 1965, selectors[i], false), "\terror.host\t1\r\n"));
    assert_string_equal(talk(selectors[i]), first);
    free(first);
  }
}

static void each_address_has_its_own_menu_P19(void **state)
{
  (void)state;
  static const struct {
    const char *host;
    unsigned port;
  } at[] = {{"localhost", 70}, {"192.0.2.1", 70}, {"192.0.2.1", 7070}, {"2001:db8::1", 70}};
  for (int round = 0; round < 3; round++) {
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
      char item[64];
      (void)snprintf(item, sizeof item, "0A\t/a.txt\t%s\t%u\r\n", at[i].host, at[i].port);
      assert_contains(talk_at(at[i].host, at[i].port, 1965, "/page.gmi\r\n", round < 1), item);
    }
  }
  /* Which of its links lead here depends on the ports too. */
  assert_contains(talk_at("localhost", 70, 1965, "/page.gmi\r\n", true), "hG\tURL:gemini://capsule.example:1966/");
  assert_contains(talk_at("localhost", 70, 1966, "/page.gmi\r\n", true), "1G\t/\tlocalhost\t70\r\n");
  assert_contains(talk_at("localhost", 70, 1965, "/page.gmi\r\n", false), "hG\tURL:gemini://capsule.example:1966/");
}

/* A menu that was made for one width is none for another. */
static void each_width_has_its_own_menu_P9(void **state)
{
  (void)state;
  static const char wide[] = "iWords enough for more than one line of twenty columns.\t",
                    narrow[] = "iWords enough for\t\terror.host\t1\r\nimore than one line\t";
  folder_write(&stand->folder, "words.gmi", STR("Words enough for more than one line of twenty columns.\n"));
  for (int round = 0; round < 2; round++) {
    columns = 0;
    assert_contains(talk_at("localhost", 70, 1965, "/words.gmi\r\n", round == 0), wide);
    columns = 20;
    assert_contains(talk_at("localhost", 70, 1965, "/words.gmi\r\n", round == 0), narrow);
  }
  columns = 0;
}

/* What an answer says of itself is what the next one says that is made of it. */
static void what_is_ready_says_how_it_is_to_be_sent(void **state)
{
  (void)state;
  for (unsigned i = 0; i < 2; i++) {
    struct response first, second;
    struct trail trail;
    struct page *page = page_make();
    struct buf bytes = BUF_INIT(16);
    buf_put_str(&bytes, STR("text\n"));
    page->bytes = bytes_take(&bytes);
    trail_init(&trail);
    response_init(&first);
    response_init(&second);
    response_set(&first, STATUS_SUCCESS, "text/plain");
    first.columns = 40 * i;
    first.terminate = i > 0;
    struct ready *ready = ready_make(&first, page, &trail);
    assert_int_equal(ready_response(ready, &second), 0);
    assert_int_equal(second.columns, 40 * i);
    assert_int_equal(second.terminate, i > 0);
    ready_unref(ready);
    response_free(&first);
    response_free(&second);
    page_unref(page);
  }
}

/* A stranger may reach us by many addresses; the memory for one page has its bound. */
static void a_page_has_no_more_than_so_many_menus(void **state)
{
  (void)state;
  size_t most = 0, before = 0;
  for (int i = 0; i < 5 * READY_FORMS; i++) {
    char host[32];
    (void)snprintf(host, sizeof host, "192.0.2.%d", 100 + i);
    assert_contains(talk_at(host, 70, 1965, "/page.gmi\r\n", true), host);
    size_t menu = strlen(talk_at(host, 70, 1965, "/page.gmi\r\n", false));
    assert_contains(talk_at(host, 70, 1965, "/page.gmi\r\n", false), host);
    if (i > 0 && i < READY_FORMS) /* its bytes and what keeps them are counted */
      assert_in_range(cache_used(stand->site->cache) - before, menu + 50, menu + 300);
    before = cache_used(stand->site->cache);
    if (i + 1 == READY_FORMS)
      most = cache_used(stand->site->cache);
    else if (i + 1 > READY_FORMS)
      assert_int_equal(cache_used(stand->site->cache), most);
  }
  assert_int_equal(cache_count(stand->site->cache), 1);
  cache_clear(stand->site->cache);
  assert_int_equal(cache_used(stand->site->cache), 0);
}

/* Where a link leads is not what its page was made from, and is right within a second all the same. */
static void what_links_lead_to_is_looked_at_again(void **state)
{
  (void)state;
  assert_contains(talk_settled("/page.gmi\r\n"), "0R\t/README\t");
  size_t used = cache_used(stand->site->cache);
  folder_delete(&stand->folder, "README");
  folder_write(&stand->folder, "README/x.txt", STR("x"));
  assert_contains(talk("/page.gmi\r\n"), "0R\t/README\t");
  for (int i = 0; i < 3; i++) {
    stand_wait(stand);
    assert_contains(talk_settled("/page.gmi\r\n"), "1R\t/README\t");
    assert_int_equal(cache_used(stand->site->cache), used);
  }
}

/* Where the kernel cannot tell at once (every look goes to the pool), a menu may be wrong for its first reader; for the
 * next it is right, however long ago the one before came. */
static void what_the_pool_is_to_look_at_is_in_no_menu_that_is_kept(void **state)
{
  (void)state;
  resolve_use(RESOLVE_WAY_WALK);
  assert_contains(talk_settled("/page.gmi\r\n"), "0R\t/README\t");
  const struct ready *page = (const struct ready *)cache_get(stand->site->cache, 'm', STR("/page.gmi"));
  assert_non_null(page);
  assert_non_null(page->forms); /* names that tell, and those of nothing, do not keep it from being kept */
  folder_delete(&stand->folder, "README");
  folder_write(&stand->folder, "README/x.txt", STR("x"));
  stand->pool.now += UINT64_C(3600) * 1000;
  (void)talk("/page.gmi\r\n"); /* perhaps an old type */
  page = (const struct ready *)cache_get(stand->site->cache, 'm', STR("/page.gmi"));
  assert_non_null(page);
  assert_null(page->forms);
  assert_contains(talk("/page.gmi\r\n"), "1R\t/README\t");
  resolve_use(RESOLVE_WAY_KERNEL);
}

static void an_edited_page_has_a_new_menu(void **state)
{
  (void)state;
  assert_contains(talk("/page.gmi\r\n"), "iPage\t");
  folder_write(&stand->folder, "page.gmi", STR("# Edited\n"));
  stand_wait(stand);
  assert_contains(talk("/page.gmi\r\n"), "iEdited\t");
  assert_contains(talk_at("localhost", 70, 1965, "/page.gmi\r\n", false), "iEdited\t");
  stand->pool.ahead = 0;
  folder_write(&stand->folder, "page.gmi", STR("# Young one\n"));
  stand_wait(stand);
  assert_contains(talk("/page.gmi\r\n"), "iYoung one\t");
  folder_write(&stand->folder, "page.gmi", STR("# Young two\n"));
  assert_contains(talk("/page.gmi\r\n"), "iYoung two\t");
}

/* A client of Gopher+ is told about each item of the very same menu (P4). */
static void the_form_of_gopher_plus_is_made_of_the_ready_menu(void **state)
{
  (void)state;
  char *first = strdup(talk_settled("/page.gmi\t$\r\n"));
  assert_non_null(strstr(first, "+INFO: 0A\t/a.txt\tlocalhost\t70"));
  assert_string_equal(talk_at("localhost", 70, 1965, "/page.gmi\t$\r\n", false), first);
  assert_contains(talk_at("localhost", 70, 1965, "/page.gmi\r\n", false), "\r\n0A\t/a.txt\tlocalhost\t70\r\n");
  free(first);
}

/* A page of many short lines becomes many times as long. */
static void a_menu_too_large_to_be_kept_is_whole_all_the_same(void **state)
{
  (void)state;
  enum { LINES = 100000 };
  struct buf page = BUF_INIT((size_t)LINES * 2);
  for (int i = 0; i < LINES; i++)
    buf_put_str(&page, STR("x\n"));
  folder_write(&stand->folder, "long.gmi", buf_str(&page));
  buf_free(&page);
  for (int i = 0; i < 3; i++) {
    const char *menu = talk("/long.gmi\r\n");
    const size_t line = strlen("ix\t\terror.host\t1\r\n");
    assert_int_equal(strlen(menu), LINES * line + strlen(".\r\n"));
    assert_memory_equal(menu + (LINES - 1) * line, "ix\t\terror.host\t1\r\n.\r\n", line + 3);
    assert_true(cache_used(stand->site->cache) < (size_t)3 * LINES);
  }
}

/* To gather what is thrown away costs every reader's loop: once is enough. */
static void a_menu_too_large_is_gathered_for_its_first_reader_only(void **state)
{
  (void)state;
  enum { LINES = READY_FORM_MAX / 16 };
  struct buf page = BUF_INIT((size_t)LINES * 2);
  for (int i = 0; i < LINES; i++)
    buf_put_str(&page, STR("x\n"));
  folder_write(&stand->folder, "long.gmi", buf_str(&page));
  buf_free(&page);
  char *first = strdup(talk("/long.gmi\r\n"));
  struct ready *ready = (struct ready *)cache_get(stand->site->cache, 'm', STR("/long.gmi"));
  assert_non_null(ready);
  assert_true(ready_kept(ready));
  assert_false(ready_gathers(ready));
  assert_null(ready->forms);
  assert_string_equal(talk_at("localhost", 70, 1965, "/long.gmi\r\n", false), first);
  free(first);
  /* Another page is another matter, and so is this one when it has become shorter. */
  (void)talk("/page.gmi\r\n");
  assert_true(ready_gathers((struct ready *)cache_get(stand->site->cache, 'm', STR("/page.gmi"))));
  folder_write(&stand->folder, "long.gmi", STR("x\n"));
  stand_wait(stand);
  (void)talk("/long.gmi\r\n");
  ready = (struct ready *)cache_get(stand->site->cache, 'm', STR("/long.gmi"));
  assert_true(ready_gathers(ready));
  assert_non_null(ready->forms);
}

/* ---- what a listing knows */

static void the_types_of_what_is_listed_are_known_P10(void **state)
{
  (void)state;
  const char *menu = talk("/list/\r\n");
  assert_contains(menu, "0TEXT (5 bytes)\t/list/TEXT\t");
  assert_contains(menu, "9DATA (2 bytes)\t/list/DATA\t");
  assert_contains(menu, "0notes.md (1 byte)\t/list/notes.md\t");
  assert_contains(menu, "1folder.md/\t/list/folder.md/\t");
}

/* 2,000 names whose content would have to be looked into, and more names than that: the menu asks the disk for none. */
static void no_menu_of_a_listing_looks_into_files(void **state)
{
  (void)state;
  enum { N = LISTING_LABELLED - 10, MORE = 10000 };
  char name[64];
  int made = 0;
  for (int round = 0; round < 2; round++) {
    for (; made < (round ? MORE : N); made++) {
      (void)snprintf(name, sizeof name, "many/%05d", made);
      folder_write(&stand->folder, name, STR("text\n"));
    }
    folder_write(&stand->folder, "many/folder/x.txt", STR("x"));
    stand_wait(stand);
    struct reply r = REPLY_INIT;
    ask(stand, REPR_MENU, "/many/", &r);
    reply_free(&r);
    /* The page is there; what is left is its menu. */
    for (int i = 0; i < 2; i++) {
      const char *menu = talk_at("localhost", 70, 1965, "/many/\r\n", false);
      (void)snprintf(name, sizeof name, "\t/many/%05d\tlocalhost\t70\r\n", made - 1);
      assert_contains(menu, name);
      assert_contains(menu, "\n000000");
      assert_contains(menu, "\n1folder/\t/many/folder/\t");
      assert_lacks(menu, "\n100");
    }
    assert_int_equal(stand->pool.n, 0);
  }
}

/* A young directory is not kept, and its menu is none the less made of what the listing knows. */
static void a_listing_that_is_not_kept_knows_its_types_too(void **state)
{
  (void)state;
  stand->pool.ahead = 0;
  folder_write(&stand->folder, "list/NEW", STR("text\n"));
  unsigned long run = stand->pool.run;
  assert_contains(talk("/list/\r\n"), "0NEW (5 bytes)\t/list/NEW\t");
  assert_true(stand->pool.run - run <= 2); /* the look and the listing */
  assert_int_equal(cache_count(stand->site->cache), 0);
}

/* The pages of an overview were made with their links: their menus stay as long as the document does. */
static void no_menu_of_an_overview_looks_at_its_links(void **state)
{
  (void)state;
  static const char *const paths[] = {"/meeting/", "/meeting/1.gmi"};
  for (int i = 0; i < 2; i++) {
    char input[32];
    (void)snprintf(input, sizeof input, "%s\r\n", paths[i]);
    (void)talk(input);
    const struct ready *page = (const struct ready *)cache_get(stand->site->cache, 'm', str_from(paths[i]));
    assert_non_null(page);
    const struct form *first = page->forms;
    assert_non_null(first);
    for (int seconds = 0; seconds < 3; seconds++) {
      stand_wait(stand);
      (void)talk(input);
      assert_ptr_equal(page->forms, first);
    }
  }
  const char *menu = talk("/meeting/\r\n");
  assert_contains(menu, "11. One.\t/meeting/1.gmi\t");
  assert_contains(menu, "\r\n0The whole document as plain text\t/meeting.overview.txt\t");
}

static void an_overview_of_ten_thousand_points(void **state)
{
  (void)state;
  enum { NUMBERS = 999, TIMES = 11 }; /* numbers have three digits at most, and may stand several times */
  struct buf text = BUF_INIT(1 << 22);
  buf_put_str(&text, STR("Many points\n\n"));
  for (int i = 0; i < NUMBERS * TIMES; i++)
    buf_printf(&text, "%d. Point number %d.\n\n", i / TIMES + 1, i + 1);
  folder_write(&stand->folder, "many.overview.txt", buf_str(&text));
  buf_free(&text);
  for (int i = 0; i < 2; i++) {
    const char *menu = talk_at("localhost", 70, 1965, "/many/\r\n", i == 0);
    assert_contains(menu, "\n1999. Point number 10989.\t/many/999-11.gmi\tlocalhost\t70\r\n");
  }
  assert_contains(talk("/many/999-10.gmi\r\n"), "Point number 10988.");
  assert_contains(talk_at("localhost", 70, 1965, "/many/999-10.gmi\r\n", false), "Point number 10988.");
}

#define row(test) cmocka_unit_test_prestate_setup_teardown(test, setup, teardown, (void *)(uintptr_t)capsule)

int main(void)
{
  const struct CMUnitTest tests[] = {
      row(a_menu_that_is_asked_for_again_costs_no_look),
      row(each_address_has_its_own_menu_P19),
      row(each_width_has_its_own_menu_P9),
      row(what_is_ready_says_how_it_is_to_be_sent),
      row(a_page_has_no_more_than_so_many_menus),
      row(what_links_lead_to_is_looked_at_again),
      row(what_the_pool_is_to_look_at_is_in_no_menu_that_is_kept),
      row(an_edited_page_has_a_new_menu),
      row(the_form_of_gopher_plus_is_made_of_the_ready_menu),
      row(a_menu_too_large_to_be_kept_is_whole_all_the_same),
      row(a_menu_too_large_is_gathered_for_its_first_reader_only),
      row(the_types_of_what_is_listed_are_known_P10),
      row(no_menu_of_a_listing_looks_into_files),
      row(a_listing_that_is_not_kept_knows_its_types_too),
      row(no_menu_of_an_overview_looks_at_its_links),
      row(an_overview_of_ten_thousand_points),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
