/* What all bodies share, and the body over bytes in memory. */
#include "site/body.h"

#include <stdlib.h>

enum pull body_pull(struct body *b, struct buf *out, size_t most)
{
  return b->ops->pull(b, out, most);
}

void body_init(struct body *b, const struct body_ops *ops)
{
  *b = (struct body){.ops = ops, .wake = NULL, .wake_context = NULL};
}

void body_on_wake(struct body *b, void (*wake)(void *context), void *context)
{
  b->wake = wake;
  b->wake_context = context;
}

void body_wake(struct body *b)
{
  if (b->wake)
    b->wake(b->wake_context);
}

void body_free(struct body *b)
{
  if (b)
    b->ops->destroy(b);
}

/* Bytes that are there already: a cached page, an error's text. */
struct bytes_body {
  struct body body;
  struct bytes *bytes; /* one reference */
  size_t given;
};

static enum pull bytes_pull(struct body *b, struct buf *out, size_t most)
{
  struct bytes_body *own = (struct bytes_body *)b;
  struct str piece = str_head(str_skip(bytes_str(own->bytes), own->given), most);
  if (piece.n == 0)
    return PULL_END;
  buf_put_str(out, piece);
  if (buf_error(out))
    return PULL_FAILED;
  own->given += piece.n;
  return PULL_BYTES;
}

static void bytes_destroy(struct body *b)
{
  struct bytes_body *own = (struct bytes_body *)b;
  bytes_unref(own->bytes);
  free(own);
}

static const struct body_ops bytes_ops = {bytes_pull, bytes_destroy};

struct body *body_bytes(struct bytes *bytes)
{
  struct bytes_body *own = malloc(sizeof *own);
  if (!own) {
    bytes_unref(bytes);
    return NULL;
  }
  body_init(&own->body, &bytes_ops);
  own->bytes = bytes;
  own->given = 0;
  return &own->body;
}

struct body *body_copy(struct str s)
{
  struct bytes *bytes = bytes_copy(s);
  return bytes ? body_bytes(bytes) : NULL;
}
