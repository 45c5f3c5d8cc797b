/* The body that turns another body's bytes into another form, a line at a time. */
#include <stdlib.h>

#include "base/err.h"
#include "site/body.h"

/* What is pulled from the source at once. The buffer may grow above it where the source is a filter itself and goes
 * over, and never above PIECE_CAP. */
enum { PIECE_SIZE = 16 * 1024, PIECE_CAP = 1024 * 1024 };

struct filter_body {
  struct body body;
  struct body *source; /* owned */
  const struct filter_ops *ops;
  void *state;      /* owned, through ops->destroy */
  struct buf piece; /* what came from the source */
  size_t fed;       /* how much of it has gone through the filter */
  bool ended;       /* the source's end was passed on */
};

/* Feeds the piece line by line until `most` bytes came out, so that a piece of short lines, each of which becomes a
 * much longer one, does not become many times as large in memory. */
static int feed_piece(struct filter_body *own, struct buf *out, size_t most)
{
  size_t before = out->n;
  while (own->fed < own->piece.n && out->n - before < most) {
    struct str rest = str_skip(buf_str(&own->piece), own->fed);
    size_t n = str_find(rest, '\n');
    struct str line = str_head(rest, n + 1);
    int err = own->ops->feed(own->state, line, out);
    if (err)
      return err;
    own->fed += line.n;
  }
  return buf_error(out);
}

/* Fetches the next piece. PULL_END is the source's, and the filter has been told. */
static enum pull next_piece(struct filter_body *own, struct buf *out)
{
  buf_clear(&own->piece);
  own->fed = 0;
  enum pull got = body_pull(own->source, &own->piece, PIECE_SIZE);
  if (got != PULL_END)
    return got;
  own->ended = true;
  buf_free(&own->piece);
  return own->ops->end(own->state, out) || buf_error(out) ? PULL_FAILED : PULL_END;
}

static enum pull filter_pull(struct body *b, struct buf *out, size_t most)
{
  struct filter_body *own = (struct filter_body *)b;
  size_t before = out->n;
  /* The source is never asked for more once something has come out: it might be pending then, which only a pull that
   * gives nothing may say. */
  for (;;) {
    if (feed_piece(own, out, most))
      return PULL_FAILED;
    if (out->n > before)
      return PULL_BYTES;
    if (own->ended)
      return PULL_END;
    enum pull got = next_piece(own, out);
    if (got == PULL_PENDING || got == PULL_FAILED)
      return got;
    if (out->n > before)
      return PULL_BYTES;
  }
}

static void filter_destroy(struct body *b)
{
  struct filter_body *own = (struct filter_body *)b;
  body_free(own->source);
  own->ops->destroy(own->state);
  buf_free(&own->piece);
  free(own);
}

static const struct body_ops filter_body_ops = {filter_pull, filter_destroy};

static void source_woke(void *context)
{
  struct filter_body *own = context;
  body_wake(&own->body);
}

struct body *body_filter(struct body *source, const struct filter_ops *ops, void *state)
{
  struct filter_body *own = malloc(sizeof *own);
  if (!own) {
    body_free(source);
    ops->destroy(state);
    return NULL;
  }
  body_init(&own->body, &filter_body_ops);
  own->source = source;
  own->ops = ops;
  own->state = state;
  buf_init(&own->piece, PIECE_CAP);
  own->fed = 0;
  own->ended = false;
  body_on_wake(source, source_woke, own);
  return &own->body;
}
