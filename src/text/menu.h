/* Gopher menus (RFC 1436), and the filter that turns gemtext into one line by line (P7 to P11). Pure. */
#ifndef NUNCIO_TEXT_MENU_H
#define NUNCIO_TEXT_MENU_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "text/gemtext.h"

enum {
  MENU_COLUMNS = 67,
  MENU_COLUMNS_MIN = 16, /* a narrower place counts as this wide: prefixes and wide characters need room */
  MENU_COLUMNS_MAX = 1024,
};

/* What a menu must know about the place where it is shown. Borrowed for as long as the filter lives. */
struct menu_place {
  struct str host;   /* our name in items that lead here */
  unsigned port;     /* our Gopher port as readers see it */
  struct str prefix; /* what stands before the paths of this capsule in a selector: where it is, under a root that it
                        shares with others; without a slash at its end; often empty */
  unsigned columns;  /* the width to wrap at; 0: MENU_COLUMNS */
  /* The item type of a path inside this capsule (percent-encoded, query included): '1' for a page or directory, '0' for
   * text, and so on by what it leads to; NUL when memory is short. May be NULL: then by name alone
   * (menu_type_by_name). */
  char (*type_of)(void *context, struct str path);
  /* Whether an absolute gemini: or gopher: URI's host and port (the digits, or empty) are this site, so that the link
   * stays here; with a prefix, a gopher: one whose selector begins with that. `scheme` is one of these two, in small
   * letters. May be NULL. */
  bool (*is_here)(void *context, struct str scheme, struct str host, struct str port);
  void *context;
};

/* The item type of a path that no table of types knows: 1 for what reads as a page or a directory (a trailing slash, no
 * suffix, .gmi, .gemini: P15), else 9. What a known suffix means is the site's to say, by its MIME type. */
char menu_type_by_name(struct str path);

/* Appends one menu line. Control bytes (TAB, CR, LF and NUL above all) in a field become spaces (percent-encoded in the
 * selector), so that every line has its four fields. Bytes that are not UTF-8 become U+FFFD, but stay as they are in
 * the selector: another server may want them so. */
void menu_put(struct buf *out, char type, struct str display, struct str selector, struct str host, unsigned port);

/* Whether a selector is the place's prefix, or leads beneath it: `name/x` and `/name?x` too. */
bool menu_place_has(const struct menu_place *place, struct str selector);

/* Appends a path of this capsule (percent-encoded) as its selector, without a prefix: as it stands, but for the colon
 * of a leading
 * `/URL:`, which is encoded, since clients and our own parser take such a selector for a URL (P12). */
void menu_put_path(struct buf *out, struct str path);

/* Appends one `i` line as it stands, not wrapped: prefix and text. Control bytes become spaces. */
void menu_put_info(struct buf *out, struct str prefix, struct str text);

/* Appends text as `i` lines wrapped at `columns`, with `first` before the first line and `next` before the others (both
 * counted in the width; they should take less than half of it). An empty text is one empty `i` line. */
void menu_put_wrapped(struct buf *out, unsigned columns, struct str first, struct str next, struct str text);

/* Appends the line that ends a menu: `.` CRLF (P8). */
void menu_put_end(struct buf *out);

/* Appends a whole error menu: one type-3 line that says why, and the end (P13). */
void menu_put_error(struct buf *out, struct str why);

/* The state of one page that is being turned into a menu. Embedded in its owner. */
struct menu_filter {
  const struct menu_place *place;
  struct buf base;    /* the page's own path, percent-encoded, for relative links */
  struct buf pending; /* the start of a line whose end has not come yet */
  struct buf work;    /* the text of the line that is being written, made plain */
  bool preformatted;
  int err;    /* the first one; every later call returns it */
  bool begun; /* the first line has come: only there can a byte order mark stand */
  bool blank; /* the last menu line shows nothing, or there was none yet */

  /* The gemtext line that is being written. */
  bool continued; /* `pending` continues a line that was too long to wait for */
  bool underlined;
  enum gemtext_type type;
  size_t lines;  /* menu lines that it has become so far */
  size_t widest; /* the columns of the widest of them */
};

/* Starts a page. `base` is the page's absolute path, percent-encoded; it is copied. `place` is borrowed. */
int menu_filter_begin(struct menu_filter *f, const struct menu_place *place, struct str base)
    __attribute__((warn_unused_result));

/* Takes the next piece of gemtext, of any size, and appends the menu lines that it completes. A line longer than 32 KiB
 * is treated in pieces, cut between words where there are any, so that memory stays bounded; nothing of it is lost.
 * Invalid UTF-8 becomes U+FFFD. 0, or the error of `out` or of its own buffers. */
int menu_filter_feed(struct menu_filter *f, struct str piece, struct buf *out) __attribute__((warn_unused_result));

/* The page has ended: appends what is still pending, and the end of the menu. */
int menu_filter_end(struct menu_filter *f, struct buf *out) __attribute__((warn_unused_result));

void menu_filter_free(struct menu_filter *f);

#endif
