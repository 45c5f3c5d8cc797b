/* The note of what `nuncio render -o` wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "cmd/render_manifest.h"

static bool short_names(void *context, struct str path)
{
  (void)context;
  return path.n < 20;
}

static int read_text(struct manifest *m, struct str text)
{
  struct buf source = BUF_INIT(65536);
  buf_put_str(&source, text);
  int err = manifest_read(m, &source, short_names, NULL);
  assert_int_equal(source.n, 0);
  return err;
}

static void what_is_written_is_read_again(void **state)
{
  (void)state;
  struct manifest m = {.entries = NULL};
  struct buf text = BUF_INIT(4096);
  unsigned char a[DIGEST_BYTES], b[DIGEST_BYTES];
  memset(a, 0x0a, sizeof a);
  memset(b, 0xf9, sizeof b);
  manifest_put(&text, STR("index.gmi"), a);
  manifest_put(&text, STR("../x y.overview.txt"), b);
  manifest_put(&text, STR("index.gmi"), b);
  manifest_put(&text, STR("1.gmi"), a);
  assert_int_equal(read_text(&m, buf_str(&text)), 0);
  assert_int_equal(m.n, 4);
  assert_true(manifest_has(&m, STR("index.gmi"), a));
  assert_true(manifest_has(&m, STR("index.gmi"), b));
  assert_true(manifest_has(&m, STR("../x y.overview.txt"), b));
  assert_false(manifest_has(&m, STR("../x y.overview.txt"), a));
  assert_true(manifest_has(&m, STR("1.gmi"), a));
  assert_false(manifest_has(&m, STR("1.gmi"), b));
  assert_false(manifest_has(&m, STR("2.gmi"), a));
  assert_false(manifest_has(&m, STR(""), a));
  manifest_free(&m);
  buf_free(&text);
}

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void anything_else_is_refused(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *text;
    int result;
  } rows[] = {
      {__LINE__, "", 0},
      {__LINE__, HASH "  1.gmi\n", 0},
      {__LINE__, HASH "  1.gmi\r\n", 0},
      {__LINE__, HASH "  1.gmi", 0},
      {__LINE__, "\n", ERR_SYNTAX},
      {__LINE__, HASH " 1.gmi\n", ERR_SYNTAX},
      {__LINE__, HASH "  \n", ERR_SYNTAX},
      {__LINE__, HASH "\n", ERR_SYNTAX},
      {__LINE__, "x" HASH "  1.gmi\n", ERR_SYNTAX},
      {__LINE__, "0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef  1.gmi\n", ERR_SYNTAX},
      {__LINE__, HASH "  1.gmi\n# by hand\n", ERR_SYNTAX},
      {__LINE__, HASH "  a-path-that-is-not-known\n", ERR_SYNTAX},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct manifest m = {.entries = NULL};
    if (read_text(&m, str_from(rows[i].text)) != rows[i].result)
      fail_msg("line %d", rows[i].line);
    manifest_free(&m);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_written_is_read_again),
      cmocka_unit_test(anything_else_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
