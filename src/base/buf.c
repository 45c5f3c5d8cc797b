/* A growable buffer: doubling growth up to a declared maximum, the first error kept. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

enum { FIRST_CAPACITY = 128 };

void buf_init(struct buf *b, size_t max)
{
  *b = BUF_INIT(max);
}

void buf_free(struct buf *b)
{
  free(b->p);
  buf_init(b, b->max);
}

void buf_clear(struct buf *b)
{
  b->n = 0;
  b->err = 0;
}

int buf_error(const struct buf *b)
{
  return b->err;
}

char *buf_room(struct buf *b, size_t n)
{
  if (b->err)
    return NULL;
  if (n > b->max - b->n) {
    b->err = ERR_FULL;
    return NULL;
  }
  if (n > b->cap - b->n) {
    size_t cap = b->cap ? b->cap : FIRST_CAPACITY;
    while (cap < b->n + n)
      cap = cap > b->max / 2 ? b->max : cap * 2;
    if (cap > b->max)
      cap = b->max;
    char *grown = realloc(b->p, cap);
    if (!grown) {
      b->err = ERR_NOMEM;
      return NULL;
    }
    b->p = grown;
    b->cap = cap;
  }
  return b->p + b->n;
}

void buf_added(struct buf *b, size_t n)
{
  b->n += n;
}

void buf_put(struct buf *b, const void *bytes, size_t n)
{
  if (n == 0)
    return;
  char *room = buf_room(b, n);
  if (!room)
    return;
  memcpy(room, bytes, n);
  b->n += n;
}

void buf_put_str(struct buf *b, struct str s)
{
  buf_put(b, s.p, s.n);
}

void buf_put_c(struct buf *b, char c)
{
  buf_put(b, &c, 1);
}

void buf_printf(struct buf *b, const char *format, ...)
{
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, args);
  va_end(args);
  /* vsnprintf wants room for its NUL as well; the NUL is not counted. */
  char *room = n < 0 ? NULL : buf_room(b, (size_t)n + 1);
  if (room) {
    (void)vsnprintf(room, (size_t)n + 1, format, again);
    b->n += (size_t)n;
  }
  va_end(again);
}

void buf_drop(struct buf *b, size_t n)
{
  if (n > b->n)
    n = b->n;
  if (n == 0)
    return;
  b->n -= n;
  if (b->n)
    memmove(b->p, b->p + n, b->n);
}

struct str buf_str(const struct buf *b)
{
  return (struct str){b->p, b->n};
}
