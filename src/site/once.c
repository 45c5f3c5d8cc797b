/* A ring of what has been said. */
#include "site/once.h"

bool once_first(struct once *o, uint64_t hash)
{
  for (size_t i = 0; i < ONCE_REMEMBERED; i++)
    if (o->said[i] == hash)
      return false;
  o->said[o->next] = hash;
  o->next = (o->next + 1) % ONCE_REMEMBERED;
  return true;
}
