/* The growable buffer: its cap, its sticky error; shared bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"

static void grows_to_its_cap_and_no_further(void **state)
{
  (void)state;
  struct buf b = BUF_INIT(300);
  for (int i = 0; i < 300; i++)
    buf_put_c(&b, 'x');
  assert_int_equal(buf_error(&b), 0);
  assert_int_equal(b.n, 300);
  buf_put_c(&b, 'y');
  assert_int_equal(buf_error(&b), ERR_FULL);
  assert_int_equal(b.n, 300);
  buf_clear(&b);
  buf_put_str(&b, STR("again"));
  assert_int_equal(buf_error(&b), 0);
  assert_true(str_eq(buf_str(&b), STR("again")));
  buf_free(&b);
}

static void the_first_error_stays(void **state)
{
  (void)state;
  struct buf b = BUF_INIT(4);
  buf_put_str(&b, STR("12345"));
  buf_put_str(&b, STR("1"));
  assert_int_equal(buf_error(&b), ERR_FULL);
  assert_int_equal(b.n, 0);
  assert_null(buf_room(&b, 1));
  buf_free(&b);
}

static void prints_and_drops(void **state)
{
  (void)state;
  struct buf b = BUF_INIT(64);
  buf_printf(&b, "%d-%s", 20, "text");
  assert_true(str_eq(buf_str(&b), STR("20-text")));
  buf_drop(&b, 3);
  assert_true(str_eq(buf_str(&b), STR("text")));
  buf_drop(&b, 100);
  assert_int_equal(b.n, 0);
  buf_free(&b);
}

static void bytes_are_freed_with_the_last_reference(void **state)
{
  (void)state;
  struct buf b = BUF_INIT(64);
  buf_put_str(&b, STR("page"));
  struct bytes *page = bytes_take(&b);
  assert_non_null(page);
  assert_null(b.p);
  struct bytes *second = bytes_ref(page);
  bytes_unref(page);
  assert_true(str_eq(bytes_str(second), STR("page")));
  bytes_unref(second); /* The address sanitizer tells if one is left, or too few were. */

  struct buf broken = BUF_INIT(1);
  buf_put_str(&broken, STR("ab"));
  assert_null(bytes_take(&broken));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(grows_to_its_cap_and_no_further),
      cmocka_unit_test(the_first_error_stays),
      cmocka_unit_test(prints_and_drops),
      cmocka_unit_test(bytes_are_freed_with_the_last_reference),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
