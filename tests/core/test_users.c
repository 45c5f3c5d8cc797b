/* Users' folders at /~NAME/: all that a capsule can do they can, and nothing of another home is answered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/ask.h"
#include "base/err.h"

static const struct fill world[] = {
    {"capsule/index.gmi", "# Host\n=> /~alice/ Alice\n", NULL},
    {"capsule/dir/a.gmi", "# A\n", NULL},
    {"capsule/open/~alice/x.gmi", "# Below the root\n", NULL},
    {"homes/alice/public/index.gmi", "# Alice\n", NULL},
    {"homes/alice/public/plain.txt", "text of alice\n", NULL},
    {"homes/alice/public/noname", "text without a suffix\n", NULL},
    {"homes/alice/public/list/one.gmi", "# One\n", NULL},
    {"homes/alice/public/list/link.gmi", NULL, "../index.gmi"},
    {"homes/alice/public/list/out.gmi", NULL, "../../../bob/public/index.gmi"},
    {"homes/alice/public/doc.overview.txt", "Work\n\n1. First.\n\n2. Second.\n", NULL},
    {"homes/alice/public/map/gophermap", "Alice's map\n0Text\tx.txt\n", NULL},
    {"homes/alice/public/gph/index.gph", "[0|A text|text.txt|server|port]\n", NULL},
    {"homes/alice/private.txt", "private\n", NULL},
    {"homes/bob/public/page.gmi", "# Page of bob\n", NULL},
    {"homes/bob/index.gmi", "private\n", NULL},
    {"homes/carol/index.gmi", "private\n", NULL},
    {"homes/dave", NULL, "bob"},
    {"homes/erin/public", NULL, "../bob/public"},
    {"homes/empty/", NULL, NULL},
    {"homes/empty/public/", NULL, NULL},
    {NULL, NULL, NULL},
};

static struct site *open_site(struct stand *s, const char *capsule, const char *homes, const char *user_folder,
                              struct buf *why, int *err)
{
  static const char *const names[] = {"host.example"};
  struct site *site = NULL;
  char *root = str_dup(str_from(folder_path(&s->folder, capsule)));
  char *users = str_dup(str_from(folder_path(&s->folder, homes)));
  assert_true(root && users);
  const struct site_config config = {.root = root,
                                     .names = names,
                                     .n_names = 1,
                                     .named = true,
                                     .homes = users,
                                     .user_folder = user_folder,
                                     .cache = (size_t)32 << 20};
  *err = site_open(&config, &s->pool.env, s->mime, &site, why);
  free(root);
  free(users);
  return site;
}

static int setup(void **state)
{
  struct stand *s = malloc(sizeof *s);
  struct buf why = BUF_INIT(1024);
  int err;
  assert_non_null(s);
  folder_make(&s->folder);
  folder_fill(&s->folder, world);
  pool_init(&s->pool);
  s->mime = mime_load_from(NULL, NULL);
  s->site = open_site(s, "capsule", "homes", "public", &why, &err);
  assert_int_equal(err, 0);
  buf_free(&why);
  *state = s;
  return 0;
}

static int teardown(void **state)
{
  stand_remove(*state);
  free(*state);
  return 0;
}

static void what_a_user_publishes(void **state)
{
  static const struct {
    int line;
    enum representation representation;
    const char *path;
    enum status status;
    const char *meta, *base, *holds;
  } table[] = {
      {__LINE__, REPR_GEMTEXT, "/~alice/", STATUS_SUCCESS, "text/gemini", "/~alice/", "# Alice"},
      {__LINE__, REPR_MENU, "/~alice/", STATUS_SUCCESS, NULL, "/~alice/", "# Alice"},
      {__LINE__, REPR_MENU, "/~alice", STATUS_SUCCESS, NULL, "/~alice/", "# Alice"},
      {__LINE__, REPR_GEMTEXT, "/%7Ealice/", STATUS_SUCCESS, NULL, "/~alice/", "# Alice"},
      {__LINE__, REPR_GEMTEXT, "//~alice/", STATUS_SUCCESS, NULL, "/~alice/", "# Alice"},
      {__LINE__, REPR_GEMTEXT, "/~alice", STATUS_REDIRECT_PERMANENT, "/~alice/", NULL, NULL}, /* G16 */
      {__LINE__, REPR_GEMTEXT, "/~alice?x", STATUS_REDIRECT_PERMANENT, "/~alice/?x", NULL, NULL},
      {__LINE__, REPR_GEMTEXT, "/~alice/list", STATUS_REDIRECT_PERMANENT, "/~alice/list/", NULL, NULL},
      {__LINE__, REPR_GEMTEXT, "/~alice/plain.txt", STATUS_SUCCESS, "text/plain", NULL, "text of alice"},
      {__LINE__, REPR_GEMTEXT, "/~alice/noname", STATUS_SUCCESS, "text/plain", NULL, "without a suffix"},
      {__LINE__, REPR_GEMTEXT, "/~alice/doc", STATUS_REDIRECT_PERMANENT, "/~alice/doc/", NULL, NULL},
      {__LINE__, REPR_GEMTEXT, "/~alice/doc/", STATUS_SUCCESS, NULL, "/~alice/doc/", "1.gmi"},
      {__LINE__, REPR_GEMTEXT, "/~alice/doc/2.gmi", STATUS_SUCCESS, NULL, "/~alice/doc/2.gmi", "Second"},
      {__LINE__, REPR_MENU, "/~alice/doc/2.gmi", STATUS_SUCCESS, NULL, "/~alice/doc/2.gmi", "Second"},
      {__LINE__, REPR_GEMTEXT, "/~alice/doc/3.gmi", STATUS_NOT_FOUND, NULL, NULL, NULL},
      {__LINE__, REPR_GEMTEXT, "/~alice/map/", STATUS_SUCCESS, NULL, "/~alice/map/", "=> /~alice/map/x.txt Text"},
      {__LINE__, REPR_MENU, "/~alice/map/", STATUS_SUCCESS, NULL, "/~alice/map/", "Alice's map"},
      {__LINE__, REPR_GEMTEXT, "/~alice/gph/", STATUS_SUCCESS, NULL, "/~alice/gph/", "=> /~alice/gph/text.txt A text"},
      {__LINE__, REPR_GEMTEXT, "/~bob/", STATUS_SUCCESS, NULL, "/~bob/",
       "# ~bob\n\n=> ../ Up\n=> page.gmi Page of bob"},
      {__LINE__, REPR_MENU, "/~bob", STATUS_SUCCESS, NULL, "/~bob/", "=> page.gmi Page of bob"},
      {__LINE__, REPR_GEMTEXT, "/~empty/", STATUS_SUCCESS, NULL, "/~empty/", "nothing in this directory yet"},
      {__LINE__, REPR_GEMTEXT, "/open/~alice/x.gmi", STATUS_SUCCESS, NULL, NULL, "Below the root"},
      /* Nobody, and what nobody publishes. */
      {__LINE__, REPR_GEMTEXT, "/~", STATUS_NOT_FOUND, NULL, NULL, NULL},
      {__LINE__, REPR_GEMTEXT, "/~/", STATUS_NOT_FOUND, NULL, NULL, NULL},
      {__LINE__, REPR_GEMTEXT, "/~carol/", STATUS_NOT_FOUND, NULL, NULL, NULL},
      {__LINE__, REPR_GEMTEXT, "/~zoe/", STATUS_NOT_FOUND, NULL, NULL, NULL},
      {__LINE__, REPR_GEMTEXT, "/~zoe", STATUS_NOT_FOUND, NULL, NULL, NULL},
      {__LINE__, REPR_MENU, "/~zoe/page.gmi", STATUS_NOT_FOUND, NULL, NULL, NULL},
      {__LINE__, REPR_GEMTEXT, "/~dave/", STATUS_NOT_FOUND, NULL, NULL, NULL},
      {__LINE__, REPR_GEMTEXT, "/~erin/", STATUS_NOT_FOUND, NULL, NULL, NULL},
      {__LINE__, REPR_GEMTEXT, "/~../", STATUS_NOT_FOUND, NULL, NULL, NULL},
      {__LINE__, REPR_GEMTEXT, "/~alice/../~bob/", STATUS_SUCCESS, NULL, "/~bob/", "page.gmi"},
      {__LINE__, REPR_GEMTEXT, "/~alice/../private.txt", STATUS_NOT_FOUND, NULL, NULL, NULL},
      {__LINE__, REPR_GEMTEXT, "/~alice/list/out.gmi", STATUS_NOT_FOUND, NULL, NULL, NULL},
      {__LINE__, REPR_GEMTEXT, "/~alice/private.txt", STATUS_NOT_FOUND, NULL, NULL, NULL},
  };
  struct reply r = REPLY_INIT;
  for (int round = 0; round < 3; round++) { /* from the disk, from the cache, and checked against the disk */
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
      ask(*state, table[i].representation, table[i].path, &r);
      if (r.status != table[i].status || (table[i].meta && strcmp(reply_meta(&r), table[i].meta) != 0) ||
          (table[i].base && strcmp(reply_base(&r), table[i].base) != 0) ||
          (table[i].holds && !strstr(reply_body(&r), table[i].holds)))
        fail_msg("line %d, round %d: %s gave %d %s, base %s:\n%s", table[i].line, round, table[i].path, (int)r.status,
                 reply_meta(&r), reply_base(&r), reply_body(&r));
    }
    if (round == 1)
      stand_wait(*state);
  }
  reply_free(&r);
}

static void listings_show_what_a_reader_may_follow(void **state)
{
  struct reply r = REPLY_INIT;
  ask(*state, REPR_GEMTEXT, "/~alice/list/", &r);
  assert_string_equal(reply_body(&r), "# list\n\n=> ../ Up\n=> link.gmi Alice\n=> one.gmi One\n");
  ask(*state, REPR_GEMTEXT, "/open/", &r);
  assert_contains(reply_body(&r), "=> ~alice/");
  reply_free(&r);
}

/* A page of a user's costs no look for a second, and is as fresh as any. */
static void a_users_pages_are_kept_and_checked_like_all(void **state)
{
  struct stand *s = *state;
  struct reply r = REPLY_INIT;
  ask(s, REPR_GEMTEXT, "/~bob/", &r);
  unsigned long built = stand_built(s);
  ask(s, REPR_GEMTEXT, "/~bob/", &r);
  assert_int_equal(stand_built(s), built);
  folder_write(&s->folder, "homes/bob/public/new.gmi", STR("# New of bob\n"));
  stand_wait(s);
  ask(s, REPR_GEMTEXT, "/~bob/", &r);
  assert_contains(reply_body(&r), "=> new.gmi New of bob\n");
  folder_delete(&s->folder, "homes/bob/public/new.gmi");
  stand_wait(s);
  ask(s, REPR_GEMTEXT, "/~bob/", &r);
  assert_lacks(reply_body(&r), "new.gmi");
  reply_free(&r);
}

static void a_user_who_comes_and_goes(void **state)
{
  struct stand *s = *state;
  struct reply r = REPLY_INIT;
  ask(s, REPR_GEMTEXT, "/~frank/", &r);
  assert_status(&r, STATUS_NOT_FOUND);
  folder_file(&s->folder, "homes/frank/public/index.gmi", "# Frank\n");
  stand_wait(s);
  ask(s, REPR_GEMTEXT, "/~frank/", &r);
  assert_status(&r, STATUS_SUCCESS);
  assert_string_equal(reply_body(&r), "# Frank\n");
  assert_int_equal(renameat(s->folder.fd, "homes/frank/public", s->folder.fd, "homes/frank/away"), 0);
  stand_wait(s);
  ask(s, REPR_GEMTEXT, "/~frank/", &r);
  assert_status(&r, STATUS_NOT_FOUND);
  /* Another's pages in its place, by a link: no answer that was kept, and no new one. */
  assert_int_equal(symlinkat("../alice/public", s->folder.fd, "homes/frank/public"), 0);
  stand_wait(s);
  ask(s, REPR_GEMTEXT, "/~frank/", &r);
  assert_status(&r, STATUS_NOT_FOUND);
  folder_delete(&s->folder, "homes/frank/public");
  assert_int_equal(mkfifoat(s->folder.fd, "homes/frank/public", 0644), 0);
  stand_wait(s);
  ask(s, REPR_GEMTEXT, "/~frank/", &r);
  assert_status(&r, STATUS_NOT_FOUND);
  ask(s, REPR_MENU, "/~frank", &r);
  assert_status(&r, STATUS_NOT_FOUND);
  reply_free(&r);
}

static void item_types_of_what_users_have(void **state)
{
  struct stand *s = *state;
  static const struct {
    int line;
    const char *path;
    char type;
  } table[] = {
      {__LINE__, "/~alice", '1'},           {__LINE__, "/~alice/", '1'},          {__LINE__, "/~alice/list", '1'},
      {__LINE__, "/~alice/noname", '0'},    {__LINE__, "/~alice/plain.txt", '0'}, {__LINE__, "/~alice/doc/", '1'},
      {__LINE__, "/~alice/index.gmi", '1'},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    char type = '\0';
    for (int round = 0; round < 2; round++) { /* the first one may ask the pool */
      type = site_item_type(s->site, NULL, str_from(table[i].path));
      (void)pool_run_all(&s->pool);
    }
    if (type != table[i].type)
      fail_msg("line %d: %s is %c", table[i].line, table[i].path, type);
  }
}

/* What stands in the capsule under such a name can never be asked for, so it is not shown. */
static void the_roots_listing_shows_neither_users_nor_what_they_hide(void **state)
{
  struct stand *s = *state;
  struct reply r = REPLY_INIT;
  folder_delete(&s->folder, "capsule/index.gmi");
  folder_file(&s->folder, "capsule/~alice/index.gmi", "# Hidden\n");
  folder_file(&s->folder, "capsule/~notes.txt", "hidden\n");
  ask(s, REPR_GEMTEXT, "/", &r);
  assert_contains(reply_body(&r), "=> dir/ dir/\n");
  assert_lacks(reply_body(&r), "~");
  ask(s, REPR_GEMTEXT, "/~notes.txt", &r);
  assert_status(&r, STATUS_NOT_FOUND);
  ask(s, REPR_GEMTEXT, "/~alice/", &r);
  assert_string_equal(reply_body(&r), "# Alice\n");
  reply_free(&r);
}

static void homes_that_cannot_be_opened_are_an_error_that_names_them(void **state)
{
  struct stand *s = *state;
  struct buf why = BUF_INIT(1024);
  int err;
  assert_null(open_site(s, "capsule", "nowhere", "public", &why, &err));
  assert_int_equal(err, ERR_NOT_FOUND);
  buf_put_c(&why, '\0');
  assert_contains(why.p, "/nowhere: make it, or name another one by user-dirs");
  buf_clear(&why);
  assert_null(open_site(s, "capsule", "homes/alice/private.txt", "public", &why, &err));
  assert_int_equal(err, ERR_SYNTAX);
  buf_put_c(&why, '\0');
  assert_contains(why.p, "/homes/alice/private.txt is not a folder: name another one by user-dirs");
  buf_free(&why);
}

int main(void)
{
#define USERS_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
  const struct CMUnitTest tests[] = {
      USERS_TEST(what_a_user_publishes),
      USERS_TEST(listings_show_what_a_reader_may_follow),
      USERS_TEST(a_users_pages_are_kept_and_checked_like_all),
      USERS_TEST(a_user_who_comes_and_goes),
      USERS_TEST(item_types_of_what_users_have),
      USERS_TEST(the_roots_listing_shows_neither_users_nor_what_they_hide),
      USERS_TEST(homes_that_cannot_be_opened_are_an_error_that_names_them),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
