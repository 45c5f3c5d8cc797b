/* Gemtext: reading it line by line, and writing text so that it stays text.
 * https://geminiprotocol.net/docs/gemtext-specification.gmi */
#ifndef NUNCIO_TEXT_GEMTEXT_H
#define NUNCIO_TEXT_GEMTEXT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

enum gemtext_type {
  GEMTEXT_TEXT,    /* text: the line */
  GEMTEXT_LINK,    /* target, and text: the label, empty where there is none */
  GEMTEXT_HEADING, /* level 1 to 3, text without the marks */
  GEMTEXT_ITEM,    /* `* `: text without the mark */
  GEMTEXT_QUOTE,   /* `>`: text without the mark */
  GEMTEXT_FENCE,   /* ```: text is what follows the mark (alt text) */
  GEMTEXT_PRE,     /* a preformatted line, as it stands */
};

struct gemtext_line {
  enum gemtext_type type;
  unsigned level;
  struct str text;   /* spans into the line that was parsed */
  struct str target; /* links only */
};

/* Parses one line, given without its line end. *preformatted is the parser's whole state: false at the start of a
 * document, turned over by every fence. A link line without a target (`=>`) is text. The texts are trimmed, but for
 * GEMTEXT_TEXT and GEMTEXT_PRE; an empty one still points into the line. */
void gemtext_parse(struct str line, bool *preformatted, struct gemtext_line *out);

/* The text of the first heading in `head` that has any (the whole of a document or its first few KiB), trimmed; empty
 * where there is none. A byte order mark is passed over; a character that the end of `head` cuts is left out. */
struct str gemtext_title(struct str head);

/* Appends a text as one line of gemtext that stays text (G22): with one space in front where it begins like markup
 * (`=>`, `#`, `* `, `>`, ```), control bytes (a line end too) as spaces, and a LF at the end. Here and below, bytes
 * that are not UTF-8 become U+FFFD. */
void gemtext_put_text(struct buf *out, struct str text);

/* Appends a heading line. Control bytes become spaces. */
void gemtext_put_heading(struct buf *out, unsigned level, struct str text);

/* Appends a link line. `target` is written as it stands (it must be percent-encoded already); in `label` control bytes
 * become spaces. */
void gemtext_put_link(struct buf *out, struct str target, struct str label);

#endif
