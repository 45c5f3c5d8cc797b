/* Where a link leads, by its words. */
#include "cmd/check_capsule_link.h"

#include "base/err.h"
#include "base/host.h"
#include "proto/gopher_parse.h"
#include "text/gophermap_line.h"
#include "text/uri.h"

enum { GEMINI_PORT = 1965, GOPHER_PORT = 70, TEXT_MAX = 256 * 1024 };

void link_init(struct link *link)
{
  *link = (struct link){.text = BUF_INIT(TEXT_MAX)};
}

void link_free(struct link *link)
{
  buf_free(&link->text);
}

static void begin(struct link *link, enum link_kind kind)
{
  buf_clear(&link->text);
  link->kind = kind;
  link->n = 0;
  link->err = 0;
}

static bool is_our_host(const struct site_settings *site, struct str host)
{
  for (size_t i = 0; i < site->n_names; i++) {
    struct str name = str_from(site->names[i]);
    if (host_is(name, host) || host_in_wildcard(name, host))
      return true;
  }
  return false;
}

/* ---------------------------------------------------------------- paths */

/* Takes an encoded path, which may have a query: the one reading that a URL has. */
static int take_path(struct link *link, struct str encoded)
{
  size_t start = link->text.n;
  encoded = str_head(encoded, str_find(encoded, '?'));
  link->err = uri_path(&link->text, encoded, true);
  if (link->err == ERR_NOMEM)
    return link->err;
  if (link->err == 0)
    link->path[link->n++] = str_skip(buf_str(&link->text), start);
  return 0;
}

/* Takes a selector as our own server reads it (P2): as it stands first, then decoded. */
static int take_selector(struct link *link, struct str selector)
{
  struct gopher_line line;
  struct request request = {.targets = 0};
  gopher_parse_line(selector, false, &line);
  int err = gopher_parse_targets(&line, &link->text, &request);
  if (err == ERR_NOMEM)
    return err;
  link->err = err;
  for (unsigned i = 0; err == 0 && i < request.targets; i++)
    link->path[link->n++] = request.target[i].path;
  return 0;
}

/* The same for one that names our own host. Where sites share a Gopher root, ours has its path there: the others are
 * other sites'. */
static int take_ours(struct link *link, const struct site_settings *site, struct str selector)
{
  bool shares = site->gopher_path && site->gopher.n == 0;
  struct str path = str_from(site->gopher_path);
  if (shares && str_starts(selector, path) && (selector.n == path.n || selector.p[path.n] == '/'))
    return take_selector(link, str_skip(selector, path.n));
  if (shares)
    begin(link, LINK_ELSEWHERE);
  return shares ? 0 : take_selector(link, selector);
}

/* ---------------------------------------------------------------- URLs */

/* gopher://host/1/path: the first character of the path is the item's type (RFC 4266 2.1). */
static int take_gopher(struct link *link, const struct site_settings *site, const struct uri *uri)
{
  struct buf decoded = BUF_INIT(TEXT_MAX);
  struct str path = str_skip(uri->path, 2);
  uri_decode(&decoded, path);
  if (uri->has_query) {
    buf_put_c(&decoded, '?');
    buf_put_str(&decoded, uri->query);
  }
  int err = buf_error(&decoded) ? ERR_NOMEM : take_ours(link, site, buf_str(&decoded));
  buf_free(&decoded);
  return err;
}

/* A well-formed URL. Another port is another server, for all that can be told. */
static int take_uri(struct link *link, const struct site_settings *site, const struct uri *uri)
{
  unsigned port = 0;
  bool gemini = str_eq_nocase(uri->scheme, STR("gemini")), gopher = str_eq_nocase(uri->scheme, STR("gopher"));
  bool usual = uri->port.n == 0 ||
               (str_number(uri->port, &port) == 0 && port == (gemini ? (unsigned)GEMINI_PORT : (unsigned)GOPHER_PORT));
  bool ours = (gemini || gopher) && usual && is_our_host(site, uri->host);
  if ((gemini || gopher) && uri->host.n == 0)
    begin(link, LINK_BAD);
  else
    begin(link, ours ? LINK_OURS : LINK_ELSEWHERE);
  if (link->kind != LINK_OURS)
    return 0;
  return gemini ? take_path(link, uri->path) : take_gopher(link, site, uri);
}

static int take_url(struct link *link, const struct site_settings *site, struct str url)
{
  struct buf lenient = BUF_INIT(TEXT_MAX);
  struct uri uri = {.scheme = STR("")};
  if (str_starts(url, STR("//"))) /* the scheme is that of the page, and pages are gemini's */
    buf_put_str(&lenient, STR("gemini:"));
  uri_put_lenient(&lenient, url);
  int err = buf_error(&lenient) ? buf_error(&lenient) : uri_parse(buf_str(&lenient), &uri);
  if (err == 0) {
    err = take_uri(link, site, &uri);
  } else if (err != ERR_NOMEM) {
    begin(link, LINK_BAD);
    err = 0;
  }
  buf_free(&lenient);
  return err;
}

int link_of_gemtext(struct link *link, const struct site_settings *site, struct str page, struct str target)
{
  struct str scheme = uri_scheme(target);
  begin(link, LINK_INSIDE);
  if (uri_scheme_unsafe(scheme)) {
    link->kind = LINK_UNSAFE;
    return 0;
  }
  if (scheme.n || str_starts(target, STR("//")))
    return take_url(link, site, target);

  struct buf base = BUF_INIT(TEXT_MAX), path = BUF_INIT(TEXT_MAX);
  uri_put_path(&base, page);
  int err = buf_error(&base) ? ERR_NOMEM : uri_resolve(&path, buf_str(&base), target);
  if (err == 0)
    err = take_path(link, buf_str(&path));
  else if (err != ERR_NOMEM) {
    link->kind = LINK_BAD;
    err = 0;
  }
  buf_free(&base);
  buf_free(&path);
  return err;
}

/* ---------------------------------------------------------------- items */

int link_of_item(struct link *link, const struct site_settings *site, struct str directory,
                 const struct gophermap_line *item)
{
  struct str url;
  begin(link, LINK_ELSEWHERE);
  if (gophermap_url(item, &url)) {
    if (uri_scheme_unsafe(uri_scheme(url)))
      link->kind = LINK_UNSAFE;
    else if (uri_scheme(url).n == 0)
      link->kind = LINK_BAD;
    else
      return take_url(link, site, url);
    return 0;
  }
  if (item->type == '8' || item->type == 'T' || str_starts(item->selector, STR("GET ")))
    return 0;
  bool ours = is_our_host(site, item->host) && (item->port == 0 || item->port == GOPHER_PORT);
  if (item->host.n && !ours)
    return 0;
  link->kind = item->host.n ? LINK_OURS : LINK_INSIDE;

  /* As gophermap_menu writes it into the menu that a client gets, and sends back. */
  struct buf selector = BUF_INIT(TEXT_MAX);
  if (gophermap_is_relative(item))
    uri_put_path(&selector, directory);
  buf_put_str(&selector, item->selector);
  int err = buf_error(&selector) == ERR_NOMEM ? ERR_NOMEM
            : ours                            ? take_ours(link, site, buf_str(&selector))
                                              : take_selector(link, buf_str(&selector));
  buf_free(&selector);
  return err;
}
