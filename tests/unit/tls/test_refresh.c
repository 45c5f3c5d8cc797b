/* Pairs that are swapped while the server runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../support/fill.h"
#include "../../support/tls_world.h"
#include "base/log.h"
#include "tls/certificate.h"

static void expect_shown(struct rig_world *w, const unsigned char wanted[FINGERPRINT_BYTES], int line)
{
  unsigned char seen[FINGERPRINT_BYTES];
  rig_visit(w, "one.example", 0, seen);
  if (memcmp(seen, wanted, sizeof seen) != 0)
    fail_msg("line %d: another certificate was shown", line);
}

static void a_swapped_pair_is_picked_up(void **state)
{
  (void)state;
  struct rig_world w;
  unsigned char old[FINGERPRINT_BYTES], fresh[FINGERPRINT_BYTES];
  struct buf kept = BUF_INIT(4096);
  rig_world_of_two(&w);
  rig_fingerprint(&w, "one.example", old);
  assert_int_equal(tls_server_refresh(w.server, &w.why), 0);
  expect_shown(&w, old, __LINE__);

  /* A session that is open while the pair changes goes on with what it has. */
  struct rig_client client;
  rig_client_init(&client, "one.example", 0);
  struct tls_session *s = tls_session_new(w.server);
  assert_int_equal(rig_pump(&client, s, 0, NULL), TLS_OPEN);
  assert_int_equal(certificate_make(w.folder, "one.example", NULL, KEY_REPLACE, &kept, &w.why), 0);
  assert_int_equal(tls_server_refresh(w.server, &w.why), 1);
  assert_int_equal(tls_server_refresh(w.server, &w.why), 0);
  assert_int_equal(w.why.n, 0);
  assert_int_equal(tls_session_write(s, STR("still open")), 0);
  tls_session_free(s);
  rig_client_free(&client);

  rig_fingerprint(&w, "one.example", fresh);
  assert_memory_not_equal(old, fresh, sizeof old);
  expect_shown(&w, fresh, __LINE__);
  buf_free(&kept);
  rig_world_free(&w);
}

static void touched_files_are_no_news(void **state)
{
  (void)state;
  struct rig_world w;
  rig_world_of_two(&w);
  rig_copy(rig_path(w.folder, "one.example.crt"), rig_path(w.folder, "copy"));
  assert_int_equal(rename(rig_path(w.folder, "copy"), rig_path(w.folder, "one.example.crt")), 0);
  assert_int_equal(tls_server_refresh(w.server, &w.why), 0);
  assert_int_equal(w.why.n, 0);
  rig_world_free(&w);
}

static void half_a_swap_keeps_the_old_pair_and_says_so_once(void **state)
{
  (void)state;
  struct rig_world w;
  unsigned char old[FINGERPRINT_BYTES], fresh[FINGERPRINT_BYTES];
  rig_world_of_two(&w);
  rig_pair(w.folder, "next");
  rig_fingerprint(&w, "one.example", old);
  rig_fingerprint(&w, "next", fresh);

  rig_copy(rig_path(w.folder, "next.crt"), rig_path(w.folder, "one.example.crt"));
  assert_int_equal(tls_server_refresh(w.server, &w.why), 0);
  size_t said = w.why.n;
  assert_true(said > 0 && w.why.p[said - 1] == '\n');
  assert_int_equal(tls_server_refresh(w.server, &w.why), 0);
  assert_int_equal(w.why.n, said); /* once per change, not per look */
  expect_shown(&w, old, __LINE__);

  rig_copy(rig_path(w.folder, "next.key"), rig_path(w.folder, "one.example.key"));
  log_open(LOG_ERROR);
  assert_int_equal(tls_server_refresh(w.server, &w.why), 1);
  log_open(LOG_WARNING);
  assert_int_equal(w.why.n, said);
  expect_shown(&w, fresh, __LINE__);
  rig_world_free(&w);
}

static void a_file_that_goes_missing_keeps_the_old_pair(void **state)
{
  (void)state;
  struct rig_world w;
  unsigned char old[FINGERPRINT_BYTES];
  rig_world_of_two(&w);
  rig_fingerprint(&w, "one.example", old);
  assert_int_equal(rename(rig_path(w.folder, "one.example.key"), rig_path(w.folder, "away")), 0);
  assert_int_equal(tls_server_refresh(w.server, &w.why), 0);
  size_t said = w.why.n;
  assert_true(said > 0);
  assert_int_equal(tls_server_refresh(w.server, &w.why), 0);
  assert_int_equal(w.why.n, said);
  expect_shown(&w, old, __LINE__);

  /* Rubbish is another change, and another sentence; the right file again is none. */
  folder_write(&w.top, "one.example.key", STR("rubbish"));
  assert_int_equal(tls_server_refresh(w.server, &w.why), 0);
  assert_true(w.why.n > said);
  said = w.why.n;
  assert_int_equal(rename(rig_path(w.folder, "away"), rig_path(w.folder, "one.example.key")), 0);
  assert_int_equal(tls_server_refresh(w.server, &w.why), 0);
  assert_int_equal(w.why.n, said);
  expect_shown(&w, old, __LINE__);
  rig_world_free(&w);
}

static void a_folder_that_is_a_moved_symbolic_link_is_followed(void **state)
{
  (void)state;
  struct rig_world w;
  unsigned char first[FINGERPRINT_BYTES], second[FINGERPRINT_BYTES];
  char certs[RIG_PATH_MAX];
  rig_world_init(&w);
  rig_pair(rig_path(w.top.path, "release-1"), "one.example");
  rig_pair(rig_path(w.top.path, "release-2"), "one.example");
  assert_int_equal(symlink("release-1", rig_path(w.top.path, "certs")), 0);
  (void)snprintf(certs, sizeof certs, "%s/certs", w.top.path);
  w.folder = certs;
  assert_int_equal(rig_add(&w, "one.example", 0), 0);
  rig_fingerprint(&w, "one.example", first);
  expect_shown(&w, first, __LINE__);

  assert_int_equal(symlink("release-2", rig_path(w.top.path, "next")), 0);
  assert_int_equal(rename(rig_path(w.top.path, "next"), rig_path(w.top.path, "certs")), 0);
  assert_int_equal(tls_server_refresh(w.server, &w.why), 1);
  assert_int_equal(w.why.n, 0);
  rig_fingerprint(&w, "one.example", second);
  assert_memory_not_equal(first, second, sizeof first);
  expect_shown(&w, second, __LINE__);
  rig_world_free(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_swapped_pair_is_picked_up),
      cmocka_unit_test(touched_files_are_no_news),
      cmocka_unit_test(half_a_swap_keeps_the_old_pair_and_says_so_once),
      cmocka_unit_test(a_file_that_goes_missing_keeps_the_old_pair),
      cmocka_unit_test(a_folder_that_is_a_moved_symbolic_link_is_followed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
