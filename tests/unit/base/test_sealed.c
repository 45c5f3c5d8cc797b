/* Sealed memory: its size stands, others can map it, and what is none is told apart. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/sealed.h"

enum { SIZE = 5000 };

static void both_sides_see_the_same_bytes(void **state)
{
  (void)state;
  void *ours = NULL;
  int fd = sealed_create("test", SIZE, &ours);
  assert_true(fd >= 0);
  assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
  char *theirs = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
  assert_true(theirs != MAP_FAILED);
  assert_int_equal(theirs[SIZE - 1], 0);
  memcpy(ours, "word", 5);
  assert_string_equal(theirs, "word");
  assert_int_equal(munmap(ours, SIZE), 0);
  assert_int_equal(munmap(theirs, SIZE), 0);
  close(fd);
}

static void its_size_stands(void **state)
{
  (void)state;
  void *map = NULL;
  int fd = sealed_create("test", SIZE, &map);
  assert_true(fd >= 0);
  assert_int_equal(ftruncate(fd, SIZE - 1), -1);
  assert_int_equal(ftruncate(fd, SIZE + 1), -1);
  assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
  assert_null(sealed_fault(fd, SIZE));
  assert_string_equal(sealed_fault(fd, SIZE + 1), "it is of another size");
  assert_int_equal(munmap(map, SIZE), 0);
  close(fd);
}

static void other_descriptors_are_none(void **state)
{
  (void)state;
  int plain = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING), null = open("/dev/null", O_RDWR | O_CLOEXEC);
  assert_true(plain >= 0 && null >= 0);
  assert_int_equal(ftruncate(plain, SIZE), 0);
  assert_string_equal(sealed_fault(plain, SIZE), "it is no sealed memory");
  assert_int_equal(fcntl(plain, F_ADD_SEALS, F_SEAL_GROW), 0);
  assert_string_equal(sealed_fault(plain, SIZE), "it is no sealed memory");
  assert_string_equal(sealed_fault(null, SIZE), "it is no sealed memory");
  close(plain);
  close(null);
  assert_string_equal(sealed_fault(plain, SIZE), strerror(EBADF));
}

static void without_descriptors_it_says_so(void **state)
{
  (void)state;
  struct rlimit before, none;
  void *map = NULL;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
  none = before;
  none.rlim_cur = 0;
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
  int fd = sealed_create("test", SIZE, &map), number = errno;
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
  assert_int_equal(fd, -1);
  assert_int_equal(number, EMFILE);
}

static void what_cannot_be_mapped_leaves_nothing_open(void **state)
{
  (void)state;
  void *map = NULL;
  int next = dup(0);
  close(next);
  assert_int_equal(sealed_create("test", (size_t)1 << 62, &map), -1);
  assert_true(errno != 0);
  int now = dup(0);
  assert_int_equal(now, next);
  close(now);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(both_sides_see_the_same_bytes),
      cmocka_unit_test(its_size_stands),
      cmocka_unit_test(other_descriptors_are_none),
      cmocka_unit_test(without_descriptors_it_says_so),
      cmocka_unit_test(what_cannot_be_mapped_leaves_nothing_open),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
