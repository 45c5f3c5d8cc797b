/* A response's life: made, given a status and a clean sentence, handed on, freed. */
#include "site/response.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"
#include "site/ready.h"

/* A path of 4 KiB, the most that a system call takes, with every byte percent-encoded. */
enum { BASE_MAX = 3 * 4096 };

void response_init(struct response *r)
{
  *r = (struct response){
      .status = STATUS_TEMPORARY_FAILURE,
      .meta = BUF_INIT(META_MAX),
      .format = FORMAT_PLAIN,
      .base = BUF_INIT(BASE_MAX),
      .body = NULL,
  };
}

static void drop_body(struct response *r)
{
  body_free(r->body);
  r->body = NULL;
  ready_unref(r->ready);
  r->ready = NULL;
}

void response_free(struct response *r)
{
  buf_free(&r->meta);
  buf_free(&r->base);
  drop_body(r);
}

/* Appends the text as a META may have it (G15): no control character, in ASCII or above it, no byte order mark, no
 * invalid byte; never cut inside a character. */
static void put_clean(struct buf *meta, struct str text)
{
  while (text.n) {
    int32_t point;
    size_t n = utf8_decode(text, &point);
    struct str piece = str_head(text, n);
    if (point < 0)
      piece = STR("\xef\xbf\xbd");
    else if (point < 0x20 || (point >= 0x7f && point <= 0x9f))
      piece = STR(" ");
    else if (point == 0xfeff)
      piece = STR("");
    if (piece.n > meta->max - meta->n)
      return;
    buf_put_str(meta, piece);
    text = str_skip(text, n);
  }
}

void response_set(struct response *r, enum status status, const char *format, ...)
{
  /* Cleaning can shorten a text, by 2 bytes to 1 at most but for byte order marks: twice META_MAX is enough to fill
   * it, and a character that vsnprintf cut in two lies beyond the end. */
  char text[2 * META_MAX + 8];
  va_list args;
  va_start(args, format);
  int n = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  size_t length = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;

  r->status = status;
  buf_clear(&r->meta);
  put_clean(&r->meta, str_make(text, length));
  if (status != STATUS_SUCCESS) {
    drop_body(r);
    r->format = FORMAT_PLAIN;
  }
}

void response_move(struct response *to, struct response *from)
{
  *to = *from;
  response_init(from);
}
