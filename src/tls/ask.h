/* Asking clients for a certificate (G5). Inside tls/ only. */
#ifndef NUNCIO_TLS_ASK_H
#define NUNCIO_TLS_ASK_H

#include <stdbool.h>

#include <openssl/ssl.h>

/* The longest list of certificates that is taken of a client; RFC 8446, section 4.4.2, has no bound of its own. */
enum { ASK_LIST_MAX = 16384 };

/* Settings for every context, whether it asks or not: a session takes some of them from the one that it begins with. */
void ask_prepare(SSL_CTX *ctx);

/* Lets a handshake ask, once its site is chosen and `choice->asks` is set. `tls13`: whether the client offers it. False
 * when memory is short. */
bool ask_client(SSL *ssl, bool tls13);

#endif
