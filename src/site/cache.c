/* A bounded cache: a hash table, and a list from what was used last to what is to be given up first. */
#include "site/cache.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "site/hash.h"

/* 32 MiB of the smallest pages are some 60,000 entries: eight to a bucket. */
enum { BUCKETS = 8192 };

/* glibc's: a header of eight bytes, and sizes in steps of sixteen. */
enum { BLOCK_HEAD = 8, BLOCK_STEP = 16 };

struct slot {
  struct cache *cache;
  struct slot *next;          /* in its bucket */
  struct slot *newer, *older; /* by last use */
  struct cached *what;        /* one reference */
  size_t cost;
  uint64_t hash;
  size_t path_n;
  char kind;
  char path[];
};

struct cache {
  struct slot *bucket[BUCKETS];
  struct slot *newest, *oldest;
  size_t max, used, count;
};

void cached_init(struct cached *self, void (*destroy)(struct cached *self))
{
  *self = (struct cached){.refs = 1, .destroy = destroy};
}

void cached_ref(struct cached *self)
{
  self->refs++;
}

void cached_unref(struct cached *self)
{
  if (--self->refs == 0)
    self->destroy(self);
}

struct cache *cache_open(size_t max)
{
  struct cache *c = calloc(1, sizeof *c);
  if (c)
    c->max = max;
  return c;
}

static uint64_t hash_name(char kind, struct str path)
{
  return hash_str(hash_bytes(HASH_START, &kind, 1), path);
}

static struct slot *find(struct cache *c, char kind, struct str path, uint64_t hash)
{
  struct slot *e = c->bucket[hash % BUCKETS];
  while (e && !(e->hash == hash && e->kind == kind && str_eq(str_make(e->path, e->path_n), path)))
    e = e->next;
  return e;
}

static void unlink_use(struct cache *c, struct slot *e)
{
  *(e->newer ? &e->newer->older : &c->newest) = e->older;
  *(e->older ? &e->older->newer : &c->oldest) = e->newer;
}

static void link_newest(struct cache *c, struct slot *e)
{
  e->newer = NULL;
  e->older = c->newest;
  *(c->newest ? &c->newest->newer : &c->oldest) = e;
  c->newest = e;
}

/* Takes the entry out of both orders and gives it up. */
static void drop(struct cache *c, struct slot *e)
{
  struct slot **at = &c->bucket[e->hash % BUCKETS];
  while (*at && *at != e)
    at = &(*at)->next;
  if (*at)
    *at = e->next;
  unlink_use(c, e);
  c->used -= e->cost;
  c->count--;
  e->what->slot = NULL;
  cached_unref(e->what);
  free(e);
}

/* Gives up entries, the one used longest ago first, until what is left takes `most` bytes. */
static void make_room(struct cache *c, size_t most)
{
  for (struct slot *e = c->oldest, *newer; e && c->used > most; e = newer) {
    newer = e->newer;
    drop(c, e);
  }
}

struct cached *cache_get(struct cache *c, char kind, struct str path)
{
  struct slot *e = find(c, kind, path, hash_name(kind, path));
  if (!e)
    return NULL;
  if (e != c->newest) {
    unlink_use(c, e);
    link_newest(c, e);
  }
  return e->what;
}

void cache_put(struct cache *c, char kind, struct str path, struct cached *what, size_t cost)
{
  uint64_t hash = hash_name(kind, path);
  struct slot *old = find(c, kind, path, hash);
  if (old)
    drop(c, old);

  cost += cache_block(sizeof(struct slot) + path.n);
  if (what->slot || cost > c->max)
    return;
  struct slot *e = malloc(sizeof *e + path.n);
  if (!e)
    return;
  make_room(c, c->max - cost);

  *e = (struct slot){.cache = c, .what = what, .cost = cost, .hash = hash, .path_n = path.n, .kind = kind};
  if (path.n)
    memcpy(e->path, path.p, path.n);
  e->next = c->bucket[hash % BUCKETS];
  c->bucket[hash % BUCKETS] = e;
  link_newest(c, e);
  what->slot = e;
  cached_ref(what);
  c->used += cost;
  c->count++;
}

void cache_grow(struct cached *what, size_t bytes)
{
  struct slot *e = what->slot;
  if (!e)
    return;
  struct cache *c = e->cache;
  e->cost += bytes;
  c->used += bytes;
  if (e->cost > c->max)
    drop(c, e);
  make_room(c, c->max);
}

void cache_shrink(struct cached *what, size_t bytes)
{
  if (!what->slot)
    return;
  what->slot->cost -= bytes;
  what->slot->cache->used -= bytes;
}

void cache_drop(struct cached *what)
{
  if (what->slot)
    drop(what->slot->cache, what->slot);
}

void cache_clear(struct cache *c)
{
  make_room(c, 0);
}

void cache_close(struct cache *c)
{
  if (!c)
    return;
  cache_clear(c);
  free(c);
}

size_t cache_block(size_t n)
{
  return (n + BLOCK_HEAD + BLOCK_STEP - 1) / BLOCK_STEP * BLOCK_STEP;
}

size_t cache_used(const struct cache *c)
{
  return c->used;
}

size_t cache_count(const struct cache *c)
{
  return c->count;
}
