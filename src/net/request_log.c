/* The log of requests: what a worker does with an entry. */
#include "net/request_log.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/address.h"
#include "base/siphash.h"

enum { WARN_MS = 60 * 1000, BROKEN_MS = 1000 };

/* RFC 3164 has 1024 bytes for a message, which an address of Gemini alone may have; RFC 5424, 6.1 asks those who
 * receive to take 2048. Facility 3 is `daemon`, severity 6 `info`. */
enum { SYSLOG_MOST = 2048, SYSLOG_HEAD = 64, SYSLOG_PRIORITY = 3 * 8 + 6 };

/* At first: most lines are shorter. */
enum { LINE_USUAL = 512 };

void request_log_open(struct request_log *log)
{
  (void)log;
  tzset(); /* reads a file; syslog has local time */
}

void request_log_close(struct request_log *log)
{
  request_log_use(log, -1);
}

bool request_log_wants(const struct request_log *log)
{
  return log->to != LOG_TO_STDERR || log_wants(LOG_REQUEST);
}

void request_log_use(struct request_log *log, int fd)
{
  if (log->to == LOG_TO_STDERR) {
    if (fd >= 0)
      close(fd);
    return;
  }
  if (log->fd >= 0)
    close(log->fd);
  log->fd = fd;
  log->torn = false;
}

/* ------------------------------------------------------------------ addresses */

enum { ADDRESS_ROOM = INET6_ADDRSTRLEN };

static bool hash_address(const struct request_log *log, time_t now, const struct sockaddr *peer,
                         char text[ADDRESS_ROOM])
{
  unsigned char key[SIPHASH_KEY_BYTES], bytes[ADDRESS_BYTES_MOST];
  size_t n = address_bytes(peer, bytes);
  if (n == 0 || !log->keys || !day_keys_get(log->keys, day_of(now), key))
    return false;
  uint64_t hash = siphash(key, bytes, n);
  explicit_bzero(key, sizeof key);
  return snprintf(text, ADDRESS_ROOM, "%016" PRIx64, hash) > 0;
}

/* As it is to be shown, in `text`; an empty span where it is not. */
static struct str show_address(const struct request_log *log, time_t now, const struct sockaddr *peer,
                               char text[ADDRESS_ROOM])
{
  switch (log->address) {
  case LOG_ADDRESS_NONE:
    return STR("");
  case LOG_ADDRESS_FULL:
    address_text(peer, text);
    return str_from(text);
  case LOG_ADDRESS_CUT:
    address_cut(peer, text);
    return str_from(text);
  case LOG_ADDRESS_HASH:
    return hash_address(log, now, peer, text) ? str_from(text) : STR("");
  }
  return STR("");
}

/* ------------------------------------------------------------------ writing */

/* As syslog(3) of the C library begins its datagrams (RFC 3164, 4.1; without a host, as on a local socket). */
static void put_syslog_head(struct buf *line, time_t now)
{
  struct tm local;
  char when[32];
  if (!localtime_r(&now, &local) || strftime(when, sizeof when, "%b %e %H:%M:%S", &local) == 0)
    when[0] = '\0';
  buf_printf(line, "<%d>%s nuncio[%ld]: ", SYSLOG_PRIORITY, when, (long)getpid());
}

/* 0, or errno: the line is lost. */
static int write_to_file(struct request_log *log, struct str line)
{
  ssize_t n;
  do
    n = write(log->fd, line.p, line.n);
  while (n < 0 && errno == EINTR);
  if (n < 0)
    return errno;
  if ((size_t)n < line.n) {
    log->torn = log->torn || n > 0;
    return ENOSPC;
  }
  log->torn = false;
  return 0;
}

static int send_to_syslog(const struct request_log *log, struct str message)
{
  ssize_t n;
  do
    n = send(log->fd, message.p, message.n, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  return n < 0 ? errno : 0;
}

/* Whether another descriptor would mend it. (A FIFO whose reader comes back is whole again by itself.) */
static bool is_broken(int error)
{
  return error == EBADF || error == ECONNREFUSED || error == ECONNRESET || error == ENOTCONN || error == EDESTADDRREQ;
}

static void lose(struct request_log *log, int error, uint64_t now_ms)
{
  log->lost++;
  log->error = error;
  if (!is_broken(error) || !log->on_broken || (log->told_ms && now_ms - log->told_ms < BROKEN_MS))
    return;
  log->told_ms = now_ms;
  log->on_broken(log->owner);
}

static void tell_losses(struct request_log *log, uint64_t now_ms)
{
  unsigned long unsaid;
  if (!log->lost || !log_due(&log->losses, now_ms, 1, WARN_MS, &unsaid))
    return;
  log_warning("the log of requests has lost %lu %s: %s", log->lost, log->lost == 1 ? "line" : "lines",
              log->fd < 0 ? "it is not open" : strerror(log->error)); /* NOLINT(concurrency-mt-unsafe) */
  log->lost = 0;
}

/* The combined form has no place for it. */
static void tell_left_out(const struct request_log *log, const struct log_entry *e)
{
  if (log->format == LOG_COMBINED && e->left_out)
    log_notice("the log of requests leaves out %lu more lines of those who were not served", e->left_out);
}

void request_log_write(struct request_log *log, struct log_entry *e, const struct sockaddr *peer, uint64_t now_ms)
{
  char address[ADDRESS_ROOM];
  struct buf line = BUF_INIT(PIPE_BUF);
  int error = 0;
  (void)clock_gettime(CLOCK_REALTIME, &e->time);
  e->address = show_address(log, e->time.tv_sec, peer, address);
  (void)buf_room(&line, LINE_USUAL);
  switch (log->to) {
  case LOG_TO_STDERR:
    log_entry_put(&line, log->format, e, true, PIPE_BUF);
    if (buf_error(&line) == 0)
      log_line(buf_str(&line));
    break;
  case LOG_TO_FILE:
    buf_put_c(&line, '\n'); /* for the end of a torn line, else left out */
    log_entry_put(&line, log->format, e, true, PIPE_BUF - 1);
    error = buf_error(&line) ? ENOMEM : write_to_file(log, str_skip(buf_str(&line), log->torn ? 0 : 1));
    break;
  case LOG_TO_SYSLOG:
    put_syslog_head(&line, e->time.tv_sec);
    log_entry_put(&line, log->format, e, false, SYSLOG_MOST - SYSLOG_HEAD);
    error = buf_error(&line) ? ENOMEM : send_to_syslog(log, str_head(buf_str(&line), line.n - 1));
    break;
  }
  buf_free(&line);
  if (error)
    lose(log, error, now_ms);
  tell_losses(log, now_ms);
  tell_left_out(log, e);
}
