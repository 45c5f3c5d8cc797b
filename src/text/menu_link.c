/* Links in menus: from the target of a gemtext link line to a Gopher item (P10, P11, P12). */
#include "text/menu_link.h"

#include "base/err.h"
#include "base/utf8.h"
#include "text/plain.h"
#include "text/uri.h"

enum { GOPHER_PORT = 70, TELNET_PORT = 23, PORT_MAX = 65535, TARGET_MAX = 256 * 1024 };

/* What the schemes below need to know about a target. */
struct target {
  struct str text; /* well-formed as far as uri_put_lenient can make it so */
  struct str scheme;
  struct uri uri;
  bool is_uri; /* `uri` is filled */
};

static bool is_here(const struct menu_place *place, struct str scheme, const struct target *t)
{
  return t->is_uri && t->uri.has_authority && !t->uri.has_userinfo && place->is_here &&
         place->is_here(place->context, scheme, t->uri.host, t->uri.port);
}

/* False where the digits are no port. */
static bool parse_port(struct str digits, unsigned usual, unsigned *out)
{
  *out = usual;
  return digits.n == 0 || (str_number(digits, out) == 0 && *out > 0 && *out <= PORT_MAX);
}

static void set_ours(struct menu_link *link, const struct menu_place *place)
{
  buf_clear(&link->host);
  buf_put_str(&link->host, place->host);
  link->port = place->port;
}

/* A page of this capsule. `ref` is a reference without scheme and authority. */
static int link_inside(struct menu_link *link, const struct menu_place *place, struct str base, struct str ref)
{
  struct buf resolved = BUF_INIT(TARGET_MAX);
  int err = uri_resolve(&resolved, base, ref);
  if (!err) {
    struct str path = buf_str(&resolved);
    buf_put_str(&link->selector, place->prefix);
    menu_put_path(&link->selector, path);
    set_ours(link, place);
    link->type =
        place->type_of ? place->type_of(place->context, path) : menu_type_by_name(str_head(path, str_find(path, '?')));
    if (link->type == '\0')
      err = ERR_NOMEM;
  }
  buf_free(&resolved);
  return err == ERR_SYNTAX || err == ERR_OUTSIDE ? 0 : err;
}

/* A gemini: URI that names this site. The path is put behind `/.`, so that one that begins with `//` is not taken for
 * an authority. */
static int link_gemini_here(struct menu_link *link, const struct menu_place *place, const struct uri *uri)
{
  struct buf ref = BUF_INIT(TARGET_MAX);
  buf_put_str(&ref, STR("/."));
  buf_put_str(&ref, uri->path);
  if (uri->path.n == 0)
    buf_put_c(&ref, '/');
  if (uri->has_query) {
    buf_put_c(&ref, '?');
    buf_put_str(&ref, uri->query);
  }
  int err = buf_error(&ref);
  if (!err)
    err = link_inside(link, place, STR("/"), buf_str(&ref));
  buf_free(&ref);
  return err;
}

/* Types that are no items, or that would make another line of it. */
static bool is_item_type(char type)
{
  return type > ' ' && type < 0x7f && type != 'i' && type != '3' && type != '.';
}

/* gopher://<host>:<port>/<gophertype><selector> (RFC 4266 2.1); without a type it is the root menu. What stands behind
 * `?` belongs to the selector. False where a menu cannot say it: a selector with a TAB in it, for one. */
static bool link_gopher(struct menu_link *link, const struct menu_place *place, const struct target *t)
{
  const struct uri *uri = &t->uri;
  unsigned port;
  if (!t->is_uri || uri->host.n == 0 || uri->has_userinfo || !parse_port(uri->port, GOPHER_PORT, &port))
    return false;
  struct str path = str_skip(uri->path, 1);
  char type = '1';
  if (path.n) {
    if (!is_item_type(path.p[0]) || path.p[0] == '%')
      return false;
    type = path.p[0];
    path = str_skip(path, 1);
  }
  struct buf *selector = &link->selector;
  buf_put_str(selector, path);
  if (uri->has_query) {
    buf_put_c(selector, '?');
    buf_put_str(selector, uri->query);
  }
  if (menu_place_has(place, buf_str(selector)) && is_here(place, STR("gopher"), t)) {
    /* P2: in our own menus it stays percent-encoded. */
    set_ours(link, place);
  } else {
    struct buf decoded = BUF_INIT(TARGET_MAX);
    uri_decode(&decoded, buf_str(selector));
    buf_clear(selector);
    bool fits = !str_has_control(buf_str(&decoded));
    if (fits)
      buf_put_str(selector, buf_str(&decoded));
    if (buf_error(&decoded) && !selector->err)
      selector->err = buf_error(&decoded);
    buf_free(&decoded);
    if (!fits)
      return false;
    buf_put_str(&link->host, uri->host);
    link->port = port;
  }
  link->type = type;
  return true;
}

/* telnet://<user>:<password>@<host>:<port>/ (RFC 4248): the selector of a type 8 item is the name to log in with. */
static bool link_telnet(struct menu_link *link, const struct target *t)
{
  const struct uri *uri = &t->uri;
  if (!t->is_uri || uri->host.n == 0 || !parse_port(uri->port, TELNET_PORT, &link->port))
    return false;
  uri_decode(&link->selector, str_head(uri->userinfo, str_find(uri->userinfo, ':')));
  if (str_has_control(buf_str(&link->selector)))
    buf_clear(&link->selector);
  buf_put_str(&link->host, uri->host);
  link->type = '8';
  return true;
}

/* Any other scheme: a client that knows the convention opens the URL, the others get our page that leads there (P12).
 */
static void link_url(struct menu_link *link, const struct menu_place *place, struct str url)
{
  buf_clear(&link->selector);
  buf_put_str(&link->selector, STR("URL:"));
  for (size_t i = 0; i < url.n; i++) {
    if ((unsigned char)url.p[i] >= 0x80)
      uri_put_byte(&link->selector, url.p[i]);
    else
      buf_put_c(&link->selector, url.p[i]);
  }
  set_ours(link, place);
  link->type = 'h';
}

static int link_out(struct menu_link *link, const struct menu_place *place, struct str text)
{
  struct target t = {.text = text, .scheme = uri_scheme(text)};
  int err = uri_parse(text, &t.uri);
  if (err == ERR_NOMEM)
    return err;
  t.is_uri = !err;
  if (str_eq_nocase(t.scheme, STR("gemini")) && is_here(place, STR("gemini"), &t))
    return link_gemini_here(link, place, &t.uri);
  if (str_eq_nocase(t.scheme, STR("telnet"))) {
    (void)link_telnet(link, &t);
    return 0;
  }
  if (str_eq_nocase(t.scheme, STR("gopher"))) {
    if (link_gopher(link, place, &t) || !t.is_uri || t.uri.host.n == 0)
      return 0;
  }
  link_url(link, place, text);
  return 0;
}

int menu_link_make(struct menu_link *link, const struct menu_place *place, struct str base, struct str target)
{
  *link = (struct menu_link){.selector = BUF_INIT(TARGET_MAX), .host = BUF_INIT(TARGET_MAX)};
  struct str scheme = uri_scheme(target);
  bool network = str_starts(target, STR("//")); /* the scheme is that of the page, and pages are gemini's */
  if (uri_scheme_unsafe(scheme) || str_has_control(target))
    return 0;

  int err;
  if (scheme.n == 0 && !network) {
    err = link_inside(link, place, base, target);
  } else {
    struct buf absolute = BUF_INIT(TARGET_MAX), lenient = BUF_INIT(TARGET_MAX);
    if (network)
      buf_put_str(&absolute, STR("gemini:"));
    buf_put_str(&absolute, target);
    uri_put_lenient(&lenient, buf_str(&absolute));
    err = buf_error(&absolute) ? buf_error(&absolute) : buf_error(&lenient);
    if (!err)
      err = link_out(link, place, buf_str(&lenient));
    buf_free(&absolute);
    buf_free(&lenient);
  }
  if (!err)
    err = buf_error(&link->selector) ? buf_error(&link->selector) : buf_error(&link->host);
  return err;
}

void menu_link_free(struct menu_link *link)
{
  buf_free(&link->selector);
  buf_free(&link->host);
}

void menu_link_put_readable(struct buf *out, struct str target)
{
  struct buf decoded = BUF_INIT(target.n + 1);
  uri_decode(&decoded, target);
  struct str text = buf_str(&decoded);
  if (buf_error(&decoded) || !plain_is(text) || str_trim(text).n == 0)
    text = target;
  plain_put(out, text);
  if (buf_error(&decoded) == ERR_NOMEM && !out->err)
    out->err = ERR_NOMEM; /* another text than usual would be kept with its menu */
  buf_free(&decoded);
}
