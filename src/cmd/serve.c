/* `nuncio serve`: from a command line to a running server. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/complain.h"
#include "config/settings.h"
#include "proc/sockets.h"
#include "proc/worker.h"
#include "tls/certificate.h"

enum { GEMINI_PORT = 1965, GOPHER_PORT = 70, GOPHER_PORT_UNPRIVILEGED = 7070, WHY_MAX = 4096 };

static const char usage[] =
    "usage: nuncio serve [options] [CAPSULE]\n"
    "\n"
    "Publishes the folder CAPSULE (default ./capsule) over Gemini and Gopher.\n"
    "\n"
    "  --gemini ADDR:PORT|off   where to listen for Gemini; may be given several times\n"
    "                           (default [::]:1965 and 0.0.0.0:1965; a bare PORT means both families)\n"
    "  --gopher ADDR:PORT|off   the same for Gopher (default port 70, or 7070 where 70 is not permitted)\n"
    "  --host NAME              the name in certificates, menus and URLs (default localhost);\n"
    "                           may be given several times, the first one is the main name\n"
    "  --certs DIR              where NAME.crt and NAME.key are (default ./certs);\n"
    "                           a missing certificate is made there\n"
    "  --public-gemini-port N   the Gemini port that readers see, where ports are forwarded\n"
    "  --public-gopher-port N   the same for Gopher\n"
    "  --lang TAG               the language of the capsule, such as en or pt-BR\n"
    "  --timeout NAME=SECONDS   a deadline: handshake (10), request (10), write (30), drain (1)\n"
    "  --no-gophers             no TLS on the Gopher port\n"
    "  --no-http-page           no page for web browsers on the Gopher port\n"
    "  --no-fast-kdf            derive the keys of TLS sessions by OpenSSL's own, slower functions\n"
    "  --log-address            put client addresses into the log\n"
    "  --verbose                log every step of a connection\n"
    "  --quiet                  log warnings and errors only\n"
    "  --help                   this text\n"
    "  --version                the version\n";

enum option_code {
  OPT_GEMINI = 1000,
  OPT_GOPHER,
  OPT_HOST,
  OPT_CERTS,
  OPT_PUBLIC_GEMINI,
  OPT_PUBLIC_GOPHER,
  OPT_LANG,
  OPT_TIMEOUT,
  OPT_NO_GOPHERS,
  OPT_NO_HTTP_PAGE,
  OPT_NO_FAST_KDF,
  OPT_LOG_ADDRESS,
  OPT_VERBOSE,
  OPT_QUIET,
  OPT_HELP,
  OPT_VERSION,
};

static const struct option options[] = {
    {"gemini", required_argument, NULL, OPT_GEMINI},
    {"gopher", required_argument, NULL, OPT_GOPHER},
    {"host", required_argument, NULL, OPT_HOST},
    {"certs", required_argument, NULL, OPT_CERTS},
    {"public-gemini-port", required_argument, NULL, OPT_PUBLIC_GEMINI},
    {"public-gopher-port", required_argument, NULL, OPT_PUBLIC_GOPHER},
    {"lang", required_argument, NULL, OPT_LANG},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"no-gophers", no_argument, NULL, OPT_NO_GOPHERS},
    {"no-http-page", no_argument, NULL, OPT_NO_HTTP_PAGE},
    {"no-fast-kdf", no_argument, NULL, OPT_NO_FAST_KDF},
    {"log-address", no_argument, NULL, OPT_LOG_ADDRESS},
    {"verbose", no_argument, NULL, OPT_VERBOSE},
    {"quiet", no_argument, NULL, OPT_QUIET},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};

/* ------------------------------------------------------------------ the command line */

/* Applies one option. -1, or the status to leave with at once. */
static int apply_option(struct settings *s, int code, const char *name, const char *argument)
{
  struct buf why = BUF_INIT(WHY_MAX);
  struct str value = str_from(argument);
  int err = 0;
  switch (code) {
  case OPT_GEMINI:
    err = settings_listen(&s->gemini, value, &why);
    break;
  case OPT_GOPHER:
    err = settings_listen(&s->gopher, value, &why);
    break;
  case OPT_HOST:
    err = settings_name(s, value, &why);
    break;
  case OPT_CERTS:
    err = settings_string(&s->certs, value);
    break;
  case OPT_PUBLIC_GEMINI:
    err = settings_port(&s->public_gemini_port, value, &why);
    break;
  case OPT_PUBLIC_GOPHER:
    err = settings_port(&s->public_gopher_port, value, &why);
    break;
  case OPT_LANG:
    err = settings_lang(s, value, &why);
    break;
  case OPT_TIMEOUT:
    err = settings_timeout(s, value, &why);
    break;
  case OPT_NO_GOPHERS:
    s->gophers = false;
    break;
  case OPT_NO_HTTP_PAGE:
    s->courtesies = false;
    break;
  case OPT_NO_FAST_KDF:
    s->fast_kdf = false;
    break;
  case OPT_LOG_ADDRESS:
    s->log_address = true;
    break;
  case OPT_VERBOSE:
    s->log_level = LOG_DEBUG;
    break;
  case OPT_QUIET:
    s->log_level = LOG_WARNING;
    break;
  case OPT_HELP:
    (void)fputs(usage, stdout);
    return EXIT_OK;
  case OPT_VERSION:
    (void)puts("nuncio " NUNCIO_VERSION);
    return EXIT_OK;
  default:
    return EXIT_USAGE;
  }
  if (err) {
    if (why.n == 0)
      buf_printf(&why, "%s", err_text(err));
    complain("serve", "--%s %s: %.*s", name, argument, STR_ARG(buf_str(&why)));
  }
  buf_free(&why);
  return err ? EXIT_USAGE : -1;
}

static int parse_arguments(struct settings *s, int argc, char **argv)
{
  int code, index = 0;
  optind = 1;
  opterr = 0; /* one line of our own says more than two of getopt's */
  while ((code = getopt_long(argc, argv, ":", options, &index)) != -1) {
    if (code == '?' || code == ':') {
      complain_of_option("serve", code, argv[optind - 1]);
      return EXIT_USAGE;
    }
    int status = apply_option(s, code, options[index].name, optarg);
    if (status >= 0)
      return status;
  }
  if (argc - optind > 1) {
    complain("serve", "one capsule is served, and %d were named; see `nuncio serve --help`", argc - optind);
    return EXIT_USAGE;
  }
  if (optind < argc && settings_string(&s->capsule, str_from(argv[optind])) < 0) {
    complain("serve", "out of memory");
    return EXIT_FAULT;
  }
  if (s->gemini.off && s->gopher.off) {
    complain("serve", "both protocols are off: nothing is left to serve; leave out one of the `off`");
    return EXIT_USAGE;
  }
  return -1;
}

/* ------------------------------------------------------------------ certificates */

/* Makes the main name's certificate where it is missing (G6): on the key that is there, or with a new one. */
static int ensure_certificate(const struct settings *s, const struct sockets *sockets, struct buf *why)
{
  const char *name = s->names[0];
  bool have_key = certificate_exists(s->certs, name, true),
       have_certificate = certificate_exists(s->certs, name, false);
  if (have_key && have_certificate)
    return 0;
  if (have_certificate) {
    buf_printf(
        why,
        "%s/%s.key is missing beside its certificate; put the key back, or make a new pair with `nuncio cert new "
        "%s --certs %s --new-key` (readers will be asked whether they trust it)",
        s->certs, name, name, s->certs);
    return ERR_NOT_FOUND;
  }
  const char *names[NAMES_MAX], *addresses[SOCKETS_MAX];
  for (size_t i = 0; i < s->n_names; i++)
    names[i] = s->names[i];
  for (size_t i = 0; i < sockets->n; i++)
    addresses[i] = sockets->at[i].address;
  const struct certificate_names wanted = {names, s->n_names, addresses, sockets->n};
  int err = certificate_make(s->certs, name, &wanted, have_key ? KEY_KEEP : KEY_NEW, NULL, why);
  if (err == ERR_EXISTS && certificate_exists(s->certs, name, true) && certificate_exists(s->certs, name, false)) {
    buf_clear(why); /* another nuncio was quicker: its pair is as good */
    return 0;
  }
  if (err == 0)
    log_notice("made a certificate for %s: %s/%s.crt%s", name, s->certs, name,
               have_key ? " (on the key that was there)" : "");
  return err;
}

/* ------------------------------------------------------------------ running */

static int open_listeners(struct settings *s, struct sockets *sockets, struct buf *why)
{
  if (!s->gemini.given)
    settings_default_listen(&s->gemini, GEMINI_PORT);
  if (!s->gopher.given) {
    unsigned port = GOPHER_PORT;
    if (!sockets_permitted(port)) {
      port = GOPHER_PORT_UNPRIVILEGED;
      log_notice("Gopher's own port 70 is not permitted here: listening on %u instead", port);
    }
    settings_default_listen(&s->gopher, port);
  }
  int err = s->gemini.off ? 0 : sockets_open(sockets, &proto_gemini, &s->gemini, why);
  if (err == 0 && !s->gopher.off)
    err = sockets_open(sockets, &proto_gopher, &s->gopher, why);
  return err;
}

/* What scripts wait for: one line per listener, then `ready`. */
static void announce(const struct settings *s, const struct sockets *sockets)
{
  bool ipv6 = strchr(s->names[0], ':') != NULL;
  for (size_t i = 0; i < sockets->n; i++) {
    const struct listen_socket *l = &sockets->at[i];
    (void)printf("listening %s://%s%s%s:%u/ (%s)\n", l->proto->name, ipv6 ? "[" : "", s->names[0], ipv6 ? "]" : "",
                 l->port, l->address);
  }
  (void)puts("ready");
  (void)fflush(stdout);
}

/* Looked at before anything is made, so that a mistyped folder leaves no certificate behind. */
static int check_capsule(const char *path, struct buf *why)
{
  struct stat st;
  int error = stat(path, &st) < 0 ? errno : S_ISDIR(st.st_mode) ? 0 : ENOTDIR;
  if (error == 0 && faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0)
    error = errno;
  if (error == 0)
    return 0;
  const char *mend = error == EACCES ? "let this user enter it (chmod +x), or run as one who may"
                                     : "name the folder to publish, as in `nuncio serve FOLDER`";
  buf_printf(why, "capsule %s: %s; %s", path, strerror(error), mend);
  return ERR_NOT_FOUND;
}

static int serve(struct settings *s)
{
  struct sockets sockets = {.n = 0};
  struct worker *worker = NULL;
  struct buf why = BUF_INIT(WHY_MAX);
  int err = check_capsule(s->capsule, &why);
  if (err == 0)
    err = open_listeners(s, &sockets, &why);
  if (err == 0 && (!s->gemini.off || s->gophers))
    err = ensure_certificate(s, &sockets, &why);
  if (err == 0)
    err = worker_new(s, &sockets, &worker, &why);
  if (err == 0) {
    announce(s, &sockets);
    if (!worker_run(worker))
      _exit(EXIT_OK); /* a thread is still at work in there */
  } else {
    if (why.n == 0)
      buf_printf(&why, "%s", err_text(err));
    complain("serve", "%.*s", STR_ARG(buf_str(&why)));
  }
  worker_free(worker);
  sockets_close(&sockets);
  buf_free(&why);
  return err ? EXIT_FAULT : EXIT_OK;
}

int cmd_serve(int argc, char **argv)
{
  struct settings settings;
  if (settings_init(&settings) < 0) {
    complain("serve", "out of memory");
    return EXIT_FAULT;
  }
  int status = parse_arguments(&settings, argc, argv);
  if (status < 0) {
    log_open(settings.log_level);
    (void)signal(SIGPIPE, SIG_IGN);
    status = serve(&settings);
  }
  settings_free(&settings);
  return status;
}
