/* Listings: a directory as a page of gemtext. Blocks on the disk, so it is made in the pool. */
#ifndef NUNCIO_SITE_LISTING_H
#define NUNCIO_SITE_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "site/label.h"
#include "site/resolve.h"
#include "text/rules.h"

enum {
  LISTING_LABELLED = 2000,  /* more entries than this: plain names, and no file is looked into; a document's tree is
                               linked if no other name hides it */
  LISTING_ENTRIES = 100000, /* more than this are not shown, and the page says so */
  LISTING_PAGE_MAX = 128 * 1024 * 1024,
};

enum entry_kind {
  ENTRY_DIRECTORY, /* linked with a slash; its label is that of its index */
  ENTRY_GEMTEXT,   /* its first heading */
  ENTRY_OVERVIEW,  /* a document and its tree: one entry, which links to the tree */
  ENTRY_FILE,      /* name and size */
};

/* One line of a listing. Names and titles are kept as positions in the listing's `text`. */
struct entry {
  enum entry_kind kind;
  size_t name, name_n;   /* raw, without a slash */
  size_t title, title_n; /* from the content, readable; empty: none */
  char date[LABEL_DATE]; /* ISO, or "" */
  uint64_t size;
  int64_t modified_ns; /* nanoseconds since 1970; 0 in a plain one */
  unsigned char type;  /* what readdir said: DT_DIR, DT_LNK, ... */
  struct file_id read; /* the file that title and date were read from; all zero: none */
  bool settled;        /* false: that file had changed a moment before it was read */
  char item;           /* the Gopher item type of a file whose name does not tell it; 0: none, or it does */
  bool shadowed;       /* an overview's document whose tree is not served, since something real has its name */
};

/* What a listing shows. Immutable once it is built; handed to the next build of the same directory, so that no file is
 * read twice that has not changed. */
struct listing {
  struct entry *entry; /* in the order in which they are shown */
  uint32_t *by_name;   /* their positions in the order of their names; NULL in a plain one */
  size_t n;
  struct buf text;
  bool plain;        /* more than LISTING_LABELLED entries */
  bool cut;          /* more than LISTING_ENTRIES */
  bool lasting;      /* the directory's own id says all: no entry had to be looked at */
  bool settled;      /* the directory and every file that was read had settled (see file_settled) */
  struct file_id id; /* the directory, as it was before it was read */
  size_t files_read; /* how many files were read for this build: asked by tests */
};

/* How a listing is to be made. All zero: as by default. Borrowed while it is made. */
struct listing_options {
  enum listing_order order;
  struct str header, footer; /* names of files that are shown as part of it, and are no entries; empty: none */
  bool authors_header, authors_footer; /* a file of the capsule named it, not the settings */
  /* By these some entries are not for everybody, and no titles are read from those. NULL: none. */
  const struct rules *settings;
  const struct dot_rules *dots;
  bool dot_files;  /* a directory with a `.nuncio` of its own may have such rules too */
  bool meta_files; /* and one with a `.meta` */
};

/* Reads the directory at a raw path (with its slash) beneath `root`. `now_ns` is the wall time, now or a
 * while ago: by it files have settled. `previous` and `options` may be NULL. ERR_NOMEM, and what resolve_open says. */
int listing_build(const struct root *root, struct str path, int64_t now_ns, const struct listing *previous,
                  const struct listing_options *options, struct listing **out) __attribute__((warn_unused_result));

/* Gemtext around the entries; empty: none. */
struct listing_frame {
  struct str header; /* in the place of the heading */
  struct str footer;
};

/* Appends the page: `title` as its heading, the way up unless it is the root, the entries. `frame` may be NULL. 0 or
 * the buffer's error. */
int listing_put(const struct listing *l, struct str title, bool is_root, const struct listing_frame *frame,
                struct buf *out) __attribute__((warn_unused_result));

/* Appends what leads to an entry from its directory, raw, with a slash where it is a directory or a tree; and what it
 * is called. */
void listing_put_name(const struct listing *l, const struct entry *e, struct buf *out);
void listing_put_label(const struct listing *l, const struct entry *e, struct buf *out);

void listing_free(struct listing *l); /* NULL is fine */

/* The entry of that name, or NULL. Never for a plain listing. */
const struct entry *listing_find(const struct listing *l, struct str name);

struct str listing_name(const struct listing *l, const struct entry *e);
struct str listing_title(const struct listing *l, const struct entry *e);

/* The memory that it takes, in bytes. */
size_t listing_size(const struct listing *l);

#endif
