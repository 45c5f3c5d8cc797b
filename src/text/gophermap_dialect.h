/* Gophermaps in gophernicus' dialect: what each line asks for. Pure; the files that some lines name are the site's to
 * read (site/map.h). */
#ifndef NUNCIO_TEXT_GOPHERMAP_DIALECT_H
#define NUNCIO_TEXT_GOPHERMAP_DIALECT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* The grammar, by lines; the first character decides, whatever follows it:
 *   "#" any                  ; a comment
 *   "!" text                 ; the page's title
 *   "-" name                 ; a name that `*` does not list: this very one, nothing in it is special
 *   ":" suffix "=" type any  ; the item type of names with that suffix (after their last dot, in any case) where `*`
 *                            ; lists them
 *   "~" any                  ; the users who have pages here
 *   "%" any                  ; the hosts that are served
 *   "=" path                 ; another map, in this place
 *   "*" any                  ; the end: what the directory holds follows
 *   "." any                  ; the end
 * All else is a line of a plain gophermap (text/gophermap.h). */
enum dialect_kind {
  DIALECT_PLAIN,   /* `text` is the line */
  DIALECT_COMMENT, /* so is a `-` that names nothing */
  DIALECT_TITLE,   /* `text` */
  DIALECT_HIDE,    /* `text` is the name */
  DIALECT_TYPE,    /* `text` is the suffix, `type` the item type */
  DIALECT_USERS,
  DIALECT_HOSTS,
  DIALECT_INCLUDE, /* `text` is the path, from the capsule's root or from the page's directory */
  DIALECT_LISTING,
  DIALECT_END,
  DIALECT_FAULT, /* a `:` or `=` that says nothing: `why` tells its author what was expected */
};

struct dialect_line {
  enum dialect_kind kind;
  struct str text; /* a span of the line */
  char type;
  const char *why; /* DIALECT_FAULT; static */
};

/* Reads one line, given without its line end. */
void dialect_parse(struct str line, struct dialect_line *out);

/* Appends a line of a plain map that shows `text` as information, whatever it looks like; and one that is the same as
 * `line` and does not end the map that it is put into. */
void dialect_put_info(struct buf *out, struct str text);
void dialect_put_plain(struct buf *out, struct str line);

/* Whether a name has that suffix after its last dot. */
bool dialect_has_suffix(struct str name, struct str suffix);

#endif
