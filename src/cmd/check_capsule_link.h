/* Where a link leads, by its words alone: out of the capsule, or to which paths in it. */
#ifndef NUNCIO_CMD_CHECK_CAPSULE_LINK_H
#define NUNCIO_CMD_CHECK_CAPSULE_LINK_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "config/settings.h"
#include "text/gophermap.h"

enum link_kind {
  LINK_ELSEWHERE, /* another host, or a scheme that is not ours: nothing is known of it */
  LINK_INSIDE,    /* a path of this capsule */
  LINK_OURS,      /* the same by way of a URL or of a host: the reader leaves and comes back, perhaps by the other
                     protocol */
  LINK_UNSAFE,    /* a scheme that no reader should follow (P12) */
  LINK_BAD,       /* no address at all */
};

enum { LINK_READINGS = 2 };

/* Embedded in its owner; link_init before the first use, link_free in the end. */
struct link {
  enum link_kind kind;
  struct str path[LINK_READINGS]; /* raw, to be tried in this order; spans into `text` */
  unsigned n;                     /* 0: no path can be what it says; `err` is why */
  int err;
  struct buf text;
};

void link_init(struct link *link);
void link_free(struct link *link);

/* Works out a gemtext link line's target on the page at the raw path `page`. `site` has the names that are ours. 0 or
 * ERR_NOMEM. */
int link_of_gemtext(struct link *link, const struct site_settings *site, struct str page, struct str target)
    __attribute__((warn_unused_result));

/* The same for a gophermap's item, in the directory at the raw path `directory`. */
int link_of_item(struct link *link, const struct site_settings *site, struct str directory,
                 const struct gophermap_line *item) __attribute__((warn_unused_result));

#endif
