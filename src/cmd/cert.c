/* `nuncio cert`: shows, makes and renews the certificates in a folder, and makes those of visitors. */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "cmd/cert_client.h"
#include "cmd/cert_name.h"
#include "cmd/cert_show.h"
#include "cmd/cmd.h"
#include "cmd/complain.h"
#include "cmd/option.h"
#include "cmd/say.h"
#include "tls/advice.h"
#include "tls/certificate.h"

enum { TEXT_MAX = 64 << 10 };

/* The command line after the action's name. */
struct order {
  const char *action, *certs;
  bool new_key, help;
  unsigned days;
  char *const *names;
  size_t n_names;
};

struct action {
  const char *name;
  bool takes_new_key, takes_days;
  size_t least, most; /* names */
  int (*run)(const struct order *order);
  const char *help;
};

static int fault(const struct buf *why)
{
  complain("cert", "%.*s", STR_ARG(buf_str(why)));
  return EXIT_FAULT;
}

/* A name that makes no sense is a wrong command line. */
static int name_fault(const struct order *order, int err, const struct buf *why)
{
  complain("cert", "%s: %.*s", order->action, STR_ARG(why->n ? buf_str(why) : str_from(err_text(err))));
  return err == ERR_SYNTAX ? EXIT_USAGE : EXIT_FAULT;
}

/* ---------------------------------------------------------------- show */

static int show(const struct order *order)
{
  struct buf why = BUF_INIT(TEXT_MAX);
  char *name = NULL;
  if (order->n_names == 0)
    return cert_show_all(order->certs);
  int err = cert_name_old(order->action, false, order->certs, order->names[0], &name, &why);
  int status = err ? name_fault(order, err, &why) : cert_show_one(order->certs, name);
  free(name);
  buf_free(&why);
  return status;
}

/* ---------------------------------------------------------------- new and renew */

/* Whether the certificate that is there, if any, was signed by somebody else. */
static bool is_foreign(const char *certs, const char *name)
{
  struct certificate_info info;
  struct buf ignored = BUF_INIT(TEXT_MAX);
  bool foreign = certificate_read(certs, name, &info, &ignored) == 0 && !info.self_signed;
  certificate_info_free(&info);
  buf_free(&ignored);
  return foreign;
}

static void tell(struct buf *line)
{
  say_line(buf_str(line));
  buf_clear(line);
}

static void tell_made(const char *certs, const char *name, enum certificate_key key, const struct buf *kept,
                      bool foreign)
{
  struct buf line = BUF_INIT(TEXT_MAX);
  switch (key) {
  case KEY_NEW:
    buf_printf(&line, "made %s/%s.crt and %s/%s.key: keep the key, readers' browsers remember it", certs, name, certs,
               name);
    tell(&line);
    break;
  case KEY_KEEP:
    buf_printf(&line, "made %s/%s.crt on the same key, %s/%s.key", certs, name, certs, name);
    tell(&line);
    puts("Readers whose browser remembers the key will not notice; those whose browser remembers the certificate\n"
         "itself will be asked once whether they trust the new one.");
    break;
  case KEY_REPLACE:
    buf_printf(&line, "made %s/%s.crt and a new key, %s/%s.key", certs, name, certs, name);
    tell(&line);
    if (kept->n == 0)
      break;
    buf_printf(&line, "the old pair is kept as %.*s", STR_ARG(buf_str(kept)));
    tell(&line);
    if (foreign)
      puts("The old certificate was signed by somebody else; the new one is signed by its own key only.");
    puts("Every reader who was here before will be asked whether they trust the new one.");
    break;
  }
  buf_free(&line);
}

/* `names` NULL: those of the old certificate. */
static int make(const struct order *order, const char *name, const struct certificate_names *names,
                enum certificate_key key)
{
  struct buf why = BUF_INIT(TEXT_MAX), kept = BUF_INIT(TEXT_MAX);
  bool foreign = is_foreign(order->certs, name);
  int status = EXIT_FAULT;
  if (certificate_make(order->certs, name, names, key, &kept, &why) < 0) {
    (void)fault(&why);
  } else {
    tell_made(order->certs, name, key, &kept, foreign);
    status = cert_show_one(order->certs, name);
  }
  buf_free(&kept);
  buf_free(&why);
  return status;
}

/* The names of an order: the first one is that of the files, as `first` takes it. The array and what is in it are the
 * caller's; NULL where memory is short. */
static char **take_names(const struct order *order,
                         int (*first)(const struct order *order, char **out, struct buf *why), int *err,
                         struct buf *why)
{
  char **names = calloc(order->n_names, sizeof *names);
  *err = names ? first(order, &names[0], why) : ERR_NOMEM;
  for (size_t i = 1; i < order->n_names && *err == 0; i++)
    *err = cert_name_further(order->names[i], &names[i], why);
  return names;
}

static void free_names(char **names, size_t n)
{
  for (size_t i = 0; names && i < n; i++)
    free(names[i]);
  free(names);
}

static int new_name(const struct order *order, char **out, struct buf *why)
{
  return cert_name_new(order->action, order->new_key, order->names[0], out, why);
}

static int old_name(const struct order *order, char **out, struct buf *why)
{
  return cert_name_old(order->action, order->new_key, order->certs, order->names[0], out, why);
}

static int new (const struct order *order)
{
  struct buf why = BUF_INIT(TEXT_MAX);
  int err, status;
  char **names = take_names(order, new_name, &err, &why);
  if (err) {
    status = name_fault(order, err, &why);
  } else {
    const struct certificate_names wanted = {.names = (const char *const *)names, .n_names = order->n_names};
    status = make(order, names[0], &wanted, order->new_key ? KEY_REPLACE : KEY_NEW);
  }
  free_names(names, order->n_names);
  buf_free(&why);
  return status;
}

/* On the same key, what we would make in the place of somebody else's certificate would pass for that one. */
static int refuse_foreign(const struct order *order, const char *name)
{
  struct buf why = BUF_INIT(TEXT_MAX);
  buf_printf(&why, "%s/%s.crt was signed by somebody else: renew it there, or make a pair of your own with ",
             order->certs, name);
  advice_cert(&why, order->action, order->certs, name, true);
  buf_put_str(&why, STR(", which keeps the old one beside it"));
  int status = fault(&why);
  buf_free(&why);
  return status;
}

/* What a server shows is not what a visitor does. */
static int refuse_client(const struct order *order, const char *name)
{
  struct buf why = BUF_INIT(TEXT_MAX);
  buf_printf(&why, "%s/%s.crt is a client's: make another one with `nuncio cert client`", order->certs, name);
  int status = fault(&why);
  buf_free(&why);
  return status;
}

/* One that openssl made for a visitor, or for an authority. */
static int refuse_nameless(const struct order *order, const char *name)
{
  struct buf why = BUF_INIT(TEXT_MAX);
  buf_printf(&why, "%s/%s.crt is no server's, since it names no host: renew it where it was made", order->certs, name);
  int status = fault(&why);
  buf_free(&why);
  return status;
}

/* `names`: that of the files, and what is to be added. */
static int renew_named(const struct order *order, const char *const *names, size_t n)
{
  const char *name = names[0];
  struct certificate_info info;
  struct buf why = BUF_INIT(TEXT_MAX);
  enum certificate_key key = order->new_key ? KEY_REPLACE : KEY_KEEP;
  /* A key whose certificate was lost: the names here are all there is to put into a new one. */
  const struct certificate_names all = {.names = names, .n_names = n};
  const struct certificate_names further = {.names = names + 1, .n_names = n - 1, .further = true};
  bool lost = !certificate_exists(order->certs, name, false) && certificate_exists(order->certs, name, true);
  int status;
  if (lost)
    return make(order, name, &all, key);
  if (certificate_read(order->certs, name, &info, &why) < 0)
    status = fault(&why);
  else if (info.client)
    status = refuse_client(order, name);
  else if (info.self_signed && !info.server)
    status = refuse_nameless(order, name);
  else if (!info.self_signed && !order->new_key)
    status = refuse_foreign(order, name);
  else
    status = make(order, name, n > 1 ? &further : NULL, key);
  certificate_info_free(&info);
  buf_free(&why);
  return status;
}

static int renew(const struct order *order)
{
  struct buf why = BUF_INIT(TEXT_MAX);
  int err;
  char **names = take_names(order, old_name, &err, &why);
  int status = err ? name_fault(order, err, &why) : renew_named(order, (const char *const *)names, order->n_names);
  free_names(names, order->n_names);
  buf_free(&why);
  return status;
}

static int client(const struct order *order)
{
  return cert_client(order->certs, order->names[0], order->days);
}

/* ---------------------------------------------------------------- the command line */

static const struct action actions[] = {
    {"show", false, false, 0, 1, show,
     "usage: nuncio cert show [NAME] [--certs DIR]\n\n"
     "Shows the certificate NAME, or all that are in the folder: names, key, dates, fingerprints.\n\n"
     "  --certs DIR   the folder of certificates (default ./certs)\n"
     "  --help        this text\n"},
    {"new", true, false, 1, SIZE_MAX, new,
     "usage: nuncio cert new NAME... [--certs DIR] [--new-key]\n\n"
     "Makes a self-signed certificate for every NAME (host names, IP addresses) and for 127.0.0.1 and ::1, in files\n"
     "called after the first one; further ones may be as *.example.org. A pair that is there already is not\n"
     "overwritten.\n\n"
     "  --certs DIR   the folder of certificates (default ./certs), made where it is missing\n"
     "  --new-key     replace a pair that is there; it is kept beside under a name with today's date\n"
     "  --help        this text\n"},
    {"renew", true, false, 1, SIZE_MAX, renew,
     "usage: nuncio cert renew NAME [MORE...] [--certs DIR] [--new-key]\n\n"
     "Makes a new certificate for the same names on the same key, so that readers whose browser remembers the key do\n"
     "not notice. MORE are names that are added to those, as for a site that has got an alias.\n\n"
     "  --certs DIR   the folder of certificates (default ./certs)\n"
     "  --new-key     make a new key too; the old pair is kept beside under a name with today's date\n"
     "  --help        this text\n"},
    {"client", false, true, 1, 1, client,
     "usage: nuncio cert client NAME [--certs DIR] [--days N]\n\n"
     "Makes a certificate that a visitor shows, to try out paths that ask for one, in files called client-NAME. NAME "
     "is\n"
     "what it says of the visitor. A pair that is there already is not overwritten.\n\n"
     "  --certs DIR   the folder of certificates (default ./certs), made where it is missing\n"
     "  --days N      how long it is valid (default 365)\n"
     "  --help        this text\n"},
};

static const char general_help[] =
    "usage: nuncio cert show|new|renew|client [NAME...] [--certs DIR] [--new-key] [--days N]\n\n"
    "  show [NAME]           what is in a certificate, or in all of them\n"
    "  new NAME...           make one\n"
    "  renew NAME [MORE...]  make a new one on the same key, with further names\n"
    "  client NAME           make one for a visitor to show\n\n"
    "`nuncio cert show --help` and so on say more.\n";

enum { COMMAND_MAX = 16 };

/* `cert show`, or `cert` where there is no action yet. */
static void put_command(char command[COMMAND_MAX], const char *action)
{
  (void)snprintf(command, COMMAND_MAX, "cert%s%s", action ? " " : "", action ? action : "");
}

static int usage(const char *action, const char *what, const char *which)
{
  char command[COMMAND_MAX];
  put_command(command, action);
  complain(command, "%s%s (`nuncio %s --help` tells)", what, which, command);
  return EXIT_USAGE;
}

enum { OPTION_CERTS = UCHAR_MAX + 1, OPTION_HELP, OPTION_NEW_KEY, OPTION_DAYS }; /* above any letter */

static bool take_days(const struct action *action, struct order *order)
{
  if (str_number(str_from(optarg), &order->days) == 0 && order->days >= 1 && order->days <= CLIENT_DAYS_MOST)
    return true;
  char command[COMMAND_MAX];
  put_command(command, action->name);
  complain(command, "--days: expected a number from 1 to %d, not \"%s\"", CLIENT_DAYS_MOST, optarg);
  return false;
}

/* Options may stand anywhere among the names; getopt moves them to the front. False where one is wrong. */
static bool parse(const struct action *action, int argc, char **argv, struct order *order)
{
  static const struct option options[] = {
      {"certs", required_argument, NULL, OPTION_CERTS},
      {"help", no_argument, NULL, OPTION_HELP},
      {"new-key", no_argument, NULL, OPTION_NEW_KEY},
      {"days", required_argument, NULL, OPTION_DAYS},
      {NULL, 0, NULL, 0},
  };
  int code;
  char command[COMMAND_MAX];
  put_command(command, action->name);
  *order = (struct order){.action = action->name, .certs = "certs", .days = CERT_CLIENT_DAYS};
  optind = 0; /* glibc: start anew, main has used it */
  while ((code = option_next(command, argc, argv, ":h", options, NULL)) != OPTION_END) {
    if (code == OPTION_CERTS) {
      order->certs = optarg;
    } else if (code == OPTION_HELP || code == 'h') {
      order->help = true;
    } else if (code == OPTION_NEW_KEY && action->takes_new_key) {
      order->new_key = true;
    } else if (code == OPTION_DAYS && action->takes_days) {
      if (!take_days(action, order))
        return false;
    } else {
      if (code != OPTION_WRONG)
        (void)usage(action->name, "no such option: ", code == OPTION_DAYS ? "--days" : "--new-key");
      return false;
    }
  }
  order->names = argv + optind;
  order->n_names = (size_t)(argc - optind);
  return true;
}

int cmd_cert(int argc, char **argv)
{
  struct order order;
  if (argc < 2) {
    (void)fputs(general_help, stderr);
    return EXIT_USAGE;
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
    (void)fputs(general_help, stdout);
    return EXIT_OK;
  }
  for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
    const struct action *action = &actions[i];
    if (strcmp(action->name, argv[1]) != 0)
      continue;
    if (!parse(action, argc - 1, argv + 1, &order))
      return EXIT_USAGE;
    if (order.help) {
      (void)fputs(action->help, stdout);
      return EXIT_OK;
    }
    if (order.n_names < action->least)
      return usage(action->name, "a name is missing", "");
    if (order.n_names > action->most)
      return usage(action->name, "one name too many: ", order.names[action->most]);
    return action->run(&order);
  }
  return usage(NULL, "no such action: ", argv[1]);
}
