/* What was made from a file: counting references, and whether it can still be believed. */
#include "site/page.h"

#include <stdlib.h>

static void page_destroy(struct cached *held)
{
  struct page *p = (struct page *)held;
  bytes_unref(p->bytes);
  overview_free(p->document);
  listing_free(p->listing);
  free(p);
}

struct page *page_make(void)
{
  struct page *p = calloc(1, sizeof *p);
  if (p)
    cached_init(&p->held, page_destroy);
  return p;
}

struct page *page_ref(struct page *p)
{
  cached_ref(&p->held);
  return p;
}

void page_unref(struct page *p)
{
  if (p)
    cached_unref(&p->held);
}

size_t page_cost(const struct page *p)
{
  size_t cost = cache_block(sizeof *p);
  if (p->bytes)
    cost += cache_block(sizeof *p->bytes) + cache_block(p->bytes->n);
  if (p->document)
    cost += overview_size(p->document);
  if (p->listing)
    cost += listing_size(p->listing);
  return cost;
}

bool page_trusted(const struct page *p, const struct file_id *id)
{
  return p->settled && file_id_eq(&p->id, id);
}
