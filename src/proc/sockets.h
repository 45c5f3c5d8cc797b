/* Listening sockets: made once, before anything else, and handed to the worker. */
#ifndef NUNCIO_PROC_SOCKETS_H
#define NUNCIO_PROC_SOCKETS_H

#include "base/buf.h"
#include "config/settings.h"
#include "proto/proto.h"

/* A socket that listens. */
struct listen_socket {
  int fd; /* -1: taken over by a worker */
  const struct proto *proto;
  unsigned port; /* the real one */
  char address[INET6_ADDRSTRLEN];
};

enum { SOCKETS_MAX = 2 * LISTEN_MAX };

struct sockets {
  struct listen_socket at[SOCKETS_MAX];
  size_t n;
};

/* Opens and binds a socket for every address of `list` and adds it: non-blocking, IPv6 only where it is IPv6 (B2),
 * TCP_DEFER_ACCEPT, a backlog of SOMAXCONN. An optional address whose family the machine lacks is skipped with a
 * notice. ERR_BUSY (the port is taken), ERR_DENIED, ERR_IO with a sentence in *why; what was opened before stays in `s`
 * until sockets_close. */
int sockets_open(struct sockets *s, const struct proto *proto, const struct listen_list *list, struct buf *why)
    __attribute__((warn_unused_result));

/* Whether this process may bind a port below 1024 such as 70: tried on the loopback, nothing is left open. A port that
 * is taken counts as permitted. */
bool sockets_permitted(unsigned port);

/* The port of the first socket that speaks `proto`, or 0. */
unsigned sockets_port(const struct sockets *s, const struct proto *proto);

void sockets_close(struct sockets *s);

#endif
