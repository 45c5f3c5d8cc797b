/* URIs: paths without dot segments, and references resolved against a page (RFC 3986 5.2). */
#include "text/uri.h"

#include <string.h>

#include "base/err.h"

/* How many dots a segment stands for: 1 for `.`, 2 for `..`, else 0. With `encoded`, `%2e` is a dot as well: the two
 * are the same to everybody who normalises (RFC 3986 2.3), so they must be the same to us. */
static unsigned dots(struct str segment, bool encoded)
{
  unsigned count = 0;
  while (segment.n && count < 3) {
    bool is_encoded = encoded && str_starts_nocase(segment, STR("%2e"));
    if (!is_encoded && segment.p[0] != '.')
      return 0;
    segment = str_skip(segment, is_encoded ? 3 : 1);
    count++;
  }
  return count < 3 ? count : 0;
}

/* Drops the last segment of the path that stands in `out` from `start` on. It ends with a slash before and after.
 * False where there is only the root. */
static bool drop_segment(struct buf *out, size_t start)
{
  if (out->n <= start + 1)
    return false;
  out->n--;
  while (out->p[out->n - 1] != '/')
    out->n--;
  return true;
}

/* Appends one segment to the path in `out`, which ends with a slash. */
static int add_segment(struct buf *out, struct str segment, bool decode)
{
  size_t at = out->n;
  if (decode)
    uri_decode(out, segment);
  else
    buf_put_str(out, segment);
  if (buf_error(out))
    return buf_error(out);
  struct str added = str_skip(buf_str(out), at);
  if (str_find(added, '\0') < added.n)
    return ERR_SYNTAX;
  return str_find(added, '/') < added.n ? ERR_NOT_FOUND : 0;
}

static int put_normal(struct buf *out, size_t start, struct str path, bool decode)
{
  struct str segment, rest = path.p ? path : STR("");
  buf_put_c(out, '/');
  while (str_split(&rest, '/', &segment)) {
    if (buf_error(out))
      return buf_error(out);
    unsigned up = dots(segment, decode);
    if (up == 2 && !drop_segment(out, start))
      return ERR_OUTSIDE;
    if (up > 0 || segment.n == 0)
      continue;
    int err = add_segment(out, segment, decode);
    if (err)
      return err;
    if (rest.p)
      buf_put_c(out, '/');
  }
  return buf_error(out);
}

int uri_path(struct buf *out, struct str path, bool decode)
{
  size_t start = out->n;
  int err = put_normal(out, start, path, decode);
  if (err)
    out->n = start;
  return err;
}

/* Appends an encoded path without its dot segments (RFC 3986 5.2.4), which stop at the root. Empty segments count
 * while dots are resolved, as they do in every client, and collapse afterwards as they do in uri_path: a path must
 * never begin with `//`, which would name another host (G16). */
static void put_without_dots(struct buf *out, struct str path)
{
  size_t start = out->n;
  struct str segment, rest = str_starts(path, STR("/")) ? str_skip(path, 1) : path;
  if (!rest.p)
    rest = STR("");
  buf_put_c(out, '/');
  while (str_split(&rest, '/', &segment)) {
    if (buf_error(out))
      return;
    unsigned up = dots(segment, true);
    if (up == 2)
      (void)drop_segment(out, start);
    if (up > 0)
      continue;
    buf_put_str(out, segment);
    if (rest.p)
      buf_put_c(out, '/');
  }
  if (buf_error(out))
    return;
  size_t to = start + 1;
  for (size_t from = to; from < out->n; from++)
    if (out->p[from] != '/' || out->p[to - 1] != '/')
      out->p[to++] = out->p[from];
  out->n = to;
}

static void put_resolved(struct buf *out, struct str base, const struct uri *ref, struct buf *merged)
{
  struct str query = STR("");
  size_t base_end = str_find(base, '#');
  base = str_head(base, base_end);
  size_t base_path = str_find(base, '?');
  bool has_query = ref->has_query;
  if (has_query)
    query = ref->query;

  if (str_starts(ref->path, STR("/"))) {
    buf_put_str(merged, ref->path);
  } else if (ref->path.n) {
    struct str path = str_head(base, base_path);
    size_t slash = str_rfind(path, '/');
    buf_put_str(merged, slash < path.n ? str_head(path, slash + 1) : STR("/"));
    buf_put_str(merged, ref->path);
  } else {
    buf_put_str(merged, str_head(base, base_path));
    if (!has_query && base_path < base.n) {
      has_query = true;
      query = str_skip(base, base_path + 1);
    }
  }
  put_without_dots(out, buf_str(merged));
  if (has_query) {
    buf_put_c(out, '?');
    buf_put_str(out, query);
  }
}

int uri_resolve(struct buf *out, struct str base, struct str ref)
{
  struct buf lenient = BUF_INIT(URI_MAX);
  struct buf merged = BUF_INIT(URI_MAX + base.n + 1);
  struct uri parsed;
  size_t start = out->n;

  uri_put_lenient(&lenient, ref);
  int err = buf_error(&lenient);
  if (err == ERR_FULL)
    err = ERR_SYNTAX;
  if (!err)
    err = uri_parse(buf_str(&lenient), &parsed);
  if (err)
    goto out;
  if (parsed.scheme.n || parsed.has_authority) {
    err = ERR_OUTSIDE;
    goto out;
  }
  put_resolved(out, base, &parsed, &merged);
  err = buf_error(&merged) ? buf_error(&merged) : buf_error(out);

out:
  if (err)
    out->n = start;
  buf_free(&merged);
  buf_free(&lenient);
  return err;
}
