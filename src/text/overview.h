/* Overviews: a plain-text document with a title, perhaps a date, and numbered points, as a small tree of gemtext pages.
 * Pure. */
#ifndef NUNCIO_TEXT_OVERVIEW_H
#define NUNCIO_TEXT_OVERVIEW_H

#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

/* The name of such a document ends with this; what stands before it names the tree. */
#define OVERVIEW_SUFFIX ".overview.txt"

enum {
  OVERVIEW_MAX = 8 * 1024 * 1024,       /* above this a document is served as plain text only */
  OVERVIEW_HEAD = 4096,                 /* what overview_summary needs of it */
  OVERVIEW_POINTS_MAX = 65536,          /* further numbers are text of the last point */
  OVERVIEW_PAGE_MAX = 4 * OVERVIEW_MAX, /* room for any page made from a document: its text threefold where all of it
                                           is U+FFFD, and a link of ours for each point */
};

/* A parsed document. It owns a cleaned copy of its text; immutable, so that threads may read it side by side. */
struct overview;

/* Parses `source` (at most OVERVIEW_MAX bytes; borrowed for the call only). `name` is NAME, shown where the document
 * has no title of its own. ERR_LIMIT, ERR_NOMEM; every text is a document, if one without points. Linear in the length
 * of the text. */
int overview_parse(struct str source, struct str name, struct overview **out) __attribute__((warn_unused_result));
void overview_free(struct overview *o);

/* The bytes that were not UTF-8 and are U+FFFD now: worth a warning. */
size_t overview_replaced(const struct overview *o);

/* The memory that the document takes, in bytes, for a cache's accounting. */
size_t overview_size(const struct overview *o);

struct str overview_title(const struct overview *o); /* never empty unless name was */
size_t overview_points(const struct overview *o);    /* 0: its page is its text */

/* The name of point i's page without the suffix: plain digits (`3`), a repeated number `3-2`. Lives as long as the
 * document. */
struct str overview_page_name(const struct overview *o, size_t i);

/* The number as the source has it: `1.`, `(1)`, `１．`. */
struct str overview_number(const struct overview *o, size_t i);

/* A number that no point has, because it is written in another style than theirs (`2)` between `1.` and `3.`), so that
 * its text belongs to the point before. */
struct overview_stray {
  unsigned value;
  size_t line;       /* of the source, from 1; a form feed ends a line too */
  struct str number; /* as the source has it; lives as long as the document */
};

/* How many there are, and in *first the first one. Never sure: a hint to the author. Linear in the length of the text.
 */
size_t overview_strays(const struct overview *o, struct overview_stray *first);

/* Which point's page is called `page` (without .gmi), or -1. Constant or logarithmic time. */
long overview_find(const struct overview *o, struct str page);

/* Appends the overview's page: title, date, lead, one link for every point, what stands after the last point, the link
 * `source` (a relative reference, percent-encoded) to the plain text, and `Back to Index` leading to `../`. Links to
 * points are relative (`1.gmi`). 0 or the buffer's error. */
int overview_put_page(const struct overview *o, struct str source, struct buf *out) __attribute__((warn_unused_result));

/* Appends the page of point i: the overview's title, the number, the whole text, previous and next where they exist,
 * the way up (`./`). 0 or the buffer's error. */
int overview_put_point(const struct overview *o, size_t i, struct buf *out) __attribute__((warn_unused_result));

/* For listings: the title (appended to `title`, UTF-8, one line) and the ISO date ("" where there is none) that the
 * first OVERVIEW_HEAD bytes of a document show. */
int overview_summary(struct str head, struct str name, struct buf *title, char date[11])
    __attribute__((warn_unused_result));

#endif
