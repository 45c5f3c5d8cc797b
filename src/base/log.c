/* The log: one write per line, everything escaped that is not plain text. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/utf8.h"

enum { MESSAGE_MAX = 2048, LINE_MAX_BYTES = 4 * MESSAGE_MAX + 128 };

static enum log_level most_wanted = LOG_REQUEST;

void log_open(enum log_level most)
{
  most_wanted = most;
}

bool log_wants(enum log_level level)
{
  return level <= most_wanted;
}

/* Code points that are no control bytes in UTF-8 and yet steer a terminal or reorder a line: C1 controls, line and
 * paragraph separators, bidirectional overrides, the byte order mark. */
static bool steers(int32_t point)
{
  return (point >= 0x80 && point <= 0x9f) || (point >= 0x200e && point <= 0x200f) ||
         (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) || point == 0xfeff;
}

void log_escape(struct buf *out, struct str s)
{
  while (s.n) {
    int32_t point;
    size_t n = utf8_decode(s, &point);
    bool plain = point >= 0x20 && point != 0x7f && point != '\\' && !steers(point);
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

static const char *level_name(enum log_level level)
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

  struct timespec now;
  struct tm utc;
  char when[32];
  clock_gettime(CLOCK_REALTIME, &now);
  if (!gmtime_r(&now.tv_sec, &utc) || strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &utc) == 0)
    return;

  struct buf line = BUF_INIT(LINE_MAX_BYTES);
  buf_printf(&line, "%s.%03ldZ %s ", when, now.tv_nsec / 1000000, level_name(level));
  log_escape(&line, text);
  buf_put_c(&line, '\n');
  /* Nothing can be done about a log that cannot be written; the service goes on. */
  if (buf_error(&line) == 0 && write(STDERR_FILENO, line.p, line.n) < 0)
    (void)0;
  buf_free(&line);
}
