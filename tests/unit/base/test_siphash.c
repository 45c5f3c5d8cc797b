/* SipHash-2-4 against the vectors that its authors published: the key 00 01 .. 0f, and inputs 00 01 02 .. of each
 * length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/siphash.h"

static void the_published_vectors(void **state)
{
  (void)state;
  static const struct {
    size_t n;
    uint64_t hash;
  } table[] = {
      {0, UINT64_C(0x726fdb47dd0e0e31)},  {1, UINT64_C(0x74f839c593dc67fd)},  {2, UINT64_C(0x0d6c8009d9a94f5a)},
      {3, UINT64_C(0x85676696d7fb7e2d)},  {7, UINT64_C(0xab0200f58b01d137)},  {8, UINT64_C(0x93f5f5799a932462)},
      {9, UINT64_C(0x9e0082df0ba9e4b0)},  {15, UINT64_C(0xa129ca6149be45e5)}, {16, UINT64_C(0x3f2acc7f57c29bdb)},
      {63, UINT64_C(0x958a324ceb064572)},
  };
  unsigned char key[SIPHASH_KEY_BYTES], bytes[64];
  for (unsigned i = 0; i < sizeof bytes; i++)
    bytes[i] = (unsigned char)i;
  memcpy(key, bytes, sizeof key);
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (siphash(key, bytes, table[i].n) != table[i].hash)
      fail_msg("%zu bytes gave %016lx", table[i].n, (unsigned long)siphash(key, bytes, table[i].n));
}

static void another_key_is_another_hash(void **state)
{
  (void)state;
  unsigned char key[SIPHASH_KEY_BYTES] = {0}, other[SIPHASH_KEY_BYTES] = {[15] = 1};
  assert_true(siphash(key, "address", 7) != siphash(other, "address", 7));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_published_vectors),
      cmocka_unit_test(another_key_is_another_hash),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
