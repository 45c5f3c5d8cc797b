/* Copies of a pair: they stay what they were, and are read in the files' place. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../support/tls_world.h"
#include "base/err.h"
#include "tls/copies.h"

static int add(struct rig_world *w, const char *name, const struct copies *copies)
{
  const char *const names[] = {name};
  buf_clear(&w->why);
  return tls_server_add(w->server, names, 1, &(struct tls_files){.dir = w->folder, .file = name, .copies = copies}, 0,
                        &w->why);
}

static void write_file(const char *path, size_t length)
{
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, "x\n", 2), 2);
  assert_int_equal(ftruncate(fd, (off_t)length), 0);
  close(fd);
}

static void copies_outlive_their_files(void **state)
{
  (void)state;
  struct rig_world w;
  struct copies copies;
  unsigned char seen[FINGERPRINT_BYTES], wanted[FINGERPRINT_BYTES];
  rig_world_init(&w);
  rig_pair(w.folder, "one.example");
  rig_fingerprint(&w, "one.example", wanted);
  assert_int_equal(copies_make(w.folder, "one.example", &copies), 0);
  assert_true(copies_there(&copies));
  write_file(rig_path(w.folder, "one.example.crt"), 2);
  assert_int_equal(unlink(rig_path(w.folder, "one.example.key")), 0);
  assert_int_equal(add(&w, "one.example", NULL), ERR_SYNTAX);
  assert_int_equal(add(&w, "one.example", &COPIES_INIT), ERR_SYNTAX);
  for (int worker = 0; worker < 2; worker++) { /* all read the same, whatever one has read already */
    assert_int_equal(add(&w, "one.example", &copies), 0);
    assert_int_equal(rig_visit(&w, "one.example", TLS1_3_VERSION, seen), 0);
    assert_memory_equal(seen, wanted, sizeof seen);
  }
  copies_close(&copies);
  rig_world_free(&w);
}

static void nobody_can_change_them(void **state)
{
  (void)state;
  struct rig_world w;
  struct copies copies;
  rig_world_init(&w);
  rig_pair(w.folder, "one.example");
  assert_int_equal(copies_make(w.folder, "one.example", &copies), 0);
  const int fds[] = {copies.certificate, copies.key};
  for (size_t i = 0; i < 2; i++) {
    assert_true(fcntl(fds[i], F_GETFD) & FD_CLOEXEC);
    assert_int_equal(pwrite(fds[i], "x", 1, 0), -1);
    assert_int_equal(ftruncate(fds[i], 0), -1);
  }
  copies_close(&copies);
  assert_int_equal(fcntl(fds[0], F_GETFD), -1);
  assert_int_equal(fcntl(fds[1], F_GETFD), -1);
  assert_false(copies_there(&copies));
  assert_false(copies_there(NULL));
  rig_world_free(&w);
}

static void what_is_wrong_with_them_is_said_of_the_files(void **state)
{
  (void)state;
  struct rig_world w;
  struct copies copies;
  rig_world_init(&w);
  rig_pair(w.folder, "one.example");
  write_file(rig_path(w.folder, "one.example.key"), 2);
  assert_int_equal(copies_make(w.folder, "one.example", &copies), 0); /* bytes are bytes */
  assert_int_equal(add(&w, "one.example", &copies), ERR_SYNTAX);
  assert_non_null(memmem(w.why.p, w.why.n, "/one.example.key holds no PEM private key", 41));
  copies_close(&copies);
  rig_world_free(&w);
}

static void what_is_no_file_of_that_kind_is_not_copied(void **state)
{
  (void)state;
  struct rig_world w;
  struct copies copies;
  rig_world_init(&w);
  rig_pair(w.folder, "one.example");
  const char *key = rig_path(w.folder, "one.example.key");
  write_file(key, 1 << 20);
  assert_int_equal(copies_make(w.folder, "one.example", &copies), ERR_LIMIT);
  assert_true(copies.certificate == -1 && copies.key == -1);
  assert_int_equal(unlink(rig_path(w.folder, "one.example.key")), 0);
  assert_int_equal(copies_make(w.folder, "one.example", &copies), ERR_NOT_FOUND);
  assert_int_equal(mkfifo(rig_path(w.folder, "one.example.key"), 0600), 0);
  assert_int_equal(copies_make(w.folder, "one.example", &copies), ERR_SPECIAL);
  assert_true(copies.certificate == -1 && copies.key == -1);
  assert_int_equal(copies_make("/nonexistent/certs", "x", &copies), ERR_NOT_FOUND);
  rig_world_free(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(copies_outlive_their_files),
      cmocka_unit_test(nobody_can_change_them),
      cmocka_unit_test(what_is_wrong_with_them_is_said_of_the_files),
      cmocka_unit_test(what_is_no_file_of_that_kind_is_not_copied),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
