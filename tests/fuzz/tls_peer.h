/* A TLS client over memory that does what it is told, also what no client of ours would (tls/client.h). */
#ifndef NUNCIO_TESTS_TLS_PEER_H
#define NUNCIO_TESTS_TLS_PEER_H

#include <stdbool.h>

#include "base/buf.h"
#include "tls/session.h"

/* Which kind of client; they may be combined. */
enum {
  PEER_TLS12 = 1,     /* speaks TLS 1.2 and no other */
  PEER_NO_SNI = 2,    /* names no host */
  PEER_OTHER_SNI = 4, /* names one that is not served */
  PEER_AGAIN = 8,     /* shows the last ticket that a client of this version got, if there is one */
};

struct tls_peer;

/* Forgets the tickets of the run before. */
void tls_peer_begin(void);

/* Its ClientHello waits in the output. Never NULL. */
struct tls_peer *tls_peer_new(unsigned kind);
void tls_peer_free(struct tls_peer *p);

/* Takes what a server sent and appends what comes of it to `plain`. The states are tls/session.h's. */
enum tls_state tls_peer_feed(struct tls_peer *p, struct str ciphertext, struct buf *plain);

/* What it says; nothing where it cannot any more, or not yet. */
void tls_peer_write(struct tls_peer *p, struct str plain);
void tls_peer_close(struct tls_peer *p); /* close_notify */
void tls_peer_rekey(struct tls_peer *p); /* a KeyUpdate that asks for another, or in TLS 1.2 a renegotiation */

/* Moves what it has to send now to `out`. */
void tls_peer_output(struct tls_peer *p, struct buf *out);

#endif
