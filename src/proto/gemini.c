/* Gemini: the request line and the response header (specification 0.24.1). */
#include <ctype.h>

#include "base/err.h"
#include "base/utf8.h"
#include "proto/authority.h"
#include "proto/proto.h"
#include "text/uri.h"

/* A URI has 1024 bytes at most (G8), and CRLF follows. */
enum { REQUEST_MAX = 1024, INPUT_MAX = REQUEST_MAX + 2 };

/* Finds the CRLF. What stands before it is the request, and what follows is ignored (G10). */
static bool find_crlf(struct str input, size_t *end)
{
  for (size_t from = 0; from < input.n;) {
    size_t at = from + str_find(str_skip(input, from), '\r');
    if (at + 1 >= input.n)
      return false;
    if (input.p[at + 1] == '\n') {
      *end = at;
      return true;
    }
    from = at + 1;
  }
  return false;
}

static enum parsed refuse(struct proto_request *out, const char *why)
{
  response_set(&out->answer, STATUS_BAD_REQUEST, "%s", why);
  return PARSED_ANSWER;
}

/* A host name in its Unicode form is no URI, and the grammar would call it malformed: give it a reason of its own. */
static bool host_is_unicode(struct str text)
{
  size_t colon = uri_scheme(text).n;
  struct str rest = str_skip(text, colon + 1);
  if (colon == 0 || !str_starts(rest, STR("//")))
    return false;
  rest = str_skip(rest, 2);
  for (size_t i = 0; i < rest.n && rest.p[i] != '/' && rest.p[i] != '?' && rest.p[i] != '#'; i++)
    if ((unsigned char)rest.p[i] > 0x7f)
      return true;
  return false;
}

/* Whether every `%` begins an escape (RFC 3986 2.1). */
static bool escapes_are_whole(struct str text)
{
  for (size_t at = str_find(text, '%'); at < text.n; at = str_find(text, '%')) {
    text = str_skip(text, at + 1);
    if (text.n < 2 || !isxdigit((unsigned char)text.p[0]) || !isxdigit((unsigned char)text.p[1]))
      return false;
    text = str_skip(text, 2);
  }
  return true;
}

/* What is wrong with the bytes themselves, or NULL (G9). No client is known to send a bare `%` or a backslash as it is:
 * neither is among what G10 tolerates, and a guess could be another page than the one that was meant. */
static const char *fault_of_bytes(struct str line)
{
  if (line.n == 0)
    return "The request is empty: send an absolute URL.";
  if (str_starts(line, STR("\xEF\xBB\xBF")))
    return "The request begins with a byte order mark: send the URL alone.";
  if (!utf8_valid(line))
    return "The URL is not valid UTF-8.";
  if (str_find(line, '\0') < line.n)
    return "The URL holds a NUL byte.";
  if (str_has_control(line))
    return "The URL holds a control character.";
  if (!escapes_are_whole(line))
    return "The URL is malformed: a percent sign must begin an escape of two hexadecimal digits (%25 for itself).";
  if (str_find(line, '\\') < line.n)
    return "The URL is malformed: a backslash must be written as %5C.";
  if (host_is_unicode(line))
    return "The host name must be sent in its ASCII form (punycode, xn--...).";
  return NULL;
}

/* What is wrong with a URI that could not be read as RFC 3986 has it. */
static const char *fault_of_syntax(struct str text)
{
  if (uri_scheme(text).n == 0)
    return "The request is not an absolute URL: it has no scheme.";
  return "The URL is malformed.";
}

/* What is wrong with a URI of our scheme that can be read, or NULL. Bombadillo sends fragments; userinfo must not be
 * there by the specification. */
static const char *fault_of_parts(const struct uri *uri)
{
  if (!uri->has_authority || uri->host.n == 0)
    return "The URL has no host.";
  if (uri->has_userinfo)
    return "The URL holds user information (before the @): leave it out.";
  if (uri->has_fragment)
    return "The URL holds a fragment (after the #): leave it out.";
  return NULL;
}

static enum parsed refuse_path(struct proto_request *out, int err)
{
  if (err == ERR_OUTSIDE)
    return refuse(out, "The path climbs above the root of the capsule.");
  if (err == ERR_SYNTAX)
    return refuse(out, "The path holds a NUL byte.");
  if (err == ERR_NOT_FOUND)
    response_set(&out->answer, STATUS_NOT_FOUND, "Not found: no name can hold a slash.");
  else
    response_set(&out->answer, STATUS_TEMPORARY_FAILURE, "The server is short of memory. Please try again later.");
  return PARSED_ANSWER;
}

/* Copies the target out of the URI. An empty path is `/` without a redirect (G11); the path is decoded once (G13), and
 * the query stays as it came (G14). */
static enum parsed take_target(const struct uri *uri, struct proto_request *out)
{
  int err = uri_path(&out->text, uri->path, true);
  size_t path_end = out->text.n;
  buf_put_str(&out->text, uri->query);
  if (err == 0)
    err = buf_error(&out->text);
  if (err < 0)
    return refuse_path(out, err);
  struct str text = buf_str(&out->text);
  out->request.target[0] =
      (struct target){.path = str_head(text, path_end), .query = str_skip(text, path_end), .has_query = uri->has_query};
  out->request.targets = 1;
  out->request.representation = REPR_GEMTEXT;
  return PARSED_REQUEST;
}

/* `text` is the request with everything encoded that clients leave as it is (G10). */
static enum parsed take_uri(struct str text, const struct proto_context *context, struct proto_request *out)
{
  struct uri uri;
  int err = uri_parse(text, &uri);
  if (err == ERR_SYNTAX)
    return refuse(out, fault_of_syntax(text));
  if (err < 0)
    return refuse_path(out, err);
  if (uri.scheme.n == 0)
    return refuse(out, uri.has_authority ? "The URL has no scheme: begin it with gemini://."
                                         : "The request is a relative reference: send an absolute URL.");
  if (!str_eq_nocase(uri.scheme, STR("gemini"))) { /* titan too (G25) */
    response_set(&out->answer, STATUS_PROXY_REFUSED, "This server answers gemini URLs only, not %.*s.",
                 STR_ARG(str_head(uri.scheme, 64)));
    return PARSED_ANSWER;
  }
  const char *fault = fault_of_parts(&uri);
  if (fault)
    return refuse(out, fault);
  out->site = authority_site(&uri, context, &out->answer);
  return out->site ? take_target(&uri, out) : PARSED_ANSWER;
}

/* request = absolute-URI CRLF
 * A bare LF ends nothing (G7): the deadline does. A URI that is too long is refused as soon as that is seen (G8). */
static enum parsed gemini_parse(struct str input, const struct proto_context *context, struct proto_request *out)
{
  size_t end = 0, most = proto_request_max(context, REQUEST_MAX);
  proto_request_reset(out, context);
  if (!find_crlf(input, &end)) {
    bool may_still_end = input.n <= most || (input.n == most + 1 && input.p[most] == '\r');
    if (may_still_end)
      return PARSED_MORE;
    end = input.n;
  }
  struct str line = str_head(input, end);
  buf_put_str(&out->log_target, str_head(line, REQUEST_MAX));
  if (line.n > most) {
    response_set(&out->answer, STATUS_BAD_REQUEST, "The URL is longer than %zu bytes.", most);
    return PARSED_ANSWER;
  }
  const char *fault = fault_of_bytes(line);
  if (fault)
    return refuse(out, fault);

  struct buf encoded = BUF_INIT(3 * REQUEST_MAX + 1);
  uri_put_lenient(&encoded, line);
  int err = buf_error(&encoded);
  enum parsed parsed = err < 0 ? refuse_path(out, err) : take_uri(buf_str(&encoded), context, out);
  buf_free(&encoded);
  return parsed;
}

/* The status as it may be sent. A number that the specification does not have would be a mistake of ours: a failure,
 * whose body and META mean nothing to the reader. */
static enum status legal_status(enum status status)
{
  switch (status) {
  case STATUS_INPUT:
  case STATUS_SENSITIVE_INPUT:
  case STATUS_SUCCESS:
  case STATUS_REDIRECT_TEMPORARY:
  case STATUS_REDIRECT_PERMANENT:
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
  case STATUS_CERTIFICATE_REQUIRED:
  case STATUS_CERTIFICATE_NOT_AUTHORISED:
  case STATUS_CERTIFICATE_NOT_VALID:
    return status;
  }
  return STATUS_TEMPORARY_FAILURE;
}

/* Writes `text` as META: on one line, valid UTF-8, no control characters (C1 too), no byte order mark, nothing blank in
 * front, META_MAX bytes at most and cut between characters. `out` has room for that. */
static void put_meta(struct buf *out, struct str text)
{
  while (text.n) {
    int32_t point;
    size_t before = out->n, n = utf8_decode(text, &point);
    if (point < 0)
      point = 0xFFFD;
    else if (point < 0x20 || (point >= 0x7F && point <= 0x9F))
      point = ' ';
    if (point != 0xFEFF && (point != ' ' || out->n))
      utf8_put(out, point);
    if (out->n > META_MAX) {
      out->n = before;
      return;
    }
    text = str_skip(text, n);
  }
}

/* A redirect's path has exactly one leading slash: with two it would name another host (G16). */
static struct str one_leading_slash(struct str target)
{
  while (target.n > 1 && target.p[0] == '/' && target.p[1] == '/')
    target = str_skip(target, 1);
  return target;
}

/* header = status SP META CRLF
 * META is made clean again here, so that the header stays legal whatever a site says (G15). */
static void put_header(struct buf *head, enum status *status, struct str text)
{
  struct buf meta = BUF_INIT(META_MAX + 4);
  bool leads = *status == STATUS_REDIRECT_TEMPORARY || *status == STATUS_REDIRECT_PERMANENT;
  enum status legal = legal_status(*status);
  put_meta(&meta, text);
  if (legal != *status || (leads && meta.n == 0)) {
    *status = STATUS_TEMPORARY_FAILURE;
    buf_clear(&meta);
    buf_put_str(&meta, STR("The server made a mistake."));
  } else if (meta.n == 0) {
    /* 1x and 20 must have one, and the others say something at least. */
    buf_put_str(&meta, *status == STATUS_SUCCESS ? STR("application/octet-stream") : STR("No reason was given."));
  }
  buf_printf(head, "%u ", (unsigned)*status);
  buf_put_str(head, leads ? one_leading_slash(buf_str(&meta)) : buf_str(&meta));
  buf_put_str(head, STR("\r\n"));
  if (buf_error(&meta) < 0)
    head->err = ERR_NOMEM;
  buf_free(&meta);
}

static int gemini_encode(struct proto_request *r, const struct proto_context *context, struct response *response,
                         struct buf *head, struct body **body)
{
  (void)r;
  (void)context;
  enum status status = response->status;
  put_header(head, &status, str_trim(buf_str(&response->meta)));
  *body = NULL;
  if (status == STATUS_SUCCESS && buf_error(head) == 0) {
    *body = response->body;
    response->body = NULL;
  }
  response_free(response);
  response->status = status;
  return buf_error(head) < 0 ? ERR_NOMEM : 0;
}

const struct proto proto_gemini = {
    .name = "gemini",
    .name_tls = "gemini",
    .input_max = INPUT_MAX,
    .tls_required = true,
    .parse = gemini_parse,
    .encode = gemini_encode,
};
