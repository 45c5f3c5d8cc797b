/* Settings under the supervisor: read anew by a child, tried by a worker, then in use. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "proc/clock.h"
#include "proc/kept.h"
#include "proc/spawn.h"
#include "proc/supervisor_internal.h"
#include "tls/authority.h"

enum { PATH_ROOM = 2 * PATH_MAX };

/* ------------------------------------------------------------------ the watch */

static int watch_pair(struct watch *w, const char *dir, const struct site_settings *site)
{
  if (site->certificate) {
    int named = watch_add(w, site->certificate, WATCH_FILE);
    return named ? named : watch_add(w, site->key, WATCH_FILE);
  }
  static const char *const suffixes[] = {".crt", ".key"};
  struct buf path = BUF_INIT(PATH_ROOM);
  int err = 0;
  for (size_t i = 0; i < 2 && err == 0; i++) {
    buf_clear(&path);
    buf_printf(&path, "%s/%s%s", dir, site->names[0], suffixes[i]);
    buf_put_c(&path, '\0');
    err = buf_error(&path) ? buf_error(&path) : watch_add(w, path.p, WATCH_FILE);
  }
  buf_free(&path);
  return err;
}

/* What workers read when they start and cannot look at again by name. */
static int watch_settings(struct watch *w, const struct settings *s)
{
  int err = 0;
  for (size_t i = 0; i < s->n_sites && err == 0; i++) {
    err = watch_add(w, s->sites[i].capsule, WATCH_FOLDER);
    if (err == 0 && s->sites[i].homes)
      err = watch_add(w, s->sites[i].homes, WATCH_FOLDER);
    if (err == 0 && settings_use_tls(s))
      err = watch_pair(w, s->certs, &s->sites[i]);
  }
  for (size_t i = 0; i < s->n_authorities && err == 0; i++)
    err = watch_add(w, s->authorities[i], WATCH_FILE);
  return err;
}

static void say_unwatched(int err)
{
  if (err)
    log_error("not every certificate and folder can be watched: %s", err_text(err));
}

void supervisor_watch_all(struct supervisor *s)
{
  int err = watch_settings(&s->watch, s->plan->settings);
  if (err == 0 && s->tried_text >= 0)
    err = watch_settings(&s->watch, &s->tried_settings);
  say_unwatched(err);
}

static void watch_those_in_use(struct supervisor *s)
{
  struct watch names = WATCH_INIT;
  int err = watch_settings(&names, s->plan->settings);
  say_unwatched(err);
  if (err == 0)
    watch_keep(&s->watch, &names);
  watch_free(&names);
}

/* ------------------------------------------------------------------ on trial */

const struct settings *supervisor_tried(const struct supervisor *s)
{
  return s->tried_text >= 0 ? &s->tried_settings : s->plan->settings;
}

void supervisor_forget_tried(struct supervisor *s)
{
  copies_set_close(&s->tried);
  if (s->tried_text < 0)
    return;
  close(s->tried_text);
  s->tried_text = -1;
  settings_free(&s->tried_settings);
}

void supervisor_copy_pairs(struct supervisor *s)
{
  const struct settings *settings = supervisor_tried(s);
  for (size_t i = 0; i < settings->n_sites && settings_use_tls(settings); i++) {
    const struct site_settings *site = &settings->sites[i];
    struct copies copies = COPIES_INIT;
    int err = site->certificate ? copies_make_named(site->certificate, site->key, &copies)
                                : copies_make(settings->certs, site->names[0], &copies);
    if (err)
      log_debug("the certificate of %s or its key cannot be copied: the new worker says why", site->names[0]);
    else if (copies_set_put(&s->tried, i, copies) < 0)
      copies_close(&copies);
  }
  if (settings->n_authorities && authority_copy(settings->authorities, settings->n_authorities, &s->tried.authorities))
    log_debug("not every authority's certificates can be copied: the new worker says why");
}

void supervisor_take_tried(struct supervisor *s)
{
  copies_set_close(&s->state->copies);
  s->state->copies = s->tried;
  s->tried = COPIES_SET_INIT;
  if (s->tried_text < 0)
    return;
  close(s->state->settings);
  s->state->settings = s->tried_text;
  s->tried_text = -1;
  settings_free(s->plan->settings);
  *s->plan->settings = s->tried_settings;
  log_open(s->plan->settings->log_level);
  watch_those_in_use(s);
}

/* ------------------------------------------------------------------ the reader */

bool supervisor_read_anew(struct supervisor *s, const char *program)
{
  char title[] = "nuncio: settings";
  s->argv[0] = title;
  s->answer = kept_empty();
  const struct handover h = {
      .role = HANDOVER_READER,
      .control = -1,
      .tickets = -1,
      .visitors = -1,
      .seat = NO_SEAT,
      .requests = -1,
      .day_keys = -1,
      .settings = s->state->settings,
      .answer = s->answer,
      .copies = COPIES_SET_INIT,
      .sockets = s->state->sockets, /* borrowed: never freed through `h` */
  };
  int err = s->answer < 0 ? err_from_errno(errno) : spawn_worker(program, s->argv, &h, &s->reader);
  if (err == 0) {
    s->reader_since = clock_ms();
    return true;
  }
  s->reader = 0;
  log_error("the settings cannot be read anew: %s", err_text(err));
  supervisor_end_reading(s);
  return false;
}

void supervisor_end_reading(struct supervisor *s)
{
  if (s->answer >= 0)
    close(s->answer);
  s->answer = -1;
}

bool supervisor_take_answer(struct supervisor *s, int status)
{
  struct buf why = BUF_INIT(8192);
  int err = WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : ERR_IO;
  s->reader = 0;
  if (err && WIFSIGNALED(status))
    log_error("who read the settings was ended by signal %d", WTERMSIG(status));
  if (err == 0) {
    err = kept_read(s->answer, &s->tried_settings, &why);
    if (err)
      log_error("%.*s", STR_ARG(buf_str(&why)));
  }
  if (err == 0) {
    s->tried_text = s->answer;
    s->answer = -1;
  }
  supervisor_end_reading(s);
  buf_free(&why);
  return err == 0;
}
