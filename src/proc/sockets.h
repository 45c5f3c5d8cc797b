/* Listening sockets: made once, before anything else, and handed to every worker. */
#ifndef NUNCIO_PROC_SOCKETS_H
#define NUNCIO_PROC_SOCKETS_H

#include "base/buf.h"
#include "config/settings.h"
#include "proto/proto.h"

enum { SITE_NAME_ROOM = 256 };

/* A socket that listens. For each address there is one per slot: the kernel spreads the clients over them
 * (SO_REUSEPORT), and the worker of that slot serves it. */
struct listen_socket {
  int fd;
  const struct proto *proto;
  unsigned port; /* the real one */
  unsigned slot;
  bool given; /* somebody else has opened it, shares it, and may hand it to whoever comes after us */
  char address[INET6_ADDRSTRLEN];
  char site[SITE_NAME_ROOM]; /* the main name of the site whose alone it is; empty: all sites' */
};

struct sockets {
  struct listen_socket *at; /* owned, and so are the descriptors */
  size_t n;
};
#define SOCKETS_INIT ((struct sockets){NULL, 0})

/* Opens and binds `slots` sockets for every address of `list` and adds them: non-blocking, IPv6 only where it is IPv6
 * (B2), TCP_DEFER_ACCEPT, a backlog of SOMAXCONN. An optional address whose family the machine lacks is skipped with a
 * notice. Where both families of one value have a port of the system's choice, it is the same if that can be. ERR_BUSY
 * (the port is taken, be it by one who would share it), ERR_DENIED, ERR_NOMEM, ERR_IO with a sentence in *why; what was
 * opened before stays in `s` until sockets_close. */
int sockets_open(struct sockets *s, const struct proto *proto, const struct listen_list *list, unsigned slots,
                 struct buf *why) __attribute__((warn_unused_result));

/* The same for one site, by its main name: Gopher has no host in its requests. */
int sockets_open_for(struct sockets *s, const char *site, const struct proto *proto, const struct listen_list *list,
                     unsigned slots, struct buf *why) __attribute__((warn_unused_result));

/* Adds a socket that was opened before, such as by the program's last version; its descriptor is taken over. ERR_NOMEM.
 */
int sockets_add(struct sockets *s, const struct listen_socket *socket) __attribute__((warn_unused_result));

/* Adds a listening TCP socket that somebody else has opened. There is one queue of clients then, in which all workers
 * look: each slot gets a descriptor of its own for the same socket, which is made non-blocking, with TCP_DEFER_ACCEPT.
 * `fd` is taken over, and closed where there is an error: ERR_SYNTAX (it is no such socket), ERR_BUSY (no descriptor is
 * to be had), ERR_NOMEM, ERR_IO. */
int sockets_share(struct sockets *s, const struct proto *proto, int fd, unsigned slots)
    __attribute__((warn_unused_result));

/* Whether there are sockets that were given. */
bool sockets_given(const struct sockets *s);

/* Whether this process may bind a port below 1024 such as 70: tried on the loopback, nothing is left open. A port that
 * is taken counts as permitted. */
bool sockets_permitted(unsigned port);

/* The port of the first socket that speaks `proto`, or 0. */
unsigned sockets_port(const struct sockets *s, const struct proto *proto);

/* How many slots there are. */
unsigned sockets_slots(const struct sockets *s);

/* Ends the listening, in every process that holds the sockets: who comes from now on is refused. Sockets that were
 * given are not ours to end: who comes waits there for whatever is started next. */
void sockets_end(const struct sockets *s);

/* Closes our descriptors and frees. */
void sockets_close(struct sockets *s);

#endif
