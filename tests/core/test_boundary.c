/* A property: whatever path is asked for, nothing from outside the capsule and nothing hidden is ever answered (G13,
 * G23). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/ask.h"
#include "text/uri.h"

/* Every file and name that must not get out has this in it. */
#define SECRET "s3cret"

static const struct fill world[] = {
    {SECRET "-beside.txt", SECRET, NULL},
    {SECRET "-beside.overview.txt", SECRET "\n\n1. " SECRET "\n", NULL},
    {"beside/index.gmi", "# " SECRET "\n", NULL},
    {"beside/gophermap", SECRET "\n", NULL},
    {"beside/" SECRET ".gmi", "# " SECRET "\n", NULL},
    {"homes/alice/pub/index.gmi", "# Inside\n", NULL},
    {"homes/alice/pub/sub/b.txt", "inside\n", NULL},
    {"homes/alice/pub/sub/up", NULL, ".."},
    {"homes/alice/pub/sub/upup", NULL, "../.."},
    {"homes/alice/pub/sub/out", NULL, "../../../carol/pub"},
    {"homes/alice/pub/file", NULL, "../" SECRET "-beside.txt"},
    {"homes/alice/pub/.git/index.gmi", SECRET, NULL},
    {"homes/alice/" SECRET "-beside.txt", SECRET, NULL},
    {"homes/alice/index.gmi", SECRET, NULL},
    {"homes/bob", NULL, "carol"},
    {"homes/carol/pub", NULL, "../dave/pub"},
    {"homes/dave/pub", NULL, "sub"},
    {"homes/dave/sub/index.gmi", SECRET, NULL},
    {"homes/.hidden/pub/index.gmi", SECRET, NULL},
    {"homes/plain.txt", SECRET, NULL},
    {"homes/index.gmi", SECRET, NULL},
    {"capsule/~alice/index.gmi", "# Inside\n", NULL},
    {"capsule/index.gmi", "# Inside\n", NULL},
    {"capsule/plain.txt", "inside\n", NULL},
    {"capsule/doc.overview.txt", "Inside\n\n1. One.\n\n2. Two.\n", NULL},
    {"capsule/out.overview.txt", NULL, "../" SECRET "-beside.overview.txt"},
    {"capsule/." SECRET, SECRET, NULL},
    {"capsule/." SECRET ".overview.txt", SECRET "\n\n1. " SECRET "\n", NULL},
    {"capsule/.git/index.gmi", SECRET, NULL},
    {"capsule/.git/config", SECRET, NULL},
    {"capsule/sub/a.gmi", "# Inside\n", NULL},
    {"capsule/sub/." SECRET "/x.txt", SECRET, NULL},
    {"capsule/sub/up", NULL, ".."},
    {"capsule/sub/upup", NULL, "../.."},
    {"capsule/sub/deep/down/b.txt", "inside\n", NULL},
    {"capsule/sub/deep/out", NULL, "../../../beside"},
    {"capsule/sub/deep/weave", NULL, "../../../capsule/sub"},
    {"capsule/slash", NULL, "/"},
    {"capsule/etc", NULL, "/etc"},
    {"capsule/file", NULL, "../" SECRET "-beside.txt"},
    {"capsule/loop", NULL, "loop"},
    {"capsule/mapped/gophermap", "inside\n", NULL},
    {"capsule/outmap/gophermap", NULL, "../../beside/gophermap"},
    {"capsule/outindex/index.gmi", NULL, "../../beside/index.gmi"},
    {NULL, NULL, NULL},
};

static const char *const segments[] = {
    "..",
    ".",
    "%2e%2e",
    "%2E.",
    ".%2e",
    "%2e",
    "",
    "sub",
    "up",
    "upup",
    "deep",
    "down",
    "out",
    "weave",
    "slash",
    "etc",
    "file",
    "loop",
    "mapped",
    "outmap",
    "outindex",
    "beside",
    "capsule",
    "index.gmi",
    "plain.txt",
    "a.gmi",
    "b.txt",
    "gophermap",
    "doc",
    "1.gmi",
    "2.gmi",
    "doc.overview.txt",
    "out.overview.txt",
    ".git",
    "config",
    "." SECRET,
    "x.txt",
    "%2Egit",
    ".%73%33cret",
    "..%2f..",
    "..%5c..",
    "..\\..",
    "%00",
    "%2e%2e%2f",
    "%252e%252e",
    "passwd",
    "hostname",
    "proc",
    "self",
    "fd",
    "tmp",
    SECRET "-beside.txt",
    "." SECRET ".overview.txt",
    "\xff",
    "%ff%fe",
    "....",
    ". .",
    "..;",
    "~",
    "~alice",
    "%7Ealice",
    "~alice%2f..",
    "~bob",
    "~carol",
    "~dave",
    "~.hidden",
    "~..",
    "~.",
    "pub",
    "*",
};

static uint64_t random_state = 20120926;

static unsigned random_below(unsigned n)
{
  random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (unsigned)(random_state >> 33) % n;
}

/* A path that is there, with detours put in at its slashes. */
static void winding_path(struct buf *path)
{
  static const char *const there[] = {"/",
                                      "/index.gmi",
                                      "/plain.txt",
                                      "/doc/",
                                      "/doc/2.gmi",
                                      "/doc",
                                      "/sub/",
                                      "/sub/deep/down/",
                                      "/mapped",
                                      "/sub/deep/down/b.txt",
                                      "/mapped/",
                                      "/sub/a.gmi",
                                      "/doc.overview.txt",
                                      "/~alice/sub/b.txt",
                                      "/~alice/sub/",
                                      "/~alice"};
  static const char *const detours[] = {"/", "./", "%2e/", "sub/../", "deep/%2E%2e/", "sub/up/", "../", "..%2f"};
  struct str rest = str_from(there[random_below(sizeof there / sizeof *there)]), part;
  while (str_split(&rest, '/', &part)) {
    buf_put_str(path, part);
    if (!rest.p)
      break;
    buf_put_c(path, '/');
    while (random_below(4) == 0)
      buf_put_str(path, str_from(detours[random_below(sizeof detours / sizeof *detours)]));
  }
}

static void random_path(struct buf *path)
{
  buf_clear(path);
  if (random_below(2)) {
    winding_path(path);
    return;
  }
  unsigned n = 1 + random_below(7);
  for (unsigned i = 0; i < n; i++) {
    if (i || random_below(8))
      buf_put_str(path, random_below(16) ? STR("/") : STR("//"));
    buf_put_str(path, str_from(segments[random_below(sizeof segments / sizeof *segments)]));
  }
  if (random_below(3) == 0)
    buf_put_c(path, '/');
}

static void check(struct stand *s, struct str raw, struct str written, struct reply *r)
{
  enum representation representation = random_below(2) ? REPR_MENU : REPR_GEMTEXT;
  ask_either(s, representation, raw, raw, r);
  if (r->status == STATUS_SUCCESS) {
    if (strstr(reply_body(r), SECRET) || strstr(reply_body(r), "root:") || strstr(reply_base(r), "%2E"))
      fail_msg("%.*s answered:\n%s", STR_ARG(written), reply_body(r));
  } else if (r->status == STATUS_REDIRECT_PERMANENT) {
    /* G16: this host, and nobody else's. */
    if (r->meta.n < 2 || r->meta.p[0] != '/' || r->meta.p[1] == '/')
      fail_msg("%.*s leads to %s", STR_ARG(written), reply_meta(r));
  } else if (r->status != STATUS_NOT_FOUND) {
    fail_msg("%.*s: %d %s", STR_ARG(written), (int)r->status, reply_meta(r));
  }
}

static void nothing_outside_and_nothing_hidden_is_answered_G13_G23(void **state)
{
  (void)state;
  enum { PATHS = 30000 };
  struct stand s;
  struct reply r = REPLY_INIT;
  struct buf path = BUF_INIT(4096), raw = BUF_INIT(4096);
  size_t answered = 0, refused = 0, users = 0;
  folder_make(&s.folder);
  folder_fill(&s.folder, world);
  pool_init(&s.pool);
  s.mime = mime_load_from(NULL, NULL);
  static const char *const names[] = {"x"};
  struct site_config config = {
      .root = folder_path(&s.folder, "capsule"), .names = names, .n_names = 1, .named = true, .user_folder = "pub"};
  char *root = str_dup(str_from(config.root)), *homes = str_dup(str_from(folder_path(&s.folder, "homes")));
  assert_true(root && homes);
  config.root = root;
  config.homes = homes;
  struct buf why = BUF_INIT(1024);
  assert_int_equal(site_open(&config, &s.pool.env, s.mime, &s.site, &why), 0);

  for (int i = 0; i < PATHS; i++) {
    random_path(&path);
    buf_clear(&raw);
    if (uri_path(&raw, buf_str(&path), random_below(4) != 0) == 0) {
      check(&s, buf_str(&raw), buf_str(&path), &r);
      *(r.status == STATUS_SUCCESS ? &answered : &refused) += 1;
      users += r.status == STATUS_SUCCESS && str_starts(buf_str(&r.base), STR("/~alice/"));
    }
    /* A protocol that forgot to take the dots out must do no harm either. */
    if (path.n && path.p[0] == '/')
      check(&s, buf_str(&path), buf_str(&path), &r);
    s.pool.now += random_below(200);
  }
  /* The paths are such that all of it happens often. */
  assert_true(answered > PATHS / 20);
  assert_true(refused > PATHS / 20);
  assert_true(users > PATHS / 100);
  reply_free(&r);
  buf_free(&path);
  buf_free(&raw);
  buf_free(&why);
  free(root);
  free(homes);
  stand_remove(&s);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_outside_and_nothing_hidden_is_answered_G13_G23),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
