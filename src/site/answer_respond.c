/* What a look has found, as a response: a page that is ready, a file, a redirect, a page that is to be built. */
#include <stddef.h>
#include <stdlib.h>

#include "base/err.h"
#include "site/answer_internal.h"
#include "site/content.h"
#include "site/failure.h"
#include "site/recall.h"
#include "text/gph.h"
#include "text/uri.h"

/* Status, type and base for a page of gemtext or a file. The base keeps a first error for finish_page. */
static void set_page(struct answer *a, struct response *r, enum format format, struct str type)
{
  response_set(r, STATUS_SUCCESS, "%.*s", STR_ARG(type));
  r->format = format;
  r->columns = a->ruled.columns;
  r->terminate = a->ruled.terminate == TOGGLE_ON;
  if (format != FORMAT_PLAIN)
    uri_put_path(&r->base, buf_str(&a->found.page));
}

/* Keeps the answer for the next who asks, if it is known to be as good then. */
static void keep(struct answer *a, struct response *r, struct page *page)
{
  struct site *site = a->site;
  struct file_id seen = file_id(&a->found.st);
  bool good = r->body && buf_error(&r->meta) == 0 && buf_error(&r->base) == 0;
  struct ready *ready = good ? ready_make(r, page, &a->found.trail) : NULL;
  if (!ready)
    return;
  r->ready = ready;
  ready->lasting = page->lasting;
  ready->checked = page->lasting ? a->asked : page->made;
  /* What the page was made from must be what the trail shows. */
  if (!a->guarded && page->settled && file_id_eq(&page->id, &seen) && !site->closed)
    recall_keep(site, a->representation, a->target[a->at].path, ready, a->asked_ns);
}

static void finish_page(struct answer *a, struct response *r)
{
  int err = r->body ? buf_error(&r->base) : ERR_NOMEM;
  if (err == 0)
    err = buf_error(&r->meta); /* without its type a text would pass for something to be stored */
  if (err) {
    response_free(r);
    answer_fail(a, err);
    return;
  }
  answer_finish(a, r);
}

/* A file that was read whole. */
static void respond_bytes(struct answer *a, struct response *r)
{
  struct found *f = &a->found;
  struct page *page = page_make();
  if (page) {
    page->bytes = bytes_ref(f->bytes);
    page->id = file_id(&f->st);
    page->settled = page->lasting = true; /* so far as the trail has */
    r->body = body_bytes(bytes_ref(f->bytes));
    keep(a, r, page);
  }
  page_unref(page);
  finish_page(a, r);
}

/* The type of the file by its name or content, or as a rule has it. */
static struct str type_of_file(const struct answer *a)
{
  const struct found *f = &a->found;
  struct str type = mime_type(a->site->mime, look_name(buf_str(&f->file)));
  if (a->ruled.type)
    return str_from(a->ruled.type);
  if (type.n == 0)
    return f->guess.n ? f->guess : STR("application/octet-stream");
  return type;
}

/* A page of that type with the parameters that belong to it. */
static void set_content(struct answer *a, struct response *r, enum format format, struct str type, bool from_file)
{
  struct buf whole = BUF_INIT(META_MAX);
  content_put_type(&whole, type, str_from(a->site->lang), from_file, &a->ruled);
  set_page(a, r, format, buf_str(&whole));
  if (buf_error(&whole))
    r->meta.err = buf_error(&whole);
  buf_free(&whole);
}

static void set_file(struct answer *a, struct response *r)
{
  struct str name = look_name(buf_str(&a->found.file));
  if (a->found.menu) {
    set_page(a, r, gph_named(name) ? FORMAT_GPH : FORMAT_GOPHERMAP, STR("application/gopher-menu"));
    return;
  }
  struct str type = type_of_file(a);
  set_content(a, r, content_is_gemtext(type) ? FORMAT_GEMTEXT : FORMAT_PLAIN, type, true);
}

static void respond_file(struct answer *a)
{
  struct found *f = &a->found;
  struct response r;
  response_init(&r);
  set_file(a, &r);
  if (f->bytes) {
    respond_bytes(a, &r);
    return;
  }
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
  answer_finish(a, &r);
}

static void page_ready(struct build_wait *w, int err, struct page *page)
{
  struct answer *a = (struct answer *)((char *)w - offsetof(struct answer, wait));
  if (a->cancelled && (err || a->site->closed)) {
    answer_free(a); /* nothing to be kept, and nobody to be told */
    return;
  }
  if (err == ERR_AGAIN) {
    answer_again(a);
    return;
  }
  if (err) {
    answer_fail(a, err);
    return;
  }
  struct response r;
  response_init(&r);
  if (a->found.kind == FOUND_DIALECT && a->found.menu)
    set_content(a, &r, FORMAT_GOPHERMAP, STR("application/gopher-menu"), false);
  else
    set_content(a, &r, FORMAT_GEMTEXT, STR("text/gemini"), false);
  r.body = body_bytes(bytes_ref(page->bytes));
  keep(a, &r, page);
  finish_page(a, &r);
}

void answer_with(struct answer *a, struct ready *ready)
{
  struct response r;
  response_init(&r);
  int err = ready_response(ready, &r);
  if (err == 0) {
    answer_finish(a, &r);
    return;
  }
  response_free(&r);
  answer_fail(a, err);
}

static bool answered_by_rules(struct answer *a)
{
  struct response r;
  response_init(&r);
  bool is = answer_rules_then(a, &r);
  if (is)
    answer_finish(a, &r);
  else
    response_free(&r);
  return is;
}

/* A directory whose owner wants it not to be listed. */
static void respond_unlisted(struct answer *a)
{
  struct response r;
  response_init(&r);
  response_set(&r, STATUS_NOT_FOUND, "This directory has no page of its own");
  answer_finish(a, &r);
}

void answer_respond(struct answer *a)
{
  if (answered_by_rules(a))
    return;
  if (a->found.shadowed.n)
    build_warn_shadowed(a->site, buf_str(&a->found.shadowed));
  if (a->err) {
    answer_fail(a, a->err);
    return;
  }
  struct ready *ready = recall_by_trail(a->site, a->representation, a->target[a->at].path, &a->found.trail, a->asked);
  if (ready) {
    answer_with(a, ready);
    return;
  }
  switch (a->found.kind) {
  case FOUND_FILE:
    respond_file(a);
    return;
  case FOUND_SLASH:
    respond_slash(a);
    return;
  case FOUND_LISTING:
    if (a->ruled.listing == TOGGLE_OFF) {
      respond_unlisted(a);
      return;
    }
    /* fall through */
  case FOUND_MAP:
  case FOUND_DIALECT:
  case FOUND_TREE:
    a->wait.ruled = &a->ruled;
    a->wait.dots = a->dots;
    a->wait.dots_trail = &a->dots_trail;
    a->wait.ready = page_ready;
    build_page(a->site, &a->found, &a->wait);
    return;
  }
}
