/* Gophermaps in gophernicus' dialect: pages that are made of them, for menus and as gemtext (P16). */
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
#include "site/map.h"
#include "site/state.h"

static const struct fill items[] = {
    {"gophermap", "!Welcome\n# a comment\nSome words\n0A text\tsub/a.txt\n1sub\t\n%\n~\n.\nnot read\n", NULL},
    {"sub/gophermap", "-b.txt\n-old\n-talk\n:png=g\n:PDF=d\n=../parts/top\nBefore\n*\nnot read\n", NULL},
    {"sub/a.txt", "a\n", NULL},
    {"sub/b.txt", "b\n", NULL},
    {"sub/c.PNG", "c\n", NULL},
    {"sub/d.pdf", "d\n", NULL},
    {"sub/e f.gmi", "# A title\n", NULL},
    {"sub/README", "text\n", NULL},
    {"sub/old/x.txt", "x\n", NULL},
    {"sub/new/x.txt", "x\n", NULL},
    {"sub/g.gophermap", "!In between\n0Inner\tinner.txt\n", NULL},
    {"sub/talk.overview.txt", "Talk\n\n1. One.\n\n2. Two.\n", NULL},
    {"sub/walk.overview.txt", "Walk\n\n1. One.\n\n2. Two.\n", NULL},
    {"sub/data.bin", "\x01", NULL},
    {"parts/top", "From the top\n=more\n=/parts/end\n", NULL},
    {"parts/end", "The end\n*\nnot read\n", NULL},
    {"sub/more", "0More\tmore.txt\n.\nnot read\n", NULL},
    {"faults/gophermap", "=missing\n=/usr/bin/uptime -p\n:png\n=../../etc\n=\n=loop\n=program\nThe rest\n=/sub\n",
     NULL},
    {"faults/loop", "Once\n=gophermap\n=loop\n", NULL},
    {"faults/program", "#!/bin/sh\necho SECRET\n", NULL},
    {"program/gophermap", "#!/bin/sh\necho SECRET\n", NULL},
    {"deep/gophermap", "=1\n", NULL},
    {"index/index.gmi", "# An index\n", NULL},
    {"index/gophermap", "!A map\n", NULL},
    {"plain/x.txt", "x\n", NULL},
    {NULL, NULL, NULL},
};

static const struct site_host hosts[] = {
    {"capsule.example", 1965, 70, NULL}, {"other.example", 1966, 0, NULL}, {"third.example", 0, 7070, "/third"}};

struct journal {
  struct stand stand;
  int saved, file; /* standard error, and what stands for it */
  struct buf text;
};

static struct journal *j;

static void begin(struct site_config config)
{
  static const char *const names[] = {"capsule.example"};
  j = calloc(1, sizeof *j);
  assert_non_null(j);
  config.names = names;
  config.n_names = 1;
  config.named = true;
  config.cache = (size_t)32 << 20;
  config.dialect = true;
  config.hosts = hosts;
  config.n_hosts = sizeof hosts / sizeof *hosts;
  stand_make_with(&j->stand, items, config);
  assert_int_equal(chmod(folder_path(&j->stand.folder, "faults/program"), 0755), 0);
  assert_int_equal(chmod(folder_path(&j->stand.folder, "program/gophermap"), 0755), 0);
  buf_init(&j->text, 1 << 20);
  j->saved = dup(STDERR_FILENO);
  j->file = open(folder_path(&j->stand.folder, ".journal"), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  assert_true(j->saved >= 0 && j->file >= 0);
  assert_true(dup2(j->file, STDERR_FILENO) >= 0);
}

static int setup(void **state)
{
  (void)state;
  begin((struct site_config){.lang = NULL});
  return 0;
}

static int teardown(void **state)
{
  (void)state;
  dup2(j->saved, STDERR_FILENO);
  close(j->saved);
  close(j->file);
  buf_free(&j->text);
  stand_remove(&j->stand);
  free(j);
  return 0;
}

static const char *logged(void)
{
  struct stat st;
  buf_clear(&j->text);
  assert_int_equal(fstat(j->file, &st), 0);
  char *room = buf_room(&j->text, (size_t)st.st_size + 1);
  assert_non_null(room);
  assert_int_equal(pread(j->file, room, (size_t)st.st_size, 0), st.st_size);
  room[st.st_size] = '\0';
  return room;
}

static unsigned count(const char *text, const char *part)
{
  unsigned n = 0;
  for (; (text = strstr(text, part)) != NULL; text++)
    n++;
  return n;
}

static const char *page(enum representation representation, const char *path)
{
  struct reply r = REPLY_INIT;
  ask(&j->stand, representation, path, &r);
  assert_status(&r, STATUS_SUCCESS);
  assert_int_equal(r.format, representation == REPR_MENU ? FORMAT_GOPHERMAP : FORMAT_GEMTEXT);
  assert_string_equal(reply_base(&r), strrchr(path, '/')[1] ? "" : path);
  static char *copy;
  free(copy);
  copy = strdup(reply_body(&r));
  reply_free(&r);
  return copy;
}

static void lines_are_what_they_ask_for_P16(void **state)
{
  (void)state;
  assert_string_equal(page(REPR_MENU, "/"), "iWelcome\t\niSome words\t\n0A text\tsub/a.txt\n1sub\t\n"
                                            "1capsule.example\t/\tcapsule.example\t70\n"
                                            "hother.example\tURL:gemini://other.example:1966/\n"
                                            "1third.example\t/third/\tthird.example\t7070\n");
  assert_string_equal(page(REPR_GEMTEXT, "/"), "# Welcome\nSome words\n=> /sub/a.txt A text\n=> /sub sub\n"
                                               "=> gemini://capsule.example/ capsule.example\n"
                                               "=> gemini://other.example:1966/ other.example\n"
                                               "=> gopher://third.example:7070/1/third/ third.example\n");
  assert_string_equal(logged(), "");
}

static void a_star_lists_the_directory_P16(void **state)
{
  (void)state;
  static const char menu[] = "iFrom the top\t\n0More\tmore.txt\niThe end\t\niBefore\t\n"
                             "1Up\t/\t\t\n"
                             "0README (5 bytes)\t/sub/README\t\t\n"
                             "0a.txt (2 bytes)\t/sub/a.txt\t\t\n"
                             "gc.PNG (2 bytes)\t/sub/c.PNG\t\t\n"
                             "dd.pdf (2 bytes)\t/sub/d.pdf\t\t\n"
                             "9data.bin (1 byte)\t/sub/data.bin\t\t\n"
                             "1A title\t/sub/e%20f.gmi\t\t\n"
                             "iIn between\t\n0Inner\tinner.txt\n"
                             "0more (26 bytes)\t/sub/more\t\t\n"
                             "1new/\t/sub/new/\t\t\n"
                             "1Walk\t/sub/walk/\t\t\n";
  static const char gemtext[] = "From the top\n=> /sub/more.txt More\nThe end\nBefore\n"
                                "=> / Up\n"
                                "=> /sub/README README (5 bytes)\n"
                                "=> /sub/a.txt a.txt (2 bytes)\n"
                                "=> /sub/c.PNG c.PNG (2 bytes)\n"
                                "=> /sub/d.pdf d.pdf (2 bytes)\n"
                                "=> /sub/data.bin data.bin (1 byte)\n"
                                "=> /sub/e%20f.gmi A title\n"
                                "# In between\n=> /sub/inner.txt Inner\n"
                                "=> /sub/more more (26 bytes)\n"
                                "=> /sub/new/ new/\n"
                                "=> /sub/walk/ Walk\n";
  for (int i = 0; i < 2; i++) {
    assert_string_equal(page(REPR_MENU, "/sub/"), menu);
    assert_string_equal(page(REPR_GEMTEXT, "/sub/"), gemtext);
  }
  assert_string_equal(logged(), "");
}

/* What cannot be had is left out, and its author finds why in the log: once for each version of the map. */
static void faults_are_left_out_and_told(void **state)
{
  (void)state;
  static const char *const said[] = {
      "/faults/gophermap:1: missing: there is no such map in the capsule, and programs are not run\n",
      "/faults/gophermap:2: /usr/bin/uptime -p: there is no such map in the capsule, and programs are not run\n",
      "/faults/gophermap:3: expected :SUFFIX=TYPE, where TYPE is one character\n",
      "/faults/gophermap:4: ../../etc: this is no path within the capsule\n",
      "/faults/gophermap:5: expected =PATH of another map\n",
  };
  for (int i = 0; i < 3; i++) {
    assert_string_equal(page(REPR_MENU, "/faults/"), "iOnce\t\niThe rest\t\n");
    assert_string_equal(page(REPR_GEMTEXT, "/faults/"), "Once\nThe rest\n");
    stand_wait(&j->stand);
  }
  for (size_t i = 0; i < sizeof said / sizeof *said; i++)
    assert_int_equal(count(logged(), said[i]), 1);
  assert_int_equal(count(logged(), "/faults/"), MAP_COMPLAINTS_MAX);
  folder_write(&j->stand.folder, "faults/gophermap", STR("=loop\n=program\n=/sub\n"));
  stand_wait(&j->stand);
  assert_string_equal(page(REPR_MENU, "/faults/"), "iOnce\t\n");
  assert_contains(logged(), "/faults/loop:2: gophermap: this map is being read already: it includes itself\n");
  assert_contains(logged(), "/faults/loop:3: loop: this map is being read already: it includes itself\n");
  assert_contains(logged(), "/faults/gophermap:2: program: this map is a program (everybody may execute it), and "
                            "programs are not run: if it is a text, chmod -x\n");
  assert_contains(logged(), "/faults/gophermap:3: /sub: not a regular file\n");
}

static void a_map_that_is_a_program_is_not_run_and_not_shown(void **state)
{
  (void)state;
  assert_string_equal(page(REPR_MENU, "/program/"),
                      "iThis menu is made by a program, and programs are not run here.\t\n");
  assert_string_equal(page(REPR_GEMTEXT, "/program/"),
                      "This menu is made by a program, and programs are not run here.\n");
  assert_int_equal(count(logged(), "/program/gophermap: this map is a program"), 1);
  assert_int_equal(chmod(folder_path(&j->stand.folder, "program/gophermap"), 0644), 0);
  stand_wait(&j->stand);
  assert_contains(page(REPR_MENU, "/program/"), "iecho SECRET\t\n");
}

static void maps_one_within_another_have_an_end(void **state)
{
  (void)state;
  char path[32], text[64];
  for (int i = 1; i < 12; i++) {
    (void)snprintf(path, sizeof path, "deep/%d", i);
    (void)snprintf(text, sizeof text, "Level %d\n=%d\n", i, i + 1);
    folder_write(&j->stand.folder, path, str_from(text));
  }
  const char *menu = page(REPR_MENU, "/deep/");
  assert_int_equal(count(menu, "iLevel "), MAP_DEPTH_MAX - 1);
  assert_contains(logged(), "/deep/7:2: 8: this would be the ninth map one within another\n");

  struct buf many = BUF_INIT(1 << 20);
  for (int i = 0; i < 150; i++)
    buf_put_str(&many, i < 2 ? STR("%\n") : STR("=leaf\n"));
  folder_write(&j->stand.folder, "deep/leaf", STR("Leaf\n"));
  folder_write(&j->stand.folder, "deep/gophermap", buf_str(&many));
  stand_wait(&j->stand);
  menu = page(REPR_MENU, "/deep/");
  assert_int_equal(count(menu, "iLeaf\t"), MAP_FILES_MAX - 3);
  assert_int_equal(count(menu, "1capsule.example\t"), 2);
  assert_contains(logged(), "/deep/gophermap:100: leaf: this would be one map or list more than 100 in a page\n");

  buf_clear(&many);
  for (int i = 0; i < 10000; i++)
    buf_put_str(&many, STR("123456789012345678901234567890\n"));
  folder_write(&j->stand.folder, "deep/leaf", buf_str(&many));
  folder_write(&j->stand.folder, "deep/gophermap", STR("=leaf\n=leaf\n=leaf\n=leaf\n=leaf\n"));
  stand_wait(&j->stand);
  assert_int_equal(count(page(REPR_MENU, "/deep/"), "i1234"), 30000);
  assert_contains(logged(), "/deep/gophermap:4: leaf: the maps of a page have 1 MiB at most, all together\n");
  buf_free(&many);
}

/* What is hidden from readers may be put into a page by its own directory's author, and by no other. */
static void a_hidden_map_is_its_own_directorys(void **state)
{
  (void)state;
  folder_write(&j->stand.folder, "parts/.hidden", STR("Hidden\n"));
  folder_write(&j->stand.folder, "parts/.in/part", STR("Hidden, too\n"));
  folder_write(&j->stand.folder, "parts/gophermap", STR("=.hidden\n=.in/part\n"));
  folder_write(&j->stand.folder, "deep/gophermap", STR("=/parts/.hidden\n=../parts/.in/part\n"));
  assert_string_equal(page(REPR_MENU, "/parts/"), "iHidden\t\n");
  assert_string_equal(page(REPR_MENU, "/deep/"), "");
  assert_contains(logged(),
                  "/deep/gophermap:1: /parts/.hidden: this map has a hidden name, and is not in the page's own "
                  "directory\n");
  assert_int_equal(count(logged(), "has a hidden name"), 3);
}

/* What an included map, or the directory, says is seen within a second. */
static void a_page_follows_all_that_it_is_made_of(void **state)
{
  (void)state;
  assert_contains(page(REPR_MENU, "/sub/"), "iFrom the top\t");
  folder_write(&j->stand.folder, "parts/top", STR("Changed\n"));
  folder_write(&j->stand.folder, "sub/z.txt", STR("z\n"));
  stand_wait(&j->stand);
  assert_contains(page(REPR_MENU, "/sub/"), "iChanged\t");
  assert_contains(page(REPR_MENU, "/sub/"), "0z.txt (2 bytes)\t");
  assert_contains(page(REPR_GEMTEXT, "/sub/"), "Changed\n");
  /* One that is made of one file alone is kept for as long as that stays. */
  (void)page(REPR_MENU, "/");
  unsigned long built = stand_built(&j->stand);
  stand_wait(&j->stand);
  (void)page(REPR_MENU, "/");
  assert_int_equal(stand_built(&j->stand), built);
  folder_write(&j->stand.folder, "gophermap", STR("Other words\n"));
  stand_wait(&j->stand);
  assert_string_equal(page(REPR_MENU, "/"), "iOther words\t\n");
}

static void an_index_rules_on_gemini_and_other_sites_are_plain(void **state)
{
  (void)state;
  struct reply r = REPLY_INIT;
  assert_string_equal(page(REPR_MENU, "/index/"), "iA map\t\n");
  ask(&j->stand, REPR_GEMTEXT, "/index/", &r);
  assert_string_equal(reply_body(&r), "# An index\n");
  ask(&j->stand, REPR_MENU, "/plain/", &r);
  assert_int_equal(r.format, FORMAT_GEMTEXT);
  ask(&j->stand, REPR_GEMTEXT, "/sub", &r);
  assert_status(&r, STATUS_REDIRECT_PERMANENT);
  j->stand.site->root.dialect = false;
  cache_clear(j->stand.site->cache);
  ask(&j->stand, REPR_MENU, "/index/", &r);
  assert_string_equal(reply_body(&r), "!A map\n");
  reply_free(&r);
}

/* ---- what is not for everybody */

static struct rule *rule(struct rules *rules, const char *pattern)
{
  struct rule *one = rules_add(rules, STR("/"), str_from(pattern));
  assert_non_null(one);
  return one;
}

static void what_is_behind_a_gate_is_in_no_open_page(void **state)
{
  (void)state;
  struct rules rules;
  rules_init(&rules);
  rule(&rules, "/parts/end")->gate = (struct gate){.set = true, .any = true};
  rule(&rules, "/plain/")->listing = TOGGLE_OFF;
  begin((struct site_config){.rules = &rules});
  rules_free(&rules);
  folder_write(&j->stand.folder, "plain/gophermap", STR("Words\n*\n"));
  assert_lacks(page(REPR_MENU, "/sub/"), "The end");
  assert_contains(page(REPR_MENU, "/sub/"), "iFrom the top\t");
  assert_contains(logged(), "/parts/top:3: /parts/end: this map may not be for everybody who sees the page\n");
  assert_string_equal(page(REPR_MENU, "/plain/"), "iWords\t\n");
  assert_contains(logged(), "/plain/gophermap:2: *: this directory is not to be listed, as its settings say\n");
  (void)teardown(NULL);
}

static void users_are_listed_and_have_their_own_files_P16(void **state)
{
  (void)state;
  struct folder homes;
  folder_make(&homes);
  folder_file(&homes, "bob/pub/gophermap", "Bob\n=part\n=/parts/end\n=/~ann/part\n");
  folder_file(&homes, "bob/pub/part", "Part\n");
  folder_file(&homes, "ann/pub/part", "SECRET\n");
  folder_file(&homes, "none/other/part", "SECRET\n");
  begin((struct site_config){.homes = homes.path, .user_folder = "pub"});
  assert_contains(page(REPR_MENU, "/"), "\n1~ann\t/~ann/\t\t\n1~bob\t/~bob/\t\t\n");
  assert_lacks(page(REPR_MENU, "/"), "none");
  assert_contains(page(REPR_GEMTEXT, "/"), "\n=> /~ann/ ~ann\n=> /~bob/ ~bob\n");
  assert_string_equal(page(REPR_MENU, "/~bob/"), "iBob\t\niPart\t\n");
  assert_contains(logged(), "/~bob/gophermap:3: /parts/end: this map is another user's\n");
  assert_contains(logged(), "/~bob/gophermap:4: /~ann/part: this map is another user's\n");
  folder_write(&j->stand.folder, "gophermap", STR("=/~ann/part\n"));
  stand_wait(&j->stand);
  assert_string_equal(page(REPR_MENU, "/"), "");
  (void)teardown(NULL);
  folder_remove(&homes);
}

/* The site may go while the pool makes a page. */
static void a_site_may_be_closed_meanwhile(void **state)
{
  (void)state;
  struct reply r = REPLY_INIT;
  ask_start(&j->stand, REPR_MENU, "/sub/", &r);
  if (!r.came)
    site_cancel(r.answer);
  site_close(j->stand.site);
  mime_free(j->stand.mime); /* borrowed until site_close, and no longer */
  (void)pool_run_all(&j->stand.pool);
  reply_free(&r);
  j->stand.mime = mime_load_from(NULL, NULL);
  static const char *const names[] = {"capsule.example"};
  struct buf why = BUF_INIT(1024);
  const struct site_config config = {.root = j->stand.folder.path, .names = names, .n_names = 1};
  assert_int_equal(site_open(&config, &j->stand.pool.env, j->stand.mime, &j->stand.site, &why), 0);
  buf_free(&why);
}

#define row(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
  const struct CMUnitTest tests[] = {
      row(lines_are_what_they_ask_for_P16),
      row(a_star_lists_the_directory_P16),
      row(faults_are_left_out_and_told),
      row(a_map_that_is_a_program_is_not_run_and_not_shown),
      row(maps_one_within_another_have_an_end),
      row(a_hidden_map_is_its_own_directorys),
      row(a_page_follows_all_that_it_is_made_of),
      row(an_index_rules_on_gemini_and_other_sites_are_plain),
      cmocka_unit_test(what_is_behind_a_gate_is_in_no_open_page),
      cmocka_unit_test(users_are_listed_and_have_their_own_files_P16),
      row(a_site_may_be_closed_meanwhile),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
