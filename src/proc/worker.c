/* The worker: puts the parts together, runs the loop, heeds the supervisor, drains. */
#include "proc/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/err.h"
#include "net/conn.h"
#include "net/listener.h"
#include "proc/control.h"
#include "proc/pool.h"
#include "site/mime.h"
#include "tls/kdf_provider.h"

/* How often swapped certificates are looked for, and how long a site may take to answer. */
enum { REFRESH_MS = 1000, HANDLE_MS = 60 * 1000 };

/* What the thread pool is given to finish once the last connection is gone. */
enum { POOL_MS = 500 };

/* Descriptors that are not for connections, besides the listeners: the loop's, the log, the capsule, the pool's files.
 */
enum { DESCRIPTORS_OWN = 28, TURNED_MOST = 32, CONNECTIONS_LEAST = 8 };

/* A listener, and the slot whose socket it is. */
struct entry {
  struct listener listener;
  unsigned slot;
};

struct worker {
  uv_loop_t loop;
  bool loop_ready;
  struct pool pool;
  struct mime *mime;
  struct site *site;   /* one for now: `sites` is what the rest sees */
  struct site **sites; /* points at `site` */
  struct tls_server *tls;
  struct server server;
  struct tickets *tickets; /* NULL: keys of our own */
  struct entry *entries;
  size_t n_entries;
  unsigned *gemini_ports;
  uv_signal_t on_term;
  uv_poll_t on_control; /* the supervisor's word */
  int control;
  uv_timer_t drain;
  uint64_t refreshed_at;
  bool draining;  /* no newcomers: ends with the last connection */
  bool stopping;  /* and that soon */
  bool abandoned; /* the pool was left at work: nothing that it may touch can be freed */
};

/* ------------------------------------------------------------------ while it runs */

/* Looks for swapped certificates and folders, at most once a second and only when somebody comes. */
static void on_client(struct server *server)
{
  struct worker *w = server->owner;
  uint64_t now = uv_now(&w->loop);
  if (now - w->refreshed_at < REFRESH_MS)
    return;
  w->refreshed_at = now;
  site_refresh(w->site);
  if (!w->tls)
    return;
  struct buf why = BUF_INIT(4096);
  unsigned replaced = tls_server_refresh(w->tls, &why);
  if (replaced)
    log_notice("a new certificate is in use");
  struct str rest = buf_str(&why), line;
  while (str_line(&rest, &line))
    log_warning("%.*s; the old certificate stays in use", STR_ARG(line));
  buf_free(&why);
}

static void close_handle(uv_handle_t *handle)
{
  if (!uv_is_closing(handle))
    uv_close(handle, NULL);
}

static const char *connections(unsigned n)
{
  return n == 1 ? "connection" : "connections";
}

/* A thread of the pool hangs (a dead disk): it cannot be stopped, so it is left behind. */
static void on_abandon(uv_timer_t *timer)
{
  struct worker *w = timer->data;
  log_warning("leaving although a file is still being read: the disk does not answer");
  w->abandoned = true;
  uv_stop(&w->loop);
}

/* Lets the loop end where the last connection is gone. Only the pool may still be at work, and it gets a little time;
 * the timer itself does not keep the loop going. */
static void end_if_done(struct worker *w)
{
  if (!w->draining || w->server.n_conns > 0)
    return;
  poller_close(&w->server.poller);
  close_handle((uv_handle_t *)&w->on_term);
  close_handle((uv_handle_t *)&w->on_control);
  uv_unref((uv_handle_t *)&w->drain);
  (void)uv_timer_start(&w->drain, on_abandon, POOL_MS, 0);
}

static void on_gone(struct server *server)
{
  struct worker *w = server->owner;
  if (w->draining) {
    end_if_done(w);
    return;
  }
  for (size_t i = 0; i < w->n_entries; i++)
    listener_resume(&w->entries[i].listener);
}

/* ------------------------------------------------------------------ the supervisor's word */

static void serve(struct worker *w, uint64_t slots)
{
  for (size_t i = 0; i < w->n_entries && !w->draining; i++)
    listener_serve(&w->entries[i].listener, slots >> w->entries[i].slot & 1);
}

/* Others have the sockets now, and who waits in their queues. */
static void drain(struct worker *w)
{
  if (w->draining)
    return;
  w->draining = true;
  for (size_t i = 0; i < w->n_entries; i++)
    listener_close(&w->entries[i].listener);
  unsigned n = w->server.n_conns;
  if (n > 0)
    log_notice("finishing %u %s that began before", n, connections(n));
  end_if_done(w);
}

static void on_drained_out(uv_timer_t *timer)
{
  struct worker *w = timer->data;
  log_warning("cut short, since the time to finish is over: %u %s", w->server.n_conns, connections(w->server.n_conns));
  conn_close_all(&w->server);
}

/* Who has reached the door is let in; then it is shut. */
static void shut_door(struct worker *w)
{
  for (size_t i = 0; i < w->n_entries; i++) {
    struct listener *l = &w->entries[i].listener;
    if (!l->serving || l->closed)
      continue;
    while (listener_accept(l)) {
      /* some dozens at a time */
    }
    listener_end(l);
  }
}

static void stop(struct worker *w)
{
  if (w->stopping) {
    conn_close_all(&w->server);
    return;
  }
  w->stopping = true;
  shut_door(w);
  w->draining = true;
  for (size_t i = 0; i < w->n_entries; i++)
    listener_close(&w->entries[i].listener);
  conn_hurry(&w->server);
  unsigned n = w->server.n_conns;
  if (n > 0) {
    log_notice("stopping: %u %s up to %d seconds to finish", n, n == 1 ? "connection has" : "connections have",
               DRAIN_SECONDS);
    (void)uv_timer_start(&w->drain, on_drained_out, DRAIN_MS, 0);
  }
  end_if_done(w);
}

/* SIGTERM to a worker alone. */
static void on_signal(uv_signal_t *handle, int number)
{
  struct worker *w = handle->data;
  (void)number;
  (void)control_send(w->control, CONTROL_LEAVING, 0);
  drain(w);
}

static void on_control(uv_poll_t *poll, int status, int events)
{
  struct worker *w = poll->data;
  struct control message;
  int got = status < 0 ? ERR_IO : 1;
  (void)events;
  while (got == 1 && (got = control_receive(w->control, &message)) == 1) {
    switch (message.kind) {
    case CONTROL_SERVE:
      serve(w, message.slots);
      break;
    case CONTROL_DRAIN:
      drain(w);
      break;
    case CONTROL_STOP:
      stop(w);
      break;
    case CONTROL_READY:
    case CONTROL_LEAVING:
      break; /* ours to say */
    }
  }
  if (got >= 0)
    return;
  (void)uv_poll_stop(&w->on_control);
  if (!w->draining) {
    log_error("the supervisor is gone: stopping");
    stop(w);
  }
}

bool worker_run(struct worker *w)
{
  (void)control_send(w->control, CONTROL_READY, 0); /* where nobody is there, on_control hears of it */
  (void)uv_run(&w->loop, UV_RUN_DEFAULT);
  return !w->abandoned;
}

/* ------------------------------------------------------------------ putting it together */

/* B2: as many descriptors as the system lets us have; from that, how many connections. */
static void set_limits(struct server *server, size_t listeners)
{
  struct rlimit limit;
  rlim_t most = 1024;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    if (limit.rlim_cur < limit.rlim_max) {
      rlim_t soft = limit.rlim_cur;
      limit.rlim_cur = limit.rlim_max;
      if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        limit.rlim_cur = soft;
    }
    most = limit.rlim_cur;
  }
  if (most > 1000000)
    most = 1000000;
  unsigned own = DESCRIPTORS_OWN + (unsigned)listeners;
  unsigned spare = most > own + CONNECTIONS_LEAST ? (unsigned)most - own : CONNECTIONS_LEAST;
  server->most_turned = spare / 8 < TURNED_MOST ? spare / 8 : TURNED_MOST;
  /* A connection may hold its socket and a file. */
  server->most_conns = (spare - server->most_turned) / 2;
}

/* Before the first TLS context, since each asks for the provider when it is made. */
static void choose_kdf(const struct settings *settings)
{
  struct buf why = BUF_INIT(1024);
  if (!settings->fast_kdf)
    buf_put_str(&why, STR("--no-fast-kdf was given"));
  else if (kdf_provider_load(&why) == 0)
    log_debug("TLS 1.3's keys are derived by our own provider");
  if (why.n)
    log_notice("TLS 1.3's keys are derived by OpenSSL's own functions: %.*s", STR_ARG(buf_str(&why)));
  buf_free(&why);
}

static int open_sites(struct worker *w, const struct settings *settings, struct buf *why)
{
  const char *names[NAMES_MAX];
  for (size_t i = 0; i < settings->n_names; i++)
    names[i] = settings->names[i];
  const struct site_config config = {
      .root = settings->capsule,
      .names = names,
      .n_names = settings->n_names,
      .named = settings->named,
      .lang = settings->lang,
      .cache = (size_t)settings->cache_mib << 20,
  };
  int err = site_open(&config, &w->pool.env, w->mime, &w->site, why);
  if (err)
    return err;
  w->sites = &w->site;
  if (settings->gemini.off && !settings->gophers)
    return 0;
  choose_kdf(settings);
  err = tls_server_new(w->tickets, &w->tls);
  if (err) {
    buf_printf(why, "cannot set up TLS: %s", err_text(err));
    return err;
  }
  return tls_server_add(w->tls, names, settings->n_names, settings->certs, names[0], 0, why);
}

static void fill_server(struct worker *w, const struct settings *settings, const struct sockets *sockets)
{
  struct server *server = &w->server;
  server->loop = &w->loop;
  server->sites = w->sites;
  server->n_sites = 1;
  server->tls = w->tls;
  server->deadlines = (struct deadlines){
      .handshake = settings->timeout_ms[TIMEOUT_HANDSHAKE],
      .request = settings->timeout_ms[TIMEOUT_REQUEST],
      .handle = HANDLE_MS,
      .write = settings->timeout_ms[TIMEOUT_WRITE],
      .drain = settings->timeout_ms[TIMEOUT_DRAIN],
  };
  server->gophers = settings->gophers;
  server->courtesies = settings->courtesies;
  server->log_address = settings->log_address;
  server->on_gone = on_gone;
  server->on_client = on_client;
  server->owner = w;
  for (size_t i = 0; i < sockets->n; i++)
    if (sockets->at[i].proto == &proto_gemini && sockets->at[i].slot == 0)
      w->gemini_ports[server->n_gemini_ports++] = sockets->at[i].port;
  server->gemini_ports = w->gemini_ports;
  set_limits(server, sockets->n);
}

static int start_loop(struct worker *w)
{
  if (uv_loop_init(&w->loop) < 0)
    return ERR_IO;
  w->loop_ready = true;
  pool_init(&w->pool, &w->loop);
  (void)uv_timer_init(&w->loop, &w->drain);
  if (poller_open(&w->server.poller, &w->loop) < 0)
    return ERR_IO;
  if (uv_signal_init(&w->loop, &w->on_term) < 0 || uv_poll_init(&w->loop, &w->on_control, w->control) < 0)
    return ERR_IO;
  w->drain.data = w->on_term.data = w->on_control.data = w;
  if (uv_signal_start(&w->on_term, on_signal, SIGTERM) < 0 ||
      uv_poll_start(&w->on_control, UV_READABLE | UV_DISCONNECT, on_control) < 0)
    return ERR_IO;
  return 0;
}

/* The port of `proto` that links name for those who came in by `from` (P19): the public one, else the one they used,
 * else the first one that there is. */
static unsigned visible_port(const struct sockets *sockets, const struct listen_socket *from, const struct proto *proto,
                             unsigned public_port)
{
  unsigned first = sockets_port(sockets, proto);
  if (first && public_port)
    return public_port;
  return from->proto == proto ? from->port : first;
}

/* P19. Where every site has a name nobody asks for another, and a socket that is bound to one address has no other. */
static struct str local_host(const struct settings *settings, const struct listen_socket *s)
{
  struct str address = str_from(s->address);
  if (settings->named)
    return str_from(settings->names[0]);
  if (str_eq(address, STR("::")) || str_eq(address, STR("0.0.0.0")))
    return STR("");
  return str_eq(address, STR("::1")) || str_starts(address, STR("127.")) ? STR("localhost") : address;
}

static int start_listeners(struct worker *w, const struct settings *settings, struct sockets *sockets)
{
  w->entries = calloc(sockets->n, sizeof *w->entries);
  for (size_t i = 0; w->entries && i < sockets->n; i++) {
    struct listen_socket *s = &sockets->at[i];
    const struct entrance entrance = {
        .proto = s->proto,
        .port = s->port,
        .gemini_port = visible_port(sockets, s, &proto_gemini, settings->public_gemini_port),
        .gopher_port = visible_port(sockets, s, &proto_gopher, settings->public_gopher_port),
        .local_host = local_host(settings, s),
    };
    listener_open(&w->entries[i].listener, &w->server, &entrance, s->fd);
    s->fd = -1;
    w->entries[i].slot = s->slot;
    w->n_entries = i + 1;
  }
  return w->entries ? 0 : ERR_NOMEM;
}

int worker_new(const struct worker_parts *parts, struct worker **out, struct buf *why)
{
  struct worker *w = calloc(1, sizeof *w);
  int err = ERR_NOMEM;
  if (!w)
    goto out;
  w->control = parts->control;
  w->server.poller.fd = -1;
  w->gemini_ports = calloc(parts->sockets->n, sizeof *w->gemini_ports);
  w->mime = mime_load();
  if (!w->mime || !w->gemini_ports)
    goto out;
  err = start_loop(w);
  if (err)
    goto out;
  err = parts->tickets < 0 ? 0 : tickets_map(parts->tickets, false, &w->tickets, why);
  if (err)
    goto out;
  err = open_sites(w, parts->settings, why);
  if (err)
    goto out;
  fill_server(w, parts->settings, parts->sockets);
  err = start_listeners(w, parts->settings, parts->sockets);

out:
  if (err) {
    if (why->n == 0)
      buf_printf(why, "cannot start: %s", err_text(err));
    worker_free(w);
    return err;
  }
  *out = w;
  return 0;
}

static void close_any(uv_handle_t *handle, void *context)
{
  (void)context;
  close_handle(handle);
}

void worker_free(struct worker *w)
{
  if (!w)
    return;
  if (w->loop_ready) {
    /* After a run only what the pool still works on is left; after a failed start, the handles made so far. */
    for (size_t i = 0; i < w->n_entries; i++)
      listener_close(&w->entries[i].listener);
    poller_close(&w->server.poller);
    uv_walk(&w->loop, close_any, NULL);
    (void)uv_run(&w->loop, UV_RUN_DEFAULT);
  }
  if (w->site)
    site_close(w->site);
  tls_server_free(w->tls);
  if (w->loop_ready) {
    (void)uv_run(&w->loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&w->loop) < 0)
      log_error("the event loop was left with work in it");
  }
  tickets_unmap(w->tickets);
  mime_free(w->mime);
  free(w->gemini_ports);
  free(w->entries);
  free(w);
}
