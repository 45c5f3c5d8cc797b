/* Pace: a small table of who was answered when. */
#include "site/pace.h"

#include <stddef.h>

enum { SECOND_MS = 1000 };

unsigned pace_wait(struct pace *p, uint64_t key, uint64_t now, unsigned seconds)
{
  size_t at = key % PACE_PLACES;
  uint64_t until = atomic_load(&p->at[at].until), most = now + (uint64_t)seconds * SECOND_MS;
  /* Of a place that another process is just taking key and time may not belong together: nobody waits for longer than
   * their own. */
  if (atomic_load(&p->at[at].key) == key && until > now && until <= most)
    return (unsigned)((until - now + SECOND_MS - 1) / SECOND_MS);
  atomic_store(&p->at[at].key, key);
  atomic_store(&p->at[at].until, most);
  return 0;
}
