/* What is said of a page's content: the type and what belongs to it (G20). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "site/content.h"

static void parameters_follow_the_type(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *type, *lang;
    bool from_file;
    struct ruled ruled;
    const char *want;
  } table[] = {
      {__LINE__, "text/gemini", "", true, {.lang = NULL}, "text/gemini"},
      {__LINE__, "text/gemini", "en", true, {.lang = NULL}, "text/gemini; lang=en"},
      {__LINE__, "text/gemini", "en,fr", true, {.lang = NULL}, "text/gemini; lang=\"en,fr\""},
      {__LINE__, "text/gemini", "en", true, {.lang = "de"}, "text/gemini; lang=de"},
      {__LINE__, "text/gemini", "en", true, {.lang = ""}, "text/gemini"},
      {__LINE__, "text/gemini", "en", true, {.charset = "koi8-r"}, "text/gemini; charset=koi8-r; lang=en"},
      {__LINE__, "text/gemini", "en", false, {.charset = "koi8-r"}, "text/gemini; lang=en"},
      {__LINE__, "text/gemini; lang=nl", "en", true, {.lang = "de"}, "text/gemini; lang=nl"},
      {__LINE__, "Text/Gemini; LANG=nl", "en", true, {.lang = NULL}, "Text/Gemini; LANG=nl"},
      {__LINE__, "text/gemini", "en", true, {.parameters = ";lang=it"}, "text/gemini;lang=it"},
      {__LINE__, "text/gemini", "en", true, {.parameters = ""}, "text/gemini"},
      {__LINE__, "text/plain", "en", true, {.charset = "koi8-r"}, "text/plain; charset=koi8-r"},
      {__LINE__, "text/plain; charset=utf-8", "en", true, {.charset = "koi8-r"}, "text/plain; charset=utf-8"},
      {__LINE__, "text/plain", "en", true, {.charset = ""}, "text/plain"},
      {__LINE__, "image/png", "en", true, {.charset = "koi8-r"}, "image/png"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf got = BUF_INIT(200);
    content_put_type(&got, str_from(table[i].type), str_from(table[i].lang), table[i].from_file, &table[i].ruled);
    if (!str_eq(buf_str(&got), str_from(table[i].want)))
      fail_msg("line %d: %.*s", table[i].line, STR_ARG(buf_str(&got)));
    buf_free(&got);
  }
}

static void gemtext_is_known_with_parameters(void **state)
{
  (void)state;
  assert_true(content_is_gemtext(STR("text/gemini")));
  assert_true(content_is_gemtext(STR("TEXT/Gemini ; lang=en")));
  assert_false(content_is_gemtext(STR("text/gemini2")));
  assert_false(content_is_gemtext(STR("text/plain; text/gemini")));
  assert_false(content_is_gemtext(STR("")));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parameters_follow_the_type),
      cmocka_unit_test(gemtext_is_known_with_parameters),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
