/* The watch: another certificate, or another folder under the capsule's name, is news once it holds still. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../support/fill.h"
#include "proc/watch.h"

static const struct fill files[] = {
    {"one/index.gmi", "# One\n", NULL},  {"two/index.gmi", "# Two\n", NULL}, {"current", NULL, "one"},
    {"name.crt", "certificate\n", NULL}, {"name.key", "key\n", NULL},        {NULL, NULL, NULL},
};

enum { PATH_ROOM = 4096 };

struct stand {
  struct folder folder;
  char path[3][PATH_ROOM];
  struct watch watch;
  uint64_t now;
};

static void setup(struct stand *s)
{
  static const char *const names[] = {"current", "name.crt", "name.key"};
  folder_make(&s->folder);
  folder_fill(&s->folder, files);
  s->watch = WATCH_INIT;
  s->now = 1000;
  for (size_t i = 0; i < 3; i++) {
    (void)snprintf(s->path[i], PATH_ROOM, "%s/%s", s->folder.path, names[i]);
    assert_int_equal(watch_add(&s->watch, s->path[i], i == 0 ? WATCH_FOLDER : WATCH_FILE), 0);
  }
  watch_know(&s->watch, s->now);
}

/* The next look that is due. */
static const char *look(struct stand *s)
{
  s->now = s->watch.next_ms;
  return watch_look(&s->watch, s->now);
}

static void expect_quiet(struct stand *s, int looks)
{
  for (int i = 0; i < looks; i++)
    assert_null(look(s));
}

static void point_current_at(struct stand *s, const char *where)
{
  folder_link(&s->folder, "next", where);
  char next[PATH_ROOM];
  (void)snprintf(next, sizeof next, "%s/next", s->folder.path);
  assert_int_equal(rename(next, s->path[0]), 0);
}

static void what_stays_is_no_news(void **state)
{
  (void)state;
  struct stand s;
  setup(&s);
  expect_quiet(&s, 3);
  folder_write(&s.folder, "one/new.gmi", STR("dropped in\n")); /* the folder's times are other ones now */
  expect_quiet(&s, 3);
  watch_free(&s.watch);
  folder_remove(&s.folder);
}

static void a_change_is_told_once_and_when_it_holds_still(void **state)
{
  (void)state;
  struct stand s;
  setup(&s);
  folder_write(&s.folder, "name.crt", STR("another certificate\n"));
  assert_null(watch_look(&s.watch, s.now + WATCH_MS - 1)); /* a look a second, no more */
  assert_null(look(&s));                                   /* seen, and it may still be in the making */
  assert_true(s.watch.next_ms - s.now == WATCH_CHANGING_MS);
  folder_write(&s.folder, "name.key", STR("another key, and longer\n"));
  assert_null(look(&s)); /* it was */
  assert_non_null(look(&s));
  expect_quiet(&s, 3);
  watch_free(&s.watch);
  folder_remove(&s.folder);
}

static void a_chmod_and_a_file_that_is_gone_and_back_are_news(void **state)
{
  (void)state;
  struct stand s;
  char away[PATH_ROOM];
  setup(&s);
  (void)snprintf(away, sizeof away, "%s/away", s.folder.path);
  assert_int_equal(chmod(s.path[2], 0400), 0);
  assert_null(look(&s));
  assert_string_equal(look(&s), s.path[2]);
  assert_int_equal(rename(s.path[2], away), 0);
  assert_null(look(&s));
  assert_string_equal(look(&s), s.path[2]);
  expect_quiet(&s, 2);
  assert_int_equal(rename(away, s.path[2]), 0);
  assert_null(look(&s));
  assert_string_equal(look(&s), s.path[2]);
  watch_free(&s.watch);
  folder_remove(&s.folder);
}

static void a_link_that_is_moved_is_another_folder(void **state)
{
  (void)state;
  struct stand s;
  setup(&s);
  point_current_at(&s, "two");
  assert_null(look(&s));
  assert_string_equal(look(&s), s.path[0]);
  folder_delete(&s.folder, "current");
  assert_null(look(&s));
  assert_string_equal(look(&s), s.path[0]);
  expect_quiet(&s, 2);
  watch_free(&s.watch);
  folder_remove(&s.folder);
}

static void what_somebody_is_about_to_read_is_no_news_later(void **state)
{
  (void)state;
  struct stand s;
  setup(&s);
  point_current_at(&s, "two");
  assert_null(look(&s));
  watch_know(&s.watch, s.now); /* SIGHUP came */
  expect_quiet(&s, 3);
  watch_free(&s.watch);
  folder_remove(&s.folder);
}

static void it_keeps_names_that_others_have_too(void **state)
{
  (void)state;
  struct watch w = WATCH_INIT, names = WATCH_INIT;
  char name[32];
  for (int i = 0; i < 100; i++) {
    (void)snprintf(name, sizeof name, "/nowhere/%d", i % 50);
    assert_int_equal(watch_add(&w, name, WATCH_FILE), 0); /* the second time it is there */
  }
  assert_int_equal(w.n, 50);
  assert_int_equal(watch_add(&names, "/nowhere/7", WATCH_FILE), 0);
  assert_int_equal(watch_add(&names, "/nowhere/8", WATCH_FOLDER), 0); /* as something else */
  assert_int_equal(watch_add(&names, "/elsewhere", WATCH_FILE), 0);
  watch_keep(&w, &names);
  assert_int_equal(w.n, 1);
  assert_string_equal(w.at[0].path, "/nowhere/7");
  watch_free(&w);
  watch_free(&names);
  assert_int_equal(w.n, 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_stays_is_no_news),
      cmocka_unit_test(a_change_is_told_once_and_when_it_holds_still),
      cmocka_unit_test(a_chmod_and_a_file_that_is_gone_and_back_are_news),
      cmocka_unit_test(a_link_that_is_moved_is_another_folder),
      cmocka_unit_test(what_somebody_is_about_to_read_is_no_news_later),
      cmocka_unit_test(it_keeps_names_that_others_have_too),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
