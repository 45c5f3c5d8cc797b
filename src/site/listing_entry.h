/* One entry of a listing: what it is, and the title and date that its content shows. */
#ifndef NUNCIO_SITE_LISTING_ENTRY_H
#define NUNCIO_SITE_LISTING_ENTRY_H

#include <stdbool.h>

#include "site/listing.h"

/* What all entries of one directory share while it is read. */
struct entry_context {
  const struct root *root; /* borrowed */
  int directory;           /* the same: a descriptor */
  struct buf path;         /* of the directory, with its slash; an entry's name is added while it is looked at */
  size_t path_n;           /* the directory's part of it */
  int64_t now_ns;          /* the wall time that it began at, or earlier */
  const struct listing *previous;
  const struct listing_options *options; /* borrowed */
  const struct rule *gates[2];           /* the directory's own, by the settings' rules and by the capsule's files */
  uint64_t steps;                        /* spent on comparing paths with the files' patterns */
  struct buf title;                      /* scratch */
  int err;                               /* what kept an entry from being what it would be (ERR_NOMEM), or 0 */
};

/* ERR_NOMEM, ERR_FULL; listing_entry_end afterwards in any case. That one says ERR_NOMEM where an entry had to go
 * without what belongs to it: such a listing must not be shown, and not be kept. */
int listing_entry_begin(struct entry_context *c, const struct root *root, int directory, struct str path,
                        int64_t now_ns, const struct listing *previous, const struct listing_options *options)
    __attribute__((warn_unused_result));
int listing_entry_end(struct entry_context *c) __attribute__((warn_unused_result));

/* The rules that let visitors in at a path: by the settings, and by the files of the capsule that are known. */
void listing_entry_gates(const struct listing_options *options, struct str path, const struct rule *gates[2]);

/* Whether everybody who has passed those gates may see what this path leads to: no other one is before it, and no rule
 * has something else answered in its place. */
bool listing_entry_as_open(const struct listing_options *options, const struct rule *const gates[2], struct str path);

/* Whether it is the name of an overview's document. */
bool listing_entry_is_document(struct str name);

/* Fills in an entry of l; the entries must come in the order of their names. False where it is not to be shown: not a
 * file or directory, not readable, a link that leaves the capsule or leads nowhere. */
bool listing_entry_look(struct entry_context *c, struct listing *l, struct entry *e);

#endif
