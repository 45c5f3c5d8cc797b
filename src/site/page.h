/* What was made from a file: a rendered page, a parsed document, the labels of a listing. Counted, so that the cache,
 * a job in the pool and a body can hold it side by side. */
#ifndef NUNCIO_SITE_PAGE_H
#define NUNCIO_SITE_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "site/listing.h"
#include "site/resolve.h"
#include "text/overview.h"

/* What a page holds does not change, so that a pool job may read it; the count is not atomic and is changed in the
 * loop's thread only. The owner of a page that is still being made sets its members. */
struct page {
  unsigned refs;
  struct bytes *bytes;       /* the rendered page, or NULL */
  struct overview *document; /* a parsed overview, or NULL */
  struct listing *listing;   /* what a listing showed, or NULL */
  struct file_id id;         /* the file or directory that it was made from */
  bool settled;              /* false: made from a file that had changed a moment before (see file_settled) */
  bool lasting;              /* true: `id` says all that there is to say about its sources */
  uint64_t made;             /* the env's clock, in milliseconds, before anything was looked at */
};

/* A page that is not lasting (a listing shows the titles of files that are not looked at again) is believed for this
 * long. */
enum { PAGE_TRUSTED_MS = 1000 };

/* An empty page with one reference; NULL when memory is short. */
struct page *page_make(void);

struct page *page_ref(struct page *p);
void page_unref(struct page *p); /* NULL is fine */

/* The memory that a page stands for, in bytes. */
size_t page_cost(const struct page *p);

/* Whether the page still stands for a file that shows `id` now. */
bool page_trusted(const struct page *p, const struct file_id *id, uint64_t now);

#endif
