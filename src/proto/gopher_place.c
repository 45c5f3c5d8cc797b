/* Where a Gopher request's site stands: its own listener, all listeners, or a path under the root that all share. */
#include "proto/gopher_place.h"

#include "proto/authority.h"

static char type_of(void *context, struct str path)
{
  const struct proto_request *r = context;
  return site_item_type(r->site, r->page, path);
}

static bool answers_for(const struct site *site, struct str host)
{
  return site_has_name(site, host) || site_has_wildcard(site, host);
}

/* Under the shared root a gopher: link may name whoever has that root, and then its selector decides
 * (text/menu_link.c); a gemini: link that does leads to another site. */
static bool is_our_host(const struct proto_request *r, bool gemini, struct str host)
{
  if (answers_for(r->site, host))
    return true;
  if (r->place.prefix.n == 0)
    return str_eq_nocase(host, r->place.host);
  return !gemini && (answers_for(r->context->sites[0], host) || str_eq_nocase(host, r->place.host));
}

/* Whether an absolute link names this site, by a name of its own or by the one that its menus carry, on a port of ours
 * or on none (P11). */
static bool is_here(void *context, struct str scheme, struct str host, struct str port)
{
  const struct proto_request *r = context;
  bool gemini = str_eq_nocase(scheme, STR("gemini"));
  unsigned number = 0;
  if (!is_our_host(r, gemini, host))
    return false;
  if (port.n == 0)
    return true;
  if (str_number(port, &number) < 0 || number == 0)
    return false;
  if (gemini)
    return authority_gemini_port(number, r->context);
  return number == r->place.port || number == r->context->port;
}

void gopher_place_take(struct proto_request *r)
{
  const struct proto_context *context = r->context;
  struct site *entry = context->entry_site ? context->entry_site : context->sites[0];
  r->site = context->sni_site ? context->sni_site : entry;
  r->place.host = site_named(r->site) ? site_name(r->site) : context->local_host;
  r->place.port = context->gopher_port ? context->gopher_port : context->port;
  r->place.prefix = STR("");
  r->place.type_of = type_of;
  r->place.is_here = is_here;
  r->place.context = r;
}

/* A listener of one site is its own, and who asks for a name by SNI has said whom they mean. */
static bool is_shared_root(const struct proto_request *r)
{
  return !r->context->entry_site && r->site == r->context->sites[0];
}

/* What is behind the site's own path, beneath which *path lies. */
static bool behind(const struct site *site, struct str path, struct str *rest)
{
  struct str prefix = site_gopher_path(site);
  *rest = str_skip(path, prefix.n);
  if (prefix.n == 0 || !str_starts(path, prefix) || (rest->n && rest->p[0] != '/'))
    return false;
  if (rest->n == 0)
    *rest = STR("/");
  return true;
}

bool gopher_place_enter(struct proto_request *r, struct str *path)
{
  const struct proto_context *context = r->context;
  for (size_t i = 1; i < context->n_sites; i++) {
    struct str rest;
    if (!behind(context->sites[i], *path, &rest))
      continue;
    if (r->site != context->sites[i] || r->place.prefix.n == 0) {
      if (!is_shared_root(r))
        return false;
      r->site = context->sites[i];
      r->place.prefix = site_gopher_path(r->site);
    }
    *path = rest;
    return true;
  }
  return false;
}

bool gopher_place_strip(const struct proto_request *r, struct str *path)
{
  struct str rest;
  if (r->place.prefix.n || r->context->sni_site != r->site || !behind(r->site, *path, &rest))
    return false;
  *path = rest;
  return true;
}

struct str gopher_place_gemini_host(const struct proto_request *r)
{
  return r->place.prefix.n ? site_name(r->site) : r->place.host;
}
