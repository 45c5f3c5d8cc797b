/* The pieces of a Gopher request line: selector, search words, Gopher+ (P1 to P4), and HTTP by mistake (P5). Pure. */
#ifndef NUNCIO_PROTO_GOPHER_PARSE_H
#define NUNCIO_PROTO_GOPHER_PARSE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "proto/gopher_plus.h"
#include "site/request.h"

/* Spans into the line that was parsed. */
struct gopher_line {
  struct str selector;
  struct str words; /* for a search (P3); empty where there are none */
  bool has_words;
  enum gopher_form form;
};

/* Cuts a request line, given without its line end, at its TABs. `is_search`: the selector is one that searches, so that
 * the second field is words whatever it looks like; else it is words only where it does not look like Gopher+ (P4). */
void gopher_parse_line(struct str line, bool is_search, struct gopher_line *out);

/* Turns selector and words into a request (P2): the selector as it stands first, then decoded once (or, without a `%`
 * in it, from the `#` and three octal digits of gophernicus) and cut at its first `?`, where that differs. A selector
 * with a segment `..` behind a `?` is read in the second way only. Everything is appended to `text`, and the targets
 * point into it. 0; ERR_OUTSIDE or ERR_SYNTAX where neither reading names a path of the capsule; ERR_NOMEM. */
int gopher_parse_targets(const struct gopher_line *line, struct buf *text, struct request *out)
    __attribute__((warn_unused_result));

/* Appends the selector as a percent-encoded path, with one slash in front: what a menu would show for it (and so the
 * colon of `URL:` is encoded). `%`, `?` and the escapes that stand in it stay, since that selector is read again as it
 * was this time. */
void gopher_parse_item(struct buf *out, struct str selector);

/* Appends `?` and the query, with everything encoded that may not stand there (G10). */
void gopher_parse_query(struct buf *out, struct str query);

/* The URL of a `URL:` selector (P12), with or without a slash in front; an empty span where it is none. */
struct str gopher_parse_url(struct str selector, bool *is_url);

/* A line that a web browser sent. */
struct gopher_http {
  bool head;
  bool post;
  bool versioned;    /* false: HTTP/0.9, or a Gopher client that a link told to send `GET /path`: no header then */
  struct str target; /* as it stands: /path?query, http://host/path, or anything */
};

/* request-line = ("GET" / "HEAD" / "POST") SP target SP "HTTP/" version
 *              / "GET" SP ("/" path / "http" rest)
 * False for anything else: a selector may well begin with `GET `. */
bool gopher_parse_http(struct str line, struct gopher_http *out);

#endif
