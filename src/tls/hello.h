/* What a ClientHello says, read before OpenSSL decides about resumption. Inside tls/ only. */
#ifndef NUNCIO_TLS_HELLO_H
#define NUNCIO_TLS_HELLO_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include "base/str.h"

/* The longest ClientHello that is taken. OpenSSL makes room for all of one as soon as it is told the length, up to
 * 128 KiB; those of today's clients, with keys that withstand quantum computers too, are shorter than 4 KiB. */
enum { HELLO_MAX = 16384 };

/* What is looked at of the first bytes that come: a record's header, and a handshake message's, which may be parted
 * over several records (RFC 8446, sections 5.1 and 4). All zeros at first. */
struct hello_head {
  unsigned char record[5], message[4];
  unsigned char record_n, message_n; /* how much of each is there */
  unsigned left;                     /* of the record's content */
};

/* Takes the next bytes that came. Whether they say that the ClientHello is longer than HELLO_MAX; what is no
 * ClientHello is for others to judge. */
bool hello_too_long(struct hello_head *head, struct str bytes);

/* Both are for the client-hello callback only: the bytes belong to `ssl` and live as long as that call. */

/* The host name of the server_name extension (RFC 6066, section 3), or an empty span where it is missing, longer than
 * 255 bytes, or malformed; OpenSSL itself refuses the malformed ones later. */
struct str hello_sni(SSL *ssl);

/* Whether supported_versions (RFC 8446, section 4.2.1) holds TLS 1.3. */
bool hello_offers_tls13(SSL *ssl);

#endif
