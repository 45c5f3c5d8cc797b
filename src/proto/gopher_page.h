/* The few pages that the Gopher side makes by itself: caps.txt (P17), the page of a `URL:` selector (P12), and the
 * answer to a web browser (P5). Each is appended to a buffer, whose error says whether it is whole. */
#ifndef NUNCIO_PROTO_GOPHER_PAGE_H
#define NUNCIO_PROTO_GOPHER_PAGE_H

#include "base/buf.h"
#include "base/str.h"
#include "proto/gopher_parse.h"
#include "proto/proto.h"

/* The capabilities file. */
void gopher_page_caps(struct buf *out, const struct proto_context *context);

/* Whether a page may lead to the URL: it has a scheme, a safe one, and no control bytes. */
bool gopher_page_url_allowed(struct str url);

/* An HTML page that leads to `url`, which is allowed. */
void gopher_page_url(struct buf *out, struct str url);

/* A whole HTTP/1.0 answer: what this is, and where the same thing can be read. `r` has its site and place, and gets
 * those of the site that the target leads to, where that stands under the same root. */
void gopher_page_http(struct buf *out, const struct gopher_http *http, struct proto_request *r);

/* The gemini: URL of a raw path of the request's site, which must be offered over Gemini. */
void gopher_page_put_gemini(struct buf *out, const struct proto_request *r, struct str path);

#endif
