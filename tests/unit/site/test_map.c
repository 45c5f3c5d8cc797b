/* Pages of gophermaps' dialect while memory runs out: whole or not at all, and nothing is lost. (What they come to is
 * in tests/core/test_gophermap_dialect.c.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../support/fill.h"
#include "../../support/short_memory.h"
#include "base/err.h"
#include "site/map.h"

static const struct fill items[] = {
    {"gophermap", "!Title\n-hidden\n-also\n:txt=9\n:png=g\n=part\n=missing\n~\n%\nText\n*\n", NULL},
    {"part", "A part\n0Item\titem.txt\n=gophermap\n", NULL},
    {"a.txt", "a\n", NULL},
    {"b.gmi", "# B\n", NULL},
    {"c.gophermap", "Inline\n", NULL},
    {"hidden", "x", NULL},
    {"sub/index.gmi", "# Sub\n", NULL},
    {NULL, NULL, NULL},
};
static const struct fill users[] = {{"ann/pub/x", "x", NULL}, {"bob/pub/x", "x", NULL}, {NULL, NULL, NULL}};

static void a_page_is_whole_or_there_is_none(void **state)
{
  (void)state;
  struct folder folder, homes;
  struct mime *mime = mime_load_from(NULL, NULL);
  const struct listing_options options = {.settings = NULL};
  folder_make(&folder);
  folder_make(&homes);
  folder_fill(&folder, items);
  folder_fill(&homes, users);
  struct root root = {.folder = folder.fd, .homes = homes.fd, .user_folder = "pub", .dialect = true};
  for (int menu = 0; menu < 2; menu++) {
    const struct map_order order = {.root = &root,
                                    .file = STR("/gophermap"),
                                    .menu = menu,
                                    .now_ns = INT64_MAX,
                                    .hosts = STR("1host\t/\thost\t70\n"),
                                    .mime = mime,
                                    .options = &options};
    struct map_made whole, made;
    assert_int_equal(map_make(&order, &whole), 0);
    assert_true(whole.page.n > 100);
    unsigned long fail_at = 1;
    for (; memory.failed || fail_at == 1; fail_at++) {
      long held = memory.held;
      short_memory_set(fail_at, false);
      memory.armed = true;
      int err = map_make(&order, &made);
      memory.armed = false;
      if (err != ERR_NOMEM && (err || !str_eq(buf_str(&made.page), buf_str(&whole.page))))
        fail_msg("allocation %lu: %d, '%.*s'", fail_at, err, STR_ARG(buf_str(&made.page)));
      map_made_free(&made);
      if (memory.held != held)
        fail_msg("allocation %lu: %ld are not given back", fail_at, memory.held - held);
    }
    assert_true(fail_at > 20);
    map_made_free(&whole);
  }
  mime_free(mime);
  folder_remove(&folder);
  folder_remove(&homes);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_page_is_whole_or_there_is_none)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
