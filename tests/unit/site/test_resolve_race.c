/* Whoever renames while we look gets nothing from outside opened, and no reader hung (G13). */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../support/folder.h"
#include "base/err.h"
#include "site/resolve.h"
#include "site/resolve_internal.h"

enum { RACE_MS = 250 };

static struct folder top;
static struct root root;

/* Two names that a thread exchanges for as long as the race runs. */
struct swapper {
  const char *one, *other;
  atomic_bool stop;
  atomic_ulong swaps;
};

static void *swap(void *argument)
{
  struct swapper *s = argument;
  while (!atomic_load(&s->stop)) {
    if (renameat2(top.fd, s->one, top.fd, s->other, RENAME_EXCHANGE) == 0)
      atomic_fetch_add(&s->swaps, 1);
  }
  return NULL;
}

static int64_t now_ms(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What came of all the looks of one race. */
struct tally {
  unsigned long opened, refused;
};

/* Opens `path` again and again while `one` and `other` are exchanged. What is opened is a regular file that begins with
 * "inside", or the test fails. */
static struct tally race(enum resolve_way way, const char *path, const char *one, const char *other)
{
  struct swapper swapper = {.one = one, .other = other};
  pthread_t thread;
  resolve_use(way);
  assert_int_equal(pthread_create(&thread, NULL, swap, &swapper), 0);
  struct tally tally = {0, 0};
  char text[8] = "inside";
  int64_t end = now_ms() + RACE_MS;
  int err = 0;
  bool known = true;
  while (known && strncmp(text, "inside", 6) == 0 && now_ms() < end) {
    int fd = -1;
    struct stat st;
    err = resolve_open(&root, str_from(path), 0, &fd, &st);
    tally.opened += err == 0;
    tally.refused += err != 0;
    known = err == 0 || err == ERR_NOT_FOUND || err == ERR_OUTSIDE || err == ERR_SPECIAL || err == ERR_BUSY;
    if (err == 0) {
      known = S_ISREG(st.st_mode) && read(fd, text, 6) == 6;
      close(fd);
    }
  }
  atomic_store(&swapper.stop, true);
  assert_int_equal(pthread_join(thread, NULL), 0);
  if (atomic_load(&swapper.swaps) % 2)
    assert_int_equal(renameat2(top.fd, one, top.fd, other, RENAME_EXCHANGE), 0); /* as it was, for the next race */
  if (!known || strncmp(text, "inside", 6) != 0)
    fail_msg("%s: error %d, opened \"%.6s\"", path, err, text);
  assert_true(atomic_load(&swapper.swaps) > 10);
  return tally;
}

#define FOR_BOTH_WAYS(way) for (enum resolve_way way = RESOLVE_WAY_KERNEL; way <= RESOLVE_WAY_WALK; way++)

static int make_capsule(void **state)
{
  (void)state;
  folder_make(&top);
  folder_file(&top, "capsule/dir/page", "inside");
  folder_file(&top, "capsule/file", "inside");
  folder_file(&top, "capsule/page", "inside, above");
  folder_link(&top, "capsule/decoy", "../outside");
  folder_link(&top, "capsule/decoy-file", "../outside/page");
  folder_fifo(&top, "capsule/fifo");
  /* capsule/a/b and outside/b are exchanged: `..` of the same directory is now inside, now outside. */
  folder_link(&top, "capsule/a/b/up", "../page");
  folder_file(&top, "capsule/a/page", "inside");
  folder_dir(&top, "outside");
  folder_link(&top, "outside/b/up", "../page");
  folder_file(&top, "outside/page", "outside");
  folder_file(&top, "homes/alice/public/page", "inside");
  folder_file(&top, "homes/bob/public/page", "another's");
  folder_link(&top, "homes/alice/decoy", "../bob/public");
  folder_link(&top, "homes/decoy", "bob");
  root = (struct root){
      .folder = openat(top.fd, "capsule", O_PATH | O_DIRECTORY | O_CLOEXEC),
      .homes = openat(top.fd, "homes", O_PATH | O_DIRECTORY | O_CLOEXEC),
      .user_folder = "public",
  };
  assert_true(root.folder >= 0 && root.homes >= 0);
  return 0;
}

static int remove_capsule(void **state)
{
  (void)state;
  close(root.folder);
  close(root.homes);
  folder_remove(&top);
  return 0;
}

static void a_directory_becomes_a_link_that_leaves_G13(void **state)
{
  (void)state;
  FOR_BOTH_WAYS(way)
  {
    struct tally tally = race(way, "/dir/page", "capsule/dir", "capsule/decoy");
    assert_true(tally.opened > 0);
    assert_true(tally.refused > 0);
  }
}

static void a_file_becomes_a_link_that_leaves_G13(void **state)
{
  (void)state;
  FOR_BOTH_WAYS(way)
  assert_true(race(way, "/file", "capsule/file", "capsule/decoy-file").opened > 0);
}

/* A FIFO without a writer would hang whoever opens it to read. */
static void a_file_becomes_a_fifo_G13(void **state)
{
  (void)state;
  FOR_BOTH_WAYS(way)
  assert_true(race(way, "/file", "capsule/file", "capsule/fifo").opened > 0);
}

/* The link's `..` must lead to where the walk came from, not to where the directory has been moved. */
static void a_directory_moves_out_under_dotdot_G13(void **state)
{
  (void)state;
  FOR_BOTH_WAYS(way)
  assert_true(race(way, "/a/b/up", "capsule/a/b", "outside/b").opened > 0);
}

static void a_home_or_what_is_published_becomes_a_link_to_anothers(void **state)
{
  (void)state;
  FOR_BOTH_WAYS(way)
  {
    struct tally tally = race(way, "/~alice/page", "homes/alice/public", "homes/alice/decoy");
    assert_true(tally.opened > 0 && tally.refused > 0);
    tally = race(way, "/~alice/page", "homes/alice", "homes/decoy");
    assert_true(tally.opened > 0 && tally.refused > 0);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_directory_becomes_a_link_that_leaves_G13),
      cmocka_unit_test(a_file_becomes_a_link_that_leaves_G13),
      cmocka_unit_test(a_file_becomes_a_fifo_G13),
      cmocka_unit_test(a_directory_moves_out_under_dotdot_G13),
      cmocka_unit_test(a_home_or_what_is_published_becomes_a_link_to_anothers),
  };
  return cmocka_run_group_tests(tests, make_capsule, remove_capsule);
}
