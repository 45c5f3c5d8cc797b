/* `nuncio check CAPSULE`: reads a whole capsule as both protocols would show it, and tells what is to be mended. */
#include "cmd/check_capsule.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "cmd/check_capsule_examine.h"
#include "cmd/check_capsule_reach.h"
#include "cmd/check_capsule_site.h"
#include "cmd/check_capsule_walk.h"
#include "cmd/cmd.h"
#include "cmd/complain.h"
#include "cmd/option.h"
#include "config/file.h"
#include "text/uri.h"

enum { WHY_MAX = 8192, SITES_MAX = 1 << 20, PATH_ROOM = 8192 };

struct order {
  struct settings settings; /* those of the file; without one, of the default site, whose names --host gives */
  const char *file;         /* NULL: none */
  bool named;               /* by --host */
  const char *folder;
  const char *at; /* the path that the folder is served at; NULL: the root of a site */
  bool json;
};

static int fault(const char *what, const char *why)
{
  complain("check", "%s%s%s", what ? what : "", what ? ": " : "", why);
  return EXIT_FAULT;
}

static int not_a_folder(const char *file)
{
  complain("check", "%s: Not a directory; did you mean -c %s?", file, file);
  return EXIT_FAULT;
}

static int wrong_usage(const char *what, const char *which)
{
  complain("check", "%s%s (`nuncio check --help` tells)", what, which);
  return EXIT_USAGE;
}

/* The file is read first of all. */
static int take_file(struct order *order, const char *file)
{
  struct buf why = BUF_INIT(WHY_MAX);
  if (order->file)
    return wrong_usage("one settings file at a time: ", file);
  order->file = file;
  int err = settings_read_file(&order->settings, file, &why);
  if (err && why.n == 0)
    buf_printf(&why, "%s: %s", file, err_text(err));
  if (err)
    complain("check", "%.*s", STR_ARG(buf_str(&why)));
  buf_free(&why);
  return err == 0 ? EXIT_OK : err == ERR_SYNTAX ? EXIT_USAGE : EXIT_FAULT;
}

static int add_host(struct order *order, const char *name)
{
  order->named = true;
  struct buf why = BUF_INIT(WHY_MAX);
  int err = settings_name(&order->settings.sites[0], str_from(name), &why);
  if (err && why.n == 0)
    buf_printf(&why, "%s", err_text(err));
  if (err)
    complain("check", "--host %s: %.*s", name, STR_ARG(buf_str(&why)));
  buf_free(&why);
  return err ? EXIT_USAGE : EXIT_OK;
}

/* EXIT_OK, or the status to leave with after a line on standard error. */
static int parse(struct order *order, int argc, char **argv)
{
  static const struct option options[] = {
      {"config", required_argument, NULL, 'c'},
      {"at", required_argument, NULL, 'a'},
      {"host", required_argument, NULL, 'H'},
      {"json", no_argument, NULL, 'j'},
      {NULL, 0, NULL, 0},
  };
  int option, status = EXIT_OK;
  *order = (struct order){.folder = NULL};
  if (settings_init(&order->settings) < 0)
    return fault(NULL, err_text(ERR_NOMEM));
  optind = 0; /* glibc: start anew, main has used it */
  while (status == EXIT_OK && (option = option_next("check", argc, argv, ":c:", options, NULL)) != OPTION_END) {
    if (option == 'c')
      status = take_file(order, optarg);
    else if (option == 'H')
      status = add_host(order, optarg);
    else if (option == 'a')
      order->at = optarg;
    else if (option == 'j')
      order->json = true;
    else
      status = EXIT_USAGE;
  }
  if (status != EXIT_OK)
    return status;
  if (order->file && order->named)
    return wrong_usage("a capsule has the names of its site in the settings file: leave out --host", "");
  if (order->file && order->at)
    return wrong_usage("the settings file tells where a capsule or a home is: leave out --at", "");
  if (argc - optind != 1)
    return wrong_usage(optind == argc ? "a folder is missing" : "one capsule at a time: ",
                       optind == argc ? "" : argv[optind + 1]);
  order->folder = argv[optind];
  return EXIT_OK;
}

/* *files is how many were looked at. */
static int examine(struct capsule *c, size_t *files)
{
  int err = capsule_walk(c);
  if (err == 0)
    err = capsule_reach(c);
  if (err == 0)
    err = capsule_examine(c, files);
  findings_quiet(&c->findings);
  return err;
}

/* Of a capsule whose root is open. */
static int check_opened(const struct order *order, struct capsule *c)
{
  struct mime *mime = mime_load();
  size_t files = 0;
  int status = EXIT_OK;
  places_init(&c->places);
  findings_init(&c->findings, order->folder, order->json);
  c->findings.under = c->start.n;
  buf_init(&c->document_path, PATH_ROOM);
  c->mime = mime;
  int err = mime ? examine(c, &files) : ERR_NOMEM;
  if (err) {
    status = fault(order->folder, err_text(err));
  } else {
    findings_sum_up(&c->findings, files);
    status = c->findings.level[LEVEL_ERROR] ? EXIT_FAULT : EXIT_OK;
  }
  if (fflush(stdout) != 0 || c->findings.failed)
    status = fault("standard output", strerror(c->findings.failed ? c->findings.number : errno));
  overview_free(c->document);
  buf_free(&c->document_path);
  findings_free(&c->findings);
  places_free(&c->places);
  mime_free(mime);
  return status;
}

/* Where readers begin. */
static int take_start(const struct order *order, struct capsule *c)
{
  struct str at = str_from(order->at ? order->at : "/");
  int err = str_starts(at, STR("/")) ? uri_path(&c->start, at, true) : ERR_SYNTAX;
  if (err == 0 && !str_ends(buf_str(&c->start), STR("/")))
    buf_put_c(&c->start, '/');
  if (err == 0)
    err = buf_error(&c->start);
  if (err == 0 && path_hidden(buf_str(&c->start)))
    err = ERR_SYNTAX;
  c->root.at = str_head(buf_str(&c->start), c->start.n ? c->start.n - 1 : 0);
  return err;
}

static int check(const struct order *order)
{
  struct dot_shelf shelf;
  struct capsule c = {.shelf = &shelf,
                      .root = root_of(open(order->folder, O_PATH | O_DIRECTORY | O_CLOEXEC)),
                      .site = &order->settings.sites[0]};
  struct buf why = BUF_INIT(SITES_MAX);
  if (c.root.folder < 0) {
    struct stat st;
    int number = errno;
    if (number == ENOTDIR && !order->file && stat(order->folder, &st) == 0 && S_ISREG(st.st_mode))
      return not_a_folder(order->folder);
    return fault(order->folder, strerror(number));
  }
  dot_shelf_init(&shelf);
  buf_init(&c.start, PATH_ROOM);
  int status, err = take_start(order, &c);
  if (err == 0 && order->file)
    err = capsule_take_site(&c, &order->settings, order->folder, &why);
  if (err && !order->file) {
    status = wrong_usage("--at wants the path that the folder is served at, such as /~ann/", "");
  } else if (err) {
    buf_put_c(&why, '\0');
    status = fault(order->folder, buf_error(&why) ? err_text(err) : why.p);
  } else {
    status = check_opened(order, &c);
  }
  buf_free(&why);
  dot_shelf_clear(&shelf);
  buf_free(&c.start);
  (void)close(c.root.folder);
  if (c.root.homes >= 0)
    (void)close(c.root.homes);
  return status;
}

int check_capsule(int argc, char **argv)
{
  struct order order;
  int status = parse(&order, argc, argv);
  if (status == EXIT_OK) {
    log_open(LOG_ERROR); /* what is found is told here, and not by the parts */
    status = check(&order);
  }
  settings_free(&order.settings);
  return status;
}
