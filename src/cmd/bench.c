/* `nuncio bench`: a load on a server of one's own, and how it bore it. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/address.h"
#include "base/err.h"
#include "cmd/bench_number.h"
#include "cmd/bench_report.h"
#include "cmd/cmd.h"
#include "cmd/complain.h"
#include "cmd/option.h"
#include "load/load.h"

enum {
  CLIENTS = 10,
  CLIENTS_MAX = 100000,
  SECONDS = 10,
  SECONDS_MAX = 86400,
  TIMEOUT = 10,
  TIMEOUT_MAX = 3600,
  REQUESTS_MAX = 999999999,
  WHY_MAX = 4096,
  REPORT_MAX = 16 << 20,
};

static const char usage[] =
    "usage: nuncio bench [options] URL...\n"
    "\n"
    "Asks for the URLs in turn, one request per connection, as many clients at once do, and says how fast the server\n"
    "was. Every answer is checked: its status and length must be those of the first one, and over TLS close_notify "
    "must\n"
    "end it.\n"
    "\n"
    "  -c N                how many clients at once (default 10)\n"
    "  -n N                stop after N requests\n"
    "  -d SECONDS          stop after that time (default 10, where there is no -n)\n"
    "  --timeout SECONDS   how long a request may take (default 10)\n"
    "  --resume            resume TLS sessions: each client offers a ticket, and each ticket is used once\n"
    "  --json              print one line of JSON\n"
    "  --i-own-this-host   allow addresses other than this machine's own loopback\n"
    "  --help              this text\n"
    "\n"
    "A URL begins with gemini://, gopher:// or gophers://, as in gopher://localhost:7070/0file.txt. Any certificate "
    "is\n"
    "accepted. Ctrl-C ends it early. The exit status is 1 where any request failed.\n";

enum option_code { OPT_TIMEOUT = 1000, OPT_RESUME, OPT_JSON, OPT_OWN, OPT_HELP };

static const struct option options[] = {
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"resume", no_argument, NULL, OPT_RESUME},
    {"json", no_argument, NULL, OPT_JSON},
    {"i-own-this-host", no_argument, NULL, OPT_OWN},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

/* The command line. */
struct order {
  unsigned clients, requests, seconds, timeout; /* requests, seconds: 0 where not given */
  bool resume, json, own;
  char *const *urls;
  size_t n_urls;
};

/* ------------------------------------------------------------------ the command line */

static int number(const char *option, unsigned most, unsigned *out)
{
  return option_number("bench", option, most, out);
}

static int apply_option(struct order *order, int code)
{
  switch (code) {
  case 'c':
    return number("-c", CLIENTS_MAX, &order->clients);
  case 'n':
    return number("-n", REQUESTS_MAX, &order->requests);
  case 'd':
    return number("-d", SECONDS_MAX, &order->seconds);
  case OPT_TIMEOUT:
    return number("--timeout", TIMEOUT_MAX, &order->timeout);
  case OPT_RESUME:
    order->resume = true;
    return -1;
  case OPT_JSON:
    order->json = true;
    return -1;
  case OPT_OWN:
    order->own = true;
    return -1;
  case 'h':
  case OPT_HELP:
    (void)fputs(usage, stdout);
    return EXIT_OK;
  default:
    return EXIT_USAGE;
  }
}

/* -1, or the status to leave with. */
static int parse_arguments(struct order *order, int argc, char **argv)
{
  int code;
  *order = (struct order){.clients = CLIENTS, .timeout = TIMEOUT};
  optind = 0; /* glibc: start anew, main has used it */
  while ((code = option_next("bench", argc, argv, ":c:n:d:h", options, NULL)) != OPTION_END) {
    int status = apply_option(order, code);
    if (status >= 0)
      return status;
  }
  if (order->requests && order->seconds) {
    complain("bench", "-n and -d are two ways to end it: leave one of them out");
    return EXIT_USAGE;
  }
  if (optind == argc) {
    complain("bench", "a URL is missing, such as gemini://localhost/ (`nuncio bench --help` tells)");
    return EXIT_USAGE;
  }
  if (!order->requests && !order->seconds)
    order->seconds = SECONDS;
  order->urls = argv + optind;
  order->n_urls = (size_t)(argc - optind);
  return -1;
}

/* ------------------------------------------------------------------ targets */

/* A load on somebody else's machine is an attack. */
static int refuse_stranger(const struct target *target, const struct sockaddr_storage *address)
{
  char text[INET6_ADDRSTRLEN];
  address_text((const struct sockaddr *)address, text);
  complain("bench",
           "%.*s leads to %s, which is not this machine's loopback: add --i-own-this-host if the host is yours and may "
           "be put under load",
           STR_ARG(target->url), text);
  return EXIT_USAGE;
}

/* An exit_status; the targets are to be freed in any case. */
static int read_targets(const struct order *order, struct target *targets)
{
  struct buf why = BUF_INIT(WHY_MAX);
  int status = EXIT_OK;
  for (size_t i = 0; i < order->n_urls && status == EXIT_OK; i++) {
    int err = target_parse(str_from(order->urls[i]), &targets[i], &why);
    if (err == 0)
      err = target_resolve(&targets[i], &why);
    if (err) {
      complain("bench", "%s: %.*s", order->urls[i], STR_ARG(why.n ? buf_str(&why) : str_from(err_text(err))));
      status = err == ERR_SYNTAX ? EXIT_USAGE : EXIT_FAULT;
      break;
    }
    const struct sockaddr_storage *stranger = order->own ? NULL : target_stranger(&targets[i]);
    if (stranger)
      status = refuse_stranger(&targets[i], stranger);
  }
  buf_free(&why);
  return status;
}

/* A descriptor for each client. */
static int make_room(unsigned clients)
{
  struct rlimit limit;
  rlim_t wanted = (rlim_t)clients + LOAD_DESCRIPTORS;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= wanted)
    return EXIT_OK;
  rlim_t hard = limit.rlim_max;
  limit.rlim_cur = hard < wanted ? hard : wanted;
  if (limit.rlim_cur == wanted && setrlimit(RLIMIT_NOFILE, &limit) == 0)
    return EXIT_OK;
  if (hard <= LOAD_DESCRIPTORS)
    complain("bench", "-c %u: only %lu open files are allowed here (raise the limit with `ulimit -Hn`)", clients,
             (unsigned long)hard);
  else
    complain("bench",
             "-c %u: only %lu open files are allowed here, enough for -c %lu (or raise the limit with "
             "`ulimit -Hn`)",
             clients, (unsigned long)hard, (unsigned long)(hard - LOAD_DESCRIPTORS));
  return EXIT_FAULT;
}

/* ------------------------------------------------------------------ running */

/* What the line on the terminal said last. */
struct progress {
  uint64_t answered, at_ns;
};

/* Whether the terminal takes a line at once: while it is stopped (Ctrl-S) a write would hold up the load. */
static bool terminal_takes(void)
{
  struct pollfd terminal = {.fd = STDERR_FILENO, .events = POLLOUT};
  return poll(&terminal, 1, 0) == 1 && (terminal.revents & POLLOUT) != 0;
}

static void show_progress(void *context, const struct load_result *so_far)
{
  struct progress *last = context;
  if (!terminal_takes())
    return;
  struct buf line = BUF_INIT(256);
  uint64_t answered = so_far->requests - so_far->failed, passed = so_far->elapsed_ns - last->at_ns;
  bench_put_count(&line, so_far->requests);
  buf_put_str(&line, STR(" requests, "));
  bench_put_count(&line, passed ? (answered - last->answered) * 1000000000U / passed : 0);
  buf_put_str(&line, STR(" a second, "));
  bench_put_count(&line, so_far->failed);
  buf_printf(&line, " error%s", so_far->failed == 1 ? "" : "s");
  (void)fprintf(stderr, "\r%.*s\x1b[K", STR_ARG(buf_str(&line)));
  buf_free(&line);
  *last = (struct progress){.answered = answered, .at_ns = so_far->elapsed_ns};
}

static int print(const struct order *order, const struct load_plan *plan, const struct load_result *result)
{
  struct buf report = BUF_INIT(REPORT_MAX);
  if (order->json)
    bench_report_json(&report, plan, result);
  else
    bench_report_text(&report, plan, result);
  int err = buf_error(&report);
  if (err == 0 && (fwrite(report.p, 1, report.n, stdout) != report.n || fflush(stdout) != 0))
    err = err_from_errno(errno);
  buf_free(&report);
  if (err)
    complain("bench", "the report: %s", err_text(err));
  return err ? EXIT_FAULT : EXIT_OK;
}

/* What went wrong as a whole. */
static int judge(const struct load_result *result)
{
  if (result->gave_up)
    complain("bench", "gave up: none of the first %" PRIu64 " requests was answered", result->requests);
  else if (result->requests == 0)
    complain("bench", "no request came to its end: nothing was measured");
  return result->requests == 0 || result->failed ? EXIT_FAULT : EXIT_OK;
}

/* Of so few requests no more clients than there are of them make one each. */
static unsigned clients_of(const struct order *order)
{
  return order->requests && order->requests < order->clients ? (unsigned)order->requests : order->clients;
}

static int run(const struct order *order, const struct target *targets)
{
  struct progress progress = {.answered = 0};
  bool terminal = isatty(STDERR_FILENO) == 1;
  const struct load_plan plan = {
      .targets = targets,
      .n_targets = order->n_urls,
      .concurrency = clients_of(order),
      .requests = order->requests,
      .duration_ms = (uint64_t)order->seconds * 1000,
      .timeout_ms = (uint64_t)order->timeout * 1000,
      .resume = order->resume,
      .progress = terminal ? show_progress : NULL,
      .context = &progress,
  };
  struct load_result *result = calloc(1, sizeof *result);
  int err = result ? load_run(&plan, result) : ERR_NOMEM, status = EXIT_FAULT;
  if (terminal && terminal_takes())
    (void)fputs("\r\x1b[K", stderr);
  if (err) {
    complain("bench", "the load could not begin: %s", err_text(err));
  } else {
    status = print(order, &plan, result);
    if (status == EXIT_OK)
      status = judge(result);
  }
  if (result)
    load_result_free(result);
  free(result);
  return status;
}

int cmd_bench(int argc, char **argv)
{
  struct order order;
  int status = parse_arguments(&order, argc, argv);
  if (status >= 0)
    return status;
  (void)signal(SIGPIPE, SIG_IGN);
  struct target *targets = calloc(order.n_urls, sizeof *targets);
  if (!targets) {
    complain("bench", "out of memory");
    return EXIT_FAULT;
  }
  status = read_targets(&order, targets);
  if (status == EXIT_OK)
    status = make_room(order.clients);
  if (status == EXIT_OK)
    status = run(&order, targets);
  for (size_t i = 0; i < order.n_urls; i++)
    target_free(&targets[i]);
  free(targets);
  return status;
}
