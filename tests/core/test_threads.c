/* A pool of real threads, readers who come and go, an author who edits: nothing is lost, mixed up or raced for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/ask.h"
#include "base/err.h"

enum { THREADS = 4, QUEUE = 64, READERS = 24, STEPS = 6000, CACHE = 1 << 20 };

/* Work goes from the loop's thread to the others and back through two queues. */
struct crew {
  struct env env; /* first */
  pthread_t thread[THREADS];
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  struct work *todo[QUEUE], *finished[QUEUE];
  unsigned n_todo, n_finished, n_running;
  bool stop;
  uint64_t now;
};

static void *work(void *context)
{
  struct crew *c = context;
  pthread_mutex_lock(&c->mutex);
  while (!c->stop) {
    if (c->n_todo == 0) {
      pthread_cond_wait(&c->changed, &c->mutex);
      continue;
    }
    struct work *w = c->todo[--c->n_todo];
    c->n_running++;
    pthread_mutex_unlock(&c->mutex);
    w->run(w);
    pthread_mutex_lock(&c->mutex);
    c->n_running--;
    c->finished[c->n_finished++] = w;
    pthread_cond_broadcast(&c->changed);
  }
  pthread_mutex_unlock(&c->mutex);
  return NULL;
}

/* A full queue refuses, as a pool may. */
static int submit(struct env *env, struct work *w)
{
  struct crew *c = (struct crew *)env;
  pthread_mutex_lock(&c->mutex);
  bool room = c->n_todo + c->n_running + c->n_finished < QUEUE;
  if (room)
    c->todo[c->n_todo++] = w;
  pthread_cond_broadcast(&c->changed);
  pthread_mutex_unlock(&c->mutex);
  return room ? 0 : ERR_BUSY;
}

static uint64_t now(struct env *env)
{
  return ((struct crew *)env)->now;
}

/* All files were written long ago. */
static int64_t wall(struct env *env)
{
  return env_wall(env) + INT64_C(3600) * 1000000000;
}

/* Calls `done` of what has finished; waits for something where `wait` is set and there is something to wait for. */
static bool finish_some(struct crew *c, bool wait)
{
  pthread_mutex_lock(&c->mutex);
  while (wait && c->n_finished == 0 && c->n_todo + c->n_running > 0)
    pthread_cond_wait(&c->changed, &c->mutex);
  struct work *w = c->n_finished ? c->finished[--c->n_finished] : NULL;
  pthread_mutex_unlock(&c->mutex);
  if (w)
    w->done(w, false);
  return w != NULL;
}

static void crew_start(struct crew *c)
{
  *c = (struct crew){.env = {.submit = submit, .now = now, .wall = wall}, .now = 1000};
  assert_int_equal(pthread_mutex_init(&c->mutex, NULL), 0);
  assert_int_equal(pthread_cond_init(&c->changed, NULL), 0);
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&c->thread[i], NULL, work, c), 0);
}

static void crew_stop(struct crew *c)
{
  while (finish_some(c, true))
    ;
  pthread_mutex_lock(&c->mutex);
  c->stop = true;
  pthread_cond_broadcast(&c->changed);
  pthread_mutex_unlock(&c->mutex);
  for (int i = 0; i < THREADS; i++)
    pthread_join(c->thread[i], NULL);
  pthread_cond_destroy(&c->changed);
  pthread_mutex_destroy(&c->mutex);
}

static const struct fill capsule[] = {
    {"list/a.gmi", "# Title a\n", NULL},
    {"list/b.txt", "b\n", NULL},
    {"map/gophermap", "Mapped\n", NULL},
    {"one.overview.txt", "Document one\n\n1. First.\n\n2. Second.\n\n3. Third.\n", NULL},
    {"two.overview.txt", "Document two\n\n1. First.\n\n2. Second.\n\n3. Third.\n", NULL},
    {"README", "read me\n", NULL},
    {NULL, NULL, NULL},
};

static const struct {
  const char *path, *holds;
} pages[] = {
    {"/list/", "=> a.gmi Title a\n"}, {"/map/", "Mapped"},      {"/one/", "# Document one\n"}, {"/one/1.gmi", "First."},
    {"/one/2.gmi", "Second."},        {"/one/3.gmi", "Third."}, {"/two/", "# Document two\n"}, {"/two/1.gmi", "First."},
    {"/two/2.gmi", "Second."},        {"/README", "read me\n"}, {"/nothing/here", NULL},       {"/one/4.gmi", NULL},
};
enum { PAGES = sizeof pages / sizeof *pages };

static uint64_t seed = 70;

static unsigned below(unsigned n)
{
  seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (unsigned)(seed >> 33) % n;
}

static unsigned served[PAGES]; /* how often each page came, whole */

static void check(struct reply *r, unsigned page)
{
  if (r->status == STATUS_TEMPORARY_FAILURE)
    return; /* the pool was full */
  assert_int_equal(r->status, pages[page].holds ? STATUS_SUCCESS : STATUS_NOT_FOUND);
  if (!r->source)
    return;
  enum pull pull;
  do
    pull = body_pull(r->source, &r->body, 4096);
  while (pull == PULL_BYTES);
  if (pull == PULL_END) {
    assert_contains(reply_body(r), pages[page].holds);
    served[page]++;
  }
}

/* One of the readers asks, leaves, or reads what came. */
static void step(struct stand *s, struct reply *r, unsigned *page)
{
  if (r->answer) {
    if (below(3) == 0)
      site_cancel(r->answer);
    else
      return;
  } else if (r->came) {
    check(r, *page);
  }
  *page = below(PAGES);
  ask_start(s, REPR_GEMTEXT, pages[*page].path, r);
}

static void readers_threads_and_an_author(void **state)
{
  (void)state;
  struct stand s;
  struct crew crew;
  struct reply reply[READERS];
  unsigned page[READERS] = {0};
  crew_start(&crew);
  folder_make(&s.folder);
  folder_fill(&s.folder, capsule);
  s.mime = mime_load_from(NULL, NULL);
  static const char *const names[] = {"x"};
  struct site_config config = {.root = s.folder.path, .names = names, .n_names = 1, .named = true, .cache = CACHE};
  struct buf why = BUF_INIT(1024);
  assert_int_equal(site_open(&config, &crew.env, s.mime, &s.site, &why), 0);
  for (int i = 0; i < READERS; i++)
    reply[i] = (struct reply)REPLY_INIT;

  for (int i = 0; i < STEPS; i++) {
    unsigned reader = below(READERS);
    step(&s, &reply[reader], &page[reader]);
    if (below(2))
      (void)finish_some(&crew, false);
    if (below(50) == 0)
      folder_age(&s.folder, below(2) ? "one.overview.txt" : "list/a.gmi", 10 + below(1000));
    if (below(200) == 0)
      folder_write(&s.folder, "list/b.txt", STR("b\n"));
    crew.now += below(20);
  }

  for (int i = 0; i < PAGES; i++)
    if (pages[i].holds && served[i] < STEPS / PAGES / 20)
      fail_msg("%s came %u times only", pages[i].path, served[i]);

  /* All leave at once, and the site closes over what is still under way. */
  for (int i = 0; i < READERS; i++)
    if (reply[i].answer)
      site_cancel(reply[i].answer);
  site_close(s.site);
  mime_free(s.mime);
  crew_stop(&crew);
  for (int i = 0; i < READERS; i++)
    reply_free(&reply[i]);
  buf_free(&why);
  folder_remove(&s.folder);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(readers_threads_and_an_author),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
