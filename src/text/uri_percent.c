/* URIs: percent-encoding and decoding (RFC 3986 2.1). */
#include "text/uri.h"

#include <string.h>

void uri_put_byte(struct buf *out, char c)
{
  static const char digits[] = "0123456789ABCDEF";
  unsigned char byte = (unsigned char)c;
  const char encoded[3] = {'%', digits[byte >> 4], digits[byte & 15]};
  buf_put(out, encoded, sizeof encoded);
}

/* pchar without "%" (RFC 3986 3.3): unreserved / sub-delims / ":" / "@" */
static bool is_pchar(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         (c != '\0' && strchr("-._~!$&'()*+,;=:@", c) != NULL);
}

void uri_put_path(struct buf *out, struct str path)
{
  for (size_t i = 0; i < path.n; i++) {
    if (is_pchar(path.p[i]) || path.p[i] == '/')
      buf_put_c(out, path.p[i]);
    else
      uri_put_byte(out, path.p[i]);
  }
}

void uri_put_query(struct buf *out, struct str query)
{
  for (size_t i = 0; i < query.n; i++) {
    if (is_pchar(query.p[i]) || query.p[i] == '/' || query.p[i] == '?')
      buf_put_c(out, query.p[i]);
    else
      uri_put_byte(out, query.p[i]);
  }
}

void uri_put_relative(struct buf *out, struct str name)
{
  /* A colon would make the first segment a scheme (RFC 3986 4.2); a slash in front would leave the directory. */
  struct str first = str_head(name, str_find(name, '/'));
  if (first.n == 0 || str_find(first, ':') < first.n)
    buf_put_str(out, STR("./"));
  uri_put_path(out, name);
}

static int hex_value(char c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

void uri_decode(struct buf *out, struct str text)
{
  while (text.n) {
    size_t plain = str_find(text, '%');
    buf_put_str(out, str_head(text, plain));
    text = str_skip(text, plain);
    if (text.n == 0)
      return;
    int high = text.n > 2 ? hex_value(text.p[1]) : -1;
    int low = text.n > 2 ? hex_value(text.p[2]) : -1;
    bool encoded = high >= 0 && low >= 0;
    buf_put_c(out, encoded ? (char)(high * 16 + low) : '%');
    text = str_skip(text, encoded ? 3 : 1);
  }
}
