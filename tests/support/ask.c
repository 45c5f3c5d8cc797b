/* For tests: driving a site without a socket. */
#include "ask.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <string.h>

#include "text/uri.h"

void stand_make_with(struct stand *s, const struct fill *items, struct site_config config)
{
  folder_make(&s->folder);
  folder_fill(&s->folder, items);
  pool_init(&s->pool);
  s->mime = mime_load_from(NULL, NULL);
  assert_non_null(s->mime);
  config.root = s->folder.path;
  struct buf why = BUF_INIT(4096);
  int err = site_open(&config, &s->pool.env, s->mime, &s->site, &why);
  if (err)
    fail_msg("site_open: %.*s", STR_ARG(buf_str(&why)));
  buf_free(&why);
}

void stand_make(struct stand *s, const struct fill *items)
{
  static const char *const names[] = {"capsule.example"};
  stand_make_with(s, items, (struct site_config){.names = names, .n_names = 1, .named = true});
}

void stand_remove(struct stand *s)
{
  site_close(s->site);
  pool_run_all(&s->pool);
  mime_free(s->mime);
  folder_remove(&s->folder);
}

unsigned long pool_submitted(const struct pool *p)
{
  return p->run + p->n;
}

struct work *pool_take_and_run(struct pool *p)
{
  assert_true(p->n > 0);
  struct work *w = p->waiting[0];
  memmove(p->waiting, p->waiting + 1, --p->n * sizeof(struct work *));
  p->run++;
  w->run(w);
  return w;
}

static void take(void *context, struct response *response)
{
  struct reply *r = context;
  r->calls++;
  assert_int_equal(r->calls, 1);
  r->came = true;
  r->answer = NULL;
  r->status = response->status;
  r->format = response->format;
  buf_put_str(&r->meta, buf_str(&response->meta));
  buf_put_str(&r->base, buf_str(&response->base));
  r->source = response->body;
  response->body = NULL;
  /* Every answer keeps to G15. */
  assert_true(r->meta.n > 0 && r->meta.n <= META_MAX);
  assert_false(str_has_control(buf_str(&r->meta)));
  assert_true(r->status == STATUS_SUCCESS || !r->source);
}

static void reset(struct reply *r)
{
  body_free(r->source);
  buf_clear(&r->meta);
  buf_clear(&r->base);
  buf_clear(&r->body);
  *r = (struct reply){.meta = r->meta, .base = r->base, .body = r->body};
}

static void start(struct stand *s, const struct request *request, struct reply *r)
{
  reset(r);
  struct answer *answer = site_start(s->site, request, take, r);
  assert_true(!answer == r->came);
  r->answer = answer;
}

void ask_start(struct stand *s, enum representation representation, const char *path, struct reply *r)
{
  struct str whole = str_from(path);
  size_t mark = str_find(whole, '?');
  struct buf raw = BUF_INIT(1 << 16);
  assert_int_equal(uri_path(&raw, str_head(whole, mark), true), 0);
  struct request request = {.targets = 1, .representation = representation};
  request.target[0].path = buf_str(&raw);
  request.target[0].query = str_skip(whole, mark + 1);
  request.target[0].has_query = mark < whole.n;
  start(s, &request, r);
  /* The contract lets a request go only when the answer has come; the core must not need more than that. */
  buf_free(&raw);
}

static void woken(void *context)
{
  (void)context;
}

void reply_pull(struct stand *s, struct reply *r)
{
  enum { PIECE = 10000 };
  if (!r->source)
    return;
  body_on_wake(r->source, woken, NULL);
  for (;;) {
    enum pull pull = body_pull(r->source, &r->body, PIECE);
    if (pull == PULL_PENDING)
      assert_int_equal(pool_run_one(&s->pool), 1);
    if (pull == PULL_FAILED)
      r->failed = true;
    if (pull == PULL_END || pull == PULL_FAILED)
      break;
  }
  assert_int_equal(buf_error(&r->body), 0);
  body_free(r->source);
  r->source = NULL;
}

static void finish(struct stand *s, struct reply *r)
{
  pool_run_all(&s->pool);
  assert_true(r->came);
  reply_pull(s, r);
}

void ask(struct stand *s, enum representation representation, const char *path, struct reply *r)
{
  ask_start(s, representation, path, r);
  finish(s, r);
}

void ask_either(struct stand *s, enum representation representation, struct str first, struct str second,
                struct reply *r)
{
  struct request request = {.targets = 2, .representation = representation};
  request.target[0].path = first;
  request.target[1].path = second;
  start(s, &request, r);
  finish(s, r);
}

void reply_free(struct reply *r)
{
  reset(r);
  buf_free(&r->meta);
  buf_free(&r->base);
  buf_free(&r->body);
}

static const char *text(struct buf *b)
{
  char *end = buf_room(b, 1);
  assert_non_null(end);
  *end = '\0';
  return b->p;
}

const char *reply_meta(struct reply *r)
{
  return text(&r->meta);
}

const char *reply_base(struct reply *r)
{
  return text(&r->base);
}

const char *reply_body(struct reply *r)
{
  return text(&r->body);
}
