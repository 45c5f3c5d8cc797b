/* One question to a server: a connection, what is sent, what comes back, and how it ended. */
#ifndef NUNCIO_PROBE_EXCHANGE_H
#define NUNCIO_PROBE_EXCHANGE_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/str.h"
#include "tls/client.h"

enum {
  EXCHANGE_MOST = 1 << 20, /* bytes of an answer that are received; who sends more is cut off */
  EXCHANGE_FAULT = 160,
};

enum exchange_end {
  EXCHANGE_CLOSED,      /* the server closed: over TLS by close_notify, else by FIN */
  EXCHANGE_CUT,         /* TLS: FIN without close_notify (G3) */
  EXCHANGE_RESET,       /* RST */
  EXCHANGE_LATE,        /* the time was up */
  EXCHANGE_FLOOD,       /* more than EXCHANGE_MOST bytes came */
  EXCHANGE_BROKEN,      /* TLS failed: `fault` says how */
  EXCHANGE_UNREACHABLE, /* there was no connection: `fault` says why */
  EXCHANGE_LOCAL,       /* this machine lacks something: `fault` says what */
};

struct exchange_plan {
  const struct sockaddr *address; /* borrowed, as all pointers here */
  socklen_t length;
  struct tls_client *tls; /* NULL: plain TCP */
  const char *host;       /* what the certificate should name */
  bool host_is_ip;
  const char *sni;           /* NULL: none */
  struct tls_ticket *ticket; /* taken; NULL: a full handshake */
  struct str request;
  unsigned limit_ms; /* for the whole */
};

/* What the handshake told; all zero without TLS, or before its end. */
struct exchange_tls {
  char version[16];
  bool resumed, wants_certificate;
  bool gave_ticket, early_data; /* a ticket came; it allows early data (G4) */
  bool names_host;              /* the certificate is for `host` */
  int certificate_err;          /* why there is no description of it */
  struct certificate_info certificate;
};

struct exchange {
  enum exchange_end end;
  bool open;                 /* ready for a request: TLS's handshake was done, or TCP's where there is no TLS */
  bool closed_tcp;           /* the FIN came (within a short time after close_notify) */
  unsigned ms;               /* how long it took */
  struct buf received;       /* plain text */
  struct tls_ticket *ticket; /* one that came, or NULL; owned: who takes it writes NULL here */
  struct exchange_tls tls;
  char fault[EXCHANGE_FAULT];
};

/* Does it. Blocks, at most for the plan's limit. exchange_free in any case; it may be used again afterwards. */
void exchange_run(const struct exchange_plan *plan, struct exchange *out);
void exchange_free(struct exchange *seen);

/* Only connects, and closes. Whether that went well within the limit; if not, `fault` says why. */
bool exchange_connects(const struct sockaddr *address, socklen_t length, unsigned limit_ms, char fault[EXCHANGE_FAULT]);

/* How it ended, such as "close_notify", "FIN", "reset", "TLS: the server does not speak TLS". */
void exchange_put_end(struct buf *out, const struct exchange *seen);

#endif
