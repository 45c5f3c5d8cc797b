/* The site itself: opening it, its names, and a release that is swapped in under it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/ask.h"
#include "base/err.h"
#include "site/resolve_internal.h"

static const struct fill releases[] = {
    {"one/index.gmi", "# Release one\n", NULL},
    {"one/doc.overview.txt", "Document one\n\n1. One.\n", NULL},
    {"one/list/only-one.txt", "1\n", NULL},
    {"two/index.gmi", "# Release two\n", NULL},
    {"two/doc.overview.txt", "Document two\n\n1. Two.\n", NULL},
    {"two/list/only-two.txt", "2\n", NULL},
    {"one/NOTES", "text\n", NULL},
    {"two/NOTES/", NULL, NULL},
    {"current", NULL, "one"},
    {"file", "no folder\n", NULL},
    {NULL, NULL, NULL},
};

static const char *const names[] = {"Capsule.Example.", "other.example"};

static struct site *open_site(struct stand *s, const char *path, struct buf *why, int *err)
{
  struct site *site = NULL;
  struct site_config config = {
      .root = folder_path(&s->folder, path), .names = names, .n_names = 2, .named = true, .cache = (size_t)32 << 20};
  *err = site_open(&config, &s->pool.env, s->mime, &site, why);
  return site;
}

static int setup(void **state)
{
  struct stand *s = malloc(sizeof *s);
  assert_non_null(s);
  folder_make(&s->folder);
  folder_fill(&s->folder, releases);
  pool_init(&s->pool);
  s->mime = mime_load_from(NULL, NULL);
  assert_non_null(s->mime);
  struct buf why = BUF_INIT(1024);
  int err;
  s->site = open_site(s, "current", &why, &err);
  assert_int_equal(err, 0);
  assert_int_equal(why.n, 0);
  buf_free(&why);
  *state = s;
  return 0;
}

static int teardown(void **state)
{
  stand_remove(*state);
  free(*state);
  return 0;
}

/* Moves a new link over the old one, as a release does. */
static void point_current_at(struct stand *s, const char *release)
{
  folder_link(&s->folder, "next", release);
  char *from = strdup(folder_path(&s->folder, "next"));
  assert_non_null(from);
  assert_int_equal(rename(from, folder_path(&s->folder, "current")), 0);
  free(from);
}

/* An item type that was being looked up in the old release says nothing of the new one. */
static void item_types_are_the_new_releases_after_a_swap(void **state)
{
  struct stand *s = *state;
  struct str notes = STR("/NOTES");
  resolve_use(RESOLVE_WAY_WALK); /* every look goes to the pool */
  site_refresh(s->site);
  (void)site_item_type(s->site, NULL, notes);
  pool_run_all(&s->pool);
  assert_int_equal(site_item_type(s->site, NULL, notes), '0');
  s->pool.now += 1500;
  assert_int_equal(site_item_type(s->site, NULL, notes), '0'); /* and is looked up again */
  assert_int_equal(s->pool.n, 1);
  point_current_at(s, "two");
  site_refresh(s->site);
  pool_run_all(&s->pool);
  assert_int_equal(site_item_type(s->site, NULL, notes), '1');
  pool_run_all(&s->pool);
  assert_int_equal(site_item_type(s->site, NULL, notes), '1');
  resolve_use(RESOLVE_WAY_KERNEL);
}

static void a_swapped_release_is_picked_up(void **state)
{
  struct stand *s = *state;
  struct reply r = REPLY_INIT, old = REPLY_INIT;
  static const char *const paths[] = {"/", "/list/", "/doc/", "/doc/1.gmi"};
  static const char *const one[] = {"Release one", "only-one.txt", "Document one", "One."};
  static const char *const two[] = {"Release two", "only-two.txt", "Document two", "Two."};
  site_refresh(s->site);
  for (int i = 0; i < 4; i++) {
    ask(s, REPR_GEMTEXT, paths[i], &r);
    assert_contains(reply_body(&r), one[i]);
  }
  folder_age(&s->folder, "one/doc.overview.txt", 50);
  s->pool.now += 1000;
  site_refresh(s->site);
  ask_start(s, REPR_GEMTEXT, "/doc/", &old); /* in flight over the swap */
  assert_false(old.came);

  point_current_at(s, "two");
  s->pool.now += 999; /* looked at once a second, no more */
  site_refresh(s->site);
  unsigned waiting = s->pool.n;
  ask_start(s, REPR_GEMTEXT, "/", &r);
  stand_look(s, waiting, stand_built(s));
  reply_pull(s, &r);
  assert_contains(reply_body(&r), "Release one");
  s->pool.now += 1;
  site_refresh(s->site);
  for (int i = 0; i < 4; i++) {
    ask(s, REPR_GEMTEXT, paths[i], &r);
    assert_contains(reply_body(&r), two[i]);
  }
  reply_pull(s, &old);
  assert_contains(reply_body(&old), "Document one");
  ask(s, REPR_GEMTEXT, "/doc/", &r); /* what the old build made is in no cache */
  assert_contains(reply_body(&r), "Document two");
  reply_free(&r);
  reply_free(&old);
}

/* What was looked at or built in the old folder is for those who asked before the swap, and for nobody after it. */
static void what_is_in_the_pool_during_a_swap_is_not_kept(void **state)
{
  struct stand *s = *state;
  static const struct {
    const char *path, *one, *two;
  } table[] = {{"/", "Release one", "Release two"},
               {"/list/", "only-one.txt", "only-two.txt"},
               {"/doc/", "Document one", "Document two"},
               {"/doc/1.gmi", "One.", "Two."}};
  struct reply old = REPLY_INIT, now = REPLY_INIT;
  resolve_use(RESOLVE_WAY_WALK); /* every look goes to the pool */
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    for (int built = 0; built < 2; built++) {
      point_current_at(s, "one");
      s->pool.now += 1000;
      site_refresh(s->site);
      ask_start(s, REPR_GEMTEXT, table[i].path, &old);
      assert_false(old.came);
      if (built) /* the look is done, and the page is being built */
        stand_look(s, 0, stand_built(s));
      point_current_at(s, "two");
      s->pool.now += 1000;
      site_refresh(s->site);
      pool_run_all(&s->pool);
      reply_pull(s, &old);
      assert_contains(reply_body(&old), table[i].one);
      ask(s, REPR_GEMTEXT, table[i].path, &now);
      assert_contains(reply_body(&now), table[i].two);
    }
  }
  resolve_use(RESOLVE_WAY_KERNEL);
  reply_free(&old);
  reply_free(&now);
}

static void a_root_that_vanishes_is_served_on_until_another_comes(void **state)
{
  struct stand *s = *state;
  struct reply r = REPLY_INIT;
  folder_delete(&s->folder, "current");
  for (int i = 0; i < 3; i++) {
    s->pool.now += 1000;
    site_refresh(s->site);
    ask(s, REPR_GEMTEXT, "/", &r);
    assert_contains(reply_body(&r), "Release one");
  }
  folder_link(&s->folder, "current", "file"); /* not a folder */
  s->pool.now += 1000;
  site_refresh(s->site);
  ask(s, REPR_GEMTEXT, "/", &r);
  assert_contains(reply_body(&r), "Release one");
  point_current_at(s, "two");
  s->pool.now += 1000;
  site_refresh(s->site);
  ask(s, REPR_GEMTEXT, "/", &r);
  assert_contains(reply_body(&r), "Release two");
  reply_free(&r);
}

static void what_cannot_be_opened_is_named(void **state)
{
  struct stand *s = *state;
  struct buf why = BUF_INIT(4096);
  int err;
  assert_null(open_site(s, "nothing", &why, &err));
  assert_int_equal(err, ERR_NOT_FOUND);
  buf_put_c(&why, '\0');
  assert_contains(why.p, "/nothing");
  assert_contains(why.p, "make it");
  buf_clear(&why);
  assert_null(open_site(s, "file", &why, &err));
  assert_true(err < 0);
  buf_put_c(&why, '\0');
  assert_contains(why.p, "/file is not a folder");
  buf_free(&why);
}

static void names_ignore_case_and_a_last_dot_G12(void **state)
{
  struct stand *s = *state;
  assert_true(str_eq(site_name(s->site), STR("capsule.example")));
  assert_true(str_eq(site_name_at(s->site, 1), STR("other.example")));
  assert_int_equal(site_name_at(s->site, 2).n, 0);
  assert_true(site_named(s->site));
  static const struct {
    const char *host;
    bool has;
  } table[] = {
      {"capsule.example", true},
      {"CAPSULE.EXAMPLE.", true},
      {"other.Example", true},
      {"capsule.example..", false},
      {"example", false},
      {"", false},
      {".", false},
      {"xcapsule.example", false},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (site_has_name(s->site, str_from(table[i].host)) != table[i].has)
      fail_msg("%s", table[i].host);
}

#define row(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
  const struct CMUnitTest tests[] = {
      row(a_swapped_release_is_picked_up),
      row(what_is_in_the_pool_during_a_swap_is_not_kept),
      row(item_types_are_the_new_releases_after_a_swap),
      row(a_root_that_vanishes_is_served_on_until_another_comes),
      row(what_cannot_be_opened_is_named),
      row(names_ignore_case_and_a_last_dot_G12),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
