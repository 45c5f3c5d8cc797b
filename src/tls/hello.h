/* What a ClientHello says, read before OpenSSL decides about resumption. Inside tls/ only. */
#ifndef NUNCIO_TLS_HELLO_H
#define NUNCIO_TLS_HELLO_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include "base/str.h"

/* Both are for the client-hello callback only: the bytes belong to `ssl` and live as long as that call. */

/* The host name of the server_name extension (RFC 6066, section 3), or an empty span where it is missing, longer than
 * 255 bytes, or malformed; OpenSSL itself refuses the malformed ones later. */
struct str hello_sni(SSL *ssl);

/* Whether supported_versions (RFC 8446, section 4.2.1) holds TLS 1.3. */
bool hello_offers_tls13(SSL *ssl);

#endif
