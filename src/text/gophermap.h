/* Gophermaps: the menu that an author writes by hand (P16). Pure. */
#ifndef NUNCIO_TEXT_GOPHERMAP_H
#define NUNCIO_TEXT_GOPHERMAP_H

#include "base/buf.h"
#include "base/str.h"
#include "text/menu.h"

/* The grammar, quoted above the parser:
 *   line  = info / item / end
 *   info  = any text without TAB                        ; an `i` line
 *   item  = type name TAB [selector [TAB [host] [TAB [port]]]]
 *   end   = "."                                          ; alone on a line: the rest is not read
 * A missing or empty selector is the name; missing host and port are ours; a selector without a leading slash and
 * without a host is relative to the map's directory (`URL:` selectors excepted). */
struct gophermap_line {
  char type; /* 'i' for info */
  struct str name, selector, host;
  unsigned port;     /* 0: not given */
  bool has_selector; /* false: selector = name */
};

/* Parses one line, given without its line end. Always succeeds: whatever has no TAB is information, and a malformed
 * port counts as missing. */
void gophermap_parse(struct str line, struct gophermap_line *out);

/* Appends the whole menu of a map, its end included. `directory` is the path of the directory that holds it,
 * percent-encoded, with a slash at its end. Bytes that are not UTF-8 are kept as U+FFFD. 0 or the buffer's error. */
int gophermap_menu(struct str map, struct str directory, const struct menu_place *place, struct buf *out)
    __attribute__((warn_unused_result));

/* Appends the map as gemtext, for a reader who has no Gopher: info lines keep their spacing (runs of lines that look
 * drawn, and only those, may stand preformatted), items become links: inside the capsule relative to the site,
 * `gopher://host:port/Tselector` for other hosts, the URL of `URL:` selectors. 0 or the buffer's error. */
int gophermap_gemtext(struct str map, struct str directory, struct buf *out) __attribute__((warn_unused_result));

#endif
