/* How often something may be said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "site/pace.h"

static void so_many_in_a_stretch_and_the_rest_is_counted(void **state)
{
  (void)state;
  static const struct {
    int line;
    uint64_t now;
    bool allowed;
    unsigned long left_out;
  } table[] = {
      {__LINE__, 0, true, 0},    {__LINE__, 5, true, 0},     {__LINE__, 6, false, 0},
      {__LINE__, 99, false, 0},  {__LINE__, 100, true, 2},   {__LINE__, 100, true, 0},
      {__LINE__, 199, false, 0}, {__LINE__, 10000, true, 1}, {__LINE__, 10001, true, 0},
  };
  struct pace pace = {.said = 0};
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    unsigned long left_out = 0;
    bool allowed = pace_allows(&pace, table[i].now, 2, 100, &left_out);
    if (allowed != table[i].allowed || left_out != table[i].left_out)
      fail_msg("line %d: %d, %lu left out", table[i].line, allowed, left_out);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(so_many_in_a_stretch_and_the_rest_is_counted)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
