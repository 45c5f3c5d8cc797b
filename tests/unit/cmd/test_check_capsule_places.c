/* The compact set of a capsule's paths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cmd/check_capsule_places.h"

static uint32_t add(struct places *p, const char *path, enum place_kind kind)
{
  uint32_t i;
  assert_int_equal(places_add(p, str_from(path), kind, &i), 0);
  return i;
}

static void nothing_is_found_in_nothing(void **state)
{
  (void)state;
  struct places p;
  places_init(&p);
  assert_int_equal(places_find(&p, STR("/")), PLACE_NONE);
  assert_int_equal(places_find_other_case(&p, STR("/")), PLACE_NONE);
  assert_int_equal(places_find_id(&p, 1, 1), PLACE_NONE);
  places_free(&p);
}

static void many_are_found_by_path_and_by_id(void **state)
{
  (void)state;
  enum { MANY = 20000 };
  struct places p;
  char path[64];
  places_init(&p);
  for (uint32_t i = 0; i < MANY; i++) {
    (void)snprintf(path, sizeof path, "/folder/Page%u.gmi", i);
    assert_int_equal(add(&p, path, PLACE_FILE), i);
    assert_int_equal(places_identify(&p, i, 1, i + 1), 0);
  }
  for (uint32_t i = 0; i < MANY; i++) {
    (void)snprintf(path, sizeof path, "/folder/Page%u.gmi", i);
    assert_int_equal(places_find(&p, str_from(path)), i);
    assert_int_equal(places_find_id(&p, 1, i + 1), i);
    assert_int_equal(places_find_other_case(&p, str_from(path)), PLACE_NONE);
    (void)snprintf(path, sizeof path, "/FOLDER/page%u.gmi", i);
    assert_int_equal(places_find(&p, str_from(path)), PLACE_NONE);
    assert_int_equal(places_find_other_case(&p, str_from(path)), i);
  }
  assert_int_equal(places_find_id(&p, 2, 1), PLACE_NONE);
  places_free(&p);
}

static void what_answers_nobody_is_not_meant(void **state)
{
  (void)state;
  struct places p;
  places_init(&p);
  (void)add(&p, "/Pipe", PLACE_NOTHING);
  uint32_t page = add(&p, "/PIPE", PLACE_FILE);
  assert_int_equal(places_find_other_case(&p, STR("/pipe")), page);
  places_free(&p);
}

static void of_one_file_the_first_name_is_found(void **state)
{
  (void)state;
  struct places p;
  places_init(&p);
  uint32_t file = add(&p, "/file", PLACE_FILE), link = add(&p, "/link", PLACE_FILE),
           door = add(&p, "/door", PLACE_FILE);
  assert_int_equal(places_identify(&p, file, 1, 7), 0);
  assert_int_equal(places_identify(&p, link, 1, 7), 0);
  p.at[link].link = p.at[door].link = true;
  p.at[door].device = 1;
  p.at[door].inode = 8;
  assert_int_equal(places_find_id(&p, 1, 7), file);
  assert_int_equal(places_real(&p, link), file);
  assert_int_equal(places_real(&p, file), file);
  assert_int_equal(places_real(&p, door), door); /* what it leads to is no place */
  places_free(&p);
}

static void parents(void **state)
{
  (void)state;
  struct places p;
  places_init(&p);
  uint32_t root = add(&p, "/", PLACE_DIRECTORY), docs = add(&p, "/docs/", PLACE_DIRECTORY),
           page = add(&p, "/docs/a.gmi", PLACE_FILE), deep = add(&p, "/docs/deep/", PLACE_DIRECTORY);
  assert_int_equal(places_parent(&p, root), PLACE_NONE);
  assert_int_equal(places_parent(&p, docs), root);
  assert_int_equal(places_parent(&p, page), docs);
  assert_int_equal(places_parent(&p, deep), docs);
  places_free(&p);
}

static void a_directory_comes_before_what_is_in_it(void **state)
{
  (void)state;
  static const char *const paths[] = {"/docs/b", "/docs.gmi", "/",         "/docs/",
                                      "/docs-x", "/docs/a/",  "/docs/a/z", "/docs0"};
  static const char *const want[] = {"/",        "/docs-x",   "/docs.gmi", "/docs/",
                                     "/docs/a/", "/docs/a/z", "/docs/b",   "/docs0"};
  struct places p;
  places_init(&p);
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
    (void)add(&p, paths[i], PLACE_FILE);
  uint32_t *order = places_sorted(&p);
  assert_non_null(order);
  for (size_t i = 0; i < sizeof want / sizeof *want; i++)
    assert_true(str_eq(places_path(&p, order[i]), str_from(want[i])));
  free(order);
  places_free(&p);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_is_found_in_nothing),
      cmocka_unit_test(many_are_found_by_path_and_by_id),
      cmocka_unit_test(what_answers_nobody_is_not_meant),
      cmocka_unit_test(of_one_file_the_first_name_is_found),
      cmocka_unit_test(parents),
      cmocka_unit_test(a_directory_comes_before_what_is_in_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
