/* The tree of an overview as files: what is written, and above all what is not written over. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../support/fill.h"
#include "base/err.h"
#include "cmd/render_tree.h"

static const char THREE[] = "T\n\n1. Alpha.\n\n2. Beta.\n\n2. Gamma.\n";
static const char ONE[] = "T\n\n1. Alpha.\n";

/* A folder with `in/m.overview.txt`; trees go to `out`. */
static void begin(struct folder *f, const char *document)
{
  folder_make(f);
  folder_file(f, "in/m.overview.txt", document);
}

static struct render_tally tally;
static char said[4096];

static int run_as(struct folder *f, const char *document, const char *out)
{
  char in[PATH_MAX], dir[PATH_MAX];
  struct buf why = BUF_INIT(sizeof said - 1);
  (void)snprintf(in, sizeof in, "%s/in", f->path);
  (void)snprintf(dir, sizeof dir, "%s/%s", f->path, out);
  int parent = open(in, O_PATH | O_DIRECTORY | O_CLOEXEC);
  assert_true(parent >= 0);
  int err = render_tree(parent, str_from(document), dir, &tally, &why);
  (void)snprintf(said, sizeof said, "%.*s", STR_ARG(buf_str(&why)));
  /* A failure says what; the command escapes what is odd about a name. */
  assert_true((err < 0) == (said[0] != '\0'));
  (void)close(parent);
  buf_free(&why);
  return err;
}

static int run(struct folder *f)
{
  return run_as(f, "m.overview.txt", "out");
}

static void expect_tally(size_t written, size_t unchanged, size_t removed, size_t left)
{
  assert_int_equal(tally.written, written);
  assert_int_equal(tally.unchanged, unchanged);
  assert_int_equal(tally.removed, removed);
  assert_int_equal(tally.left, left);
}

static void expect_file(const struct folder *f, const char *path, const char *want)
{
  char content[4096];
  FILE *file = fopen(folder_path(f, path), "rb");
  if (!file) {
    if (want)
      fail_msg("%s is missing", path);
    return;
  }
  size_t n = fread(content, 1, sizeof content - 1, file);
  content[n] = '\0';
  (void)fclose(file);
  if (!want || strcmp(content, want) != 0)
    fail_msg("%s holds: %s", path, content);
}

static void the_tree_is_written_and_stays_as_it_is(void **state)
{
  (void)state;
  struct folder f;
  begin(&f, THREE);
  assert_int_equal(run(&f), 0);
  expect_tally(5, 0, 0, 0);
  expect_file(&f, "out/m.overview.txt", THREE);
  expect_file(&f, "out/m/index.gmi",
              "# T\n\n=> 1.gmi 1. Alpha.\n=> 2.gmi 2. Beta.\n=> 2-2.gmi 2. Gamma.\n\n"
              "=> ../m.overview.txt The whole document as plain text\n=> ../ Back to Index\n");
  expect_file(&f, "out/m/2-2.gmi", "# T\n\n2. Gamma.\n\n=> 2.gmi Previous: 2. Beta.\n=> ./ Up: T\n");
  assert_int_equal(run(&f), 0);
  expect_tally(0, 5, 0, 0);
  folder_remove(&f);
}

/* Not even its note: it may lie where nothing can be written. */
static void a_tree_that_is_up_to_date_is_not_touched(void **state)
{
  (void)state;
  static const char *const paths[] = {"out", "out/m", "out/m/.rendered.sha256", "out/m/1.gmi"};
  struct folder f;
  struct stat before[4], after;
  begin(&f, THREE);
  assert_int_equal(run(&f), 0);
  for (size_t i = 0; i < 4; i++)
    assert_int_equal(stat(folder_path(&f, paths[i]), &before[i]), 0);
  for (int times = 0; times < 3; times++)
    assert_int_equal(run(&f), 0);
  expect_tally(0, 5, 0, 0);
  for (size_t i = 0; i < 4; i++) {
    assert_int_equal(stat(folder_path(&f, paths[i]), &after), 0);
    assert_int_equal(after.st_ino, before[i].st_ino);
    assert_int_equal(after.st_ctim.tv_sec, before[i].st_ctim.tv_sec);
    assert_int_equal(after.st_ctim.tv_nsec, before[i].st_ctim.tv_nsec);
  }
  folder_remove(&f);
}

/* A run that is killed leaves the file that it was writing. */
static void what_killed_runs_left_is_removed(void **state)
{
  (void)state;
  struct folder f;
  char dead[64], own[64], alive[64];
  pid_t child = fork();
  if (child == 0)
    _exit(0);
  assert_int_equal(waitpid(child, NULL, 0), child);
  (void)snprintf(dead, sizeof dead, "out/.rendering.%ld", (long)child);
  (void)snprintf(own, sizeof own, "out/m/.rendering.%ld", (long)getpid());
  (void)snprintf(alive, sizeof alive, "out/.rendering.%ld", (long)getppid());
  begin(&f, THREE);
  const char *const kept[] = {
      alive,         "out/.rendering",   "out/.rendering.", "out/.rendering.x", "out/.rendering.0",
      "out/m/other", "out/.rendering.-1"};
  folder_file(&f, dead, "left");
  folder_file(&f, own, "left");
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
    folder_file(&f, kept[i], "kept");
  assert_int_equal(run(&f), 0);
  expect_file(&f, dead, NULL);
  expect_file(&f, own, NULL);
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
    expect_file(&f, kept[i], "kept");
  folder_remove(&f);
}

static void a_changed_document_changes_its_pages(void **state)
{
  (void)state;
  struct folder f;
  begin(&f, THREE);
  assert_int_equal(run(&f), 0);
  folder_write(&f, "in/m.overview.txt", str_from(ONE));
  assert_int_equal(run(&f), 0);
  expect_tally(3, 0, 2, 0);
  expect_file(&f, "out/m.overview.txt", ONE);
  expect_file(&f, "out/m/2.gmi", NULL);
  expect_file(&f, "out/m/2-2.gmi", NULL);
  folder_write(&f, "in/m.overview.txt", str_from(THREE));
  folder_delete(&f, "out/m/1.gmi");
  assert_int_equal(run(&f), 0);
  expect_tally(5, 0, 0, 0);
  folder_remove(&f);
}

static void what_was_changed_by_hand_is_left_alone(void **state)
{
  (void)state;
  struct folder f;
  begin(&f, THREE);
  assert_int_equal(run(&f), 0);
  folder_write(&f, "out/m/2.gmi", STR("by hand\n"));
  folder_write(&f, "in/m.overview.txt", STR("T\n\n1. New.\n\n2. New.\n"));
  /* Nothing is written where one thing cannot be. */
  assert_int_equal(run(&f), ERR_EXISTS);
  assert_non_null(strstr(said, "out/m/2.gmi"));
  expect_file(&f, "out/m.overview.txt", THREE);
  expect_file(&f, "out/m/2.gmi", "by hand\n");
  /* The page of a point that is gone stays too, and stops nothing. */
  folder_write(&f, "in/m.overview.txt", str_from(ONE));
  assert_int_equal(run(&f), 0);
  expect_tally(3, 0, 1, 1);
  expect_file(&f, "out/m/2.gmi", "by hand\n");
  /* From then on it is a stranger. */
  assert_int_equal(run(&f), 0);
  expect_tally(0, 3, 0, 0);
  folder_remove(&f);
}

static void what_others_wrote_is_left_alone(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *path, *link;
    bool folder;
  } rows[] = {
      {__LINE__, "out/m.overview.txt", NULL, false},
      {__LINE__, "out/m/index.gmi", NULL, false},
      {__LINE__, "out/m/2-2.gmi", NULL, false},
      {__LINE__, "out/m/1.gmi", NULL, true},
      {__LINE__, "out/m/1.gmi", "../../in/m.overview.txt", false},
      {__LINE__, "out/m/1.gmi", "nowhere", false},
      {__LINE__, "out/m", NULL, false},
      {__LINE__, "out/m", "../in", false},
      {__LINE__, "out", NULL, false},
      {__LINE__, "out/m/.rendered.sha256", NULL, false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct folder f;
    begin(&f, THREE);
    if (rows[i].link)
      folder_link(&f, rows[i].path, rows[i].link);
    else if (rows[i].folder)
      folder_dir(&f, rows[i].path);
    else
      folder_file(&f, rows[i].path, "another's\n");
    if (run(&f) >= 0 || !strstr(said, rows[i].path))
      fail_msg("line %d: %s", rows[i].line, said);
    if (!rows[i].link && !rows[i].folder)
      expect_file(&f, rows[i].path, "another's\n");
    expect_file(&f, "in/m.overview.txt", THREE);
    expect_file(&f, "out/m/2.gmi", NULL);
    folder_remove(&f);
  }
}

static void the_documents_own_folder_is_refused(void **state)
{
  (void)state;
  struct folder f;
  begin(&f, THREE);
  folder_link(&f, "also", "in");
  assert_int_equal(run_as(&f, "m.overview.txt", "in"), ERR_EXISTS);
  assert_int_equal(run_as(&f, "m.overview.txt", "also"), ERR_EXISTS);
  expect_file(&f, "in/m/index.gmi", NULL);
  folder_remove(&f);
}

/* A folder with the name of the pages, beside the document: it would be served in their place. */
static void the_place_of_the_served_pages_is_refused(void **state)
{
  (void)state;
  static const char *const places[] = {"in/m", "in/m/", "in/./m//", "also/m", "in/../in/m"};
  struct folder f;
  begin(&f, THREE);
  folder_link(&f, "also", "in");
  for (size_t made = 0; made < 2; made++) {
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
      if (run_as(&f, "m.overview.txt", places[i]) != ERR_EXISTS || !strstr(said, "hide"))
        fail_msg("%s: %s", places[i], said);
      assert_int_equal(access(folder_path(&f, "in/m"), F_OK) == 0, made > 0);
    }
    if (made == 0)
      folder_dir(&f, "in/m");
  }
  folder_link(&f, "leads-there", "in/m");
  assert_int_equal(run_as(&f, "m.overview.txt", "leads-there"), ERR_EXISTS);
  assert_int_equal(run_as(&f, "m.overview.txt", "m"), 0); /* elsewhere it is a name like any other */
  folder_remove(&f);
}

/* The same content by chance is no reason to call it ours. */
static void an_equal_file_is_kept_but_not_ours(void **state)
{
  (void)state;
  struct folder f;
  begin(&f, ONE);
  folder_file(&f, "out/m.overview.txt", ONE);
  assert_int_equal(run(&f), 0);
  expect_tally(2, 1, 0, 0);
  folder_write(&f, "in/m.overview.txt", str_from(THREE));
  assert_int_equal(run(&f), ERR_EXISTS);
  assert_non_null(strstr(said, "out/m.overview.txt"));
  expect_file(&f, "out/m.overview.txt", ONE);
  folder_remove(&f);
}

/* A run that was cut short behind its first pages: the next one knows both what was and what was to be. */
static void a_run_cut_short_can_be_repeated(void **state)
{
  (void)state;
  struct folder f;
  char cut[8192];
  begin(&f, ONE);
  assert_int_equal(run(&f), 0);
  FILE *before = fopen(folder_path(&f, "out/m/.rendered.sha256"), "rb");
  assert_non_null(before);
  size_t n = fread(cut, 1, sizeof cut, before);
  (void)fclose(before);
  folder_write(&f, "in/m.overview.txt", str_from(THREE));
  assert_int_equal(run(&f), 0);
  FILE *after = fopen(folder_path(&f, "out/m/.rendered.sha256"), "rb");
  assert_non_null(after);
  n += fread(cut + n, 1, sizeof cut - n, after);
  (void)fclose(after);
  /* As it would stand: both notes, the old document, some of the new pages. */
  folder_write(&f, "out/m/.rendered.sha256", str_make(cut, n));
  folder_write(&f, "out/m.overview.txt", str_from(ONE));
  folder_delete(&f, "out/m/2-2.gmi");
  assert_int_equal(run(&f), 0);
  expect_tally(2, 3, 0, 0);
  expect_file(&f, "out/m.overview.txt", THREE);
  folder_remove(&f);
}

/* The note decides what is removed: it must not lead out of its folder. */
static void a_note_that_was_tampered_with_removes_nothing(void **state)
{
  (void)state;
  static const char *const paths[] = {"../../in/m.overview.txt", "../x.gmi", "/etc/x.gmi", "..gmi", ".gmi", "1/2.gmi"};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    struct folder f;
    char note[256];
    begin(&f, ONE);
    (void)snprintf(note, sizeof note, "%064d  %s\n", 0, paths[i]);
    folder_file(&f, "out/m/.rendered.sha256", note);
    if (run(&f) >= 0)
      fail_msg("%s", paths[i]);
    expect_file(&f, "in/m.overview.txt", ONE);
    folder_remove(&f);
  }
}

static void names_and_folders_that_cannot_be(void **state)
{
  (void)state;
  struct folder f;
  begin(&f, ONE);
  folder_file(&f, "in/a\nb.overview.txt", ONE);
  folder_file(&f, "in/a b%.overview.txt", "T\n\n1. \xff\n");
  assert_int_equal(run_as(&f, "a\nb.overview.txt", "out"), ERR_SYNTAX);
  assert_int_equal(run_as(&f, "missing.overview.txt", "out"), ERR_NOT_FOUND);
  assert_int_equal(run_as(&f, "m.overview.txt", "no/such/out"), ERR_NOT_FOUND);
  expect_file(&f, "out/m.overview.txt", NULL);
  assert_int_equal(run_as(&f, "a b%.overview.txt", "out"), 0);
  assert_int_equal(tally.replaced, 1);
  expect_file(&f, "out/a b%/index.gmi",
              "# T\n\n=> 1.gmi 1. \xef\xbf\xbd\n\n=> ../a%20b%25.overview.txt The whole document as plain text\n"
              "=> ../ Back to Index\n");
  folder_remove(&f);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_tree_is_written_and_stays_as_it_is),
      cmocka_unit_test(a_tree_that_is_up_to_date_is_not_touched),
      cmocka_unit_test(what_killed_runs_left_is_removed),
      cmocka_unit_test(a_changed_document_changes_its_pages),
      cmocka_unit_test(what_was_changed_by_hand_is_left_alone),
      cmocka_unit_test(what_others_wrote_is_left_alone),
      cmocka_unit_test(the_documents_own_folder_is_refused),
      cmocka_unit_test(the_place_of_the_served_pages_is_refused),
      cmocka_unit_test(an_equal_file_is_kept_but_not_ours),
      cmocka_unit_test(a_run_cut_short_can_be_repeated),
      cmocka_unit_test(a_note_that_was_tampered_with_removes_nothing),
      cmocka_unit_test(names_and_folders_that_cannot_be),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
