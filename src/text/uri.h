/* URIs: parsing, percent-encoding, paths and relative references (RFC 3986). Speaks to liburiparser. */
#ifndef NUNCIO_TEXT_URI_H
#define NUNCIO_TEXT_URI_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* A longer text is no URI to us: no request can be nearly as long, and the parser's work stays bounded. */
enum { URI_MAX = 8192 };

/* The parts of a URI reference as it stands: spans into the text that was parsed, nothing decoded. */
struct uri {
  struct str scheme; /* empty in a relative reference */
  struct str userinfo;
  struct str host; /* without the brackets of an IPv6 literal */
  struct str port; /* digits, or empty */
  struct str path;
  struct str query;    /* without `?` */
  struct str fragment; /* without `#` */
  bool has_authority;  /* there was a `//` */
  bool has_userinfo;
  bool has_query; /* true for an empty query too */
  bool has_fragment;
  bool host_is_ip; /* an IPv4, IPv6 or IPvFuture literal */
};

/* Parses a URI reference by RFC 3986's grammar, strictly. ERR_SYNTAX where it is not one or is longer than URI_MAX;
 * ERR_NOMEM. */
int uri_parse(struct str text, struct uri *out) __attribute__((warn_unused_result));

/* Appends `text` with everything percent-encoded that RFC 3986 would not let stand but that people and clients send:
 * bytes above 0x7F, space, [ ] { } | ^ " < > ` and a backslash (G10), in path, query and fragment only; scheme and
 * authority stay as they are, brackets around a host too. A `%` that no two hexadecimal digits follow becomes %25.
 * Control bytes stay as they are, for the parser to refuse. */
void uri_put_lenient(struct buf *out, struct str text);

/* Appends the bytes of one path, `/` included, as a URI path: unreserved characters, sub-delims, `:` and `@` stand, all
 * else is percent-encoded. `path` is raw bytes (a file name may hold `%`, which becomes %25). */
void uri_put_path(struct buf *out, struct str path);

/* Appends one byte percent-encoded. */
void uri_put_byte(struct buf *out, char c);

/* Appends raw bytes for a URI's query: as uri_put_path, with `/` and `?` left alone. */
void uri_put_query(struct buf *out, struct str query);

/* The same two for what may be percent-encoded already: escapes stay as they are, and only a `%` without two
 * hexadecimal digits becomes %25. */
void uri_put_encoded_path(struct buf *out, struct str path);
void uri_put_encoded_query(struct buf *out, struct str query);

/* Appends raw bytes for the name in a URI's userinfo (RFC 3986 3.2.1): as uri_put_path, with `/`, `:` and `@` encoded.
 */
void uri_put_user(struct buf *out, struct str user);

/* Appends a relative reference that leads to the raw name `name` in the same directory (`name` may end in or contain
 * `/`): percent-encoded, and with `./` in front where its first segment has a colon (G16) or is empty. */
void uri_put_relative(struct buf *out, struct str name);

/* Percent-decodes once (G13). A `%` without two hexadecimal digits stays as it is. */
void uri_decode(struct buf *out, struct str text);

/* Turns a request's path into the raw path that names a file, appended to out: begins with `/`, `//` collapsed, then
 * `.` and `..` resolved (RFC 3986 5.2.4); if `decode` is set, `%2e` counts as a dot and each segment is percent-decoded
 * once. A trailing slash stays, and `/.` and `/..` leave one. An empty path is `/`; a missing leading slash is added.
 * ERR_OUTSIDE where it climbs above the root; ERR_SYNTAX where a decoded segment holds NUL; ERR_NOT_FOUND where a
 * decoded segment holds `/` (%2F never separates, so no file can have that name). Nothing is appended on an error. */
int uri_path(struct buf *out, struct str path, bool decode) __attribute__((warn_unused_result));

/* Resolves the reference `ref` against an absolute path `base` (percent-encoded, as in a URI: `/docs/a.gmi`). For a
 * reference inside the same site: appends the resolved path (still percent-encoded as it was written, dot segments
 * removed (`%2e` counts as a dot), above the root stays at the root, `//` collapsed) with its query (`?...`) if it has
 * one and without its fragment, and returns 0. A reference with a scheme or an authority is not resolved: ERR_OUTSIDE.
 * ERR_SYNTAX where it is no reference. Lenient as uri_put_lenient. An empty reference is the page itself, its query
 * included (RFC 3986 5.2.2). Nothing is appended on an error. */
int uri_resolve(struct buf *out, struct str base, struct str ref) __attribute__((warn_unused_result));

/* The scheme of an absolute URI (`gemini` in gemini://x, letters as they stand), or an empty span: RFC 3986 3.1, and
 * nothing else is checked. */
struct str uri_scheme(struct str text);

/* Whether following such a link can do a reader harm (javascript, data, vbscript, file), in any case (P12). */
bool uri_scheme_unsafe(struct str scheme);

#endif
