/* A site with a cache beside one without, over a folder where anything may happen: a second later they say the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/ask.h"
#include "base/log.h"
#include "proto/proto.h"
#include "site/ready.h"

enum { STEPS = 1500, ASKED = 6, CACHE = 60000 };

static uint64_t seed = 300;

static unsigned below(unsigned n)
{
  seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (unsigned)(seed >> 33) % n;
}

/* What may stand in the folder, and be asked for. */
static const char *const names[] = {
    "index.gmi",   "page.gmi", "README",           "d",    "d/index.gmi", "d/x.gmi",        "d/TEXT",
    "d/gophermap", "d/e",      "d/e/y.txt",        "link", "link.gmi",    "m.overview.txt", "m",
    "m/real.txt",  "m/1.gmi",  "d/n.overview.txt", "d/n",  "notes.md",    "x.overview.txt",
};
enum { NAMES = sizeof names / sizeof *names };

static const char *const asked[] = {
    "/",          "/page.gmi", "/README",     "/d",       "/d/",     "/d/x.gmi", "/d/e/",    "/d/e/y.txt",      "/link",
    "/link/",     "/link.gmi", "/link/x.gmi", "/m",       "/m/",     "/m/1.gmi", "/m/2.gmi", "/m.overview.txt", "/d/n/",
    "/d/n/1.gmi", "/notes.md", "/notes.md/",  "/x/1.gmi", "/d/TEXT",
};
enum { PATHS = sizeof asked / sizeof *asked };

/* ---- an author at work */

/* Every text has a length of its own: a change within one tick of the file system's clock must not be what this looks
 * for, since no clock of ours is real here. */
static void write_something(const struct folder *f, const char *name)
{
  static unsigned texts;
  static const char *const starts[] = {
      "# Title\n=> README\n=> d\n=> m\n=> notes.md\n=> d/n N\n",
      "Document\n\n1. One.\n\n2. Two.\n",
      "Map\n0Text\tREADME\n1Folder\te\n",
      "\x01\x02\n",
  };
  char text[8192];
  const char *start = starts[below(sizeof starts / sizeof *starts)];
  size_t n = strlen(start), length = 200 + ++texts;
  assert_true(length < sizeof text);
  memcpy(text, start, n);
  memset(text + n, '-', sizeof text - n);
  int fd = openat(f->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0)
    return; /* a directory, a link that leads nowhere, or nothing to put it in */
  assert_int_equal(write(fd, text, length), length);
  close(fd);
}

static void change_something(const struct folder *f)
{
  static const char *const targets[] = {"d", "page.gmi", "d/x.gmi", "nowhere", "/etc", "..", "m.overview.txt"};
  const char *name = names[below(NAMES)], *other = names[below(NAMES)];
  switch (below(8)) {
  case 0:
    (void)mkdirat(f->fd, name, 0755);
    return;
  case 1:
    if (unlinkat(f->fd, name, 0) != 0)
      (void)unlinkat(f->fd, name, AT_REMOVEDIR);
    return;
  case 2:
    (void)renameat(f->fd, name, f->fd, other);
    return;
  case 3:
    if (symlinkat(targets[below(sizeof targets / sizeof *targets)], f->fd, name) != 0)
      return; /* something is there */
    return;
  default:
    write_something(f, name);
  }
}

/* ---- two sites */

static void keep(void *to, struct response *response)
{
  response_move(to, response);
}

/* All that a protocol sends. */
static void talk(struct stand *s, struct site *site, const struct proto *proto, const char *path, struct buf *sent)
{
  struct site *const sites[] = {site};
  const struct proto_context context = {
      .sites = sites, .n_sites = 1, .local_host = STR("capsule.example"), .port = 70, .gopher_port = 70};
  char input[128];
  struct proto_request r;
  struct response response;
  struct body *body = NULL;
  enum pull got = PULL_END;
  (void)snprintf(input, sizeof input, "%s%s\r\n", proto == &proto_gemini ? "gemini://capsule.example" : "", path);
  proto_request_init(&r);
  response_init(&response);
  buf_clear(sent);
  enum parsed parsed = proto->parse(str_from(input), &context, &r);
  assert_int_equal(parsed, PARSED_REQUEST);
  (void)site_start(site, &r.request, keep, &response);
  (void)pool_run_all(&s->pool);
  assert_int_equal(proto->encode(&r, &context, &response, sent, &body), 0);
  while (body && ((got = body_pull(body, sent, 4096)) == PULL_BYTES || got == PULL_PENDING))
    (void)pool_run_all(&s->pool);
  assert_int_equal(got, PULL_END);
  body_free(body);
  proto_request_free(&r);
  (void)pool_run_all(&s->pool);
}

static void compare(struct stand *s, struct site *plain, int step)
{
  static const struct proto *const protos[] = {&proto_gemini, &proto_gopher};
  enum { SENT_MAX = 1 << 20 };
  struct buf one = BUF_INIT(SENT_MAX), two = BUF_INIT(SENT_MAX);
  for (int i = 0; i < ASKED; i++) {
    const struct proto *proto = protos[below(2)];
    const char *path = asked[below(PATHS)];
    /* The first question may find that a look must go to the pool, and types by name meanwhile (see site_item_type). */
    talk(s, plain, proto, path, &one);
    talk(s, plain, proto, path, &one);
    stand_wait(s);
    talk(s, s->site, proto, path, &two);
    if (!str_eq(buf_str(&one), buf_str(&two)))
      fail_msg("step %d, %s of %s:\n%.*s\ninstead of:\n%.*s", step, proto->name, path, STR_ARG(buf_str(&two)),
               STR_ARG(buf_str(&one)));
    talk(s, s->site, proto, path, &two); /* within the second */
    if (!str_eq(buf_str(&one), buf_str(&two)))
      fail_msg("step %d, %s of %s is not the same again", step, proto->name, path);
  }
  buf_free(&one);
  buf_free(&two);
}

static void a_second_later_a_cache_cannot_be_told_from_none(void **state)
{
  (void)state;
  static const char *const host[] = {"capsule.example"};
  struct stand s;
  struct site *plain = NULL;
  struct buf why = BUF_INIT(1000);
  struct site_config config = {.names = host, .n_names = 1, .named = true, .cache = CACHE};
  log_open(LOG_ERROR); /* what leads out, and what hides what, is said all the time */
  stand_make_with(&s, NULL, config);
  config.root = s.folder.path;
  config.cache = 0;
  assert_int_equal(site_open(&config, &s.pool.env, s.mime, &plain, &why), 0);
  for (int step = 0; step < STEPS; step++) {
    change_something(&s.folder);
    compare(&s, plain, step);
  }
  site_close(plain);
  stand_remove(&s);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_second_later_a_cache_cannot_be_told_from_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
