/* What context.c and session.c share: making the SSL, and what its ClientHello chose. Inside tls/ only. */
#ifndef NUNCIO_TLS_CHOICE_H
#define NUNCIO_TLS_CHOICE_H

#include <openssl/ssl.h>

#include "base/buf.h"
#include "tls/context.h"
#include "tls/wire.h"

enum { SNI_MAX = 255 };

/* Filled in by the server when the ClientHello is there. Embedded in the session. */
struct tls_choice {
  bool made, asks;     /* a certificate */
  const char *refused; /* why the client's certificate was, for the log; static; NULL: it was not */
  size_t otherwise;    /* the site for those who name none that is known */
  long site;           /* as tls_session_site */
  struct buf sni;      /* owned by the session */
};
#define TLS_CHOICE_INIT ((struct tls_choice){.made = false, .site = -1, .sni = BUF_INIT(SNI_MAX)})

/* A session holds its server, since a handshake may still have to choose when the owner lets go of it. */
struct tls_server *tls_server_ref(struct tls_server *server);

/* Those that the server was given. Borrowed. */
struct authorities;
const struct authorities *tls_server_authorities(const struct tls_server *server);

/* A server-side SSL over `wire` that reports to `choice`; both outlive it. NULL when memory is short. */
SSL *tls_server_ssl(struct tls_server *server, struct wire *wire, struct tls_choice *choice);

#endif
