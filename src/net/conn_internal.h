/* The inside of a connection, shared by conn.c (states), conn_request.c and conn_response.c (steps), conn_io.c (bytes).
 */
#ifndef NUNCIO_NET_CONN_INTERNAL_H
#define NUNCIO_NET_CONN_INTERNAL_H

#include <netinet/in.h>

#include "net/conn.h"
#include "tls/session.h"

enum conn_state {
  CONN_HANDSHAKE, /* TLS is being agreed */
  CONN_READ,      /* the request is coming */
  CONN_HANDLE,    /* the site is answering */
  CONN_WRITE,     /* what is to be sent is leaving: the answer, an alert, a close_notify */
  CONN_SHUTDOWN,  /* our FIN is sent; the peer's is awaited, briefly (G3, P18) */
  CONN_CLOSING,   /* the timer is closing; memory goes with it */
};

/* How a newcomer was admitted. All but the first one are turned away, and are here only to be told why. */
enum admitted {
  ADMITTED_SERVED,
  ADMITTED_FULL,    /* there is no place: 41 */
  ADMITTED_CROWDED, /* its address has too much open: 44 */
  ADMITTED_BLOCKED, /* its address asks too often: 44 */
};

struct admission {
  enum admitted how;
  uint16_t place;   /* in the table of visitors; NO_PLACE: not counted there */
  uint16_t seconds; /* how long to wait */
};

struct conn {
  struct server *server;     /* borrowed */
  const struct proto *proto; /* static */
  struct conn *next, *previous;
  struct conn *shake_next, *shake_previous;
  struct admission admission;
  uint64_t number; /* in the log */
  enum conn_state state;
  struct polled socket; /* its descriptor, and what it waits for */
  uv_timer_t timer;     /* the only handle: memory goes with its close callback */

  bool stepping; /* conn_step runs: callbacks only leave a note */
  bool readable; /* note: recv may bring something */
  bool eof;      /* the peer has sent its FIN, and all before it was received */
  bool ended;    /* note: the peer has sent its FIN after ours; what is there to receive is the rest */
  bool blocked;  /* the kernel took no more: wait until it does */
  bool answered; /* note: `response` has come */
  bool pulling;  /* a pull is pending; the wake-up will clear it */
  bool writing;  /* the answer's first bytes were handed over: too late for another answer */
  bool complete; /* all there is to send has been put into the output */
  bool shaking;  /* among those whose handshake is under way */
  bool spare;    /* it has the descriptor that was kept back */
  bool asked;    /* a request was parsed: log it as one */
  bool failed;   /* the answer was cut short */

  struct identity *identity; /* owned; NULL: the client has shown no certificate */
  struct tls_session *tls;   /* NULL on plain TCP and before the first byte */
  struct buf input;          /* plain bytes received: the request */
  struct buf output;         /* plain bytes: to be encrypted, or to be sent from `output_sent` on */
  size_t output_sent;

  struct proto_context context;
  struct proto_request request;
  struct answer *answer;    /* being made by the site, or NULL */
  struct response response; /* valid once answered */
  struct body *body;        /* what is still to be pulled, or NULL */
  enum status status;       /* for the log */

  uint64_t opened_at, write_at, progress_at; /* loop time in ms */
  uint64_t said_at;                          /* all was handed to the kernel; 0: not yet */
  uint64_t head, sent;      /* bytes of the answer, before encryption: its head, and what was pulled of its body */
  uint64_t wire;            /* bytes given to the kernel */
  uint64_t delivered;       /* bytes that the peer had acknowledged at the last look */
  const char *fault;        /* why it ended early, for the log; static or the TLS session's */
  struct sockaddr_in6 peer; /* large enough for IPv4 too */
  char local_host[INET6_ADDRSTRLEN]; /* P19 */
};

/* The only place where the state changes: traces the move and arms the new state's deadline. */
void conn_goto(struct conn *c, enum conn_state state);

/* Whether a newcomer gets in, to be served or to be told why not; else it is to be closed at once. `spare`: it is here
 * by the last descriptor, only to be told. conn_depart follows where it got in. */
bool conn_admit(struct server *server, const struct sockaddr *peer, bool spare, struct admission *a);
void conn_depart(struct server *server, const struct admission *a);

/* Answers one who is turned away, whatever it asked for (G17). */
void conn_turn_away(struct conn *c);

/* A TLS handshake begins (another one may have to make room); it is over (or was none: then nothing happens). */
void conn_shake_begin(struct conn *c);
void conn_shake_end(struct conn *c);

/* Starts the deadline of the state that the connection is in, anew. */
void conn_arm(struct conn *c);

/* The server stops, and this one has not asked yet: cuts what is left of its deadline to a second. */
void conn_hasten(struct conn *c);

/* Moves as far as it can go without waiting, then says what it waits for. Callbacks call it unless `stepping` is set.
 */
void conn_step(struct conn *c);

/* One step in each state. True where the state changed, so that the next one can have its turn. */
bool conn_step_handshake(struct conn *c);
bool conn_step_read(struct conn *c);
bool conn_step_handle(struct conn *c);
bool conn_step_write(struct conn *c);
bool conn_step_shutdown(struct conn *c);

/* The site's source has been silent for as long as a reader might be: says so (40) while that can be said, else ends.
 */
void conn_source_late(struct conn *c);

/* Ends in an orderly way: nothing more is said but what waits in the output and a close_notify. `why` goes into the
 * log. */
void conn_finish(struct conn *c, const char *why);

/* Ends at once: the peer is gone, or is to be dropped without another byte. */
void conn_drop(struct conn *c, const char *why);

/* Ends at once, all said: the socket closes, and memory goes when the timer has closed. */
void conn_close(struct conn *c);

/* How sending went. */
enum sent {
  SENT_ALL,     /* the output is empty */
  SENT_BLOCKED, /* the rest must wait until the socket is writable */
  SENT_DEAD,    /* the peer is gone */
};

/* How much is gathered before it is sent: little, as a slow reader's connection holds it for long, or more for one who
 * has taken FAST_BYTES at FAST_RATE (bytes a millisecond), since large pieces cost less. And how many pieces one
 * connection may send before others have their turn. */
enum { PIECE = 64 * 1024, PIECE_FAST = 256 * 1024, FAST_BYTES = 512 * 1024, FAST_RATE = 4096 };
enum { PIECES_PER_TURN = 4, OUTPUT_MAX = 4 * 1024 * 1024 };

/* Receives once, at most RECEIVE_MAX bytes; they are in server->received. The count; 0: nothing now; -1: the peer is
 * gone. Sets eof. */
ssize_t conn_receive(struct conn *c);

/* Bytes that wait to be sent. */
bool conn_has_output(const struct conn *c);

/* Sends what waits, as far as the kernel takes it. Sets `blocked`, counts progress. */
enum sent conn_send(struct conn *c);

/* How many bytes the peer has acknowledged. What is given to the kernel may lie there for a long time before a slow
 * reader takes it, and no writable socket says so. */
uint64_t conn_delivered(const struct conn *c);

/* What filling the output came to. */
enum filled {
  FILLED,        /* there is something to send, or all is complete */
  FILLED_WAIT,   /* a pull is pending; what was gathered before may be sent */
  FILLED_FAILED, /* the body failed, or memory is short */
};

/* Pulls the body until a piece is gathered or it ends, and puts it into the output, encrypted where TLS is on, with
 * close_notify after the end. */
enum filled conn_fill(struct conn *c);

/* One line for the log, when the connection ends (B3). */
void conn_log(const struct conn *c);

/* The state's name, for tracing. */
const char *conn_state_name(enum conn_state state);

#endif
