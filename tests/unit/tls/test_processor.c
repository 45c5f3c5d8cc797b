/* What OpenSSL says of a processor, read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/crypto.h>

#include "tls/processor.h"

static void aes_is_read_from_the_settings(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *settings;
    bool aes;
  } rows[] = {
      {__LINE__, "OPENSSL_ia32cap=0xfffa3203078bffff:0x405fc6f1bf07ab", true},
      {__LINE__, "OPENSSL_ia32cap=0x200000000000000:0x0 env:~0x1", true},
      {__LINE__, "OPENSSL_ia32cap=0xfdffffffffffffff:0xffffffffffffffff", false},
      {__LINE__, "OPENSSL_ia32cap=0x0:0xffffffffffffffff", false},
      {__LINE__, "OPENSSL_armcap=0x7d", true},
      {__LINE__, "OPENSSL_armcap=0x1", false},
      {__LINE__, "OPENSSL_ppccap=0x1f", true},
      {__LINE__, "OPENSSL_ppccap=0x3", false},
      {__LINE__, "OPENSSL_riscvcap=ZBA_ZBB", false},
      {__LINE__, "OPENSSL_ia32cap=", false},
      {__LINE__, "", false},
      {__LINE__, NULL, false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (processor_has_aes_by(rows[i].settings) != rows[i].aes)
      fail_msg("row at line %d", rows[i].line);
  assert_int_equal(processor_has_aes(), processor_has_aes_by(OPENSSL_info(OPENSSL_INFO_CPU_SETTINGS)));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(aes_is_read_from_the_settings),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
