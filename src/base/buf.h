/* A growable buffer that carries its hard maximum, and its first error. */
#ifndef NUNCIO_BASE_BUF_H
#define NUNCIO_BASE_BUF_H

#include <stddef.h>

#include "base/str.h"

/* Bytes that grow up to `max`. Embedded in its owner's struct. The first failure stays in `err` and makes
 * every later call a no-op, so that a renderer writes its page straight through and asks once, at the
 * end, with buf_error(). */
struct buf {
  char *p;    /* owned; NULL until the first byte */
  size_t n;   /* bytes in use */
  size_t cap; /* bytes allocated */
  size_t max; /* never more than this */
  int err;    /* 0, ERR_NOMEM or ERR_FULL */
};

/* Makes an empty buffer that may hold `max` bytes; nothing is allocated yet. */
void buf_init(struct buf *b, size_t max);
#define BUF_INIT(limit) ((struct buf){.p = NULL, .n = 0, .cap = 0, .max = (limit), .err = 0})

/* Frees the bytes and leaves an empty buffer of the same maximum. */
void buf_free(struct buf *b);

/* Forgets the bytes and the error, and keeps the memory. */
void buf_clear(struct buf *b);

/* 0, or the first error since the buffer was made or cleared. */
int buf_error(const struct buf *b) __attribute__((warn_unused_result));

void buf_put(struct buf *b, const void *bytes, size_t n);
void buf_put_str(struct buf *b, struct str s);
void buf_put_c(struct buf *b, char c);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Room for n more bytes: where to write them, or NULL (the error is kept). buf_added says how many of
 * them were written. The pointer holds until the next call on the buffer. */
char *buf_room(struct buf *b, size_t n);
void buf_added(struct buf *b, size_t n);

/* Drops the first n bytes. The rest is moved down, so drop seldom and much. */
void buf_drop(struct buf *b, size_t n);

/* What the buffer holds; valid until it changes. */
struct str buf_str(const struct buf *b);

#endif
