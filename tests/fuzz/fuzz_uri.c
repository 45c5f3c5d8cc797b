/* URIs: what was judged a URI has consistent parts; a path that was made safe is safe (G13, G16). */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "must.h"
#include "text/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool holds(struct str s, const char *part)
{
  return s.n && memmem(s.p, s.n, part, strlen(part)) != NULL;
}

/* A raw path that may name a file. */
static void check_path(struct str text, bool decode)
{
  struct buf path = BUF_INIT(4 * text.n + 16), encoded = BUF_INIT(16 * text.n + 64), again = BUF_INIT(4 * text.n + 16);
  int err = uri_path(&path, text, decode);
  if (err) {
    must(err == ERR_OUTSIDE || err == ERR_SYNTAX || err == ERR_NOT_FOUND, "a path's error");
    must(path.n == 0, "nothing is appended on an error");
    must(decode || err != ERR_NOT_FOUND, "a path that is not decoded hides no slash");
  } else {
    struct str p = buf_str(&path);
    must(str_starts(p, STR("/")), "a path begins with a slash");
    must(!holds(p, "//") && !holds(p, "/../") && !holds(p, "/./"), "no segment climbs or is empty");
    must(!str_ends(p, STR("/..")) && !str_ends(p, STR("/.")), "the last segment neither");
    must(str_find(p, '\0') == p.n, "no NUL");
    uri_put_path(&encoded, p);
    must(uri_path(&again, buf_str(&encoded), true) == 0 && str_eq(buf_str(&again), p), "an encoded path comes back");
  }
  buf_free(&path);
  buf_free(&encoded);
  buf_free(&again);
}

static bool inside(struct str part, struct str text)
{
  return part.n == 0 || (part.p >= text.p && part.p + part.n <= text.p + text.n);
}

static void check_parts(struct str text)
{
  struct uri u;
  int err = uri_parse(text, &u);
  must(err == 0 || err == ERR_SYNTAX, "a URI's error");
  if (err)
    return;
  must(inside(u.scheme, text) && inside(u.userinfo, text) && inside(u.host, text) && inside(u.port, text) &&
           inside(u.path, text) && inside(u.query, text) && inside(u.fragment, text),
       "the parts are in the text");
  must(!str_has_control(text) && str_find(text, ' ') == text.n, "a URI is printable");
  must(str_eq(u.scheme, uri_scheme(text)), "the scheme by itself is the same");
  must(u.has_authority || (!u.has_userinfo && u.host.n == 0 && u.port.n == 0), "a host has an authority");
  must(u.has_query || u.query.n == 0, "a query has its mark");

  struct buf tail = BUF_INIT(text.n + 8);
  buf_put_str(&tail, u.path);
  buf_put_str(&tail, u.has_query ? STR("?") : STR(""));
  buf_put_str(&tail, u.query);
  buf_put_str(&tail, u.has_fragment ? STR("#") : STR(""));
  buf_put_str(&tail, u.fragment);
  must(str_ends(text, buf_str(&tail)), "path, query and fragment are the end of the text");
  size_t head = text.n - tail.n;
  size_t known = u.scheme.n + (u.scheme.n > 0) + (u.has_authority ? 2 : 0) + u.userinfo.n + u.has_userinfo + u.host.n;
  /* What remains can only be brackets and the colon with the port. */
  must(head >= known && head - known <= u.port.n + 3, "every byte belongs to a part");
  buf_free(&tail);
}

static void check_lenient(struct str text)
{
  struct buf once = BUF_INIT(3 * text.n + 16), twice = BUF_INIT(9 * text.n + 16);
  uri_put_lenient(&once, text);
  uri_put_lenient(&twice, buf_str(&once));
  must(str_eq(buf_str(&once), buf_str(&twice)), "being lenient twice changes nothing");
  struct uri u;
  if (uri_parse(text, &u) == 0)
    must(str_eq(buf_str(&once), text), "what is a URI stays as it is");
  buf_free(&once);
  buf_free(&twice);
}

static void check_resolve(struct str base, struct str ref)
{
  struct buf out = BUF_INIT(4 * (base.n + ref.n) + 64), raw = BUF_INIT(4 * (base.n + ref.n) + 64);
  int err = uri_resolve(&out, base, ref);
  if (err) {
    must(err == ERR_OUTSIDE || err == ERR_SYNTAX, "a reference's error");
  } else {
    struct str all = buf_str(&out), path = str_head(all, str_find(all, '?'));
    must(str_starts(all, STR("/")) && !holds(path, "//"), "a resolved path names no host");
    must(uri_path(&raw, path, true) != ERR_OUTSIDE, "a resolved path does not climb");
    must(str_find(str_skip(all, path.n), '#') == all.n - path.n, "no fragment is left");
  }
  buf_free(&out);
  buf_free(&raw);
}

static void check_encoding(struct str text)
{
  struct buf path = BUF_INIT(3 * text.n + 16), query = BUF_INIT(3 * text.n + 16), back = BUF_INIT(text.n + 16);
  uri_put_path(&path, text);
  uri_put_query(&query, text);
  uri_decode(&back, buf_str(&path));
  must(str_eq(buf_str(&back), text), "a path decodes to what it was");
  buf_clear(&back);
  uri_decode(&back, buf_str(&query));
  must(str_eq(buf_str(&back), text), "a query decodes to what it was");

  struct buf relative = BUF_INIT(3 * text.n + 16), resolved = BUF_INIT(3 * text.n + 64);
  uri_put_relative(&relative, text);
  must(uri_scheme(buf_str(&relative)).n == 0 && !str_starts(buf_str(&relative), STR("/")), "a relative reference");
  if (relative.n < URI_MAX)
    must(uri_resolve(&resolved, STR("/d/p"), buf_str(&relative)) == 0, "a relative reference resolves");
  buf_free(&relative);
  buf_free(&resolved);
  buf_free(&path);
  buf_free(&query);
  buf_free(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct str text = str_make((const char *)data, size);
  check_path(text, true);
  check_path(text, false);
  check_parts(text);
  check_lenient(text);
  check_encoding(text);
  check_resolve(STR("/docs/page.gmi?q"), text);
  size_t cut = str_find(text, ' ');
  check_resolve(str_head(text, cut), str_skip(text, cut + 1));
  return 0;
}
