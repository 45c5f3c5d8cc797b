/* Overviews: the tree of pages that a document becomes, where it stands, and when it is made anew. */
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

#include "../support/ask.h"
#include "text/overview.h"

#define DOCUMENT                                                                                                       \
  "The Meeting\n\nSeptember 26, 2012\n\nA lead.\n\n1. First point.\n\n2. Second point.\n\n3. Third point.\n"

static const struct fill capsule[] = {
    {"meeting.overview.txt", DOCUMENT, NULL},
    {"deep/down/talk.overview.txt", "Talk\n\n1. Only one.\n", NULL},
    {"dir.overview.txt", "Shadowed\n\n1. One.\n", NULL},
    {"dir/x.txt", "x\n", NULL},
    {"file.overview.txt", "Shadowed\n\n1. One.\n", NULL},
    {"file", "real\n", NULL},
    {"adir.overview.txt/", NULL, NULL},
    {".hidden.overview.txt", "Hidden\n\n1. One.\n", NULL},
    {"linked.overview.txt", NULL, "meeting.overview.txt"},
    {"leaves.overview.txt", NULL, "/etc/hostname"},
    {"pointless.overview.txt", "Only text\n\nNo points at all.\n", NULL},
    {"1.gmi.overview.txt", "Odd name\n\n1. One.\n", NULL},
    {NULL, NULL, NULL},
};

static void the_tree_of_a_document(void **state)
{
  static const struct {
    int line;
    const char *path;
    enum status gemtext, menu;
    const char *base, *holds;
  } table[] = {
      {__LINE__, "/meeting", STATUS_REDIRECT_PERMANENT, STATUS_SUCCESS, "/meeting/", "# The Meeting\n"},
      {__LINE__, "/meeting/", STATUS_SUCCESS, STATUS_SUCCESS, "/meeting/", "# The Meeting\n"},
      {__LINE__, "/meeting/", STATUS_SUCCESS, STATUS_SUCCESS, "/meeting/", "September 26, 2012\n"},
      {__LINE__, "/meeting/", STATUS_SUCCESS, STATUS_SUCCESS, "/meeting/", "=> 2.gmi "},
      {__LINE__, "/meeting/", STATUS_SUCCESS, STATUS_SUCCESS, "/meeting/", "=> ../meeting.overview.txt"},
      {__LINE__, "/meeting/", STATUS_SUCCESS, STATUS_SUCCESS, "/meeting/", "=> ../ Back to Index\n"},
      {__LINE__, "/meeting/1.gmi", STATUS_SUCCESS, STATUS_SUCCESS, "/meeting/1.gmi", "First point."},
      {__LINE__, "/meeting/3.gmi", STATUS_SUCCESS, STATUS_SUCCESS, "/meeting/3.gmi", "Third point."},
      {__LINE__, "/meeting/3.gmi", STATUS_SUCCESS, STATUS_SUCCESS, "/meeting/3.gmi", "=> 2.gmi "},
      {__LINE__, "/deep/down/talk/", STATUS_SUCCESS, STATUS_SUCCESS, "/deep/down/talk/", "# Talk\n"},
      {__LINE__, "/deep/down/talk/1.gmi", STATUS_SUCCESS, STATUS_SUCCESS, "/deep/down/talk/1.gmi", "Only one."},
      {__LINE__, "/linked/", STATUS_SUCCESS, STATUS_SUCCESS, "/linked/", "# The Meeting\n"},
      {__LINE__, "/pointless/", STATUS_SUCCESS, STATUS_SUCCESS, "/pointless/", "No points at all."},
      {__LINE__, "/1.gmi/1.gmi", STATUS_SUCCESS, STATUS_SUCCESS, "/1.gmi/1.gmi", "One."},
      {__LINE__, "/1.gmi/", STATUS_SUCCESS, STATUS_SUCCESS, "/1.gmi/", "# Odd name\n"},
      {__LINE__, "/meeting/4.gmi", STATUS_NOT_FOUND, STATUS_NOT_FOUND, "", ""},
      {__LINE__, "/meeting/01.gmi", STATUS_NOT_FOUND, STATUS_NOT_FOUND, "", ""},
      {__LINE__, "/meeting/0.gmi", STATUS_NOT_FOUND, STATUS_NOT_FOUND, "", ""},
      {__LINE__, "/meeting/1", STATUS_NOT_FOUND, STATUS_NOT_FOUND, "", ""},
      {__LINE__, "/meeting/.gmi", STATUS_NOT_FOUND, STATUS_NOT_FOUND, "", ""},
      {__LINE__, "/meeting/1.gmi/", STATUS_NOT_FOUND, STATUS_NOT_FOUND, "", ""},
      {__LINE__, "/meeting/1.gmi/1.gmi", STATUS_NOT_FOUND, STATUS_NOT_FOUND, "", ""},
      {__LINE__, "/meeting/x/1.gmi", STATUS_NOT_FOUND, STATUS_NOT_FOUND, "", ""},
      {__LINE__, "/meeting.overview.txt/", STATUS_NOT_FOUND, STATUS_NOT_FOUND, "", ""},
      {__LINE__, "/adir", STATUS_NOT_FOUND, STATUS_NOT_FOUND, "", ""},
      {__LINE__, "/adir/", STATUS_NOT_FOUND, STATUS_NOT_FOUND, "", ""},
      {__LINE__, "/.hidden/", STATUS_NOT_FOUND, STATUS_NOT_FOUND, "", ""}, /* G23 */
      {__LINE__, "/.hidden.overview.txt", STATUS_NOT_FOUND, STATUS_NOT_FOUND, "", ""},
      {__LINE__, "/leaves/", STATUS_NOT_FOUND, STATUS_NOT_FOUND, "", ""}, /* G13 */
      {__LINE__, "/leaves/1.gmi", STATUS_NOT_FOUND, STATUS_NOT_FOUND, "", ""},
      {__LINE__, "/dir/1.gmi", STATUS_NOT_FOUND, STATUS_NOT_FOUND, "", ""}, /* something real has its name */
      {__LINE__, "/file/", STATUS_NOT_FOUND, STATUS_NOT_FOUND, "", ""},
      {__LINE__, "/file/1.gmi", STATUS_NOT_FOUND, STATUS_NOT_FOUND, "", ""},
      {__LINE__, "/", STATUS_SUCCESS, STATUS_SUCCESS, "/", "=> meeting/ 2012-09-26 The Meeting\n"},
  };
  struct reply r = REPLY_INIT;
  for (int pass = 0; pass < 2; pass++) { /* made, and from the cache */
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
      for (int representation = REPR_GEMTEXT; representation <= REPR_MENU; representation++) {
        enum status wanted = representation == REPR_MENU ? table[i].menu : table[i].gemtext;
        ask(*state, (enum representation)representation, table[i].path, &r);
        bool page = r.status == STATUS_SUCCESS;
        if (r.status != wanted ||
            (page && (strcmp(reply_base(&r), table[i].base) != 0 || r.format != FORMAT_GEMTEXT ||
                      strcmp(reply_meta(&r), "text/gemini") != 0 || !strstr(reply_body(&r), table[i].holds))))
          fail_msg("line %d: %s gave %d %s, base %s:\n%s", table[i].line, table[i].path, (int)r.status, reply_meta(&r),
                   reply_base(&r), reply_body(&r));
      }
    }
  }
  ask(*state, REPR_GEMTEXT, "/meeting?q", &r);
  assert_string_equal(reply_meta(&r), "/meeting/?q"); /* G16 */
  reply_free(&r);
}

static void the_source_is_a_plain_file_P15(void **state)
{
  struct reply r = REPLY_INIT;
  ask(*state, REPR_GEMTEXT, "/meeting.overview.txt", &r);
  assert_string_equal(reply_meta(&r), "text/plain");
  assert_string_equal(reply_body(&r), DOCUMENT);
  ask(*state, REPR_GEMTEXT, "/dir.overview.txt", &r);
  assert_status(&r, STATUS_SUCCESS);
  reply_free(&r);
}

static void what_is_real_stands_and_nothing_virtual_beside_it(void **state)
{
  struct stand *s = *state;
  struct reply r = REPLY_INIT;
  ask(s, REPR_GEMTEXT, "/dir/", &r);
  assert_contains(reply_body(&r), "x.txt");
  ask(s, REPR_GEMTEXT, "/file", &r);
  assert_string_equal(reply_body(&r), "real\n");
  /* It comes and goes with what is on the disk, also when the tree is in the cache. */
  ask(s, REPR_GEMTEXT, "/meeting/2.gmi", &r);
  assert_status(&r, STATUS_SUCCESS);
  folder_write(&s->folder, "meeting/real.txt", STR("x"));
  stand_wait(s);
  ask(s, REPR_GEMTEXT, "/meeting/2.gmi", &r);
  assert_status(&r, STATUS_NOT_FOUND);
  ask(s, REPR_GEMTEXT, "/meeting/", &r);
  assert_contains(reply_body(&r), "real.txt");
  folder_delete(&s->folder, "meeting/real.txt");
  folder_delete(&s->folder, "meeting");
  stand_wait(s);
  ask(s, REPR_GEMTEXT, "/meeting/2.gmi", &r);
  assert_status(&r, STATUS_SUCCESS);
  folder_delete(&s->folder, "meeting.overview.txt");
  stand_wait(s);
  ask(s, REPR_GEMTEXT, "/meeting/2.gmi", &r);
  assert_status(&r, STATUS_NOT_FOUND);
  reply_free(&r);
}

static void a_document_that_is_edited_shows_within_a_second(void **state)
{
  struct stand *s = *state;
  struct reply r = REPLY_INIT;
  ask(s, REPR_GEMTEXT, "/meeting/1.gmi", &r);
  ask(s, REPR_GEMTEXT, "/meeting/", &r);
  unsigned long built = stand_built(s);
  ask(s, REPR_GEMTEXT, "/meeting/1.gmi", &r);
  ask(s, REPR_GEMTEXT, "/meeting/", &r);
  assert_int_equal(stand_built(s), built); /* from the cache */

  s->pool.ahead = 0;
  folder_write(&s->folder, "meeting.overview.txt", STR("Edited\n\n1. Another point.\n"));
  stand_wait(s);
  ask(s, REPR_GEMTEXT, "/meeting/", &r);
  assert_contains(reply_body(&r), "# Edited\n");
  ask(s, REPR_GEMTEXT, "/meeting/1.gmi", &r);
  assert_contains(reply_body(&r), "Another point.");
  ask(s, REPR_GEMTEXT, "/meeting/2.gmi", &r);
  assert_status(&r, STATUS_NOT_FOUND);

  /* The same size within the same tick: a file so young is not believed. */
  folder_write(&s->folder, "meeting.overview.txt", STR("Edited\n\n1. Anothex point.\n"));
  stand_wait(s);
  ask(s, REPR_GEMTEXT, "/meeting/1.gmi", &r);
  assert_contains(reply_body(&r), "Anothex point.");
  /* Once it has settled, it is believed again. */
  s->pool.ahead = 2;
  ask(s, REPR_GEMTEXT, "/meeting/1.gmi", &r);
  built = stand_built(s);
  ask(s, REPR_GEMTEXT, "/meeting/1.gmi", &r);
  assert_int_equal(stand_built(s), built);
  reply_free(&r);
}

static void an_edit_that_leaves_size_and_time_as_they_were_shows(void **state)
{
  struct stand *s = *state;
  struct reply r = REPLY_INIT;
  struct stat before;
  const char *path = "meeting.overview.txt";
  folder_write(&s->folder, path, STR("Title\n\n1. One point.\n"));
  ask(s, REPR_GEMTEXT, "/meeting/1.gmi", &r);
  assert_contains(reply_body(&r), "One point.");
  assert_int_equal(stat(folder_path(&s->folder, path), &before), 0);
  folder_write(&s->folder, path, STR("Title\n\n1. Two point.\n"));
  const struct timespec times[2] = {before.st_atim, before.st_mtim};
  assert_int_equal(utimensat(AT_FDCWD, folder_path(&s->folder, path), times, 0), 0);
  s->pool.now += 1000;
  ask(s, REPR_GEMTEXT, "/meeting/1.gmi", &r);
  assert_contains(reply_body(&r), "Two point.");
  reply_free(&r);
}

static void a_document_above_the_limit_is_served_plain_only(void **state)
{
  struct stand *s = *state;
  struct reply r = REPLY_INIT;
  char *text = malloc(OVERVIEW_MAX + 1);
  assert_non_null(text);
  memset(text, 'x', OVERVIEW_MAX + 1);
  folder_write(&s->folder, "large.overview.txt", str_make(text, OVERVIEW_MAX + 1));
  free(text);
  static const char *const paths[] = {"/large", "/large/", "/large/1.gmi"};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    ask(s, REPR_GEMTEXT, paths[i], &r);
    assert_status(&r, STATUS_NOT_FOUND);
    assert_contains(reply_meta(&r), "too large");
  }
  ask(s, REPR_GEMTEXT, "/large.overview.txt", &r);
  assert_status(&r, STATUS_SUCCESS);
  assert_int_equal(r.body.n, OVERVIEW_MAX + 1);
  ask(s, REPR_GEMTEXT, "/", &r);
  assert_contains(reply_body(&r), "=> large.overview.txt large.overview.txt (8 MiB)\n");
  reply_free(&r);
}

/* 10,000 points: the document is parsed once, whoever asks for which page. */
static void the_document_is_parsed_once_for_all_its_pages(void **state)
{
  struct stand *s = *state;
  enum { POINTS = 999 };
  struct buf text = BUF_INIT(1 << 20);
  buf_put_str(&text, STR("Many points\n\n"));
  for (int i = 1; i <= POINTS; i++)
    buf_printf(&text, "%d. Point number %d.\n\n", i, i);
  folder_write(&s->folder, "many.overview.txt", buf_str(&text));
  folder_age(&s->folder, "many.overview.txt", 3600);
  buf_free(&text);

  /* All ask at once, and nobody has parsed it yet: one job does, the others wait for it. */
  enum { READERS = 50 };
  struct reply reply[READERS];
  unsigned long before = stand_built(s);
  for (int i = 0; i < READERS; i++) {
    char path[64];
    reply[i] = (struct reply)REPLY_INIT;
    (void)snprintf(path, sizeof path, "/many/%d.gmi", i + 1);
    unsigned waiting = s->pool.n;
    unsigned long built = stand_built(s);
    ask_start(s, REPR_GEMTEXT, path, &reply[i]);
    stand_look(s, waiting, built);
  }
  assert_int_equal(stand_built(s), before + 1);
  pool_run_all(&s->pool);
  for (int i = 0; i < READERS; i++) {
    char wanted[64];
    reply_pull(s, &reply[i]);
    (void)snprintf(wanted, sizeof wanted, "Point number %d.", i + 1);
    assert_status(&reply[i], STATUS_SUCCESS);
    assert_contains(reply_body(&reply[i]), wanted);
    reply_free(&reply[i]);
  }
}

static void both_representations_of_the_capsule_that_ships(void **state)
{
  (void)state;
  static const char path[] = "capsule/japan-russia-foreign-ministers-2012-09.overview.txt";
  FILE *in = fopen(path, "r");
  if (!in)
    fail_msg("%s: run the tests from the top of the tree", path);
  char text[8192];
  size_t n = fread(text, 1, sizeof text, in);
  (void)fclose(in);

  struct stand s;
  stand_make(&s, NULL);
  folder_write(&s.folder, "japan.overview.txt", str_make(text, n));
  struct reply gemtext = REPLY_INIT, menu = REPLY_INIT;
  ask(&s, REPR_GEMTEXT, "/japan/", &gemtext);
  ask(&s, REPR_MENU, "/japan", &menu);
  assert_string_equal(reply_body(&gemtext), reply_body(&menu));
  assert_string_equal(reply_base(&gemtext), reply_base(&menu));
  assert_contains(reply_body(&gemtext), "# Japan-Russia Foreign Ministers’ Meeting (Overview)\n");
  assert_contains(reply_body(&gemtext), "September 26, 2012\n");
  assert_contains(reply_body(&gemtext), "=> 5.gmi ");
  assert_contains(reply_body(&gemtext), "Back to Index\n");
  ask(&s, REPR_GEMTEXT, "/japan/4.gmi", &gemtext);
  assert_contains(reply_body(&gemtext), "Patriarch of Moscow and All Russia.");
  assert_lacks(reply_body(&gemtext), "4. 4.");
  ask(&s, REPR_GEMTEXT, "/japan/6.gmi", &gemtext);
  assert_status(&gemtext, STATUS_NOT_FOUND);
  ask(&s, REPR_GEMTEXT, "/", &gemtext);
  assert_contains(reply_body(&gemtext), "=> japan/ 2012-09-26 Japan-Russia Foreign Ministers’ Meeting (Overview)\n");
  reply_free(&gemtext);
  reply_free(&menu);
  stand_remove(&s);
}

#define row(test) stand_test(test, capsule)

int main(void)
{
  const struct CMUnitTest tests[] = {
      row(the_tree_of_a_document),
      row(the_source_is_a_plain_file_P15),
      row(what_is_real_stands_and_nothing_virtual_beside_it),
      row(a_document_that_is_edited_shows_within_a_second),
      row(an_edit_that_leaves_size_and_time_as_they_were_shows),
      row(a_document_above_the_limit_is_served_plain_only),
      row(the_document_is_parsed_once_for_all_its_pages),
      cmocka_unit_test(both_representations_of_the_capsule_that_ships),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
