/* Connections: one state machine for every protocol, over TLS or without. */
#ifndef NUNCIO_NET_CONN_H
#define NUNCIO_NET_CONN_H

#include <sys/socket.h>

#include "net/server.h"

/* Takes an accepted, non-blocking socket and serves one request on it, then frees itself; adds itself to server->first.
 * `entrance` and `peer` are copied. On any failure the socket is closed and nothing is left. May do all its work before
 * it returns, since the first bytes have usually arrived (TCP_DEFER_ACCEPT). */
void conn_open(struct server *server, const struct entrance *entrance, int fd, const struct sockaddr *peer);

/* The same for one who got the descriptor that was kept back, since all others are in use: it is told so, briefly, and
 * when its socket closes the descriptor is kept back again. */
void conn_open_spare(struct server *server, const struct entrance *entrance, int fd, const struct sockaddr *peer);

/* The server stops: those who have not sent a byte are closed, those who have not asked yet get a second to at the
 * most. Who is being answered goes on. */
void conn_hurry(struct server *server);

/* Ends all connections, wherever they are. They are freed from the loop. */
void conn_close_all(struct server *server);

#endif
