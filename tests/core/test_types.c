/* Item types that only the disk can tell: the loop never waits for them, and the next reader has them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "../support/ask.h"
#include "base/err.h"
#include "site/resolve_internal.h"
#include "site/types.h"

static const struct fill capsule[] = {
    {"README", "text\n", NULL},
    {"LICENSE", "text\n", NULL},
    {"BINARY", "\x01\x02", NULL},
    {"v1.2/x.txt", "x", NULL},
    {"notes.md/index.gmi", "# A folder\n", NULL},
    {"notes.overview.txt", "Title\n\n1. One\n", NULL},
    {NULL, NULL, NULL},
};

/* The way of a kernel that cannot say what it has at hand: every look has to go to the pool. */
static int setup(void **state)
{
  resolve_use(RESOLVE_WAY_WALK);
  return stand_setup(state);
}

static int teardown(void **state)
{
  resolve_use(RESOLVE_WAY_KERNEL);
  return stand_teardown(state);
}

static char type(struct stand *s, const char *path)
{
  return site_item_type(s->site, NULL, str_from(path));
}

static void the_first_answer_is_by_name_and_the_next_exact_P10(void **state)
{
  struct stand *s = *state;
  static const struct {
    int line;
    const char *path;
    char first, next;
  } table[] = {
      {__LINE__, "/README", '1', '0'},  {__LINE__, "/LICENSE?x", '1', '0'}, {__LINE__, "/BINARY", '1', '9'},
      {__LINE__, "/v1.2", '9', '1'},    {__LINE__, "/notes", '1', '1'},     {__LINE__, "/x/../READM%45", '0', '0'},
      {__LINE__, "/nothing", '1', '1'}, {__LINE__, "/no.thing", '9', '9'},  {__LINE__, "/.hidden", '1', '1'},
      {__LINE__, "/x.png", 'I', 'I'},   {__LINE__, "/notes.md", '0', '1'},  {__LINE__, "/v1.2/x.txt", '0', '0'},
      {__LINE__, "/", '1', '1'},        {__LINE__, "/../README", '1', '1'}, {__LINE__, "/a%2Fb.zz", '9', '9'},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    unsigned long run = s->pool.run;
    char first = type(s, table[i].path);
    assert_int_equal(s->pool.run, run); /* nobody waited */
    pool_run_all(&s->pool);
    char next = type(s, table[i].path);
    pool_run_all(&s->pool);
    if (first != table[i].first || next != table[i].next)
      fail_msg("line %d: %s is %c, then %c", table[i].line, table[i].path, first, next);
  }
}

static void what_changes_is_looked_up_again(void **state)
{
  struct stand *s = *state;
  (void)type(s, "/README");
  pool_run_all(&s->pool);
  assert_int_equal(type(s, "/README"), '0');
  assert_int_equal(s->pool.n, 0); /* fresh */
  folder_delete(&s->folder, "README");
  folder_write(&s->folder, "README/index.gmi", STR("# A folder now\n"));
  s->pool.now += TYPES_FRESH_MS;
  assert_int_equal(type(s, "/README"), '0');
  assert_int_equal(pool_run_all(&s->pool), 1);
  assert_int_equal(type(s, "/README"), '1');
}

/* A menu may have any number of links, and a stranger any number of names. */
static void one_job_at_a_time_is_in_the_pool_whatever_is_asked_for(void **state)
{
  struct stand *s = *state;
  char path[32];
  assert_int_equal(type(s, "/README"), '1');
  for (int i = 0; i < 1000; i++) {
    (void)snprintf(path, sizeof path, "/name%d", i);
    assert_int_equal(type(s, path), '1');
  }
  assert_int_equal(s->pool.n, 1);
  assert_int_equal(pool_run_all(&s->pool), 2); /* the first name, then as many as one job takes */
  assert_int_equal(type(s, "/README"), '0');   /* names that are not there push nothing out */
  for (int i = 0; i < 2 * TYPES_KNOWN; i++) {
    (void)snprintf(path, sizeof path, "files/f%d", i);
    folder_write(&s->folder, path, STR("text\n"));
    (void)snprintf(path, sizeof path, "/files/f%d", i);
    (void)type(s, path);
    pool_run_all(&s->pool);
    assert_int_equal(type(s, path), '0');
  }
}

static void a_pool_that_refuses_or_cancels_changes_nothing(void **state)
{
  struct stand *s = *state;
  s->pool.refuse = ERR_BUSY;
  assert_int_equal(type(s, "/README"), '1');
  s->pool.refuse = 0;
  assert_int_equal(type(s, "/README"), '1');
  assert_int_equal(pool_cancel_one(&s->pool), 1);
  assert_int_equal(type(s, "/README"), '1');
  pool_run_all(&s->pool);
  assert_int_equal(type(s, "/README"), '0');
}

static void a_site_may_close_while_the_pool_looks(void **state)
{
  (void)state;
  for (int moment = 0; moment < 3; moment++) {
    struct stand s;
    stand_make(&s, capsule);
    resolve_use(RESOLVE_WAY_WALK);
    (void)type(&s, "/README");
    (void)type(&s, "/LICENSE"); /* waits for the first job */
    struct work *w = moment == 0 ? stand_run(&s) : NULL;
    site_close(s.site);
    s.site = NULL;
    mime_free(s.mime); /* borrowed until site_close, and no longer */
    s.mime = NULL;
    if (w)
      w->done(w, false);
    else if (moment == 1)
      assert_int_equal(pool_cancel_one(&s.pool), 1);
    pool_run_all(&s.pool);
    stand_remove(&s);
  }
  resolve_use(RESOLVE_WAY_KERNEL);
}

#define row(test) cmocka_unit_test_prestate_setup_teardown(test, setup, teardown, (void *)(uintptr_t)capsule)

int main(void)
{
  const struct CMUnitTest tests[] = {
      row(the_first_answer_is_by_name_and_the_next_exact_P10),     row(what_changes_is_looked_up_again),
      row(one_job_at_a_time_is_in_the_pool_whatever_is_asked_for), row(a_pool_that_refuses_or_cancels_changes_nothing),
      cmocka_unit_test(a_site_may_close_while_the_pool_looks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
