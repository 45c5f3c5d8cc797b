/* A compact set of paths, found by name, by name in any case, and by what they are. */
#include "cmd/check_capsule_places.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "site/hash.h"

enum { FIRST_SLOTS = 1024 };

/* Offsets into the text are 32 bits wide. */
#define TEXT_MAX ((size_t)UINT32_MAX)

void places_init(struct places *p)
{
  *p = (struct places){.text = BUF_INIT(TEXT_MAX)};
}

void places_free(struct places *p)
{
  free(p->at);
  buf_free(&p->text);
  free(p->by_path.slot);
  free(p->by_folded.slot);
  free(p->by_id.slot);
  places_init(p);
}

struct str places_path(const struct places *p, uint32_t i)
{
  return str_make(p->text.p + p->at[i].path, p->at[i].path_n);
}

/* ---------------------------------------------------------------- the tables */

static uint64_t hash_path(struct str path)
{
  return hash_str(HASH_START, path);
}

static uint64_t hash_folded(struct str path)
{
  uint64_t hash = HASH_START;
  for (size_t i = 0; i < path.n; i++) {
    char c = path.p[i];
    if (c >= 'A' && c <= 'Z')
      c = (char)(c - 'A' + 'a');
    hash = hash_bytes(hash, &c, 1);
  }
  return hash;
}

static uint64_t hash_id(uint64_t device, uint64_t inode)
{
  return hash_bytes(hash_bytes(HASH_START, &device, sizeof device), &inode, sizeof inode);
}

static uint64_t hash_place(const struct places *p, const struct places_table *t, uint32_t i)
{
  if (t == &p->by_path)
    return hash_path(places_path(p, i));
  if (t == &p->by_folded)
    return hash_folded(places_path(p, i));
  return hash_id(p->at[i].device, p->at[i].inode);
}

static void put(struct places_table *t, uint64_t hash, uint32_t i)
{
  size_t at = hash & (t->cap - 1);
  while (t->slot[at] != PLACE_NONE)
    at = (at + 1) & (t->cap - 1);
  t->slot[at] = i;
}

/* Keeps a third of the slots free at least. */
static int grow(const struct places *p, struct places_table *t)
{
  if (t->n + 1 <= t->cap / 3 * 2)
    return 0;
  struct places_table larger = {.n = t->n, .cap = t->cap ? 2 * t->cap : FIRST_SLOTS};
  larger.slot = malloc(larger.cap * sizeof *larger.slot);
  if (!larger.slot)
    return ERR_NOMEM;
  memset(larger.slot, 0xff, larger.cap * sizeof *larger.slot); /* PLACE_NONE */
  for (size_t at = 0; at < t->cap; at++)
    if (t->slot[at] != PLACE_NONE)
      put(&larger, hash_place(p, t, t->slot[at]), t->slot[at]);
  free(t->slot);
  *t = larger;
  return 0;
}

static int insert(const struct places *p, struct places_table *t, uint32_t i)
{
  int err = grow(p, t);
  if (err)
    return err;
  put(t, hash_place(p, t, i), i);
  t->n++;
  return 0;
}

/* The next place whose slot could be that of the hash, from *at on; PLACE_NONE: no more. */
static uint32_t next(const struct places_table *t, size_t *at)
{
  if (t->cap == 0)
    return PLACE_NONE;
  *at &= t->cap - 1;
  return t->slot[(*at)++];
}

/* ---------------------------------------------------------------- places */

static int make_room(struct places *p)
{
  if (p->n < p->cap)
    return 0;
  size_t cap = p->cap ? p->cap + p->cap / 2 : FIRST_SLOTS;
  struct place *grown = cap < PLACE_NONE ? realloc(p->at, cap * sizeof *grown) : NULL;
  if (!grown)
    return cap < PLACE_NONE ? ERR_NOMEM : ERR_LIMIT;
  p->at = grown;
  p->cap = cap;
  return 0;
}

int places_add(struct places *p, struct str path, enum place_kind kind, uint32_t *i)
{
  int err = path.n <= UINT16_MAX ? make_room(p) : ERR_LIMIT;
  if (err)
    return err;
  size_t at = p->text.n;
  buf_put_str(&p->text, path);
  if (buf_error(&p->text))
    return buf_error(&p->text) == ERR_FULL ? ERR_LIMIT : buf_error(&p->text);
  p->at[p->n] = (struct place){.path = (uint32_t)at, .path_n = (uint16_t)path.n, .kind = (uint8_t)kind};
  *i = p->n++;
  err = insert(p, &p->by_path, *i);
  return err ? err : insert(p, &p->by_folded, *i);
}

int places_identify(struct places *p, uint32_t i, uint64_t device, uint64_t inode)
{
  p->at[i].device = device;
  p->at[i].inode = inode;
  return places_find_id(p, device, inode) == PLACE_NONE ? insert(p, &p->by_id, i) : 0;
}

uint32_t places_find(const struct places *p, struct str path)
{
  size_t at = hash_path(path);
  for (;;) {
    uint32_t i = next(&p->by_path, &at);
    if (i == PLACE_NONE || str_eq(places_path(p, i), path))
      return i;
  }
}

uint32_t places_find_id(const struct places *p, uint64_t device, uint64_t inode)
{
  size_t at = hash_id(device, inode);
  for (;;) {
    uint32_t i = next(&p->by_id, &at);
    if (i == PLACE_NONE || (p->at[i].device == device && p->at[i].inode == inode))
      return i;
  }
}

uint32_t places_find_other_case(const struct places *p, struct str path)
{
  size_t at = hash_folded(path);
  for (;;) {
    uint32_t i = next(&p->by_folded, &at);
    if (i == PLACE_NONE)
      return i;
    struct str other = places_path(p, i);
    if (p->at[i].kind != PLACE_NOTHING && str_eq_nocase(other, path) && !str_eq(other, path))
      return i;
  }
}

uint32_t places_real(const struct places *p, uint32_t i)
{
  const struct place *place = &p->at[i];
  if (!place->link || place->kind == PLACE_NOTHING)
    return i;
  uint32_t real = places_find_id(p, place->device, place->inode);
  return real == PLACE_NONE ? i : real;
}

uint32_t places_parent(const struct places *p, uint32_t i)
{
  struct str path = places_path(p, i);
  if (path.n <= 1)
    return PLACE_NONE;
  size_t slash = str_rfind(str_head(path, path.n - 1), '/');
  return places_find(p, str_head(path, slash + 1));
}

static int by_path(const void *a, const void *b, void *context)
{
  const struct places *p = context;
  return str_cmp(places_path(p, *(const uint32_t *)a), places_path(p, *(const uint32_t *)b));
}

uint32_t *places_sorted(const struct places *p)
{
  uint32_t *order = malloc(((size_t)p->n + 1) * sizeof *order);
  if (!order)
    return NULL;
  for (uint32_t i = 0; i < p->n; i++)
    order[i] = i;
  if (p->n > 1)
    qsort_r(order, p->n, sizeof *order, by_path, (void *)(uintptr_t)p);
  return order;
}
