/* Both ways of looking a path up agree on any tree of links; and which one is taken where openat2 misbehaves (G13). */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../support/folder.h"
#include "base/err.h"
#include "site/resolve.h"
#include "site/resolve_internal.h"

static struct folder top;
static struct root root;

/* ------------------------------------------------------------------ a kernel that misbehaves */

/* openat2 answers with this errno, this many times more (-1: for ever), and with what the kernel says otherwise. */
static struct {
  int number, times;
  int calls;
} fault;

/* Stands in front of the C library's: resolve.c makes its openat2 through it. */
long syscall(long number, ...)
{
  static long (*real)(long, ...);
  if (!real) {
    void *symbol = dlsym(RTLD_NEXT, "syscall");
    memcpy(&real, &symbol, sizeof real);
  }
  va_list list;
  long a[4];
  va_start(list, number);
  for (size_t i = 0; i < 4; i++)
    a[i] = va_arg(list, long);
  va_end(list);
  if (number == SYS_openat2) {
    fault.calls++;
    if (fault.times) {
      fault.times -= fault.times > 0;
      errno = fault.number;
      return -1;
    }
  }
  return real(number, a[0], a[1], a[2], a[3]);
}

static int look(unsigned flags)
{
  struct stat st;
  fault.calls = 0;
  return resolve_stat(&root, STR("/index.gmi"), flags, &st);
}

static void set_fault(int number, int times)
{
  resolve_use(RESOLVE_WAY_KERNEL);
  fault.number = number;
  fault.times = times;
}

/* A kernel before 5.6, or a seccomp filter that answers EPERM: the walk takes over, for good. */
static void a_missing_openat2_is_remembered(void **state)
{
  (void)state;
  static const int numbers[] = {ENOSYS, EPERM};
  for (size_t i = 0; i < 2; i++) {
    set_fault(numbers[i], -1);
    assert_int_equal(look(0), 0);
    assert_true(fault.calls > 0);
    assert_int_equal(look(0), 0);
    assert_int_equal(fault.calls, 0);
    assert_int_equal(look(RESOLVE_CACHED_ONLY), ERR_AGAIN);
  }
  set_fault(0, 0);
}

/* EPERM for this one file says nothing about openat2. */
static void eperm_from_a_file_is_denied_G19(void **state)
{
  (void)state;
  set_fault(EPERM, 1);
  assert_int_equal(look(0), ERR_DENIED);
  assert_int_equal(look(0), 0);
  assert_int_equal(fault.calls, 1);
}

/* A rename elsewhere on the machine while a `..` was passed: the kernel will not say, the walk does. */
static void eagain_leads_to_the_walk(void **state)
{
  (void)state;
  set_fault(EAGAIN, 1);
  assert_int_equal(look(0), 0);
  assert_int_equal(fault.calls, 1);
  set_fault(EAGAIN, -1); /* a machine that never rests */
  assert_int_equal(look(0), 0);
  assert_int_equal(fault.calls, 1);
  assert_int_equal(look(RESOLVE_CACHED_ONLY), ERR_AGAIN);
  set_fault(0, 0);
  assert_int_equal(look(0), 0); /* and the kernel is asked again next time */
  assert_int_equal(fault.calls, 1);
}

/* A kernel before 5.12 does not know RESOLVE_CACHED: the pool does the work. */
static void an_unknown_flag_goes_to_the_pool(void **state)
{
  (void)state;
  set_fault(EINVAL, 1);
  assert_int_equal(look(RESOLVE_CACHED_ONLY), ERR_AGAIN);
  assert_int_equal(look(0), 0);
  set_fault(EINVAL, 1);
  assert_int_equal(look(0), ERR_NOT_FOUND);
}

static void a_failing_disk_is_an_error(void **state)
{
  (void)state;
  set_fault(EIO, 1);
  assert_int_equal(look(0), ERR_IO);
}

/* ------------------------------------------------------------------ any tree of links */

static uint64_t seed = 0x9e3779b97f4a7c15u;

static unsigned pick(unsigned n)
{
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return (unsigned)(seed >> 33) % n;
}

/* A path of up to `most` segments out of few names, so that many of them lead somewhere. */
static void random_path(char *out, size_t size, unsigned most)
{
  static const char *const names[] = {"a", "b", "c", "d", "f", "..", "..", ".", "", "x"};
  size_t n = 0;
  out[0] = '\0';
  for (unsigned i = 0, segments = 1 + pick(most); i < segments; i++)
    n += (size_t)snprintf(out + n, size - n, "%s%s", i ? "/" : "", names[pick(sizeof names / sizeof *names)]);
  if (pick(6) == 0)
    (void)snprintf(out + n, size - n, "/");
  if (out[0] == '\0')
    (void)snprintf(out, size, ".");
}

/* Four directories deep, in each of them links to anywhere: up, down, out, absolute, round in circles. */
static void make_tree(void)
{
  static const char *const directories[] = {"", "a/", "a/b/", "c/", "c/d/", "c/d/a/"};
  char name[64], target[64];
  folder_make(&top);
  folder_file(&top, "f", "outside");
  folder_file(&top, "capsule/c/d/a/f", "inside");
  folder_file(&top, "capsule/a/b/f", "inside");
  for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
    for (const char *c = "abcdf"; *c; c++) {
      (void)snprintf(name, sizeof name, "capsule/%s%c", directories[i], *c);
      random_path(target, sizeof target, 5);
      if (pick(12) == 0)
        target[0] = '/';
      if (pick(3) && symlinkat(target, top.fd, name) < 0)
        assert_int_equal(errno, EEXIST);
    }
  }
  root = root_of(openat(top.fd, "capsule", O_PATH | O_DIRECTORY | O_CLOEXEC));
  assert_true(root.folder >= 0);
}

static void both_ways_agree_on_any_tree_G13(void **state)
{
  (void)state;
  unsigned found = 0, outside = 0, links = 0;
  for (int tree = 0; tree < 40; tree++) {
    make_tree();
    for (int i = 0; i < 400; i++) {
      char path[128] = "/";
      random_path(path + 1, sizeof path - 1, 6);
      struct stat st[2] = {{0}, {0}};
      unsigned flags = i % 4 ? 0 : RESOLVE_LINK_ITSELF;
      resolve_use(RESOLVE_WAY_KERNEL);
      int kernel = resolve_stat(&root, str_from(path), flags, &st[0]);
      resolve_use(RESOLVE_WAY_WALK);
      int walk = resolve_stat(&root, str_from(path), flags, &st[1]);
      if (kernel != walk || (kernel == 0 && st[0].st_ino != st[1].st_ino))
        fail_msg("tree %d, %s: the kernel says %d, the walk %d", tree, path, kernel, walk);
      found += kernel == 0;
      outside += kernel == ERR_OUTSIDE;
      links += kernel == 0 && S_ISLNK(st[0].st_mode);
    }
    close(root.folder);
    folder_remove(&top);
  }
  resolve_use(RESOLVE_WAY_KERNEL);
  /* The trees must be of a kind that tells something. */
  assert_true(found > 1000);
  assert_true(outside > 1000);
  assert_true(links > 100);
}

static int make_capsule(void **state)
{
  (void)state;
  folder_make(&top);
  folder_file(&top, "index.gmi", "index");
  root = root_of(top.fd);
  return 0;
}

static int remove_capsule(void **state)
{
  (void)state;
  folder_remove(&top);
  return 0;
}

int main(void)
{
  const struct CMUnitTest faults[] = {
      cmocka_unit_test(a_missing_openat2_is_remembered), cmocka_unit_test(eperm_from_a_file_is_denied_G19),
      cmocka_unit_test(eagain_leads_to_the_walk),        cmocka_unit_test(an_unknown_flag_goes_to_the_pool),
      cmocka_unit_test(a_failing_disk_is_an_error),
  };
  const struct CMUnitTest trees[] = {
      cmocka_unit_test(both_ways_agree_on_any_tree_G13),
  };
  int failures = cmocka_run_group_tests(faults, make_capsule, remove_capsule);
  return failures + cmocka_run_group_tests(trees, NULL, NULL);
}
