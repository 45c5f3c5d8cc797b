/* Looks by stat(2), nothing else. */
#include "proc/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/str.h"

static struct watch_identity look(const struct watch_entry *e)
{
  struct watch_identity id = {0};
  struct stat st;
  if (stat(e->path, &st) < 0) {
    id.error = errno;
    return id;
  }
  id.device = st.st_dev;
  id.inode = st.st_ino;
  if (e->kind == WATCH_FILE) {
    id.size = st.st_size;
    id.modified = st.st_mtim;
    id.changed = st.st_ctim;
  }
  return id;
}

static bool same_time(struct timespec a, struct timespec b)
{
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool same(const struct watch_identity *a, const struct watch_identity *b)
{
  return a->error == b->error && a->device == b->device && a->inode == b->inode && a->size == b->size &&
         same_time(a->modified, b->modified) && same_time(a->changed, b->changed);
}

static bool has(const struct watch *w, const char *path, enum watch_kind kind)
{
  for (size_t i = 0; i < w->n; i++)
    if (w->at[i].kind == kind && strcmp(w->at[i].path, path) == 0)
      return true;
  return false;
}

int watch_add(struct watch *w, const char *path, enum watch_kind kind)
{
  if (has(w, path, kind))
    return 0;
  struct watch_entry *grown = realloc(w->at, (w->n + 1) * sizeof *grown);
  if (!grown)
    return ERR_NOMEM;
  w->at = grown;
  w->at[w->n] = (struct watch_entry){.path = str_dup(str_from(path)), .kind = kind};
  if (!w->at[w->n].path)
    return ERR_NOMEM;
  w->n++;
  return 0;
}

void watch_keep(struct watch *w, const struct watch *names)
{
  size_t kept = 0;
  for (size_t i = 0; i < w->n; i++) {
    if (has(names, w->at[i].path, w->at[i].kind))
      w->at[kept++] = w->at[i];
    else
      free(w->at[i].path);
  }
  w->n = kept;
}

void watch_free(struct watch *w)
{
  for (size_t i = 0; i < w->n; i++)
    free(w->at[i].path);
  free(w->at);
  *w = WATCH_INIT;
}

void watch_know(struct watch *w, uint64_t now_ms)
{
  for (size_t i = 0; i < w->n; i++)
    w->at[i].known = w->at[i].last = look(&w->at[i]);
  w->next_ms = now_ms + WATCH_MS;
}

const char *watch_look(struct watch *w, uint64_t now_ms)
{
  if (now_ms < w->next_ms)
    return NULL;
  const char *changed = NULL;
  bool moving = false;
  for (size_t i = 0; i < w->n; i++) {
    struct watch_entry *e = &w->at[i];
    struct watch_identity now = look(e);
    moving = moving || !same(&now, &e->last);
    if (!changed && !same(&now, &e->known))
      changed = e->path;
    e->last = now;
  }
  w->next_ms = now_ms + (changed || moving ? WATCH_CHANGING_MS : WATCH_MS);
  /* One that still moves keeps the others waiting: a certificate and its key are two names. */
  if (!changed || moving)
    return NULL;
  for (size_t i = 0; i < w->n; i++)
    w->at[i].known = w->at[i].last;
  w->next_ms = now_ms + WATCH_MS;
  return changed;
}
