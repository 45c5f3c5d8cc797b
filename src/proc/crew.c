/* The crew: bookkeeping of workers and slots. */
#include "proc/crew.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct member *crew_add(struct crew *crew, pid_t pid, int control, unsigned slot, unsigned generation, uint64_t now_ms)
{
  struct member *grown = realloc(crew->at, (crew->n + 1) * sizeof *grown);
  if (!grown)
    return NULL;
  crew->at = grown;
  struct member *m = &crew->at[crew->n++];
  *m = (struct member){
      .pid = pid,
      .control = control,
      .slot = slot,
      .seat = NO_SEAT,
      .generation = generation,
      .state = MEMBER_STARTING,
      .since_ms = now_ms,
  };
  return m;
}

struct member *crew_find(struct crew *crew, pid_t pid)
{
  for (size_t i = 0; i < crew->n; i++)
    if (crew->at[i].pid == pid)
      return &crew->at[i];
  return NULL;
}

void crew_remove(struct crew *crew, struct member *m)
{
  if (m->control >= 0)
    close(m->control);
  size_t after = (size_t)(crew->at + --crew->n - m);
  memmove(m, m + 1, after * sizeof *m);
}

void crew_free(struct crew *crew)
{
  while (crew->n)
    crew_remove(crew, &crew->at[crew->n - 1]);
  free(crew->at);
  *crew = CREW_INIT;
}

void crew_set(struct member *m, enum member_state state, uint64_t now_ms)
{
  m->state = state;
  m->since_ms = now_ms;
}

static bool seated(const struct crew *crew, unsigned seat)
{
  for (size_t i = 0; i < crew->n; i++)
    if (crew->at[i].seat == seat)
      return true;
  return false;
}

unsigned crew_free_seat(const struct crew *crew)
{
  unsigned seat = 0;
  while (seat < SEATS_MAX && seated(crew, seat))
    seat++;
  return seat < SEATS_MAX ? seat : NO_SEAT;
}

size_t crew_count(const struct crew *crew, enum member_state state)
{
  size_t n = 0;
  for (size_t i = 0; i < crew->n; i++)
    n += crew->at[i].state == state;
  return n;
}

struct member *crew_in(const struct crew *crew, unsigned slot, enum member_state state, unsigned generation)
{
  for (size_t i = 0; i < crew->n; i++) {
    struct member *m = &crew->at[i];
    if (m->slot == slot && m->state == state && (generation == 0 || m->generation == generation))
      return m;
  }
  return NULL;
}

bool crew_manned(const struct crew *crew, unsigned slot, unsigned generation)
{
  for (size_t i = 0; i < crew->n; i++) {
    const struct member *m = &crew->at[i];
    if (m->slot == slot && m->generation == generation &&
        (m->state == MEMBER_STARTING || (m->state == MEMBER_SERVING && !m->leaving)))
      return true;
  }
  return false;
}

uint64_t crew_duty(const struct crew *crew, const struct member *m)
{
  uint64_t serving = 0;
  size_t rank = 0, ranks = 0;
  for (size_t i = 0; i < crew->n; i++) {
    if (crew->at[i].state != MEMBER_SERVING)
      continue;
    serving |= UINT64_C(1) << crew->at[i].slot;
    if (&crew->at[i] == m)
      rank = ranks;
    ranks++;
  }
  if (m->state != MEMBER_SERVING || ranks == 0)
    return 0;
  uint64_t duty = UINT64_C(1) << m->slot;
  for (unsigned slot = 0, orphans = 0; slot < crew->n_slots; slot++)
    if (!(serving >> slot & 1) && orphans++ % ranks == rank)
      duty |= UINT64_C(1) << slot;
  return duty;
}

uint64_t crew_failed(struct crew *crew, unsigned slot, uint64_t lived_ms, uint64_t now_ms)
{
  struct slot *s = &crew->slots[slot];
  s->failures = lived_ms < CREW_YOUNG_MS ? s->failures + 1 : 0;
  uint64_t pause = 0;
  if (s->failures > 1) {
    unsigned doublings = s->failures - 2 < 8 ? s->failures - 2 : 8;
    pause = (uint64_t)CREW_PAUSE_MS << doublings;
  }
  if (pause > CREW_PAUSE_MOST_MS)
    pause = CREW_PAUSE_MOST_MS;
  s->start_at_ms = now_ms + pause;
  return pause;
}
