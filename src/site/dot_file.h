/* One `.nuncio` or `.meta` file as it was understood, and the shelf on which a site keeps what it has understood: to
 * parse a thousand sections takes 25 ms, and strangers may ask for as many paths beneath them as they like. */
#ifndef NUNCIO_SITE_DOT_FILE_H
#define NUNCIO_SITE_DOT_FILE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/str.h"
#include "site/resolve.h"
#include "text/rules.h"

enum {
  DOT_SHELF_PLACES = 2 * 33,         /* as many as one page may have, of both kinds (DOT_RULES_DEPTH_MAX) */
  DOT_SHELF_BYTES = 8 * 1024 * 1024, /* of all that is kept, about */
};

/* Does not change once it is made. Counted, in any thread. */
struct dot_file {
  atomic_uint refs;
  uint64_t used; /* the shelf's */
  struct file_id id;
  struct rules rules;   /* owned */
  size_t pattern_bytes; /* of all its patterns */
  size_t rule_steps;    /* what all its rules cost whatever the path, as dot_rules_steps counts */
  size_t byte_steps;    /* and for each byte of the path */
  int err;              /* 0, or ERR_SYNTAX: then there are no rules */
  char *path;           /* owned: raw */
  char *why;            /* owned: a sentence for the author; "" */
};

/* A file with one reference. Takes what is in *rules in any case. NULL when memory is short. */
struct dot_file *dot_file_make(struct str path, const struct file_id *id, struct rules *rules, int err, struct str why);
void dot_file_unref(struct dot_file *f); /* NULL is fine */

struct dot_shelf {
  pthread_mutex_t lock; /* held for a look along the places, never while anything waits */
  struct dot_file *place[DOT_SHELF_PLACES];
  uint64_t uses;
};

void dot_shelf_init(struct dot_shelf *s);
void dot_shelf_clear(struct dot_shelf *s); /* at the end, when nobody else uses it */

/* What is known of this version of a file, with a reference for the caller; NULL: nothing. In any thread, as is the
 * other one. */
struct dot_file *dot_shelf_find(struct dot_shelf *s, struct str path, const struct file_id *id);

/* Keeps a file, with a reference of the shelf's own, in the place of its other versions and of those that nobody has
 * used for longest. */
void dot_shelf_keep(struct dot_shelf *s, struct dot_file *f);

#endif
