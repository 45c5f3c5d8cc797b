/* A body's bytes in one block, where they can be had at once; and the body that goes on where they cannot. */
#include <stdlib.h>

#include "base/err.h"
#include "site/body.h"

/* What is pulled at once; how much a filter's last line may go over. */
enum { PIECE = 64 * 1024, OVER = 4 * 1024 * 1024 };

/* What was gathered, then the rest of the body that it came from. */
struct resumed_body {
  struct body body;
  struct bytes *start; /* one reference; NULL: it has been given */
  size_t given;
  struct body *rest; /* owned */
  enum pull told;    /* by the rest while it was gathered: PULL_PENDING until it wakes; PULL_FAILED: not asked again */
  bool waited_for;   /* our own pull is pending */
};

static enum pull resumed_pull(struct body *b, struct buf *out, size_t most)
{
  struct resumed_body *own = (struct resumed_body *)b;
  struct str piece = own->start ? str_head(str_skip(bytes_str(own->start), own->given), most) : STR("");
  if (piece.n == 0) {
    bytes_unref(own->start);
    own->start = NULL;
    own->waited_for = own->told == PULL_PENDING;
    return own->told == PULL_BYTES ? body_pull(own->rest, out, most) : own->told;
  }
  buf_put_str(out, piece);
  own->given += piece.n;
  return buf_error(out) ? PULL_FAILED : PULL_BYTES;
}

static void resumed_destroy(struct body *b)
{
  struct resumed_body *own = (struct resumed_body *)b;
  bytes_unref(own->start);
  body_free(own->rest);
  free(own);
}

static void rest_woke(void *context)
{
  struct resumed_body *own = context;
  bool waited_for = own->waited_for || own->told == PULL_BYTES;
  if (own->told == PULL_PENDING)
    own->told = PULL_BYTES;
  own->waited_for = false;
  if (waited_for)
    body_wake(&own->body);
}

/* Takes `start` and `rest`. */
static struct body *resume(struct bytes *start, struct body *rest, enum pull told)
{
  static const struct body_ops ops = {resumed_pull, resumed_destroy};
  struct resumed_body *own = start ? malloc(sizeof *own) : NULL;
  if (!own) {
    bytes_unref(start);
    body_free(rest);
    return NULL;
  }
  body_init(&own->body, &ops);
  own->start = start;
  own->given = 0;
  own->rest = rest;
  own->told = told;
  own->waited_for = false;
  body_on_wake(rest, rest_woke, own);
  return &own->body;
}

int body_gather(struct body **b, size_t most, struct bytes **whole)
{
  struct buf gathered = BUF_INIT(most + OVER);
  enum pull got = PULL_BYTES;
  *whole = NULL;
  while (got == PULL_BYTES && gathered.n <= most)
    got = body_pull(*b, &gathered, PIECE);
  if (got == PULL_FAILED)
    gathered.err = 0; /* perhaps its own; what came before is whole */
  struct bytes *bytes = bytes_take(&gathered);
  if (bytes && got == PULL_END) {
    body_free(*b);
    *b = NULL;
    *whole = bytes;
    return 0;
  }
  *b = resume(bytes, *b, got);
  return *b ? 0 : ERR_NOMEM;
}
