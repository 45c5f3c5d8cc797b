/* The Gopher request line, and the answer to it. The first byte picks the context and the format, the second the
 * status; then the request up to its LF; what follows is the content, and META too. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fake_site.h"
#include "proto/gopher_plus.h"
#include "proto/proto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
  if (!holds)
    abort();
}

static void check_target(const struct target *t)
{
  must(str_starts(t->path, STR("/")));
  must(!memchr(t->path.p, '\0', t->path.n) && !memmem(t->path.p, t->path.n, "//", 2));
  must(!memmem(t->path.p, t->path.n, "/../", 4) && !str_ends(t->path, STR("/..")));
  must(t->has_query || t->query.n == 0);
  for (size_t i = 0; i < t->query.n; i++)
    must((unsigned char)t->query.p[i] < 0x80 && t->query.p[i] != ' ');
}

/* P7: a type, and four fields. */
static void check_item(struct str line)
{
  struct str field;
  unsigned fields = 0, port = 0;
  must(line.n > 0 && !str_is_control(line.p[0]));
  while (str_split(&line, '\t', &field)) {
    must(!str_has_control(field));
    fields++;
  }
  must(fields == 4 && str_number(field, &port) == 0 && port <= 65535);
}

/* P8, and with `plus` the form of P4. */
static void check_menu(struct str menu, bool plus)
{
  struct str line;
  if (plus) {
    must(str_starts(menu, STR("+-1\r\n")));
    menu = str_skip(menu, 5);
  }
  for (;;) {
    size_t end = str_find(menu, '\n');
    must(end > 0 && end < menu.n && menu.p[end - 1] == '\r');
    line = str_head(menu, end - 1);
    menu = str_skip(menu, end + 1);
    if (str_eq(line, STR(".")))
      break;
    if (plus) {
      must(str_starts(line, STR("+INFO: ")));
      line = str_skip(line, 7);
    }
    check_item(line);
  }
  must(menu.n == 0);
}

static void check_page(struct str page)
{
  must(str_starts(page, STR("HTTP/1.0 ")) || str_starts(page, STR("<!DOCTYPE html>")));
  must(!memmem(page.p, page.n, "<script", 7));
  must(!memmem(page.p, page.n, "\"javascript:", 12) && !memmem(page.p, page.n, "=\"3;url=javascript:", 19));
  for (size_t i = 0; i < page.n; i++)
    must(!str_is_control(page.p[i]) || page.p[i] == '\n' || page.p[i] == '\r');
}

/* What is sent, whole. */
static void encode(struct proto_request *r, const struct proto_context *context, struct response *response,
                   struct buf *sent)
{
  struct body *body = NULL;
  enum pull got = PULL_END;
  must(proto_gopher.encode(r, context, response, sent, &body) == 0);
  while (body && (got = body_pull(body, sent, 4096)) == PULL_BYTES)
    continue;
  must(got == PULL_END && buf_error(sent) == 0);
  body_free(body);
}

static void check_request(struct proto_request *r, const struct proto_context *context, struct str content,
                          unsigned status, enum format format)
{
  struct response response;
  struct buf sent = BUF_INIT(64u << 20);
  must(r->site && r->request.targets >= 1 && r->request.targets <= REQUEST_TARGETS);
  for (unsigned i = 0; i < r->request.targets; i++)
    check_target(&r->request.target[i]);
  must(str_starts(r->item_path, STR("/")));
  /* Under the path of the second site everything is its, by whatever way it is known; else nothing has a prefix. */
  must(r->place.prefix.n == 0 || r->site == context->sites[1]);
  for (unsigned i = 0; r->site == context->sites[0] && i < r->request.targets; i++)
    must(!str_eq(r->request.target[i].path, STR("/g/h")) && !str_starts(r->request.target[i].path, STR("/g/h/")));
  must(r->site == context->sites[context->sni_site || r->place.prefix.n ? 1 : 0]);

  response_init(&response);
  response_set(&response, (enum status)status, "%.*s", STR_ARG(content));
  if (status == STATUS_SUCCESS) {
    response.format = format;
    buf_put_str(&response.base, r->item_path);
    response.body = body_copy(content);
  }
  bool menu = format != FORMAT_PLAIN || status != STATUS_SUCCESS;
  encode(r, context, &response, &sent);
  struct str got = buf_str(&sent);
  if (status == STATUS_NOT_FOUND && str_starts(got, STR("CAPS\r\n")))
    must(str_eq(r->request.target[0].path, STR("/caps.txt")));
  else if (menu || r->form == GOPHER_FORM_ITEM)
    check_menu(got, r->form != GOPHER_FORM_PLAIN);
  else
    must(str_eq(got, content)); /* P14 */
  buf_free(&sent);
}

static void check_answer(struct proto_request *r, const struct proto_context *context)
{
  struct buf sent = BUF_INIT(1u << 20);
  bool is_page = r->answer.status == STATUS_SUCCESS;
  must(is_page || r->answer.status == STATUS_BAD_REQUEST);
  encode(r, context, &r->answer, &sent);
  if (!is_page)
    check_menu(buf_str(&sent), r->form != GOPHER_FORM_PLAIN);
  else
    check_page(buf_str(&sent));
  buf_free(&sent);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const unsigned statuses[] = {20, 10, 31, 51, 40, 60, 11, 30};
  static struct site first = {.names = {"example.org", "www.example.org"}, .named = true};
  static struct site second = {.names = {"localhost"}, .named = false, .gopher_path = "/g/h"};
  static struct site *const sites[] = {&first, &second};
  if (size < 2)
    return 0;
  struct proto_context context = {.sites = sites,
                                  .n_sites = 2,
                                  .sni_site = data[0] & 1 ? &second : NULL,
                                  .local_host = STR_INIT("2001:db8::1"),
                                  .port = 7070,
                                  .gemini_port = 1965,
                                  .gopher_port = data[0] & 2 ? 70 : 0,
                                  .courtesies = !(data[0] & 4),
                                  .gophers = true};
  enum format format = (enum format)(data[0] / 8 % 3);
  struct str all = str_make((const char *)data + 2, size - 2);
  size_t end = str_find(all, '\n') + 1;
  struct str input = str_head(all, end < proto_gopher.input_max ? end : proto_gopher.input_max);
  struct str content = str_skip(all, end);

  struct proto_request whole, r;
  proto_request_init(&whole);
  proto_request_init(&r);
  enum parsed at_once = proto_gopher.parse(input, &context, &whole), parsed = PARSED_MORE;
  must(at_once != PARSED_MORE || input.n < proto_gopher.input_max);
  for (size_t n = 0; n <= input.n && parsed == PARSED_MORE; n++)
    parsed = proto_gopher.parse(str_head(input, n), &context, &r);
  must(parsed == at_once && whole.form == r.form && whole.request.targets == r.request.targets);
  must(str_eq(buf_str(&whole.log_target), buf_str(&r.log_target)));
  if (parsed == PARSED_REQUEST)
    check_request(&r, &context, content, statuses[data[1] % (sizeof statuses / sizeof *statuses)], format);
  else if (parsed == PARSED_ANSWER)
    check_answer(&r, &context);
  proto_request_free(&whole);
  proto_request_free(&r);
  return 0;
}
