/* How often something may be said. */
#include "site/pace.h"

bool pace_allows(struct pace *p, uint64_t now, unsigned most, uint64_t period_ms, unsigned long *left_out)
{
  if (p->said == 0 || now - p->since >= period_ms) {
    p->since = now;
    p->said = 0;
  }
  if (p->said >= most) {
    p->left_out++;
    return false;
  }
  p->said++;
  *left_out = p->left_out;
  p->left_out = 0;
  return true;
}
