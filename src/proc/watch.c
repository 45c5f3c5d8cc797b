/* Looks by stat(2), nothing else. */
#include "proc/watch.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/err.h"

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

int watch_add(struct watch *w, const char *path, enum watch_kind kind)
{
  if (w->n == WATCH_MAX)
    return ERR_LIMIT;
  w->at[w->n++] = (struct watch_entry){.path = path, .kind = kind};
  return 0;
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
