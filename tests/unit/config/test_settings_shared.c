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

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(where_users_publish),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
