/* Copies of a pair's two files in memory: a pair that was good stays to be had, whatever becomes of its files. */
#ifndef NUNCIO_TLS_COPIES_H
#define NUNCIO_TLS_COPIES_H

#include <stdbool.h>
#include <stddef.h>

/* Sealed memfds with the bytes of DIR/NAME.crt and DIR/NAME.key, close-on-exec; both, or -1 and -1. Owned. They hold a
 * private key: for those only who would read its file. */
struct copies {
  int certificate, key;
};
#define COPIES_INIT ((struct copies){.certificate = -1, .key = -1})

/* Copies both from one directory, also while DIR (a symbolic link) is moved over, without a look at what is in them.
 * Nothing blocks on a FIFO. On ERR_NOT_FOUND, ERR_DENIED, ERR_SPECIAL, ERR_LIMIT, ERR_BUSY, ERR_NOMEM or ERR_IO there
 * are none: whoever reads the files then says what is wrong with them. */
int copies_make(const char *dir, const char *name, struct copies *out) __attribute__((warn_unused_result));

/* The same of two files of any names. */
int copies_make_named(const char *certificate, const char *key, struct copies *out) __attribute__((warn_unused_result));

/* False for NULL too. */
bool copies_there(const struct copies *copies);

/* Leaves COPIES_INIT. */
void copies_close(struct copies *copies);

/* The copies of several sites' pairs, by the site's place, and of the authorities (tls/authority.h), or -1; owned. */
struct copies_set {
  struct copies *at;
  size_t n;
  int authorities;
};
#define COPIES_SET_INIT ((struct copies_set){.at = NULL, .n = 0, .authorities = -1})

/* Puts `copies` at place i, which are the set's from then on; places before that have none. On ERR_NOMEM, and ERR_LIMIT
 * where no server has so many sites, they are the caller's still. */
int copies_set_put(struct copies_set *set, size_t i, struct copies copies) __attribute__((warn_unused_result));

/* Those at place i, borrowed; NULL where there are none. */
const struct copies *copies_set_at(const struct copies_set *set, size_t i);

/* Leaves COPIES_SET_INIT. */
void copies_set_close(struct copies_set *set);

#endif
