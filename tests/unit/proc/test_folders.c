/* The folder of certificates and the capsule, by what stands on the disk. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "proc/folders.h"

static char place[] = "/tmp/nuncio-folders-XXXXXX";
static int home = -1;

static int enter(void **state)
{
  (void)state;
  home = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  return home >= 0 && mkdtemp(place) && chdir(place) == 0 && mkdir("capsule", 0755) == 0 &&
                 mkdir("capsule/sub", 0755) == 0 && mkdir("certs", 0755) == 0 && mkdir("capsule-certs", 0755) == 0 &&
                 symlink("capsule/sub", "inside") == 0 && symlink("capsule", "release") == 0 &&
                 symlink("../certs", "capsule/out") == 0
             ? 0
             : -1;
}

static int leave(void **state)
{
  (void)state;
  const char *const links[] = {"inside", "release", "capsule/out"};
  const char *const folders[] = {"capsule/sub", "capsule", "certs", "capsule-certs"};
  for (size_t i = 0; i < sizeof links / sizeof *links; i++)
    (void)unlink(links[i]);
  for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
    (void)rmdir(folders[i]);
  int err = fchdir(home);
  (void)close(home);
  return err == 0 && rmdir(place) == 0 ? 0 : -1;
}

static void a_key_is_never_where_readers_can_ask_for_it(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *certs, *capsule;
    int want;
  } table[] = {
      {__LINE__, "certs", "capsule", 0},
      {__LINE__, "./certs", "./capsule", 0},
      {__LINE__, "capsule-certs", "capsule", 0},
      {__LINE__, "not/there/yet", "capsule", 0},
      {__LINE__, "capsule/out", "capsule", 0}, /* a link that leads out: what it leads to is not served */
      {__LINE__, "certs", ".", ERR_EXISTS},
      {__LINE__, ".", ".", ERR_EXISTS},
      {__LINE__, "new", ".", ERR_EXISTS},
      {__LINE__, "capsule", "capsule", ERR_EXISTS},
      {__LINE__, "capsule/", "capsule", ERR_EXISTS},
      {__LINE__, "capsule/sub", "capsule", ERR_EXISTS},
      {__LINE__, "capsule/new/newer", "capsule", ERR_EXISTS},
      {__LINE__, "capsule/sub/../sub/new", "capsule", ERR_EXISTS},
      {__LINE__, "inside", "capsule", ERR_EXISTS},
      {__LINE__, "capsule/sub", "release", ERR_EXISTS},
      {__LINE__, "certs", "/", ERR_EXISTS},
      {__LINE__, "certs", "not there", 0}, /* somebody else says so */
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf why = BUF_INIT(1024);
    int err = folders_apart(table[i].certs, table[i].capsule, &why);
    if (err != table[i].want || (err && !memmem(why.p, why.n, "--certs DIR", 11)) || (!err && why.n))
      fail_msg("line %d: %d %.*s", table[i].line, err, STR_ARG(buf_str(&why)));
    buf_free(&why);
  }
}

/* The homes of users, like a capsule: `release`, a link, is where they are. */
static void a_key_is_never_among_the_homes_of_users(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *certs, *key, *homes;
    int want;
  } table[] = {
      {__LINE__, "certs", NULL, "release", 0},
      {__LINE__, "certs", NULL, "not there", 0},
      {__LINE__, "capsule/sub", NULL, "release", ERR_EXISTS},
      {__LINE__, "capsule", NULL, "release", ERR_EXISTS},
      {__LINE__, "capsule/not/there/yet", NULL, "release", ERR_EXISTS},
      {__LINE__, "inside", NULL, "release", ERR_EXISTS},
      {__LINE__, "certs", NULL, ".", ERR_EXISTS},
      /* A site with a pair of its own has nothing in the folder of certificates. */
      {__LINE__, "capsule/sub", "certs/x.key", "release", 0},
      {__LINE__, "certs", "capsule/sub/x.key", "release", ERR_EXISTS},
      {__LINE__, "certs", "capsule/x.key", "release", ERR_EXISTS},
      {__LINE__, "capsule/sub", "certs/x.key", NULL, 0},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct settings s;
    struct buf why = BUF_INIT(1024);
    assert_int_equal(settings_init(&s), 0);
    assert_int_equal(settings_string(&s.sites[0].capsule, STR("capsule-certs")), 0);
    assert_int_equal(settings_string(&s.certs, str_from(table[i].certs)), 0);
    if (table[i].key)
      assert_int_equal(settings_string(&s.sites[0].key, str_from(table[i].key)), 0);
    if (table[i].homes)
      assert_int_equal(settings_string(&s.sites[0].homes, str_from(table[i].homes)), 0);
    int err = folders_apart_all(&s, &why);
    if (err != table[i].want || (err && !memmem(why.p, why.n, "user-dirs", 9)) || (!err && why.n))
      fail_msg("line %d: %d %.*s", table[i].line, err, STR_ARG(buf_str(&why)));
    settings_free(&s);
    buf_free(&why);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_key_is_never_where_readers_can_ask_for_it),
                                     cmocka_unit_test(a_key_is_never_among_the_homes_of_users)};
  return cmocka_run_group_tests(tests, enter, leave);
}
