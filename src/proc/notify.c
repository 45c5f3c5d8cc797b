/* Datagrams of lines NAME=VALUE, as sd_notify(3) documents them for programs that do not use its library. */
#include "proc/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"

enum { MESSAGE_MAX = 1024 };
static const char variable[] = "NOTIFY_SOCKET";

/* The address's length, or 0 where it is none. */
static socklen_t make_address(const char *text, struct sockaddr_un *out)
{
  size_t n = strlen(text);
  memset(out, 0, sizeof *out);
  out->sun_family = AF_UNIX;
  if ((text[0] != '/' && text[0] != '@') || n < 2 || n >= sizeof out->sun_path)
    return 0;
  memcpy(out->sun_path, text, n);
  if (text[0] == '/')
    return (socklen_t)sizeof *out;
  out->sun_path[0] = '\0'; /* unix(7): an abstract name ends with the address, and NULs would be part of it */
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
}

int notify_take(struct notify *n)
{
  struct sockaddr_un address;
  const char *text = getenv(variable); /* NOLINT(concurrency-mt-unsafe): no thread was started yet */
  *n = NOTIFY_INIT;
  if (!text || !*text)
    return 0;
  if (make_address(text, &address) == 0) {
    log_warning("%s is `%s`, neither a path nor @ and a name: the service manager is told nothing", variable, text);
  } else {
    n->address = str_dup(str_from(text));
    if (!n->address)
      return ERR_NOMEM;
  }
  return unsetenv(variable) < 0 ? ERR_NOMEM : 0;
}

void notify_free(struct notify *n)
{
  free(n->address);
  *n = NOTIFY_INIT;
}

int notify_hand_on(const struct notify *n, bool on)
{
  if (!n->address)
    return 0;
  return (on ? setenv(variable, n->address, 1) : unsetenv(variable)) < 0 ? ERR_NOMEM : 0;
}

/* 0, or errno. */
static int send_to(const char *text, struct str message)
{
  struct sockaddr_un address;
  const struct timeval patience = {.tv_sec = 1, .tv_usec = 0};
  socklen_t length = make_address(text, &address);
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return errno;
  bool sent = setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) == 0 &&
              sendto(fd, message.p, message.n, MSG_NOSIGNAL, (const struct sockaddr *)&address, length) >= 0;
  int error = sent ? 0 : errno;
  close(fd);
  return error;
}

static void tell(const struct notify *n, const struct buf *message)
{
  int error = buf_error(message) ? ENOMEM : send_to(n->address, buf_str(message));
  if (error)
    log_warning("the service manager at %s cannot be told how the service is: %s", n->address,
                strerror(error)); /* NOLINT(concurrency-mt-unsafe): one thread */
}

static void tell_state(const struct notify *n, const char *state, const char *status)
{
  struct buf message = BUF_INIT(MESSAGE_MAX);
  if (!n->address)
    return;
  buf_printf(&message, "%s\nSTATUS=%s\n", state, status);
  tell(n, &message);
  buf_free(&message);
}

void notify_ready(const struct notify *n, const char *status)
{
  tell_state(n, "READY=1", status);
}

void notify_reloading(const struct notify *n, const char *status)
{
  char state[64];
  struct timespec now = {0, 0};
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  uint64_t us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
  (void)snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, us);
  tell_state(n, state, status);
}

void notify_stopping(const struct notify *n, const char *status)
{
  tell_state(n, "STOPPING=1", status);
}
