/* The client of a connection in memory: what it says, how it misbehaves, and what it may expect. */
#ifndef NUNCIO_TESTS_CONN_CLIENT_H
#define NUNCIO_TESTS_CONN_CLIENT_H

#include <stdbool.h>

#include "base/buf.h"
#include "conn_answer.h"
#include "tls_peer.h"

enum { NOTHING_ASKED = -1, MORE_ASKED = -2 };

struct client {
  bool used, gemini, slow;
  unsigned kind; /* of TLS peer */
  int fd;
  struct tls_peer *peer; /* NULL without TLS, or where what it says is no TLS */
  enum tls_state tls;
  bool opened;      /* the handshake was done */
  bool tampered;    /* somebody changed what it sent, or it gave up */
  bool faulty;      /* a call on its socket failed for no reason of its own */
  bool flip;        /* the next byte that it sends is to be changed */
  int asked;        /* the only request that it sent, by its number; or one of these below */
  size_t pace, may; /* how much of its ciphertext leaves in one step; what is left of that */
  struct buf said;  /* plain text that waits for the handshake's end */
  struct buf out;   /* ciphertext that has not left */
  struct buf plain; /* what came back */
};

/* Makes one at the socket `fd`. How: bit 0 Gemini, bit 1 TLS, bit 3 a slow one; from bit 4 on the kind of peer. */
void client_start(struct client *c, unsigned how, int fd);
void client_free(struct client *c);

enum conn_way client_way(const struct client *c);

/* Carries bytes between the client and its socket. True where there were any. */
bool client_carry(struct client *c);

/* Says something; `asked` is the number of the request that it is, or MORE_ASKED. */
void client_say(struct client *c, struct str bytes, int asked);

/* Bit 0 to 2 say what happens to the client's TLS, the others how much of it. Returns how many bytes of the program it
 * took. */
size_t client_meddle(struct client *c, unsigned value, struct str program);

/* After the end: what came is what the protocol allows, and whole where it seems so. `stopped`: the server closed its
 * connections where they stood; `disk`: all that was ever wrong with it; `nameless`: menus may name another host. */
void client_check(const struct client *c, bool stopped, unsigned disk, bool nameless);

#endif
