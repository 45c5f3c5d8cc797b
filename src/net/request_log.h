/* The log of requests as a worker writes it: one line for each who came, to standard error, a file or syslog. */
#ifndef NUNCIO_NET_REQUEST_LOG_H
#define NUNCIO_NET_REQUEST_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/day_keys.h"
#include "base/log.h"
#include "base/log_entry.h"

/* All zero: plain lines on standard error, without addresses. Loop thread only.
 *
 * A line is one write(2) or send(2) that never waits. Files are open for appending, so that lines of several workers do
 * not mix. Where a FIFO's reader or syslogd is behind, or syslogd is gone, lines are kept for a while, WAITING_MOST
 * bytes of them. What cannot be kept, or is not written since the disk is full, is lost, and once a minute a warning on
 * standard error says how many lines were. Where a full disk has taken a part of a line, the next one begins on a line
 * of its own. */
struct request_log {
  enum log_to to;
  enum log_format format;
  enum log_address address;
  int fd; /* of a file or a socket; owned; -1: there is none for now. Not used for standard error */
  const struct day_keys *keys; /* for LOG_ADDRESS_HASH; borrowed; NULL: no address is shown */

  /* There is no descriptor, or its socket has lost its other end: another one is wanted (request_log_use). Called once
   * a second at most; may be NULL. */
  void (*on_broken)(void *owner);
  /* A line has to be kept: request_log_flush is to be called a little later. May be NULL: then none is kept. */
  void (*on_waiting)(void *owner);
  void *owner;

  /* Its own. */
  struct buf waiting;      /* lines, each with its length before it */
  unsigned long n_waiting; /* how many */
  bool torn;               /* the last line was written in part */
  uint64_t told_ms;        /* when on_broken was called; 0: never */
  unsigned long lost;      /* lines, since the last warning */
  int error;               /* errno of the last one */
  struct log_limit losses; /* for the warning */
};
enum { WAITING_MOST = 128 * 1024 };

/* Before a worker is locked in: what later calls need of the machine is read. */
void request_log_open(struct request_log *log);
/* What waits is tried a last time. */
void request_log_close(struct request_log *log);

/* Whether an entry would be written: ask before costly work for one. --quiet is about standard error. */
bool request_log_wants(const struct request_log *log);

/* Writes an entry. Its time and address are filled in here: the time is now, the address is the peer's as far as it is
 * to be shown. `now_ms` is the loop's clock. */
void request_log_write(struct request_log *log, struct log_entry *e, const struct sockaddr *peer, uint64_t now_ms);

/* Writes what waits, as far as it can be. Whether nothing waits any more. */
bool request_log_flush(struct request_log *log, uint64_t now_ms);

/* From now on lines go there, those that wait too: a new file of the same name, or a new socket. The descriptor is
 * taken over, and the one before is closed. */
void request_log_use(struct request_log *log, int fd, uint64_t now_ms);

#endif
