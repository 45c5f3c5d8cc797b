/* A bounded cache of things by name; the one that was not asked for the longest goes first. */
#ifndef NUNCIO_SITE_CACHE_H
#define NUNCIO_SITE_CACHE_H

#include <stddef.h>

#include "base/str.h"

/* What can be kept in a cache and held by others side by side. The first member of its owner's struct; starts with one
 * reference. The count is not atomic: it is changed in the loop's thread only. */
struct cached {
  unsigned refs;
  struct slot *slot; /* its place in a cache, or NULL; the cache's own */
  void (*destroy)(struct cached *self);
};

void cached_init(struct cached *self, void (*destroy)(struct cached *self));
void cached_ref(struct cached *self);
void cached_unref(struct cached *self); /* the last one destroys */

struct cache;

/* A cache of at most `max` bytes, names and its own bookkeeping included; with 0 it keeps nothing. NULL when memory is
 * short. */
struct cache *cache_open(size_t max);

/* NULL is fine. What others hold lives on. */
void cache_close(struct cache *c);

/* What is kept under that name (a kind, and a path), or NULL. Borrowed until the next call that changes the cache: take
 * a reference to keep it. It counts as used just now. */
struct cached *cache_get(struct cache *c, char kind, struct str path);

/* Keeps something that is in no cache yet under a name (the path is copied), in the place of what was there, and takes
 * a reference of its own. `cost` is the memory that it stands for, in bytes. What is larger than the whole cache, or
 * for whose place memory is short, is not kept: no error, since a cache promises nothing. */
void cache_put(struct cache *c, char kind, struct str path, struct cached *what, size_t cost);

/* It has grown by so many bytes; others, or itself, may have to go. Nothing where it is in no cache. */
void cache_grow(struct cached *what, size_t bytes);

/* The same for one that shrank. */
void cache_shrink(struct cached *what, size_t bytes);

/* Forgets one thing; all of them. */
void cache_drop(struct cached *what);
void cache_clear(struct cache *c);

/* What a block of n bytes costs, with what the allocator adds. */
size_t cache_block(size_t n);

/* The bytes accounted for, and the number of things: asked by tests. */
size_t cache_used(const struct cache *c);
size_t cache_count(const struct cache *c);

#endif
