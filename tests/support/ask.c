/* For tests: driving a site without a socket. */
#include "ask.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "site/ready.h"
#include "site/state.h"
#include "text/uri.h"

void stand_make_with(struct stand *s, const struct fill *items, struct site_config config)
{
  folder_make(&s->folder);
  folder_fill(&s->folder, items);
  pool_init(&s->pool);
  s->identity = NULL;
  s->visitor = 0;
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
  stand_make_with(s, items,
                  (struct site_config){.names = names, .n_names = 1, .named = true, .cache = (size_t)32 << 20});
}

void stand_remove(struct stand *s)
{
  site_close(s->site);
  pool_run_all(&s->pool);
  mime_free(s->mime);
  folder_remove(&s->folder);
}

int stand_setup(void **state)
{
  struct stand *s = malloc(sizeof *s);
  assert_non_null(s);
  stand_make(s, *state);
  *state = s;
  return 0;
}

int stand_teardown(void **state)
{
  stand_remove(*state);
  free(*state);
  return 0;
}

unsigned long stand_built(const struct stand *s)
{
  return s->site->built;
}

static bool was_root;

void stand_give_up_rights(const struct stand *s)
{
  enum { NOBODY = 65534 };
  was_root = geteuid() == 0;
  if (!was_root)
    return;
  assert_int_equal(chmod(s->folder.path, 0755), 0); /* a temporary folder is its owner's alone */
  assert_int_equal(seteuid(NOBODY), 0);
}

void stand_take_rights_back(void)
{
  if (was_root)
    assert_int_equal(seteuid(0), 0);
}

void stand_wait(struct stand *s)
{
  s->pool.now += READY_TRUSTED_MS;
}

/* Takes the i-th job out of the pool. */
static struct work *remove_job(struct pool *p, unsigned i)
{
  assert_true(i < p->n);
  struct work *w = p->waiting[i];
  p->n--;
  memmove(p->waiting + i, p->waiting + i + 1, (p->n - i) * sizeof(struct work *));
  return w;
}

struct work *stand_run(struct stand *s)
{
  struct work *w = remove_job(&s->pool, 0);
  w->run(w);
  return w;
}

void stand_look(struct stand *s, unsigned waiting, unsigned long built)
{
  while (s->pool.n > waiting && stand_built(s) == built) {
    struct work *w = remove_job(&s->pool, s->pool.n - 1);
    w->run(w);
    w->done(w, false);
  }
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
  struct request request = {
      .targets = 1, .representation = representation, .identity = s->identity, .visitor = s->visitor};
  request.target[0].path = buf_str(&raw);
  request.target[0].query = str_skip(whole, mark + 1);
  request.target[0].has_query = mark < whole.n;
  start(s, &request, r);
  /* The contract lets a request go only when the answer has come; the core must not need more than that. */
  buf_free(&raw);
}

static void woken(void *context)
{
  *(bool *)context = true;
}

void reply_pull(struct stand *s, struct reply *r)
{
  enum { PIECE = 10000 };
  if (!r->source)
    return;
  bool awake = true;
  body_on_wake(r->source, woken, &awake);
  for (;;) {
    enum pull pull = body_pull(r->source, &r->body, PIECE);
    awake = pull != PULL_PENDING;
    while (!awake) /* until the pool has called `woken` */
      if (pool_run_one(&s->pool) == 0)
        fail_msg("a body waits, and nothing will wake it");
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
  struct request request = {
      .targets = 2, .representation = representation, .identity = s->identity, .visitor = s->visitor};
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
