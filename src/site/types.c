/* Item types that only the disk could tell. */
#include "site/types.h"

#include <stdlib.h>
#include <string.h>

#include "site/hash.h"
#include "site/item.h"
#include "site/state.h"

/* One look at all that was wanted. It holds a site that may be closed while it runs. */
struct types_job {
  struct work work; /* first: the pool gives it back */
  struct site *site;
  int64_t now_ns;   /* the wall time when it was handed over */
  struct buf paths; /* as `wanted` */
  char type[TYPES_WANTED];
};

void types_init(struct types *t)
{
  *t = (struct types){.wanted = BUF_INIT(TYPES_WANTED_MAX)};
}

static void forget(struct known_type *k)
{
  free(k->path);
  *k = (struct known_type){.path = NULL};
}

void types_clear(struct types *t)
{
  for (size_t i = 0; i < TYPES_KNOWN; i++)
    forget(&t->known[i]);
  memset(t->named, 0, sizeof t->named);
  buf_free(&t->wanted);
  t->n_wanted = 0;
}

static struct known_type *find(struct types *t, struct str raw)
{
  for (size_t i = 0; i < TYPES_KNOWN; i++)
    if (t->known[i].path && str_eq(str_from(t->known[i].path), raw))
      return &t->known[i];
  return NULL;
}

static bool is_fresh(uint64_t looked, uint64_t now)
{
  return now - looked < TYPES_FRESH_MS;
}

/* Whether a look a moment ago found nothing but what the name tells. */
static bool named_lately(const struct types *t, struct str raw, uint64_t now)
{
  uint64_t hash = hash_str(HASH_START, raw);
  const struct named_type *named = &t->named[hash % TYPES_NAMED];
  return named->hash == hash && is_fresh(named->looked, now);
}

/* Only what its name does not tell is worth a place of its own: names that are not there push none of those out. */
static void remember(struct types *t, struct str raw, char type, uint64_t now)
{
  struct known_type *k = find(t, raw);
  if (type == ITEM_AS_NAMED) {
    if (k)
      forget(k);
    uint64_t hash = hash_str(HASH_START, raw);
    t->named[hash % TYPES_NAMED] = (struct named_type){.hash = hash, .looked = now};
    return;
  }
  if (!k) {
    k = &t->known[t->next];
    t->next = (t->next + 1) % TYPES_KNOWN;
    forget(k);
    k->path = str_dup(raw);
  }
  k->type = type;
  k->looked = now;
}

static void job_free(struct types_job *job)
{
  buf_free(&job->paths);
  site_unref(job->site);
  free(job);
}

/* In a pool thread. */
static void job_run(struct work *w)
{
  struct types_job *job = (struct types_job *)w;
  struct str rest = buf_str(&job->paths), raw;
  uint64_t steps = 0;
  for (size_t i = 0; rest.n && i < TYPES_WANTED && str_split(&rest, '\0', &raw); i++)
    if (item_tell(job->site, raw, 0, job->now_ns, &steps, &job->type[i]) < 0)
      job->type[i] = ITEM_AS_NAMED;
}

static void start(struct site *site);

static void job_done(struct work *w, bool cancelled)
{
  struct types_job *job = (struct types_job *)w;
  struct site *site = job->site;
  site->types.job = NULL;
  if (!site->closed && !cancelled) {
    uint64_t now = site->env->now(site->env);
    struct str rest = buf_str(&job->paths), raw;
    for (size_t i = 0; rest.n && i < TYPES_WANTED && str_split(&rest, '\0', &raw); i++)
      remember(&site->types, raw, job->type[i], now);
  }
  if (!site->closed && !cancelled)
    start(site);
  job_free(job);
}

/* Hands over what is wanted, unless a job is on its way. Where that cannot be done it is forgotten: the next reader
 * wants it again. */
static void start(struct site *site)
{
  struct types *t = &site->types;
  if (t->job || t->n_wanted == 0)
    return;
  struct types_job *job = calloc(1, sizeof *job);
  if (job) {
    job->work.run = job_run;
    job->work.done = job_done;
    job->site = site_ref(site);
    job->now_ns = site->env->wall(site->env);
    job->paths = t->wanted;
    t->wanted = BUF_INIT(TYPES_WANTED_MAX);
    t->n_wanted = 0;
    t->job = job;
    if (site->env->submit(site->env, &job->work) == 0)
      return;
    t->job = NULL;
    job_free(job);
  }
  buf_clear(&t->wanted);
  t->n_wanted = 0;
}

static bool is_wanted(const struct types *t, struct str raw)
{
  struct str rest = buf_str(&t->wanted), path;
  while (rest.n && str_split(&rest, '\0', &path))
    if (str_eq(path, raw))
      return true;
  return false;
}

static void want(struct site *site, struct str raw)
{
  struct types *t = &site->types;
  if (t->n_wanted == TYPES_WANTED || raw.n + 1 > t->wanted.max - t->wanted.n || is_wanted(t, raw))
    return;
  buf_put(&t->wanted, raw.p, raw.n);
  buf_put_c(&t->wanted, '\0');
  t->n_wanted++;
  if (buf_error(&t->wanted)) {
    buf_clear(&t->wanted);
    t->n_wanted = 0;
  }
  start(site);
}

/* Whether the pool looked at it a moment ago; *type is what it found last. */
static bool known_now(struct site *site, struct str raw, char *type)
{
  uint64_t now = site->env->now(site->env);
  const struct known_type *k = find(&site->types, raw);
  *type = k ? k->type : ITEM_AS_NAMED;
  return k ? is_fresh(k->looked, now) : named_lately(&site->types, raw, now);
}

char types_get(struct site *site, struct str raw, bool *fresh)
{
  char type;
  *fresh = known_now(site, raw, &type);
  if (*fresh)
    return type;
  want(site, raw);
  *fresh = known_now(site, raw, &type); /* an env without threads has looked by now */
  return type;
}
