/* Pages that are made: who waits for what, and what is remembered. The work itself is job.c's. */
#include "site/build.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/log.h"
#include "site/hash.h"
#include "site/job.h"
#include "site/ready.h"
#include "site/recall.h"

/* One job in the pool, and those who wait for it. It holds a site that may be
 * closed while it runs. */
struct build {
  struct work work; /* first: the pool gives it back */
  struct job job;
  struct site *site;
  uint64_t asked;      /* when, on the env's clock: nothing was looked at before that */
  struct file_id seen; /* the file as it was when the build was asked for: whoever saw another version does not join */
  struct build *next, **link;
  struct build_wait *waiting, **last; /* in the order in which they came */
};

enum { PATH_BYTES_MAX = 16384, KIND_DOCUMENT = 'd' };

/* The parsed document of that name, or NULL. Borrowed until the cache changes. */
static struct page *cached_document(struct site *site, struct str file)
{
  return (struct page *)cache_get(site->cache, KIND_DOCUMENT, file);
}

static void join(struct build *b, struct build_wait *w)
{
  w->build = b;
  w->next = NULL;
  w->link = b->last;
  *b->last = w;
  b->last = &w->next;
}

void build_leave(struct build_wait *w)
{
  struct build *b = w->build;
  if (!b)
    return;
  *w->link = w->next;
  if (w->next)
    w->next->link = w->link;
  else
    b->last = w->link;
  w->build = NULL;
}

bool build_alone(const struct build_wait *w)
{
  return w->build && w->build->waiting == w && !w->next;
}

static void build_free(struct build *b)
{
  if (b->link) {
    *b->link = b->next;
    if (b->next)
      b->next->link = b->link;
  }
  job_free(&b->job);
  site_unref(b->site);
  free(b);
}

static void warn_once(struct site *site, const char *what, struct str path, const struct file_id *id)
{
  uint64_t hash = hash_str(hash_str(HASH_START, str_from(what)), path);
  if (id)
    hash = hash_bytes(hash, &id->modified_ns, sizeof id->modified_ns);
  unsigned long left_out;
  char note[LOG_NOTE_BYTES];
  /* There may be more such documents than can be remembered, and strangers ask for them in turn. */
  if (!site->closed && once_first(&site->warned, hash) &&
      log_due(&site->warnings, site->env->now(site->env), FAILURE_WARNINGS, FAILURE_HOUR_MS, &left_out))
    log_warning("%.*s: %s%s", STR_ARG(path), what, log_note(left_out, note));
}

/* The same for what a job complains of: places and sentences in turn, each ended by a NUL. */
static void warn_of_each(struct site *site, struct str complaints, const struct file_id *id)
{
  struct str place, what;
  while (str_split(&complaints, '\0', &place) && str_split(&complaints, '\0', &what) && what.n)
    warn_once(site, what.p, place, id);
}

void build_warn_shadowed(struct site *site, struct str document)
{
  warn_once(site, "not served as an overview, since there is a file or directory with its name", document, NULL);
}

/* How a listing is wanted. */
static struct listing_options options_of(const struct site *site, const struct build_wait *w)
{
  struct listing_options options = {.settings = site->rules.n ? &site->rules : NULL,
                                    .dots = w->dots,
                                    .dot_files = site->reads_nuncio,
                                    .meta_files = site->dots.meta};
  if (w->ruled) {
    options.order = w->ruled->order;
    options.header = str_from(w->ruled->header);
    options.footer = str_from(w->ruled->footer);
    options.authors_header = w->ruled->authors_header;
    options.authors_footer = w->ruled->authors_footer;
  }
  return options;
}

/* What the owner of the capsule should hear of: once for each version of a document. */
static void warn_about(struct build *b)
{
  const struct page *document = b->job.document, *page = b->job.page;
  if (document && overview_replaced(document->document))
    warn_once(b->site, "not all of it is UTF-8; what is not is shown as U+FFFD", b->job.file, &document->id);
  if (page)
    /* A directory changes with every file in it; what its listing lacks stays the same. */
    warn_of_each(b->site, buf_str(&b->job.complaints), b->job.kind == FOUND_LISTING ? NULL : &page->id);
  if (!page || !page->listing)
    return;
  struct buf path = BUF_INIT(PATH_BYTES_MAX);
  for (size_t i = 0; i < page->listing->n; i++) {
    const struct entry *e = &page->listing->entry[i];
    if (!e->shadowed)
      continue;
    buf_clear(&path);
    buf_put_str(&path, str_head(b->job.file, str_rfind(b->job.file, '/') + 1));
    buf_put_str(&path, listing_name(page->listing, e));
    build_warn_shadowed(b->site, buf_str(&path));
  }
  buf_free(&path);
}

static void go_on_from_document(struct build *b, struct build_wait *w);

/* Everybody who waits is served. They may leave, and start others, from inside `ready`. */
static void serve(struct build *b)
{
  while (b->waiting) {
    struct build_wait *w = b->waiting;
    build_leave(w);
    if (str_eq(w->found->point, b->job.point))
      w->ready(w, b->job.err ? b->job.err : b->job.page_err, b->job.page);
    else if (b->job.err)
      w->ready(w, b->job.err, NULL);
    else
      go_on_from_document(b, w);
  }
}

static void build_run(struct work *work)
{
  struct build *b = (struct build *)work;
  job_run(&b->job);
}

static void build_done(struct work *work, bool cancelled)
{
  struct build *b = (struct build *)work;
  struct site *site = b->site;
  if (cancelled)
    b->job.err = ERR_BUSY;
  *b->link = b->next;
  if (b->next)
    b->next->link = b->link;
  b->link = NULL;

  if (!site->closed) {
    /* The pool may have been slow: what was seen is as old as it can be. */
    if (b->job.document)
      b->job.document->made = b->asked;
    if (b->job.page)
      b->job.page->made = b->asked;
    if (b->job.document)
      cache_put(site->cache, KIND_DOCUMENT, b->job.file, &b->job.document->held, page_cost(b->job.document));
    warn_about(b);
  }
  serve(b);
  build_free(b);
}

/* Starts a job; `prior` is what it need not do again (a parsed document, an earlier listing), or NULL. */
static void start(struct site *site, struct page *prior, struct build_wait *w)
{
  const struct found *found = w->found;
  const struct listing_options options = options_of(site, w);
  struct build *b = calloc(1, sizeof *b);
  int err =
      b ? job_init(&b->job, found, &site->root, site->env->wall(site->env), site_title(site), prior, &options, w->dots)
        : ERR_NOMEM;
  if (err) {
    free(b);
    w->ready(w, err, NULL);
    return;
  }
  trail_join(&b->job.dots_trail, w->dots_trail);
  b->job.menu = found->menu;
  b->job.unlisted = w->ruled && w->ruled->listing == TOGGLE_OFF;
  if (found->kind == FOUND_DIALECT) {
    b->job.mime = mime_ref(site->mime);
    b->job.hosts = str_from(found->menu ? site->hosts_menu : site->hosts_gemtext);
  }
  b->work.run = build_run;
  b->work.done = build_done;
  b->site = site_ref(site);
  b->asked = site->env->now(site->env);
  b->seen = file_id(&found->st);
  b->last = &b->waiting;
  b->next = site->builds;
  b->link = &site->builds;
  if (b->next)
    b->next->link = &b->next;
  site->builds = b;
  join(b, w);
  site->built++;
  err = site->env->submit(site->env, &b->work);
  if (err) {
    build_leave(w);
    build_free(b);
    w->ready(w, err, NULL);
  }
}

/* A listing shows the titles of files that no id of its directory tells of: one that was asked for a second ago may be
 * older than any reader is to be given, however long the disk lets it wait. */
static bool too_old(const struct build *b, uint64_t now)
{
  return (b->job.kind == FOUND_LISTING || b->job.kind == FOUND_DIALECT) && now - b->asked >= READY_TRUSTED_MS;
}

static bool same_options(const struct listing_options *a, const struct listing_options *b)
{
  return a->order == b->order && str_eq(a->header, b->header) && str_eq(a->footer, b->footer);
}

/* A build under way that gives this page, or the document that it is made from. */
static struct build *under_way(struct site *site, const struct build_wait *w)
{
  const struct found *found = w->found;
  const struct listing_options options = options_of(site, w);
  struct file_id id = file_id(&found->st);
  uint64_t now = site->env->now(site->env);
  for (struct build *b = site->builds; b; b = b->next) {
    if (b->job.kind != found->kind || !file_id_eq(&b->seen, &id) || too_old(b, now) ||
        !str_eq(b->job.file, buf_str(&found->file)))
      continue;
    bool lists = found->kind == FOUND_LISTING || found->kind == FOUND_DIALECT;
    if (lists && (!same_options(&b->job.options, &options) || b->job.menu != found->menu))
      continue;
    /* Of a build for another point only the document is of use: the page's own build asks for its rules again. */
    bool parses = found->kind == FOUND_TREE && !b->job.prior, same_point = str_eq(b->job.point, found->point);
    if (same_point ? trail_eq(&b->job.dots_trail, w->dots_trail) : parses)
      return b;
  }
  return NULL;
}

static void join_or_start(struct site *site, struct page *prior, struct build_wait *w)
{
  const struct found *found = w->found;
  struct build *b = under_way(site, w);
  if (b)
    join(b, w);
  /* Whether there is such a point can be told at once. */
  else if (found->kind == FOUND_TREE && prior && found->point.n && overview_find(prior->document, found->point) < 0)
    w->ready(w, ERR_NOT_FOUND, NULL);
  else
    start(site, prior, w);
}

/* It waited for the document; now its own page can be made. The document is handed on by hand: one that has not settled
 * is in no cache. */
static void go_on_from_document(struct build *b, struct build_wait *w)
{
  struct page *document = b->job.document ? b->job.document : b->job.prior;
  join_or_start(b->site, document, w);
}

void build_page(struct site *site, const struct found *found, struct build_wait *w)
{
  struct str file = buf_str(&found->file);
  struct file_id id = file_id(&found->st);
  struct page *prior = NULL;
  w->found = found;
  w->build = NULL;
  if (found->kind == FOUND_TREE) {
    prior = cached_document(site, file);
    if (prior && !page_trusted(prior, &id))
      prior = NULL;
  } else if (found->kind == FOUND_LISTING) {
    prior = recall_listing(site, file);
  } else if (found->kind == FOUND_DIALECT) {
    prior = recall_listing(site, buf_str(&found->page));
  }
  join_or_start(site, prior, w);
}
