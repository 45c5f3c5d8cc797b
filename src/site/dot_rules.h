/* Rules that files of the capsule set: an author's `.nuncio`, and agate's `.meta`. */
#ifndef NUNCIO_SITE_DOT_RULES_H
#define NUNCIO_SITE_DOT_RULES_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "site/dot_file.h"
#include "site/resolve.h"
#include "site/trail.h"
#include "text/rules.h"

enum {
  DOT_RULES_FILE_MAX = 64 * 1024, /* bytes of one file */
  DOT_RULES_DEPTH_MAX = 32,       /* directories beneath the first one that are asked for such files */
  DOT_RULES_LOOP_MAX = 2048,      /* more bytes of patterns are not compared with the path of a request in the loop:
                                   * 60 KiB of stars and letters take 100 ms */
};

/* Reads the text of a `.nuncio` in the directory `under`; given by whoever opens the site, since the settings' grammar
 * is not the site's. In any thread. ERR_SYNTAX: *why says in which line what was expected (`3: expected ...`). */
typedef int dot_rules_reader(struct str text, struct str under, struct rules *out, struct buf *why);

/* What a site reads. */
struct dot_rules_kinds {
  dot_rules_reader *nuncio; /* NULL: none, nowhere */
  bool meta;                /* agate's, everywhere */
};

/* What was read for one page. Counted in the loop's thread; the rules themselves do not change. */
struct dot_rules {
  unsigned refs;
  struct rules rules; /* from the root's to the page's own directory's; borrowed from `file` but for the array */
  struct dot_file *file[DOT_SHELF_PLACES]; /* one reference each */
  size_t n_files;
  size_t pattern_bytes; /* of all of them */
  size_t rule_steps;    /* as in struct dot_file, as is the next one */
  size_t byte_steps;
};

/* How a site reads them. Borrowed during a call. */
struct dot_rules_order {
  const struct root *root;
  const struct dot_rules_kinds *kinds;
  const struct rules *settings; /* they say where a `.nuncio` holds */
  struct dot_shelf *shelf;
  int64_t now_ns; /* the wall time, now or a while ago */
};

/* Finds the rules of all directories on the way to a raw path: `.nuncio` where the settings file's rules allow it. *out
 * is NULL where there are none; *why may be a sentence for the owner all the same. What was asked of the disk goes on
 * the trail, which must be empty. ERR_SYNTAX: *why is a sentence for the author, with the file and the line;
 * ERR_NOT_FOUND: directories deeper than any are; ERR_AGAIN: a file was changed meanwhile, or, with
 * RESOLVE_CACHED_ONLY, one would have to be waited for or parsed; ERR_NOMEM; and what resolve_open says. */
int dot_rules_read(const struct dot_rules_order *order, struct str path, unsigned flags, struct trail *trail,
                   struct dot_rules **out, struct buf *why) __attribute__((warn_unused_result));

/* About how many steps it takes to lay all rules over a path, a step being a byte that is compared; 0 for NULL. A
 * thousand million are a second or two. */
uint64_t dot_rules_steps(const struct dot_rules *d, struct str path);

/* Whether a directory (a raw path with its slash) may have rules of its own, in a `.nuncio` or in a `.meta`, as far as
 * either counts: nobody can say that there is none. It is not read. */
bool dot_rules_may_stand(const struct root *root, struct str directory, bool nuncio, bool meta);

struct dot_rules *dot_rules_ref(struct dot_rules *d); /* NULL is fine */
void dot_rules_unref(struct dot_rules *d);            /* the same */

#endif
