/* `nuncio render`: what a reader would get of a file, without a server. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/complain.h"
#include "cmd/render_tree.h"
#include "proto/proto.h"
#include "site/env.h"
#include "site/mime.h"
#include "site/site.h"
#include "text/overview.h"
#include "text/uri.h"

enum { GEMINI_PORT = 1965, GOPHER_PORT = 70, PIECE = 64 << 10, WHY_MAX = 16 << 10, PATH_LENGTH = 1024 };

static const char usage[] = "usage: nuncio render [options] FILE\n"
                            "\n"
                            "Prints what a reader would get of FILE: a page or a folder as gemtext, an overview\n"
                            "(NAME.overview.txt) as its page of points, any other file as it is.\n"
                            "\n"
                            "  --gopher      as it goes out over Gopher: pages as menus\n"
                            "  --host NAME   the host that menus name (default localhost)\n"
                            "  --port N      the Gopher port that menus name (default 70)\n"
                            "  --point N     the page of an overview's point N (3; a repeated number: 3-2)\n"
                            "  -o DIR        write the whole tree of an overview below DIR, as plain files for\n"
                            "                hosting elsewhere; no file is written over that is not as this\n"
                            "                command left it\n"
                            "  --help        this text\n";

/* The command line, and what FILE is. */
struct order {
  const char *file; /* as it was given */
  const char *out;  /* -o */
  const char *point;
  const char *host;
  unsigned port;
  bool gopher, help;
  char *parent; /* owned: the folder that holds it, without symbolic links */
  char *name;   /* owned: its name in there; empty for the root of the file system */
  bool folder;
  bool overview; /* it has pages: an overview that is not too large */
};

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
static int print(const struct order *order, const struct buf *head, struct body *body)
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
static int refuse(const struct order *order, const struct response *response)
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

static int render_gemtext(const struct order *order, struct site *site, struct str path)
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

static int render_menu(const struct order *order, struct site *site, struct str path)
{
  struct site *const sites[] = {site};
  const struct proto_context context = {.sites = sites,
                                        .n_sites = 1,
                                        .local_host = str_from(order->host),
                                        .port = order->port,
                                        .gemini_port = GEMINI_PORT,
                                        .gopher_port = order->port,
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

/* The path of what is to be shown in a capsule that is FILE's folder. */
static void put_path(const struct order *order, struct buf *path)
{
  struct str name = str_from(order->name);
  buf_put_c(path, '/');
  if (order->overview)
    name.n -= STR(OVERVIEW_SUFFIX).n;
  buf_put_str(path, name);
  if (name.n && (order->folder || order->overview))
    buf_put_c(path, '/');
  if (order->point) {
    buf_put_str(path, str_from(order->point));
    buf_put_str(path, STR(".gmi"));
  }
}

static int render(const struct order *order)
{
  const struct site_config config = {.root = order->parent, .names = &order->host, .n_names = 1, .named = true};
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

static int write_tree(const struct order *order)
{
  struct render_tally tally;
  struct buf why = BUF_INIT(WHY_MAX);
  int parent = open(order->parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (parent < 0)
    return fault(order->parent, strerror(errno));
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

/* ---------------------------------------------------------------- FILE */

/* Whether something real stands at NAME beside NAME.overview.txt: then the overview has no pages. */
static bool is_hidden(const struct order *order)
{
  struct stat st;
  struct buf path = BUF_INIT((size_t)2 * PATH_LENGTH + 4096);
  buf_put_str(&path, str_from(order->parent));
  buf_put_c(&path, '/');
  buf_put_str(&path, str_head(str_from(order->name), strlen(order->name) - STR(OVERVIEW_SUFFIX).n));
  buf_put_c(&path, '\0');
  bool hidden = !buf_error(&path) && lstat(path.p, &st) == 0;
  buf_free(&path);
  return hidden;
}

/* Whether a point could have such a page: nothing that would lead elsewhere. */
static bool is_page_name(const char *point)
{
  return *point && strspn(point, "0123456789-") == strlen(point);
}

/* Finds FILE, and what it is. */
static int find(struct order *order)
{
  struct stat st;
  char *real = realpath(order->file, NULL);
  if (!real || stat(real, &st) < 0) {
    int status = fault(order->file, strerror(errno));
    free(real);
    return status;
  }
  size_t slash = str_rfind(str_from(real), '/');
  order->name = str_dup(str_from(real + slash + 1));
  order->parent = str_dup(str_make(real, slash ? slash : 1));
  free(real);
  if (!order->name || !order->parent)
    return fault(order->file, err_text(ERR_NOMEM));
  order->folder = S_ISDIR(st.st_mode);
  struct str name = str_from(order->name);
  order->overview = S_ISREG(st.st_mode) && str_ends(name, STR(OVERVIEW_SUFFIX)) && name.n > STR(OVERVIEW_SUFFIX).n &&
                    st.st_size <= OVERVIEW_MAX;
  if ((order->point || order->out) && !order->overview)
    return fault(order->file, "this is no overview (NAME.overview.txt, 8 MiB at most), so it has no points");
  if (order->point && !is_page_name(order->point))
    return fault(order->file, "points are asked for by their number: 3, or 3-2 for a repeated one");
  if (order->overview && !order->out && is_hidden(order))
    return fault(order->file,
                 "something else has its name without " OVERVIEW_SUFFIX " and is shown instead: rename one of the two");
  return EXIT_OK;
}

/* ---------------------------------------------------------------- the command line */

static int wrong_usage(const char *what, const char *which)
{
  complain("render", "%s%s (`nuncio render --help` tells)", what, which);
  return EXIT_USAGE;
}

static int parse(int argc, char **argv, struct order *order)
{
  static const struct option options[] = {
      {"gopher", no_argument, NULL, 'g'},
      {"host", required_argument, NULL, 'H'},
      {"port", required_argument, NULL, 'p'},
      {"point", required_argument, NULL, 'n'},
      {"output", required_argument, NULL, 'o'},
      {"help", no_argument, NULL, 'h'},
      {NULL, 0, NULL, 0},
  };
  int option;
  *order = (struct order){.host = "localhost", .port = GOPHER_PORT};
  optind = 0; /* glibc: start anew, main has used it */
  while ((option = getopt_long(argc, argv, ":ho:", options, NULL)) != -1) {
    if (option == 'g')
      order->gopher = true;
    else if (option == 'H')
      order->host = optarg;
    else if (option == 'n')
      order->point = optarg;
    else if (option == 'o')
      order->out = optarg;
    else if (option == 'h')
      order->help = true;
    else if (option != 'p')
      return wrong_usage(option == ':' ? "this option needs a value: " : "no such option: ", argv[optind - 1]);
    else if (str_number(str_from(optarg), &order->port) < 0 || order->port < 1 || order->port > 65535)
      return wrong_usage("a port is a number from 1 to 65535, not ", optarg);
  }
  if (order->help)
    return EXIT_OK;
  if (argc - optind != 1)
    return wrong_usage(optind == argc ? "a file is missing" : "one file at a time: ",
                       optind == argc ? "" : argv[optind + 1]);
  if (order->out && (order->gopher || order->point))
    return wrong_usage("-o writes the whole tree as gemtext: leave out ", order->gopher ? "--gopher" : "--point");
  struct str host = str_from(order->host);
  if (host.n == 0 || str_has_control(host))
    return wrong_usage("--host wants a name", "");
  order->file = argv[optind];
  return EXIT_OK;
}

int cmd_render(int argc, char **argv)
{
  struct order order;
  int status = parse(argc, argv, &order);
  if (status != EXIT_OK)
    return status;
  if (order.help) {
    (void)fputs(usage, stdout);
    return EXIT_OK;
  }
  /* What goes wrong is said here, in one line, and not by the parts. */
  log_open(LOG_ERROR);
  status = find(&order);
  if (status == EXIT_OK)
    status = order.out ? write_tree(&order) : render(&order);
  free(order.parent);
  free(order.name);
  return status;
}
