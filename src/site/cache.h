/* A bounded cache of pages by name; the one that was not asked for the longest goes first. */
#ifndef NUNCIO_SITE_CACHE_H
#define NUNCIO_SITE_CACHE_H

#include <stddef.h>

#include "base/str.h"
#include "site/page.h"

struct cache;

/* A cache of at most `max` bytes, names and its own bookkeeping included. NULL when memory is short. */
struct cache *cache_open(size_t max);

/* NULL is fine. Pages that others hold live on. */
void cache_close(struct cache *c);

/* The page of that name, or NULL. Borrowed until the next call that changes the cache: take a reference to keep it. It
 * counts as used just now. */
struct page *cache_get(struct cache *c, struct str key);

/* Puts a page under a name (copied), in the place of what was there, and takes a reference of its own. One that is
 * larger than the whole cache, or for whose entry memory is short, is not kept: no error, since a cache promises
 * nothing. */
void cache_put(struct cache *c, struct str key, struct page *page);

/* Forgets everything. */
void cache_clear(struct cache *c);

/* The bytes accounted for, and the number of pages. */
size_t cache_used(const struct cache *c);
size_t cache_count(const struct cache *c);

#endif
