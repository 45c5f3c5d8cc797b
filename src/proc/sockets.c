/* Listening sockets: open, bind, listen, with errors that say what to do. */
#include "proc/sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"

enum { DEFER_SECONDS = 1 };

static socklen_t make_address(const char *text, bool ipv6, unsigned port, struct sockaddr_in6 *out)
{
  memset(out, 0, sizeof *out);
  if (ipv6) {
    out->sin6_family = AF_INET6;
    out->sin6_port = htons((uint16_t)port);
    return inet_pton(AF_INET6, text, &out->sin6_addr) == 1 ? sizeof *out : 0;
  }
  struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)out;
  v4->sin_family = AF_INET;
  v4->sin_port = htons((uint16_t)port);
  return inet_pton(AF_INET, text, &v4->sin_addr) == 1 ? sizeof *v4 : 0;
}

/* The socket, or -1 with errno set. */
static int open_socket(const struct listen_address *a)
{
  struct sockaddr_in6 address;
  const int on = 1, defer = DEFER_SECONDS;
  socklen_t length = make_address(a->text, a->ipv6, a->port, &address);
  int fd = socket(a->ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return -1;
  /* A restart must not wait for the old connections' TIME_WAIT. */
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0)
    goto fail;
  if (a->ipv6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0)
    goto fail;
  /* An optimisation: where a kernel refuses it, clients are accepted a little earlier. */
  (void)setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &defer, sizeof defer);
  (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* inherited by what is accepted */
  if (bind(fd, (const struct sockaddr *)&address, length) < 0 || listen(fd, SOMAXCONN) < 0)
    goto fail;
  return fd;

fail:;
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}

static unsigned bound_port(int fd)
{
  struct sockaddr_in6 address;
  socklen_t length = sizeof address;
  memset(&address, 0, sizeof address);
  if (getsockname(fd, (struct sockaddr *)&address, &length) < 0)
    return 0;
  return ntohs(address.sin6_port); /* at the same place in sockaddr_in */
}

/* Says what went wrong with an address, and how to mend it. */
static int explain(const struct proto *proto, const struct listen_address *a, int error, struct buf *why)
{
  const char *open = a->ipv6 ? "[" : "", *close = a->ipv6 ? "]" : "";
  buf_printf(why, "cannot listen on %s%s%s:%u for %s: ", open, a->text, close, a->port, proto->name);
  switch (error) {
  case EADDRINUSE:
    buf_printf(why, "another program has that port; stop it, or choose another one with --%s %s%s%s:PORT", proto->name,
               open, a->text, close);
    return ERR_BUSY;
  case EACCES:
    buf_printf(why,
               "ports below 1024 need a privilege (CAP_NET_BIND_SERVICE); choose another one with --%s %s%s%s:PORT",
               proto->name, open, a->text, close);
    return ERR_DENIED;
  case EADDRNOTAVAIL:
    buf_printf(why, "this machine does not have that address; see `ip address` for those it has");
    return ERR_NOT_FOUND;
  default:
    buf_printf(why, "%s", strerror(error));
    return ERR_IO;
  }
}

static bool lacks_family(int error)
{
  return error == EAFNOSUPPORT || error == EPROTONOSUPPORT || error == EADDRNOTAVAIL;
}

int sockets_open(struct sockets *s, const struct proto *proto, const struct listen_list *list, struct buf *why)
{
  size_t before = s->n;
  int skipped = 0;
  for (size_t i = 0; i < list->n && s->n < SOCKETS_MAX; i++) {
    const struct listen_address *a = &list->at[i];
    int fd = open_socket(a);
    if (fd < 0 && a->optional && lacks_family(errno)) {
      skipped = errno;
      log_notice("%s: not listening on %s: this machine has no %s", proto->name, a->text, a->ipv6 ? "IPv6" : "IPv4");
      continue;
    }
    if (fd < 0)
      return explain(proto, a, errno, why);
    struct listen_socket *made = &s->at[s->n++];
    *made = (struct listen_socket){.fd = fd, .proto = proto, .port = bound_port(fd)};
    memcpy(made->address, a->text, sizeof made->address);
  }
  if (s->n == before && skipped)
    return explain(proto, &list->at[0], skipped, why);
  return 0;
}

bool sockets_permitted(unsigned port)
{
  struct listen_address loopback = {.text = "127.0.0.1", .port = port};
  int fd = open_socket(&loopback);
  if (fd < 0)
    return errno != EACCES;
  close(fd);
  return true;
}

unsigned sockets_port(const struct sockets *s, const struct proto *proto)
{
  for (size_t i = 0; i < s->n; i++)
    if (s->at[i].proto == proto)
      return s->at[i].port;
  return 0;
}

void sockets_close(struct sockets *s)
{
  for (size_t i = 0; i < s->n; i++)
    if (s->at[i].fd >= 0)
      close(s->at[i].fd);
  s->n = 0;
}
