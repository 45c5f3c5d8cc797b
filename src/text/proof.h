/* Proofreading: what an author should look at again in gemtext, in a gophermap, in any text; and where their links
 * lead. In pieces of any size, in bounded memory. Pure. */
#ifndef NUNCIO_TEXT_PROOF_H
#define NUNCIO_TEXT_PROOF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"
#include "text/gophermap.h"
#include "text/proof_lines.h"

enum proof_mark {
  /* No faults, but what a reader can follow. */
  PROOF_LINK, /* gemtext: target, text */
  PROOF_ITEM, /* a gophermap: item */

  /* In every text. */
  PROOF_NOT_UTF8, /* the first line that is not */

  /* In gemtext. */
  PROOF_NO_TARGET,  /* `=>` and nothing behind it */
  PROOF_NO_HEADING, /* `#` and nothing behind it */
  PROOF_NO_ALT,     /* a preformatted block that does not say what it shows */
  PROOF_NOT_CLOSED, /* a preformatted block up to the end of the page; line: where it begins */
  PROOF_NO_TITLE,   /* no heading with a text; line 0 */
  PROOF_WIDE,       /* preformatted lines that are wider than a Gopher menu: count, columns; line: the first one. Of a
                       gophermap: its lines, which are kept as they are, too */
  PROOF_LINK_TOO_LONG, /* a target that no URI can be */

  /* In a gophermap, and in a `.gph` menu as the gophermap that it stands for. */
  PROOF_NO_TYPE,     /* TABs behind what is no item type that clients know; text: the line's first field */
  PROOF_NO_NAME,     /* an item that shows nothing */
  PROOF_BAD_PORT,    /* text: the port, which is none */
  PROOF_BAD_HOST,    /* text: the host, which is none */
  PROOF_MORE_FIELDS, /* text: what follows the port */
  PROOF_AFTER_END,   /* lines behind the `.` that ends a map, which nobody sees */
  PROOF_AFTER_LIST,  /* the same behind the `*` that ends one of gophernicus' dialect */

  /* In a `.gph` menu. */
  PROOF_NO_ITEM, /* a line in brackets that is no item, so that it is shown as text */
  PROOF_LOST_T,  /* a text that begins with `t`: the letter is a mark, and is not shown; text: the line */
};

/* What was seen. Spans live for the call. */
struct proof_event {
  enum proof_mark mark;
  size_t line; /* from 1; 0: it concerns the whole text */
  struct str target, text;
  size_t count, columns;
  const struct gophermap_line *item;
};

/* PROOF_DIALECT: a gophermap of gophernicus' dialect (text/gophermap_dialect.h), whose plain lines are looked at; what
 * the others ask for is the site's to judge. */
enum proof_form { PROOF_PLAIN, PROOF_GEMTEXT, PROOF_GOPHERMAP, PROOF_GPH, PROOF_DIALECT };

/* One text that is being read. Embedded in its owner. */
struct proof {
  void (*tell)(void *context, const struct proof_event *event);
  void *context;
  struct proof_lines lines;
  struct buf work; /* a preformatted line as it is shown */
  struct buf map;  /* the line of a gophermap that one of a `.gph` menu stands for */
  enum proof_form form;
  size_t width;  /* columns of a menu: MENU_COLUMNS, until somebody says otherwise before the first piece */
  bool not_utf8; /* told already */

  /* The preformatted line that is being read, and what was too wide so far. */
  bool preformatted, in_pre;
  size_t fence; /* the line that opened the block */
  size_t columns, wide_line, wide, widest;

  bool titled;    /* a heading with a text was there */
  bool ended;     /* a gophermap's `.`, or its `*` */
  bool lists;     /* it was the `*` */
  bool after_end; /* told already */
};

/* `tell` and `context` must stay as long as *p is used. */
void proof_begin(struct proof *p, enum proof_form form, void (*tell)(void *context, const struct proof_event *event),
                 void *context);

/* Takes the next piece. `tell` is called in the order of the lines, but for PROOF_WIDE and PROOF_NOT_CLOSED, which are
 * told when the block ends. 0 or ERR_NOMEM. */
int proof_feed(struct proof *p, struct str piece) __attribute__((warn_unused_result));

/* The text has ended; or `whole` is false: it could not be read to its end, and what is missing in it is not told.
 * Gives the memory back. */
void proof_end(struct proof *p, bool whole);

#endif
