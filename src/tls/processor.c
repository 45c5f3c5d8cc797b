/* Asks OpenSSL what it found the processor to be able to do: what it does not use is of no use to us either, and a
 * mask in its environment variable is respected. */
#include "tls/processor.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/str.h"

/* The first word of what OpenSSL prints, by kind of processor, and the bit in it that stands for AES. */
static const struct {
  const char *word;
  unsigned bit;
} kinds[] = {
    {"OPENSSL_ia32cap=", 57}, /* CPUID leaf 1: EDX below, ECX above; AES-NI is bit 25 there */
    {"OPENSSL_armcap=", 2},   /* ARMv8 AES */
    {"OPENSSL_ppccap=", 2},   /* POWER8's vector AES */
};

bool processor_has_aes_by(const char *settings)
{
  for (size_t i = 0; settings && i < sizeof kinds / sizeof *kinds; i++)
    if (str_starts(str_from(settings), str_from(kinds[i].word)))
      return strtoull(settings + strlen(kinds[i].word), NULL, 16) >> kinds[i].bit & 1;
  return false;
}

bool processor_has_aes(void)
{
  return processor_has_aes_by(OPENSSL_info(OPENSSL_INFO_CPU_SETTINGS));
}
