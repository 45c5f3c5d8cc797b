/* SipHash-2-4, as its paper has it: two rounds for each word of input, four at the end. */
#include "base/siphash.h"

enum { WORD = 8, ROUNDS = 2, FINAL_ROUNDS = 4 };

static uint64_t little_endian(const unsigned char *p, size_t n)
{
  uint64_t word = 0;
  for (size_t i = 0; i < n; i++)
    word |= (uint64_t)p[i] << (8 * i);
  return word;
}

static uint64_t rotate(uint64_t x, unsigned by)
{
  return x << by | x >> (64 - by);
}

static void rounds(uint64_t v[4], int n)
{
  for (int i = 0; i < n; i++) {
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
  }
}

static void take(uint64_t v[4], uint64_t word)
{
  v[3] ^= word;
  rounds(v, ROUNDS);
  v[0] ^= word;
}

uint64_t siphash(const unsigned char key[SIPHASH_KEY_BYTES], const void *bytes, size_t n)
{
  const unsigned char *p = bytes;
  const uint64_t k0 = little_endian(key, WORD), k1 = little_endian(key + WORD, WORD);
  /* The constants spell "somepseudorandomlygeneratedbytes". */
  uint64_t v[4] = {k0 ^ UINT64_C(0x736f6d6570736575), k1 ^ UINT64_C(0x646f72616e646f6d),
                   k0 ^ UINT64_C(0x6c7967656e657261), k1 ^ UINT64_C(0x7465646279746573)};
  size_t left = n;
  for (; left >= WORD; left -= WORD, p += WORD)
    take(v, little_endian(p, WORD));
  take(v, little_endian(p, left) | (uint64_t)n << 56);
  v[2] ^= 0xff;
  rounds(v, FINAL_ROUNDS);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}
