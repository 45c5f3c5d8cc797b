/* Host names: what a name and a wildcard mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/host.h"

static void names_and_wildcards(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *name, *host;
    bool is, within;
  } table[] = {
      {__LINE__, "a.example", "a.example", true, false},
      {__LINE__, "a.example", "A.Example.", true, false},
      {__LINE__, "a.example.", "a.example", true, false},
      {__LINE__, "a.example", "b.example", false, false},
      {__LINE__, "a.example", "", false, false},
      {__LINE__, "*.a.example", "b.a.example", false, true},
      {__LINE__, "*.a.example", "B.A.EXAMPLE.", false, true},
      {__LINE__, "*.a.example", "a.example", false, false},
      {__LINE__, "*.a.example", ".a.example", false, false},
      {__LINE__, "*.a.example", "c.b.a.example", false, false},
      {__LINE__, "*.a.example", "b.aa.example", false, false},
      {__LINE__, "*.a.example", "a", false, false},
      {__LINE__, "*.a.example", "", false, false},
      {__LINE__, "*", "a", false, false},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct str name = str_from(table[i].name), host = str_from(table[i].host);
    if (host_is(name, host) != table[i].is || host_in_wildcard(name, host) != table[i].within)
      fail_msg("line %d", table[i].line);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(names_and_wildcards)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
