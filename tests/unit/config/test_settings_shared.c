/* Settings of hosts that many share: what an owner may write, and what they may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "config/settings.h"

static void where_users_publish(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *value, *homes, *user_folder; /* homes NULL: an error */
  } table[] = {
      {__LINE__, "/home/*/public_capsule", "/home", "public_capsule"},
      {__LINE__, "/home/*/public_capsule/", "/home", "public_capsule"},
      {__LINE__, "/home/*/.capsule", "/home", ".capsule"},
      {__LINE__, "/home/*/pub/lic", "/home", "pub/lic"},
      {__LINE__, "/srv/users/*", "/srv/users", ""},
      {__LINE__, "/srv/users/*//", "/srv/users", ""},
      {__LINE__, "/a b/*/\xc3\xbc", "/a b", "\xc3\xbc"},
      {__LINE__, "", NULL, NULL},
      {__LINE__, "/", NULL, NULL},
      {__LINE__, "*", NULL, NULL},
      {__LINE__, "/*", NULL, NULL}, /* all of the machine would be readable */
      {__LINE__, "/*/public", NULL, NULL},
      {__LINE__, "home/*/public", NULL, NULL},
      {__LINE__, "./home/*/public", NULL, NULL},
      {__LINE__, "/home/alice/public", NULL, NULL},
      {__LINE__, "/home/*/*", NULL, NULL},
      {__LINE__, "/home/*/public*", NULL, NULL},
      {__LINE__, "/home/a*/public", NULL, NULL},
      {__LINE__, "/home/**/public", NULL, NULL},
      {__LINE__, "/home//*/public", NULL, NULL},
      {__LINE__, "//home/*", NULL, NULL},
      {__LINE__, "/home/./*", NULL, NULL},
      {__LINE__, "/home/../*", NULL, NULL},
      {__LINE__, "/home/*/../*", NULL, NULL},
      {__LINE__, "/home/*/..", NULL, NULL},
      {__LINE__, "/home/*/public/../..", NULL, NULL},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct settings s;
    struct buf why = BUF_INIT(1024);
    assert_int_equal(settings_init(&s), 0);
    assert_null(s.sites[0].homes);
    int err = settings_user_dirs(&s.sites[0], str_from(table[i].value), &why);
    bool good = table[i].homes ? err == 0 && why.n == 0 && strcmp(s.sites[0].homes, table[i].homes) == 0 &&
                                     strcmp(s.sites[0].user_folder, table[i].user_folder) == 0
                               : err == ERR_SYNTAX && why.n && !s.sites[0].homes;
    if (!good)
      fail_msg("line %d: %d %.*s, %s and %s", table[i].line, err, STR_ARG(buf_str(&why)),
               s.sites[0].homes ? s.sites[0].homes : "nothing",
               s.sites[0].user_folder ? s.sites[0].user_folder : "nothing");
    settings_free(&s);
    buf_free(&why);
  }
}

static void paths_under_a_root_that_is_shared(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *value, *path; /* NULL: an error */
  } table[] = {
      {__LINE__, "/name", "/name"},     {__LINE__, "/name/", "/name"}, {__LINE__, "/n/A.b-c_d~9", "/n/A.b-c_d~9"},
      {__LINE__, "/~alice", "/~alice"}, {__LINE__, "", NULL},          {__LINE__, "/", NULL},
      {__LINE__, "//", NULL},           {__LINE__, "name", NULL},      {__LINE__, "/name//", NULL},
      {__LINE__, "//name", NULL},       {__LINE__, "/a//b", NULL},     {__LINE__, "/.", NULL},
      {__LINE__, "/..", NULL},          {__LINE__, "/a/../b", NULL},   {__LINE__, "/.hidden", NULL},
      {__LINE__, "/a b", NULL},         {__LINE__, "/a%20b", NULL},    {__LINE__, "/a?b", NULL},
      {__LINE__, "/a#b", NULL},         {__LINE__, "/a\tb", NULL},     {__LINE__, "/URL:x", NULL},
      {__LINE__, "/caf\xc3\xa9", NULL}, {__LINE__, "/*", NULL},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct settings s;
    struct buf why = BUF_INIT(1024);
    assert_int_equal(settings_init(&s), 0);
    int err = settings_gopher_path(&s.sites[0], str_from(table[i].value), &why);
    const char *path = s.sites[0].gopher_path;
    if (table[i].path ? err || why.n || !path || strcmp(path, table[i].path) != 0 : err != ERR_SYNTAX || !why.n || path)
      fail_msg("line %d: %d %.*s %s", table[i].line, err, STR_ARG(buf_str(&why)), path ? path : "nothing");
    settings_free(&s);
    buf_free(&why);
  }
  char path[300];
  struct settings s;
  struct buf why = BUF_INIT(1024);
  memset(path, 'a', sizeof path);
  path[0] = '/';
  assert_int_equal(settings_init(&s), 0);
  assert_int_equal(settings_gopher_path(&s.sites[0], str_make(path, 200), &why), 0);
  assert_int_equal(settings_gopher_path(&s.sites[0], str_make(path, 201), &why), ERR_SYNTAX);
  settings_free(&s);
  buf_free(&why);
}

static void paths_that_meet(void **state)
{
  (void)state;
  assert_true(settings_gopher_paths_meet("/a", "/a"));
  assert_true(settings_gopher_paths_meet("/a", "/a/b"));
  assert_true(settings_gopher_paths_meet("/a/b/c", "/a"));
  assert_false(settings_gopher_paths_meet("/a", "/ab"));
  assert_false(settings_gopher_paths_meet("/a/b", "/a/c"));
  assert_false(settings_gopher_paths_meet("/ab/c", "/a"));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(where_users_publish),
      cmocka_unit_test(paths_under_a_root_that_is_shared),
      cmocka_unit_test(paths_that_meet),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
