/* What all connections of one worker share. Filled by the worker, used by listeners and connections; loop thread only.
 */
#ifndef NUNCIO_NET_SERVER_H
#define NUNCIO_NET_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "base/log.h"
#include "base/siphash.h"
#include "net/poller.h"
#include "net/request_log.h"
#include "net/reserve.h"
#include "net/visitors.h"
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

/* What a server takes on; its owner sets all of it. */
struct limits {
  unsigned connections;          /* in the whole service; 0: as many as each worker may have */
  struct visitor_limits visitor; /* of one address */
  unsigned handshakes;           /* under way at a time in this worker; 0: no limit */
  unsigned request;              /* bytes; 0: what the protocol has */
  bool loopback;                 /* whether this machine's own addresses are counted */
};

/* How many are told at a time, in the whole service, why they are turned away; and how long each of them may take for a
 * step: they are to be told briefly (G17). */
enum { TURNED_MOST = 32, TURNED_MS = 3000 };

/* What one recv may bring. A buffer for all: a connection keeps only what it needs of it. */
enum { RECEIVE_MAX = 32 * 1024 };

/* Where clients come in: what a listener tells each of its connections. */
struct entrance {
  const struct proto *proto; /* what is spoken here */
  struct site *site;         /* whose listener this is; NULL: one of all sites */
  unsigned port;             /* the real one */
  unsigned gemini_port;      /* the ports that links name, as readers see them from here; 0: not offered */
  unsigned gopher_port;
  struct str
      local_host; /* what a menu calls us to those who came in here, where the site has no name (P19): `localhost`
                   * or an address; empty: the address that the client connected to. Borrowed from the owner */
};

struct conn;

/* How often an address was told in a second (counted in 16 bits) that it is turned away. */
struct told_lately {
  uint16_t second, times;
};

struct server {
  uv_loop_t *loop;
  struct poller poller;      /* opened and closed by the worker */
  struct site *const *sites; /* the first one is the default */
  size_t n_sites;
  struct tls_server *tls; /* NULL where no listener speaks TLS */
  struct deadlines deadlines;
  const unsigned *gemini_ports; /* every port that Gemini is served on; borrowed */
  size_t n_gemini_ports;
  bool gophers;    /* TLS on the Gopher port (P6) */
  bool courtesies; /* a page for those who speak HTTP to the Gopher port (P5) */
  bool stopping;   /* who has not asked by now must hurry */

  uint64_t clients;   /* how many there were: each connection's number in the log */
  struct conn *first; /* the list of all connections */
  unsigned n_conns;
  unsigned n_served, most_conns;  /* those of them that are served, or were until their sockets closed */
  unsigned n_turned, most_turned; /* those turned away that are being told so (G17); counted in n_conns too */
  uint16_t told[TURNED_MOST];     /* where each of them stands in the table of visitors */
  struct told_lately told_lately[VISITORS_PLACES]; /* pages of it that are not touched take no memory */
  struct limits limits;
  unsigned char visitor_key[SIPHASH_KEY_BYTES]; /* for request.visitor: the same at every worker */
  struct visitors *visitors;                    /* the table of the whole service; NULL: nobody is counted */
  struct conn *shakes_first, *shakes_last;      /* whose TLS handshakes are under way, oldest first */
  unsigned n_shakes;
  struct reserve reserve; /* for one who is to be told that descriptors have run out */

  struct request_log requests; /* B3 */

  /* What a peer can bring about again and again is written now and then. */
  struct log_limit crowded, shaken, starved; /* warnings: too many connections, handshakes, descriptors */
  struct log_limit unasked, refused;         /* lines of those who never asked, and of those who were turned away */

  /* Called after a connection was taken off the list: a listener that paused may go on, a worker that drains may stop.
   */
  void (*on_gone)(struct server *server);
  void *owner; /* the worker's */

  char received[RECEIVE_MAX];
};

#endif
