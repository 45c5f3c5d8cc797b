/* What the owner finds in the log: where the decision is taken, once, and not for every visitor. */
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
#include <unistd.h>

#include "../support/ask.h"
#include "base/err.h"
#include "site/failure.h"

static const struct fill capsule[] = {
    {"taken.overview.txt", "Taken\n\n1. One.\n", NULL},
    {"taken/index.gmi", "# Real\n", NULL},
    {"file.overview.txt", "Taken\n\n1. One.\n", NULL},
    {"file", "real\n", NULL},
    {"free.overview.txt", "Free\n\n1. One.\n", NULL},
    {"bad.overview.txt", "Bad \xff\xfe\n\n1. One.\n", NULL},
    {"leaves.txt", NULL, "/etc/hostname"},
    {"d/x.txt", "x\n", NULL},
    {"i/index.gmi", NULL, "/etc/hostname"},
    {"out", NULL, "/etc"},
    {NULL, NULL, NULL},
};

struct journal {
  struct stand stand;
  int saved, file; /* standard error, and what stands for it */
  struct buf text;
};

static int setup(void **state)
{
  struct journal *j = calloc(1, sizeof *j);
  assert_non_null(j);
  stand_make(&j->stand, capsule);
  buf_init(&j->text, 1 << 20);
  j->saved = dup(STDERR_FILENO);
  j->file = open(folder_path(&j->stand.folder, ".journal"), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  assert_true(j->saved >= 0 && j->file >= 0);
  assert_true(dup2(j->file, STDERR_FILENO) >= 0);
  *state = j;
  return 0;
}

static int teardown(void **state)
{
  struct journal *j = *state;
  dup2(j->saved, STDERR_FILENO);
  close(j->saved);
  close(j->file);
  buf_free(&j->text);
  stand_remove(&j->stand);
  free(j);
  return 0;
}

/* How many lines of the log hold `part`. */
static size_t said(struct journal *j, const char *part)
{
  struct stat st;
  assert_int_equal(fstat(j->file, &st), 0);
  size_t n = (size_t)st.st_size, count = 0;
  buf_clear(&j->text);
  char *room = buf_room(&j->text, n + 1);
  assert_non_null(room);
  assert_int_equal(pread(j->file, room, n, 0), (ssize_t)n);
  room[n] = '\0';
  for (const char *at = room; (at = strstr(at, part)); at++)
    count++;
  return count;
}

static void visit(struct journal *j, const char *path)
{
  struct reply r = REPLY_INIT;
  ask(&j->stand, REPR_GEMTEXT, path, &r);
  ask(&j->stand, REPR_MENU, path, &r);
  reply_free(&r);
}

static void a_tree_that_is_not_served_is_said_once(void **state)
{
  struct journal *j = *state;
  visit(j, "/free/");
  visit(j, "/d/");
  assert_int_equal(said(j, "warning"), 0);
  /* Wherever it is noticed first: at the directory, */
  for (int i = 0; i < 3; i++)
    visit(j, "/taken/");
  assert_int_equal(said(j, "/taken.overview.txt: not served as an overview"), 1);
  /* at the file, in the listing, at the document. */
  visit(j, "/file");
  visit(j, "/");
  visit(j, "/file.overview.txt");
  visit(j, "/taken.overview.txt");
  assert_int_equal(said(j, "/file.overview.txt: not served as an overview"), 1);
  assert_int_equal(said(j, "not served"), 2);
}

static void invalid_utf8_is_said_once_for_each_version(void **state)
{
  struct journal *j = *state;
  visit(j, "/free/");
  assert_int_equal(said(j, "UTF-8"), 0);
  visit(j, "/bad/");
  visit(j, "/bad/1.gmi");
  assert_int_equal(said(j, "/bad.overview.txt: not all of it is UTF-8"), 1);
  folder_age(&j->stand.folder, "bad.overview.txt", 100);
  stand_wait(&j->stand);
  visit(j, "/bad/");
  assert_int_equal(said(j, "UTF-8"), 2);
  visit(j, "/bad/");
  assert_int_equal(said(j, "UTF-8"), 2);
}

static void links_that_leave_and_files_that_cannot_be_read_are_said_G13_G19(void **state)
{
  struct journal *j = *state;
  visit(j, "/nothing");
  assert_int_equal(said(j, "warning"), 0);
  visit(j, "/leaves.txt");
  assert_int_equal(said(j, "warning /leaves.txt: leads out of the capsule"), 1);
  visit(j, "/i/");
  assert_int_equal(said(j, "warning /i/index.gmi: leads out of the capsule"), 1);
  assert_int_equal(chmod(folder_path(&j->stand.folder, "d/x.txt"), 0), 0);
  stand_give_up_rights(&j->stand);
  visit(j, "/d/x.txt");
  stand_take_rights_back();
  assert_int_equal(said(j, "warning /d/x.txt: permission denied"), 1);
  /* A file is named again when an hour has passed, and not before. */
  j->stand.pool.now += (uint64_t)FAILURE_HOUR_MS;
  visit(j, "/leaves.txt");
  visit(j, "/leaves.txt");
  assert_int_equal(said(j, "/leaves.txt"), 2);
}

/* Below a link that leads out a stranger has any number of names. */
static void names_that_a_stranger_chooses_do_not_flood_the_log(void **state)
{
  struct journal *j = *state;
  char path[32];
  for (int i = 0; i < 3 * FAILURE_WARNINGS; i++) {
    (void)snprintf(path, sizeof path, "/out/%d", i);
    visit(j, path);
  }
  assert_int_equal(said(j, "leads out of the capsule"), FAILURE_WARNINGS);
  j->stand.pool.now += (uint64_t)FAILURE_HOUR_MS;
  visit(j, "/leaves.txt");
  assert_int_equal(said(j, "leads out of the capsule (200 more before this one were left out)\n"), 1);
}

static void a_fault_of_ours_is_said_once_a_minute_G17(void **state)
{
  struct journal *j = *state;
  struct reply r = REPLY_INIT;
  j->stand.pool.refuse = ERR_BUSY;
  for (int i = 0; i < 50; i++) {
    ask_start(&j->stand, REPR_GEMTEXT, "/d/", &r);
    assert_status(&r, STATUS_TEMPORARY_FAILURE);
  }
  assert_int_equal(said(j, " error "), 1);
  j->stand.pool.now += (uint64_t)FAILURE_MINUTE_MS - 1;
  ask_start(&j->stand, REPR_GEMTEXT, "/free/", &r);
  assert_int_equal(said(j, " error "), 1);
  j->stand.pool.now++;
  ask_start(&j->stand, REPR_GEMTEXT, "/free/", &r);
  assert_int_equal(said(j, " error "), 2);
  assert_int_equal(said(j, "(50 more before this one were left out)\n"), 1);
  j->stand.pool.refuse = 0;
  reply_free(&r);
}

#define row(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
  const struct CMUnitTest tests[] = {
      row(a_tree_that_is_not_served_is_said_once),
      row(invalid_utf8_is_said_once_for_each_version),
      row(links_that_leave_and_files_that_cannot_be_read_are_said_G13_G19),
      row(names_that_a_stranger_chooses_do_not_flood_the_log),
      row(a_fault_of_ours_is_said_once_a_minute_G17),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
