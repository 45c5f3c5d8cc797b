/* Answers in flight: shared builds, readers who leave, a pool that refuses, a site that closes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "../support/ask.h"
#include "base/err.h"
#include "site/ready.h"
#include "site/state.h"

static const struct fill capsule[] = {
    {"list/a.gmi", "# A\n", NULL},
    {"list/b.txt", "b\n", NULL},
    {"map/gophermap", "Mapped\n", NULL},
    {"doc.overview.txt", "Document\n\n1. One.\n\n2. Two.\n\n3. Three.\n", NULL},
    {NULL, NULL, NULL},
};

static const char *const built[] = {"/list/", "/map/", "/doc/", "/doc/2.gmi"};
enum { BUILT = sizeof built / sizeof *built };

/* Starts a request and goes on until its page is being built, by its own job or by another's. */
static void start_build(struct stand *s, const char *path, struct reply *r)
{
  unsigned waiting = s->pool.n;
  unsigned long before = stand_built(s);
  ask_start(s, REPR_GEMTEXT, path, r);
  stand_look(s, waiting, before);
  assert_false(r->came);
}

static void readers_of_the_same_page_share_one_build(void **state)
{
  struct stand *s = *state;
  struct reply one = REPLY_INIT, two = REPLY_INIT, menu = REPLY_INIT;
  for (int i = 0; i < BUILT; i++) {
    start_build(s, built[i], &one);
    unsigned long builds = stand_built(s);
    start_build(s, built[i], &two);
    assert_int_equal(stand_built(s), builds);
    pool_run_all(&s->pool);
    reply_pull(s, &one);
    reply_pull(s, &two);
    assert_status(&one, STATUS_SUCCESS);
    assert_string_equal(reply_body(&one), reply_body(&two));
  }
  /* One page for both representations. */
  ask(s, REPR_MENU, "/list/", &menu);
  ask(s, REPR_GEMTEXT, "/list/", &one);
  assert_string_equal(reply_body(&one), reply_body(&menu));
  reply_free(&one);
  reply_free(&two);
  reply_free(&menu);
}

/* Whoever saw another version of the file gets one that is not older than what they saw. */
static void a_reader_after_an_edit_does_not_join_an_older_build(void **state)
{
  struct stand *s = *state;
  static const struct {
    const char *path, *file, *content, *old, *now;
  } table[] = {
      {"/doc/", "doc.overview.txt", "Edited\n\n1. New.\n", "# Document\n", "# Edited\n"},
      {"/map/", "map/gophermap", "Edited\n", "Mapped\n", "Edited\n"},
      {"/list/", "list/new.txt", "new\n", "b.txt", "new.txt"},
  };
  struct reply before = REPLY_INIT, after = REPLY_INIT;
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    start_build(s, table[i].path, &before);
    struct work *w = stand_run(s); /* it has read the old text */
    folder_write(&s->folder, table[i].file, str_from(table[i].content));
    start_build(s, table[i].path, &after);
    assert_int_equal(s->pool.n, 1);
    w->done(w, false);
    assert_true(before.came);
    assert_false(after.came);
    pool_run_all(&s->pool);
    reply_pull(s, &before);
    reply_pull(s, &after);
    assert_contains(reply_body(&before), table[i].old);
    assert_lacks(reply_body(&before), table[i].now);
    assert_contains(reply_body(&after), table[i].now);
    ask(s, REPR_GEMTEXT, table[i].path, &after);
    assert_contains(reply_body(&after), table[i].now);
  }
  reply_free(&before);
  reply_free(&after);
}

/* The look saw one version and the build read the next: the page is good for its reader, and kept under no trail. */
static void a_page_of_another_version_than_was_seen_is_not_kept(void **state)
{
  struct stand *s = *state;
  struct reply r = REPLY_INIT;
  start_build(s, "/doc/", &r);
  folder_write(&s->folder, "doc.overview.txt", STR("Edited\n\n1. New.\n"));
  pool_run_all(&s->pool);
  reply_pull(s, &r);
  assert_contains(reply_body(&r), "# Edited\n");
  assert_null(cache_get(s->site->cache, 'g', STR("/doc/")));
  ask(s, REPR_GEMTEXT, "/doc/", &r);
  assert_non_null(cache_get(s->site->cache, 'g', STR("/doc/")));
  reply_free(&r);
}

/* Titles of files are on no trail: a listing whose build takes long is for those who came within a second. */
static void a_listing_is_not_joined_after_a_second(void **state)
{
  struct stand *s = *state;
  struct reply before = REPLY_INIT, soon = REPLY_INIT, late = REPLY_INIT;
  start_build(s, "/list/", &before);
  struct work *w = stand_run(s); /* it has read the old title */
  folder_write(&s->folder, "list/a.gmi", STR("# B\n"));
  s->pool.now += READY_TRUSTED_MS - 1;
  start_build(s, "/list/", &soon);
  assert_int_equal(s->pool.n, 0);
  s->pool.now += 1;
  start_build(s, "/list/", &late);
  assert_int_equal(s->pool.n, 1);
  w->done(w, false);
  assert_true(before.came && soon.came);
  assert_false(late.came);
  pool_run_all(&s->pool);
  reply_pull(s, &before);
  reply_pull(s, &soon);
  reply_pull(s, &late);
  assert_contains(reply_body(&before), " A\n");
  assert_contains(reply_body(&soon), " A\n");
  assert_contains(reply_body(&late), " B\n");
  reply_free(&before);
  reply_free(&soon);
  reply_free(&late);
}

static void a_reader_leaves_and_the_others_are_served(void **state)
{
  struct stand *s = *state;
  struct reply reply[3] = {REPLY_INIT, REPLY_INIT, REPLY_INIT};
  for (int leaver = 0; leaver < 3; leaver++) {
    folder_age(&s->folder, "doc.overview.txt", 10 + leaver); /* not from the cache */
    stand_wait(s);
    for (int i = 0; i < 3; i++)
      start_build(s, i == 1 ? "/doc/2.gmi" : "/doc/", &reply[i]);
    site_cancel(reply[leaver].answer);
    pool_run_all(&s->pool);
    for (int i = 0; i < 3; i++)
      assert_int_equal(reply[i].came, i != leaver);
  }
  for (int i = 0; i < 3; i++)
    reply_free(&reply[i]);
}

static void when_all_leave_the_build_goes_on_for_the_next(void **state)
{
  struct stand *s = *state;
  struct reply r = REPLY_INIT;
  for (int i = 0; i < BUILT; i++) {
    start_build(s, built[i], &r);
    site_cancel(r.answer);
    pool_run_all(&s->pool);
    assert_false(r.came);
    unsigned long builds = stand_built(s);
    ask(s, REPR_GEMTEXT, built[i], &r);
    assert_status(&r, STATUS_SUCCESS);
    assert_int_equal(stand_built(s), builds);
  }
  reply_free(&r);
}

enum moment { QUEUED, RUN, CANCELLED_WORK };

static void a_reader_may_leave_at_any_moment(void **state)
{
  struct stand *s = *state;
  struct reply r = REPLY_INIT;
  for (int i = 0; i < BUILT; i++) {
    for (int moment = QUEUED; moment <= CANCELLED_WORK; moment++) {
      folder_age(&s->folder, "doc.overview.txt", 100 + i * 10 + moment);
      folder_age(&s->folder, "map/gophermap", 100 + i * 10 + moment);
      folder_age(&s->folder, "list", 100 + i * 10 + moment);
      stand_wait(s);
      start_build(s, built[i], &r);
      struct work *w = moment == RUN ? stand_run(s) : NULL;
      site_cancel(r.answer);
      if (w)
        w->done(w, false);
      else if (moment == CANCELLED_WORK)
        assert_int_equal(pool_cancel_one(&s->pool), 1);
      pool_run_all(&s->pool);
      assert_false(r.came);
    }
  }
  reply_free(&r);
}

/* A name that nobody has asked for yet has to be looked up in the pool. */
static void a_reader_may_leave_while_the_path_is_looked_up(void **state)
{
  struct stand *s = *state;
  struct reply r = REPLY_INIT;
  for (int moment = QUEUED; moment <= CANCELLED_WORK; moment++) {
    const char *const paths[] = {"/cold/one", "/cold/two", "/cold/three"};
    ask_start(s, REPR_GEMTEXT, paths[moment], &r);
    if (r.came)
      continue; /* a file system that knows at once */
    struct work *w = moment == RUN ? stand_run(s) : NULL;
    site_cancel(r.answer);
    if (w)
      w->done(w, false);
    else if (moment == CANCELLED_WORK)
      assert_int_equal(pool_cancel_one(&s->pool), 1);
    pool_run_all(&s->pool);
    assert_false(r.came);
  }
  s->pool.refuse = ERR_NOMEM;
  ask_start(s, REPR_MENU, "/cold/four/", &r);
  assert_true(r.came);
  assert_true(r.status == STATUS_TEMPORARY_FAILURE || r.status == STATUS_NOT_FOUND);
  s->pool.refuse = 0;
  ask_start(s, REPR_MENU, "/cold/five/", &r);
  if (!r.came)
    assert_int_equal(pool_cancel_one(&s->pool), 1);
  assert_true(r.came);
  reply_free(&r);
}

static void work_that_the_pool_cancels_is_40(void **state)
{
  struct stand *s = *state;
  struct reply one = REPLY_INIT, two = REPLY_INIT;
  for (int i = 0; i < BUILT; i++) {
    start_build(s, built[i], &one);
    start_build(s, built[i], &two);
    assert_int_equal(pool_cancel_one(&s->pool), 1);
    assert_status(&one, STATUS_TEMPORARY_FAILURE);
    assert_status(&two, STATUS_TEMPORARY_FAILURE);
    ask(s, REPR_GEMTEXT, built[i], &one); /* and the next one is served */
    assert_status(&one, STATUS_SUCCESS);
  }
  reply_free(&one);
  reply_free(&two);
}

static void a_pool_that_refuses_is_40_G17(void **state)
{
  struct stand *s = *state;
  struct reply r = REPLY_INIT;
  static const int refusals[] = {ERR_NOMEM, ERR_BUSY};
  for (size_t k = 0; k < sizeof refusals / sizeof *refusals; k++) {
    for (int i = 0; i < BUILT; i++) {
      s->pool.refuse = refusals[k];
      ask_start(s, REPR_GEMTEXT, built[i], &r);
      assert_true(r.came);
      assert_status(&r, STATUS_TEMPORARY_FAILURE);
      assert_contains(reply_meta(&r), "busy");
    }
  }
  s->pool.refuse = 0;
  ask(s, REPR_GEMTEXT, built[0], &r);
  assert_status(&r, STATUS_SUCCESS);
  reply_free(&r);
}

/* The file goes away between the look and the build. */
static void what_vanishes_before_it_is_built_is_51(void **state)
{
  struct stand *s = *state;
  struct reply one = REPLY_INIT, two = REPLY_INIT;
  start_build(s, "/doc/", &one);
  start_build(s, "/doc/3.gmi", &two);
  folder_delete(&s->folder, "doc.overview.txt");
  pool_run_all(&s->pool);
  assert_status(&one, STATUS_NOT_FOUND);
  assert_status(&two, STATUS_NOT_FOUND);
  reply_free(&one);
  reply_free(&two);
}

static void a_site_may_close_with_work_in_flight(void **state)
{
  (void)state;
  for (int i = 0; i < BUILT; i++) {
    for (int moment = QUEUED; moment <= CANCELLED_WORK; moment++) {
      struct stand s;
      struct reply r = REPLY_INIT;
      stand_make(&s, capsule);
      start_build(&s, built[i], &r);
      struct work *w = moment == RUN ? stand_run(&s) : NULL;
      site_cancel(r.answer);
      site_close(s.site);
      s.site = NULL;
      mime_free(s.mime); /* borrowed until site_close, and no longer */
      s.mime = NULL;
      if (w)
        w->done(w, false);
      else if (moment == CANCELLED_WORK)
        assert_int_equal(pool_cancel_one(&s.pool), 1);
      pool_run_all(&s.pool);
      assert_false(r.came);
      reply_free(&r);
      stand_remove(&s);
    }
  }
}

/* A page may leave the cache while it is being sent. */
static void a_body_outlives_its_page(void **state)
{
  struct stand *s = *state;
  struct reply r = REPLY_INIT;
  ask_start(s, REPR_GEMTEXT, "/doc/", &r);
  pool_run_all(&s->pool);
  site_close(s->site);
  s->site = NULL;
  reply_pull(s, &r);
  assert_contains(reply_body(&r), "# Document\n");
  reply_free(&r);
}

struct chain {
  struct stand *stand;
  struct reply other; /* asked for from inside the first one's done */
  bool came;
};

static void ask_again(void *context, struct response *response)
{
  struct chain *chain = context;
  chain->came = true;
  assert_int_equal(response->status, STATUS_SUCCESS);
  ask_start(chain->stand, REPR_GEMTEXT, "/doc/3.gmi", &chain->other);
}

static void done_may_start_the_next_request(void **state)
{
  struct chain chain = {.stand = *state, .other = REPLY_INIT};
  struct request request = {.targets = 1, .representation = REPR_GEMTEXT};
  request.target[0].path = STR("/doc/");
  assert_non_null(site_start(chain.stand->site, &request, ask_again, &chain));
  pool_run_all(&chain.stand->pool);
  assert_true(chain.came);
  assert_status(&chain.other, STATUS_SUCCESS);
  reply_free(&chain.other);
}

static void an_env_without_threads_answers_at_once(void **state)
{
  struct stand *s = *state;
  static const char *const names[] = {"x"};
  struct site_config config = {.root = s->folder.path, .names = names, .n_names = 1, .named = true};
  struct buf why = BUF_INIT(1024);
  struct stand direct = *s;
  assert_int_equal(site_open(&config, env_direct(), s->mime, &direct.site, &why), 0);
  struct reply r = REPLY_INIT;
  for (int i = 0; i < BUILT; i++) {
    ask_start(&direct, REPR_GEMTEXT, built[i], &r);
    assert_true(r.came);
    assert_status(&r, STATUS_SUCCESS);
  }
  reply_free(&r);
  site_close(direct.site);
  buf_free(&why);
}

#define row(test) stand_test(test, capsule)

int main(void)
{
  const struct CMUnitTest tests[] = {
      row(readers_of_the_same_page_share_one_build),
      row(a_reader_after_an_edit_does_not_join_an_older_build),
      row(a_page_of_another_version_than_was_seen_is_not_kept),
      row(a_listing_is_not_joined_after_a_second),
      row(a_reader_leaves_and_the_others_are_served),
      row(when_all_leave_the_build_goes_on_for_the_next),
      row(a_reader_may_leave_at_any_moment),
      row(a_reader_may_leave_while_the_path_is_looked_up),
      row(work_that_the_pool_cancels_is_40),
      row(a_pool_that_refuses_is_40_G17),
      row(what_vanishes_before_it_is_built_is_51),
      cmocka_unit_test(a_site_may_close_with_work_in_flight),
      row(a_body_outlives_its_page),
      row(done_may_start_the_next_request),
      row(an_env_without_threads_answers_at_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
