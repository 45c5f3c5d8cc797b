/* Counting visitors in the shared table. */
#include "net/visitors.h"

#include "base/address.h"
#include "net/rate.h"
#include "net/visitors_table.h"

/* How often something is tried anew because another worker was quicker. */
enum { TRIES = 8 };

/* ------------------------------------------------------------------ rows and columns */

static unsigned seats(const struct visitors *v)
{
  unsigned n = atomic_load_explicit(&v->table->seats, memory_order_relaxed);
  return n < SEATS_MAX ? n : SEATS_MAX;
}

unsigned visitors_open(const struct visitors *v, unsigned place)
{
  unsigned sum = 0;
  for (unsigned i = 0, n = place < VISITORS_PLACES ? seats(v) : 0; i < n; i++)
    sum += atomic_load(&v->table->at[i].open[place]);
  return sum;
}

unsigned visitors_total(const struct visitors *v, enum tally tally)
{
  unsigned sum = 0;
  for (unsigned i = 0, n = seats(v); i < n; i++)
    sum += atomic_load(&v->table->at[i].tallies[tally]);
  return sum;
}

/* Counts first and looks then: of two workers that take the last one at the same time, neither may miss the other. */
bool visitors_take(struct visitors *v, enum tally tally, unsigned most)
{
  (void)atomic_fetch_add(&v->table->at[v->seat].tallies[tally], 1);
  if (visitors_total(v, tally) <= most)
    return true;
  visitors_give(v, tally);
  return false;
}

void visitors_give(struct visitors *v, enum tally tally)
{
  (void)atomic_fetch_sub(&v->table->at[v->seat].tallies[tally], 1);
}

/* ------------------------------------------------------------------ places */

static uint64_t tag_of(const struct visitors *v, const struct sockaddr *peer)
{
  unsigned char network[ADDRESS_NETWORK_MOST];
  size_t n = address_network(peer, network);
  uint64_t hash = siphash(v->table->key, network, n);
  return hash ? hash : 1;
}

static unsigned first_of_set(uint64_t tag)
{
  return tag % (VISITORS_PLACES / VISITORS_WAYS) * VISITORS_WAYS;
}

/* Who is to give way to a newcomer: an empty place, else who was not seen for the longest and has neither something
 * open nor a block. NO_PLACE where all of them have. *tag is whose it was. */
static unsigned choose(const struct visitors *v, unsigned set, uint64_t now_ms, uint64_t *tag)
{
  unsigned chosen = NO_PLACE;
  uint64_t oldest = UINT64_MAX;
  for (unsigned i = set; i < set + VISITORS_WAYS; i++) {
    struct place *p = &v->table->places[i];
    uint64_t whose = atomic_load(&p->tag), seen = atomic_load(&p->seen);
    if (whose != 0 && (seen >= oldest || block_lasts(atomic_load(&p->block), now_ms) || visitors_open(v, i) > 0))
      continue;
    chosen = i;
    oldest = seen;
    *tag = whose;
    if (whose == 0)
      break;
  }
  return chosen;
}

/* The place of this tag, made for it where it has none. What the last one left there goes before it is named: if
 * another worker is quicker, somebody may be forgiven a few requests, and nobody is charged with another's. */
static unsigned place_of(struct visitors *v, uint64_t tag, uint64_t now_ms)
{
  const unsigned set = first_of_set(tag);
  for (int i = 0; i < TRIES; i++) {
    for (unsigned at = set; at < set + VISITORS_WAYS; at++)
      if (atomic_load(&v->table->places[at].tag) == tag)
        return at;
    uint64_t whose = 0;
    unsigned at = choose(v, set, now_ms, &whose);
    if (at == NO_PLACE)
      return NO_PLACE;
    struct place *p = &v->table->places[at];
    atomic_store(&p->window, 0);
    atomic_store(&p->block, 0);
    atomic_store(&p->seen, now_ms);
    if (atomic_compare_exchange_strong(&p->tag, &whose, tag))
      return at;
  }
  return NO_PLACE;
}

/* Takes a place and counts there: when the count can be seen, the place must still be this visitor's. */
static unsigned open_at(struct visitors *v, uint64_t tag, uint64_t now_ms)
{
  for (int i = 0; i < TRIES; i++) {
    unsigned at = place_of(v, tag, now_ms);
    if (at == NO_PLACE)
      return NO_PLACE;
    _Atomic uint16_t *open = &v->table->at[v->seat].open[at];
    if (atomic_load(open) == UINT16_MAX)
      return NO_PLACE;
    (void)atomic_fetch_add(open, 1);
    if (atomic_load(&v->table->places[at].tag) == tag) {
      atomic_store(&v->table->places[at].seen, now_ms);
      return at;
    }
    (void)atomic_fetch_sub(open, 1);
  }
  return NO_PLACE;
}

/* ------------------------------------------------------------------ asking */

/* Whether a block lasts: then this request has gone on in spite of it. */
static bool defies(struct place *p, uint64_t now_ms, unsigned *seconds)
{
  uint64_t block = atomic_load(&p->block), next;
  do {
    if (!block_lasts(block, now_ms))
      return false;
    next = block_defied(block, now_ms);
  } while (!atomic_compare_exchange_weak(&p->block, &block, next));
  *seconds = block_seconds(next, now_ms);
  return true;
}

static bool asks_too_often(struct place *p, unsigned most, uint64_t now_ms)
{
  uint64_t window = atomic_load(&p->window), next;
  bool over = false;
  do
    next = window_add(window, now_ms, most, &over);
  while (!atomic_compare_exchange_weak(&p->window, &window, next));
  return over;
}

static void begin_block(struct place *p, uint64_t now_ms, unsigned *seconds)
{
  uint64_t block = atomic_load(&p->block), next;
  do
    next = block_lasts(block, now_ms) ? block : block_begin(block, now_ms);
  while (!atomic_compare_exchange_weak(&p->block, &block, next));
  *seconds = block_seconds(next, now_ms);
  atomic_store(&p->window, 0); /* who waits as told begins anew */
}

static enum visit judge(struct place *p, const struct visitor_limits *limits, uint64_t now_ms, unsigned *seconds)
{
  if (defies(p, now_ms, seconds))
    return VISIT_BLOCKED;
  if (!asks_too_often(p, limits->requests, now_ms))
    return VISIT_WELCOME;
  begin_block(p, now_ms, seconds);
  return VISIT_BLOCKED;
}

enum visit visitors_enter(struct visitors *v, const struct sockaddr *peer, const struct visitor_limits *limits,
                          uint64_t now_ms, unsigned *place, unsigned *seconds)
{
  *seconds = 0;
  *place = open_at(v, tag_of(v, peer), now_ms);
  if (*place == NO_PLACE)
    return VISIT_WELCOME;
  enum visit visit = judge(&v->table->places[*place], limits, now_ms, seconds);
  if (visit == VISIT_WELCOME && visitors_open(v, *place) > limits->open)
    visit = VISIT_CROWDED;
  if (visit != VISIT_WELCOME)
    visitors_leave(v, *place);
  return visit;
}

void visitors_leave(struct visitors *v, unsigned place)
{
  if (place < VISITORS_PLACES)
    (void)atomic_fetch_sub(&v->table->at[v->seat].open[place], 1);
}
