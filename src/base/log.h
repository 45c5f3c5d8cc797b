/* The log: whole lines on standard error, safe against what strangers send. */
#ifndef NUNCIO_BASE_LOG_H
#define NUNCIO_BASE_LOG_H

#include "base/buf.h"
#include "base/str.h"

/* The logger is the one global thing in the program. It is set up before any thread starts; a line is one
 * write(2), so lines from the thread pool do not mix. */
enum log_level {
  LOG_ERROR,   /* something of ours is broken */
  LOG_WARNING, /* the owner should look */
  LOG_NOTICE,  /* start, stop, a certificate picked up */
  LOG_REQUEST, /* one line per request: silenced by --quiet */
  LOG_DEBUG,   /* states and moves: only with --verbose */
};

/* Lines above `most` are dropped. LOG_REQUEST until this is called. */
void log_open(enum log_level most);

/* Whether a line of this level would be written: ask before costly work for one. */
bool log_wants(enum log_level level);

/* Writes one line: the time (UTC, RFC 3339), the level, the message. Every control byte, every byte that is not
 * UTF-8 and every code point that could move a terminal's cursor comes out as \xNN, and a backslash as \\, so the
 * message may hold a stranger's bytes as they are (B3). Long lines are cut at 2 KiB. */
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The escaping by itself: appends s to out. */
void log_escape(struct buf *out, struct str s);

#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__)
#define log_notice(...) log_write(LOG_NOTICE, __VA_ARGS__)
#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)

#endif
