/* `nuncio render`: what a reader would get of a file, without a server. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/complain.h"
#include "cmd/render_order.h"
#include "cmd/render_tree.h"
#include "proto/proto.h"
#include "site/env.h"
#include "site/mime.h"
#include "site/site.h"
#include "site/tree.h"
#include "text/overview.h"
#include "text/uri.h"

enum { GEMINI_PORT = 1965, PIECE = 64 << 10, WHY_MAX = 16 << 10, PATH_LENGTH = 1024 };

static int fault(const char *file, const char *what)
{
  complain("render", "%s%s%s", file ? file : "", file ? ": " : "", what);
  return EXIT_FAULT;
}

static int fault_of(const char *file, const struct buf *why)
{
  char *text = str_dup(buf_str(why));
  int status = fault(file, text && *text ? text : err_text(ERR_NOMEM));
  free(text);
  return status;
}

/* ---------------------------------------------------------------- the answer */

/* Prints a body. What a program reads from us must be whole, so a failed write is a failure. */
static int print(const struct render_order *order, const struct buf *head, struct body *body)
{
  struct buf piece = BUF_INIT((size_t)4 * OVERVIEW_PAGE_MAX);
  bool good = fwrite(head->p ? head->p : "", 1, head->n, stdout) == head->n;
  enum pull got = body ? PULL_BYTES : PULL_END;
  while (good && (got == PULL_BYTES || got == PULL_PENDING)) {
    /* The env does all work at once, so what is pending is there by the next pull. */
    got = body_pull(body, &piece, PIECE);
    good = fwrite(piece.p ? piece.p : "", 1, piece.n, stdout) == piece.n;
    buf_clear(&piece);
  }
  good = fflush(stdout) == 0 && good;
  int number = errno;
  buf_free(&piece);
  body_free(body);
  if (!good)
    return fault("standard output", strerror(number));
  return got == PULL_END ? EXIT_OK : fault(order->file, "could not be read to its end");
}

static void keep(void *context, struct response *response)
{
  response_move(context, response);
}

/* What could not be answered, in the words that a reader would be told. */
static int refuse(const struct render_order *order, const struct response *response)
{
  struct buf why = BUF_INIT(WHY_MAX);
  if (order->point && response->status == STATUS_NOT_FOUND)
    buf_printf(&why, "there is no point %s: its own page links to those it has", order->point);
  else
    buf_printf(&why, "a reader would be told %d %.*s", (int)response->status, STR_ARG(buf_str(&response->meta)));
  int status = fault_of(order->file, &why);
  buf_free(&why);
  return status;
}

static int render_gemtext(const struct render_order *order, struct site *site, struct str path)
{
  const struct request request = {.target = {{.path = path}}, .targets = 1, .representation = REPR_GEMTEXT};
  struct response response;
  const struct buf none = BUF_INIT(0);
  response_init(&response);
  (void)site_start(site, &request, keep, &response);
  int status;
  if (response.status == STATUS_SUCCESS) {
    status = print(order, &none, response.body);
    response.body = NULL;
  } else {
    status = refuse(order, &response);
  }
  response_free(&response);
  return status;
}

/* The selector that a Gopher client would send for a path. It is tried as it stands first (P2), so that no name is
 * mistaken; but a control character must be encoded to get through. */
static void put_selector(struct buf *out, struct str path)
{
  if (str_has_control(path))
    uri_put_path(out, path);
  else
    buf_put_str(out, path);
  buf_put_str(out, STR("\r\n"));
}

static int render_menu(const struct render_order *order, struct site *site, struct str path)
{
  struct site *const sites[] = {site};
  const struct proto_context context = {.sites = sites,
                                        .n_sites = 1,
                                        .local_host = str_from(order->settings.sites[0].names[0]),
                                        .port = order->settings.public_gopher_port,
                                        .gemini_port = GEMINI_PORT,
                                        .gopher_port = order->settings.public_gopher_port,
                                        .from_loopback = true};
  struct proto_request request;
  struct response response;
  struct buf selector = BUF_INIT((size_t)4 * PATH_LENGTH), head = BUF_INIT(WHY_MAX);
  struct body *body = NULL;
  int status = EXIT_FAULT;
  proto_request_init(&request);
  response_init(&response);
  put_selector(&selector, path);
  switch (proto_gopher.parse(buf_str(&selector), &context, &request)) {
  case PARSED_REQUEST:
    (void)site_start(request.site, &request.request, keep, &response);
    break;
  case PARSED_ANSWER:
    response_move(&response, &request.answer);
    break;
  case PARSED_MORE:
    response_set(&response, STATUS_BAD_REQUEST, "its name is too long for a selector");
    break;
  }
  if (response.status != STATUS_SUCCESS) {
    status = refuse(order, &response);
  } else if (proto_gopher.encode(&request, &context, &response, &head, &body) < 0) {
    status = fault(order->file, err_text(ERR_NOMEM));
  } else {
    status = print(order, &head, body);
  }
  response_free(&response);
  proto_request_free(&request);
  buf_free(&selector);
  buf_free(&head);
  return status;
}

/* The path of what is to be shown in the capsule: a folder is the capsule itself. */
static void put_path(const struct render_order *order, struct buf *path)
{
  struct str name = str_from(order->name);
  buf_put_c(path, '/');
  if (order->index)
    return;
  if (order->overview) {
    buf_put_str(path, str_head(name, name.n - STR(OVERVIEW_SUFFIX).n));
    buf_put_c(path, '/');
  } else {
    buf_put_str(path, name);
  }
  if (order->point) {
    buf_put_str(path, str_from(order->point));
    buf_put_str(path, STR(".gmi"));
  }
}

static int render(const struct render_order *order)
{
  const char *names[NAMES_MAX];
  for (size_t i = 0; i < order->settings.sites[0].n_names; i++)
    names[i] = order->settings.sites[0].names[i];
  const struct site_config config = {.root = order->root,
                                     .names = names,
                                     .n_names = order->settings.sites[0].n_names,
                                     .named = order->settings.sites[0].named};
  struct buf why = BUF_INIT(WHY_MAX), path = BUF_INIT(PATH_LENGTH);
  struct mime *mime = mime_load();
  struct site *site = NULL;
  int status;
  put_path(order, &path);
  if (!mime || buf_error(&path))
    status = fault(order->file, buf_error(&path) == ERR_FULL ? "its name is too long" : err_text(ERR_NOMEM));
  else if (site_open(&config, env_direct(), mime, &site, &why) < 0)
    status = fault_of(order->file, &why);
  else
    status = order->gopher ? render_menu(order, site, buf_str(&path)) : render_gemtext(order, site, buf_str(&path));
  if (site)
    site_close(site);
  mime_free(mime);
  buf_free(&path);
  buf_free(&why);
  return status;
}

/* ---------------------------------------------------------------- the tree */

static int write_tree(const struct render_order *order)
{
  struct render_tally tally;
  struct buf why = BUF_INIT(WHY_MAX);
  int parent = open(order->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (parent < 0)
    return fault(order->root, strerror(errno));
  int err = render_tree(parent, str_from(order->name), order->out, &tally, &why);
  (void)close(parent);
  if (err < 0) {
    int status = fault_of(NULL, &why);
    buf_free(&why);
    return status;
  }
  buf_free(&why);
  printf("%s: %zu written, %zu unchanged, %zu removed\n", order->out, tally.written, tally.unchanged, tally.removed);
  if (tally.left)
    complain("render", "%zu page%s of points that are gone: changed by hand, so left there", tally.left,
             tally.left == 1 ? "" : "s");
  if (tally.replaced)
    complain("render", "%zu byte%s not UTF-8: shown as U+FFFD", tally.replaced, tally.replaced == 1 ? " is" : "s are");
  return fflush(stdout) == 0 ? EXIT_OK : fault("standard output", strerror(errno));
}

/* ---------------------------------------------------------------- a hint */

/* Tells an overview's author where a point is missing because its number is written in another style. */
static void hint(const struct render_order *order)
{
  struct overview *o = NULL;
  struct overview_stray stray = {.line = 0};
  struct file_id id;
  struct buf path = BUF_INIT(PATH_LENGTH);
  struct root root = root_of(open(order->root, O_PATH | O_DIRECTORY | O_CLOEXEC));
  buf_put_c(&path, '/');
  buf_put_str(&path, str_from(order->name));
  if (root.folder >= 0 && !buf_error(&path) && tree_read(&root, buf_str(&path), &o, &id) == 0) {
    size_t n = overview_strays(o, &stray);
    char more[64] = "";
    if (n > 1)
      (void)snprintf(more, sizeof more, " (and %zu more)", n - 1);
    if (n)
      complain("render",
               "%s: no point %u: on line %zu its number is `%.*s`, and must be written like the others, `%.*s`%s",
               order->file, stray.value, stray.line, STR_ARG(stray.number), STR_ARG(overview_number(o, 0)), more);
  }
  if (root.folder >= 0)
    (void)close(root.folder);
  overview_free(o);
  buf_free(&path);
}

int cmd_render(int argc, char **argv)
{
  struct render_order order;
  int status = render_order_parse(&order, argc, argv);
  if (status == EXIT_OK && order.help) {
    (void)fputs(render_usage, stdout);
  } else if (status == EXIT_OK) {
    /* What goes wrong is said here, in one line, and not by the parts. */
    log_open(LOG_ERROR);
    status = render_order_find(&order);
    if (status == EXIT_OK)
      status = order.out ? write_tree(&order) : render(&order);
    if (status == EXIT_OK && order.overview)
      hint(&order);
  }
  render_order_free(&order);
  return status;
}
