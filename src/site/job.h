/* What a build does in the pool: one listing, one translated map, or one page of an overview's tree. */
#ifndef NUNCIO_SITE_JOB_H
#define NUNCIO_SITE_JOB_H

#include "base/str.h"
#include "site/dot_rules.h"
#include "site/listing.h"
#include "site/look.h"
#include "site/page.h"
#include "site/resolve.h"
#include "site/trail.h"

/* Embedded in its build. Between job_init and the return of job_run nobody else touches it. */
struct job {
  enum found_kind kind;
  int64_t now_ns;          /* the wall time when it was asked for: by it files have settled */
  const struct root *root; /* whoever owns the job holds the site whose it is */
  char *text;              /* owned: what the spans point into */
  struct str file;         /* as in struct found */
  struct str point;
  struct str title; /* FOUND_LISTING; and how it is to be made */
  struct listing_options options;
  bool menu, unlisted; /* FOUND_DIALECT: as in struct map_order, and so is `hosts`, which is the site's */
  struct str hosts;
  const struct mime *mime; /* one reference, or NULL */
  struct dot_rules *dots;  /* one reference, or NULL: what `options` may speak of */
  struct trail dots_trail; /* as in struct build_wait, a copy; checked when all has been read */
  struct page *prior;      /* one reference: a parsed document, an earlier listing, or NULL; only read */
  /* What came of it, one reference each. */
  int err;               /* of the document, or of all there is; ERR_AGAIN: other rules may hold by now */
  int page_err;          /* FOUND_TREE: of this page alone */
  struct page *document; /* parsed by this job, or NULL */
  struct page *page;     /* the rendered page, or NULL */
  struct buf complaints; /* FOUND_DIALECT, FOUND_LISTING: as in struct map_made */
};

/* Makes a job for what was found; `now_ns` is the wall time. In the loop's thread, since it takes a reference on
 * `prior` and one on `dots`. The names in `options` are copied; its rules must stay as long as the site and `dots`. The
 * trail is empty at first. */
int job_init(struct job *j, const struct found *found, const struct root *root, int64_t now_ns, struct str site_title,
             struct page *prior, const struct listing_options *options, struct dot_rules *dots)
    __attribute__((warn_unused_result));

/* In a pool thread. */
void job_run(struct job *j);

/* In the loop's thread. */
void job_free(struct job *j);

#endif
