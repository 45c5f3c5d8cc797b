/* The descriptor that is kept back. */
#include "net/reserve.h"

#include <fcntl.h>
#include <unistd.h>

enum { ABOVE_STANDARD = 3 };

void reserve_keep(struct reserve *r, int like)
{
  if (r->held)
    return;
  r->fd = fcntl(like, F_DUPFD_CLOEXEC, ABOVE_STANDARD);
  r->held = r->fd >= 0;
}

bool reserve_spend(struct reserve *r)
{
  if (!r->held)
    return false;
  close(r->fd);
  r->held = false;
  return true;
}

void reserve_close_into(struct reserve *r, int fd, int like)
{
  if (r->held || dup3(like, fd, O_CLOEXEC) < 0) {
    close(fd);
    return;
  }
  *r = (struct reserve){.held = true, .fd = fd};
}

void reserve_end(struct reserve *r)
{
  (void)reserve_spend(r);
}
