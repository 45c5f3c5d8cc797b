/* The inside of a page that is made of maps, shared by map.c (lines), map_include.c (`=`), map_listing.c (`*`)
 * and map_users.c (`~`). */
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

/* Reads the lines of one map, up to one that ends it; *lists: what the directory holds is to follow. ERR_NOMEM,
 * ERR_FULL. */
int map_put_lines(struct map *m, struct map_file *f, struct str text, bool *lists) __attribute__((warn_unused_result));

/* Reads a map whole. ERR_SPECIAL: it is no file. ERR_LIMIT: all together would be too large. ERR_DENIED with *program
 * set: it is to be run, not read. And what resolve_open says; map_words says it to the author. */
int map_read(struct map *m, struct str path, struct buf *text, struct file_id *id, bool *program)
    __attribute__((warn_unused_result));
const char *map_words(int err, bool program);

/* Puts another map here, by its path as an author writes it. ERR_NOMEM, ERR_FULL. */
int map_include(struct map *m, const struct map_file *f, struct str path) __attribute__((warn_unused_result));

/* Puts the users who have pages here; nothing where none have a place. ERR_NOMEM, ERR_FULL. */
int map_put_users(struct map *m, const struct map_file *f) __attribute__((warn_unused_result));

/* Puts what the directory holds. ERR_NOMEM, ERR_FULL. */
int map_put_listing(struct map *m, const struct map_file *f) __attribute__((warn_unused_result));

#endif
