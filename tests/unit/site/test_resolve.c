/* From a path to a file, never outside the root (G13, G18, G19, G23): the same answers both ways. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../support/folder.h"
#include "base/err.h"
#include "site/resolve.h"
#include "site/resolve_internal.h"

/* The folder holds `capsule`, the root, and `outside`, which nobody must get into. */
static struct folder top;
static struct root root;

static const enum resolve_way ways[] = {RESOLVE_WAY_KERNEL, RESOLVE_WAY_WALK};
#define FOR_EACH_WAY(i) for (size_t i = 0; i < 2 && (resolve_use(ways[i]), true); i++)

/* The lowest free descriptor: a leak moves it. */
static int next_fd(void)
{
  int fd = dup(root.folder);
  close(fd);
  return fd;
}

/* link-N needs N links to get to index.gmi. */
static void make_chain(int links)
{
  folder_link(&top, "capsule/link-1", "index.gmi");
  for (int i = 2; i <= links; i++) {
    char name[64], target[64];
    (void)snprintf(name, sizeof name, "capsule/link-%d", i);
    (void)snprintf(target, sizeof target, "link-%d", i - 1);
    folder_link(&top, name, target);
  }
}

static int make_capsule(void **state)
{
  (void)state;
  folder_make(&top);
  folder_file(&top, "capsule/index.gmi", "index");
  folder_file(&top, "capsule/dir/file.txt", "file");
  folder_file(&top, "capsule/dir/sub/deep.txt", "deep");
  folder_file(&top, "capsule/caf\xc3\xa9 \xff\n.txt", "odd");
  folder_file(&top, "capsule/back\\slash", "backslash");
  folder_file(&top, "outside/secret", "outside");
  folder_link(&top, "capsule/to-file", "dir/file.txt");
  folder_link(&top, "capsule/to-dir", "dir");
  folder_link(&top, "capsule/to-dir-slash", "dir//");
  folder_link(&top, "capsule/to-dot", ".");
  folder_link(&top, "capsule/to-dir-up", "dir/..");
  folder_link(&top, "capsule/through-up", "dir/sub/.././../index.gmi");
  folder_link(&top, "capsule/dir/sub/up", "../../to-file");
  folder_link(&top, "capsule/dir/up", "..");
  folder_link(&top, "capsule/file-slash", "index.gmi/");
  folder_link(&top, "capsule/file-up", "index.gmi/..");
  folder_link(&top, "capsule/dangling", "nothing");
  folder_link(&top, "capsule/loop", "loop");
  folder_link(&top, "capsule/absolute", top.path);
  folder_link(&top, "capsule/slash", "/");
  folder_link(&top, "capsule/out", "..");
  folder_link(&top, "capsule/out-file", "../outside/secret");
  folder_link(&top, "capsule/out-dir", "dir/../../outside");
  folder_link(&top, "capsule/out-and-back", "../capsule/index.gmi");
  folder_link(&top, "capsule/to-proc", "/proc/self/root");
  folder_fifo(&top, "capsule/fifo");
  folder_link(&top, "capsule/to-fifo", "fifo");
  assert_int_equal(mknodat(top.fd, "capsule/socket", S_IFSOCK | 0666, 0), 0);
  make_chain(41);
  root = root_of(openat(top.fd, "capsule", O_PATH | O_DIRECTORY | O_CLOEXEC));
  assert_true(root.folder >= 0);
  return 0;
}

static int remove_capsule(void **state)
{
  (void)state;
  close(root.folder);
  folder_remove(&top);
  resolve_use(RESOLVE_WAY_KERNEL);
  return 0;
}

/* Opens the path and reads what is there into `text` (a directory is "/"). The result of resolve_open. */
static int fetch(struct str path, char text[32])
{
  int fd = -1;
  struct stat st, looked;
  int err = resolve_open(&root, path, 0, &fd, &st);
  int looked_err = resolve_stat(&root, path, 0, &looked);
  text[0] = '\0';
  if (err) {
    /* A look sees a special file and does not mind. */
    assert_int_equal(looked_err, err == ERR_SPECIAL || err == ERR_DENIED ? 0 : err);
    return err;
  }
  assert_int_equal(looked_err, 0);
  struct file_id a = file_id(&st), b = file_id(&looked);
  assert_true(file_id_eq(&a, &b));
  assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
  assert_false(fcntl(fd, F_GETFL) & O_PATH);
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

static void paths_stay_beneath_the_root_G13(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *path;
    int result;
    const char *text;
  } table[] = {
      {__LINE__, "/", 0, "/"},
      {__LINE__, "", 0, "/"},
      {__LINE__, "/index.gmi", 0, "index"},
      {__LINE__, "//index.gmi", 0, "index"},
      {__LINE__, "/dir", 0, "/"},
      {__LINE__, "/dir/", 0, "/"},
      {__LINE__, "/dir/sub/deep.txt", 0, "deep"},
      {__LINE__, "/caf\xc3\xa9 \xff\n.txt", 0, "odd"},
      {__LINE__, "/back\\slash", 0, "backslash"},
      /* A trailing slash wants a directory. */
      {__LINE__, "/index.gmi/", ERR_NOT_FOUND, ""},
      {__LINE__, "/index.gmi/x", ERR_NOT_FOUND, ""},
      {__LINE__, "/to-file/", ERR_NOT_FOUND, ""},
      {__LINE__, "/fifo/", ERR_NOT_FOUND, ""},
      {__LINE__, "/nothing", ERR_NOT_FOUND, ""},
      {__LINE__, "/nothing/x", ERR_NOT_FOUND, ""},
      /* Links that stay inside are followed. */
      {__LINE__, "/to-file", 0, "file"},
      {__LINE__, "/to-dir", 0, "/"},
      {__LINE__, "/to-dir/", 0, "/"},
      {__LINE__, "/to-dir/file.txt", 0, "file"},
      {__LINE__, "/to-dir-slash", 0, "/"},
      {__LINE__, "/to-dir-slash/file.txt", 0, "file"},
      {__LINE__, "/to-dot/to-dot/index.gmi", 0, "index"},
      {__LINE__, "/to-dir-up/index.gmi", 0, "index"},
      {__LINE__, "/to-dir-up", 0, "/"},
      {__LINE__, "/through-up", 0, "index"},
      {__LINE__, "/dir/sub/up", 0, "file"},
      {__LINE__, "/to-dir/sub/up", 0, "file"},
      {__LINE__, "/dir/up/dir/up/index.gmi", 0, "index"},
      {__LINE__, "/link-40", 0, "index"},
      {__LINE__, "/link-41", ERR_NOT_FOUND, ""},
      {__LINE__, "/loop", ERR_NOT_FOUND, ""},
      {__LINE__, "/loop/x", ERR_NOT_FOUND, ""},
      {__LINE__, "/dangling", ERR_NOT_FOUND, ""},
      {__LINE__, "/file-slash", ERR_NOT_FOUND, ""},
      {__LINE__, "/file-up", ERR_NOT_FOUND, ""},
      /* Links that leave, or are absolute, are not. */
      {__LINE__, "/absolute", ERR_OUTSIDE, ""},
      {__LINE__, "/absolute/capsule/index.gmi", ERR_OUTSIDE, ""},
      {__LINE__, "/slash", ERR_OUTSIDE, ""},
      {__LINE__, "/to-proc", ERR_OUTSIDE, ""},
      {__LINE__, "/out", ERR_OUTSIDE, ""},
      {__LINE__, "/out/", ERR_OUTSIDE, ""},
      {__LINE__, "/out-file", ERR_OUTSIDE, ""},
      {__LINE__, "/out-dir", ERR_OUTSIDE, ""},
      {__LINE__, "/out-dir/secret", ERR_OUTSIDE, ""},
      {__LINE__, "/out-and-back", ERR_OUTSIDE, ""},
      {__LINE__, "/dir/up/out", ERR_OUTSIDE, ""},
      /* No request holds these; if one did, it would not get out either. */
      {__LINE__, "/..", ERR_OUTSIDE, ""},
      {__LINE__, "/../outside/secret", ERR_OUTSIDE, ""},
      {__LINE__, "/dir/../../outside/secret", ERR_OUTSIDE, ""},
      {__LINE__, "/dir/../index.gmi", 0, "index"},
      /* Neither a file nor a directory: seen, never opened. A FIFO without a writer would hang the opener. */
      {__LINE__, "/fifo", ERR_SPECIAL, ""},
      {__LINE__, "/to-fifo", ERR_SPECIAL, ""},
      {__LINE__, "/socket", ERR_SPECIAL, ""},
  };
  int free_fd = next_fd();
  FOR_EACH_WAY(way)
  {
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
      char text[32];
      int result = fetch(str_from(table[i].path), text);
      if (result != table[i].result || strcmp(text, table[i].text) != 0)
        fail_msg("line %d, way %zu: %s gave %d, \"%s\"", table[i].line, way, table[i].path, result, text);
      if (next_fd() != free_fd)
        fail_msg("line %d, way %zu: %s leaks a descriptor", table[i].line, way, table[i].path);
    }
  }
}

/* A name of 255 bytes can be there; one of 256, or a path above PATH_MAX, cannot. */
static void over_long_names_are_not_found_G18(void **state)
{
  (void)state;
  static char path[65536];
  char text[32];
  memset(path, 'n', sizeof path);
  char *name = path + 8;
  memcpy(path, "capsule/", 8);
  name[255] = '\0';
  folder_file(&top, path, "long");
  path[7] = '/';
  FOR_EACH_WAY(way)
  {
    assert_int_equal(fetch(str_make(path + 7, 256), text), 0);
    assert_string_equal(text, "long");
    assert_int_equal(fetch(str_make(path + 7, 257), text), ERR_NOT_FOUND); /* a NUL too */
  }
  name[255] = 'n';
  FOR_EACH_WAY(way)
  {
    assert_int_equal(fetch(str_make(path + 7, 257), text), ERR_NOT_FOUND);
    assert_int_equal(fetch(str_make(path + 7, sizeof path - 7), text), ERR_NOT_FOUND);
  }
  /* A deep path, and one too long for a system call. */
  for (size_t i = 0; i + 7 < sizeof path; i += 7)
    memcpy(path + i, "/dir/up", 7);
  FOR_EACH_WAY(way)
  {
    assert_int_equal(fetch(str_make(path, 280), text), 0); /* 40 links */
    assert_int_equal(fetch(str_make(path, 287), text), ERR_NOT_FOUND);
    assert_int_equal(fetch(str_make(path, sizeof path), text), ERR_NOT_FOUND);
  }
}

static void a_nul_is_not_found_G13(void **state)
{
  (void)state;
  char text[32];
  FOR_EACH_WAY(way)
  {
    assert_int_equal(fetch(STR("/index.gmi\0.txt"), text), ERR_NOT_FOUND);
    assert_int_equal(fetch(STR("/\0"), text), ERR_NOT_FOUND);
  }
}

/* Root may read everything: the rights are tried as nobody. */
static void unreadable_is_denied_G19(void **state)
{
  (void)state;
  char text[32];
  folder_file(&top, "capsule/closed.txt", "closed");
  folder_file(&top, "capsule/closed/inner.txt", "inner");
  folder_dir(&top, "capsule/listless");
  assert_int_equal(fchmodat(root.folder, "closed.txt", 0, 0), 0);
  assert_int_equal(fchmodat(root.folder, "closed", 0, 0), 0);
  assert_int_equal(fchmodat(root.folder, "listless", 0311, 0), 0);
  bool is_root = geteuid() == 0;
  if (is_root)
    assert_int_equal(seteuid(65534), 0);
  int results[2][3], looks[2];
  struct stat st;
  FOR_EACH_WAY(way)
  {
    results[way][0] = fetch(STR("/closed.txt"), text);
    results[way][1] = fetch(STR("/listless"), text);
    int fd;
    results[way][2] = resolve_open(&root, STR("/closed/inner.txt"), 0, &fd, &st);
    looks[way] = resolve_stat(&root, STR("/closed/inner.txt"), 0, &st);
  }
  if (is_root)
    assert_int_equal(seteuid(0), 0);
  assert_int_equal(fchmodat(root.folder, "closed", 0755, 0), 0);
  assert_int_equal(fchmodat(root.folder, "listless", 0755, 0), 0);
  for (size_t way = 0; way < 2; way++) {
    for (size_t i = 0; i < 3; i++)
      assert_int_equal(results[way][i], ERR_DENIED);
    assert_int_equal(looks[way], ERR_DENIED);
  }
}

/* Only root can make one; /dev/null would do no harm, a tape drive would rewind. */
static void a_device_is_never_opened_G13(void **state)
{
  (void)state;
  if (geteuid() != 0 || mknodat(root.folder, "device", S_IFCHR | 0666, makedev(1, 3)) != 0)
    skip();
  char text[32];
  FOR_EACH_WAY(way)
  assert_int_equal(fetch(STR("/device"), text), ERR_SPECIAL);
}

static void no_descriptors_is_busy(void **state)
{
  (void)state;
  struct rlimit before, none;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
  none = before;
  int results[2];
  struct stat st;
  int fd;
  FOR_EACH_WAY(way)
  {
    none.rlim_cur = (rlim_t)next_fd();
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    results[way] = resolve_open(&root, STR("/dir/file.txt"), 0, &fd, &st);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(results[way], ERR_BUSY);
    /* One is enough for the look, none is left to open what was seen. */
    none.rlim_cur = (rlim_t)next_fd() + 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    results[way] = resolve_open(&root, STR("/dir/file.txt"), 0, &fd, &st);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(results[way], ERR_BUSY);
  }
}

/* What was opened a moment ago needs no disk. What cannot be known is left to the pool. */
static void cached_only_never_waits(void **state)
{
  (void)state;
  char text[32];
  int fd;
  struct stat st;
  resolve_use(RESOLVE_WAY_KERNEL);
  assert_int_equal(fetch(STR("/dir/file.txt"), text), 0);
  int err = resolve_open(&root, STR("/dir/file.txt"), RESOLVE_CACHED_ONLY, &fd, &st);
  if (err != ERR_AGAIN) { /* a kernel before 5.12, or a dentry thrown out meanwhile */
    assert_int_equal(err, 0);
    close(fd);
  }
  err = resolve_stat(&root, STR("/out-file"), RESOLVE_CACHED_ONLY, &st);
  assert_true(err == ERR_AGAIN || err == ERR_OUTSIDE);
  resolve_use(RESOLVE_WAY_WALK);
  assert_int_equal(resolve_open(&root, STR("/dir/file.txt"), RESOLVE_CACHED_ONLY, &fd, &st), ERR_AGAIN);
  assert_int_equal(resolve_stat(&root, STR("/dir/file.txt"), RESOLVE_CACHED_ONLY, &st), ERR_AGAIN);
}

static void hidden_names_G23(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *path;
    bool hidden;
  } table[] = {
      {__LINE__, "/", false},
      {__LINE__, "", false},
      {__LINE__, "/index.gmi", false},
      {__LINE__, "/.git", true},
      {__LINE__, "/.git/config", true},
      {__LINE__, "/dir/.hidden", true},
      {__LINE__, "/dir/.hidden/x", true},
      {__LINE__, "/.well-known", false},
      {__LINE__, "/.well-known/", false},
      {__LINE__, "//.well-known/security.txt", false},
      {__LINE__, "/.well-known/.secret", true},
      {__LINE__, "/.well-known/.well-known/x", true},
      {__LINE__, "/dir/.well-known/x", true},
      {__LINE__, "/.well-knownx", true},
      {__LINE__, "/.Well-Known", true},
      {__LINE__, "/.", true},
      {__LINE__, "/a/..", true},
      {__LINE__, "/a.b/c.", false},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    if (path_hidden(str_from(table[i].path)) != table[i].hidden)
      fail_msg("line %d: %s", table[i].line, table[i].path);
  }
}

static void identity_of_a_file(void **state)
{
  (void)state;
  struct stat st, later;
  assert_int_equal(resolve_stat(&root, STR("/index.gmi"), 0, &st), 0);
  later = st;
  struct file_id a = file_id(&st), b = file_id(&later);
  assert_true(file_id_eq(&a, &b));
  later.st_mtim.tv_nsec ^= 1;
  b = file_id(&later);
  assert_false(file_id_eq(&a, &b));
  later = st;
  later.st_size++;
  b = file_id(&later);
  assert_false(file_id_eq(&a, &b));

  /* The time of modification can be set back after an edit, the time of change cannot. */
  later = st;
  later.st_ctim.tv_nsec ^= 1;
  b = file_id(&later);
  assert_false(file_id_eq(&a, &b));

  const int64_t second = 1000000000;
  assert_false(file_settled(&a, a.changed_ns));
  assert_false(file_settled(&a, a.changed_ns + 2 * second - 1));
  assert_true(file_settled(&a, a.changed_ns + 2 * second));
  assert_false(file_settled(&a, a.changed_ns - second)); /* from the future */
  a.modified_ns = a.changed_ns + 1000 * second;
  assert_true(file_settled(&a, a.changed_ns + 2 * second)); /* whatever somebody has set the other one to */
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(paths_stay_beneath_the_root_G13),
      cmocka_unit_test(over_long_names_are_not_found_G18),
      cmocka_unit_test(a_nul_is_not_found_G13),
      cmocka_unit_test(unreadable_is_denied_G19),
      cmocka_unit_test(a_device_is_never_opened_G13),
      cmocka_unit_test(no_descriptors_is_busy),
      cmocka_unit_test(cached_only_never_waits),
      cmocka_unit_test(hidden_names_G23),
      cmocka_unit_test(identity_of_a_file),
  };
  return cmocka_run_group_tests(tests, make_capsule, remove_capsule);
}
