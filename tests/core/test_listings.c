/* Listings: what they show, in which order, and how much they read for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/ask.h"
#include "site/listing.h"

static void listing(const struct fill *items, const char *path, struct reply *r)
{
  struct stand s;
  stand_make(&s, items);
  ask(&s, REPR_GEMTEXT, path, r);
  stand_remove(&s);
  assert_status(r, STATUS_SUCCESS);
  assert_int_equal(r->format, FORMAT_GEMTEXT);
  assert_true(r->body.n > 0 && r->body.p[r->body.n - 1] == '\n'); /* G21 */
}

static void labels_dates_and_order_G24(void **state)
{
  (void)state;
  static const struct fill items[] = {
      {"log/plain.txt", "x", NULL},
      {"log/zebra.gmi", "Some text first\n## Second level\n# Zebra\n", NULL},
      {"log/heading-date.gmi", "# 2012-09-26 Ministers met\n", NULL},
      {"log/colon.gmi", "\xef\xbb\xbf# 2012-09-27: With a colon\r\n", NULL},
      {"log/line-date.gmi", "# Later\n\n26 September 2013\n\nText\n", NULL},
      {"log/2011-01-02-from-name.gmi", "# From its name\n", NULL},
      {"log/2010-01-02-report.txt", "12345", NULL},
      {"log/2009-01-02.txt", "1", NULL},
      {"log/2012-13-45-no-date.txt", "1", NULL},
      {"log/no-heading.gmi", "just text\n", NULL},
      {"log/fenced.gmi", "```\n# not a heading\n2014-01-01\n```\n", NULL},
      {"log/sub/index.gmi", "# The subfolder\n", NULL},
      {"log/empty/", NULL, NULL},
      {NULL, NULL, NULL},
  };
  struct reply r = REPLY_INIT;
  listing(items, "/log/", &r);
  assert_string_equal(reply_body(&r), "# log\n\n"
                                      "=> ../ Up\n"
                                      "=> line-date.gmi 2013-09-26 Later\n"
                                      "=> colon.gmi 2012-09-27 With a colon\n"
                                      "=> heading-date.gmi 2012-09-26 Ministers met\n"
                                      "=> 2011-01-02-from-name.gmi 2011-01-02 From its name\n"
                                      "=> 2010-01-02-report.txt 2010-01-02 report.txt (5 bytes)\n"
                                      "=> 2009-01-02.txt 2009-01-02 2009-01-02.txt (1 byte)\n"
                                      "=> 2012-13-45-no-date.txt 2012-13-45-no-date.txt (1 byte)\n"
                                      "=> empty/ empty/\n"
                                      "=> fenced.gmi fenced.gmi\n"
                                      "=> no-heading.gmi no-heading.gmi\n"
                                      "=> plain.txt plain.txt (1 byte)\n"
                                      "=> sub/ The subfolder\n"
                                      "=> zebra.gmi Second level\n");
  reply_free(&r);
}

static void names_are_encoded_in_links_and_readable_in_labels(void **state)
{
  (void)state;
  static const struct fill items[] = {
      {"d/a b.txt", "", NULL},         {"d/a:b.txt", "", NULL},
      {"d/100%.txt", "", NULL},        {"d/=> x.txt", "", NULL},
      {"d/caf\xc3\xa9.txt", "", NULL}, {"d/caf\xe9.txt", "", NULL},
      {"d/ctl\x1b[2J.txt", "", NULL},  {"d/line\nbreak.txt", "", NULL},
      {"d/q?#.txt", "", NULL},         {"d/rtl\xe2\x80\xae.txt", "", NULL},
      {"d/dir:x/", NULL, NULL},        {NULL, NULL, NULL},
  };
  static const char *const lines[] = {
      "\n=> a%20b.txt a b.txt (0 bytes)\n",
      "\n=> ./a:b.txt a:b.txt (0 bytes)\n", /* G16 */
      "\n=> 100%25.txt 100%.txt (0 bytes)\n",
      "\n=> =%3E%20x.txt => x.txt (0 bytes)\n",
      "\n=> caf%C3%A9.txt caf\xc3\xa9.txt (0 bytes)\n",
      "\n=> caf%E9.txt caf\xef\xbf\xbd.txt (0 bytes)\n",
      "\n=> ctl%1B%5B2J.txt ctl\xef\xbf\xbd[2J.txt (0 bytes)\n",
      "\n=> line%0Abreak.txt line break.txt (0 bytes)\n",
      "\n=> q%3F%23.txt q?#.txt (0 bytes)\n",
      "\n=> rtl%E2%80%AE.txt rtl\xef\xbf\xbd.txt (0 bytes)\n",
      "\n=> ./dir:x/ dir:x/\n",
  };
  struct reply r = REPLY_INIT;
  listing(items, "/d/", &r);
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
    assert_contains(reply_body(&r), lines[i]);
  reply_free(&r);
}

static void hidden_special_and_outside_entries_are_left_out_G23_G13(void **state)
{
  (void)state;
  static const struct fill items[] = {
      {"d/.hidden", "x", NULL},         {"d/.dir/x", "x", NULL},
      {"d/x.txt", "x", NULL},           {"d/out", NULL, "/etc/hostname"},
      {"d/outdir", NULL, "../../.."},   {"d/dangling", NULL, "nowhere"},
      {"d/in.txt", NULL, "../top.txt"}, {"d/loop", NULL, "loop"},
      {"d/indir", NULL, "../e"},        {"e/y.txt", "", NULL},
      {"top.txt", "12", NULL},          {NULL, NULL, NULL},
  };
  struct stand s;
  struct reply r = REPLY_INIT;
  stand_make(&s, items);
  assert_int_equal(mkfifo(folder_path(&s.folder, "d/pipe"), 0644), 0);
  ask(&s, REPR_GEMTEXT, "/d/", &r);
  assert_string_equal(reply_body(&r), "# d\n\n=> ../ Up\n=> in.txt in.txt (2 bytes)\n=> indir/ indir/\n"
                                      "=> x.txt x.txt (1 byte)\n");
  assert_int_equal(chmod(folder_path(&s.folder, "d/x.txt"), 0), 0);
  stand_wait(&s);
  stand_give_up_rights(&s);
  ask(&s, REPR_GEMTEXT, "/d/", &r);
  stand_take_rights_back();
  assert_lacks(reply_body(&r), "x.txt");
  assert_contains(reply_body(&r), "in.txt");
  reply_free(&r);
  stand_remove(&s);
}

static void the_root_is_called_by_the_site_and_has_no_way_up(void **state)
{
  (void)state;
  static const struct fill items[] = {{"x/", NULL, NULL}, {NULL, NULL, NULL}};
  struct reply r = REPLY_INIT;
  listing(items, "/", &r);
  assert_string_equal(reply_body(&r), "# capsule.example\n\n=> x/ x/\n");

  /* Where the name is only the default, the folder's own name says more. */
  static const char *const names[] = {"localhost"};
  struct stand s;
  stand_make_with(&s, items, (struct site_config){.names = names, .n_names = 1, .named = false});
  ask(&s, REPR_GEMTEXT, "/", &r);
  assert_contains(reply_body(&r), "# nuncio-test-");
  ask(&s, REPR_GEMTEXT, "/x/", &r);
  assert_string_equal(reply_body(&r), "# x\n\n=> ../ Up\nThere is nothing in this directory yet.\n");
  stand_remove(&s);
  reply_free(&r);
}

static void an_overview_is_one_entry(void **state)
{
  (void)state;
  static const struct fill items[] = {
      {"o/meeting.overview.txt", "The Meeting\n\nSeptember 26, 2012\n\n1. One\n", NULL},
      {"o/untitled.overview.txt", "1. One\n", NULL},
      {"o/taken.overview.txt", "Taken\n\n1. One\n", NULL},
      {"o/taken/x.txt", "", NULL},
      {"o/a:b.overview.txt", "Colon\n", NULL},
      {"o/again.overview.txt", "2011-01-01 Said once\n\n2011-01-01\n\n1. One\n", NULL},
      {NULL, NULL, NULL},
  };
  struct reply r = REPLY_INIT;
  listing(items, "/o/", &r);
  assert_string_equal(reply_body(&r), "# o\n\n=> ../ Up\n"
                                      "=> meeting/ 2012-09-26 The Meeting\n"
                                      "=> again/ 2011-01-01 Said once\n"
                                      "=> ./a:b/ Colon\n"
                                      "=> taken/ taken/\n"
                                      "=> taken.overview.txt taken.overview.txt (14 bytes)\n"
                                      "=> untitled/ untitled\n");
  reply_free(&r);
}

static void a_child_that_is_edited_shows_within_two_seconds(void **state)
{
  (void)state;
  static const struct fill items[] = {{"d/a.gmi", "# One\n", NULL}, {NULL, NULL, NULL}};
  struct stand s;
  struct reply r = REPLY_INIT;
  stand_make(&s, items);
  ask(&s, REPR_GEMTEXT, "/d/", &r);
  assert_contains(reply_body(&r), "=> a.gmi One\n");
  unsigned long built = stand_built(&s);
  ask(&s, REPR_GEMTEXT, "/d/", &r);
  assert_int_equal(stand_built(&s), built); /* from the cache */

  s.pool.ahead = 0;
  folder_write(&s.folder, "d/a.gmi", STR("# Two\n"));
  s.pool.now += 1000;
  ask(&s, REPR_GEMTEXT, "/d/", &r);
  assert_contains(reply_body(&r), "=> a.gmi Two\n");
  /* Edited again in the same second, the same size: what has not settled is never believed. */
  folder_write(&s.folder, "d/a.gmi", STR("# Six\n"));
  ask(&s, REPR_GEMTEXT, "/d/", &r);
  assert_contains(reply_body(&r), "=> a.gmi Six\n");

  /* What comes and goes shows at once, since the directory itself is looked at. */
  folder_write(&s.folder, "d/b.txt", STR("b"));
  ask(&s, REPR_GEMTEXT, "/d/", &r);
  assert_contains(reply_body(&r), "b.txt");
  folder_delete(&s.folder, "d/a.gmi");
  ask(&s, REPR_GEMTEXT, "/d/", &r);
  assert_lacks(reply_body(&r), "a.gmi");
  reply_free(&r);
  stand_remove(&s);
}

/* What a slow pool has seen is as old as the question was. */
static void a_child_that_is_edited_behind_a_slow_build_shows(void **state)
{
  (void)state;
  static const struct fill items[] = {{"d/a.gmi", "# One\n", NULL}, {NULL, NULL, NULL}};
  struct stand s;
  struct reply r = REPLY_INIT;
  stand_make(&s, items);
  ask_start(&s, REPR_GEMTEXT, "/d/", &r);
  stand_look(&s, 0, 0);
  struct work *w = stand_run(&s);
  folder_write(&s.folder, "d/a.gmi", STR("# Two\n"));
  s.pool.now += 1000;
  w->done(w, false);
  reply_pull(&s, &r);
  assert_contains(reply_body(&r), "=> a.gmi One\n");
  ask(&s, REPR_GEMTEXT, "/d/", &r);
  assert_contains(reply_body(&r), "=> a.gmi Two\n");
  reply_free(&r);
  stand_remove(&s);
}

static void make_titled(struct stand *s, size_t n)
{
  stand_make(s, NULL);
  for (size_t i = 0; i < n; i++) {
    char name[64], text[64];
    (void)snprintf(name, sizeof name, "many/%05zu.gmi", i);
    int length = snprintf(text, sizeof text, "# Title %zu\n", i);
    folder_write(&s->folder, name, str_make(text, (size_t)length));
    folder_age(&s->folder, name, 3600);
  }
  folder_age(&s->folder, "many", 3600);
}

/* More names than are looked into. They are hard links to one file: to a listing all the same, and soon made. */
static void make_many(struct stand *s, size_t n)
{
  stand_make(s, NULL);
  folder_write(&s->folder, "many/00000.gmi", STR("# Title\n"));
  folder_age(&s->folder, "many/00000.gmi", 3600);
  for (size_t i = 1; i < n; i++) {
    char name[64];
    (void)snprintf(name, sizeof name, "many/%05zu.gmi", i);
    assert_int_equal(linkat(s->folder.fd, "many/00000.gmi", s->folder.fd, name, 0), 0);
  }
  folder_age(&s->folder, "many", 3600);
}

/* A listing may be kept for long, and the cache counts what it says of its size. */
static void a_listing_takes_no_more_memory_than_it_says(void **state)
{
  (void)state;
  static const size_t sizes[] = {1, 65, 130, 1100};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    enum { ALLOCATOR = 3 * (4096 + 64) };
    struct stand s;
    struct listing *l = NULL;
    make_titled(&s, sizes[i]);
    struct root root = root_of(open(s.folder.path, O_PATH | O_DIRECTORY | O_CLOEXEC));
    assert_int_equal(listing_build(&root, STR("/many/"), s.pool.env.wall(&s.pool.env), NULL, NULL, &l), 0);
    assert_int_equal(l->n, sizes[i]);
    size_t taken = malloc_usable_size(l->entry) + malloc_usable_size(l->by_name) + malloc_usable_size(l->text.p);
    assert_true(taken <= listing_size(l) + (sizes[i] < 100 ? 128 : ALLOCATOR));
    listing_free(l);
    close(root.folder);
    stand_remove(&s);
  }
}

/* No file is read twice that has not changed (the issue: remember labels by inode and modification time). */
static void labels_are_remembered(void **state)
{
  (void)state;
  enum { N = 300 };
  struct stand s;
  make_titled(&s, N);
  struct root root = root_of(open(s.folder.path, O_PATH | O_DIRECTORY | O_CLOEXEC));
  assert_true(root.folder >= 0);
  struct listing *first = NULL, *second = NULL, *third = NULL;
  assert_int_equal(listing_build(&root, STR("/many/"), s.pool.env.wall(&s.pool.env), NULL, NULL, &first), 0);
  assert_int_equal(first->n, N);
  assert_int_equal(first->files_read, N);
  assert_true(first->settled);

  folder_write(&s.folder, "many/00100.gmi", STR("# Changed\n"));
  folder_delete(&s.folder, "many/00200.gmi");
  folder_write(&s.folder, "many/new.gmi", STR("# New\n"));
  const int64_t changed_ns = env_wall(&s.pool.env);
  assert_int_equal(listing_build(&root, STR("/many/"), changed_ns, first, NULL, &second), 0);
  assert_int_equal(second->n, N);
  assert_int_equal(second->files_read, 2);
  assert_false(second->settled);
  listing_free(first); /* nothing of it is kept */
  for (size_t i = 0; i < second->n; i++) {
    struct str name = listing_name(second, &second->entry[i]), title = listing_title(second, &second->entry[i]);
    if (str_eq(name, STR("00100.gmi")))
      assert_true(str_eq(title, STR("Changed")));
    if (str_eq(name, STR("00101.gmi")))
      assert_true(str_eq(title, STR("Title 101")));
  }
  /* What had not settled is read again. */
  assert_int_equal(listing_build(&root, STR("/many/"), changed_ns, second, NULL, &third), 0);
  assert_int_equal(third->files_read, 2);
  listing_free(second);
  listing_free(third);
  close(root.folder);
  stand_remove(&s);
}

static void ten_thousand_files_are_plain_names_and_never_opened(void **state)
{
  (void)state;
  enum { N = 10000 };
  struct stand s;
  struct reply r = REPLY_INIT;
  make_many(&s, N);
  ask_start(&s, REPR_GEMTEXT, "/many/", &r);
  assert_false(r.came); /* not in the loop */
  pool_run_all(&s.pool);
  reply_pull(&s, &r);
  assert_contains(reply_body(&r), "\n=> 00000.gmi 00000.gmi\n");
  assert_contains(reply_body(&r), "\n=> 09999.gmi 09999.gmi\n");
  unsigned long built = stand_built(&s);

  /* The next visitors have it from the cache, however much later: the directory's own time says all. */
  s.pool.now += 3600 * 1000;
  for (int i = 0; i < 10; i++) {
    ask(&s, REPR_GEMTEXT, "/many/", &r);
    assert_contains(reply_body(&r), "09999.gmi");
  }
  assert_int_equal(stand_built(&s), built);
  struct root root = root_of(open(s.folder.path, O_PATH | O_DIRECTORY | O_CLOEXEC));
  struct listing *l = NULL;
  assert_int_equal(listing_build(&root, STR("/many/"), s.pool.env.wall(&s.pool.env), NULL, NULL, &l), 0);
  assert_true(l->plain && l->lasting);
  assert_int_equal(l->files_read, 0);
  listing_free(l);
  close(root.folder);

  folder_write(&s.folder, "many/zzz.txt", STR("x"));
  stand_wait(&s);
  ask(&s, REPR_GEMTEXT, "/many/", &r);
  assert_contains(reply_body(&r), "\n=> zzz.txt zzz.txt\n");
  reply_free(&r);
  stand_remove(&s);
}

/* A document is known by its name, and its tree is linked unless something has the tree's name. */
static void plain_names_lead_to_the_trees_of_overviews(void **state)
{
  (void)state;
  struct stand s;
  struct reply r = REPLY_INIT;
  make_many(&s, LISTING_LABELLED + 1);
  folder_write(&s.folder, "many/met.overview.txt", STR("Met\n\n1. One.\n"));
  folder_write(&s.folder, "many/taken.overview.txt", STR("Taken\n\n1. One.\n"));
  folder_write(&s.folder, "many/taken", STR("x"));
  folder_write(&s.folder, "many/taken-too", STR("x")); /* stands between the two in the order of names */
  folder_write(&s.folder, "many/.overview.txt", STR("x"));
  folder_link(&s.folder, "many/linked.overview.txt", "met.overview.txt");
  ask(&s, REPR_GEMTEXT, "/many/", &r);
  assert_contains(reply_body(&r), "\n=> met/ met\n");
  assert_contains(reply_body(&r), "\n=> linked/ linked\n");
  assert_contains(reply_body(&r), "\n=> taken.overview.txt taken.overview.txt\n");
  assert_contains(reply_body(&r), "\n=> taken taken\n");
  ask(&s, REPR_GEMTEXT, "/many/met/", &r);
  assert_contains(reply_body(&r), "# Met\n");
  ask(&s, REPR_GEMTEXT, "/many/linked/1.gmi", &r);
  assert_status(&r, STATUS_SUCCESS);
  reply_free(&r);
  stand_remove(&s);
}

static void plain_names_leave_out_what_leads_out_too_G13(void **state)
{
  (void)state;
  struct stand s;
  struct reply r = REPLY_INIT;
  make_many(&s, LISTING_LABELLED + 1);
  folder_link(&s.folder, "many/out", "/etc/hostname");
  folder_link(&s.folder, "many/in", "00000.gmi");
  folder_link(&s.folder, "many/up", "..");
  folder_write(&s.folder, "many/sub/x", STR(""));
  assert_int_equal(mkfifo(folder_path(&s.folder, "many/pipe"), 0644), 0);
  ask(&s, REPR_GEMTEXT, "/many/", &r);
  assert_contains(reply_body(&r), "\n=> in in\n");
  assert_contains(reply_body(&r), "\n=> up/ up/\n");
  assert_contains(reply_body(&r), "\n=> sub/ sub/\n");
  assert_lacks(reply_body(&r), "=> out");
  assert_lacks(reply_body(&r), "=> pipe");
  reply_free(&r);
  stand_remove(&s);
}

static void a_listing_that_is_cut_says_so(void **state)
{
  (void)state;
  struct listing l = {.cut = true, .plain = true, .text = BUF_INIT(100)};
  struct buf out = BUF_INIT(1000);
  assert_int_equal(listing_put(&l, STR("many"), true, NULL, &out), 0);
  buf_put_c(&out, '\0');
  assert_contains(out.p, "\nThis directory holds more than can be shown here.\n");
  buf_free(&out);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(labels_dates_and_order_G24),
      cmocka_unit_test(names_are_encoded_in_links_and_readable_in_labels),
      cmocka_unit_test(hidden_special_and_outside_entries_are_left_out_G23_G13),
      cmocka_unit_test(the_root_is_called_by_the_site_and_has_no_way_up),
      cmocka_unit_test(an_overview_is_one_entry),
      cmocka_unit_test(a_child_that_is_edited_shows_within_two_seconds),
      cmocka_unit_test(a_child_that_is_edited_behind_a_slow_build_shows),
      cmocka_unit_test(labels_are_remembered),
      cmocka_unit_test(a_listing_takes_no_more_memory_than_it_says),
      cmocka_unit_test(ten_thousand_files_are_plain_names_and_never_opened),
      cmocka_unit_test(plain_names_lead_to_the_trees_of_overviews),
      cmocka_unit_test(a_listing_that_is_cut_says_so),
      cmocka_unit_test(plain_names_leave_out_what_leads_out_too_G13),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
