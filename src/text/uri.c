/* URIs: parsing by liburiparser, the scheme alone, and what browsers send but RFC 3986 would refuse. */
#include "text/uri.h"

#include <uriparser/Uri.h>

#include "base/err.h"

static struct str range(const UriTextRangeA *r)
{
  return r->first ? str_make(r->first, (size_t)(r->afterLast - r->first)) : STR("");
}

/* The first of the bytes that end an authority (RFC 3986 3.2), or the length. */
static size_t authority_end(struct str s)
{
  size_t at = 0;
  while (at < s.n && s.p[at] != '/' && s.p[at] != '?' && s.p[at] != '#')
    at++;
  return at;
}

/* How many bytes of a URI reference stand before its path: scheme and authority with their marks. */
static size_t path_start(struct str text, bool *has_authority)
{
  struct str scheme = uri_scheme(text);
  size_t at = scheme.n ? scheme.n + 1 : 0;
  *has_authority = str_starts(str_skip(text, at), STR("//"));
  if (*has_authority)
    at += 2 + authority_end(str_skip(text, at + 2));
  return at;
}

int uri_parse(struct str text, struct uri *out)
{
  if (text.n > URI_MAX)
    return ERR_SYNTAX;
  if (!text.p)
    text = STR("");

  UriUriA parsed;
  int result = uriParseSingleUriExA(&parsed, text.p, text.p + text.n, NULL);
  if (result != URI_SUCCESS)
    return result == URI_ERROR_MALLOC ? ERR_NOMEM : ERR_SYNTAX;

  *out = (struct uri){
      .scheme = range(&parsed.scheme),
      .userinfo = range(&parsed.userInfo),
      .host = range(&parsed.hostText),
      .port = range(&parsed.portText),
      .query = range(&parsed.query),
      .fragment = range(&parsed.fragment),
      .has_userinfo = parsed.userInfo.first != NULL,
      .has_query = parsed.query.first != NULL,
      .has_fragment = parsed.fragment.first != NULL,
      .host_is_ip = parsed.hostData.ip4 || parsed.hostData.ip6 || parsed.hostData.ipFuture.first,
  };
  uriFreeUriMembersA(&parsed);

  /* The library keeps the path as a list of segments; as the text is known to be sound, its span is what is left. */
  struct str rest = str_skip(text, path_start(text, &out->has_authority));
  size_t end = 0;
  while (end < rest.n && rest.p[end] != '?' && rest.p[end] != '#')
    end++;
  out->path = str_head(rest, end);
  return 0;
}

static bool is_alpha(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ), RFC 3986 3.1 */
struct str uri_scheme(struct str text)
{
  size_t n = 0;
  while (n < text.n && (is_alpha(text.p[n]) || (n > 0 && ((text.p[n] >= '0' && text.p[n] <= '9') || text.p[n] == '+' ||
                                                          text.p[n] == '-' || text.p[n] == '.'))))
    n++;
  return n > 0 && n < text.n && text.p[n] == ':' ? str_head(text, n) : STR("");
}

bool uri_scheme_unsafe(struct str scheme)
{
  static const struct str unsafe[] = {STR_INIT("javascript"), STR_INIT("data"), STR_INIT("vbscript"), STR_INIT("file")};
  for (size_t i = 0; i < sizeof unsafe / sizeof *unsafe; i++)
    if (str_eq_nocase(scheme, unsafe[i]))
      return true;
  return false;
}

static bool is_hex(char c)
{
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Whether a byte is one that people and browsers leave as it is in a path or query, against RFC 3986 (G10). */
static bool is_tolerated(char c)
{
  switch (c) {
  case ' ':
  case '[':
  case ']':
  case '{':
  case '}':
  case '|':
  case '^':
  case '"':
  case '<':
  case '>':
  case '`':
  case '\\':
    return true;
  default:
    return (unsigned char)c >= 0x80;
  }
}

void uri_put_lenient(struct buf *out, struct str text)
{
  bool has_authority;
  size_t done = 0; /* most of most texts is copied as it is, in one piece */
  for (size_t at = path_start(text, &has_authority); at < text.n; at++) {
    char c = text.p[at];
    bool bare = c == '%' && !(text.n - at > 2 && is_hex(text.p[at + 1]) && is_hex(text.p[at + 2]));
    if (!bare && !is_tolerated(c))
      continue;
    buf_put(out, text.p + done, at - done);
    uri_put_byte(out, c);
    done = at + 1;
  }
  buf_put_str(out, str_skip(text, done));
}
