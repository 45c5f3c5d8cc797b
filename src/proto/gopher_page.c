/* The few pages that the Gopher side makes by itself. */
#include "proto/gopher_page.h"

#include "base/err.h"
#include "base/utf8.h"
#include "proto/gopher_place.h"
#include "text/uri.h"

enum { PAGE_MAX = 32 * 1024, PATH_MAX_ENCODED = 8 * 1024, GEMINI_PORT = 1965, GOPHER_PORT = 70 };

/* The keys are those that clients look for, the misspelt ones too. There is no PathEscapeCharacter: a backslash in our
 * selectors is a backslash. */
void gopher_page_caps(struct buf *out, const struct proto_context *context)
{
  buf_put_str(out, STR("CAPS\r\n"
                       "\r\n"
                       "CapsVersion=1\r\n"
                       "ExpireCapsAfter=3600\r\n"
                       "\r\n"
                       "PathDelimeter=/\r\n"
                       "PathIdentity=.\r\n"
                       "PathParent=..\r\n"
                       "PathParentDouble=FALSE\r\n"
                       "PathKeepPreDelimeter=FALSE\r\n"
                       "\r\n"
                       "ServerSoftware=nuncio\r\n"
                       "ServerSoftwareVersion=" NUNCIO_VERSION "\r\n"
                       "ServerDefaultEncoding=utf-8\r\n"));
  if (context->gophers)
    buf_printf(out, "ServerTLSPort=%u\r\n", context->gopher_port ? context->gopher_port : context->port);
}

/* Appends text for HTML, in an attribute too: valid UTF-8, no control bytes, nothing that is markup. */
static void put_html(struct buf *out, struct str text)
{
  struct buf clean = BUF_INIT(PAGE_MAX);
  (void)utf8_clean(&clean, text);
  if (buf_error(&clean) < 0)
    out->err = clean.err;
  for (size_t i = 0; i < clean.n; i++) {
    char c = clean.p[i];
    if (c == '&')
      buf_put_str(out, STR("&amp;"));
    else if (c == '<')
      buf_put_str(out, STR("&lt;"));
    else if (c == '>')
      buf_put_str(out, STR("&gt;"));
    else if (c == '"')
      buf_put_str(out, STR("&quot;"));
    else if (c == '\'')
      buf_put_str(out, STR("&#39;"));
    else
      buf_put_c(out, str_is_control(c) ? ' ' : c);
  }
  buf_free(&clean);
}

/* A link that shows where it leads. */
static void put_html_link(struct buf *out, struct str url)
{
  buf_put_str(out, STR("<a href=\""));
  put_html(out, url);
  buf_put_str(out, STR("\">"));
  put_html(out, url);
  buf_put_str(out, STR("</a>"));
}

static void put_html_head(struct buf *out)
{
  buf_put_str(out, STR("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                       "<meta name=\"viewport\" content=\"width=device-width\">\n"));
}

bool gopher_page_url_allowed(struct str url)
{
  struct str scheme = uri_scheme(url);
  return scheme.n > 0 && !uri_scheme_unsafe(scheme) && !str_has_control(url);
}

/* Some seconds pass before the browser moves on, so that a reader can see where to, and come back. */
void gopher_page_url(struct buf *out, struct str url)
{
  struct buf encoded = BUF_INIT(PATH_MAX_ENCODED);
  uri_put_lenient(&encoded, url);
  struct str target = buf_str(&encoded);
  put_html_head(out);
  buf_put_str(out, STR("<meta http-equiv=\"refresh\" content=\"3;url="));
  put_html(out, target);
  buf_put_str(out, STR("\">\n<title>A link out of Gopher</title>\n</head>\n<body>\n"
                       "<p>This link leads out of Gopher, to\n"));
  put_html_link(out, target);
  buf_put_str(out, STR("</p>\n</body>\n</html>\n"));
  if (buf_error(&encoded) < 0)
    out->err = encoded.err;
  buf_free(&encoded);
}

/* ---- HTTP (P5) ---- */

/* What follows the host in a target of the form http://host/path, for proxies; else the target as it is. */
static struct str without_origin(struct str target)
{
  size_t at = uri_scheme(target).n;
  struct str rest = str_skip(target, at + 1);
  if (at == 0 || !str_starts(rest, STR("//")))
    return target;
  rest = str_skip(rest, 2);
  return str_skip(rest, str_find(rest, '/'));
}

/* The path and query that a browser meant, percent-encoded and canonical; the root where they name nothing here. They
 * may be another site's, whose the request is then. */
static void put_http_path(struct buf *out, struct str target, struct proto_request *r)
{
  struct str path = without_origin(target);
  size_t mark = str_find(path, '?');
  struct buf raw = BUF_INIT(PATH_MAX_ENCODED);
  if (!str_starts(path, STR("/")) || uri_path(&raw, str_head(path, mark), true) < 0) {
    buf_put_c(out, '/');
  } else {
    struct str here = buf_str(&raw);
    (void)gopher_place_enter(r, &here);
    uri_put_path(out, here);
    if (mark < path.n)
      gopher_parse_query(out, str_skip(path, mark + 1));
  }
  buf_free(&raw);
}

/* Appends scheme://host[:port]; an IPv6 address gets its brackets, and the protocol's usual port stays unsaid. */
static void put_origin(struct buf *out, struct str scheme, struct str host, unsigned port, unsigned usual)
{
  bool bare_ipv6 = str_find(host, ':') < host.n && !str_starts(host, STR("["));
  buf_put_str(out, scheme);
  buf_put_str(out, bare_ipv6 ? STR("://[") : STR("://"));
  buf_put_str(out, host);
  if (bare_ipv6)
    buf_put_c(out, ']');
  if (port != usual)
    buf_printf(out, ":%u", port);
}

void gopher_page_put_gemini(struct buf *out, const struct proto_request *r, struct str path)
{
  put_origin(out, STR("gemini"), gopher_place_gemini_host(r), r->context->gemini_port, GEMINI_PORT);
  uri_put_path(out, path);
}

static void put_http_addresses(struct buf *out, struct str path, const struct proto_request *r)
{
  struct buf url = BUF_INIT(PAGE_MAX);
  if (r->context->gemini_port) {
    put_origin(&url, STR("gemini"), gopher_place_gemini_host(r), r->context->gemini_port, GEMINI_PORT);
    buf_put_str(&url, path);
    buf_put_str(out, STR("<li>"));
    put_html_link(out, buf_str(&url));
    buf_put_str(out, STR(", with a Gemini browser</li>\n"));
  }
  url.n = 0;
  put_origin(&url, STR("gopher"), r->place.host, r->place.port, GOPHER_PORT);
  buf_put_c(&url, '/');
  if (path.n > 1 ||
      r->place.prefix
          .n) { /* An item's URL has its type in front of the selector (RFC 4266 2.1); the root needs none. */
    char type = r->place.type_of(r->place.context, path);
    if (type == '\0')
      out->err = ERR_NOMEM;
    buf_put_c(&url, type);
    buf_put_str(&url, r->place.prefix);
    buf_put_str(&url, path);
  }
  buf_put_str(out, STR("<li>"));
  put_html_link(out, buf_str(&url));
  buf_put_str(out, STR(", with a Gopher client</li>\n"));
  if (buf_error(&url) < 0)
    out->err = url.err;
  buf_free(&url);
}

static void put_http_page(struct buf *out, const struct gopher_http *http, struct proto_request *r)
{
  struct buf path = BUF_INIT(PATH_MAX_ENCODED);
  put_http_path(&path, http->target, r);
  put_html_head(out);
  buf_put_str(out, STR("<title>Not a web site</title>\n</head>\n<body>\n<h1>This is not a web site</h1>\n"
                       "<p>A web browser came here, but these pages are published over Gemini and Gopher, two small "
                       "protocols for reading.\nWhat you asked for may be found at</p>\n<ul>\n"));
  put_http_addresses(out, buf_str(&path), r);
  buf_put_str(out, STR("</ul>\n</body>\n</html>\n"));
  if (buf_error(&path) < 0)
    out->err = path.err;
  buf_free(&path);
}

void gopher_page_http(struct buf *out, const struct gopher_http *http, struct proto_request *r)
{
  struct buf page = BUF_INIT(PAGE_MAX);
  put_http_page(&page, http, r);
  if (http->versioned)
    buf_printf(out,
               "HTTP/1.0 %s\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %zu\r\n"
               "Connection: close\r\n\r\n",
               http->post ? "501 Not Implemented" : "200 OK", page.n);
  if (!http->head)
    buf_put_str(out, buf_str(&page));
  if (buf_error(&page) < 0)
    out->err = page.err;
  buf_free(&page);
}
