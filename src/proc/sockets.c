/* Listening sockets: open, bind, listen, with errors that say what to do. */
#include "proc/sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/address.h"
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

/* -1, with errno as it was. */
static int close_failed(int fd)
{
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}

/* Optimisations: where a kernel refuses the first one, clients are accepted a little earlier. */
static void tune(int fd)
{
  const int on = 1, defer = DEFER_SECONDS;
  (void)setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &defer, sizeof defer);
  (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* inherited by what is accepted */
}

/* A bound socket that does not listen yet, or -1 with errno set. */
static int bind_socket(const struct listen_address *a, bool shared)
{
  struct sockaddr_in6 address;
  const int on = 1;
  socklen_t length = make_address(a->text, a->ipv6, a->port, &address);
  int fd = socket(a->ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return -1;
  /* A restart must not wait for the old connections' TIME_WAIT. */
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0)
    goto fail;
  if (shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) < 0)
    goto fail;
  if (a->ipv6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0)
    goto fail;
  tune(fd);
  if (bind(fd, (const struct sockaddr *)&address, length) < 0)
    goto fail;
  return fd;

fail:
  return close_failed(fd);
}

/* The socket, listening, or -1 with errno set. */
static int open_socket(const struct listen_address *a, bool shared)
{
  int fd = bind_socket(a, shared);
  return fd >= 0 && listen(fd, SOMAXCONN) < 0 ? close_failed(fd) : fd;
}

/* SO_REUSEPORT lets in whoever of the same user asks for it, a second nuncio too. Without it the port is busy where
 * anybody listens. 0, or -1 with errno set. */
static int check_free(const struct listen_address *a)
{
  int fd = open_socket(a, false);
  if (fd < 0)
    return -1;
  close(fd);
  return 0;
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

int sockets_add(struct sockets *s, const struct listen_socket *socket)
{
  struct listen_socket *grown = realloc(s->at, (s->n + 1) * sizeof *grown);
  if (!grown)
    return ERR_NOMEM;
  s->at = grown;
  s->at[s->n++] = *socket;
  return 0;
}

/* The sockets of one address. -1 with errno set where one could not be opened. */
static int open_address(struct sockets *s, const struct proto *proto, const struct listen_address *wanted,
                        unsigned slots)
{
  struct listen_address a = *wanted;
  if (slots > 1 && a.port && check_free(&a) < 0)
    return -1;
  for (unsigned slot = 0; slot < slots; slot++) {
    int fd = open_socket(&a, slots > 1);
    if (fd < 0)
      return -1;
    a.port = bound_port(fd); /* where the system chose it, the others take the same */
    struct listen_socket made = {.fd = fd, .proto = proto, .port = a.port, .slot = slot};
    memcpy(made.address, a.text, sizeof made.address);
    if (sockets_add(s, &made) < 0) {
      close(fd);
      errno = ENOMEM;
      return -1;
    }
  }
  return 0;
}

static void drop_from(struct sockets *s, size_t n)
{
  while (s->n > n)
    close(s->at[--s->n].fd);
}

/* Whether an address and the one after it are both families of one value whose port the system chooses. */
static bool is_pair(const struct listen_address *first, const struct listen_address *second)
{
  return first->optional && second->optional && first->port == 0 && second->port == 0 && first->ipv6 != second->ipv6;
}

/* The second family takes the port that the system has chosen for the first, `port`, so that one URL leads to both
 * (B2); where somebody else has it there, one of its own. */
static int open_second(struct sockets *s, const struct proto *proto, const struct listen_address *wanted, unsigned port,
                       unsigned slots)
{
  size_t before = s->n;
  struct listen_address a = *wanted;
  a.port = port;
  if (open_address(s, proto, &a, slots) == 0)
    return 0;
  drop_from(s, before);
  return open_address(s, proto, wanted, slots);
}

int sockets_open(struct sockets *s, const struct proto *proto, const struct listen_list *list, unsigned slots,
                 struct buf *why)
{
  size_t before = s->n;
  int skipped = 0;
  for (size_t i = 0; i < list->n; i++) {
    const struct listen_address *a = &list->at[i];
    bool second = i > 0 && s->n > before && is_pair(a - 1, a);
    if ((second ? open_second(s, proto, a, s->at[s->n - 1].port, slots) : open_address(s, proto, a, slots)) == 0)
      continue;
    if (!a->optional || !lacks_family(errno))
      return explain(proto, a, errno, why);
    skipped = errno;
    log_notice("%s: not listening on %s: this machine has no %s", proto->name, a->text, a->ipv6 ? "IPv6" : "IPv4");
  }
  if (s->n == before && skipped)
    return explain(proto, &list->at[0], skipped, why);
  return 0;
}

int sockets_open_for(struct sockets *s, const char *site, const struct proto *proto, const struct listen_list *list,
                     unsigned slots, struct buf *why)
{
  size_t before = s->n;
  int err = sockets_open(s, proto, list, slots, why);
  for (size_t i = before; i < s->n; i++)
    memcpy(s->at[i].site, site, strnlen(site, SITE_NAME_ROOM - 1));
  return err;
}

/* What a socket is bound to. */
static int read_address(int fd, struct listen_socket *out)
{
  struct sockaddr_in6 address;
  socklen_t length = sizeof address;
  int listening = 0;
  socklen_t size = sizeof listening;
  memset(&address, 0, sizeof address);
  if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) < 0 || !listening ||
      getsockname(fd, (struct sockaddr *)&address, &length) < 0 ||
      (address.sin6_family != AF_INET && address.sin6_family != AF_INET6))
    return ERR_SYNTAX;
  address_text((const struct sockaddr *)&address, out->address);
  out->port = ntohs(address.sin6_port); /* at the same place in sockaddr_in */
  return 0;
}

int sockets_share(struct sockets *s, const struct proto *proto, int fd, unsigned slots)
{
  struct listen_socket made = {.fd = fd, .proto = proto, .given = true};
  int err = read_address(fd, &made), flags = fcntl(fd, F_GETFL);
  if (err == 0 && (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0))
    err = ERR_IO;
  if (err == 0)
    tune(fd);
  for (unsigned slot = 0; err == 0 && slot < slots; slot++) {
    made.slot = slot;
    made.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    err = made.fd < 0 ? err_from_errno(errno) : sockets_add(s, &made);
    if (err && made.fd >= 0)
      close(made.fd);
  }
  close(fd);
  return err;
}

bool sockets_given(const struct sockets *s)
{
  for (size_t i = 0; i < s->n; i++)
    if (s->at[i].given)
      return true;
  return false;
}

bool sockets_permitted(unsigned port)
{
  struct listen_address loopback = {.text = "127.0.0.1", .port = port};
  int fd = open_socket(&loopback, false);
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

unsigned sockets_slots(const struct sockets *s)
{
  unsigned slots = 0;
  for (size_t i = 0; i < s->n; i++)
    if (s->at[i].slot >= slots)
      slots = s->at[i].slot + 1;
  return slots;
}

void sockets_end(const struct sockets *s)
{
  for (size_t i = 0; i < s->n; i++)
    if (!s->at[i].given)
      (void)shutdown(s->at[i].fd, SHUT_RD);
}

void sockets_close(struct sockets *s)
{
  for (size_t i = 0; i < s->n; i++)
    if (s->at[i].fd >= 0)
      close(s->at[i].fd);
  free(s->at);
  *s = SOCKETS_INIT;
}
