/* Gophermaps: the menu that an author writes by hand (P16). Pure. */
#ifndef NUNCIO_TEXT_GOPHERMAP_H
#define NUNCIO_TEXT_GOPHERMAP_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "text/menu.h"

/* The grammar:
 *   line  = info / item / end
 *   info  = any text without TAB / "i" text TAB anything ; an `i` line
 *   item  = type name TAB [selector [TAB [host] [TAB [port] [TAB anything]]]]
 *   end   = "."                                          ; alone on a line: the rest is not read
 * A missing or empty selector is the name, but where a host is given an empty one is that host's root menu; a missing
 * host is ours; a missing port is 70 where a host is given, else ours; a selector without a leading slash and without a
 * host is relative to the map's directory (`URL:` and `GET ` selectors excepted). */
struct gophermap_line {
  char type;                       /* 'i' for info; a printable ASCII character */
  struct str name, selector, host; /* spans into the line */
  unsigned port;                   /* 0: not given */
  bool has_selector;               /* false: selector = name */
};

/* Parses one line, given without its line end. Always succeeds: whatever has no TAB, or no type before it, is
 * information, and a malformed port counts as missing. */
void gophermap_parse(struct str line, struct gophermap_line *out);

/* Appends the whole menu of a map, its end included. `directory` is the path of the directory that holds it,
 * percent-encoded, with a slash at its end. Lines are not wrapped (P9); selectors stay as the author wrote them, with
 * the directory in front where they are relative, and the place's prefix where they have no host. Bytes in names that
 * are not UTF-8 become U+FFFD. 0 or the buffer's error. */
int gophermap_menu(struct str map, struct str directory, const struct menu_place *place, struct buf *out)
    __attribute__((warn_unused_result));

/* Appends the map as gemtext, for a reader who has no Gopher: info lines keep their spacing (those that look drawn, and
 * only those, stand preformatted), items become links: inside the capsule relative to the site,
 * `gopher://host:port/Tselector` for other hosts, the URL of `URL:` selectors. What leads nowhere (errors, unsafe
 * schemes, paths above the root) is text. 0, the buffer's error or ERR_NOMEM. */
int gophermap_gemtext(struct str map, struct str directory, struct buf *out) __attribute__((warn_unused_result));

#endif
