/* The command line of `nuncio serve`. */
#include "cmd/serve_options.h"

#include <stdio.h>

#include "base/err.h"
#include "cmd/cmd.h"
#include "cmd/complain.h"
#include "cmd/option.h"
#include "config/file.h"

enum { WHY_MAX = 4096 };

static const char usage[] =
    "usage: nuncio serve [options] [CAPSULE]\n"
    "\n"
    "Publishes the folder CAPSULE (default ./capsule) over Gemini and Gopher.\n"
    "\n"
    "  -c, --config FILE        read settings from FILE first; what is said here wins over it\n"
    "  --gemini ADDR:PORT|off   where to listen for Gemini; may be given several times\n"
    "                           (default [::]:1965 and 0.0.0.0:1965; a bare PORT means both families)\n"
    "  --gopher ADDR:PORT|off   the same for Gopher (default port 70, or 7070 where 70 is not permitted)\n"
    "  --host NAME              the name in certificates, menus and URLs (default localhost);\n"
    "                           may be given several times, the first one is the main name\n"
    "  --certs DIR              where NAME.crt and NAME.key are (default ./certs);\n"
    "                           a missing certificate is made there\n"
    "  --public-gemini-port N   the Gemini port that readers see, where ports are forwarded\n"
    "  --public-gopher-port N   the same for Gopher\n"
    "  --workers N              how many processes serve (default: one for each processor)\n"
    "  --lang TAG               the language of the capsule, such as en or pt-BR\n"
    "  --timeout NAME=SECONDS   a deadline: handshake (10), request (10), handle (60), write (30), drain (1)\n"
    "  --limit NAME=N           a limit: connections (in all; default what descriptors and memory allow),\n"
    "                           address (64 connections of one address), requests (300 a minute of one\n"
    "                           address), handshakes (1024 at a time in a worker), request (1024 bytes)\n"
    "  --limit-loopback         hold this machine's own addresses to the limits for one address too\n"
    "  --cache MIB              each worker's memory for pages that are ready to be sent (default 32; 0: none)\n"
    "  --no-gophers             no TLS on the Gopher port\n"
    "  --no-http-page           no page for web browsers on the Gopher port\n"
    "  --no-fast-kdf            derive the keys of TLS sessions by OpenSSL's own, slower functions\n"
    "  --user NAME              started as root: what serves becomes this user, who must be able to read the capsule\n"
    "  --no-sandbox             do not lock in what serves (see `The sandbox` in the README)\n"
    "  --log-requests WHERE     where each request is logged: stderr (the default), syslog, syslog:SOCKET, or a file,\n"
    "                           which is opened anew on SIGUSR1\n"
    "  --log-format FORM        plain (the default), combined (as web servers have it) or json\n"
    "  --log-address[=HOW]      put client addresses into the log: full (where no HOW is given), cut (to /24\n"
    "                           and /48), hash (with a key that changes daily), or none\n"
    "  --verbose                log every step of a connection\n"
    "  --quiet                  warnings and errors only on standard error\n"
    "  --help                   this text\n"
    "  --version                the version\n";

enum option_code {
  OPT_CONFIG = 'c',
  OPT_GEMINI = 1000,
  OPT_GOPHER,
  OPT_HOST,
  OPT_CERTS,
  OPT_PUBLIC_GEMINI,
  OPT_PUBLIC_GOPHER,
  OPT_WORKERS,
  OPT_LANG,
  OPT_TIMEOUT,
  OPT_LIMIT,
  OPT_LIMIT_LOOPBACK,
  OPT_CACHE,
  OPT_NO_GOPHERS,
  OPT_NO_HTTP_PAGE,
  OPT_NO_FAST_KDF,
  OPT_USER,
  OPT_NO_SANDBOX,
  OPT_LOG_REQUESTS,
  OPT_LOG_FORMAT,
  OPT_LOG_ADDRESS,
  OPT_VERBOSE,
  OPT_QUIET,
  OPT_HELP,
  OPT_VERSION,
};

static const char letters[] = ":c:";
static const struct option options[] = {
    {"config", required_argument, NULL, OPT_CONFIG},
    {"gemini", required_argument, NULL, OPT_GEMINI},
    {"gopher", required_argument, NULL, OPT_GOPHER},
    {"host", required_argument, NULL, OPT_HOST},
    {"certs", required_argument, NULL, OPT_CERTS},
    {"public-gemini-port", required_argument, NULL, OPT_PUBLIC_GEMINI},
    {"public-gopher-port", required_argument, NULL, OPT_PUBLIC_GOPHER},
    {"workers", required_argument, NULL, OPT_WORKERS},
    {"lang", required_argument, NULL, OPT_LANG},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"limit", required_argument, NULL, OPT_LIMIT},
    {"limit-loopback", no_argument, NULL, OPT_LIMIT_LOOPBACK},
    {"cache", required_argument, NULL, OPT_CACHE},
    {"no-gophers", no_argument, NULL, OPT_NO_GOPHERS},
    {"no-http-page", no_argument, NULL, OPT_NO_HTTP_PAGE},
    {"no-fast-kdf", no_argument, NULL, OPT_NO_FAST_KDF},
    {"user", required_argument, NULL, OPT_USER},
    {"no-sandbox", no_argument, NULL, OPT_NO_SANDBOX},
    {"log-requests", required_argument, NULL, OPT_LOG_REQUESTS},
    {"log-format", required_argument, NULL, OPT_LOG_FORMAT},
    {"log-address", optional_argument, NULL, OPT_LOG_ADDRESS},
    {"verbose", no_argument, NULL, OPT_VERBOSE},
    {"quiet", no_argument, NULL, OPT_QUIET},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};

/* Applies one option. -1, or the status to leave with at once. */
static int apply_option(struct settings *s, int code, const char *name, const char *argument, struct buf *out)
{
  struct buf why = BUF_INIT(WHY_MAX);
  struct str value = str_from(argument);
  int err = 0;
  switch (code) {
  case OPT_CONFIG:
    break; /* was read before */
  case OPT_GEMINI:
    err = settings_listen(&s->gemini, value, &why);
    break;
  case OPT_GOPHER:
    err = settings_listen(&s->gopher, value, &why);
    break;
  case OPT_HOST:
    err = settings_name(&s->sites[0], value, &why);
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
  case OPT_WORKERS:
    err = settings_workers(s, value, &why);
    break;
  case OPT_LANG:
    err = settings_lang(&s->sites[0], value, &why);
    break;
  case OPT_TIMEOUT:
    err = settings_timeout(s, value, &why);
    break;
  case OPT_LIMIT:
    err = settings_limit(s, value, &why);
    break;
  case OPT_LIMIT_LOOPBACK:
    s->limit_loopback = true;
    break;
  case OPT_CACHE:
    err = settings_cache(s, value, &why);
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
  case OPT_USER:
    err = settings_string(&s->user, value);
    break;
  case OPT_NO_SANDBOX:
    s->sandbox = false;
    break;
  case OPT_LOG_REQUESTS:
    err = settings_log_requests(s, value, &why);
    break;
  case OPT_LOG_FORMAT:
    err = settings_log_format(s, value, &why);
    break;
  case OPT_LOG_ADDRESS:
    err = settings_log_address(s, argument ? value : STR("full"), &why);
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
    buf_printf(out, "--%s %s: %.*s", name, argument ? argument : "", STR_ARG(buf_str(&why)));
  }
  buf_free(&why);
  return err ? EXIT_USAGE : -1;
}

int serve_options_file(int argc, char **argv, const char **file, struct buf *why)
{
  int code;
  *file = NULL;
  optind = 1;
  opterr = 0;
  while ((code = getopt_long(argc, argv, letters, options, NULL)) != -1) {
    if (code == OPT_HELP || code == OPT_VERSION || code == '?' || code == ':') {
      *file = NULL; /* that is said first */
      return 0;
    }
    if (code != OPT_CONFIG)
      continue;
    if (*file) {
      buf_put_str(why, STR("one settings file is read, and two were named: let one include the other"));
      return ERR_SYNTAX;
    }
    *file = optarg;
  }
  return 0;
}

int serve_options(struct settings *s, int argc, char **argv, struct buf *why)
{
  const char *file = NULL;
  int code, index = 0, err = serve_options_file(argc, argv, &file, why);
  if (err == 0 && file)
    err = settings_read_file(s, file, why);
  if (err)
    return err == ERR_SYNTAX ? EXIT_USAGE : EXIT_FAULT;
  settings_begin(s);
  optind = 1;
  while ((code = option_next("serve", argc, argv, letters, options, &index)) != OPTION_END) {
    if (code == OPTION_WRONG)
      return EXIT_USAGE;
    int status = apply_option(s, code, options[index].name, optarg, why);
    if (status >= 0)
      return status;
  }
  if (argc - optind > 1) {
    buf_printf(why, "one capsule is served, and %d were named; see `nuncio serve --help`", argc - optind);
    return EXIT_USAGE;
  }
  if (optind < argc && settings_string(&s->sites[0].capsule, str_from(argv[optind])) < 0) {
    buf_put_str(why, STR("out of memory"));
    return EXIT_FAULT;
  }
  if (!settings_listen_at_all(s)) {
    buf_put_str(why, STR("both protocols are off: nothing is left to serve; leave out one of the `off`"));
    return EXIT_USAGE;
  }
  return -1;
}
