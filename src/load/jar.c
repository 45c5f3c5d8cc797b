/* A stack of tickets. */
#include "load/jar.h"

#include <stdlib.h>

#include "base/err.h"

int jar_init(struct jar *jar, unsigned room)
{
  *jar = (struct jar){.places = calloc(room, sizeof *jar->places), .room = room};
  return jar->places ? 0 : ERR_NOMEM;
}

void jar_free(struct jar *jar)
{
  while (jar->n > 0)
    tls_ticket_free(jar_take(jar));
  free(jar->places);
}

void jar_fill(struct jar *jar, struct tls_call *call)
{
  struct tls_ticket *ticket;
  while ((ticket = tls_call_ticket(call)))
    if (jar->n < jar->room)
      jar->places[jar->n++].ticket = ticket;
    else
      tls_ticket_free(ticket);
}

struct tls_ticket *jar_take(struct jar *jar)
{
  return jar->n > 0 ? jar->places[--jar->n].ticket : NULL;
}
