/* The site itself: opening it, and its names. */
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

static const struct fill files[] = {
    {"one/index.gmi", "# One\n", NULL},
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
  folder_fill(&s->folder, files);
  pool_init(&s->pool);
  s->mime = mime_load_from(NULL, NULL);
  assert_non_null(s->mime);
  struct buf why = BUF_INIT(1024);
  int err;
  s->site = open_site(s, "one", &why, &err);
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
      row(what_cannot_be_opened_is_named),
      row(names_ignore_case_and_a_last_dot_G12),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
