/* A bounded cache: a hash table, and a list from the page used last to the one to be given up first. */
#include "site/cache.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "site/hash.h"

/* 32 MiB of the smallest pages are some 80,000 entries: ten to a bucket. */
enum { BUCKETS = 8192 };

struct slot {
  struct slot *next;          /* in its bucket */
  struct slot *newer, *older; /* by last use */
  struct page *page;          /* one reference */
  size_t cost;
  uint64_t hash;
  size_t key_n;
  char key[];
};

struct cache {
  struct slot *bucket[BUCKETS];
  struct slot *newest, *oldest;
  size_t max, used, count;
};

struct cache *cache_open(size_t max)
{
  struct cache *c = calloc(1, sizeof *c);
  if (c)
    c->max = max;
  return c;
}

static struct slot *find(struct cache *c, struct str key, uint64_t hash)
{
  struct slot *e = c->bucket[hash % BUCKETS];
  while (e && !(e->hash == hash && str_eq(str_make(e->key, e->key_n), key)))
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
  page_unref(e->page);
  free(e);
}

/* Gives up pages, the one used longest ago first, until what is left takes `most` bytes. */
static void make_room(struct cache *c, size_t most)
{
  for (struct slot *e = c->oldest, *newer; e && c->used > most; e = newer) {
    newer = e->newer;
    drop(c, e);
  }
}

struct page *cache_get(struct cache *c, struct str key)
{
  struct slot *e = find(c, key, hash_str(HASH_START, key));
  if (!e)
    return NULL;
  unlink_use(c, e);
  link_newest(c, e);
  return e->page;
}

void cache_put(struct cache *c, struct str key, struct page *page)
{
  uint64_t hash = hash_str(HASH_START, key);
  struct slot *old = find(c, key, hash);
  if (old)
    drop(c, old);

  size_t cost = sizeof(struct slot) + key.n + page_cost(page);
  if (cost > c->max)
    return;
  struct slot *e = malloc(sizeof *e + key.n);
  if (!e)
    return;
  make_room(c, c->max - cost);

  *e = (struct slot){.page = page_ref(page), .cost = cost, .hash = hash, .key_n = key.n};
  if (key.n)
    memcpy(e->key, key.p, key.n);
  e->next = c->bucket[hash % BUCKETS];
  c->bucket[hash % BUCKETS] = e;
  link_newest(c, e);
  c->used += cost;
  c->count++;
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

size_t cache_used(const struct cache *c)
{
  return c->used;
}

size_t cache_count(const struct cache *c)
{
  return c->count;
}
