/* Gopher+: which form is asked for, and menus in the form of attribute blocks (P4). */
#include "proto/gopher_plus.h"

#include <stdlib.h>

bool gopher_plus_field(struct str field, enum gopher_form *form)
{
  *form = GOPHER_FORM_PLAIN;
  if (field.n == 0)
    return false;
  switch (field.p[0]) {
  case '$':
    *form = GOPHER_FORM_MENU;
    return true;
  case '!':
    *form = GOPHER_FORM_ITEM;
    return true;
  case '+':
    return true;
  default:
    return false;
  }
}

/* A lone dot ends the menu, and the data of Gopher+ the same way. Whether a dot that begins a line is alone shows with
 * the next byte only. */
int gopher_plus_feed(struct gopher_plus *plus, struct str piece, struct buf *out)
{
  if (!plus->begun)
    buf_put_str(out, STR("+-1\r\n"));
  plus->begun = true;
  while (piece.n) {
    if (!plus->in_line && !plus->dot && piece.p[0] == '.') {
      plus->dot = true;
      piece = str_skip(piece, 1);
      continue;
    }
    if (!plus->in_line) {
      bool ends = plus->dot && piece.p[0] == '\r';
      buf_put_str(out, ends ? STR("") : STR("+INFO: "));
      buf_put_str(out, plus->dot ? STR(".") : STR(""));
      plus->dot = false;
    }
    size_t at = str_find(piece, '\n');
    plus->in_line = at == piece.n;
    buf_put_str(out, str_head(piece, at + 1));
    piece = str_skip(piece, at + 1);
  }
  return buf_error(out);
}

static int feed(void *state, struct str piece, struct buf *out)
{
  return gopher_plus_feed(state, piece, out);
}

static int end(void *state, struct buf *out)
{
  return gopher_plus_feed(state, STR(""), out);
}

struct body *gopher_plus_body(struct body *menu)
{
  static const struct filter_ops ops = {feed, end, free};
  struct gopher_plus *plus = calloc(1, sizeof *plus);
  if (!plus) {
    body_free(menu);
    return NULL;
  }
  return body_filter(menu, &ops, plus);
}
