/* The files that making, renewing and replacing leave behind, many makers at once too (G6). */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "../../support/tls_rig.h"
#include "base/err.h"
#include "tls/certificate.h"

enum { MAKERS = 8, ROUNDS = 4, WHILE_MS = 100 };

static char folder[RIG_PATH_MAX];
static struct buf why, kept;

static int set_up(void **state)
{
  (void)state;
  rig_folder(folder);
  why = BUF_INIT(1 << 16);
  kept = BUF_INIT(1 << 16);
  return 0;
}

static int tear_down(void **state)
{
  (void)state;
  buf_free(&why);
  buf_free(&kept);
  rig_folder_free(folder);
  return ERR_peek_error() == 0 ? 0 : -1;
}

static mode_t mode_of(const char *file)
{
  struct stat st;
  assert_int_equal(lstat(rig_path(folder, file), &st), 0);
  return st.st_mode & 0777;
}

static unsigned count_files(void)
{
  unsigned n = 0;
  DIR *dir = opendir(folder);
  assert_non_null(dir);
  for (const struct dirent *entry; (entry = readdir(dir));)
    n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
  closedir(dir);
  return n;
}

static void expect_names(const char *name, const char *wanted)
{
  struct certificate_info info;
  assert_int_equal(certificate_read(folder, name, &info, &why), 0);
  buf_put_c(&info.names, '\0');
  assert_string_equal(info.names.p, wanted);
  certificate_info_free(&info);
}

static void file_names_cannot_leave_the_folder(void **state)
{
  (void)state;
  static char endless[400];
  memset(endless, 'a', sizeof endless - 1);
  static const char *const bad[] = {"", ".", "..", "../x", "a/b", "/x", ".hidden", "a\nb", endless};
  static const char *const names[] = {"fine.example"};
  const struct certificate_names wanted = {.names = names, .n_names = 1};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    buf_clear(&why);
    assert_int_equal(certificate_make(folder, bad[i], &wanted, KEY_NEW, NULL, &why), ERR_SYNTAX);
    assert_true(why.n > 0);
  }
  assert_int_equal(count_files(), 0);
}

static void the_key_is_for_its_owner_only(void **state)
{
  (void)state;
  mode_t before = umask(0);
  rig_pair(rig_path(folder, "certs"), "x");
  umask(before);
  struct buf text = BUF_INIT(1 << 16);
  assert_int_equal(mode_of("certs"), 0700);
  assert_int_equal(mode_of("certs/x.key"), 0600);
  assert_int_equal(mode_of("certs/x.crt"), 0644);
  rig_read(rig_path(folder, "certs/x.key"), &text);
  assert_true(str_starts(buf_str(&text), STR("-----BEGIN PRIVATE KEY-----\n"))); /* PKCS#8 */
  buf_free(&text);
}

static void new_never_overwrites(void **state)
{
  (void)state;
  static const char *const files[] = {"x.key", "x.crt"};
  static const char *const names[] = {"x"};
  const struct certificate_names wanted = {.names = names, .n_names = 1};
  for (size_t i = 0; i < 2; i++) {
    struct buf text = BUF_INIT(64);
    rig_write(rig_path(folder, files[i]), STR("mine"));
    buf_clear(&why);
    assert_int_equal(certificate_make(folder, "x", &wanted, KEY_NEW, NULL, &why), ERR_EXISTS);
    buf_put_c(&why, '\0');
    assert_non_null(strstr(why.p, files[i]));
    rig_read(rig_path(folder, files[i]), &text);
    assert_true(str_eq(buf_str(&text), STR("mine")));
    assert_int_equal(count_files(), 1);
    assert_int_equal(unlink(rig_path(folder, files[i])), 0);
    buf_free(&text);
  }
  /* A link that leads nowhere is somebody's, too. */
  assert_int_equal(symlink("/nonexistent/key", rig_path(folder, "x.key")), 0);
  assert_true(certificate_exists(folder, "x", true));
  assert_false(certificate_exists(folder, "x", false));
  assert_int_equal(certificate_make(folder, "x", &wanted, KEY_NEW, NULL, &why), ERR_EXISTS);
}

static void renewing_keeps_key_and_names_G6(void **state)
{
  (void)state;
  static const char *const names[] = {"x", "y.example", "192.0.2.9"};
  const struct certificate_names wanted = {.names = names, .n_names = 3};
  struct certificate_info before, after;
  struct buf key_before = BUF_INIT(4096), key_after = BUF_INIT(4096);
  assert_int_equal(certificate_make(folder, "x", &wanted, KEY_NEW, NULL, &why), 0);
  assert_int_equal(certificate_read(folder, "x", &before, &why), 0);
  rig_read(rig_path(folder, "x.key"), &key_before);
  assert_int_equal(certificate_make(folder, "x", NULL, KEY_KEEP, NULL, &why), 0);
  assert_int_equal(certificate_read(folder, "x", &after, &why), 0);
  rig_read(rig_path(folder, "x.key"), &key_after);
  assert_true(str_eq(buf_str(&key_before), buf_str(&key_after)));
  assert_memory_equal(before.key_fingerprint, after.key_fingerprint, FINGERPRINT_BYTES);
  assert_memory_not_equal(before.fingerprint, after.fingerprint, FINGERPRINT_BYTES);
  assert_true(str_eq(buf_str(&before.names), buf_str(&after.names)));
  assert_true(str_eq(buf_str(&after.subject), STR("x")));
  assert_true(after.key_matches && after.self_signed);
  assert_int_equal(count_files(), 2);
  certificate_info_free(&before);
  certificate_info_free(&after);
  buf_free(&key_before);
  buf_free(&key_after);
}

static void renewing_a_lost_certificate_needs_names_and_a_lost_key_needs_a_new_one(void **state)
{
  (void)state;
  static const char *const names[] = {"x"};
  const struct certificate_names wanted = {.names = names, .n_names = 1};
  rig_pair(folder, "x");
  assert_int_equal(unlink(rig_path(folder, "x.crt")), 0);
  assert_int_equal(certificate_make(folder, "x", NULL, KEY_KEEP, NULL, &why), ERR_NOT_FOUND);
  assert_int_equal(certificate_make(folder, "x", &wanted, KEY_KEEP, NULL, &why), 0);
  expect_names("x", "x, 127.0.0.1, ::1");
  assert_int_equal(unlink(rig_path(folder, "x.key")), 0);
  buf_clear(&why);
  assert_int_equal(certificate_make(folder, "x", NULL, KEY_KEEP, NULL, &why), ERR_NOT_FOUND);
  buf_put_c(&why, '\0');
  assert_non_null(strstr(why.p, "x.key is not there"));
  assert_int_equal(certificate_make(folder, "x", NULL, KEY_REPLACE, &kept, &why), 0);
  expect_names("x", "x, 127.0.0.1, ::1");
  assert_int_equal(count_files(), 3);
}

/* What was made elsewhere: RSA, and no alternative names at all. */
static void renewing_what_was_brought_gives_it_names(void **state)
{
  (void)state;
  EVP_PKEY *key = EVP_RSA_gen(2048);
  struct certificate_info info;
  rig_pair_of(folder, "own.example", key, -1, 1);
  EVP_PKEY_free(key);
  expect_names("own.example", "");
  assert_int_equal(certificate_make(folder, "own.example", NULL, KEY_KEEP, NULL, &why), 0);
  expect_names("own.example", "own.example, 127.0.0.1, ::1");
  assert_int_equal(certificate_read(folder, "own.example", &info, &why), 0);
  assert_true(str_eq(buf_str(&info.key), STR("RSA 2048")));
  assert_true(info.key_matches);
  certificate_info_free(&info);
}

static void replacing_keeps_the_old_pair_beside(void **state)
{
  (void)state;
  struct buf old_key = BUF_INIT(4096), text = BUF_INIT(4096);
  char date[32], suffix[64];
  time_t now = time(NULL);
  struct tm today;
  assert_non_null(gmtime_r(&now, &today));
  assert_true(strftime(date, sizeof date, "%Y-%m-%d", &today) > 0);
  for (unsigned i = 1; i <= 3; i++) {
    if (i == 1)
      rig_pair(folder, "x");
    buf_clear(&old_key);
    buf_clear(&text);
    buf_clear(&kept);
    rig_read(rig_path(folder, "x.key"), &old_key);
    assert_int_equal(certificate_make(folder, "x", NULL, KEY_REPLACE, &kept, &why), 0);
    if (i == 1)
      (void)snprintf(suffix, sizeof suffix, "x.key.%s", date);
    else
      (void)snprintf(suffix, sizeof suffix, "x.key.%s-%u", date, i);
    buf_put_c(&kept, '\0');
    if (!strstr(kept.p, suffix)) /* a midnight may lie between */
      fail_msg("%s is not in: %s", suffix, kept.p);
    rig_read(rig_path(folder, suffix), &text);
    assert_true(str_eq(buf_str(&text), buf_str(&old_key)));
    assert_int_equal(mode_of(suffix), 0600);
    assert_int_equal(mode_of("x.key"), 0600);
    assert_int_equal(count_files(), 2 + 2 * i);
  }
  struct certificate_info info;
  assert_int_equal(certificate_read(folder, "x", &info, &why), 0);
  assert_true(info.key_matches);
  certificate_info_free(&info);
  buf_free(&old_key);
  buf_free(&text);
}

/* An exit status per child, not cmocka's asserts: those belong to the parent. */
static int make_in_child(enum certificate_key how)
{
  static const char *const names[] = {"x"};
  const struct certificate_names wanted = {.names = names, .n_names = 1};
  struct certificate_info info;
  int err = certificate_make(folder, "x", &wanted, how, &kept, &why);
  if (err)
    return err == ERR_EXISTS ? 1 : 2;
  /* Whoever made one finds a whole pair at once. */
  err = certificate_read(folder, "x", &info, &why);
  bool whole = err == 0 && (info.key_matches || how == KEY_REPLACE);
  certificate_info_free(&info);
  return whole ? 0 : 3;
}

static void many_at_once_do_not_lose_each_others_work(void **state)
{
  (void)state;
  unsigned files = 2;
  for (size_t round = 0; round < ROUNDS; round++) {
    enum certificate_key how = round == 0 ? KEY_NEW : round == 1 ? KEY_KEEP : KEY_REPLACE;
    unsigned made = 0, there = 0;
    pid_t children[MAKERS];
    (void)fflush(NULL);
    for (size_t i = 0; i < MAKERS; i++) {
      children[i] = fork();
      assert_true(children[i] >= 0);
      if (children[i] == 0)
        _exit(make_in_child(how));
    }
    for (size_t i = 0; i < MAKERS; i++) {
      int status = 0;
      assert_int_equal(waitpid(children[i], &status, 0), children[i]);
      assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
      made += WEXITSTATUS(status) == 0;
      there += WEXITSTATUS(status) == 1;
    }
    assert_int_equal(made, how == KEY_NEW ? 1 : MAKERS);
    assert_int_equal(there, MAKERS - made);
    struct certificate_info info;
    assert_int_equal(certificate_read(folder, "x", &info, &why), 0);
    assert_true(info.key_matches);
    certificate_info_free(&info);
    /* Every old pair is there, and nothing half-written. */
    files += how == KEY_REPLACE ? 2 * MAKERS : 0;
    assert_int_equal(count_files(), files);
  }
}

/* What comes of it when nobody waits is seldom seen, so the waiting itself is looked at. */
static void a_maker_waits_for_the_one_before(void **state)
{
  (void)state;
  int status, held = open(folder, O_RDONLY | O_DIRECTORY);
  assert_true(held >= 0);
  assert_int_equal(flock(held, LOCK_EX), 0);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    close(held);
    _exit(make_in_child(KEY_NEW));
  }
  assert_int_equal(poll(NULL, 0, WHILE_MS), 0);
  assert_int_equal(waitpid(child, &status, WNOHANG), 0);
  assert_int_equal(count_files(), 0);
  rig_write(rig_path(folder, "x.key"), STR("the first one's"));
  assert_int_equal(flock(held, LOCK_UN), 0);
  close(held);
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 1); /* ERR_EXISTS */
  assert_int_equal(count_files(), 1);
}

static void a_folder_that_cannot_be_is_named(void **state)
{
  (void)state;
  static const char *const names[] = {"x"};
  const struct certificate_names wanted = {.names = names, .n_names = 1};
  rig_write(rig_path(folder, "file"), STR("no folder"));
  assert_int_equal(certificate_make(rig_path(folder, "file"), "x", &wanted, KEY_NEW, NULL, &why), ERR_NOT_FOUND);
  assert_int_equal(certificate_make(rig_path(folder, "a/b"), "x", &wanted, KEY_NEW, NULL, &why), ERR_NOT_FOUND);
  buf_put_c(&why, '\0');
  assert_non_null(strstr(why.p, "/file cannot be opened"));
  assert_non_null(strstr(why.p, "/a/b cannot be made"));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(file_names_cannot_leave_the_folder, set_up, tear_down),
      cmocka_unit_test_setup_teardown(the_key_is_for_its_owner_only, set_up, tear_down),
      cmocka_unit_test_setup_teardown(new_never_overwrites, set_up, tear_down),
      cmocka_unit_test_setup_teardown(renewing_keeps_key_and_names_G6, set_up, tear_down),
      cmocka_unit_test_setup_teardown(renewing_a_lost_certificate_needs_names_and_a_lost_key_needs_a_new_one, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(renewing_what_was_brought_gives_it_names, set_up, tear_down),
      cmocka_unit_test_setup_teardown(replacing_keeps_the_old_pair_beside, set_up, tear_down),
      cmocka_unit_test_setup_teardown(many_at_once_do_not_lose_each_others_work, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_maker_waits_for_the_one_before, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_folder_that_cannot_be_is_named, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
