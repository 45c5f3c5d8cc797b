/* Suggested commands, as they would be pasted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "tls/advice.h"

static void names_the_folder_unless_it_is_the_default_one(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *dir, *name;
    bool new_key;
    const char *wanted;
  } rows[] = {
      {__LINE__, "certs", "x.example", false, "`nuncio cert renew x.example`"},
      {__LINE__, "./certs", "x.example", false, "`nuncio cert renew x.example`"},
      {__LINE__, "./certs/", "x.example", true, "`nuncio cert renew x.example --new-key`"},
      {__LINE__, "../certs", "x", false, "`nuncio cert renew x --certs ../certs`"},
      {__LINE__, "/etc/nuncio", "::1", true, "`nuncio cert renew ::1 --certs /etc/nuncio --new-key`"},
      {__LINE__, "/certs", NULL, false, "`nuncio cert renew NAME --certs /certs`"},
      {__LINE__, "my certs", "x", false, "`nuncio cert renew x --certs 'my certs'`"},
      {__LINE__, "it's", "a$(b)", false, "`nuncio cert renew 'a$(b)' --certs 'it'\\''s'`"},
      {__LINE__, "", "x", false, "`nuncio cert renew x --certs ''`"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct buf out = BUF_INIT(1024);
    advice_cert(&out, "renew", rows[i].dir, rows[i].name, rows[i].new_key);
    if (!str_eq(buf_str(&out), str_from(rows[i].wanted)))
      fail_msg("row at line %d: %.*s", rows[i].line, STR_ARG(buf_str(&out)));
    buf_free(&out);
  }
}

static void adds_a_name(void **state)
{
  (void)state;
  struct buf out = BUF_INIT(1024);
  advice_add(&out, "certs", "x.example", "*.x.example");
  advice_add(&out, "my certs", "x", "y");
  assert_true(str_eq(buf_str(&out), STR("`nuncio cert renew x.example '*.x.example'`"
                                        "`nuncio cert renew x y --certs 'my certs'`")));
  buf_free(&out);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_the_folder_unless_it_is_the_default_one),
      cmocka_unit_test(adds_a_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
