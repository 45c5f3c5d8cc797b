/* Immutable bytes with a reference count. */
#include "base/bytes.h"

#include <stdlib.h>

/* Gives back what the buffer's doubling left unused. */
static void trim(struct buf *b)
{
  char *smaller = b->n && b->n < b->cap ? realloc(b->p, b->n) : NULL;
  if (smaller)
    b->p = smaller;
}

struct bytes *bytes_take(struct buf *b)
{
  struct bytes *made = buf_error(b) ? NULL : malloc(sizeof *made);
  if (!made) {
    buf_free(b);
    return NULL;
  }
  trim(b);
  *made = (struct bytes){.refs = 1, .p = b->p, .n = b->n};
  b->p = NULL;
  buf_free(b);
  return made;
}

struct bytes *bytes_copy(struct str s)
{
  struct buf copy = BUF_INIT(s.n + 1);
  buf_put_str(&copy, s);
  return bytes_take(&copy);
}

struct bytes *bytes_ref(struct bytes *b)
{
  b->refs++;
  return b;
}

void bytes_unref(struct bytes *b)
{
  if (!b || --b->refs > 0)
    return;
  free(b->p);
  free(b);
}

struct str bytes_str(const struct bytes *b)
{
  return (struct str){b->p, b->n};
}
