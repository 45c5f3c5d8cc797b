/* Pace: a small table of who was answered when. */
#include "site/pace.h"

enum { SECOND_MS = 1000 };

unsigned pace_wait(struct pace *p, uint64_t key, uint64_t now, unsigned seconds)
{
  uint64_t *until = &p->at[key % PACE_PLACES].until;
  if (p->at[key % PACE_PLACES].key == key && *until > now)
    return (unsigned)((*until - now + SECOND_MS - 1) / SECOND_MS);
  p->at[key % PACE_PLACES].key = key;
  *until = now + (uint64_t)seconds * SECOND_MS;
  return 0;
}
