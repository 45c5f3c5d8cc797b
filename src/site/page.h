/* What was made from a file: its bytes, a rendered page, a parsed document, the entries of a listing. Counted, so that
 * the cache, a job in the pool and an answer can hold it side by side. */
#ifndef NUNCIO_SITE_PAGE_H
#define NUNCIO_SITE_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "site/cache.h"
#include "site/listing.h"
#include "site/resolve.h"
#include "text/overview.h"

/* What a page holds does not change, so that a pool job may read it. The owner of a page that is still being made sets
 * its members. */
struct page {
  struct cached held;        /* first */
  struct bytes *bytes;       /* the file, or the rendered page, or NULL */
  struct overview *document; /* a parsed overview, or NULL */
  struct listing *listing;   /* what a listing showed, or NULL */
  struct file_id id;         /* the file or directory that it was made from */
  uint64_t made;             /* the env's clock, in milliseconds, before anything was looked at */
  bool settled;              /* false: made from a file that had changed a moment before (see file_settled) */
  bool lasting; /* `id` says all that there is to say about its sources (a listing shows the titles of other files) */
  bool plain;   /* a listing of names that were not looked at */
  bool named;   /* its links say by their names what they lead to: a page of an overview's tree */
};

/* An empty page with one reference; NULL when memory is short. */
struct page *page_make(void);

struct page *page_ref(struct page *p);
void page_unref(struct page *p); /* NULL is fine */

/* The memory that a page stands for, in bytes. */
size_t page_cost(const struct page *p);

/* Whether a parsed document still stands for a file that shows `id` now. */
bool page_trusted(const struct page *p, const struct file_id *id);

#endif
