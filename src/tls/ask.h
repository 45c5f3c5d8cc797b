/* Asking clients for a certificate (G5). Inside tls/ only. */
#ifndef NUNCIO_TLS_ASK_H
#define NUNCIO_TLS_ASK_H

#include <stdbool.h>

#include <openssl/ssl.h>

/* The longest list of certificates that is taken of a client: a chain of three with RSA keys of 4096 bits is shorter
 * than 6 KiB. OpenSSL makes more than 20 bytes of memory of each byte of a list that is made for it, and decodes each
 * key in it before anybody is asked: 15 ms for twenty compressed points on sect571r1, where a handshake without a
 * certificate takes less than 1. */
enum { ASK_LIST_MAX = 8192 };

/* Settings for every context, whether it asks or not: a session takes some of them from the one that it begins with. */
void ask_prepare(SSL_CTX *ctx);

/* Lets a handshake ask, once its site is chosen and `choice->asks` is set. `tls13`: whether the client offers it. False
 * when memory is short. */
bool ask_client(SSL *ssl, bool tls13);

#endif
