/* What was made from a file: counting references, and whether it can still be believed. */
#include "site/page.h"

#include <stdlib.h>

struct page *page_make(void)
{
  struct page *p = calloc(1, sizeof *p);
  if (p)
    p->refs = 1;
  return p;
}

struct page *page_ref(struct page *p)
{
  p->refs++;
  return p;
}

void page_unref(struct page *p)
{
  if (!p || --p->refs > 0)
    return;
  bytes_unref(p->bytes);
  overview_free(p->document);
  listing_free(p->listing);
  free(p);
}

size_t page_cost(const struct page *p)
{
  size_t cost = sizeof *p;
  if (p->bytes)
    cost += sizeof *p->bytes + p->bytes->n;
  if (p->document)
    cost += overview_size(p->document);
  if (p->listing)
    cost += listing_size(p->listing);
  return cost;
}

bool page_trusted(const struct page *p, const struct file_id *id, uint64_t now)
{
  return p->settled && file_id_eq(&p->id, id) && (p->lasting || now - p->made < PAGE_TRUSTED_MS);
}
