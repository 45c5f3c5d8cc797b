/* Cutting a text that comes in pieces into lines. */
#include "text/proof_lines.h"

#include <string.h>

#include "base/utf8.h"
#include "text/plain.h"

enum { CHARACTER_MAX = 4 };

static const struct str BYTE_ORDER_MARK = STR_INIT("\xef\xbb\xbf");

void proof_lines_begin(struct proof_lines *l, void (*take)(void *context, const struct proof_line *line), void *context)
{
  *l = (struct proof_lines){.take = take, .context = context, .pending = BUF_INIT(PROOF_LINE_MAX), .number = 1};
}

static void hand_over(struct proof_lines *l, struct str text, bool last)
{
  bool first = !l->continued;
  if (first && l->number == 1 && str_starts(text, BYTE_ORDER_MARK))
    text = str_skip(text, BYTE_ORDER_MARK.n);
  if (last && text.n && text.p[text.n - 1] == '\r')
    text.n--;
  const struct proof_line line = {.text = text, .number = l->number, .first = first, .last = last};
  l->take(l->context, &line);
  l->continued = !last;
  if (last)
    l->number++;
}

/* The pending line is as long as one may become: a part of it goes. */
static void hand_over_part(struct proof_lines *l)
{
  char tail[CHARACTER_MAX];
  struct str text = buf_str(&l->pending);
  size_t held = plain_unfinished(text);
  memcpy(tail, text.p + text.n - held, held);
  hand_over(l, str_head(text, text.n - held), false);
  buf_clear(&l->pending);
  buf_put(&l->pending, tail, held);
}

int proof_lines_feed(struct proof_lines *l, struct str piece)
{
  while (piece.n) {
    struct str head = str_head(piece, PROOF_LINE_MAX - l->pending.n);
    size_t end = str_find(head, '\n');
    bool whole = end < head.n;
    if (whole && l->pending.n == 0) {
      hand_over(l, str_head(head, end), true);
    } else {
      buf_put_str(&l->pending, str_head(head, end));
      if (buf_error(&l->pending))
        return buf_error(&l->pending);
      if (whole) {
        hand_over(l, buf_str(&l->pending), true);
        buf_clear(&l->pending);
      } else if (l->pending.n == PROOF_LINE_MAX) {
        hand_over_part(l);
      }
    }
    piece = str_skip(piece, end + whole);
  }
  return 0;
}

void proof_lines_end(struct proof_lines *l)
{
  if (l->pending.n || l->continued)
    hand_over(l, buf_str(&l->pending), true);
  buf_free(&l->pending);
}
