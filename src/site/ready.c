/* Answers that are ready, and the forms of their pages. */
#include "site/ready.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "site/body.h"

struct form {
  struct form *next;
  struct bytes *bytes; /* one reference */
  bool brief;          /* until the next check only */
  size_t key_n;
  char key[];
};

static size_t form_cost(const struct form *form)
{
  return cache_block(sizeof *form + form->key_n) + cache_block(sizeof *form->bytes) + cache_block(form->bytes->n);
}

/* Takes the form at *at out of its list and gives it up; what it cost. */
static size_t drop_form(struct form **at)
{
  struct form *form = *at;
  size_t cost = form_cost(form);
  *at = form->next;
  bytes_unref(form->bytes);
  free(form);
  return cost;
}

static void ready_destroy(struct cached *held)
{
  struct ready *ready = (struct ready *)held;
  while (ready->forms)
    (void)drop_form(&ready->forms);
  page_unref(ready->page);
  trail_free(&ready->trail);
  free(ready);
}

struct ready *ready_make(const struct response *r, struct page *page, struct trail *trail)
{
  struct str meta = buf_str(&r->meta), base = buf_str(&r->base);
  struct ready *ready = calloc(1, sizeof *ready + meta.n + base.n);
  if (!ready) {
    trail_free(trail);
    return NULL;
  }
  cached_init(&ready->held, ready_destroy);
  char *at = ready->text;
  ready->meta = str_place(&at, meta);
  ready->base = str_place(&at, base);
  ready->format = r->format;
  ready->columns = r->columns;
  ready->terminate = r->terminate;
  ready->page = page_ref(page);
  trail_move(&ready->trail, trail);
  return ready;
}

struct ready *ready_ref(struct ready *ready)
{
  cached_ref(&ready->held);
  return ready;
}

void ready_unref(struct ready *ready)
{
  if (ready)
    cached_unref(&ready->held);
}

size_t ready_cost(const struct ready *ready)
{
  size_t cost = cache_block(sizeof *ready + ready->meta.n + ready->base.n) + page_cost(ready->page) +
                cache_block(ready->trail.steps.cap);
  for (const struct form *form = ready->forms; form; form = form->next)
    cost += form_cost(form);
  return cost;
}

int ready_response(struct ready *ready, struct response *r)
{
  r->status = STATUS_SUCCESS;
  r->format = ready->format;
  r->columns = ready->columns;
  r->terminate = ready->terminate;
  buf_put_str(&r->meta, ready->meta);
  buf_put_str(&r->base, ready->base);
  r->body = body_bytes(bytes_ref(ready->page->bytes));
  r->ready = ready_ref(ready);
  return r->body && buf_error(&r->meta) == 0 && buf_error(&r->base) == 0 ? 0 : ERR_NOMEM;
}

void ready_confirm(struct ready *ready, uint64_t now)
{
  ready->checked = now;
  for (struct form **at = &ready->forms; *at;) {
    if ((*at)->brief)
      cache_shrink(&ready->held, drop_form(at));
    else
      at = &(*at)->next;
  }
}

bool ready_kept(const struct ready *ready)
{
  return ready->held.slot != NULL;
}

bool ready_gathers(const struct ready *ready)
{
  return ready_kept(ready) && !ready->large;
}

void ready_form_too_large(struct ready *ready)
{
  ready->large = true;
}

struct bytes *ready_form(struct ready *ready, struct str key)
{
  ready->looks = 0;
  ready->steps = 0;
  ready->guessed = false;
  for (struct form *form = ready->forms; form; form = form->next)
    if (str_eq(str_make(form->key, form->key_n), key))
      return form->bytes;
  return NULL;
}

/* The form behind the one that is the last to stay. */
static struct form **behind_most(struct ready *ready)
{
  struct form **at = &ready->forms;
  for (int i = 1; *at && i < READY_FORMS; i++)
    at = &(*at)->next;
  return at;
}

void ready_keep_form(struct ready *ready, struct str key, struct bytes *bytes)
{
  if (!ready_kept(ready) || ready->guessed || bytes->n > READY_FORM_MAX)
    return;
  struct form *form = malloc(sizeof *form + key.n);
  if (!form)
    return;
  for (struct form **last = behind_most(ready); *last;)
    cache_shrink(&ready->held, drop_form(last));
  *form = (struct form){.next = ready->forms, .bytes = bytes_ref(bytes), .brief = ready->looks > 0, .key_n = key.n};
  if (key.n)
    memcpy(form->key, key.p, key.n);
  ready->forms = form;
  cache_grow(&ready->held, form_cost(form));
}
