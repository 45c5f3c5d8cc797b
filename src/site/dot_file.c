/* `.nuncio` and `.meta` files as they were understood, and the shelf of them. */
#include "site/dot_file.h"

#include <stdlib.h>
#include <string.h>

/* A step is about as long as it takes to compare a byte. */
enum { RULE_STEPS = 32, TARGET_STEPS = 16 };

/* A pattern with a star is compared in time of the product, and one that means names with each segment of the path. A
 * redirect of all that is beneath a path is made, to see whether it leads on. */
static void add_costs(struct dot_file *f, const struct rule *rule)
{
  struct str pattern = str_skip(str_from(rule->pattern), rule->under);
  f->pattern_bytes += pattern.n;
  f->rule_steps += RULE_STEPS + strlen(rule->pattern);
  if (rule->with_rest)
    f->rule_steps += TARGET_STEPS * (1 + str_from(rule->meta).n);
  if (rule->names || str_find(pattern, '*') < pattern.n)
    f->byte_steps += 1 + pattern.n;
}

struct dot_file *dot_file_make(struct str path, const struct file_id *id, struct rules *rules, int err, struct str why)
{
  struct dot_file *f = calloc(1, sizeof *f);
  if (!f) {
    rules_free(rules);
    return NULL;
  }
  atomic_init(&f->refs, 1);
  f->id = *id;
  f->err = err;
  f->rules = *rules;
  rules_init(rules);
  for (size_t i = 0; i < f->rules.n; i++)
    add_costs(f, &f->rules.rule[i]);
  f->path = str_dup(path);
  f->why = str_dup(why);
  if (f->path && f->why)
    return f;
  dot_file_unref(f);
  return NULL;
}

void dot_file_unref(struct dot_file *f)
{
  if (!f || atomic_fetch_sub(&f->refs, 1) > 1)
    return;
  rules_free(&f->rules);
  free(f->path);
  free(f->why);
  free(f);
}

void dot_shelf_init(struct dot_shelf *s)
{
  *s = (struct dot_shelf){.uses = 0};
  (void)pthread_mutex_init(&s->lock, NULL);
}

void dot_shelf_clear(struct dot_shelf *s)
{
  for (size_t i = 0; i < DOT_SHELF_PLACES; i++)
    dot_file_unref(s->place[i]);
  (void)pthread_mutex_destroy(&s->lock);
}

static bool is_of(const struct dot_file *f, struct str path)
{
  return f && str_eq(str_from(f->path), path);
}

struct dot_file *dot_shelf_find(struct dot_shelf *s, struct str path, const struct file_id *id)
{
  struct dot_file *found = NULL;
  (void)pthread_mutex_lock(&s->lock);
  for (size_t i = 0; i < DOT_SHELF_PLACES && !found; i++)
    if (is_of(s->place[i], path) && file_id_eq(&s->place[i]->id, id))
      found = s->place[i];
  if (found) {
    found->used = ++s->uses;
    atomic_fetch_add(&found->refs, 1);
  }
  (void)pthread_mutex_unlock(&s->lock);
  return found;
}

/* The text of a file becomes strings of about its size. */
static uint64_t cost(const struct dot_file *f)
{
  return f ? f->id.size + f->rules.n * sizeof *f->rules.rule : 0;
}

/* The place that is given up first: one of an older version, an empty one, the one that was used longest ago. */
static size_t worst_place(const struct dot_shelf *s, struct str path)
{
  size_t worst = 0;
  for (size_t i = 0; i < DOT_SHELF_PLACES; i++) {
    if (is_of(s->place[i], path))
      return i;
    if (s->place[worst] && (!s->place[i] || s->place[i]->used < s->place[worst]->used))
      worst = i;
  }
  return worst;
}

/* The one that was used longest ago is given up; NULL: there is none. */
static struct dot_file *take_oldest(struct dot_shelf *s)
{
  struct dot_file **oldest = NULL;
  for (size_t i = 0; i < DOT_SHELF_PLACES; i++)
    if (s->place[i] && (!oldest || s->place[i]->used < (*oldest)->used))
      oldest = &s->place[i];
  struct dot_file *f = oldest ? *oldest : NULL;
  if (oldest)
    *oldest = NULL;
  return f;
}

static uint64_t cost_of_all(const struct dot_shelf *s)
{
  uint64_t sum = 0;
  for (size_t i = 0; i < DOT_SHELF_PLACES; i++)
    sum += cost(s->place[i]);
  return sum;
}

void dot_shelf_keep(struct dot_shelf *s, struct dot_file *f)
{
  (void)pthread_mutex_lock(&s->lock);
  size_t at = worst_place(s, str_from(f->path));
  dot_file_unref(s->place[at]);
  s->place[at] = NULL;
  while (cost_of_all(s) + cost(f) > DOT_SHELF_BYTES)
    dot_file_unref(take_oldest(s));
  f->used = ++s->uses;
  atomic_fetch_add(&f->refs, 1);
  s->place[at] = f;
  (void)pthread_mutex_unlock(&s->lock);
}
