/* OpenSSL's random bytes from a counter. The way to replace them is OpenSSL's old one, which 3.0 still honours. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "same_random.h"

#include <stdint.h>

#include <openssl/rand.h>

#include "must.h"

static uint64_t state;

/* SplitMix64. */
static uint64_t next(void)
{
  uint64_t z = state += 0x9e3779b97f4a7c15U;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
  z = (z ^ z >> 27) * 0x94d049bb133111ebU;
  return z ^ z >> 31;
}

static int bytes(unsigned char *out, int n)
{
  for (int i = 0; i < n; i++)
    out[i] = (unsigned char)next();
  return 1;
}

static int seeded(void)
{
  return 1;
}

void same_random(void)
{
  static const RAND_METHOD method = {.bytes = bytes, .pseudorand = bytes, .status = seeded};
  must(RAND_get_rand_method() == &method || RAND_set_rand_method(&method) == 1, "random bytes of ours");
  state = 1;
}
