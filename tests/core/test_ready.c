/* Answers that are ready: given out without asking the disk for a second, and never wrong after that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../support/ask.h"
#include "site/ready.h"
#include "site/state.h"

static const struct fill capsule[] = {
    {"page.gmi", "# One\n", NULL},
    {"text.txt", "one\n", NULL},
    {"README", "one\n", NULL},
    {"indexed/index.gmi", "# One\n", NULL},
    {"mapped/gophermap", "One\n", NULL},
    {"list/a.gmi", "# One\n", NULL},
    {"meeting.overview.txt", "One\n\n1. One.\n", NULL},
    {"v1/page.gmi", "# One\n", NULL},
    {"v2/page.gmi", "# Two\n", NULL},
    {"v1/list/a.gmi", "# One\n", NULL},
    {"v2/list/a.gmi", "# Two\n", NULL},
    {"current", NULL, "v1"},
    {"link.gmi", NULL, "v1/page.gmi"},
    {NULL, NULL, NULL},
};

static const char *const paths[] = {"/page.gmi", "/text.txt", "/README",   "/indexed/",
                                    "/mapped/",  "/list/",    "/meeting/", "/meeting/1.gmi"};
enum { PATHS = sizeof paths / sizeof *paths };

static const enum representation both[] = {REPR_GEMTEXT, REPR_MENU};

static size_t kept(const struct stand *s)
{
  return cache_count(s->site->cache);
}

/* Without the capsule's descriptor no question can reach the disk: whoever asks one gets no page. */
static void ask_without_a_disk(struct stand *s, enum representation representation, const char *path, struct reply *r)
{
  int fd = s->site->root.folder;
  unsigned long run = s->pool.run;
  s->site->root.folder = -1;
  ask(s, representation, path, r);
  s->site->root.folder = fd;
  if (r->status == STATUS_SUCCESS)
    assert_int_equal(s->pool.run, run);
}

static void a_page_that_is_asked_for_again_costs_no_look_for_a_second(void **state)
{
  struct stand *s = *state;
  struct reply r = REPLY_INIT, again = REPLY_INIT;
  for (int k = 0; k < 2; k++) {
    for (int i = 0; i < PATHS; i++) {
      ask(s, both[k], paths[i], &r);
      assert_status(&r, STATUS_SUCCESS);
      for (int ms = 0; ms < READY_TRUSTED_MS; ms += READY_TRUSTED_MS / 4) {
        ask_without_a_disk(s, both[k], paths[i], &again);
        if (again.status != STATUS_SUCCESS || strcmp(reply_body(&again), reply_body(&r)) != 0 ||
            strcmp(reply_meta(&again), reply_meta(&r)) != 0 || strcmp(reply_base(&again), reply_base(&r)) != 0 ||
            again.format != r.format)
          fail_msg("%s after %d ms: %d %s", paths[i], ms, (int)again.status, reply_meta(&again));
        s->pool.now += READY_TRUSTED_MS / 4;
      }
      ask_without_a_disk(s, both[k], paths[i], &again);
      assert_true(again.status != STATUS_SUCCESS);
      ask(s, both[k], paths[i], &again);
      assert_string_equal(reply_body(&again), reply_body(&r));
    }
  }
  reply_free(&r);
  reply_free(&again);
}

/* Checked and found the same, it is neither read nor made again: it is the very same block of bytes. */
static void what_has_not_changed_is_not_made_again(void **state)
{
  struct stand *s = *state;
  struct reply r = REPLY_INIT;
  for (int i = 0; i < PATHS; i++) {
    if (strcmp(paths[i], "/list/") == 0)
      continue; /* its titles are not on the trail */
    ask(s, REPR_GEMTEXT, paths[i], &r);
    const struct ready *first = (const struct ready *)cache_get(s->site->cache, 'g', str_from(paths[i]));
    assert_non_null(first);
    for (int seconds = 1; seconds < 4; seconds++) {
      stand_wait(s);
      ask(s, REPR_GEMTEXT, paths[i], &r);
      assert_ptr_equal(cache_get(s->site->cache, 'g', str_from(paths[i])), first);
    }
  }
  reply_free(&r);
}

/* ---- what changes on the disk */

static void put_back_time(const struct stand *s, const char *path, const struct stat *before)
{
  const struct timespec times[2] = {before->st_atim, before->st_mtim};
  assert_int_equal(utimensat(AT_FDCWD, folder_path(&s->folder, path), times, 0), 0);
}

static void edit(struct stand *s)
{
  folder_write(&s->folder, "page.gmi", STR("# Two\n"));
}

static void edit_and_touch_back(struct stand *s)
{
  struct stat before;
  assert_int_equal(stat(folder_path(&s->folder, "page.gmi"), &before), 0);
  edit(s);
  put_back_time(s, "page.gmi", &before);
}

static void move(struct stand *s, const char *from, const char *to)
{
  assert_int_equal(renameat(s->folder.fd, from, s->folder.fd, to), 0);
}

static void replace(struct stand *s)
{
  folder_write(&s->folder, "new.gmi", STR("# Two\n"));
  move(s, "new.gmi", "page.gmi");
}

static void delete (struct stand *s)
{
  folder_delete(&s->folder, "page.gmi");
}

static void swap_directories(struct stand *s)
{
  move(s, "v1", "v0");
  move(s, "v2", "v1");
}

static void point_link_elsewhere(struct stand *s)
{
  folder_link(&s->folder, "next.gmi", "v2/page.gmi");
  move(s, "next.gmi", "link.gmi");
}

static void point_directory_elsewhere(struct stand *s)
{
  folder_link(&s->folder, "next", "v2");
  move(s, "next", "current");
}

static void point_directory_outside(struct stand *s)
{
  folder_link(&s->folder, "next", "/etc");
  move(s, "next", "current");
}

static void shadow_the_tree(struct stand *s)
{
  folder_write(&s->folder, "meeting/2.txt", STR("Two"));
}

static void edit_the_document(struct stand *s)
{
  folder_write(&s->folder, "meeting.overview.txt", STR("Two\n\n1. Two.\n"));
}

static void add_an_index(struct stand *s)
{
  folder_write(&s->folder, "list/index.gmi", STR("# Two\n"));
}

static void add_a_map(struct stand *s)
{
  folder_write(&s->folder, "indexed/gophermap", STR("Two\n"));
}

static void edit_a_title(struct stand *s)
{
  folder_write(&s->folder, "list/a.gmi", STR("# Two\n"));
}

static void add_a_child(struct stand *s)
{
  folder_write(&s->folder, "list/Two.txt", STR("x"));
}

static void become_a_directory(struct stand *s)
{
  folder_delete(&s->folder, "README");
  folder_write(&s->folder, "README/index.gmi", STR("# Two\n"));
}

static void grow_large(struct stand *s)
{
  char *content = malloc(READY_FILE_MAX + 1);
  assert_non_null(content);
  memset(content, 'x', READY_FILE_MAX + 1);
  memcpy(content, "Two", 3);
  folder_write(&s->folder, "text.txt", str_make(content, READY_FILE_MAX + 1));
  free(content);
}

/* Whatever is done to what a page was made from: within a second it may be the old one, after that it is the new. */
static void what_changes_shows_after_a_second(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *path;
    enum representation representation;
    void (*change)(struct stand *s);
    enum status status;
    const char *holds; /* in the body */
  } table[] = {
      {__LINE__, "/page.gmi", REPR_GEMTEXT, edit, STATUS_SUCCESS, "Two"},
      {__LINE__, "/page.gmi", REPR_MENU, edit, STATUS_SUCCESS, "Two"},
      {__LINE__, "/page.gmi", REPR_GEMTEXT, edit_and_touch_back, STATUS_SUCCESS, "Two"},
      {__LINE__, "/page.gmi", REPR_GEMTEXT, replace, STATUS_SUCCESS, "Two"},
      {__LINE__, "/page.gmi", REPR_GEMTEXT, delete, STATUS_NOT_FOUND, ""},
      {__LINE__, "/text.txt", REPR_GEMTEXT, grow_large, STATUS_SUCCESS, "Twox"},
      {__LINE__, "/v1/page.gmi", REPR_GEMTEXT, swap_directories, STATUS_SUCCESS, "Two"},
      {__LINE__, "/v1/list/", REPR_GEMTEXT, swap_directories, STATUS_SUCCESS, "Two"},
      {__LINE__, "/link.gmi", REPR_GEMTEXT, point_link_elsewhere, STATUS_SUCCESS, "Two"},
      {__LINE__, "/current/page.gmi", REPR_GEMTEXT, point_directory_elsewhere, STATUS_SUCCESS, "Two"},
      {__LINE__, "/current/list/", REPR_MENU, point_directory_elsewhere, STATUS_SUCCESS, "Two"},
      {__LINE__, "/current/page.gmi", REPR_GEMTEXT, point_directory_outside, STATUS_NOT_FOUND, ""},
      {__LINE__, "/current/list/", REPR_GEMTEXT, point_directory_outside, STATUS_NOT_FOUND, ""},
      {__LINE__, "/meeting/", REPR_GEMTEXT, shadow_the_tree, STATUS_SUCCESS, "2.txt"},
      {__LINE__, "/meeting/1.gmi", REPR_GEMTEXT, shadow_the_tree, STATUS_NOT_FOUND, ""},
      {__LINE__, "/meeting", REPR_MENU, shadow_the_tree, STATUS_SUCCESS, "2.txt"},
      {__LINE__, "/meeting/", REPR_MENU, edit_the_document, STATUS_SUCCESS, "Two"},
      {__LINE__, "/meeting/1.gmi", REPR_GEMTEXT, edit_the_document, STATUS_SUCCESS, "Two"},
      {__LINE__, "/list/", REPR_GEMTEXT, add_an_index, STATUS_SUCCESS, "# Two"},
      {__LINE__, "/indexed/", REPR_MENU, add_a_map, STATUS_SUCCESS, "Two"},
      {__LINE__, "/list/", REPR_GEMTEXT, edit_a_title, STATUS_SUCCESS, "Two"},
      {__LINE__, "/list/", REPR_GEMTEXT, add_a_child, STATUS_SUCCESS, "Two.txt"},
      {__LINE__, "/README", REPR_MENU, become_a_directory, STATUS_SUCCESS, "Two"},
      {__LINE__, "/README", REPR_GEMTEXT, become_a_directory, STATUS_REDIRECT_PERMANENT, ""},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct stand s;
    struct reply old = REPLY_INIT, r = REPLY_INIT;
    stand_make(&s, capsule);
    ask(&s, table[i].representation, table[i].path, &old);
    assert_status(&old, STATUS_SUCCESS);
    table[i].change(&s);
    ask(&s, table[i].representation, table[i].path, &r);
    if (r.status != STATUS_SUCCESS || strcmp(reply_body(&r), reply_body(&old)) != 0)
      fail_msg("line %d: checked again within a second", table[i].line);
    stand_wait(&s);
    ask(&s, table[i].representation, table[i].path, &r);
    if (r.status != table[i].status || !strstr(reply_body(&r), table[i].holds))
      fail_msg("line %d: %d %s", table[i].line, (int)r.status, reply_body(&r));
    reply_free(&old);
    reply_free(&r);
    stand_remove(&s);
  }
}

/* A file that changed a moment ago may change again within the same tick of its clock, and show nothing of it. */
static void a_young_file_is_not_trusted(void **state)
{
  struct stand *s = *state;
  struct reply r = REPLY_INIT;
  s->pool.ahead = 0;
  for (int i = 0; i < PATHS; i++)
    ask(s, REPR_GEMTEXT, paths[i], &r);
  assert_int_equal(kept(s), 1); /* the parsed document, which is compared each time */
  folder_write(&s->folder, "page.gmi", STR("# Two\n"));
  ask(s, REPR_GEMTEXT, "/page.gmi", &r);
  assert_string_equal(reply_body(&r), "# Two\n");
  folder_write(&s->folder, "page.gmi", STR("# Six\n"));
  ask(s, REPR_GEMTEXT, "/page.gmi", &r);
  assert_string_equal(reply_body(&r), "# Six\n");
  s->pool.ahead = FILE_SETTLED_SECONDS;
  ask(s, REPR_GEMTEXT, "/page.gmi", &r);
  assert_int_equal(kept(s), 2);
  reply_free(&r);
}

/* ---- bounds */

static struct site_config config_of(size_t cache)
{
  static const char *const names[] = {"capsule.example"};
  return (struct site_config){.names = names, .n_names = 1, .named = true, .cache = cache};
}

static void with_no_cache_nothing_is_kept(void **state)
{
  (void)state;
  struct stand s;
  struct reply r = REPLY_INIT;
  stand_make_with(&s, capsule, config_of(0));
  for (int k = 0; k < 2; k++) {
    for (int i = 0; i < PATHS; i++) {
      ask(&s, both[k], paths[i], &r);
      assert_status(&r, STATUS_SUCCESS);
      assert_int_equal(kept(&s), 0);
    }
  }
  folder_write(&s.folder, "page.gmi", STR("# Two\n"));
  ask(&s, REPR_GEMTEXT, "/page.gmi", &r);
  assert_string_equal(reply_body(&r), "# Two\n");
  reply_free(&r);
  stand_remove(&s);
}

static void it_stays_within_its_bytes(void **state)
{
  (void)state;
  enum { FILES = 200, SIZE = 5000, MAX = 200000 };
  struct stand s;
  struct reply r = REPLY_INIT, held = REPLY_INIT;
  char path[32], content[SIZE];
  stand_make_with(&s, NULL, config_of(MAX));
  for (int i = 0; i < FILES; i++) {
    memset(content, 'a' + i % 26, sizeof content);
    (void)snprintf(path, sizeof path, "%d.txt", i);
    folder_write(&s.folder, path, str_make(content, sizeof content));
  }
  ask_start(&s, REPR_GEMTEXT, "/0.txt", &held); /* its body is not pulled yet */
  pool_run_all(&s.pool);
  assert_true(held.came);
  for (int i = 0; i < FILES; i++) {
    (void)snprintf(path, sizeof path, "/%d.txt", i);
    ask(&s, REPR_GEMTEXT, path, &r);
    assert_int_equal(r.body.n, SIZE);
    assert_true(cache_used(s.site->cache) <= MAX);
  }
  /* As many as fit, and the ones used last. */
  assert_in_range(kept(&s), MAX / (SIZE + 1000), MAX / SIZE);
  assert_null(cache_get(s.site->cache, 'g', STR("/0.txt")));
  assert_non_null(cache_get(s.site->cache, 'g', STR("/199.txt")));
  /* Who is being sent a page that has gone from the cache gets all of it. */
  reply_pull(&s, &held);
  assert_int_equal(held.body.n, SIZE);
  assert_int_equal(held.body.p[SIZE - 1], 'a');
  reply_free(&r);
  reply_free(&held);
  stand_remove(&s);
}

static void large_files_and_odd_paths_are_not_kept(void **state)
{
  struct stand *s = *state;
  struct reply r = REPLY_INIT;
  char *content = calloc(1, READY_FILE_MAX + 1);
  assert_non_null(content);
  folder_write(&s->folder, "large.bin", str_make(content, READY_FILE_MAX + 1));
  folder_write(&s->folder, "middling.bin", str_make(content, READY_FILE_MAX));
  folder_write(&s->folder, "empty.txt", STR(""));
  free(content);
  ask(s, REPR_GEMTEXT, "/large.bin", &r);
  assert_int_equal(r.body.n, READY_FILE_MAX + 1);
  assert_int_equal(kept(s), 0);
  ask(s, REPR_GEMTEXT, "/nothing", &r);
  ask(s, REPR_GEMTEXT, "/list", &r);
  assert_int_equal(kept(s), 0);
  /* As many names for one page as one likes. */
  ask_either(s, REPR_MENU, STR("//page.gmi"), STR("/list//a.gmi"), &r);
  assert_status(&r, STATUS_SUCCESS);
  ask_either(s, REPR_MENU, STR("page.gmi"), STR("list//"), &r);
  assert_status(&r, STATUS_SUCCESS);
  assert_int_equal(kept(s), 0);
  ask(s, REPR_GEMTEXT, "/middling.bin", &r);
  ask(s, REPR_GEMTEXT, "/empty.txt", &r);
  ask_without_a_disk(s, REPR_GEMTEXT, "/empty.txt", &r);
  assert_status(&r, STATUS_SUCCESS);
  assert_int_equal(r.body.n, 0);
  assert_int_equal(kept(s), 2);
  reply_free(&r);
}

/* The second reading of a selector has its own entry, and the first is looked for all the same (P2). */
static void a_file_that_appears_for_the_first_reading_wins_P2(void **state)
{
  struct stand *s = *state;
  struct reply r = REPLY_INIT;
  ask_either(s, REPR_MENU, STR("/te%78t.txt"), STR("/text.txt"), &r);
  assert_string_equal(reply_body(&r), "one\n");
  folder_write(&s->folder, "te%78t.txt", STR("two\n"));
  ask_either(s, REPR_MENU, STR("/te%78t.txt"), STR("/text.txt"), &r);
  assert_string_equal(reply_body(&r), "two\n");
  reply_free(&r);
}

/* Our own menus write a listing's name encoded: its second reading must be as ready as the first (P2). */
static void the_second_reading_is_not_made_again(void **state)
{
  struct stand *s = *state;
  struct reply r = REPLY_INIT;
  folder_write(&s->folder, "caf\xc3\xa9/a.gmi", STR("# One\n"));
  const struct str asked = STR("/caf%C3%A9/"), read = STR("/caf\xc3\xa9/");
  ask_either(s, REPR_MENU, asked, read, &r);
  assert_contains(reply_body(&r), "One");
  unsigned long built = stand_built(s);
  folder_write(&s->folder, "caf\xc3\xa9/a.gmi", STR("# Two\n"));
  s->pool.now += READY_TRUSTED_MS - 1;
  ask_either(s, REPR_MENU, asked, read, &r);
  assert_contains(reply_body(&r), "One");
  assert_int_equal(stand_built(s), built);
  s->pool.now += 1;
  ask_either(s, REPR_MENU, asked, read, &r);
  assert_contains(reply_body(&r), "Two");
  folder_write(&s->folder, "caf%C3%A9/a.gmi", STR("# Three\n"));
  ask_either(s, REPR_MENU, asked, read, &r);
  assert_contains(reply_body(&r), "Three");
  reply_free(&r);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      stand_test(a_page_that_is_asked_for_again_costs_no_look_for_a_second, capsule),
      stand_test(what_has_not_changed_is_not_made_again, capsule),
      cmocka_unit_test(what_changes_shows_after_a_second),
      stand_test(a_young_file_is_not_trusted, capsule),
      cmocka_unit_test(with_no_cache_nothing_is_kept),
      cmocka_unit_test(it_stays_within_its_bytes),
      stand_test(large_files_and_odd_paths_are_not_kept, capsule),
      stand_test(a_file_that_appears_for_the_first_reading_wins_P2, capsule),
      stand_test(the_second_reading_is_not_made_again, capsule),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
