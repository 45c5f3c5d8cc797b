/* What a link becomes in a menu (P10, P11). For the filter only. */
#ifndef NUNCIO_TEXT_MENU_LINK_H
#define NUNCIO_TEXT_MENU_LINK_H

#include "base/buf.h"
#include "base/str.h"
#include "text/menu.h"

/* One item without its display. type 0: nothing that a reader should follow; then it is to be shown as text. */
struct menu_link {
  char type;
  unsigned port;
  struct buf selector; /* owned */
  struct buf host;     /* owned */
};

/* Works out what `target`, as a gemtext link line on the page `base` has it, leads to. menu_link_free afterwards, on
 * failure too. 0 or ERR_NOMEM. */
int menu_link_make(struct menu_link *link, const struct menu_place *place, struct str base, struct str target)
    __attribute__((warn_unused_result));
void menu_link_free(struct menu_link *link);

/* Appends a target as a person would like to read it, for links without a label: percent-decoded where that is text. */
void menu_link_put_readable(struct buf *out, struct str target);

#endif
