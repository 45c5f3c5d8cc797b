/* How long a connection may take. */
#include "conn_times.h"

#include <string.h>

#include "must.h"

enum { SIGHTS = 2 * LOOPBACK_MAX, LOOK_MS = CONN_WRITE_MS / 5 };

/* What was seen of a connection. */
struct sight {
  uint64_t number, looked;
  enum conn_state state;
  uint64_t since;    /* it is in its state */
  uint64_t answered; /* since when it writes */
  uint64_t progress; /* when its client took, or was given, something */
  size_t sent, acknowledged;
  bool waited; /* for the disk, while it wrote: that is not its client's time */
};

static struct sight sights[SIGHTS];
static uint64_t looks, hurried_at;

void conn_times_begin(void)
{
  memset(sights, 0, sizeof sights);
  looks = hurried_at = 0;
}

void conn_times_hurry(void)
{
  if (!hurried_at)
    hurried_at = loopback_now();
}

/* The one that was seen before, or in the place of who has not been seen for longest a new one. */
static struct sight *sight_of(const struct conn *c)
{
  struct sight *oldest = &sights[0];
  for (size_t i = 0; i < SIGHTS; i++) {
    if (sights[i].number == c->number)
      return &sights[i];
    if (sights[i].looked < oldest->looked)
      oldest = &sights[i];
  }
  uint64_t now = loopback_now();
  *oldest = (struct sight){.number = c->number, .state = c->state, .since = now, .answered = now, .progress = now};
  return oldest;
}

static void look(struct sight *seen, const struct conn *c, const struct loopback *s)
{
  uint64_t now = loopback_now();
  seen->looked = ++looks;
  if (s->sent.n != seen->sent || s->acknowledged != seen->acknowledged)
    seen->progress = now;
  seen->sent = s->sent.n;
  seen->acknowledged = s->acknowledged;
  if (seen->state != c->state) {
    if (seen->state < CONN_WRITE)
      seen->answered = now;
    seen->state = c->state;
    seen->since = seen->progress = now;
  }
  seen->waited = seen->waited || c->pulling;
}

/* B1: no progress for 30 s; or, after 30 s, less than 256 bytes a second from the answer's first one on. */
static void check_pace(const struct sight *seen, uint64_t now)
{
  uint64_t all = now - seen->answered;
  must(now - seen->progress <= CONN_WRITE_MS + 2 * LOOK_MS, "who takes nothing is gone on time");
  must(seen->waited || all <= CONN_WRITE_MS + LOOK_MS ||
           (uint64_t)seen->acknowledged * 1000 / (all - LOOK_MS) >= MIN_RATE,
       "who takes too little is gone on time");
}

void conn_times_check(const struct conn *c, const struct loopback *s)
{
  uint64_t now = loopback_now();
  must(s != NULL, "a connection that closes is gone in the same turn");
  struct sight *seen = sight_of(c);
  look(seen, c, s);
  uint64_t since = now - seen->since;
  bool late = hurried_at && c->state <= CONN_READ && now - hurried_at > CONN_HURRY_MS && since > CONN_HURRY_MS;
  must(!late, "who has not asked is gone on time when the server stops");
  switch (c->state) {
  case CONN_HANDSHAKE:
    must(since <= CONN_HANDSHAKE_MS, "a handshake has an end");
    break;
  case CONN_READ:
    must(since <= CONN_REQUEST_MS, "a request has an end");
    break;
  case CONN_HANDLE:
    must(since <= CONN_HANDLE_MS, "an answer has a beginning");
    break;
  case CONN_WRITE:
    if (!s->blind)
      check_pace(seen, now);
    break;
  case CONN_SHUTDOWN:
    must(s->acknowledged < s->sent.n || now - seen->progress <= CONN_DRAIN_MS, "who has all is gone in a second");
    if (!s->blind)
      check_pace(seen, now);
    break;
  case CONN_CLOSING:
    break;
  }
}
