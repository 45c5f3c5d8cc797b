/* One request being answered: look in the loop, in the pool where that would wait, then respond. */
#include "site/answer.h"

#include <stdlib.h>

#include "base/err.h"
#include "site/build.h"
#include "site/failure.h"
#include "site/look.h"
#include "site/state.h"
#include "text/uri.h"

struct answer {
  struct work work; /* first: the pool gives it back */
  struct build_wait wait;
  struct site *site;
  struct capsule *capsule; /* as it was when the request came */
  void (*done)(void *context, struct response *response);
  void *context;
  enum representation representation;
  struct target target[REQUEST_TARGETS]; /* spans into `text` */
  unsigned targets, at;
  struct found found; /* while `in_pool`, the pool's */
  int err;
  bool *finished; /* inside answer_start: where to say that the response has been handed over; else NULL */
  bool in_pool;
  bool cancelled; /* while in the pool: look_done frees */
  char text[];    /* a copy of the targets: the pool may still read it when the reader has left */
};

static void answer_free(struct answer *a)
{
  look_free(&a->found);
  capsule_unref(a->capsule);
  site_unref(a->site);
  free(a);
}

/* Hands the response over, and ends the answer; *r is empty afterwards. */
static void finish(struct answer *a, struct response *r)
{
  bool *finished = a->finished;
  a->done(a->context, r);
  response_free(r);
  answer_free(a);
  if (finished)
    *finished = true;
}

static void look(struct answer *a);

static void fail(struct answer *a, int err)
{
  /* The owner is told of the file that is to blame: an index, a document. */
  struct env *env = a->site->env;
  failure_log(&a->site->failures, env->now(env), err,
              a->found.file.n ? buf_str(&a->found.file) : a->target[a->at].path);
  if (err == ERR_NOT_FOUND && a->at + 1 < a->targets) {
    a->at++; /* P2: as it stands first, then decoded once */
    look(a);
    return;
  }
  struct response r;
  response_init(&r);
  /* Where nothing was found at all, the reader is told of what was asked for as it stood. */
  failure_response(&r, err, a->target[err == ERR_NOT_FOUND ? 0 : a->at].path);
  finish(a, &r);
}

/* Status, type and base for a page of gemtext or a file. The base keeps a first error for finish_page. */
static void set_page(struct answer *a, struct response *r, enum format format, struct str type)
{
  response_set(r, STATUS_SUCCESS, "%.*s", STR_ARG(type));
  r->format = format;
  if (format != FORMAT_PLAIN)
    uri_put_path(&r->base, buf_str(&a->found.page));
}

static void finish_page(struct answer *a, struct response *r)
{
  int err = r->body ? buf_error(&r->base) : ERR_NOMEM;
  if (err) {
    response_free(r);
    fail(a, err);
    return;
  }
  finish(a, r);
}

static void respond_file(struct answer *a)
{
  struct found *f = &a->found;
  struct str name = look_name(buf_str(&f->file)), type = mime_type(a->site->mime, name);
  struct response r;
  response_init(&r);
  if (f->menu)
    set_page(a, &r, FORMAT_GOPHERMAP, STR("application/gopher-menu"));
  else if (str_eq(type, STR("text/gemini")))
    set_page(a, &r, FORMAT_GEMTEXT, str_from(a->site->gemtext_type));
  else if (type.n == 0)
    set_page(a, &r, FORMAT_PLAIN, f->guess.n ? f->guess : STR("application/octet-stream"));
  else
    set_page(a, &r, FORMAT_PLAIN, type);
  int fd = f->fd;
  f->fd = -1;
  r.body = body_file(a->site->env, fd, (uint64_t)f->st.st_size, buf_str(&f->file));
  finish_page(a, &r);
}

/* G16: the canonical path with its slash. It begins with one slash and no more, whatever the protocol let through:
 * `//evil` would be another host. */
static void respond_slash(struct answer *a)
{
  enum { TARGET_MAX = 3 * 8192 };
  const struct target *asked = &a->target[a->at];
  struct buf to = BUF_INIT(TARGET_MAX);
  struct str page = buf_str(&a->found.page);
  while (str_starts(page, STR("//")))
    page = str_skip(page, 1);
  uri_put_path(&to, page);
  if (asked->has_query) {
    buf_put_c(&to, '?');
    buf_put_str(&to, asked->query);
  }
  int err = buf_error(&to);
  struct response r;
  response_init(&r);
  if (err == 0 && to.n <= META_MAX)
    response_set(&r, STATUS_REDIRECT_PERMANENT, "%.*s", STR_ARG(buf_str(&to)));
  else if (err == 0 || err == ERR_FULL)
    response_set(&r, STATUS_NOT_FOUND,
                 "This directory's address is too long to lead you to it; add a slash at its end");
  else
    failure_response(&r, err, asked->path);
  buf_free(&to);
  finish(a, &r);
}

static void page_ready(struct build_wait *w, int err, struct page *page)
{
  struct answer *a = (struct answer *)((char *)w - offsetof(struct answer, wait));
  if (err) {
    fail(a, err);
    return;
  }
  struct response r;
  response_init(&r);
  set_page(a, &r, FORMAT_GEMTEXT, str_from(a->site->gemtext_type));
  r.body = body_bytes(bytes_ref(page->bytes));
  finish_page(a, &r);
}

static void respond(struct answer *a)
{
  if (a->found.shadowed.n)
    build_warn_shadowed(a->site, buf_str(&a->found.shadowed));
  if (a->err) {
    fail(a, a->err);
    return;
  }
  switch (a->found.kind) {
  case FOUND_FILE:
    respond_file(a);
    return;
  case FOUND_SLASH:
    respond_slash(a);
    return;
  case FOUND_MAP:
  case FOUND_LISTING:
  case FOUND_TREE:
    a->wait.ready = page_ready;
    build_page(a->site, a->capsule, &a->found, &a->wait);
    return;
  }
}

static void look_run(struct work *w)
{
  struct answer *a = (struct answer *)w;
  a->err = look_at(a->capsule->fd, a->target[a->at].path, a->representation, 0, &a->found);
}

static void look_done(struct work *w, bool cancelled)
{
  struct answer *a = (struct answer *)w;
  a->in_pool = false;
  if (a->cancelled) {
    answer_free(a);
    return;
  }
  if (cancelled)
    a->err = ERR_BUSY;
  respond(a);
}

static void look(struct answer *a)
{
  a->err = look_at(a->capsule->fd, a->target[a->at].path, a->representation, RESOLVE_CACHED_ONLY, &a->found);
  if (a->err != ERR_AGAIN) {
    respond(a);
    return;
  }
  a->work.run = look_run;
  a->work.done = look_done;
  a->in_pool = true;
  int err = a->site->env->submit(a->site->env, &a->work);
  if (err) {
    a->in_pool = false;
    fail(a, err);
  }
}

static struct answer *answer_make(struct site *site, const struct request *request)
{
  size_t n = 0;
  for (unsigned i = 0; i < request->targets; i++)
    n += request->target[i].path.n + request->target[i].query.n;
  struct answer *a = calloc(1, sizeof *a + n);
  if (!a)
    return NULL;
  char *at = a->text;
  for (unsigned i = 0; i < request->targets; i++) {
    const struct target *from = &request->target[i];
    a->target[i].path = str_place(&at, from->path);
    a->target[i].query = str_place(&at, from->query);
    a->target[i].has_query = from->has_query;
  }
  a->targets = request->targets;
  a->representation = request->representation;
  a->site = site_ref(site);
  a->capsule = capsule_ref(site->capsule);
  look_init(&a->found);
  return a;
}

struct answer *answer_start(struct site *site, const struct request *request,
                            void (*done)(void *context, struct response *response), void *context)
{
  struct answer *a = answer_make(site, request);
  if (!a) {
    struct response r;
    response_init(&r);
    failure_response(&r, ERR_NOMEM, STR("/"));
    done(context, &r);
    response_free(&r);
    return NULL;
  }
  a->done = done;
  a->context = context;
  bool finished = false;
  a->finished = &finished;
  look(a);
  if (finished)
    return NULL;
  /* The analyzer does not see that whoever freed it has set `finished`. */
  a->finished = NULL; /* NOLINT(clang-analyzer-unix.Malloc) */
  return a;
}

void answer_cancel(struct answer *a)
{
  build_leave(&a->wait);
  if (a->in_pool)
    a->cancelled = true; /* The pool cannot be called back: look_done frees. */
  else
    answer_free(a);
}
