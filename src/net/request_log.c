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

bool request_log_wants(const struct request_log *log)
{
  return log->to != LOG_TO_STDERR || log_wants(LOG_REQUEST);
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

/* 0, or errno. */
static int write_text(struct request_log *log, struct str text)
{
  ssize_t n;
  do
    n = write(log->fd, text.p, text.n);
  while (n < 0 && errno == EINTR);
  if (n < 0)
    return errno;
  log->torn = (size_t)n < text.n && (log->torn || n > 0);
  return (size_t)n < text.n ? ENOSPC : 0;
}

static int write_to_file(struct request_log *log, struct str line)
{
  if (!log->torn)
    return write_text(log, line);
  struct buf both = BUF_INIT(line.n + 1);
  buf_put_c(&both, '\n');
  buf_put_str(&both, line);
  int error = buf_error(&both) ? ENOMEM : write_text(log, buf_str(&both));
  buf_free(&both);
  return error;
}

static int send_to_syslog(const struct request_log *log, struct str message)
{
  ssize_t n;
  do
    n = send(log->fd, message.p, message.n, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  return n < 0 ? errno : 0;
}

static int write_out(struct request_log *log, struct str line)
{
  return log->to == LOG_TO_SYSLOG ? send_to_syslog(log, line) : write_to_file(log, line);
}

/* Whether another descriptor would mend it. (A FIFO whose reader comes back is whole again by itself.) */
static bool is_broken(int error)
{
  return error == EBADF || error == ECONNREFUSED || error == ECONNRESET || error == ENOTCONN || error == EDESTADDRREQ;
}

static bool is_behind(int error)
{
  return error == EAGAIN || error == ENOBUFS;
}

static void ask_for_another(struct request_log *log, uint64_t now_ms)
{
  if (!log->on_broken || (log->told_ms && now_ms - log->told_ms < BROKEN_MS))
    return;
  log->told_ms = now_ms;
  log->on_broken(log->owner);
}

static void tell_losses(struct request_log *log)
{
  log_warning("the log of requests has lost %lu %s: %s", log->lost, log->lost == 1 ? "line" : "lines",
              log->fd < 0 ? "it is not open" : strerror(log->error)); /* NOLINT(concurrency-mt-unsafe) */
  log->lost = 0;
}

static void lose(struct request_log *log, unsigned long lines, int error)
{
  log->lost += lines;
  log->error = error;
}

/* ------------------------------------------------------------------ lines that wait */

/* False where there is no place for it. */
static bool keep(struct request_log *log, struct str line)
{
  struct buf *waiting = &log->waiting;
  uint16_t length = (uint16_t)line.n;
  if (!log->on_waiting || line.n > UINT16_MAX || sizeof length + line.n > waiting->max - waiting->n)
    return false;
  if (waiting->n == 0 && !buf_room(waiting, waiting->max)) { /* all of it, so that no later line fails for memory */
    buf_free(waiting);
    return false;
  }
  buf_put(waiting, &length, sizeof length);
  buf_put_str(waiting, line);
  if (log->n_waiting++ == 0)
    log->on_waiting(log->owner);
  return true;
}

/* The first line of those that wait. */
static struct str first_of(struct str waiting)
{
  uint16_t length;
  memcpy(&length, waiting.p, sizeof length);
  return str_make(waiting.p + sizeof length, length);
}

bool request_log_flush(struct request_log *log, uint64_t now_ms)
{
  struct str rest = buf_str(&log->waiting);
  int error = 0;
  while (rest.n) {
    struct str line = first_of(rest);
    error = write_out(log, line);
    if (is_behind(error) || is_broken(error))
      break;
    if (error)
      lose(log, 1, error);
    log->n_waiting--;
    rest = str_skip(rest, sizeof(uint16_t) + line.n);
  }
  if (is_broken(error))
    ask_for_another(log, now_ms);
  if (rest.n)
    buf_drop(&log->waiting, log->waiting.n - rest.n);
  else
    buf_free(&log->waiting);
  return rest.n == 0;
}

/* Writes a line, keeps it, or loses it. */
static void put_line(struct request_log *log, struct str line, uint64_t now_ms)
{
  int error = EAGAIN;
  if (log->waiting.n == 0 || request_log_flush(log, now_ms)) {
    error = write_out(log, line);
    if (is_broken(error))
      ask_for_another(log, now_ms);
  }
  if (error && !((is_behind(error) || is_broken(error)) && keep(log, line)))
    lose(log, 1, error);
}

/* ------------------------------------------------------------------ what the worker calls */

void request_log_open(struct request_log *log)
{
  buf_init(&log->waiting, WAITING_MOST);
  tzset(); /* reads a file; syslog has local time */
}

static void change(struct request_log *log, int fd)
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

void request_log_use(struct request_log *log, int fd, uint64_t now_ms)
{
  change(log, fd);
  (void)request_log_flush(log, now_ms);
}

void request_log_close(struct request_log *log)
{
  log->on_broken = NULL;
  if (!request_log_flush(log, 0))
    lose(log, log->n_waiting, EAGAIN);
  if (log->lost)
    tell_losses(log);
  buf_free(&log->waiting);
  change(log, -1);
}

void request_log_write(struct request_log *log, struct log_entry *e, const struct sockaddr *peer, uint64_t now_ms)
{
  char address[ADDRESS_ROOM];
  struct buf line = BUF_INIT(PIPE_BUF);
  unsigned long unsaid;
  (void)clock_gettime(CLOCK_REALTIME, &e->time);
  e->address = show_address(log, e->time.tv_sec, peer, address);
  (void)buf_room(&line, LINE_USUAL);
  if (log->to == LOG_TO_SYSLOG) {
    put_syslog_head(&line, e->time.tv_sec);
    log_entry_put(&line, log->format, e, false, SYSLOG_MOST - SYSLOG_HEAD);
  } else {
    log_entry_put(&line, log->format, e, true, PIPE_BUF);
  }
  if (buf_error(&line))
    lose(log, 1, ENOMEM);
  else if (log->to == LOG_TO_STDERR)
    log_line(buf_str(&line));
  else if (log->to == LOG_TO_FILE)
    put_line(log, buf_str(&line), now_ms);
  else
    put_line(log, str_head(buf_str(&line), line.n - 1), now_ms);
  buf_free(&line);
  if (log->lost && log_due(&log->losses, now_ms, 1, WARN_MS, &unsaid))
    tell_losses(log);
  /* The combined form has no place for it. */
  if (log->format == LOG_COMBINED && e->left_out)
    log_notice("the log of requests leaves out %lu more lines of those who were not served", e->left_out);
}
