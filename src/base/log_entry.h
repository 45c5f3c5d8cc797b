/* One entry of the log of requests, in the forms that it can be written in. Pure. */
#ifndef NUNCIO_BASE_LOG_ENTRY_H
#define NUNCIO_BASE_LOG_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/buf.h"
#include "base/str.h"

enum log_format {
  LOG_PLAIN,    /* our own: as the other lines of the log, for people */
  LOG_COMBINED, /* as web servers write it (the combined log format, which begins with the common one) */
  LOG_JSON,     /* an object (RFC 8259) a line */
};

/* Where entries go. */
enum log_to {
  LOG_TO_STDERR, /* between the other lines */
  LOG_TO_FILE,   /* a file, a FIFO or a device, by its name */
  LOG_TO_SYSLOG, /* a socket of datagrams, as syslog(3) has it */
};

/* What of a client's address they show. */
enum log_address {
  LOG_ADDRESS_NONE,
  LOG_ADDRESS_FULL,
  LOG_ADDRESS_CUT,  /* address_cut */
  LOG_ADDRESS_HASH, /* SipHash by the day's key (base/day_keys.h), 16 hexadecimal digits */
};

/* What is said of one who came. All borrowed for the call. */
struct log_entry {
  struct timespec time;   /* the wall clock's */
  const char *protocol;   /* `gemini`, `gopher`: in JSON, which has `tls` beside it */
  const char *name;       /* the same in the plain form: `gophers` where it was Gopher over TLS */
  bool tls, resumed;      /* there was a TLS session; it was a resumed one */
  bool asked;             /* there was a whole request: the next five count */
  struct str site;        /* its main name; empty: none was found */
  unsigned status;        /* as Gemini has them, for Gopher too */
  uint64_t bytes;         /* of the answer, before encryption */
  bool failed;            /* it was cut short */
  struct str request;     /* as the peer sent it, or the beginning of that */
  bool shortened;         /* only the beginning: three dots follow */
  uint64_t ms;            /* from the accept to the last byte, or to the end */
  struct str address;     /* the client's, as it is to be shown; empty: it is not */
  const char *fault;      /* why there was no request, or the answer was cut short; NULL: the client left */
  unsigned long left_out; /* how many such lines a limit has held back before this one */
};

/* Appends the entry as one line that ends with LF and has `most` bytes at most, LF included (LOG_LINE_LEAST or more):
 * what the peer sent is cut to fit, never inside an escape. It is escaped so that it can neither end its field or its
 * line nor steer a terminal (B3):
 *
 *   plain     control characters, code points that move a cursor (utf8_disturbs) and bytes that are not UTF-8 as \xNN,
 *             a backslash as \\; it comes last
 *   combined  the same, and a quotation mark as \"
 *   JSON      by JSON's own escapes; a byte that is not UTF-8 as \ufffd
 *
 * In the combined form nothing can be said of `left_out`; the caller says it elsewhere. `started` is false where the
 * line goes to a log that puts time and level before it: the plain form leaves them out then. */
void log_entry_put(struct buf *out, enum log_format format, const struct log_entry *e, bool started, size_t most);
enum { LOG_LINE_LEAST = 1024 };

#endif
