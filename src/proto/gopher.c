/* Gopher (RFC 1436 and today's practice): requests in, menus and documents out. */
#include "base/err.h"
#include "base/utf8.h"
#include "proto/gopher_menu.h"
#include "proto/gopher_page.h"
#include "proto/gopher_parse.h"
#include "proto/gopher_place.h"
#include "proto/gopher_plus.h"
#include "proto/gopher_text.h"
#include "proto/proto.h"
#include "site/mime.h"

/* P1: a request has 1024 bytes at most, its line end included. */
enum { INPUT_MAX = 1024, MENU_MAX = 64 * 1024, HTML_MAX = 64 * 1024 };

/* ---- the request ---- */

static enum parsed refuse(struct proto_request *out, enum status status, const char *why)
{
  response_set(&out->answer, status, "%s", why);
  return PARSED_ANSWER;
}

static enum parsed out_of_memory(struct proto_request *out)
{
  return refuse(out, STATUS_TEMPORARY_FAILURE, "The server is short of memory. Please try again later.");
}

/* A page of our own is the answer. The bytes are freed here. */
static enum parsed answer_page(struct proto_request *out, struct buf *page)
{
  struct body *body = buf_error(page) < 0 ? NULL : body_copy(buf_str(page));
  buf_free(page);
  if (!body)
    return out_of_memory(out);
  response_set(&out->answer, STATUS_SUCCESS, "text/html");
  out->answer.format = FORMAT_PLAIN;
  out->answer.body = body;
  return PARSED_ANSWER;
}

static enum parsed answer_url(struct proto_request *out, struct str url)
{
  if (!gopher_page_url_allowed(url))
    return refuse(out, STATUS_BAD_REQUEST, "No page leads to such an address.");
  struct buf page = BUF_INIT(HTML_MAX);
  gopher_page_url(&page, url);
  return answer_page(out, &page);
}

static enum parsed answer_http(struct proto_request *out, const struct gopher_http *http)
{
  struct buf page = BUF_INIT(HTML_MAX);
  gopher_page_http(&page, http, out);
  return answer_page(out, &page);
}

/* A site that has its path under the root that all share is asked where either reading of the selector leads there, and
 * for nothing that leads elsewhere. */
static void choose_site(struct proto_request *out)
{
  struct request *request = &out->request;
  unsigned kept = 0;
  for (unsigned i = 0; i < request->targets; i++)
    if (gopher_place_enter(out, &request->target[i].path))
      request->target[kept++] = request->target[i];
  if (kept)
    request->targets = kept;
  /* What the site has there itself comes first. */
  struct target own = request->targets ? request->target[request->targets - 1] : (struct target){.has_query = false};
  if (request->targets && request->targets < REQUEST_TARGETS && gopher_place_strip(out, &own.path))
    request->target[request->targets++] = own;
}

static enum parsed take_line(struct str text, struct proto_request *out)
{
  struct gopher_line line;
  bool is_url = false;
  struct str selector = str_head(text, str_find(text, '\t'));
  struct str url = gopher_parse_url(selector, &is_url);
  if (is_url)
    return answer_url(out, url);

  gopher_parse_item(&out->text, selector);
  size_t item_end = out->text.n;
  gopher_parse_line(text, false, &line); /* nothing in a folder of files searches (P4) */
  out->form = line.form;

  int err = gopher_parse_targets(&line, &out->text, &out->request);
  out->item_path = str_head(buf_str(&out->text), item_end);
  if (err == ERR_OUTSIDE)
    return refuse(out, STATUS_BAD_REQUEST, "The selector climbs above the root of the capsule.");
  if (err == ERR_NOMEM)
    return out_of_memory(out);
  if (err < 0)
    return refuse(out, STATUS_BAD_REQUEST, "The selector is malformed.");
  choose_site(out);
  return PARSED_REQUEST;
}

/* request = selector [TAB words] [TAB plus] (CRLF / LF)
 * What follows the line is ignored: the header of an HTTP request, the data of a Gopher+ form. */
static enum parsed gopher_parse(struct str input, const struct proto_context *context, struct proto_request *out)
{
  size_t end = str_find(input, '\n'), most = proto_request_max(context, INPUT_MAX);
  struct gopher_http http;
  proto_request_reset(out, context);
  if (end == input.n && input.n < most)
    return PARSED_MORE;
  gopher_place_take(out);
  struct str line = str_head(input, end);
  if (line.n && line.p[line.n - 1] == '\r')
    line.n--;
  buf_put_str(&out->log_target, str_head(line, INPUT_MAX));
  if (end >= most || end == input.n) {
    response_set(&out->answer, STATUS_BAD_REQUEST, "The request is longer than %zu bytes.", most);
    return PARSED_ANSWER;
  }
  if (context->courtesies && gopher_parse_http(line, &http))
    return answer_http(out, &http);
  return take_line(line, out);
}

/* ---- the answer ---- */

/* The last segment of the path that was asked for, without a slash at its end; the host's name for the root. */
static struct str item_name(const struct proto_request *r)
{
  if (r->request.targets == 0)
    return r->place.host;
  struct str path = r->request.target[r->request.targets - 1].path;
  if (str_ends(path, STR("/")))
    path.n--;
  struct str name = str_skip(path, str_rfind(path, '/') + 1);
  return name.n ? name : r->place.host;
}

static char item_type(const struct response *response)
{
  return response->format == FORMAT_PLAIN ? mime_item_type(buf_str(&response->meta)) : '1';
}

/* `!`: the item as the only one of a menu. */
static void put_item(struct buf *menu, const struct proto_request *r, const struct response *response)
{
  struct buf name = BUF_INIT(MENU_MAX);
  (void)utf8_clean(&name, item_name(r));
  menu_put(menu, item_type(response), buf_str(&name), r->item_path, r->place.host, r->place.port);
  menu_put_end(menu);
  if (buf_error(&name) < 0)
    menu->err = buf_error(&name);
  buf_free(&name);
}

/* A prompt: the item that asks its reader for words. */
static void put_prompt(struct buf *menu, const struct proto_request *r, struct str prompt)
{
  struct str label = prompt;
  if (utf8_columns(prompt) > r->place.columns) {
    menu_put_wrapped(menu, r->place.columns, STR(""), STR(""), prompt);
    label = STR("Answer");
  }
  menu_put(menu, '7', label, r->item_path, r->place.host, r->place.port);
  menu_put_end(menu);
}

/* A redirect: Gopher has none, so a page with the one link, as gemtext, for the filter knows how links look. */
static void put_redirect(struct buf *menu, const struct proto_request *r, struct str target)
{
  struct menu_filter filter;
  struct buf page = BUF_INIT(MENU_MAX);
  buf_printf(&page, "This has moved:\n=> %.*s %.*s\n", STR_ARG(target), STR_ARG(target));
  /* What was asked for has the prefix in front, a page's own path has not. */
  struct str base = r->item_path;
  if (str_starts(base, r->place.prefix))
    base = str_skip(base, r->place.prefix.n);
  int err = menu_filter_begin(&filter, &r->place, str_starts(base, STR("/")) ? base : STR("/"));
  if (err == 0) {
    err = menu_filter_feed(&filter, buf_str(&page), menu);
    if (err == 0)
      err = menu_filter_end(&filter, menu);
    menu_filter_free(&filter);
  }
  if (err < 0 || buf_error(&page) < 0)
    menu->err = ERR_NOMEM;
  buf_free(&page);
}

/* Gopher has no certificates of visitors: a line that says why there is no page, and where there is one. */
static void put_entry(struct buf *menu, const struct proto_request *r, struct str reason)
{
  struct buf line = BUF_INIT(MENU_MAX);
  buf_put_str(&line, reason);
  if (r->context->gemini_port && r->request.targets > 0) {
    buf_put_str(&line, STR(" (over Gemini: "));
    gopher_page_put_gemini(&line, r, r->request.target[r->request.targets - 1].path);
    buf_put_c(&line, ')');
  }
  menu_put_error(menu, buf_str(&line));
  if (buf_error(&line) < 0)
    menu->err = buf_error(&line);
  buf_free(&line);
}

/* The menu that stands for a response without a body (P13). */
static void put_status(struct buf *menu, const struct proto_request *r, const struct response *response)
{
  struct str meta = buf_str(&response->meta);
  switch (response->status) {
  case STATUS_INPUT:
  case STATUS_SENSITIVE_INPUT:
    put_prompt(menu, r, meta);
    return;
  case STATUS_SUCCESS:
    put_item(menu, r, response);
    return;
  case STATUS_CERTIFICATE_REQUIRED:
    if (meta.n == 0)
      break;
    put_entry(menu, r, meta);
    return;
  case STATUS_REDIRECT_TEMPORARY:
  case STATUS_REDIRECT_PERMANENT:
    put_redirect(menu, r, meta);
    return;
  case STATUS_TEMPORARY_FAILURE:
  case STATUS_SERVER_UNAVAILABLE:
  case STATUS_CGI_ERROR:
  case STATUS_PROXY_ERROR:
  case STATUS_SLOW_DOWN:
  case STATUS_PERMANENT_FAILURE:
  case STATUS_NOT_FOUND:
  case STATUS_GONE:
  case STATUS_PROXY_REFUSED:
  case STATUS_BAD_REQUEST:
  case STATUS_CERTIFICATE_NOT_AUTHORISED:
  case STATUS_CERTIFICATE_NOT_VALID:
    break;
  }
  menu_put_error(menu, meta.n ? meta : STR("No reason was given."));
}

/* A menu that is small enough to be the head, in the form that was asked for. A client that asks with `$` does not
 * understand a plain menu, an error least of all. */
static void put_small_menu(struct buf *head, const struct proto_request *r, const struct response *response)
{
  struct buf menu = BUF_INIT(MENU_MAX);
  struct gopher_plus plus = {.begun = false};
  put_status(&menu, r, response);
  if (r->form == GOPHER_FORM_PLAIN)
    buf_put_str(head, buf_str(&menu));
  else
    (void)gopher_plus_feed(&plus, buf_str(&menu), head);
  if (buf_error(&menu) < 0)
    head->err = menu.err;
  buf_free(&menu);
}

/* Takes the response's body out of it, as what it is sent as: a document as it is, or a text as RFC 1436 has it where
 * its owner wants that (P14), a page as its menu. */
static int take_body(struct proto_request *r, struct response *response, struct body **body)
{
  bool terminate = response->terminate && item_type(response) == '0';
  *body = response->body;
  response->body = NULL;
  if (response->format == FORMAT_PLAIN && terminate)
    *body = gopher_text_body(*body);
  if (response->format == FORMAT_PLAIN)
    return *body || !terminate ? 0 : ERR_NOMEM;
  *body = gopher_menu_answer(r, response, *body);
  if (*body && r->form == GOPHER_FORM_MENU)
    *body = gopher_plus_body(*body);
  return *body ? 0 : ERR_NOMEM;
}

static bool asks_for_caps(const struct proto_request *r)
{
  return r->request.targets > 0 && r->place.prefix.n == 0 && str_eq(r->request.target[0].path, STR("/caps.txt"));
}

static int gopher_encode(struct proto_request *r, const struct proto_context *context, struct response *response,
                         struct buf *head, struct body **body)
{
  int err = 0;
  enum status status = response->status;
  *body = NULL;
  if (response->columns)
    r->place.columns = response->columns;
  if (status == STATUS_SUCCESS && r->form != GOPHER_FORM_ITEM)
    err = take_body(r, response, body);
  else if (status == STATUS_NOT_FOUND && asks_for_caps(r)) { /* P17: a file of that name has won before */
    gopher_page_caps(head, context);
    status = STATUS_SUCCESS;
  } else
    put_small_menu(head, r, response);
  response_free(response);
  response->status = status;
  return err < 0 || buf_error(head) < 0 ? ERR_NOMEM : 0;
}

const struct proto proto_gopher = {
    .name = "gopher",
    .name_tls = "gophers",
    .input_max = INPUT_MAX,
    .tls_required = false,
    .parse = gopher_parse,
    .encode = gopher_encode,
};
