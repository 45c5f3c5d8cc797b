/* Pages of gophermaps in gophernicus' dialect (P16): other maps and the directory's listing put in where a line asks
 * for them. Blocks on the disk, so they are made in the pool. */
#ifndef NUNCIO_SITE_MAP_H
#define NUNCIO_SITE_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "site/listing.h"
#include "site/mime.h"
#include "site/resolve.h"

enum {
  MAP_DEPTH_MAX = 8,           /* maps one within another */
  MAP_FILES_MAX = 100,         /* maps and lists of hosts or users in one page */
  MAP_BYTES_MAX = 1024 * 1024, /* of all its maps together */
  MAP_HIDDEN_MAX = 1000,       /* names that `-` hides */
  MAP_TYPES_MAX = 256,         /* suffixes with a type of their own */
  MAP_COMPLAINTS_MAX = 5,      /* about one page */
};

/* What is to be made. Borrowed during the call. */
struct map_order {
  const struct root *root;
  struct str file;  /* the raw path of the map */
  bool menu;        /* as a plain gophermap, for a menu; else as gemtext */
  bool unlisted;    /* the directory is not to be listed, whatever the map says */
  int64_t now_ns;   /* the wall time, now or a while ago: by it files have settled */
  struct str hosts; /* what `%` gives: lines of a plain gophermap */
  const struct mime *mime;
  const struct listing *previous; /* an earlier listing of the directory, or NULL */
  const struct listing_options *options;
  void (*put_in)(void *context, struct str path); /* told the raw path of each map that is put in; NULL: nobody is */
  void *context;
};

/* What came of it. */
struct map_made {
  struct buf page;
  struct listing *listing; /* what `*` listed, or NULL; owned */
  struct file_id id;       /* the map's */
  bool settled;            /* every file and directory had (see file_settled) */
  bool lasting;            /* the map's id says all */
  struct buf
      complaints; /* for the author: in turn a place (`FILE:LINE`, or `FILE`) and a sentence, each ended by a NUL */
};

/* Makes the page; *made is to be given back in any case. What a line asks for in vain is left out and complained of: a
 * map that is not there, is not for everybody who may see the page (see struct listing_options), includes itself, goes
 * beyond the bounds above, or is a program (everybody may execute it). ERR_NOMEM, ERR_FULL, ERR_LIMIT where the map
 * itself is too large, and what resolve_open says of it. */
int map_make(const struct map_order *order, struct map_made *made) __attribute__((warn_unused_result));
void map_made_free(struct map_made *made);

#endif
