/* URLs for `nuncio bench`: whatever is pasted, what is sent is one request line of a bounded length, and asking for
 * what was asked for gives the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "load/target.h"
#include "must.h"
#include "text/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { REQUEST_MOST = 1024 + 2 };

static void check_request(const struct target *t)
{
  struct str request = buf_str(&t->request), line = str_head(request, request.n - 2);
  must(request.n <= REQUEST_MOST && str_ends(request, STR("\r\n")), "a request has a cap and ends in CRLF");
  must(!memchr(line.p, '\r', line.n) && !memchr(line.p, '\n', line.n) && !memchr(line.p, '\0', line.n),
       "a request is one line");
  must(t->port >= 1 && t->port <= 65535 && t->host && t->host[0] && t->n_addresses == 0, "a host and a port");
  must(target_tls(t) == (t->kind != TARGET_GOPHER), "all but plain Gopher is TLS");
  if (t->kind != TARGET_GEMINI)
    return;
  struct uri uri;
  struct target again;
  struct buf why = BUF_INIT(1024);
  must(uri_parse(line, &uri) == 0 && !uri.has_fragment && !uri.has_userinfo && uri.path.n > 0,
       "a URI of Gemini's (G9)");
  must(target_parse(line, &again, &why) == 0 && again.port == t->port && strcmp(again.host, t->host) == 0 &&
           str_eq(buf_str(&again.request), request),
       "a request asks for itself");
  target_free(&again);
  buf_free(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct target t;
  struct buf why = BUF_INIT(1024);
  int err = target_parse(str_make((const char *)data, size), &t, &why);
  must(err == 0 || err == ERR_SYNTAX, "a URL's error");
  must((err != 0) == (why.n > 0) && buf_error(&why) == 0, "a refusal is a sentence");
  if (err == 0)
    check_request(&t);
  target_free(&t);
  buf_free(&why);
  return 0;
}
