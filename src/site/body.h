/* Bodies: pull sources of bytes, with backpressure. */
#ifndef NUNCIO_SITE_BODY_H
#define NUNCIO_SITE_BODY_H

#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "site/env.h"

/* What a pull came to. */
enum pull {
  PULL_BYTES,   /* something was appended; ask again for more */
  PULL_PENDING, /* nothing yet: the wake-up function will be called, once */
  PULL_END,     /* all has been given; nothing was appended */
  PULL_FAILED,  /* the body cannot be completed: the connection must end so that the reader can tell (no close_notify,
                   RST) */
};

/* A source of bytes. Made by the functions below or by a filter; one owner at a time. */
struct body {
  const struct body_ops *ops;
  void (*wake)(void *context); /* set by body_on_wake */
  void *wake_context;
};

/* For those who write a kind of body: embed a struct body as the first member. `destroy` must work while a pull is
 * pending: it cancels it, and may let memory linger until the work comes back. */
struct body_ops {
  enum pull (*pull)(struct body *b, struct buf *out, size_t most);
  void (*destroy)(struct body *b);
};

/* For those who write a kind of body: fills the embedded struct; calls the wake-up function where there is one. After
 * body_wake the body may be gone. */
void body_init(struct body *b, const struct body_ops *ops);
void body_wake(struct body *b);

/* Appends up to `most` bytes (at least 1) to out (a filter may go over by what one line becomes). A pull source is
 * never called again after PULL_END or PULL_FAILED, nor while pending. */
enum pull body_pull(struct body *b, struct buf *out, size_t most);

/* Who is to be called when a pending pull can be repeated. Never called from inside body_pull. */
void body_on_wake(struct body *b, void (*wake)(void *context), void *context);

/* Ends a body at any time. NULL is fine. */
void body_free(struct body *b);

/* A body over shared bytes; takes one reference. NULL when memory is short (the reference is dropped then too). */
struct body *body_bytes(struct bytes *bytes);

/* A body over a copy of s; NULL when memory is short. */
struct body *body_copy(struct str s);

/* A body over the first `length` bytes of an open regular file; takes the descriptor (closed on failure too). Reads
 * what the page cache holds at once (preadv2, RWF_NOWAIT) and the rest in the pool. A file that has become shorter
 * fails; one that grew is given at the old length. A failure is logged with `name` (copied). */
struct body *body_file(struct env *env, int fd, uint64_t length, struct str name);

/* Pulls *b to its end, as long as nothing has to be waited for and it is no longer than `most` bytes (a filter's last
 * line may go over). Then *whole is all of it, with one reference, and *b is freed and NULL. Else *whole is NULL, and
 * *b another body that gives all of it, what was pulled already and then the rest (or the failure). ERR_NOMEM: *b is
 * freed. It must not have been pulled before. */
int body_gather(struct body **b, size_t most, struct bytes **whole) __attribute__((warn_unused_result));

/* A filter turns pieces of one body into bytes of another form (gemtext into a menu). A piece is a line with its LF, or
 * as much of a long one as came at once (16 KiB); something must come out at least every few pieces. */
struct filter_ops {
  int (*feed)(void *state, struct str piece, struct buf *out); /* 0 or an error, which fails the body */
  int (*end)(void *state, struct buf *out);                    /* called once, after the last piece */
  void (*destroy)(void *state);
};

/* A body that feeds `source` through a filter; takes both source and state, on failure too. NULL when memory is short.
 */
struct body *body_filter(struct body *source, const struct filter_ops *ops, void *state);

#endif
