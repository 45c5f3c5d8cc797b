/* `nuncio check gemini://HOST/` and `gopher://HOST/`. */
#include "cmd/check_server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "base/address.h"
#include "base/err.h"
#include "cmd/check_report.h"
#include "cmd/cmd.h"
#include "cmd/complain.h"
#include "cmd/option.h"
#include "load/target.h"
#include "probe/probe.h"

enum { TIMEOUT = 10, TIMEOUT_MAX = 3600, WHY_MAX = 4096, LINE_MAX_BYTES = 256 << 10 };

enum option_code { OPT_TIMEOUT = 1000, OPT_JSON, OPT_OWN };

static const struct option options[] = {
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"json", no_argument, NULL, OPT_JSON},
    {"i-own-this-host", no_argument, NULL, OPT_OWN},
    {NULL, 0, NULL, 0},
};

/* The command line. */
struct order {
  const char *url;
  unsigned timeout; /* seconds */
  bool json, own;
};

/* ------------------------------------------------------------------ the command line */

/* -1, or the status to leave with. */
static int apply_option(struct order *order, int code)
{
  switch (code) {
  case OPT_TIMEOUT:
    return option_number("check", "--timeout", TIMEOUT_MAX, &order->timeout);
  case OPT_JSON:
    order->json = true;
    return -1;
  case OPT_OWN:
    order->own = true;
    return -1;
  default:
    return EXIT_USAGE;
  }
}

/* -1, or the status to leave with. */
static int parse_arguments(struct order *order, int argc, char **argv)
{
  int code;
  *order = (struct order){.timeout = TIMEOUT};
  optind = 0; /* glibc: start anew, main has used it */
  while ((code = option_next("check", argc, argv, ":", options, NULL)) != OPTION_END) {
    int status = apply_option(order, code);
    if (status >= 0)
      return status;
  }
  if (argc - optind != 1) {
    complain("check", "%s, such as gemini://localhost/ (`nuncio check --help` tells)",
             optind == argc ? "a URL is missing" : "one URL at a time is checked");
    return EXIT_USAGE;
  }
  order->url = argv[optind];
  return -1;
}

/* ------------------------------------------------------------------ the target */

/* Whether nothing follows host and port but a slash: pages are not what is checked. */
static bool is_bare(struct str url)
{
  struct str rest = str_skip(url, str_find(url, ':') + 3);
  size_t slash = str_find(rest, '/');
  return slash + 1 >= rest.n && str_find(rest, '?') == rest.n && str_find(rest, '#') == rest.n;
}

/* ERR_SYNTAX, ERR_NOT_FOUND or ERR_NOMEM with a sentence in *why; the target is to be freed in any case. */
static int read_target(const char *url, struct target *target, struct buf *why)
{
  int err = target_parse(str_from(url), target, why);
  if (err == 0 && target->kind == TARGET_GOPHERS) {
    buf_put_str(why, STR("gopher:// is what is checked: TLS on its port is a part of that"));
    err = ERR_SYNTAX;
  } else if (err == 0 && !is_bare(str_from(url))) {
    buf_put_str(why, STR("a server is checked, not a page: leave out what follows the host and port"));
    err = ERR_SYNTAX;
  }
  return err ? err : target_resolve(target, why);
}

/* Dozens of strange requests to somebody else's machine are an attack. */
static int refuse_stranger(const char *url, const struct sockaddr_storage *address)
{
  char text[INET6_ADDRSTRLEN];
  address_text((const struct sockaddr *)address, text);
  complain(
      "check",
      "%s leads to %s, which is not this machine's loopback: add --i-own-this-host if the host is yours and may be "
      "asked strange questions",
      url, text);
  return EXIT_USAGE;
}

/* ------------------------------------------------------------------ running */

static void print(void *context, const struct probe_line *line)
{
  const struct order *order = context;
  struct buf text = BUF_INIT(LINE_MAX_BYTES);
  if (order->json)
    check_put_json(&text, line);
  else
    check_put_text(&text, line);
  (void)fwrite(text.p, 1, text.n, stdout);
  (void)fflush(stdout); /* the next one may take its time */
  buf_free(&text);
}

static int finish(const struct order *order, const struct probe_result *result)
{
  struct buf text = BUF_INIT(WHY_MAX);
  check_put_sum(&text, result);
  if (!order->json)
    (void)fwrite(text.p, 1, text.n, stdout);
  buf_free(&text);
  if (fflush(stdout) != 0 || ferror(stdout)) {
    complain("check", "the report: %s", err_text(err_from_errno(errno)));
    return EXIT_FAULT;
  }
  if (result->gave_up)
    complain("check", "%s: the rest was not asked: %s", order->url, result->gave_up);
  return result->fails || result->gave_up ? EXIT_FAULT : EXIT_OK;
}

static int run(struct order *order, const struct target *target)
{
  struct probe_result result;
  struct buf why = BUF_INIT(WHY_MAX);
  const struct probe_plan plan = {
      .target = target, .timeout_ms = order->timeout * 1000, .report = print, .context = order};
  int err = probe_run(&plan, &result, &why), status = EXIT_FAULT;
  if (err)
    complain("check", "%s %.*s", order->url, STR_ARG(why.n ? buf_str(&why) : str_from(err_text(err))));
  else
    status = finish(order, &result);
  buf_free(&why);
  return status;
}

int check_server(int argc, char **argv)
{
  struct order order;
  struct target target;
  struct buf why = BUF_INIT(WHY_MAX);
  int status = parse_arguments(&order, argc, argv);
  if (status >= 0)
    return status;
  (void)signal(SIGPIPE, SIG_IGN);
  int err = read_target(order.url, &target, &why);
  const struct sockaddr_storage *stranger = err || order.own ? NULL : target_stranger(&target);
  if (err) {
    complain("check", "%s: %.*s", order.url, STR_ARG(why.n ? buf_str(&why) : str_from(err_text(err))));
    status = err == ERR_SYNTAX ? EXIT_USAGE : EXIT_FAULT;
  } else if (stranger) {
    status = refuse_stranger(order.url, stranger);
  } else {
    status = run(&order, &target);
  }
  buf_free(&why);
  target_free(&target);
  return status;
}
