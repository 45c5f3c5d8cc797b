/* What all connections of one worker share. Filled by the worker, used by listeners and connections; loop thread only.
 */
#ifndef NUNCIO_NET_SERVER_H
#define NUNCIO_NET_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "base/log.h"
#include "net/poller.h"
#include "proto/proto.h"
#include "site/site.h"
#include "tls/context.h"

/* How long each state of a connection may last, in milliseconds; none may be 0 (B1). */
struct deadlines {
  uint64_t handshake;
  uint64_t request;
  uint64_t handle; /* until the site has answered */
  uint64_t write;  /* without progress; and after this long, MIN_RATE must have been kept */
  uint64_t drain;  /* for the peer's FIN after ours */
};

/* Bytes per second, over a whole response, below which a reader is too slow to keep (B1). */
enum { MIN_RATE = 256 };

/* What one recv may bring. A buffer for all: a connection keeps only what it needs of it. */
enum { RECEIVE_MAX = 32 * 1024 };

/* Where clients come in: what a listener tells each of its connections. */
struct entrance {
  const struct proto *proto; /* what is spoken here */
  unsigned port;             /* the real one */
  unsigned gemini_port;      /* the ports that links name, as readers see them from here; 0: not offered */
  unsigned gopher_port;
  struct str
      local_host; /* what a menu calls us to those who came in here, where the site has no name (P19): `localhost`
                   * or an address; empty: the address that the client connected to. Borrowed from the owner */
};

struct conn;

struct server {
  uv_loop_t *loop;
  struct poller poller;      /* opened and closed by the worker */
  struct site *const *sites; /* the first one is the default */
  size_t n_sites;
  struct tls_server *tls; /* NULL where no listener speaks TLS */
  struct deadlines deadlines;
  const unsigned *gemini_ports; /* every port that Gemini is served on; borrowed */
  size_t n_gemini_ports;
  bool gophers;     /* TLS on the Gopher port (P6) */
  bool courtesies;  /* a page for those who speak HTTP to the Gopher port (P5) */
  bool log_address; /* B3 */
  bool stopping;    /* who has not asked by now must hurry */

  uint64_t clients;   /* how many there were: each connection's number in the log */
  struct conn *first; /* the list of all connections */
  unsigned n_conns, most_conns;
  struct log_limit crowded;       /* warnings that there were too many */
  unsigned n_turned, most_turned; /* those over the limit that are being told so (G17); counted in n_conns too */

  /* Called after a connection was taken off the list: a listener that paused may go on, a worker that drains may stop.
   */
  void (*on_gone)(struct server *server);
  void *owner; /* the worker's */

  char received[RECEIVE_MAX];
};

#endif
