/* How a worker is put together from its parts, and taken apart. */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "proc/descriptors.h"
#include "proc/sandbox.h"
#include "proc/user.h"
#include "proc/worker_internal.h"
#include "site/mime.h"

/* Descriptors that are not for connections, besides the listeners: the loop's, the log, the capsule, the pool's files.
 */
enum { DESCRIPTORS_OWN = 28, CONNECTIONS_LEAST = 8 };

/* What a connection takes at its worst, roughly: a reader of a large file over TLS who stalls. Where the owner has not
 * set a limit, half of the memory may be full of those. (What the kernel holds of its answer the kernel bounds:
 * tcp_mem.) */
enum { CONNECTION_BYTES = 256 * 1024 };

/* As many connections as memory allows in the whole service. */
static unsigned connections_by_memory(void)
{
  uint64_t memory = uv_get_total_memory(), allowed = uv_get_constrained_memory();
  if (allowed && allowed < memory)
    memory = allowed;
  uint64_t n = memory / 2 / CONNECTION_BYTES;
  return n < CONNECTIONS_LEAST ? CONNECTIONS_LEAST : n > UINT_MAX ? UINT_MAX : (unsigned)n;
}

/* B2: as many descriptors as the system lets us have; from that, how many connections. */
static void set_limits(struct server *server, size_t listeners)
{
  unsigned most = descriptors_raise(), own = DESCRIPTORS_OWN + (unsigned)listeners;
  unsigned spare = most > own + CONNECTIONS_LEAST ? most - own : CONNECTIONS_LEAST;
  server->most_turned = spare / 8 < TURNED_MOST ? spare / 8 : TURNED_MOST;
  /* A connection may hold its socket and a file. */
  server->most_conns = (spare - server->most_turned) / 2;
}

static void fill_server(struct worker *w, const struct settings *settings, const struct sockets *sockets)
{
  struct server *server = &w->server;
  server->loop = &w->loop;
  server->sites = w->sites;
  server->n_sites = w->n_sites;
  server->tls = w->tls;
  server->deadlines = (struct deadlines){
      .handshake = settings->timeout_ms[TIMEOUT_HANDSHAKE],
      .request = settings->timeout_ms[TIMEOUT_REQUEST],
      .handle = settings->timeout_ms[TIMEOUT_HANDLE],
      .write = settings->timeout_ms[TIMEOUT_WRITE],
      .drain = settings->timeout_ms[TIMEOUT_DRAIN],
  };
  server->limits = (struct limits){
      .connections =
          settings->limits[LIMIT_CONNECTIONS] ? settings->limits[LIMIT_CONNECTIONS] : connections_by_memory(),
      .visitor = {.open = settings->limits[LIMIT_ADDRESS], .requests = settings->limits[LIMIT_REQUESTS]},
      .handshakes = settings->limits[LIMIT_HANDSHAKES],
      .request = settings->limits[LIMIT_REQUEST],
      .loopback = settings->limit_loopback,
  };
  server->visitors = w->visitors;
  memcpy(server->visitor_key, visitors_key(w->visitors), sizeof server->visitor_key);
  server->gophers = settings->gophers;
  server->courtesies = settings->courtesies;
  server->on_gone = worker_on_gone;
  server->owner = w;
  reclaim_init(&w->reclaim, server);
  for (size_t i = 0; i < sockets->n; i++)
    if (sockets->at[i].proto == &proto_gemini && sockets->at[i].slot == 0)
      w->gemini_ports[server->n_gemini_ports++] = sockets->at[i].port;
  server->gemini_ports = w->gemini_ports;
  set_limits(server, sockets->n + 2 * w->n_sites); /* each site has its folder open, and perhaps that of its users */
  reserve_keep(&server->reserve, server->poller.fd);
}

/* Another version's keys (an upgrade is being tried) are none. */
static void open_log(struct worker *w, const struct worker_parts *parts)
{
  const struct settings *settings = parts->settings;
  struct buf why = BUF_INIT(1024);
  if (settings->log_address == LOG_ADDRESS_HASH && parts->day_keys >= 0 &&
      day_keys_map(parts->day_keys, false, &w->day_keys, &why) < 0)
    log_warning("%.*s; no address is hashed", STR_ARG(buf_str(&why)));
  buf_free(&why);
  w->server.requests = (struct request_log){
      .to = settings->log_to,
      .format = settings->log_format,
      .address = settings->log_address,
      .fd = -1,
      .keys = w->day_keys,
      .on_broken = worker_on_log_lost,
      .on_waiting = worker_on_log_waiting,
      .owner = w,
  };
  request_log_open(&w->server.requests);
  request_log_use(&w->server.requests, parts->requests, 0);
}

/* The table of the whole service; one of our own where there is none, or one of another version (an upgrade is being
 * tried). */
static int open_visitors(struct worker *w, const struct worker_parts *parts, struct buf *why)
{
  if (parts->visitors >= 0 && visitors_map(parts->visitors, parts->seat, &w->visitors, why) == 0)
    return 0;
  int fd = -1;
  buf_clear(why);
  int err = visitors_create(&fd, why);
  if (err == 0) {
    err = visitors_map(fd, 0, &w->visitors, why);
    close(fd);
  }
  return err;
}

static int start_loop(struct worker *w)
{
  if (uv_loop_init(&w->loop) < 0)
    return ERR_IO;
  w->loop_ready = true;
  pool_open(&w->pool, &w->loop);
  (void)uv_timer_init(&w->loop, &w->drain);
  (void)uv_timer_init(&w->loop, &w->log_timer);
  uv_unref((uv_handle_t *)&w->log_timer); /* the loop does not wait for it: what waits then is tried at the end */
  if (poller_open(&w->server.poller, &w->loop) < 0)
    return ERR_IO;
  if (uv_signal_init(&w->loop, &w->on_term) < 0 || uv_poll_init(&w->loop, &w->on_control, w->control) < 0)
    return ERR_IO;
  w->drain.data = w->log_timer.data = w->on_term.data = w->on_control.data = w;
  if (uv_signal_start(&w->on_term, worker_on_signal, SIGTERM) < 0 ||
      uv_poll_start(&w->on_control, UV_READABLE | UV_DISCONNECT, worker_on_control) < 0)
    return ERR_IO;
  return 0;
}

/* The port of `proto` that links name for those who came in by `from` (P19): the public one, else the one they used,
 * else the first one that there is. */
static unsigned visible_port(const struct sockets *sockets, const struct listen_socket *from, const struct proto *proto,
                             unsigned public_port)
{
  unsigned first = sockets_port(sockets, proto);
  if (first && public_port && !(from->proto == proto && from->site[0]))
    return public_port;
  return from->proto == proto ? from->port : first;
}

/* P19. Where every site has a name nobody asks for another, and a socket that is bound to one address has no other. */
static struct str local_host(const struct settings *settings, const struct listen_socket *s)
{
  struct str address = str_from(s->address);
  if (s->site[0])
    return str_from(s->site);
  if (settings->sites[0].named)
    return str_from(settings->sites[0].names[0]);
  if (str_eq(address, STR("::")) || str_eq(address, STR("0.0.0.0")))
    return STR("");
  return str_eq(address, STR("::1")) || str_starts(address, STR("127.")) ? STR("localhost") : address;
}

/* Whose socket it is. One whose site is there no more since a reload is all sites' until the server is started anew. */
static struct site *site_of_socket(const struct worker *w, const struct listen_socket *s)
{
  for (size_t i = 0; i < w->n_sites && s->site[0]; i++)
    if (str_eq(site_name(w->sites[i]), str_from(s->site)))
      return w->sites[i];
  return NULL;
}

static int start_listeners(struct worker *w, const struct settings *settings, struct sockets *sockets)
{
  w->entries = calloc(sockets->n, sizeof *w->entries);
  for (size_t i = 0; w->entries && i < sockets->n; i++) {
    struct listen_socket *s = &sockets->at[i];
    const struct entrance entrance = {
        .proto = s->proto,
        .site = site_of_socket(w, s),
        .port = s->port,
        .gemini_port = visible_port(sockets, s, &proto_gemini, settings->public_gemini_port),
        .gopher_port = visible_port(sockets, s, &proto_gopher, settings->public_gopher_port),
        .local_host = local_host(settings, s),
    };
    listener_open(&w->entries[i].listener, &w->server, &entrance, s->fd);
    s->fd = -1;
    w->entries[i].slot = s->slot;
    w->entries[i].given = s->given;
    w->n_entries = i + 1;
  }
  return w->entries ? 0 : ERR_NOMEM;
}

/* ------------------------------------------------------------------ who it is, and what it may do */

/* The folder was opened before root was dropped; who owns those above it does not matter. */
static int check_readable(const struct worker *w, const struct settings *settings, struct buf *why)
{
  for (size_t i = 0; i < w->n_sites; i++) {
    const char *capsule = settings->sites[i].capsule, *homes = settings->sites[i].homes;
    if (faccessat(site_folder(w->sites[i]), ".", X_OK, AT_EACCESS) < 0) {
      buf_printf(why, "the user %s may not enter %s: let everybody read it (chmod -R a+rX %s), or give it to that user",
                 settings->user, capsule, capsule);
      return ERR_DENIED;
    }
    if (homes && faccessat(site_homes(w->sites[i]), ".", X_OK, AT_EACCESS) < 0) {
      buf_printf(why, "the user %s may not enter %s, where user-dirs has its users: let everybody pass (chmod a+x %s)",
                 settings->user, homes, homes);
      return ERR_DENIED;
    }
  }
  return 0;
}

static int lock_files(const struct worker *w, struct buf *why)
{
  int *folders = calloc(w->n_sites, 2 * sizeof *folders);
  size_t n = 0;
  for (size_t i = 0; folders && i < w->n_sites; i++) {
    folders[n++] = site_folder(w->sites[i]);
    if (site_homes(w->sites[i]) >= 0)
      folders[n++] = site_homes(w->sites[i]);
  }
  int err = folders ? sandbox_files(folders, n, why) : ERR_NOMEM;
  free(folders);
  return err;
}

static int lock_in(struct worker *w, struct buf *absent, struct buf *why)
{
  int err = lock_files(w, why);
  if (err == ERR_ABSENT)
    buf_put_str(absent, STR("Landlock (it could open any file that its user may)"));
  else if (err)
    return err;
  err = pool_start(&w->pool);
  if (err)
    return err;
  err = sandbox_calls(why);
  if (err != ERR_ABSENT)
    return err;
  buf_printf(absent, "%sseccomp (it could ask for any system call)", absent->n ? " and " : "");
  return 0;
}

/* From here on nothing of the machine can be had but what is open, and the capsule. */
static int enter_sandbox(struct worker *w, const struct worker_parts *parts, struct buf *why)
{
  const struct settings *settings = parts->settings;
  struct buf absent = BUF_INIT(1024);
  int err = 0;
  if (settings->user) {
    err = user_become(settings->user, why);
    if (err == 0)
      err = check_readable(w, settings, why);
  }
  if (err == 0 && !settings->sandbox && parts->first && w->slot == 0)
    log_notice("the sandbox is off, since --no-sandbox was given: a worker may do what its user may");
  if (err || !settings->sandbox)
    return err;
  sandbox_no_dumps(); /* the change of user has set it anew */
  err = lock_in(w, &absent, why);
  if (err == 0 && absent.n && parts->first)
    log_warning("the sandbox is not whole: this system does not let a worker have %.*s", STR_ARG(buf_str(&absent)));
  buf_free(&absent);
  return err;
}

int worker_new(const struct worker_parts *parts, struct worker **out, struct buf *why)
{
  struct worker *w = calloc(1, sizeof *w);
  int err = ERR_NOMEM;
  if (!w)
    goto out;
  w->control = parts->control;
  w->slot = parts->slot;
  w->server.poller.fd = -1;
  open_log(w, parts);
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
  err = open_visitors(w, parts, why);
  if (err)
    goto out;
  err = worker_open_sites(w, parts, why);
  if (err)
    goto out;
  fill_server(w, parts->settings, parts->sockets);
  err = start_listeners(w, parts->settings, parts->sockets);
  if (err == 0)
    err = enter_sandbox(w, parts, why);

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
  if (!uv_is_closing(handle))
    uv_close(handle, NULL);
}

void worker_free(struct worker *w)
{
  if (!w)
    return;
  if (w->loop_ready) {
    /* After a run only what the pool still works on is left; after a failed start, the handles made so far. */
    for (size_t i = 0; i < w->n_entries; i++)
      listener_close(&w->entries[i].listener);
    reserve_end(&w->server.reserve);
    poller_close(&w->server.poller);
    uv_walk(&w->loop, close_any, NULL);
    (void)uv_run(&w->loop, UV_RUN_DEFAULT);
  }
  for (size_t i = 0; i < w->n_sites; i++)
    site_close(w->sites[i]);
  tls_server_free(w->tls);
  if (w->loop_ready) {
    (void)uv_run(&w->loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&w->loop) < 0)
      log_error("the event loop was left with work in it");
  }
  tickets_unmap(w->tickets);
  visitors_unmap(w->visitors);
  request_log_close(&w->server.requests);
  day_keys_unmap(w->day_keys);
  mime_free(w->mime);
  free(w->sites);
  free(w->hosts);
  free(w->gemini_ports);
  free(w->entries);
  free(w);
}
