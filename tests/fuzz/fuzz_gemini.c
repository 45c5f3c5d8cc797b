/* The Gemini request line, and the header of whatever answers it. The first byte picks the context, the second and
 * third a status; the rest is the request, and META too. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "fake_site.h"
#include "proto/proto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
  if (!holds)
    abort();
}

/* G15: NN SP META CRLF, nothing else. */
static void check_header(struct str head)
{
  static const unsigned known[] = {10, 11, 20, 30, 31, 40, 41, 42, 43, 44, 50, 51, 52, 53, 59, 60, 61, 62};
  unsigned status = 0;
  bool found = false;
  must(head.n >= 6 && str_number(str_head(head, 2), &status) == 0 && head.p[2] == ' ');
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    found = found || known[i] == status;
  struct str meta = str_skip(str_head(head, head.n - 2), 3);
  must(found && str_ends(head, STR("\r\n")));
  must(meta.n >= 1 && meta.n <= META_MAX && !str_has_control(meta) && utf8_valid(meta));
  must(status / 10 != 3 || !str_starts(meta, STR("//")));
}

static void check_target(const struct target *t)
{
  must(str_starts(t->path, STR("/")));
  must(!memchr(t->path.p, '\0', t->path.n) && !memmem(t->path.p, t->path.n, "//", 2));
  must(!memmem(t->path.p, t->path.n, "/../", 4) && !str_ends(t->path, STR("/..")));
  must(t->has_query || t->query.n == 0);
  must(!str_has_control(t->query));
  for (size_t i = 0; i < t->query.n; i++)
    must((unsigned char)t->query.p[i] < 0x80 && t->query.p[i] != ' ');
}

static void encode(struct proto_request *r, const struct proto_context *context, struct response *response)
{
  struct buf head = BUF_INIT(4096);
  struct body *body = NULL;
  must(proto_gemini.encode(r, context, response, &head, &body) == 0);
  check_header(buf_str(&head));
  must(!body || str_starts(buf_str(&head), STR("20 ")));
  body_free(body);
  buf_free(&head);
}

static void encode_anything(struct str input, unsigned status, const struct proto_context *context)
{
  struct proto_request r;
  struct response response;
  proto_request_init(&r);
  response_init(&response);
  response.status = (enum status)status;
  response.meta.max = input.n;
  buf_put_str(&response.meta, input);
  response.body = body_copy(input);
  encode(&r, context, &response);
  proto_request_free(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static struct site first = {.names = {"example.org", "www.example.org"}, .named = true};
  static struct site second = {.names = {"other.example"}, .named = true};
  static struct site *const sites[] = {&first, &second};
  if (size < 2)
    return 0;
  struct proto_context context = {.sites = sites,
                                  .n_sites = 2,
                                  .sni_site = data[0] & 2 ? sites[data[0] & 1] : NULL,
                                  .local_host = STR_INIT("192.0.2.1"),
                                  .port = 1965,
                                  .gemini_port = 11965,
                                  .gopher_port = 70,
                                  .from_loopback = data[0] & 4};
  struct str all = str_make((const char *)data + 2, size - 2);
  encode_anything(all, data[1], &context);

  /* Fed byte by byte, the request ends where it ends when it comes at once, and at the cap whatever comes. */
  struct str input = str_head(all, proto_gemini.input_max);
  struct proto_request whole, r;
  proto_request_init(&whole);
  proto_request_init(&r);
  enum parsed at_once = proto_gemini.parse(input, &context, &whole), parsed = PARSED_MORE;
  must(at_once != PARSED_MORE || input.n < proto_gemini.input_max);
  for (size_t n = 0; n <= input.n && parsed == PARSED_MORE; n++)
    parsed = proto_gemini.parse(str_head(input, n), &context, &r);
  must(parsed == at_once);
  must(str_eq(buf_str(&whole.answer.meta), buf_str(&r.answer.meta)));
  if (parsed == PARSED_REQUEST) {
    must(r.site && r.request.targets == 1);
    check_target(&r.request.target[0]);
    must(str_eq(whole.request.target[0].path, r.request.target[0].path));
  } else if (parsed == PARSED_ANSWER) {
    must(r.answer.status == STATUS_BAD_REQUEST || r.answer.status == STATUS_PROXY_REFUSED ||
         r.answer.status == STATUS_NOT_FOUND);
    encode(&r, &context, &r.answer);
  }
  proto_request_free(&whole);
  proto_request_free(&r);
  return 0;
}
