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

/* Whether an escape stands at the start of text: `%` and two hexadecimal digits. */
static bool is_escape(struct str text)
{
  return text.n > 2 && text.p[0] == '%' && hex_value(text.p[1]) >= 0 && hex_value(text.p[2]) >= 0;
}

/* Appends text with all encoded but pchars, the `more` characters and, if they are to stay, escapes. */
static void put_encoded(struct buf *out, struct str text, const char *more, bool escapes_stay)
{
  for (; text.n; text = str_skip(text, 1)) {
    char c = text.p[0];
    bool stays = is_pchar(c) || (c != '\0' && strchr(more, c) != NULL) || (escapes_stay && is_escape(text));
    if (stays)
      buf_put_c(out, c);
    else
      uri_put_byte(out, c);
  }
}

void uri_put_path(struct buf *out, struct str path)
{
  put_encoded(out, path, "/", false);
}

void uri_put_query(struct buf *out, struct str query)
{
  put_encoded(out, query, "/?", false);
}

void uri_put_user(struct buf *out, struct str user)
{
  for (size_t i = 0; i < user.n; i++) {
    char c = user.p[i];
    if (is_pchar(c) && c != ':' && c != '@')
      buf_put_c(out, c);
    else
      uri_put_byte(out, c);
  }
}

void uri_put_encoded_path(struct buf *out, struct str path)
{
  put_encoded(out, path, "/", true);
}

void uri_put_encoded_query(struct buf *out, struct str query)
{
  put_encoded(out, query, "/?", true);
}

void uri_put_relative(struct buf *out, struct str name)
{
  /* A colon would make the first segment a scheme (RFC 3986 4.2); a slash in front would leave the directory. */
  struct str first = str_head(name, str_find(name, '/'));
  if (first.n == 0 || str_find(first, ':') < first.n)
    buf_put_str(out, STR("./"));
  uri_put_path(out, name);
}

void uri_decode(struct buf *out, struct str text)
{
  while (text.n) {
    size_t plain = str_find(text, '%');
    buf_put_str(out, str_head(text, plain));
    text = str_skip(text, plain);
    if (text.n == 0)
      return;
    bool encoded = is_escape(text);
    buf_put_c(out, encoded ? (char)(hex_value(text.p[1]) * 16 + hex_value(text.p[2])) : '%');
    text = str_skip(text, encoded ? 3 : 1);
  }
}
