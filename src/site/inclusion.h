/* What an author may put into a page from elsewhere in the capsule: another map, a listing's header or footer. Other
 * directories may be other authors', and their readers others than those of the page. Blocks on the disk. */
#ifndef NUNCIO_SITE_INCLUSION_H
#define NUNCIO_SITE_INCLUSION_H

#include "base/buf.h"
#include "base/str.h"
#include "site/listing.h"
#include "site/resolve.h"

enum inclusion {
  INCLUSION_FINE,
  INCLUSION_HIDDEN,      /* it has a hidden name, and is not in the page's own directory */
  INCLUSION_OTHER_USERS, /* a user's page is made of that user's files alone */
  INCLUSION_GUARDED,     /* it may not be for everybody who sees the page */
};

/* Appends the raw path of what an author names in the page of a directory: from there or, where it begins with a slash,
 * from the capsule's root; dot segments are resolved, nothing is decoded. ERR_OUTSIDE, ERR_FULL, ERR_NOMEM. */
int inclusion_path(struct str directory, struct str as_written, struct buf *out) __attribute__((warn_unused_result));

/* Whether the page of a directory may hold what is at `path`; both raw as uri_path makes them, the directory with its
 * slash. `options` are those of its listing: they know the gates. */
enum inclusion inclusion_allowed(const struct root *root, const struct listing_options *options, struct str directory,
                                 struct str path);

#endif
