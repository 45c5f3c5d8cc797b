/* The log: whole lines on standard error, safe against what strangers send. */
#ifndef NUNCIO_BASE_LOG_H
#define NUNCIO_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

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

/* The word for a level: error, warning, notice, request, debug. */
const char *log_level_name(enum log_level level);

/* Lines above `most` are dropped. LOG_REQUEST until this is called. */
void log_open(enum log_level most);

/* Whether a line of this level would be written: ask before costly work for one. */
bool log_wants(enum log_level level);

/* Writes one line: the time (UTC, RFC 3339), the level, the message. Every control byte, every byte that is not
 * UTF-8 and every code point that could move a terminal's cursor comes out as \xNN, and a backslash as \\, so the
 * message may hold a stranger's bytes as they are (B3). Long lines are
 * cut at 2 KiB. A log that nobody reads (a full pipe, a stopped terminal) loses lines rather than stop the service; how
 * many is said in the next line that gets through. */
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A limit for lines that a peer could cause again and again: so many in a stretch of time, and what had to be left out
 * is counted. Zeroed before use. */
struct log_limit {
  uint64_t since_ms; /* when the stretch that counts now began */
  unsigned said;     /* so far in it */
  unsigned long left_out;
};

/* Whether a line may be written now: at most `most` in `period_ms` from the first one on. `now_ms` is any clock that
 * never goes back. If so, *left_out says how many were not, since the last one that was. */
bool log_due(struct log_limit *limit, uint64_t now_ms, unsigned most, uint64_t period_ms, unsigned long *left_out);

/* The words for what was left out, to be put behind a line: nothing where that is 0. */
enum { LOG_NOTE_BYTES = 64 };
const char *log_note(unsigned long left_out, char note[LOG_NOTE_BYTES]);

/* The escaping by itself: appends s to out. */
void log_escape(struct buf *out, struct str s);

/* For lines that are made elsewhere: appends the time as they begin with, and writes one, with its LF and PIPE_BUF
 * bytes at most, as it is. It is lost, and counted, where nobody reads the log. */
void log_put_time(struct buf *out, const struct timespec *now);
void log_line(struct str line);

#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__)
#define log_notice(...) log_write(LOG_NOTICE, __VA_ARGS__)
#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)

#endif
