/* URLs into requests: gemini, and gopher in its two forms; and their hosts into addresses. */
#include "load/target.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/err.h"
#include "text/uri.h"

enum {
  REQUEST_MAX = 1024,     /* a Gemini URI (G8) and a Gopher request (P1), both without CRLF */
  TEXT_MAX = 4 * URI_MAX, /* every byte percent-encoded, and some more */
  PORT_DIGITS = 6,
};

static const struct scheme {
  const char *name;
  enum target_kind kind;
  unsigned port;
} schemes[] = {
    {"gemini", TARGET_GEMINI, 1965},
    {"gopher", TARGET_GOPHER, 70},
    {"gophers", TARGET_GOPHERS, 70},
};

bool target_tls(const struct target *target)
{
  return target->kind != TARGET_GOPHER;
}

/* ---------------------------------------------------------------- requests */

/* The URI without its fragment (G9), its path never empty (RFC 3986, section 6.2.3). */
static void put_gemini(struct buf *out, const struct uri *uri)
{
  bool ipv6 = str_find(uri->host, ':') < uri->host.n;
  buf_printf(out, "gemini://%s%.*s%s", ipv6 ? "[" : "", STR_ARG(uri->host), ipv6 ? "]" : "");
  if (uri->port.n)
    buf_printf(out, ":%.*s", STR_ARG(uri->port));
  buf_put_str(out, uri->path.n ? uri->path : STR("/"));
  if (uri->has_query)
    buf_printf(out, "?%.*s", STR_ARG(uri->query));
}

/* RFC 4266, section 2.1: `/`, the item type, the selector. A `?` is part of a selector there. */
static int put_gopher(struct buf *out, const struct uri *uri, struct buf *why)
{
  size_t type_at = out->n;
  uri_decode(out, str_skip(uri->path, 1));
  if (uri->has_query)
    buf_printf(out, "?%.*s", STR_ARG(uri->query));
  struct str selector = str_skip(buf_str(out), type_at + 1);
  for (size_t i = 0; i < selector.n; i++)
    if (selector.p[i] == '\r' || selector.p[i] == '\n' || selector.p[i] == '\0') {
      buf_put_str(why, STR("a selector cannot hold a line break or a NUL"));
      return ERR_SYNTAX;
    }
  if (out->n > type_at)
    buf_drop(out, 1);
  return 0;
}

static int make_request(struct target *t, const struct uri *uri, struct buf *why)
{
  int err = 0;
  if (t->kind == TARGET_GEMINI)
    put_gemini(&t->request, uri);
  else
    err = put_gopher(&t->request, uri, why);
  if (err == 0 && t->request.n > REQUEST_MAX) {
    buf_printf(why, "a request has at most %d bytes, and this one %zu", REQUEST_MAX, t->request.n);
    err = ERR_SYNTAX;
  }
  buf_put_str(&t->request, STR("\r\n"));
  return err ? err : buf_error(&t->request);
}

/* ---------------------------------------------------------------- URLs */

static int read_port(const struct uri *uri, unsigned usual, unsigned *port, struct buf *why)
{
  *port = usual;
  if (uri->port.n == 0 || (str_number(uri->port, port) == 0 && *port >= 1 && *port <= 65535))
    return 0;
  buf_put_str(why, STR("a port is a number from 1 to 65535"));
  return ERR_SYNTAX;
}

static int read_uri(struct target *t, struct str text, struct buf *why)
{
  struct uri uri;
  const struct scheme *scheme = NULL;
  int err = uri_parse(text, &uri);
  if (err == ERR_SYNTAX)
    buf_put_str(why, STR("not a URL"));
  if (err)
    return err;
  for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
    if (str_eq_nocase(uri.scheme, str_from(schemes[i].name)))
      scheme = &schemes[i];
  if (!scheme || !uri.has_authority || uri.host.n == 0) {
    buf_put_str(why, STR("not a gemini://, gopher:// or gophers:// URL with a host"));
    return ERR_SYNTAX;
  }
  if (uri.has_userinfo) {
    buf_put_str(why, STR("neither Gemini nor Gopher has user names"));
    return ERR_SYNTAX;
  }
  t->kind = scheme->kind;
  t->host_is_ip = uri.host_is_ip;
  t->host = str_dup(uri.host);
  if (!t->host)
    return ERR_NOMEM;
  err = read_port(&uri, scheme->port, &t->port, why);
  return err ? err : make_request(t, &uri, why);
}

int target_parse(struct str url, struct target *out, struct buf *why)
{
  struct buf text = BUF_INIT(TEXT_MAX);
  *out = (struct target){.url = url, .request = BUF_INIT(TEXT_MAX)};
  uri_put_lenient(&text, url); /* people paste what their browser shows */
  int err = buf_error(&text);
  if (err == ERR_FULL) {
    buf_put_str(why, STR("too long for a URL"));
    err = ERR_SYNTAX;
  }
  if (err == 0)
    err = read_uri(out, buf_str(&text), why);
  buf_free(&text);
  return err;
}

void target_free(struct target *target)
{
  free(target->host);
  buf_free(&target->request);
}

/* ---------------------------------------------------------------- addresses */

int target_resolve(struct target *target, struct buf *why)
{
  const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  struct addrinfo *found = NULL;
  char port[PORT_DIGITS];
  (void)snprintf(port, sizeof port, "%u", target->port);
  int error = getaddrinfo(target->host, port, &hints, &found);
  target->n_addresses = 0;
  if (error) {
    buf_printf(why, "%s: %s", target->host, gai_strerror(error));
    return ERR_NOT_FOUND;
  }
  for (const struct addrinfo *a = found; a && target->n_addresses < TARGET_ADDRESSES; a = a->ai_next) {
    if (a->ai_addrlen > sizeof *target->addresses)
      continue;
    memcpy(&target->addresses[target->n_addresses], a->ai_addr, a->ai_addrlen);
    target->lengths[target->n_addresses++] = a->ai_addrlen;
  }
  freeaddrinfo(found);
  if (target->n_addresses > 0)
    return 0;
  buf_printf(why, "%s has no address", target->host);
  return ERR_NOT_FOUND;
}

const struct sockaddr_storage *target_stranger(const struct target *target)
{
  for (size_t i = 0; i < target->n_addresses; i++)
    if (!address_loopback((const struct sockaddr *)&target->addresses[i]))
      return &target->addresses[i];
  return NULL;
}
