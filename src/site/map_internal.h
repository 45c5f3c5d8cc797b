/* The inside of a page that is made of maps, shared by map.c (lines and includes), map_listing.c (`*`) and
 * map_users.c (`~`). */
#ifndef NUNCIO_SITE_MAP_INTERNAL_H
#define NUNCIO_SITE_MAP_INTERNAL_H

#include "site/map.h"

/* A map that is being read; those that include it are above. */
struct map_file {
  const struct map_file *above; /* NULL: the page's own */
  struct str path;
  struct file_id id;
  unsigned depth;
  unsigned line;
};

struct map_type {
  char *suffix; /* owned */
  char type;
};

struct map {
  const struct map_order *order;
  struct map_made *made;
  struct str directory; /* raw, with its slash: where relative paths begin, those of included maps too */
  struct buf encoded;   /* the same percent-encoded */
  struct buf pending;   /* for gemtext: lines of a plain map that are still to be translated */
  struct buf *lines;    /* where lines of a plain map go */
  char *hidden[MAP_HIDDEN_MAX];
  size_t n_hidden;
  struct map_type types[MAP_TYPES_MAX];
  size_t n_types;
  unsigned files;
  size_t bytes; /* of all maps so far */
  unsigned complaints;
};

/* Says what is wrong with the line that is being read; `about`, if it is not empty, stands before it. */
void map_complain(struct map *m, const struct map_file *f, struct str about, const char *what);

/* Puts another map here, by its path as an author writes it. ERR_NOMEM, ERR_FULL. */
int map_include(struct map *m, const struct map_file *f, struct str path) __attribute__((warn_unused_result));

/* Puts the users who have pages here; nothing where none have a place. ERR_NOMEM, ERR_FULL. */
int map_put_users(struct map *m, const struct map_file *f) __attribute__((warn_unused_result));

/* Puts what the directory holds. ERR_NOMEM, ERR_FULL. */
int map_put_listing(struct map *m, const struct map_file *f) __attribute__((warn_unused_result));

#endif
