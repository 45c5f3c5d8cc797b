/* What `nuncio render` was asked to do: its command line, and what FILE is. */
#include "cmd/render_order.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "cmd/cmd.h"
#include "cmd/complain.h"
#include "cmd/option.h"
#include "text/overview.h"

enum { GOPHER_PORT = 70, WHY_MAX = 4096, PATH_LENGTH = 1024 };

const char render_usage[] = "usage: nuncio render [options] FILE\n"
                            "\n"
                            "Prints what a reader would get of FILE: a page as gemtext, an overview\n"
                            "(NAME.overview.txt) as its page of points, a gophermap as the page of its folder, any\n"
                            "other file as it is; of a folder, what `nuncio serve FOLDER` would show first.\n"
                            "\n"
                            "  --gopher      as it goes out over Gopher: pages as menus\n"
                            "  --host NAME   the host that menus name (default localhost)\n"
                            "  --port N      the Gopher port that menus name (default 70)\n"
                            "  --point N     the page of an overview's point N (3; a repeated number: 3-2)\n"
                            "  -o, --output DIR\n"
                            "                write the whole tree of an overview below DIR, as plain files for\n"
                            "                hosting elsewhere; a file that somebody else wrote or changed is\n"
                            "                left alone and named, and then nothing is written\n"
                            "  --help        this text\n";

static int fault(const char *file, const char *what)
{
  complain("render", "%s%s%s", file ? file : "", file ? ": " : "", what);
  return EXIT_FAULT;
}

/* ---------------------------------------------------------------- FILE */

/* Whether something real stands at NAME beside NAME.overview.txt: then the overview has no pages. */
static bool is_hidden(const struct render_order *order)
{
  struct stat st;
  struct buf path = BUF_INIT((size_t)2 * PATH_LENGTH + 4096);
  buf_put_str(&path, str_from(order->root));
  buf_put_c(&path, '/');
  buf_put_str(&path, str_head(str_from(order->name), strlen(order->name) - STR(OVERVIEW_SUFFIX).n));
  buf_put_c(&path, '\0');
  bool hidden = !buf_error(&path) && lstat(path.p, &st) == 0;
  buf_free(&path);
  return hidden;
}

/* Whether a gophermap answers for its folder: on Gemini the indexes of its own come first (P16). */
static bool is_index(const struct render_order *order)
{
  static const char *const first[] = {"index.gmi", "index.gemini"};
  bool found = false;
  int root = open(order->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
  for (size_t i = 0; root >= 0 && i < sizeof first / sizeof *first; i++)
    found = found || faccessat(root, first[i], F_OK, 0) == 0;
  if (root >= 0)
    (void)close(root);
  return order->gopher || !found;
}

/* Whether a point could have such a page: nothing that would lead elsewhere. */
static bool is_page_name(const char *point)
{
  return *point && strspn(point, "0123456789-") == strlen(point);
}

/* Whether `path` is below the folder. Both are without symbolic links. */
static bool is_below(struct str path, struct str folder)
{
  return str_starts(path, folder) && (str_ends(folder, STR("/")) || str_starts(str_skip(path, folder.n), STR("/")));
}

/* Names the capsule and the file in it. A link keeps its own name, which says what it is to a reader
 * (`N.overview.txt` that leads to `v1.txt`); one that leads out of its folder, where no reader would follow it, is
 * taken for what it leads to. `real` is the path without symbolic links. */
static int place(struct render_order *order, struct str real, bool folder)
{
  struct str given = str_from(order->file), name = given;
  size_t slash = str_rfind(given, '/');
  char *above = slash < given.n ? str_dup(str_head(given, slash + 1)) : str_dup(STR("."));
  char *parent = above && !folder ? realpath(above, NULL) : NULL;
  if (slash < given.n)
    name = str_skip(given, slash + 1);
  struct str root = str_from(parent);
  if (folder) {
    root = given;
    name = STR("");
  } else if (!parent || !is_below(real, root)) {
    slash = str_rfind(real, '/');
    root = str_head(real, slash ? slash : 1);
    name = str_skip(real, slash + 1);
  }
  order->root = str_dup(root);
  order->name = str_dup(name);
  free(above);
  free(parent);
  return order->root && order->name ? EXIT_OK : fault(order->file, err_text(ERR_NOMEM));
}

int render_order_find(struct render_order *order)
{
  struct stat st;
  char *real = realpath(order->file, NULL);
  int status = real && stat(real, &st) == 0 ? EXIT_OK : fault(order->file, strerror(errno));
  if (status == EXIT_OK)
    status = place(order, str_from(real), S_ISDIR(st.st_mode));
  free(real);
  if (status != EXIT_OK)
    return status;
  struct str name = str_from(order->name);
  order->index = S_ISREG(st.st_mode) && str_eq(name, STR("gophermap")) && is_index(order);
  order->overview = S_ISREG(st.st_mode) && str_ends(name, STR(OVERVIEW_SUFFIX)) && name.n > STR(OVERVIEW_SUFFIX).n &&
                    st.st_size <= OVERVIEW_MAX;
  if (order->out && !order->overview)
    return fault(order->file,
                 "-o writes the pages of an overview (NAME.overview.txt, 8 MiB at most), and this is none");
  if (order->point && !order->overview)
    return fault(order->file, "this is no overview (NAME.overview.txt, 8 MiB at most), so it has no points");
  if (order->point && !is_page_name(order->point))
    return fault(order->file, "points are asked for by their number: 3, or 3-2 for a repeated one");
  if (order->overview && !order->out && is_hidden(order))
    return fault(order->file,
                 "something else has its name without " OVERVIEW_SUFFIX " and is shown instead: rename one of the two");
  return EXIT_OK;
}

void render_order_free(struct render_order *order)
{
  settings_free(&order->settings);
  free(order->root);
  free(order->name);
}

/* ---------------------------------------------------------------- the command line */

static int wrong_usage(const char *what, const char *which)
{
  complain("render", "%s%s (`nuncio render --help` tells)", what, which);
  return EXIT_USAGE;
}

static int set_option(struct render_order *order, int option)
{
  struct buf why = BUF_INIT(WHY_MAX);
  int err = 0;
  if (option == 'g')
    order->gopher = true;
  else if (option == 'H')
    err = settings_name(&order->settings.sites[0], str_from(optarg), &why);
  else if (option == 'p')
    err = settings_port(&order->settings.public_gopher_port, str_from(optarg), &why);
  else if (option == 'n')
    order->point = optarg;
  else if (option == 'o')
    order->out = optarg;
  else
    order->help = true;
  if (err && why.n == 0)
    buf_printf(&why, "%s", err_text(err));
  if (err)
    complain("render", "--%s %s: %.*s", option == 'H' ? "host" : "port", optarg, STR_ARG(buf_str(&why)));
  buf_free(&why);
  return err ? EXIT_USAGE : EXIT_OK;
}

int render_order_parse(struct render_order *order, int argc, char **argv)
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
  *order = (struct render_order){.gopher = false};
  if (settings_init(&order->settings) < 0)
    return fault(NULL, err_text(ERR_NOMEM));
  order->settings.public_gopher_port = GOPHER_PORT;
  optind = 0; /* glibc: start anew, main has used it */
  while ((option = option_next("render", argc, argv, ":ho:", options, NULL)) != OPTION_END) {
    int status = option == OPTION_WRONG ? EXIT_USAGE : set_option(order, option);
    if (status != EXIT_OK)
      return status;
  }
  if (order->help)
    return EXIT_OK;
  if (argc - optind != 1)
    return wrong_usage(optind == argc ? "a file is missing" : "one file at a time: ",
                       optind == argc ? "" : argv[optind + 1]);
  if (order->out && (order->gopher || order->point))
    return wrong_usage("-o writes the whole tree as gemtext: leave out ", order->gopher ? "--gopher" : "--point");
  order->file = argv[optind];
  return EXIT_OK;
}
