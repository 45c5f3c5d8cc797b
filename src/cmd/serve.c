/* `nuncio serve`: from a command line to a running server. */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/complain.h"
#include "cmd/preflight.h"
#include "cmd/serve_options.h"
#include "config/settings.h"
#include "proc/activation.h"
#include "proc/descriptors.h"
#include "proc/folders.h"
#include "proc/handover.h"
#include "proc/kept.h"
#include "proc/log_place.h"
#include "proc/notify.h"
#include "proc/sandbox.h"
#include "proc/supervisor.h"
#include "proc/user.h"
#include "proc/worker.h"
#include "tls/certificate.h"
#include "tls/tickets.h"

enum {
  GEMINI_PORT = 1965,
  GOPHER_PORT = 70,
  GOPHER_PORT_UNPRIVILEGED = 7070,
  WHY_MAX = 4096,
  ADDRESSES_MAX = 2 * LISTEN_MAX
};

/* ------------------------------------------------------------------ certificates */

/* Makes a site's certificate where it is missing (G6): on the key that is there, or with a new one. `addresses` are
 * those that are bound. */
static int ensure_certificate(const char *certs, const struct site_settings *site, const char *const *addresses,
                              size_t n_addresses, struct buf *why)
{
  const char *name = site->names[0];
  if (site->certificate) /* from elsewhere */
    return 0;
  bool have_key = certificate_exists(certs, name, true), have_certificate = certificate_exists(certs, name, false);
  if (have_key && have_certificate)
    return 0;
  if (have_certificate) {
    buf_printf(
        why,
        "%s/%s.key is missing beside its certificate; put the key back, or make a new pair with `nuncio cert new "
        "%s --certs %s --new-key` (readers will be asked whether they trust it)",
        certs, name, name, certs);
    return ERR_NOT_FOUND;
  }
  const char *names[NAMES_MAX];
  for (size_t i = 0; i < site->n_names; i++)
    names[i] = site->names[i];
  const struct certificate_names wanted = {
      .names = names, .n_names = site->n_names, .addresses = addresses, .n_addresses = n_addresses};
  int err = certificate_make(certs, name, &wanted, have_key ? KEY_KEEP : KEY_NEW, NULL, why);
  if (err == ERR_EXISTS && certificate_exists(certs, name, true) && certificate_exists(certs, name, false)) {
    buf_clear(why); /* another nuncio was quicker: its pair is as good */
    return 0;
  }
  if (err == 0)
    log_notice("made a certificate for %s: %s/%s.crt%s", name, certs, name,
               have_key ? " (on the key that was there)" : "");
  return err;
}

/* Every site's; an address means the default one. */
static int ensure_certificates(const struct settings *s, const struct sockets *sockets, struct buf *why)
{
  const char *addresses[ADDRESSES_MAX];
  size_t n_addresses = 0;
  int err = 0;
  for (size_t i = 0; i < sockets->n && n_addresses < ADDRESSES_MAX; i++)
    if (sockets->at[i].slot == 0)
      addresses[n_addresses++] = sockets->at[i].address;
  for (size_t i = 0; i < s->n_sites && err == 0; i++)
    err = ensure_certificate(s->certs, &s->sites[i], addresses, i == 0 ? n_addresses : 0, why);
  return err;
}

static int check_capsules(const struct settings *s, struct buf *why)
{
  int err = 0;
  for (size_t i = 0; i < s->n_sites && err == 0; i++)
    err = preflight_capsule(s->sites[i].capsule, why);
  return err;
}

/* ------------------------------------------------------------------ running */

/* How many processors this process may use. */
static unsigned processors(void)
{
  cpu_set_t set;
  int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  return n < 1 ? 1 : n > WORKERS_MAX ? WORKERS_MAX : (unsigned)n;
}

/* Sockets that were given say which protocols there are: in the supervisor, in workers, and after an upgrade. */
static void follow_given(struct settings *s, const struct sockets *sockets)
{
  if (!sockets_given(sockets))
    return;
  s->gemini.off = sockets_port(sockets, &proto_gemini) == 0;
  s->gopher.off = sockets_port(sockets, &proto_gopher) == 0;
}

static int take_listeners(struct settings *s, struct sockets *sockets, struct buf *why)
{
  for (size_t i = 0; i < s->n_sites; i++)
    if (s->sites[i].gopher.given) {
      buf_printf(why,
                 "the site %s has a Gopher address of its own, and listening sockets were handed over (LISTEN_FDS)",
                 s->sites[i].names[0]);
      return ERR_SYNTAX;
    }
  if (s->gemini.given || s->gopher.given) {
    buf_printf(
        why,
        "--%s was given, and listening sockets were handed over as well (LISTEN_FDS), which take its place: leave "
        "the option out, or start without the socket units",
        s->gemini.given ? "gemini" : "gopher");
    return ERR_SYNTAX;
  }
  follow_given(s, sockets);
  return 0;
}

static int open_listeners(struct settings *s, struct sockets *sockets, struct buf *why)
{
  unsigned slots = s->workers ? s->workers : processors();
  int err = activation_take(sockets, slots, why);
  if (err || sockets_given(sockets))
    return err ? err : take_listeners(s, sockets, why);
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
  err = s->gemini.off ? 0 : sockets_open(sockets, &proto_gemini, &s->gemini, slots, why);
  if (err == 0 && !s->gopher.off)
    err = sockets_open(sockets, &proto_gopher, &s->gopher, slots, why);
  for (size_t i = 0; i < s->n_sites && err == 0; i++)
    err = sockets_open_for(sockets, s->sites[i].names[0], &proto_gopher, &s->sites[i].gopher, slots, why);
  return err;
}

/* What scripts wait for: one line per listener, then `ready`. */
static void announce(const struct settings *s, const struct sockets *sockets)
{
  for (size_t i = 0; i < sockets->n; i++) {
    const struct listen_socket *l = &sockets->at[i];
    const char *name = l->site[0] ? l->site : s->sites[0].names[0];
    bool ipv6 = strchr(name, ':') != NULL;
    if (l->slot > 0)
      continue;
    (void)printf("listening %s://%s%s%s:%u/ (%s)\n", l->proto->name, ipv6 ? "[" : "", name, ipv6 ? "]" : "", l->port,
                 l->address);
  }
  (void)puts("ready");
  (void)fflush(stdout);
}

static void say(int err, struct buf *why)
{
  if (why->n == 0)
    buf_printf(why, "%s", err_text(err));
  complain("serve", "%.*s", STR_ARG(buf_str(why)));
}

/* ------------------------------------------------------------------ a worker */

static int work(struct settings *s, struct handover *h)
{
  struct worker *worker = NULL;
  struct buf why = BUF_INIT(WHY_MAX);
  (void)prctl(PR_SET_NAME, "nuncio"); /* it was started by a path that says nothing */
  if (s->sandbox) {
    sandbox_no_dumps();                      /* before it has read a key */
    (void)setenv("UV_USE_IO_URING", "0", 1); /* a ring of system calls would go past the filter */
  }
  const struct worker_parts parts = {
      .settings = s,
      .sockets = &h->sockets,
      .slot = h->slot,
      .first = h->first,
      .control = h->control,
      .tickets = h->tickets,
      .visitors = h->visitors,
      .seat = h->seat,
      .requests = h->requests,
      .day_keys = h->day_keys,
      .copies = &h->copies,
  };
  int err = worker_new(&parts, &worker, &why);
  h->requests = -1; /* taken over */
  if (h->day_keys >= 0)
    close(h->day_keys); /* mapped, where it is needed */
  h->day_keys = -1;
  if (h->tickets >= 0)
    close(h->tickets); /* it is mapped, for reading */
  if (h->visitors >= 0)
    close(h->visitors); /* mapped too */
  h->tickets = h->visitors = -1;
  copies_set_close(&h->copies); /* read */
  if (err == 0) {
    if (!worker_run(worker))
      _exit(EXIT_OK); /* a thread is still at work in there */
  } else if (!h->first) {
    log_error("%.*s", STR_ARG(buf_str(&why)));
  } else {
    say(err, &why);
  }
  worker_free(worker);
  buf_free(&why);
  return err ? EXIT_FAULT : EXIT_OK;
}

/* ------------------------------------------------------------------ the supervisor */

/* Whom to tell that all is up. */
struct announcement {
  const struct settings *settings;
  const struct sockets *sockets;
};

static void on_ready(void *context)
{
  const struct announcement *a = context;
  if (geteuid() == 0 && !a->settings->user)
    log_warning("it serves as root, since it was started as root: name another user by --user NAME");
  announce(a->settings, a->sockets);
}

/* What a first start makes: sockets, the main name's certificate, the ring of ticket keys, the text of the settings. */
static int prepare(struct settings *s, struct handover *h, struct buf *why)
{
  int err = s->user ? user_check(s->user, why) : 0;
  if (err == 0) /* before anything is made, so that a mistyped folder leaves no certificate behind */
    err = check_capsules(s, why);
  if (err == 0)
    err = folders_apart_all(s, why);
  if (err == 0)
    err = open_listeners(s, &h->sockets, why);
  if (err == 0 && s->log_to == LOG_TO_FILE) { /* a syslogd may come up later than we do */
    h->requests = log_place_open(s->log_to, s->log_path, why);
    err = h->requests < 0 ? h->requests : 0;
  }
  if (err == 0 && settings_use_tls(s))
    err = ensure_certificates(s, &h->sockets, why);
  if (err == 0)
    err = tickets_create(&h->tickets, tickets_now(), why);
  return err;
}

/* What workers are given, so that none of them reads what its owner may be writing just now. */
static int keep_settings(struct settings *s, struct handover *h, struct buf *why)
{
  if (h->settings >= 0)
    return 0;
  int fd = kept_make(s, why);
  if (fd >= 0)
    h->settings = fd;
  return fd < 0 ? fd : 0;
}

static int supervise(struct settings *s, struct handover *h, int argc, char **argv)
{
  struct buf why = BUF_INIT(WHY_MAX);
  const char *file = NULL;
  struct notify notify = NOTIFY_INIT;
  int status = EXIT_FAULT;
  int err = supervisor_heed_signals();
  if (err == 0)
    err = notify_take(&notify);
  (void)descriptors_raise(); /* sockets for every worker, and during a reload for two generations of them */
  if (s->sandbox)
    sandbox_no_dumps(); /* the ring of ticket keys */
  if (err == 0 && h->role == HANDOVER_NONE)
    err = prepare(s, h, &why);
  if (err == 0)
    err = keep_settings(s, h, &why);
  if (err == 0)
    err = serve_options_file(argc, argv, &file, &why);
  if (err) {
    say(err, &why);
    goto out;
  }
  struct announcement announcement = {s, &h->sockets};
  const struct supervision plan = {
      .arguments = argv,
      .n_arguments = (size_t)argc,
      .handover = h,
      .settings = s,
      .reads = file != NULL,
      .notify = &notify,
      .on_ready = on_ready,
      .context = &announcement,
  };
  if (supervisor_run(&plan))
    status = EXIT_OK;

out:
  notify_free(&notify);
  buf_free(&why);
  return status;
}

/* ------------------------------------------------------------------ who reads the settings anew */

/* What stays as it is is told; what the new settings name must be there, and a certificate is made where it is missing.
 */
static int check_anew(struct settings *s, const struct settings *used, const struct handover *h, struct buf *why)
{
  struct buf kept = BUF_INIT(WHY_MAX);
  int err = settings_keep(s, used, &kept);
  if (err == 0 && kept.n)
    log_warning("changed in the settings, but kept as before until the server is started anew: %.*s",
                STR_ARG(buf_str(&kept)));
  buf_free(&kept);
  if (err == 0)
    err = check_capsules(s, why);
  if (err == 0)
    err = folders_apart_all(s, why);
  if (err == 0 && settings_use_tls(s))
    err = ensure_certificates(s, &h->sockets, why);
  return err;
}

static int read_anew(const struct handover *h, int argc, char **argv)
{
  struct settings used, s;
  struct buf why = BUF_INIT(WHY_MAX);
  bool have_used = false, have_settings = false;
  int err = kept_read(h->settings, &used, &why);
  have_used = err == 0;
  if (err == 0) {
    log_open(used.log_level);
    err = settings_init(&s);
    have_settings = err == 0;
  }
  if (err == 0 && serve_options(&s, argc, argv, &why) >= 0)
    err = ERR_SYNTAX;
  if (err == 0)
    follow_given(&s, &h->sockets);
  if (err == 0)
    err = check_anew(&s, &used, h, &why);
  if (err == 0)
    err = kept_write(h->answer, &s, &why);
  if (err)
    log_error("%.*s", STR_ARG(why.n ? buf_str(&why) : str_from(err_text(err))));
  if (have_settings)
    settings_free(&s);
  if (have_used)
    settings_free(&used);
  buf_free(&why);
  return err ? EXIT_FAULT : EXIT_OK;
}

/* ------------------------------------------------------------------ which of them this process is */

/* Those that were handed over; else those of the arguments. -1 where it may go on, or the status to leave with. */
static int find_settings(struct settings *s, const struct handover *h, int argc, char **argv)
{
  struct buf why = BUF_INIT(WHY_MAX);
  int status = -1;
  if (h->settings >= 0) {
    if (kept_read(h->settings, s, &why) < 0)
      status = EXIT_FAULT;
  } else if (settings_init(s) < 0) {
    buf_put_str(&why, STR("out of memory"));
    status = EXIT_FAULT;
  } else {
    status = serve_options(s, argc, argv, &why);
    if (status >= 0)
      settings_free(s);
  }
  if (why.n && h->role == HANDOVER_WORKER)
    log_error("%.*s", STR_ARG(buf_str(&why)));
  else if (why.n)
    complain("serve", "%.*s", STR_ARG(buf_str(&why)));
  buf_free(&why);
  return status;
}

static int serve(struct handover *h, int argc, char **argv)
{
  struct settings settings;
  int status = h->role == HANDOVER_READER ? read_anew(h, argc, argv) : find_settings(&settings, h, argc, argv);
  if (status >= 0)
    return status;
  follow_given(&settings, &h->sockets);
  log_open(settings.log_level);
  (void)signal(SIGPIPE, SIG_IGN);
  (void)signal(SIGXFSZ, SIG_IGN); /* a log as large as it may be is a line lost, and no end */
  status = h->role == HANDOVER_WORKER ? work(&settings, h) : supervise(&settings, h, argc, argv);
  settings_free(&settings);
  return status;
}

int cmd_serve(int argc, char **argv)
{
  struct handover h;
  struct buf why = BUF_INIT(WHY_MAX);
  int status = EXIT_FAULT, err = handover_take(&h, &why);
  if (err)
    say(err, &why);
  else
    status = serve(&h, argc, argv);
  handover_free(&h);
  buf_free(&why);
  return status;
}
