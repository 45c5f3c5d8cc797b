/* `nuncio check CAPSULE`: reads a whole capsule as both protocols would show it, and tells what is to be mended. */
#include "cmd/check_capsule.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "cmd/check_capsule_examine.h"
#include "cmd/check_capsule_reach.h"
#include "cmd/check_capsule_walk.h"
#include "cmd/cmd.h"
#include "cmd/complain.h"

enum { WHY_MAX = 4096, PATH_ROOM = 8192 };

struct order {
  struct settings settings; /* the first site's names and homes are what the options say; nothing else of it is used */
  const char *folder;
  bool json;
};

static int fault(const char *what, const char *why)
{
  complain("check", "%s%s%s", what ? what : "", what ? ": " : "", why);
  return EXIT_FAULT;
}

static int wrong_usage(const char *what, const char *which)
{
  complain("check", "%s%s (`nuncio check --help` tells)", what, which);
  return EXIT_USAGE;
}

/* Hands the option's value to the setter of settings. */
static int set(struct order *order, int (*setter)(struct site_settings *s, struct str value, struct buf *why),
               const char *option, const char *value)
{
  struct buf why = BUF_INIT(WHY_MAX);
  int err = setter(&order->settings.sites[0], str_from(value), &why);
  if (err && why.n == 0)
    buf_printf(&why, "%s", err_text(err));
  if (err)
    complain("check", "%s %s: %.*s", option, value, STR_ARG(buf_str(&why)));
  buf_free(&why);
  return err ? EXIT_USAGE : EXIT_OK;
}

/* EXIT_OK, or the status to leave with after a line on standard error. */
static int parse(struct order *order, int argc, char **argv)
{
  static const struct option options[] = {
      {"host", required_argument, NULL, 'H'},
      {"user-dirs", required_argument, NULL, 'U'},
      {"json", no_argument, NULL, 'j'},
      {NULL, 0, NULL, 0},
  };
  int option, status = EXIT_OK;
  *order = (struct order){.folder = NULL};
  if (settings_init(&order->settings) < 0)
    return fault(NULL, err_text(ERR_NOMEM));
  optind = 0; /* glibc: start anew, main has used it */
  while (status == EXIT_OK && (option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
    if (option == 'H')
      status = set(order, settings_name, "--host", optarg);
    else if (option == 'U')
      status = set(order, settings_user_dirs, "--user-dirs", optarg);
    else if (option == 'j')
      order->json = true;
    else {
      complain_of_option("check", option, argv[optind - 1]);
      status = EXIT_USAGE;
    }
  }
  if (status != EXIT_OK)
    return status;
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

/* What the paths of the capsule are looked up beneath: the folder, and the homes of its users. */
static int open_root(const struct order *order, struct root *root)
{
  const struct site_settings *site = &order->settings.sites[0];
  *root = root_of(open(order->folder, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (root->folder < 0)
    return fault(order->folder, strerror(errno));
  if (!site->homes)
    return EXIT_OK;
  root->user_folder = site->user_folder;
  root->homes = open(site->homes, O_PATH | O_DIRECTORY | O_CLOEXEC);
  return root->homes < 0 ? fault(site->homes, strerror(errno)) : EXIT_OK;
}

static void close_root(const struct root *root)
{
  if (root->folder >= 0)
    (void)close(root->folder);
  if (root->homes >= 0)
    (void)close(root->homes);
}

static int check(const struct order *order)
{
  struct capsule c = {.settings = &order->settings, .document_path = BUF_INIT(PATH_ROOM)};
  struct mime *mime = NULL;
  size_t files = 0;
  int status = open_root(order, &c.root);
  if (status != EXIT_OK) {
    close_root(&c.root);
    return status;
  }
  places_init(&c.places);
  findings_init(&c.findings, order->folder, order->json);
  c.mime = mime = mime_load();
  int err = mime ? examine(&c, &files) : ERR_NOMEM;
  if (err) {
    status = fault(order->folder, err_text(err));
  } else {
    findings_sum_up(&c.findings, files);
    status = c.findings.level[LEVEL_ERROR] ? EXIT_FAULT : EXIT_OK;
  }
  if (fflush(stdout) != 0 || c.findings.failed)
    status = fault("standard output", strerror(c.findings.failed ? c.findings.number : errno));
  overview_free(c.document);
  buf_free(&c.document_path);
  findings_free(&c.findings);
  places_free(&c.places);
  mime_free(mime);
  close_root(&c.root);
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
