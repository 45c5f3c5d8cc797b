/* Reads two extensions of a ClientHello. */
#include "tls/hello.h"

#include <string.h>

enum { NAME_TYPE_HOST = 0, HOST_MAX = 255 };

static struct str extension(SSL *ssl, unsigned type)
{
  const unsigned char *bytes = NULL;
  size_t n = 0;
  if (SSL_client_hello_get0_ext(ssl, type, &bytes, &n) != 1)
    return (struct str){NULL, 0};
  return (struct str){(const char *)bytes, n};
}

static size_t byte_at(struct str s, size_t i)
{
  return (unsigned char)s.p[i];
}

/* Cuts a vector whose length stands before it in `width` bytes; false where it is longer than what there is. */
static bool take_vector(struct str *rest, size_t width, struct str *vector)
{
  if (rest->n < width)
    return false;
  size_t n = width == 1 ? byte_at(*rest, 0) : byte_at(*rest, 0) << 8 | byte_at(*rest, 1);
  *rest = str_skip(*rest, width);
  if (rest->n < n)
    return false;
  *vector = str_head(*rest, n);
  *rest = str_skip(*rest, n);
  return true;
}

struct str hello_sni(SSL *ssl)
{
  const struct str none = {NULL, 0};
  struct str rest = extension(ssl, TLSEXT_TYPE_server_name), list, name;
  if (!take_vector(&rest, 2, &list) || rest.n)
    return none;
  /* One entry, a host name: no other kind was ever defined, and OpenSSL takes no second one either. */
  if (list.n == 0 || byte_at(list, 0) != NAME_TYPE_HOST)
    return none;
  list = str_skip(list, 1);
  if (!take_vector(&list, 2, &name) || list.n)
    return none;
  if (name.n == 0 || name.n > HOST_MAX || memchr(name.p, '\0', name.n))
    return none;
  return name;
}

bool hello_offers_tls13(SSL *ssl)
{
  struct str rest = extension(ssl, TLSEXT_TYPE_supported_versions), list;
  if (!take_vector(&rest, 1, &list))
    return false;
  for (; list.n >= 2; list = str_skip(list, 2))
    if ((byte_at(list, 0) << 8 | byte_at(list, 1)) == TLS1_3_VERSION)
      return true;
  return false;
}

/* A byte of a record's header. */
static void take_header(struct hello_head *head, unsigned char byte)
{
  head->record[head->record_n++] = byte;
  if (head->record_n < sizeof head->record)
    return;
  head->left = (unsigned)head->record[3] << 8 | head->record[4];
  if (head->left == 0)
    head->record_n = 0;
}

/* A byte of what the records hold. */
static void take_content(struct hello_head *head, unsigned char byte)
{
  head->message[head->message_n++] = byte;
  if (--head->left == 0)
    head->record_n = 0;
}

bool hello_too_long(struct hello_head *head, struct str bytes)
{
  enum { HANDSHAKE_RECORD = 22, CLIENT_HELLO = 1 };
  const unsigned char *m = head->message;
  if (head->message_n == sizeof head->message)
    return false;
  for (; bytes.n && head->message_n < sizeof head->message; bytes = str_skip(bytes, 1)) {
    if (head->record_n < sizeof head->record)
      take_header(head, (unsigned char)bytes.p[0]);
    else if (head->record[0] == HANDSHAKE_RECORD)
      take_content(head, (unsigned char)bytes.p[0]);
    else
      return false;
  }
  return head->message_n == sizeof head->message && m[0] == CLIENT_HELLO &&
         ((unsigned)m[1] << 16 | (unsigned)m[2] << 8 | m[3]) > HELLO_MAX;
}
