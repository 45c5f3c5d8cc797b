/* `nuncio serve`: from a command line to a running server. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/complain.h"
#include "cmd/serve_options.h"
#include "config/settings.h"
#include "proc/activation.h"
#include "proc/descriptors.h"
#include "proc/handover.h"
#include "proc/notify.h"
#include "proc/sandbox.h"
#include "proc/supervisor.h"
#include "proc/user.h"
#include "proc/watch.h"
#include "proc/worker.h"
#include "tls/certificate.h"
#include "tls/tickets.h"

enum { GEMINI_PORT = 1965, GOPHER_PORT = 70, GOPHER_PORT_UNPRIVILEGED = 7070, WHY_MAX = 4096 };

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
  const char *names[NAMES_MAX], *addresses[2 * LISTEN_MAX];
  size_t n_addresses = 0;
  for (size_t i = 0; i < s->n_names; i++)
    names[i] = s->names[i];
  for (size_t i = 0; i < sockets->n; i++)
    if (sockets->at[i].slot == 0)
      addresses[n_addresses++] = sockets->at[i].address;
  const struct certificate_names wanted = {names, s->n_names, addresses, n_addresses};
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
  return err;
}

/* What scripts wait for: one line per listener, then `ready`. */
static void announce(const struct settings *s, const struct sockets *sockets)
{
  bool ipv6 = strchr(s->names[0], ':') != NULL;
  for (size_t i = 0; i < sockets->n; i++) {
    const struct listen_socket *l = &sockets->at[i];
    if (l->slot > 0)
      continue;
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
      .copies = h->copies,
  };
  int err = worker_new(&parts, &worker, &why);
  if (h->tickets >= 0)
    close(h->tickets); /* it is mapped, for reading */
  if (h->visitors >= 0)
    close(h->visitors); /* mapped too */
  h->tickets = h->visitors = -1;
  copies_close(&h->copies); /* read */
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

/* What a first start makes: sockets, the main name's certificate, the ring of ticket keys. */
static int prepare(struct settings *s, struct handover *h, struct buf *why)
{
  int err = s->user ? user_check(s->user, why) : 0;
  if (err == 0)
    err = check_capsule(s->capsule, why);
  if (err == 0)
    err = open_listeners(s, &h->sockets, why);
  if (err == 0 && (!s->gemini.off || s->gophers))
    err = ensure_certificate(s, &h->sockets, why);
  if (err == 0)
    err = tickets_create(&h->tickets, tickets_now(), why);
  return err;
}

/* What workers read when they start and cannot look at again by name. */
enum { PATH_ROOM = 2 * PATH_MAX };
struct watched {
  struct watch watch;
  struct buf certificate, key;
};

static int watch_settings(struct watched *w, const struct settings *s)
{
  int err = watch_add(&w->watch, s->capsule, WATCH_FOLDER);
  if (err || (s->gemini.off && !s->gophers))
    return err;
  buf_printf(&w->certificate, "%s/%s.crt", s->certs, s->names[0]);
  buf_put_c(&w->certificate, '\0');
  buf_printf(&w->key, "%s/%s.key", s->certs, s->names[0]);
  buf_put_c(&w->key, '\0');
  err = buf_error(&w->certificate) ? buf_error(&w->certificate) : buf_error(&w->key);
  if (err == 0)
    err = watch_add(&w->watch, w->certificate.p, WATCH_FILE);
  if (err == 0)
    err = watch_add(&w->watch, w->key.p, WATCH_FILE);
  return err;
}

static int supervise(struct settings *s, struct handover *h, int argc, char **argv)
{
  struct buf why = BUF_INIT(WHY_MAX);
  struct watched watched = {WATCH_INIT, BUF_INIT(PATH_ROOM), BUF_INIT(PATH_ROOM)};
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
    err = watch_settings(&watched, s);
  if (err) {
    say(err, &why);
    goto out;
  }
  struct announcement announcement = {s, &h->sockets};
  const struct supervision plan = {
      .arguments = argv,
      .n_arguments = (size_t)argc,
      .handover = h,
      .certs = s->gemini.off && !s->gophers ? NULL : s->certs,
      .name = s->names[0],
      .watch = &watched.watch,
      .notify = &notify,
      .on_ready = on_ready,
      .context = &announcement,
  };
  if (supervisor_run(&plan))
    status = EXIT_OK;

out:
  notify_free(&notify);
  buf_free(&watched.certificate);
  buf_free(&watched.key);
  buf_free(&why);
  return status;
}

static int serve(struct settings *s, int argc, char **argv)
{
  struct handover h;
  struct buf why = BUF_INIT(WHY_MAX);
  int status = EXIT_FAULT, err = handover_take(&h, &why);
  follow_given(s, &h.sockets);
  if (err)
    say(err, &why);
  else
    status = h.role == HANDOVER_WORKER ? work(s, &h) : supervise(s, &h, argc, argv);
  handover_free(&h);
  buf_free(&why);
  return status;
}

int cmd_serve(int argc, char **argv)
{
  struct settings settings;
  if (settings_init(&settings) < 0) {
    complain("serve", "out of memory");
    return EXIT_FAULT;
  }
  int status = serve_options(&settings, argc, argv);
  if (status < 0) {
    log_open(settings.log_level);
    (void)signal(SIGPIPE, SIG_IGN);
    status = serve(&settings, argc, argv);
  }
  settings_free(&settings);
  return status;
}
