/* Copies of a pair's two files in memory: a pair that was good stays to be had, whatever becomes of its files. */
#ifndef NUNCIO_TLS_COPIES_H
#define NUNCIO_TLS_COPIES_H

#include <stdbool.h>

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

/* False for NULL too. */
bool copies_there(const struct copies *copies);

/* Leaves COPIES_INIT. */
void copies_close(struct copies *copies);

#endif
