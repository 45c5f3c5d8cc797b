/* SHA-256 against the standard's own examples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tls/digest.h"

static void hashes_as_the_standard_has_it(void **state)
{
  (void)state;
  /* FIPS 180-2, appendix B.1, and the hash of nothing. */
  static const unsigned char abc[] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
                                      0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
                                      0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
  unsigned char out[DIGEST_BYTES];
  assert_int_equal(digest_sha256(STR("abc"), out), 0);
  assert_memory_equal(out, abc, sizeof out);
  assert_int_equal(digest_sha256(str_make(NULL, 0), out), 0);
  assert_int_equal(out[0], 0xe3);
  assert_int_equal(out[31], 0x55);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hashes_as_the_standard_has_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
