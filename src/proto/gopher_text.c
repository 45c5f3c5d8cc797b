/* Texts that end with a lone dot: a filter over the lines of a document (P14). */
#include "proto/gopher_text.h"

#include <stdlib.h>

int gopher_text_feed(struct gopher_text *text, struct str piece, struct buf *out)
{
  while (piece.n) {
    size_t end = str_find(piece, '\n');
    struct str line = str_head(piece, end);
    if (line.n) {
      if (!text->in_line && line.p[0] == '.')
        buf_put_c(out, '.');
      buf_put_str(out, line);
      text->in_line = true;
      text->cr = line.p[line.n - 1] == '\r';
    }
    if (end < piece.n) {
      buf_put_str(out, text->cr ? STR("\n") : STR("\r\n"));
      text->in_line = text->cr = false;
    }
    piece = str_skip(piece, end + 1);
  }
  return buf_error(out);
}

int gopher_text_end(struct gopher_text *text, struct buf *out)
{
  if (text->in_line)
    buf_put_str(out, text->cr ? STR("\n") : STR("\r\n"));
  text->in_line = text->cr = false;
  buf_put_str(out, STR(".\r\n"));
  return buf_error(out);
}

static int feed(void *state, struct str piece, struct buf *out)
{
  return gopher_text_feed(state, piece, out);
}

static int end(void *state, struct buf *out)
{
  return gopher_text_end(state, out);
}

struct body *gopher_text_body(struct body *source)
{
  static const struct filter_ops ops = {feed, end, free};
  if (!source)
    source = body_copy(STR(""));
  struct gopher_text *text = source ? calloc(1, sizeof *text) : NULL;
  if (!text) {
    body_free(source);
    return NULL;
  }
  return body_filter(source, &ops, text);
}
