/* Which site a Gemini URI means: host, port and SNI (G12). */
#include "proto/authority.h"

/* A reason must leave room for the names that are served within META_MAX. */
enum { HOST_SHOWN = 253, NAMES_SHOWN = 400 };

/* Appends the names that are served, as far as they fit. */
static void put_served(struct buf *out, const struct proto_context *context)
{
  for (size_t i = 0; i < context->n_sites; i++) {
    struct str name;
    for (size_t k = 0; (name = site_name_at(context->sites[i], k)).n; k++) {
      if (out->n + name.n > NAMES_SHOWN) {
        buf_put_str(out, STR(" and others"));
        return;
      }
      if (out->n)
        buf_put_str(out, STR(", "));
      buf_put_str(out, name);
    }
  }
}

static void refuse_host(struct str host, const struct proto_context *context, struct response *refusal)
{
  struct buf served = BUF_INIT(NAMES_SHOWN + 300);
  put_served(&served, context);
  response_set(refusal, STATUS_PROXY_REFUSED, "%.*s is not served here; this server has %.*s.",
               STR_ARG(str_head(host, HOST_SHOWN)), STR_ARG(buf_str(&served)));
  buf_free(&served);
}

bool authority_gemini_port(unsigned port, const struct proto_context *context)
{
  for (size_t i = 0; i < context->n_gemini_ports; i++)
    if (context->gemini_ports[i] == port)
      return true;
  return port == context->gemini_port;
}

/* A port that is left out is always ours: behind port forwarding a reader's URL names the public port, or none. */
static bool port_is_ours(struct str port, const struct proto_context *context)
{
  unsigned number = 0;
  if (port.n == 0)
    return true;
  while (port.n > 1 && port.p[0] == '0')
    port = str_skip(port, 1);
  if (str_number(port, &number) < 0 || number == 0)
    return false;
  return number == context->port || authority_gemini_port(number, context);
}

/* The served site that a name belongs to, or NULL. What is named in full goes before what a wildcard means. */
static struct site *site_by_name(struct str host, const struct proto_context *context)
{
  for (size_t i = 0; i < context->n_sites; i++)
    if (site_has_name(context->sites[i], host))
      return context->sites[i];
  for (size_t i = 0; i < context->n_sites; i++)
    if (site_has_wildcard(context->sites[i], host))
      return context->sites[i];
  return NULL;
}

static bool is_localhost(struct str host)
{
  return str_eq_nocase(host, STR("localhost")) || str_eq_nocase(host, STR("localhost."));
}

static bool is_ascii(struct str s)
{
  for (size_t i = 0; i < s.n; i++)
    if ((unsigned char)s.p[i] > 0x7f)
      return false;
  return true;
}

/* `host` is decoded: a registered name may be percent-encoded (RFC 3986 3.2.2). */
static struct site *site_of_host(struct str host, bool is_ip, const struct proto_context *context,
                                 struct response *refusal)
{
  if (!is_ascii(host)) {
    /* What is compared and what a certificate names is punycode; nothing here turns one into the other. */
    response_set(refusal, STATUS_BAD_REQUEST, "The host %.*s must be sent in its ASCII form (xn--...).",
                 STR_ARG(str_head(host, HOST_SHOWN)));
    return NULL;
  }
  struct site *site = is_ip ? NULL : site_by_name(host, context);
  if (site && context->sni_site && context->sni_site != site) {
    struct str sni = site_name(context->sni_site);
    response_set(refusal, STATUS_PROXY_REFUSED, "This connection was opened to %.*s: open another one to %.*s.",
                 STR_ARG(sni), STR_ARG(str_head(host, HOST_SHOWN)));
    return NULL;
  }
  /* An address names no site, and neither does the name that every machine gives itself. */
  if (!site && (is_ip || (context->from_loopback && is_localhost(host))))
    site = context->sites[0];
  if (!site)
    refuse_host(host, context, refusal);
  return site;
}

struct site *authority_site(const struct uri *uri, const struct proto_context *context, struct response *refusal)
{
  struct buf host = BUF_INIT(2048);
  struct site *site = NULL;
  uri_decode(&host, uri->host);
  if (buf_error(&host) < 0)
    response_set(refusal, STATUS_TEMPORARY_FAILURE, "The server is short of memory. Please try again later.");
  else
    site = site_of_host(buf_str(&host), uri->host_is_ip, context, refusal);
  buf_free(&host);
  if (!site || port_is_ours(uri->port, context))
    return site;
  response_set(refusal, STATUS_PROXY_REFUSED, "Port %.*s is not served here; this server is at port %u.",
               STR_ARG(str_head(uri->port, 16)), context->gemini_port ? context->gemini_port : context->port);
  return NULL;
}
