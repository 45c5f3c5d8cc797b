/* From a path to what a user publishes, and to nothing else in any home: the same answers both ways. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../support/folder.h"
#include "base/err.h"
#include "site/resolve.h"
#include "site/resolve_internal.h"

/* The folder holds `capsule`, the root, and `homes`. */
static struct folder top;
static struct root root;

static const enum resolve_way ways[] = {RESOLVE_WAY_KERNEL, RESOLVE_WAY_WALK};
#define FOR_EACH_WAY(i) for (size_t i = 0; i < 2 && (resolve_use(ways[i]), true); i++)

static int make_homes(void **state)
{
  (void)state;
  folder_make(&top);
  folder_file(&top, "capsule/index.gmi", "index");
  folder_file(&top, "capsule/~alice/index.gmi", "hidden by the user");
  folder_file(&top, "capsule/~/index.gmi", "a tilde");
  folder_file(&top, "capsule/sub/~alice/index.gmi", "below the root");
  folder_file(&top, "homes/alice/pub/lic/index.gmi", "alice");
  folder_file(&top, "homes/alice/pub/lic/sub/page", "page");
  folder_link(&top, "homes/alice/pub/lic/inside", "sub/../index.gmi");
  folder_link(&top, "homes/alice/pub/lic/out", "../secret");
  folder_link(&top, "homes/alice/pub/lic/home", "..");
  folder_link(&top, "homes/alice/pub/lic/to-bob", "../../../bob/pub/lic/index.gmi");
  folder_link(&top, "homes/alice/pub/lic/sub/to-bob", "../../../../bob/pub/lic");
  folder_link(&top, "homes/alice/pub/lic/capsule", "../../../../capsule/index.gmi");
  folder_link(&top, "homes/alice/pub/lic/absolute", top.path);
  folder_fifo(&top, "homes/alice/pub/lic/fifo");
  folder_file(&top, "homes/alice/pub/secret", "secret");
  folder_file(&top, "homes/bob/pub/lic/index.gmi", "bob");
  folder_file(&top, "homes/.hidden/pub/lic/index.gmi", "hidden");
  folder_file(&top, "homes/~/pub/lic/index.gmi", "the user Tilde");
  folder_file(&top, "homes/a b\xff/pub/lic/index.gmi", "odd");
  folder_link(&top, "homes/linked", "bob");
  folder_dir(&top, "homes/link-at-end/pub");
  folder_link(&top, "homes/link-at-end/pub/lic", "../../bob/pub/lic");
  folder_dir(&top, "homes/link-in-home");
  folder_file(&top, "homes/link-in-home/other/lic/index.gmi", "my own, by a link");
  folder_link(&top, "homes/link-in-home/pub", "other");
  folder_dir(&top, "homes/fifo/pub");
  folder_fifo(&top, "homes/fifo/pub/lic");
  folder_file(&top, "homes/file/pub/lic", "a file");
  folder_dir(&top, "homes/empty/pub");
  folder_file(&top, "homes/nobody", "not a home");
  root = (struct root){
      .folder = openat(top.fd, "capsule", O_PATH | O_DIRECTORY | O_CLOEXEC),
      .homes = openat(top.fd, "homes", O_PATH | O_DIRECTORY | O_CLOEXEC),
      .user_folder = "pub/lic",
  };
  assert_true(root.folder >= 0 && root.homes >= 0);
  return 0;
}

static int remove_homes(void **state)
{
  (void)state;
  close(root.folder);
  close(root.homes);
  folder_remove(&top);
  resolve_use(RESOLVE_WAY_KERNEL);
  return 0;
}

/* Opens the path and reads what is there into `text` (a directory is "/"). The result of resolve_open. */
static int fetch(const struct root *where, struct str path, char text[32])
{
  int fd = -1;
  struct stat st, looked;
  int err = resolve_open(where, path, 0, &fd, &st);
  int looked_err = resolve_stat(where, path, 0, &looked);
  text[0] = '\0';
  if (err) {
    assert_int_equal(looked_err, err == ERR_SPECIAL ? 0 : err);
    return err;
  }
  assert_int_equal(looked_err, 0);
  assert_true(st.st_ino == looked.st_ino && st.st_dev == looked.st_dev);
  if (S_ISDIR(st.st_mode)) {
    (void)snprintf(text, 32, "/");
  } else {
    ssize_t n = read(fd, text, 31);
    assert_true(n >= 0);
    text[n] = '\0';
  }
  close(fd);
  return 0;
}

static void paths_lead_to_what_a_user_publishes_and_no_further(void **state)
{
  (void)state;
  static const struct {
    int line;
    struct str path;
    int result;
    const char *text;
  } table[] = {
      {__LINE__, STR_INIT("/"), 0, "/"},
      {__LINE__, STR_INIT("/index.gmi"), 0, "index"},
      {__LINE__, STR_INIT("/sub/~alice/index.gmi"), 0, "below the root"},
      {__LINE__, STR_INIT("/~alice"), 0, "/"},
      {__LINE__, STR_INIT("/~alice/"), 0, "/"},
      {__LINE__, STR_INIT("/~alice/index.gmi"), 0, "alice"},
      {__LINE__, STR_INIT("//~alice//index.gmi"), 0, "alice"},
      {__LINE__, STR_INIT("~alice/index.gmi"), 0, "alice"},
      {__LINE__, STR_INIT("/~alice/index.gmi/"), ERR_NOT_FOUND, ""},
      {__LINE__, STR_INIT("/~alice/sub/page"), 0, "page"},
      {__LINE__, STR_INIT("/~alice/inside"), 0, "alice"},
      {__LINE__, STR_INIT("/~alice/nothing"), ERR_NOT_FOUND, ""},
      {__LINE__, STR_INIT("/~alice/fifo"), ERR_SPECIAL, ""},
      {__LINE__, STR_INIT("/~alice/out"), ERR_OUTSIDE, ""},
      {__LINE__, STR_INIT("/~alice/home"), ERR_OUTSIDE, ""},
      {__LINE__, STR_INIT("/~alice/home/secret"), ERR_OUTSIDE, ""},
      {__LINE__, STR_INIT("/~alice/to-bob"), ERR_OUTSIDE, ""},
      {__LINE__, STR_INIT("/~alice/sub/to-bob/index.gmi"), ERR_OUTSIDE, ""},
      {__LINE__, STR_INIT("/~alice/capsule"), ERR_OUTSIDE, ""},
      {__LINE__, STR_INIT("/~alice/absolute/capsule/index.gmi"), ERR_OUTSIDE, ""},
      /* What a protocol would have taken out. */
      {__LINE__, STR_INIT("/~alice/.."), ERR_OUTSIDE, ""},
      {__LINE__, STR_INIT("/~alice/../secret"), ERR_OUTSIDE, ""},
      {__LINE__, STR_INIT("/~alice/../../../bob/pub/lic/index.gmi"), ERR_OUTSIDE, ""},
      {__LINE__, STR_INIT("/~alice/sub/../../index.gmi"), ERR_OUTSIDE, ""},
      {__LINE__, STR_INIT("/~alice/sub/../index.gmi"), 0, "alice"},
      {__LINE__, STR_INIT("/sub/../~alice/index.gmi"), 0, "hidden by the user"},
      {__LINE__, STR_INIT("/~bob/index.gmi"), 0, "bob"},
      {__LINE__, STR_INIT("/~~/index.gmi"), 0, "the user Tilde"},
      {__LINE__, STR_INIT("/~a b\xff/index.gmi"), 0, "odd"},
      /* Names that are none. */
      {__LINE__, STR_INIT("/~"), ERR_NOT_FOUND, ""},
      {__LINE__, STR_INIT("/~/"), ERR_NOT_FOUND, ""},
      {__LINE__, STR_INIT("/~/index.gmi"), ERR_NOT_FOUND, ""},
      {__LINE__, STR_INIT("/~."), ERR_NOT_FOUND, ""},
      {__LINE__, STR_INIT("/~./index.gmi"), ERR_NOT_FOUND, ""},
      {__LINE__, STR_INIT("/~../capsule/index.gmi"), ERR_NOT_FOUND, ""},
      {__LINE__, STR_INIT("/~../"), ERR_NOT_FOUND, ""},
      {__LINE__, STR_INIT("/~.hidden/index.gmi"), ERR_NOT_FOUND, ""},
      {__LINE__, STR_INIT("/~alice\0/index.gmi"), ERR_NOT_FOUND, ""},
      {__LINE__, STR_INIT("/~alice/index.gmi\0"), ERR_NOT_FOUND, ""},
      {__LINE__, STR_INIT("/~al\0ice/"), ERR_NOT_FOUND, ""},
      {__LINE__, STR_INIT("/~nobody"), ERR_NOT_FOUND, ""},
      {__LINE__, STR_INIT("/~nobody/"), ERR_NOT_FOUND, ""},
      {__LINE__, STR_INIT("/~not there/"), ERR_NOT_FOUND, ""},
      {__LINE__, STR_INIT("/~empty/"), ERR_NOT_FOUND, ""},
      {__LINE__, STR_INIT("/~file"), ERR_NOT_FOUND, ""},
      {__LINE__, STR_INIT("/~fifo"), ERR_NOT_FOUND, ""},
      {__LINE__, STR_INIT("/~fifo/x"), ERR_NOT_FOUND, ""},
      /* Links on the way to the folder. */
      {__LINE__, STR_INIT("/~linked/index.gmi"), ERR_NOT_FOUND, ""},
      {__LINE__, STR_INIT("/~link-at-end/index.gmi"), ERR_NOT_FOUND, ""},
      {__LINE__, STR_INIT("/~link-at-end"), ERR_NOT_FOUND, ""},
      {__LINE__, STR_INIT("/~link-in-home/index.gmi"), ERR_NOT_FOUND, ""},
  };
  FOR_EACH_WAY(way)
  {
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
      char text[32];
      int free_fd = dup(root.folder);
      close(free_fd);
      int err = fetch(&root, table[i].path, text);
      int now_free = dup(root.folder);
      close(now_free);
      if (err != table[i].result || strcmp(text, table[i].text) != 0 || now_free != free_fd)
        fail_msg("line %d, way %zu: %.*s is %d \"%s\", descriptor %d then %d", table[i].line, way,
                 STR_ARG(table[i].path), err, text, free_fd, now_free);
    }
  }
}

static void a_name_as_long_as_can_be(void **state)
{
  (void)state;
  char path[8192], text[32];
  memset(path, 'a', sizeof path);
  memcpy(path, "/~", 2);
  static const size_t lengths[] = {255, 256, 257, 258, 4000, 4095, 4096, 4097, 8192};
  FOR_EACH_WAY(way)
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
    assert_int_equal(fetch(&root, str_make(path, lengths[i]), text), ERR_NOT_FOUND);
}

static void without_a_folder_within_it_the_whole_home_is_published(void **state)
{
  (void)state;
  const struct root whole = {.folder = root.folder, .homes = root.homes, .user_folder = ""};
  char text[32];
  FOR_EACH_WAY(way)
  {
    assert_int_equal(fetch(&whole, STR("/~alice/pub/secret"), text), 0);
    assert_string_equal(text, "secret");
    assert_int_equal(fetch(&whole, STR("/~alice/pub/lic/home"), text), 0);
    assert_int_equal(fetch(&whole, STR("/~alice/pub/lic/to-bob"), text), ERR_OUTSIDE);
    assert_int_equal(fetch(&whole, STR("/~alice/../bob/pub"), text), ERR_OUTSIDE);
    assert_int_equal(fetch(&whole, STR("/~linked/"), text), ERR_NOT_FOUND);
    assert_int_equal(fetch(&whole, STR("/~nobody"), text), ERR_NOT_FOUND);
    assert_int_equal(fetch(&whole, STR("/~.hidden/"), text), ERR_NOT_FOUND);
    assert_int_equal(fetch(&whole, STR("/~../capsule"), text), ERR_NOT_FOUND);
    assert_int_equal(fetch(&whole, STR("/~"), text), ERR_NOT_FOUND);
  }
}

static void without_homes_a_tilde_is_a_letter(void **state)
{
  (void)state;
  const struct root plain = root_of(root.folder);
  char text[32];
  FOR_EACH_WAY(way)
  {
    assert_int_equal(fetch(&plain, STR("/~alice/index.gmi"), text), 0);
    assert_string_equal(text, "hidden by the user");
    assert_int_equal(fetch(&plain, STR("/~/index.gmi"), text), 0);
    assert_int_equal(fetch(&plain, STR("/~bob/index.gmi"), text), ERR_NOT_FOUND);
  }
}

/* Only for somebody who is not root is anything closed. */
static void who_lets_nobody_in_is_not_told_apart(void **state)
{
  (void)state;
  int results[2][4];
  struct stat st;
  bool was_root = geteuid() == 0;
  folder_file(&top, "homes/closed/pub/lic/index.gmi", "closed");
  folder_file(&top, "homes/passing/pub/lic/index.gmi", "passing");
  folder_file(&top, "homes/shut/pub/lic/index.gmi", "shut");
  assert_int_equal(fchmodat(root.homes, "closed", 0700, 0), 0);
  assert_int_equal(fchmodat(root.homes, "passing", 0711, 0), 0);
  assert_int_equal(fchmodat(root.homes, "shut/pub/lic", 0700, 0), 0);
  if (was_root)
    assert_int_equal(seteuid(65534), 0);
  else
    assert_int_equal(fchmodat(root.homes, "closed", 0, 0), 0);
  FOR_EACH_WAY(way)
  {
    results[way][0] = resolve_stat(&root, STR("/~closed/"), 0, &st);
    results[way][1] = resolve_stat(&root, STR("/~closed/index.gmi"), 0, &st);
    results[way][2] = resolve_stat(&root, STR("/~passing/index.gmi"), 0, &st);
    results[way][3] = resolve_stat(&root, STR("/~shut/index.gmi"), 0, &st);
  }
  if (was_root)
    assert_int_equal(seteuid(0), 0);
  assert_int_equal(fchmodat(root.homes, "closed", 0700, 0), 0);
  FOR_EACH_WAY(way)
  {
    assert_int_equal(results[way][0], ERR_NOT_FOUND);
    assert_int_equal(results[way][1], ERR_NOT_FOUND);
    assert_int_equal(results[way][2], 0);
    if (was_root) /* what is published by name only is refused like anything else that may not be read */
      assert_int_equal(results[way][3], ERR_DENIED);
  }
}

/* Neither step waits for a disk. */
static void cached_only_never_waits(void **state)
{
  (void)state;
  struct stat st;
  int fd = -1;
  char text[32];
  resolve_use(RESOLVE_WAY_KERNEL);
  assert_int_equal(fetch(&root, STR("/~alice/index.gmi"), text), 0);
  int err = resolve_open(&root, STR("/~alice/index.gmi"), RESOLVE_CACHED_ONLY, &fd, &st);
  if (err != ERR_AGAIN) { /* a kernel before 5.12, or a dentry thrown out meanwhile */
    assert_int_equal(err, 0);
    close(fd);
  }
  err = resolve_stat(&root, STR("/~alice/to-bob"), RESOLVE_CACHED_ONLY, &st);
  assert_true(err == ERR_AGAIN || err == ERR_OUTSIDE);
  err = resolve_stat(&root, STR("/~linked/"), RESOLVE_CACHED_ONLY, &st);
  assert_true(err == ERR_AGAIN || err == ERR_NOT_FOUND);
  resolve_use(RESOLVE_WAY_WALK);
  assert_int_equal(resolve_stat(&root, STR("/~alice/index.gmi"), RESOLVE_CACHED_ONLY, &st), ERR_AGAIN);
  assert_int_equal(resolve_open(&root, STR("/~alice/index.gmi"), RESOLVE_CACHED_ONLY, &fd, &st), ERR_AGAIN);
}

static void a_folder_that_vanishes_and_comes_back(void **state)
{
  (void)state;
  char text[32];
  folder_file(&top, "homes/carol/pub/lic/index.gmi", "carol");
  FOR_EACH_WAY(way)
  {
    assert_int_equal(fetch(&root, STR("/~carol/index.gmi"), text), 0);
    assert_int_equal(renameat(root.homes, "carol/pub", root.homes, "carol/gone"), 0);
    assert_int_equal(fetch(&root, STR("/~carol/index.gmi"), text), ERR_NOT_FOUND);
    assert_int_equal(fetch(&root, STR("/~carol/"), text), ERR_NOT_FOUND);
    assert_int_equal(renameat(root.homes, "carol/gone", root.homes, "carol/pub"), 0);
    assert_int_equal(fetch(&root, STR("/~carol/index.gmi"), text), 0);
  }
}

static void one_descriptor_more_is_enough(void **state)
{
  (void)state;
  struct rlimit before, less;
  struct stat st;
  int fd = -1;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
  FOR_EACH_WAY(way)
  for (unsigned spare = 0; spare < 3; spare++) {
    int lowest = dup(root.folder);
    close(lowest);
    less = before;
    less.rlim_cur = (rlim_t)lowest + spare;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &less), 0);
    int err = resolve_open(&root, STR("/~alice/index.gmi"), 0, &fd, &st);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(err, ERR_BUSY);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(paths_lead_to_what_a_user_publishes_and_no_further),
      cmocka_unit_test(a_name_as_long_as_can_be),
      cmocka_unit_test(without_a_folder_within_it_the_whole_home_is_published),
      cmocka_unit_test(without_homes_a_tilde_is_a_letter),
      cmocka_unit_test(who_lets_nobody_in_is_not_told_apart),
      cmocka_unit_test(cached_only_never_waits),
      cmocka_unit_test(a_folder_that_vanishes_and_comes_back),
      cmocka_unit_test(one_descriptor_more_is_enough),
  };
  return cmocka_run_group_tests(tests, make_homes, remove_homes);
}
