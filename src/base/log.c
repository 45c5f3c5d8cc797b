/* The log: one write per line, everything escaped that is not plain text. */
#include "base/log.h"

#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/utf8.h"

enum { MESSAGE_MAX = 2048 };

static enum log_level most_wanted = LOG_REQUEST;

/* Standard error is a file: it takes what it is given. */
static bool never_behind;

void log_open(enum log_level most)
{
  struct stat st;
  most_wanted = most;
  never_behind = fstat(STDERR_FILENO, &st) == 0 && S_ISREG(st.st_mode);
}

bool log_wants(enum log_level level)
{
  return level <= most_wanted;
}

/* How many bytes stand at the start that need no look: nearly all that is ever logged. */
static size_t plain_ascii(struct str s)
{
  size_t n = 0;
  while (n < s.n && s.p[n] >= 0x20 && s.p[n] < 0x7f && s.p[n] != '\\')
    n++;
  return n;
}

void log_escape(struct buf *out, struct str s)
{
  for (;;) {
    size_t run = plain_ascii(s);
    buf_put(out, s.p, run);
    s = str_skip(s, run);
    if (s.n == 0)
      return;
    int32_t point;
    size_t n = utf8_decode(s, &point);
    bool plain = point >= 0x20 && point != 0x7f && point != '\\' && !utf8_disturbs(point);
    if (plain)
      buf_put(out, s.p, n);
    else if (point == '\\')
      buf_put_str(out, STR("\\\\"));
    else
      for (size_t i = 0; i < n; i++)
        buf_printf(out, "\\x%02x", (unsigned)(unsigned char)s.p[i]);
    s = str_skip(s, n);
  }
}

const char *log_level_name(enum log_level level)
{
  switch (level) {
  case LOG_ERROR:
    return "error";
  case LOG_WARNING:
    return "warning";
  case LOG_NOTICE:
    return "notice";
  case LOG_REQUEST:
    return "request";
  case LOG_DEBUG:
    return "debug";
  }
  return "log";
}

bool log_due(struct log_limit *limit, uint64_t now_ms, unsigned most, uint64_t period_ms, unsigned long *left_out)
{
  if (limit->said == 0 || now_ms - limit->since_ms >= period_ms) {
    limit->since_ms = now_ms;
    limit->said = 0;
  }
  if (limit->said >= most) {
    limit->left_out++;
    return false;
  }
  limit->said++;
  *left_out = limit->left_out;
  limit->left_out = 0;
  return true;
}

const char *log_note(unsigned long left_out, char note[LOG_NOTE_BYTES])
{
  if (left_out == 0 || snprintf(note, LOG_NOTE_BYTES, " (%lu more before this one were left out)", left_out) < 0)
    note[0] = '\0';
  return note;
}

/* How many lines found no reader, since the last one that did. */
static atomic_uint lost;

/* Whether a whole line can be written now. A pipe that polls as writable takes PIPE_BUF bytes at once (pipe(7)), and no
 * line is longer. */
static bool is_read(void)
{
  struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
  return never_behind || poll(&out, 1, 0) != 0;
}

/* Writes a whole line, or nothing where the reader of the log is behind. */
static bool write_line(struct str line)
{
  /* Nothing can be done about a log that cannot be written; the service goes on. */
  return is_read() && write(STDERR_FILENO, line.p, line.n) >= 0;
}

void log_put_time(struct buf *out, const struct timespec *now)
{
  /* The words for the second, kept until the next one. */
  static _Thread_local time_t second = -1;
  static _Thread_local char when[32];
  static _Thread_local size_t length;
  struct tm utc;
  if (now->tv_sec != second) {
    second = now->tv_sec;
    length = gmtime_r(&now->tv_sec, &utc) ? strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &utc) : 0;
  }
  unsigned ms = (unsigned)(now->tv_nsec / 1000000) % 1000;
  const char part[] = {'.', (char)('0' + ms / 100), (char)('0' + ms / 10 % 10), (char)('0' + ms % 10), 'Z'};
  buf_put(out, when, length);
  buf_put(out, part, sizeof part);
}

void log_line(struct str line)
{
  if (!write_line(line))
    atomic_fetch_add(&lost, 1);
  else if (atomic_load_explicit(&lost, memory_order_relaxed))
    log_warning("the log is written again");
}

static void put_start(struct buf *line, const char *level)
{
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  log_put_time(line, &now);
  buf_printf(line, " %s ", level);
}

void log_write(enum log_level level, const char *format, ...)
{
  if (!log_wants(level))
    return;

  char message[MESSAGE_MAX];
  va_list args;
  va_start(args, format);
  int n = vsnprintf(message, sizeof message, format, args);
  va_end(args);
  if (n < 0)
    return;
  struct str text = {message, (size_t)n < sizeof message ? (size_t)n : sizeof message - 1};

  struct buf line = BUF_INIT((size_t)4 * MESSAGE_MAX + 256);
  unsigned behind = atomic_exchange(&lost, 0);
  put_start(&line, log_level_name(level));
  if (behind)
    buf_printf(&line, "(%u lines before this one were lost: the log was not read) ", behind);
  log_escape(&line, text);
  if (line.n > PIPE_BUF - 1)
    line.n = PIPE_BUF - 1;
  buf_put_c(&line, '\n');
  if (buf_error(&line) == 0 && !write_line(buf_str(&line)))
    atomic_fetch_add(&lost, behind + 1);
  buf_free(&line);
}
