/* `nuncio cert`: shows, makes and renews the certificates in a folder. */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/complain.h"
#include "tls/certificate.h"

enum { TEXT_MAX = 64 << 10, SAFE_MAX = 4 * TEXT_MAX, SOON_DAYS = 30, DAY_SECONDS = 24 * 60 * 60 };

/* The command line after the action's name. */
struct order {
  const char *certs;
  bool new_key, help;
  char *const *names;
  size_t n_names;
};

struct action {
  const char *name;
  bool takes_new_key;
  size_t least, most; /* names */
  int (*run)(const struct order *order);
  const char *help;
};

/* Names in certificates are strangers' bytes: nothing in them may steer the terminal. */
static void print_safely(struct str text)
{
  struct buf safe = BUF_INIT(SAFE_MAX);
  log_escape(&safe, text);
  (void)printf("%.*s", STR_ARG(buf_str(&safe)));
  buf_free(&safe);
}

static int fault(const struct buf *why)
{
  complain("cert", "%.*s", STR_ARG(buf_str(why)));
  return EXIT_FAULT;
}

/* ---------------------------------------------------------------- show */

static void print_fingerprint(const char *what, const unsigned char bytes[FINGERPRINT_BYTES])
{
  printf("  %-12s SHA-256 ", what);
  for (size_t i = 0; i < FINGERPRINT_BYTES; i++)
    printf("%s%02X", i ? ":" : "", bytes[i]);
  (void)putchar('\n');
}

static void print_dates(const struct certificate_info *info)
{
  char from[32] = "", to[32] = "";
  struct tm first = info->not_before, last = info->not_after;
  time_t now = time(NULL), begin = timegm(&first), end = timegm(&last);
  if (strftime(from, sizeof from, "%Y-%m-%d", &first) == 0 || strftime(to, sizeof to, "%Y-%m-%d", &last) == 0)
    return;
  long long days = ((long long)end - now) / DAY_SECONDS;
  printf("  %-12s %s to %s, ", "valid", from, to);
  if (end <= now)
    puts("EXPIRED: readers are warned or turned away");
  else if (begin > now)
    puts("NOT VALID YET: look at this machine's clock");
  else
    printf("%lld day%s left%s\n", days, days == 1 ? "" : "s", days < SOON_DAYS ? ": EXPIRES SOON" : "");
}

static void print_info(const char *dir, const char *name, const struct certificate_info *info)
{
  print_safely(str_from(name));
  printf("\n  %-12s ", "names");
  print_safely(info->names.n ? buf_str(&info->names) : STR("none (only the common name)"));
  printf("\n  %-12s ", "subject");
  print_safely(info->subject.n ? buf_str(&info->subject) : STR("none"));
  puts(info->self_signed ? ", self-signed" : ", signed by another");
  printf("  %-12s ", "key");
  print_safely(buf_str(&info->key));
  printf(", ");
  print_safely(str_from(dir));
  (void)putchar('/');
  print_safely(str_from(name));
  printf(".key %s\n", info->key_matches                     ? "matches"
                      : certificate_exists(dir, name, true) ? "DOES NOT MATCH or cannot be read"
                                                            : "IS MISSING");
  print_dates(info);
  print_fingerprint("certificate", info->fingerprint);
  print_fingerprint("public key", info->key_fingerprint);
}

static int show_one(const char *dir, const char *name)
{
  struct certificate_info info;
  struct buf why = BUF_INIT(TEXT_MAX);
  int status = EXIT_OK;
  if (certificate_read(dir, name, &info, &why) == 0)
    print_info(dir, name, &info);
  else
    status = fault(&why);
  certificate_info_free(&info);
  buf_free(&why);
  return status;
}

static int is_certificate(const struct dirent *entry)
{
  struct str name = str_from(entry->d_name);
  return name.n > 4 && name.p[0] != '.' && str_ends(name, STR(".crt"));
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
  return strcmp((*a)->d_name, (*b)->d_name);
}

static int show_all(const char *dir)
{
  struct buf why = BUF_INIT(TEXT_MAX);
  struct dirent **found = NULL;
  int status = EXIT_OK;
  int n = scandir(dir, &found, is_certificate, by_bytes);
  if (n < 0)
    buf_printf(&why, "%s cannot be read (%s): name the certificates' folder with --certs", dir, strerror(errno));
  else if (n == 0)
    buf_printf(&why, "there are no certificates in %s: `nuncio cert new NAME` makes one", dir);
  if (n <= 0)
    status = fault(&why);
  for (int i = 0; i < n; i++) {
    found[i]->d_name[strlen(found[i]->d_name) - strlen(".crt")] = '\0';
    if (i > 0)
      (void)putchar('\n');
    (void)fflush(stdout); /* what is said on standard error comes in its place */
    if (show_one(dir, found[i]->d_name) != EXIT_OK)
      status = EXIT_FAULT;
    free(found[i]);
  }
  free(found);
  buf_free(&why);
  return status;
}

static int show(const struct order *order)
{
  return order->n_names ? show_one(order->certs, order->names[0]) : show_all(order->certs);
}

/* ---------------------------------------------------------------- new and renew */

static int make(const struct order *order, const struct certificate_names *names, enum certificate_key key)
{
  struct buf why = BUF_INIT(TEXT_MAX), kept = BUF_INIT(TEXT_MAX);
  const char *name = order->names[0];
  int status = EXIT_OK;
  if (certificate_make(order->certs, name, names, key, &kept, &why) < 0) {
    status = fault(&why);
    goto out;
  }
  switch (key) {
  case KEY_NEW:
    printf("made %s/%s.crt and %s/%s.key: keep the key, readers' browsers remember it\n", order->certs, name,
           order->certs, name);
    break;
  case KEY_KEEP:
    printf("made %s/%s.crt on the same key, %s/%s.key\n"
           "Readers whose browser remembers the key will not notice; those whose browser remembers the certificate\n"
           "itself will be asked once whether they trust the new one.\n",
           order->certs, name, order->certs, name);
    break;
  case KEY_REPLACE:
    printf("made %s/%s.crt and a new key, %s/%s.key\n", order->certs, name, order->certs, name);
    if (kept.n)
      printf("the old pair is kept as %.*s\n"
             "Every reader who was here before will be asked whether they trust the new one.\n",
             STR_ARG(buf_str(&kept)));
    break;
  }
  status = show_one(order->certs, name);
out:
  buf_free(&kept);
  buf_free(&why);
  return status;
}

static int new (const struct order *order)
{
  const struct certificate_names names = {.names = (const char *const *)order->names, .n_names = order->n_names};
  return make(order, &names, order->new_key ? KEY_REPLACE : KEY_NEW);
}

/* A certificate that somebody else signed cannot be renewed here: what we would make in its place is another thing. */
static int refuse_foreign(const struct order *order)
{
  struct certificate_info info;
  struct buf why = BUF_INIT(TEXT_MAX);
  const char *name = order->names[0];
  int err = certificate_read(order->certs, name, &info, &why);
  if (err == 0 && !info.self_signed) {
    err = ERR_EXISTS;
    buf_printf(&why,
               "%s/%s.crt was signed by another: renew it there, or move it away and make a self-signed one with "
               "`nuncio cert renew %s`",
               order->certs, name, name);
  }
  int status = err ? fault(&why) : EXIT_OK;
  certificate_info_free(&info);
  buf_free(&why);
  return status;
}

static int renew(const struct order *order)
{
  const char *name = order->names[0];
  enum certificate_key key = order->new_key ? KEY_REPLACE : KEY_KEEP;
  /* A key whose certificate was lost: the name is all there is to put into a new one. */
  const struct certificate_names only = {.names = (const char *const *)order->names, .n_names = 1};
  bool lost = !certificate_exists(order->certs, name, false) && certificate_exists(order->certs, name, true);
  if (lost)
    return make(order, &only, key);
  int status = refuse_foreign(order);
  return status == EXIT_OK ? make(order, NULL, key) : status;
}

/* ---------------------------------------------------------------- the command line */

static const struct action actions[] = {
    {"show", false, 0, 1, show,
     "usage: nuncio cert show [NAME] [--certs DIR]\n\n"
     "Shows the certificate NAME, or all that are in the folder: names, key, dates, fingerprints.\n\n"
     "  --certs DIR   the folder of certificates (default ./certs)\n"
     "  --help        this text\n"},
    {"new", true, 1, SIZE_MAX, new,
     "usage: nuncio cert new NAME... [--certs DIR] [--new-key]\n\n"
     "Makes a self-signed certificate for every NAME (host names, IP addresses) and for 127.0.0.1 and ::1, in files\n"
     "called after the first one. A pair that is there already is not overwritten.\n\n"
     "  --certs DIR   the folder of certificates (default ./certs), made where it is missing\n"
     "  --new-key     replace a pair that is there; it is kept beside under a name with today's date\n"
     "  --help        this text\n"},
    {"renew", true, 1, 1, renew,
     "usage: nuncio cert renew NAME [--certs DIR] [--new-key]\n\n"
     "Makes a new certificate for the same names on the same key, so that readers whose browser remembers the key do\n"
     "not notice.\n\n"
     "  --certs DIR   the folder of certificates (default ./certs)\n"
     "  --new-key     make a new key too; the old pair is kept beside under a name with today's date\n"
     "  --help        this text\n"},
};

static const char general_help[] = "usage: nuncio cert show|new|renew [NAME...] [--certs DIR] [--new-key]\n\n"
                                   "  show [NAME]    what is in a certificate, or in all of them\n"
                                   "  new NAME...    make one\n"
                                   "  renew NAME     make a new one on the same key\n\n"
                                   "`nuncio cert show --help` and so on say more.\n";

static int usage(const char *action, const char *what, const char *which)
{
  const char *space = action ? " " : "";
  action = action ? action : "";
  complain("cert", "%s%s%s%s (`nuncio cert%s%s --help` tells)", action, *action ? ": " : "", what, which, space,
           action);
  return EXIT_USAGE;
}

/* Options may stand anywhere among the names; getopt moves them to the front. False where one is wrong. */
static bool parse(const struct action *action, int argc, char **argv, struct order *order)
{
  static const struct option options[] = {
      {"certs", required_argument, NULL, 'c'},
      {"help", no_argument, NULL, 'h'},
      {"new-key", no_argument, NULL, 'n'},
      {NULL, 0, NULL, 0},
  };
  int option;
  *order = (struct order){.certs = "certs"};
  optind = 0; /* glibc: start anew, main has used it */
  while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
    if (option == 'c') {
      order->certs = optarg;
    } else if (option == 'h') {
      order->help = true;
    } else if (option == 'n' && action->takes_new_key) {
      order->new_key = true;
    } else {
      (void)usage(action->name, option == ':' ? "this option needs a value: " : "no such option: ", argv[optind - 1]);
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
