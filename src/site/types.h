/* Item types that only the disk could tell: looked up in the pool, and remembered for the next reader. */
#ifndef NUNCIO_SITE_TYPES_H
#define NUNCIO_SITE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

struct site;
struct types_job;

enum {
  TYPES_KNOWN = 256,            /* the oldest are forgotten */
  TYPES_NAMED = 1024,           /* the same for what its name tells; one takes the place of another */
  TYPES_WANTED = 64,            /* what one job looks up; more than that are not waited for */
  TYPES_WANTED_MAX = 64 * 1024, /* bytes of their names */
  TYPES_FRESH_MS = 1000,        /* an older one is still given, and looked up again */
};

struct known_type {
  char *path; /* raw; owned; NULL: none */
  char type;
  uint64_t looked; /* when, on the env's clock */
};

/* A look that found nothing but what the name tells: no path is kept for it, since strangers have any number of them.
 */
struct named_type {
  uint64_t hash;   /* of the path; 0: none */
  uint64_t looked; /* as above */
};

/* Part of a site; in the loop's thread only. One job at a time is in the pool, whatever strangers ask for. */
struct types {
  struct known_type known[TYPES_KNOWN];
  size_t next;
  struct named_type named[TYPES_NAMED]; /* by hash */
  struct buf wanted;                    /* raw paths for the next job, each ended by a NUL */
  unsigned n_wanted;
  struct types_job *job; /* in the pool, or NULL */
};

void types_init(struct types *t);

/* Forgets everything: another folder is served now, or none. A job on its way comes to nothing. */
void types_clear(struct types *t);

/* The type of what stands at a raw path without a slash at its end, as it was when the pool last looked (see
 * item_look); until then ITEM_AS_NAMED. *fresh: whether that was less than TYPES_FRESH_MS ago. Where it was not, the
 * pool is asked to look, nobody waits for it, and what is made of the answer is for one reader only. (The look warms
 * the kernel's cache as well, but not every kernel and file system answers from there.) */
char types_get(struct site *site, struct str raw, bool *fresh);

#endif
