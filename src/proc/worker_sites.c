/* How a worker opens what it serves: the capsules of its sites, their certificates, and whose signature lets visitors
 * in.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "config/local.h"
#include "proc/folders.h"
#include "proc/worker_internal.h"
#include "site/mime.h"
#include "tls/authority.h"
#include "tls/kdf_provider.h"
#include "tls/x25519.h"

enum { DOUBTS_MAX = 64 << 10 };

static void tell_fast(const char *what, int err, const struct buf *why, unsigned slot)
{
  if (why->n == 0)
    log_debug("%s by our own way", what);
  else if (err == ERR_WRONG || slot == 0) /* of what is a choice or a release, once is enough */
    log_write(err == ERR_WRONG ? LOG_WARNING : LOG_NOTICE, "%s by OpenSSL's own functions: %.*s", what,
              STR_ARG(buf_str(why)));
}

/* Before the first TLS context, since each asks for the provider when it is made. */
static void choose_kdf(const struct settings *settings, unsigned slot)
{
  struct buf why = BUF_INIT(1024);
  int err = 0;
  if (!settings->fast_kdf)
    buf_put_str(&why, STR("--no-fast-kdf was given"));
  else
    err = kdf_provider_load(&why);
  tell_fast("TLS 1.3's keys are derived", err, &why, slot);
  buf_clear(&why);
  if (settings->fast_kdf && err != ERR_ABSENT) { /* the option and another release were told of */
    err = x25519_load(&why);
    tell_fast("TLS's keys are agreed on", err, &why, slot);
  }
  buf_free(&why);
}

/* The i-th site: its capsule, and its certificate. */
static int open_site(struct worker *w, const struct worker_parts *parts, size_t i, struct buf *why)
{
  const struct settings *settings = parts->settings;
  const struct site_settings *site = &settings->sites[i];
  const char *names[NAMES_MAX];
  for (size_t k = 0; k < site->n_names; k++)
    names[k] = site->names[k];
  const struct site_config config = {
      .root = site->capsule,
      .names = names,
      .n_names = site->n_names,
      .gopher_path = site->gopher_path,
      .homes = site->homes,
      .user_folder = site->user_folder,
      .named = site->named,
      .lang = site->lang,
      .cache = ((size_t)settings->cache_mib << 20) / settings->n_sites,
      .rules = &site->rules,
      .pace = visitors_pace(w->visitors),
      .dots = {.nuncio = local_read, .meta = site->agate_meta},
      .dialect = site->gophermaps == GOPHERMAPS_GOPHERNICUS,
      .hosts = w->hosts,
      .n_hosts = w->n_hosts,
  };
  int err = site_open(&config, &w->pool.env, w->mime, &w->sites[i], why);
  if (err)
    return err;
  w->n_sites = i + 1;
  const struct tls_files files = {.dir = settings->certs,
                                  .file = names[0],
                                  .copies = copies_set_at(parts->copies, i),
                                  .certificate = site->certificate,
                                  .key = site->key,
                                  .quiet = w->slot > 0};
  if (!w->tls)
    return 0;
  err = tls_server_add(w->tls, names, site->n_names, &files, i, why);
  return err == 0 && settings_site_asks(settings, i) ? tls_server_ask(w->tls, i) : err;
}

/* One worker says it for all. */
static void doubt_authority(const struct worker *w, struct str pem, const char *path)
{
  struct buf lines = BUF_INIT(DOUBTS_MAX);
  struct str line, rest;
  if (w->slot == 0)
    authority_doubts(pem, path, &lines);
  rest = buf_str(&lines);
  while (str_line(&rest, &line))
    log_warning("%.*s", STR_ARG(line));
  buf_free(&lines);
}

/* Those whose signature lets visitors in: from the copies that the supervisor made, or from their files. */
static int take_authorities(struct worker *w, const struct worker_parts *parts, struct buf *why)
{
  const struct settings *settings = parts->settings;
  int fd = parts->copies ? parts->copies->authorities : -1, err = 0;
  for (size_t i = 0; i < settings->n_authorities && err == 0; i++) {
    const char *path = settings->authorities[i];
    struct buf pem = BUF_INIT(AUTHORITY_TEXT_MAX);
    err = fd >= 0 ? authority_paste(fd, i, &pem) : authority_read(path, &pem, why);
    if (err == 0)
      err = tls_server_authority(w->tls, buf_str(&pem), path, i, why);
    if (err && why->n == 0)
      buf_printf(why, "%s: %s", path, err_text(err));
    if (err == 0)
      doubt_authority(w, buf_str(&pem), path);
    buf_free(&pem);
  }
  return err;
}

/* The port of `proto` where readers of a site find it: its own listener's, or for the default site the one that is all
 * sites'. 0: none. */
static unsigned port_of_site(const struct worker_parts *parts, size_t site, const struct proto *proto, unsigned public)
{
  const struct sockets *sockets = parts->sockets;
  const char *name = parts->settings->sites[site].names[0];
  for (size_t i = 0; i < sockets->n; i++)
    if (sockets->at[i].proto == proto && sockets->at[i].site[0] && strcmp(sockets->at[i].site, name) == 0)
      return sockets->at[i].port;
  for (size_t i = 0; i < sockets->n; i++)
    if (sockets->at[i].proto == proto && !sockets->at[i].site[0])
      return public ? public : sockets->at[i].port;
  return 0;
}

/* All hosts, for the maps that list them. On Gopher a site answers by a listener of its own, at a path of those of all,
 * or as the default. */
static int take_hosts(struct worker *w, const struct worker_parts *parts)
{
  const struct settings *settings = parts->settings;
  w->hosts = calloc(settings->n_sites, sizeof *w->hosts);
  if (!w->hosts)
    return ERR_NOMEM;
  for (size_t i = 0; i < settings->n_sites; i++) {
    const struct site_settings *site = &settings->sites[i];
    if (!site->named)
      continue;
    bool own = site->gopher.n > 0, answers = own || i == 0 || site->gopher_path;
    w->hosts[w->n_hosts++] = (struct site_host){
        .name = site->names[0],
        .gemini_port = port_of_site(parts, i, &proto_gemini, settings->public_gemini_port),
        .gopher_port = answers ? port_of_site(parts, i, &proto_gopher, settings->public_gopher_port) : 0,
        .path = own ? NULL : site->gopher_path,
    };
  }
  return 0;
}

int worker_open_sites(struct worker *w, const struct worker_parts *parts, struct buf *why)
{
  const struct settings *settings = parts->settings;
  int err = folders_apart_all(settings, why);
  if (err)
    return err;
  w->sites = calloc(settings->n_sites, sizeof(struct site *));
  if (!w->sites)
    return ERR_NOMEM;
  err = take_hosts(w, parts);
  if (err)
    return err;
  if (settings_use_tls(settings)) {
    choose_kdf(settings, w->slot);
    err = tls_server_new(w->tickets, &w->tls);
    if (err) {
      buf_printf(why, "cannot set up TLS: %s", err_text(err));
      return err;
    }
  }
  for (size_t i = 0; i < settings->n_sites && err == 0; i++)
    err = open_site(w, parts, i, why);
  return err == 0 && w->tls ? take_authorities(w, parts, why) : err;
}
