/* FNV-1a over bytes: for the tables of the site. */
#ifndef NUNCIO_SITE_HASH_H
#define NUNCIO_SITE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Where a hash starts; hash_bytes continues one, so that several values can be hashed in a row. The tables hold names
 * that lead to something on our own disk, and are bounded. (A directory that holds a link to itself lets strangers make
 * up such names, so a collision must cost no more than a wrong guess.) */
#define HASH_START UINT64_C(0xcbf29ce484222325)

static inline uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t n)
{
  const unsigned char *p = bytes;
  for (size_t i = 0; i < n; i++)
    hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
  return hash;
}

static inline uint64_t hash_str(uint64_t hash, struct str s)
{
  return hash_bytes(hash, s.p, s.n);
}

#endif
