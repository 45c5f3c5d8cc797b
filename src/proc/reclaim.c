/* The memory that a crowd has left. */
#include "proc/reclaim.h"

/* A crowd of CROWD_LEAST takes 2 MiB: fewer are not worth the look at the heap, which takes some milliseconds after the
 * largest ones. It is over when a quarter of it is left. */
enum { CROWD_LEAST = 128, LEFT_ONE_IN = 4, LOOK_MS = 5000 };

/* glibc's: free alone gives back only what lies at the heap's end. With a C library that has no such call it is NULL.
 */
int malloc_trim(size_t pad) __attribute__((weak));

static void on_look(uv_timer_t *timer)
{
  struct reclaim *r = timer->data;
  if (r->server->n_conns > r->crowd / LEFT_ONE_IN)
    return;
  (void)uv_timer_stop(timer);
  r->crowd = 0;
  if (malloc_trim)
    (void)malloc_trim(0);
}

void reclaim_init(struct reclaim *r, const struct server *server)
{
  r->server = server;
  r->crowd = 0;
  (void)uv_timer_init(server->loop, &r->timer);
  uv_unref((uv_handle_t *)&r->timer);
  r->timer.data = r;
}

void reclaim_on_gone(struct reclaim *r)
{
  unsigned n = r->server->n_conns + 1; /* a crowd is largest when the first one goes */
  if (n < CROWD_LEAST || n <= r->crowd)
    return;
  r->crowd = n;
  if (!uv_is_active((uv_handle_t *)&r->timer))
    (void)uv_timer_start(&r->timer, on_look, LOOK_MS, LOOK_MS);
}
