/* Who gets in: the limits on connections, on one address, and on handshakes. */
#include "base/address.h"
#include "base/log.h"
#include "net/conn_internal.h"

/* Of those few who are told why they are turned away, one address holds so many at the most: it cannot keep others from
 * hearing it. Nor is it told more often than so many times a second, since telling costs a whole handshake. And how
 * often the owner hears of it. */
enum { TOLD_OF_ONE_ADDRESS = 4, TOLD_A_SECOND = 16, WARN_EVERY_MS = 60 * 1000, CROWDED_SECONDS = 10 };

/* ------------------------------------------------------------------ connections */

static bool counted(const struct server *server, const struct sockaddr *peer)
{
  return server->visitors && (server->limits.loopback || !address_loopback(peer));
}

static enum admitted ask_table(struct server *server, const struct sockaddr *peer, struct admission *a)
{
  unsigned place, seconds;
  enum visit visit =
      visitors_enter(server->visitors, peer, &server->limits.visitor, uv_now(server->loop), &place, &seconds);
  a->place = (uint16_t)place;
  a->seconds = (uint16_t)seconds;
  switch (visit) {
  case VISIT_WELCOME:
    break;
  case VISIT_CROWDED:
    return ADMITTED_CROWDED;
  case VISIT_BLOCKED:
    return ADMITTED_BLOCKED;
  }
  return ADMITTED_SERVED;
}

/* A place among all who are served: descriptors are each worker's own, the owner's limit is for the whole service. */
static bool take_place(struct server *server)
{
  unsigned long left_out;
  unsigned most = server->limits.connections;
  bool room = server->n_served < server->most_conns;
  if (room && (!most || !server->visitors || visitors_take(server->visitors, TALLY_SERVED, most))) {
    server->n_served++;
    return true;
  }
  if (!log_due(&server->crowded, uv_now(server->loop), 1, WARN_EVERY_MS, &left_out))
    return false;
  if (room)
    log_warning("%u connections are open, as many as memory or --limit connections allows: newcomers are turned away",
                most);
  else
    log_warning("%u connections are open, as many as the limit on descriptors allows: newcomers are turned away",
                server->n_served);
  return false;
}

/* Whether an address may be told once more in this second. Each worker counts for itself. */
static bool tell_again(struct server *server, const struct admission *a)
{
  if (a->place == NO_PLACE)
    return true;
  struct told_lately *lately = &server->told_lately[a->place];
  uint16_t second = (uint16_t)(uv_now(server->loop) / 1000);
  if (lately->second != second)
    *lately = (struct told_lately){.second = second};
  if (lately->times == TOLD_A_SECOND)
    return false;
  lately->times++;
  return true;
}

/* A place among the few who are told (G17). */
static bool take_ear(struct server *server, const struct admission *a)
{
  unsigned same = 0;
  for (unsigned i = 0; i < server->n_turned; i++)
    same += server->told[i] == a->place;
  if (server->n_turned >= server->most_turned || (a->place != NO_PLACE && same >= TOLD_OF_ONE_ADDRESS))
    return false;
  if (!tell_again(server, a))
    return false;
  if (server->visitors && !visitors_take(server->visitors, TALLY_TURNED, TURNED_MOST))
    return false;
  server->told[server->n_turned++] = a->place;
  return true;
}

bool conn_admit(struct server *server, const struct sockaddr *peer, bool spare, struct admission *a)
{
  *a = (struct admission){.place = NO_PLACE};
  a->how = counted(server, peer) ? ask_table(server, peer, a) : ADMITTED_SERVED;
  if (a->how == ADMITTED_SERVED) {
    if (!spare && take_place(server))
      return true;
    a->how = ADMITTED_FULL;
    if (server->visitors)
      visitors_leave(server->visitors, a->place);
  }
  return take_ear(server, a);
}

void conn_depart(struct server *server, const struct admission *a)
{
  if (a->how == ADMITTED_SERVED) {
    server->n_served--;
    if (!server->visitors)
      return;
    visitors_leave(server->visitors, a->place);
    if (server->limits.connections)
      visitors_give(server->visitors, TALLY_SERVED);
    return;
  }
  unsigned i = 0;
  while (i + 1 < server->n_turned && server->told[i] != a->place)
    i++;
  server->told[i] = server->told[--server->n_turned];
  if (server->visitors)
    visitors_give(server->visitors, TALLY_TURNED);
}

void conn_turn_away(struct conn *c)
{
  switch (c->admission.how) {
  case ADMITTED_SERVED:
    return;
  case ADMITTED_FULL:
    response_set(&c->response, STATUS_SERVER_UNAVAILABLE,
                 "This server has more visitors than it can serve. Please try again in a minute.");
    break;
  case ADMITTED_CROWDED:
    response_set(&c->response, STATUS_SLOW_DOWN,
                 "Too many connections from your address are open at once. Please let some of them end, and wait %d "
                 "seconds before you ask again.",
                 CROWDED_SECONDS);
    break;
  case ADMITTED_BLOCKED:
    response_set(&c->response, STATUS_SLOW_DOWN,
                 "Too many requests from your address. Please wait %u second%s before you ask again.",
                 c->admission.seconds, c->admission.seconds == 1 ? "" : "s");
    break;
  }
  c->answered = true;
}

/* ------------------------------------------------------------------ handshakes */

/* A handshake takes two round trips. Who has been at it for the longest is the least likely to end it: that one makes
 * room, so that whoever fills all places with handshakes that they leave lying keeps nobody out. */
void conn_shake_begin(struct conn *c)
{
  struct server *server = c->server;
  unsigned long left_out;
  c->shaking = true;
  c->shake_previous = server->shakes_last;
  *(c->shake_previous ? &c->shake_previous->shake_next : &server->shakes_first) = c;
  server->shakes_last = c;
  if (++server->n_shakes <= server->limits.handshakes || server->limits.handshakes == 0)
    return;
  if (log_due(&server->shaken, uv_now(server->loop), 1, WARN_EVERY_MS, &left_out))
    log_warning("more than %u TLS handshakes are under way: the oldest ones are given up for newcomers",
                server->limits.handshakes);
  conn_drop(server->shakes_first, "its handshake made room for newer ones");
}

void conn_shake_end(struct conn *c)
{
  struct server *server = c->server;
  if (!c->shaking)
    return;
  c->shaking = false;
  *(c->shake_previous ? &c->shake_previous->shake_next : &server->shakes_first) = c->shake_next;
  *(c->shake_next ? &c->shake_next->shake_previous : &server->shakes_last) = c->shake_previous;
  c->shake_next = c->shake_previous = NULL;
  server->n_shakes--;
}
