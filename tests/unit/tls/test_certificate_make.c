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

#include "../../support/fill.h"
#include "../../support/tls_rig.h"
#include "base/err.h"
#include "tls/certificate.h"

enum { MAKERS = 8, ROUNDS = 4, WHILE_MS = 100 };

static mode_t mode_of(const struct rig_desk *d, const char *file)
{
  struct stat st;
  assert_int_equal(lstat(rig_path(d->folder, file), &st), 0);
  return st.st_mode & 0777;
}

static unsigned count_files(const struct rig_desk *d)
{
  unsigned n = 0;
  DIR *dir = opendir(d->folder);
  assert_non_null(dir);
  for (const struct dirent *entry; (entry = readdir(dir));)
    n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
  closedir(dir);
  return n;
}

static void file_names_cannot_leave_the_folder(void **state)
{
  struct rig_desk *d = *state;
  static char endless[400];
  memset(endless, 'a', sizeof endless - 1);
  static const char *const bad[] = {"", ".", "..", "../x", "a/b", "/x", ".hidden", "a\nb", endless};
  static const char *const names[] = {"fine.example"};
  const struct certificate_names wanted = {.names = names, .n_names = 1};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    buf_clear(&d->why);
    assert_int_equal(certificate_make(d->folder, bad[i], &wanted, KEY_NEW, NULL, &d->why), ERR_SYNTAX);
    assert_true(d->why.n > 0);
  }
  assert_int_equal(count_files(d), 0);
}

static void the_key_is_for_its_owner_only(void **state)
{
  struct rig_desk *d = *state;
  mode_t before = umask(0);
  rig_pair(rig_path(d->folder, "certs"), "x");
  umask(before);
  struct buf text = BUF_INIT(1 << 16);
  assert_int_equal(mode_of(d, "certs"), 0700);
  assert_int_equal(mode_of(d, "certs/x.key"), 0600);
  assert_int_equal(mode_of(d, "certs/x.crt"), 0644);
  rig_read(rig_path(d->folder, "certs/x.key"), &text);
  assert_true(str_starts(buf_str(&text), STR("-----BEGIN PRIVATE KEY-----\n"))); /* PKCS#8 */
  buf_free(&text);
}

static void new_never_overwrites(void **state)
{
  struct rig_desk *d = *state;
  static const char *const files[] = {"x.key", "x.crt"};
  static const char *const names[] = {"x"};
  const struct certificate_names wanted = {.names = names, .n_names = 1};
  for (size_t i = 0; i < 2; i++) {
    struct buf text = BUF_INIT(64);
    folder_write(&d->top, files[i], STR("mine"));
    buf_clear(&d->why);
    assert_int_equal(certificate_make(d->folder, "x", &wanted, KEY_NEW, NULL, &d->why), ERR_EXISTS);
    buf_put_c(&d->why, '\0');
    assert_non_null(strstr(d->why.p, files[i]));
    rig_read(rig_path(d->folder, files[i]), &text);
    assert_true(str_eq(buf_str(&text), STR("mine")));
    assert_int_equal(count_files(d), 1);
    assert_int_equal(unlink(rig_path(d->folder, files[i])), 0);
    buf_free(&text);
  }
  /* A link that leads nowhere is somebody's, too. */
  assert_int_equal(symlink("/nonexistent/key", rig_path(d->folder, "x.key")), 0);
  assert_true(certificate_exists(d->folder, "x", true));
  assert_false(certificate_exists(d->folder, "x", false));
  assert_int_equal(certificate_make(d->folder, "x", &wanted, KEY_NEW, NULL, &d->why), ERR_EXISTS);
}

/* What is suggested depends on what is there, and names the folder: followed to the letter, it helps. */
static void new_says_what_helps_with_what_is_there(void **state)
{
  struct rig_desk *d = *state;
  static const char *const names[] = {"x"};
  const struct certificate_names wanted = {.names = names, .n_names = 1};
  static const struct {
    int line;
    bool crt, key, foreign;
    const char *renew, *new_key; /* what follows the command, NULL where it must not be suggested */
  } rows[] = {
      {__LINE__, true, true, false, "makes a new certificate on the same key", "a new pair"},
      {__LINE__, false, true, false, "makes a certificate on it", "a new pair"},
      {__LINE__, true, false, false, NULL, ""},
      {__LINE__, true, true, true, NULL, "makes a pair of your own"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct buf renew = BUF_INIT(1 << 14), new_key = BUF_INIT(1 << 14);
    EVP_PKEY *key = EVP_EC_gen("P-256"), *authority = EVP_EC_gen("P-256");
    rig_pair_signed(d->folder, "x", key, rows[i].foreign ? authority : key, -1, 100);
    EVP_PKEY_free(key);
    EVP_PKEY_free(authority);
    if (!rows[i].crt)
      folder_delete(&d->top, "x.crt");
    if (!rows[i].key)
      folder_delete(&d->top, "x.key");
    buf_clear(&d->why);
    assert_int_equal(certificate_make(d->folder, "x", &wanted, KEY_NEW, NULL, &d->why), ERR_EXISTS);
    buf_put_c(&d->why, '\0');
    buf_printf(&renew, "`nuncio cert renew x --certs %s` %s", d->folder, rows[i].renew ? rows[i].renew : "");
    buf_put_c(&renew, '\0');
    buf_printf(&new_key, "`nuncio cert new x --certs %s --new-key`%s%s", d->folder, *rows[i].new_key ? " " : "",
               rows[i].new_key);
    buf_put_c(&new_key, '\0');
    if ((strstr(d->why.p, renew.p) != NULL) != (rows[i].renew != NULL) || !strstr(d->why.p, new_key.p) ||
        (strstr(d->why.p, "signed by somebody else") != NULL) != rows[i].foreign)
      fail_msg("row at line %d: %s", rows[i].line, d->why.p);
    assert_int_equal(certificate_make(d->folder, "x", &wanted, KEY_REPLACE, &d->kept, &d->why), 0);
    buf_free(&renew);
    buf_free(&new_key);
  }
}

static void renewing_keeps_key_and_names_G6(void **state)
{
  struct rig_desk *d = *state;
  static const char *const names[] = {"x", "y.example", "192.0.2.9"};
  const struct certificate_names wanted = {.names = names, .n_names = 3};
  struct certificate_info before, after;
  struct buf key_before = BUF_INIT(4096), key_after = BUF_INIT(4096);
  assert_int_equal(certificate_make(d->folder, "x", &wanted, KEY_NEW, NULL, &d->why), 0);
  assert_int_equal(certificate_read(d->folder, "x", &before, &d->why), 0);
  rig_read(rig_path(d->folder, "x.key"), &key_before);
  assert_int_equal(certificate_make(d->folder, "x", NULL, KEY_KEEP, NULL, &d->why), 0);
  assert_int_equal(certificate_read(d->folder, "x", &after, &d->why), 0);
  rig_read(rig_path(d->folder, "x.key"), &key_after);
  assert_true(str_eq(buf_str(&key_before), buf_str(&key_after)));
  assert_memory_equal(before.key_fingerprint, after.key_fingerprint, FINGERPRINT_BYTES);
  assert_memory_not_equal(before.fingerprint, after.fingerprint, FINGERPRINT_BYTES);
  assert_true(str_eq(buf_str(&before.names), buf_str(&after.names)));
  assert_true(str_eq(buf_str(&after.subject), STR("x")));
  assert_true(after.key_matches && after.self_signed);
  assert_int_equal(count_files(d), 2);
  certificate_info_free(&before);
  certificate_info_free(&after);
  buf_free(&key_before);
  buf_free(&key_after);
}

static void renewing_a_lost_certificate_needs_names_and_a_lost_key_needs_a_new_one(void **state)
{
  struct rig_desk *d = *state;
  static const char *const names[] = {"x"};
  const struct certificate_names wanted = {.names = names, .n_names = 1};
  rig_pair(d->folder, "x");
  assert_int_equal(unlink(rig_path(d->folder, "x.crt")), 0);
  assert_int_equal(certificate_make(d->folder, "x", NULL, KEY_KEEP, NULL, &d->why), ERR_NOT_FOUND);
  assert_int_equal(certificate_make(d->folder, "x", &wanted, KEY_KEEP, NULL, &d->why), 0);
  rig_names_are(d->folder, "x", "x, 127.0.0.1, ::1");
  assert_int_equal(unlink(rig_path(d->folder, "x.key")), 0);
  buf_clear(&d->why);
  assert_int_equal(certificate_make(d->folder, "x", NULL, KEY_KEEP, NULL, &d->why), ERR_NOT_FOUND);
  buf_put_c(&d->why, '\0');
  assert_non_null(strstr(d->why.p, "x.key is not there"));
  assert_int_equal(certificate_make(d->folder, "x", NULL, KEY_REPLACE, &d->kept, &d->why), 0);
  rig_names_are(d->folder, "x", "x, 127.0.0.1, ::1");
  assert_int_equal(count_files(d), 3);
}

/* What was made elsewhere: RSA, and no alternative names at all. */
static void renewing_what_was_brought_gives_it_names(void **state)
{
  struct rig_desk *d = *state;
  EVP_PKEY *key = EVP_RSA_gen(2048);
  struct certificate_info info;
  rig_pair_of(d->folder, "own.example", key, -1, 1);
  EVP_PKEY_free(key);
  rig_names_are(d->folder, "own.example", "");
  assert_int_equal(certificate_make(d->folder, "own.example", NULL, KEY_KEEP, NULL, &d->why), 0);
  rig_names_are(d->folder, "own.example", "own.example, 127.0.0.1, ::1");
  assert_int_equal(certificate_read(d->folder, "own.example", &info, &d->why), 0);
  assert_true(str_eq(buf_str(&info.key), STR("RSA 2048")));
  assert_true(info.key_matches);
  certificate_info_free(&info);
}

static void replacing_keeps_the_old_pair_beside(void **state)
{
  struct rig_desk *d = *state;
  struct buf old_key = BUF_INIT(4096), text = BUF_INIT(4096);
  char date[32], suffix[64];
  time_t now = time(NULL);
  struct tm today;
  assert_non_null(gmtime_r(&now, &today));
  assert_true(strftime(date, sizeof date, "%Y-%m-%d", &today) > 0);
  for (unsigned i = 1; i <= 3; i++) {
    if (i == 1)
      rig_pair(d->folder, "x");
    buf_clear(&old_key);
    buf_clear(&text);
    buf_clear(&d->kept);
    rig_read(rig_path(d->folder, "x.key"), &old_key);
    assert_int_equal(certificate_make(d->folder, "x", NULL, KEY_REPLACE, &d->kept, &d->why), 0);
    if (i == 1)
      (void)snprintf(suffix, sizeof suffix, "x.key.%s", date);
    else
      (void)snprintf(suffix, sizeof suffix, "x.key.%s-%u", date, i);
    buf_put_c(&d->kept, '\0');
    if (!strstr(d->kept.p, suffix)) /* a midnight may lie between */
      fail_msg("%s is not in: %s", suffix, d->kept.p);
    rig_read(rig_path(d->folder, suffix), &text);
    assert_true(str_eq(buf_str(&text), buf_str(&old_key)));
    assert_int_equal(mode_of(d, suffix), 0600);
    assert_int_equal(mode_of(d, "x.key"), 0600);
    assert_int_equal(count_files(d), 2 + 2 * i);
  }
  struct certificate_info info;
  assert_int_equal(certificate_read(d->folder, "x", &info, &d->why), 0);
  assert_true(info.key_matches);
  certificate_info_free(&info);
  buf_free(&old_key);
  buf_free(&text);
}

/* An exit status per child, not cmocka's asserts: those belong to the parent. */
static int make_in_child(struct rig_desk *d, enum certificate_key how)
{
  static const char *const names[] = {"x"};
  const struct certificate_names wanted = {.names = names, .n_names = 1};
  struct certificate_info info;
  int err = certificate_make(d->folder, "x", &wanted, how, &d->kept, &d->why);
  if (err)
    return err == ERR_EXISTS ? 1 : 2;
  /* Whoever made one finds a whole pair at once. */
  err = certificate_read(d->folder, "x", &info, &d->why);
  bool whole = err == 0 && (info.key_matches || how == KEY_REPLACE);
  certificate_info_free(&info);
  return whole ? 0 : 3;
}

static void many_at_once_do_not_lose_each_others_work(void **state)
{
  struct rig_desk *d = *state;
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
        _exit(make_in_child(d, how));
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
    assert_int_equal(certificate_read(d->folder, "x", &info, &d->why), 0);
    assert_true(info.key_matches);
    certificate_info_free(&info);
    /* Every old pair is there, and nothing half-written. */
    files += how == KEY_REPLACE ? 2 * MAKERS : 0;
    assert_int_equal(count_files(d), files);
  }
}

/* What comes of it when nobody waits is seldom seen, so the waiting itself is looked at. */
static void a_maker_waits_for_the_one_before(void **state)
{
  struct rig_desk *d = *state;
  int status, held = open(d->folder, O_RDONLY | O_DIRECTORY);
  assert_true(held >= 0);
  assert_int_equal(flock(held, LOCK_EX), 0);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    close(held);
    _exit(make_in_child(d, KEY_NEW));
  }
  assert_int_equal(poll(NULL, 0, WHILE_MS), 0);
  assert_int_equal(waitpid(child, &status, WNOHANG), 0);
  assert_int_equal(count_files(d), 0);
  folder_write(&d->top, "x.key", STR("the first one's"));
  assert_int_equal(flock(held, LOCK_UN), 0);
  close(held);
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 1); /* ERR_EXISTS */
  assert_int_equal(count_files(d), 1);
}

static void a_folder_that_cannot_be_is_named(void **state)
{
  struct rig_desk *d = *state;
  static const char *const names[] = {"x"};
  const struct certificate_names wanted = {.names = names, .n_names = 1};
  folder_write(&d->top, "file", STR("no folder"));
  assert_int_equal(certificate_make(rig_path(d->folder, "file"), "x", &wanted, KEY_NEW, NULL, &d->why), ERR_NOT_FOUND);
  assert_int_equal(certificate_make(rig_path(d->folder, "a/b"), "x", &wanted, KEY_NEW, NULL, &d->why), ERR_NOT_FOUND);
  buf_put_c(&d->why, '\0');
  assert_non_null(strstr(d->why.p, "/file cannot be opened"));
  assert_non_null(strstr(d->why.p, "/a/b cannot be made"));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(file_names_cannot_leave_the_folder, rig_desk_set_up, rig_desk_tear_down),
      cmocka_unit_test_setup_teardown(the_key_is_for_its_owner_only, rig_desk_set_up, rig_desk_tear_down),
      cmocka_unit_test_setup_teardown(new_never_overwrites, rig_desk_set_up, rig_desk_tear_down),
      cmocka_unit_test_setup_teardown(new_says_what_helps_with_what_is_there, rig_desk_set_up, rig_desk_tear_down),
      cmocka_unit_test_setup_teardown(renewing_keeps_key_and_names_G6, rig_desk_set_up, rig_desk_tear_down),
      cmocka_unit_test_setup_teardown(renewing_a_lost_certificate_needs_names_and_a_lost_key_needs_a_new_one,
                                      rig_desk_set_up, rig_desk_tear_down),
      cmocka_unit_test_setup_teardown(renewing_what_was_brought_gives_it_names, rig_desk_set_up, rig_desk_tear_down),
      cmocka_unit_test_setup_teardown(replacing_keeps_the_old_pair_beside, rig_desk_set_up, rig_desk_tear_down),
      cmocka_unit_test_setup_teardown(many_at_once_do_not_lose_each_others_work, rig_desk_set_up, rig_desk_tear_down),
      cmocka_unit_test_setup_teardown(a_maker_waits_for_the_one_before, rig_desk_set_up, rig_desk_tear_down),
      cmocka_unit_test_setup_teardown(a_folder_that_cannot_be_is_named, rig_desk_set_up, rig_desk_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
