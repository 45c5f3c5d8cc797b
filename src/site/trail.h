/* What a look asked of the disk, and what it was told: as long as the answers are the same, so is what it came to. */
#ifndef NUNCIO_SITE_TRAIL_H
#define NUNCIO_SITE_TRAIL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/str.h"
#include "site/resolve.h"

/* Embedded in its owner. Two trails of the same answers hold the same bytes. */
struct trail {
  struct buf steps; /* packed: see trail.c */
  bool broken;      /* an answer that cannot be asked for again (a refusal, no memory): it tells nothing */
};

void trail_init(struct trail *t);
void trail_free(struct trail *t);
void trail_move(struct trail *to, struct trail *from); /* *to is overwritten, *from empty afterwards */

/* Notes an answer about a raw path: `err` is what resolve_stat or resolve_open said, *st what they filled in where that
 * is 0. A file is known by its id; a directory is only known to be this one, since most looks do not mind what is
 * in it. */
void trail_note(struct trail *t, struct str path, int err, const struct stat *st);

/* Notes that nothing is there, not even a symbolic link that leads nowhere: what resolve_stat said with
 * RESOLVE_LINK_ITSELF. */
void trail_note_absence(struct trail *t, struct str path);

/* The same as trail_note for a directory that is shown: what is in it counts. */
void trail_note_content(struct trail *t, struct str path, int err, const struct stat *st);

/* Appends what is on another trail, which stays as it is. */
void trail_join(struct trail *t, const struct trail *more);

/* Leaves out what follows from the rest: where NAME is not there, NAME/index.gmi is not either. To be called before a
 * trail is compared or kept. */
void trail_tidy(struct trail *t);

/* Whether all files on it had settled at the wall time `now_ns` (file_settled), so that none of them can change without
 * showing it. */
bool trail_settled(const struct trail *t, int64_t now_ns);

bool trail_eq(const struct trail *a, const struct trail *b);

/* Asks everything again beneath `root`, until one answer differs. 0: all as it was. ERR_NOT_FOUND:
 * something has changed. ERR_AGAIN (only with RESOLVE_CACHED_ONLY): it cannot be told without waiting. */
int trail_check(const struct trail *t, const struct root *root, unsigned flags) __attribute__((warn_unused_result));

#endif
