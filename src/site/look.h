/* From a path to what answers it: a file, an index, a listing, an overview's tree, or nothing. */
#ifndef NUNCIO_SITE_LOOK_H
#define NUNCIO_SITE_LOOK_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/str.h"
#include "site/request.h"
#include "site/resolve.h"
#include "site/trail.h"

enum found_kind {
  FOUND_FILE,    /* the open file `fd` */
  FOUND_SLASH,   /* a directory or tree that was asked for without its slash: `page` is where it is (G16) */
  FOUND_MAP,     /* a gophermap or a `.gph` menu that is to be translated to gemtext (P16): `file` */
  FOUND_DIALECT, /* a gophermap of gophernicus' dialect, whose page is made: `file`, for a menu where `menu` is set */
  FOUND_LISTING, /* a directory without an index: `file`, the same as `page` */
  FOUND_TREE,    /* a page of the overview whose document is `file` */
};

/* What a look came to. look_init before the first use; look_free gives back what is inside. */
struct found {
  enum found_kind kind;
  struct buf page;     /* the raw path of the page itself, with a slash where it is a directory's */
  struct buf file;     /* the raw path of the file (or directory) that it is made from */
  struct str point;    /* FOUND_TREE: whose page (`3`), a span into `page`; empty: the overview's */
  int fd;              /* FOUND_FILE: owned, -1 where there is none */
  struct bytes *bytes; /* FOUND_FILE: owned; all of it, or NULL (see look_read) */
  struct stat st;      /* of `file` */
  struct str guess;    /* FOUND_FILE without a suffix: the type that its content suggests (G20); static */
  bool menu;           /* FOUND_FILE: a gophermap that stands for its directory, or a `.gph` menu; see FOUND_DIALECT */
  struct buf shadowed; /* the raw path of an overview's document that is not served as a tree because something real has
                          its name; empty where there is none */
  struct trail trail;  /* all that the disk was asked for it (but about `shadowed`), tidied */
};

void look_init(struct found *f);
void look_free(struct found *f);

/* Looks up a raw path beneath `root`. With RESOLVE_CACHED_ONLY it never waits for a disk: ERR_AGAIN, and
 * then the same is to be asked from the pool. ERR_NOT_FOUND (hidden names too, G23), ERR_OUTSIDE, ERR_DENIED,
 * ERR_SPECIAL, ERR_LIMIT for a page of a document larger than OVERVIEW_MAX, ERR_BUSY, ERR_NOMEM, ERR_IO. What *out held
 * before is given back. Touches nothing shared. */
int look_at(const struct root *root, struct str path, enum representation representation, unsigned flags,
            struct found *out) __attribute__((warn_unused_result));

/* Reads a regular file of `most` bytes or less that was found, into `bytes`, and closes it. Does nothing for all else.
 * ERR_AGAIN: with RESOLVE_CACHED_ONLY it would have to wait for a disk; or the file became shorter meanwhile, and the
 * look is to be repeated. ERR_NOMEM, ERR_IO. Then *f is still to be freed. */
int look_read(struct found *f, uint64_t most, unsigned flags) __attribute__((warn_unused_result));

/* The last segment of a raw path, without a slash at its end. */
struct str look_name(struct str path);

#endif
