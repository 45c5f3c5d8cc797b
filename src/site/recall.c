/* Which answers a site has ready. */
#include "site/recall.h"

#include "base/err.h"

static char kind_of(enum representation representation)
{
  switch (representation) {
  case REPR_GEMTEXT:
    return 'g';
  case REPR_MENU:
    return 'm';
  }
  return '?';
}

static struct ready *find(struct site *site, enum representation representation, struct str path)
{
  return (struct ready *)cache_get(site->cache, kind_of(representation), path);
}

struct ready *recall(struct site *site, enum representation representation, struct str path)
{
  struct ready *ready = find(site, representation, path);
  if (!ready)
    return NULL;
  uint64_t now = site->env->now(site->env);
  if (now - ready->checked < READY_TRUSTED_MS)
    return ready;
  if (!ready->lasting || trail_check(&ready->trail, &site->root, RESOLVE_CACHED_ONLY) != 0)
    return NULL; /* It stays until another takes its place: a listing's labels are of use to the next one. */
  ready_confirm(ready, now);
  return ready;
}

struct ready *recall_by_trail(struct site *site, enum representation representation, struct str path,
                              const struct trail *trail, uint64_t asked)
{
  struct ready *ready = find(site, representation, path);
  if (!ready || !ready->lasting || !trail_eq(&ready->trail, trail))
    return NULL;
  ready_confirm(ready, asked);
  return ready;
}

/* Whether there is no shorter way to write the path. (What names a directory may do without its slash.) */
static bool is_canonical(struct str path)
{
  struct str rest = str_skip(path, 1), segment;
  if (!str_starts(path, STR("/")))
    return false;
  while (str_split(&rest, '/', &segment)) {
    bool last = rest.p == NULL;
    if ((segment.n == 0 && !last) || str_eq(segment, STR(".")) || str_eq(segment, STR("..")))
      return false;
  }
  return true;
}

void recall_keep(struct site *site, enum representation representation, struct str path, struct ready *ready,
                 int64_t now_ns)
{
  if (!ready->trail.broken && trail_settled(&ready->trail, now_ns) && is_canonical(path))
    cache_put(site->cache, kind_of(representation), path, &ready->held, ready_cost(ready));
}

struct page *recall_listing(struct site *site, struct str path)
{
  static const enum representation both[] = {REPR_GEMTEXT, REPR_MENU};
  for (size_t i = 0; i < sizeof both / sizeof *both; i++) {
    const struct ready *ready = find(site, both[i], path);
    if (ready && ready->page->listing)
      return ready->page;
  }
  return NULL;
}
