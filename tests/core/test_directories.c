/* Directories: the slash, indexes, gophermaps, and which of them answers whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/ask.h"

static const struct fill capsule[] = {
    {"index.gmi", "# Home\n", NULL},
    {"gemini/index.gemini", "# Gemini\n", NULL},
    {"both/index.gmi", "# Both\n", NULL},
    {"both/gophermap", "A map\n0Text\ttext.txt\n", NULL},
    {"map/gophermap", "Welcome to the map\n0A text\ttext.txt\n1Elsewhere\t/x\tgopher.example\t70\n", NULL},
    {"map/text.txt", "text\n", NULL},
    {"listing/a.gmi", "# First\n", NULL},
    {"dirindex/", NULL, NULL},
    {"dirindex/index.gmi/", NULL, NULL},
    {"a b/ü/index.gmi", "# Deep\n", NULL},
    {"a:b/x.txt", "x\n", NULL},
    {"linked", NULL, "listing"},
    {"leaves", NULL, "/etc"},
    {"gph/index.gph", "[0|A text|text.txt|server|port]\n", NULL},
    {"gph/more.gph", "[1|Below|sub/]\n", NULL},
    {"gphboth/index.gph", "by hand\n", NULL},
    {"gphboth/index.gmi", "# Both\n", NULL},
    {"gphmap/index.gph", "the other\n", NULL},
    {"gphmap/gophermap", "the map\n", NULL},
    {"leavesindex/index.gmi", NULL, "/etc/hostname"},
    {NULL, NULL, NULL},
};

static void who_answers_for_a_directory(void **state)
{
  static const struct {
    int line;
    enum representation representation;
    const char *path;
    enum format format;
    const char *base, *holds;
  } table[] = {
      {__LINE__, REPR_GEMTEXT, "", FORMAT_GEMTEXT, "/", "# Home"}, /* G11 */
      {__LINE__, REPR_GEMTEXT, "/", FORMAT_GEMTEXT, "/", "# Home"},
      {__LINE__, REPR_MENU, "", FORMAT_GEMTEXT, "/", "# Home"},
      {__LINE__, REPR_GEMTEXT, "/gemini/", FORMAT_GEMTEXT, "/gemini/", "# Gemini"},
      {__LINE__, REPR_MENU, "/gemini/", FORMAT_GEMTEXT, "/gemini/", "# Gemini"},
      {__LINE__, REPR_GEMTEXT, "/both/", FORMAT_GEMTEXT, "/both/", "# Both"}, /* P16 */
      {__LINE__, REPR_MENU, "/both/", FORMAT_GOPHERMAP, "/both/", "A map"},
      {__LINE__, REPR_MENU, "/both", FORMAT_GOPHERMAP, "/both/", "A map"}, /* G16: on Gopher it answers itself */
      {__LINE__, REPR_GEMTEXT, "/map/", FORMAT_GEMTEXT, "/map/", "Welcome to the map"},
      {__LINE__, REPR_GEMTEXT, "/map/", FORMAT_GEMTEXT, "/map/", "text.txt A text"},
      {__LINE__, REPR_GEMTEXT, "/map/", FORMAT_GEMTEXT, "/map/", "gopher://gopher.example"},
      {__LINE__, REPR_MENU, "/map/", FORMAT_GOPHERMAP, "/map/", "0A text\ttext.txt\n"},
      {__LINE__, REPR_GEMTEXT, "/gph/", FORMAT_GEMTEXT, "/gph/", "=> /gph/text.txt A text\n"},
      {__LINE__, REPR_MENU, "/gph/", FORMAT_GPH, "/gph/", "[0|A text|text.txt|server|port]\n"},
      {__LINE__, REPR_MENU, "/gph", FORMAT_GPH, "/gph/", "[0|A text|text.txt|server|port]\n"},
      {__LINE__, REPR_GEMTEXT, "/gph/more.gph", FORMAT_GEMTEXT, "/gph/more.gph", "=> /gph/sub/ Below\n"},
      {__LINE__, REPR_MENU, "/gph/more.gph", FORMAT_GPH, "/gph/more.gph", "[1|Below|sub/]\n"},
      {__LINE__, REPR_GEMTEXT, "/gphboth/", FORMAT_GEMTEXT, "/gphboth/", "# Both"},
      {__LINE__, REPR_MENU, "/gphboth/", FORMAT_GPH, "/gphboth/", "hand"},
      {__LINE__, REPR_MENU, "/gphmap/", FORMAT_GOPHERMAP, "/gphmap/", "the map"},
      {__LINE__, REPR_GEMTEXT, "/gphmap/", FORMAT_GEMTEXT, "/gphmap/", "the map"},
      {__LINE__, REPR_GEMTEXT, "/listing/", FORMAT_GEMTEXT, "/listing/", "=> a.gmi First\n"},
      {__LINE__, REPR_MENU, "/listing", FORMAT_GEMTEXT, "/listing/", "=> a.gmi First\n"},
      {__LINE__, REPR_GEMTEXT, "/linked/", FORMAT_GEMTEXT, "/linked/", "# linked\n"},
      {__LINE__, REPR_GEMTEXT, "/dirindex/", FORMAT_GEMTEXT, "/dirindex/", "=> index.gmi/ index.gmi/\n"},
      {__LINE__, REPR_GEMTEXT, "/a%20b/%C3%BC/", FORMAT_GEMTEXT, "/a%20b/%C3%BC/", "# Deep"},
      {__LINE__, REPR_MENU, "/a%20b/%C3%BC", FORMAT_GEMTEXT, "/a%20b/%C3%BC/", "# Deep"},
  };
  struct reply r = REPLY_INIT;
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    ask(*state, table[i].representation, table[i].path, &r);
    if (r.status != STATUS_SUCCESS || r.format != table[i].format || strcmp(reply_base(&r), table[i].base) != 0 ||
        !strstr(reply_body(&r), table[i].holds))
      fail_msg("line %d: %s gave %d %s, format %d, base %s:\n%s", table[i].line, table[i].path, (int)r.status,
               reply_meta(&r), (int)r.format, reply_base(&r), reply_body(&r));
  }
  reply_free(&r);
}

static void a_directory_without_its_slash_is_31_G16(void **state)
{
  static const struct {
    int line;
    const char *path, *target;
  } table[] = {
      {__LINE__, "/map", "/map/"},
      {__LINE__, "/map?a%20b=c", "/map/?a%20b=c"},
      {__LINE__, "/map?", "/map/?"},
      {__LINE__, "//map", "/map/"}, /* never another host */
      {__LINE__, "/listing/../both", "/both/"},
      {__LINE__, "/linked", "/linked/"},
      {__LINE__, "/a%20b/%C3%BC", "/a%20b/%C3%BC/"},
      {__LINE__, "/a%20b", "/a%20b/"},
      {__LINE__, "/a:b", "/a:b/"},
  };
  struct reply r = REPLY_INIT;
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    ask(*state, REPR_GEMTEXT, table[i].path, &r);
    if (r.status != STATUS_REDIRECT_PERMANENT || strcmp(reply_meta(&r), table[i].target) != 0)
      fail_msg("line %d: %s gave %d %s", table[i].line, table[i].path, (int)r.status, reply_meta(&r));
  }
  reply_free(&r);
}

static void a_redirect_that_has_no_room_is_never_cut(void **state)
{
  struct stand *s = *state;
  struct reply r = REPLY_INIT;
  char path[1024] = "/map?";
  size_t n = strlen(path);
  memset(path + n, 'q', sizeof path - n);
  path[sizeof path - 1] = '\0';
  path[META_MAX - 1] = '\0'; /* with its slash 1024 bytes: just fits */
  ask(s, REPR_GEMTEXT, path, &r);
  assert_status(&r, STATUS_REDIRECT_PERMANENT);
  assert_int_equal(r.meta.n, META_MAX);

  char *longer = malloc(sizeof path + 2);
  assert_non_null(longer);
  memcpy(longer, path, META_MAX - 1);
  memcpy(longer + META_MAX - 1, "qq", 3);
  ask(s, REPR_GEMTEXT, longer, &r);
  assert_status(&r, STATUS_NOT_FOUND);
  assert_contains(reply_meta(&r), "slash");
  free(longer);
  reply_free(&r);
}

static void directories_that_lead_out_are_51_G13(void **state)
{
  static const char *const paths[] = {"/leaves", "/leaves/", "/leaves/passwd", "/leavesindex/"};
  struct reply r = REPLY_INIT;
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    for (int representation = REPR_GEMTEXT; representation <= REPR_MENU; representation++) {
      ask(*state, (enum representation)representation, paths[i], &r);
      if (r.status != STATUS_NOT_FOUND)
        fail_msg("%s gave %d %s", paths[i], (int)r.status, reply_meta(&r));
    }
  }
  reply_free(&r);
}

static void an_unreadable_index_refuses_its_directory_G19(void **state)
{
  struct stand *s = *state;
  struct reply r = REPLY_INIT;
  assert_int_equal(chmod(folder_path(&s->folder, "both/index.gmi"), 0), 0);
  assert_int_equal(chmod(folder_path(&s->folder, "gemini"), 0711), 0);
  assert_int_equal(chmod(folder_path(&s->folder, "listing"), 0311), 0);
  stand_give_up_rights(s);
  ask(s, REPR_GEMTEXT, "/both/", &r);
  enum status both = r.status;
  ask(s, REPR_GEMTEXT, "/gemini", &r);
  enum status passing = r.status;
  ask(s, REPR_GEMTEXT, "/listing/", &r);
  stand_take_rights_back();
  assert_int_equal(both, STATUS_NOT_FOUND);
  assert_int_equal(passing, STATUS_REDIRECT_PERMANENT); /* A directory that only lets pass is one still. */
  assert_status(&r, STATUS_NOT_FOUND);
  assert_int_equal(chmod(folder_path(&s->folder, "listing"), 0755), 0);
  reply_free(&r);
}

/* Its owner did not mean the folder to be listed, whatever became of the index. */
static void an_index_that_is_no_file_refuses_its_directory_G13(void **state)
{
  struct stand *s = *state;
  struct reply r = REPLY_INIT;
  static const char *const names[] = {"index.gmi", "index.gemini", "gophermap"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char path[64];
    (void)snprintf(path, sizeof path, "listing/%s", names[i]);
    assert_int_equal(mkfifo(folder_path(&s->folder, path), 0644), 0);
    for (int representation = REPR_GEMTEXT; representation <= REPR_MENU; representation++) {
      ask(s, (enum representation)representation, "/listing/", &r);
      if (r.status != STATUS_NOT_FOUND)
        fail_msg("%s, representation %d: %d", names[i], representation, (int)r.status);
    }
    assert_int_equal(unlink(folder_path(&s->folder, path)), 0);
  }
  reply_free(&r);
}

static void a_map_too_large_to_translate_is_refused_with_a_reason(void **state)
{
  struct stand *s = *state;
  struct reply r = REPLY_INIT;
  enum { LARGE = 1024 * 1024 + 1 };
  char *map = malloc(LARGE);
  assert_non_null(map);
  memset(map, '\n', LARGE);
  folder_write(&s->folder, "map/gophermap", str_make(map, LARGE));
  ask(s, REPR_GEMTEXT, "/map/", &r);
  assert_status(&r, STATUS_NOT_FOUND);
  assert_contains(reply_meta(&r), "too large");
  ask(s, REPR_MENU, "/map/", &r);
  assert_status(&r, STATUS_SUCCESS);
  free(map);
  reply_free(&r);
}

static void what_is_added_or_taken_away_shows_within_a_second(void **state)
{
  struct stand *s = *state;
  struct reply r = REPLY_INIT;
  ask(s, REPR_GEMTEXT, "/listing/", &r);
  assert_contains(reply_body(&r), "# listing\n");
  folder_write(&s->folder, "listing/gophermap", STR("mapped\n"));
  stand_wait(s);
  ask(s, REPR_GEMTEXT, "/listing/", &r);
  assert_contains(reply_body(&r), "mapped");
  folder_write(&s->folder, "listing/index.gmi", STR("# Index\n"));
  stand_wait(s);
  ask(s, REPR_GEMTEXT, "/listing/", &r);
  assert_contains(reply_body(&r), "# Index\n");
  folder_delete(&s->folder, "listing/index.gmi");
  folder_delete(&s->folder, "listing/gophermap");
  stand_wait(s);
  ask(s, REPR_GEMTEXT, "/listing/", &r);
  assert_contains(reply_body(&r), "# listing\n");
  folder_delete(&s->folder, "listing/a.gmi");
  folder_delete(&s->folder, "listing");
  stand_wait(s);
  ask(s, REPR_GEMTEXT, "/listing/", &r);
  assert_status(&r, STATUS_NOT_FOUND);
  reply_free(&r);
}

static void item_types_come_from_names_and_looks(void **state)
{
  struct stand *s = *state;
  folder_write(&s->folder, "README", STR("text\n"));
  folder_write(&s->folder, "BINARY", str_make("\0\1", 2));
  folder_write(&s->folder, "v1.2/x.txt", STR("x"));
  folder_write(&s->folder, "notes.md/x.txt", STR("x"));
  folder_write(&s->folder, "notes.overview.txt", STR("Title\n\n1. One\n"));
  static const struct {
    int line;
    const char *path;
    char type;
  } table[] = {
      {__LINE__, "/", '1'},         {__LINE__, "/map", '1'},       {__LINE__, "/map/", '1'},
      {__LINE__, "/v1.2", '1'},     {__LINE__, "/README", '0'},    {__LINE__, "/README?x", '0'},
      {__LINE__, "/BINARY", '9'},   {__LINE__, "/index.gmi", '1'}, {__LINE__, "/map/text.txt", '0'},
      {__LINE__, "/notes", '1'},    {__LINE__, "/notes/", '1'},    {__LINE__, "/notes/1.gmi", '1'},
      {__LINE__, "/a%20b", '1'},    {__LINE__, "/x.png", 'I'},     {__LINE__, "/notes.overview.txt", '0'},
      {__LINE__, "/x.gif", 'g'},    {__LINE__, "/linked", '1'},    {__LINE__, "/listing/../README", '0'},
      {__LINE__, "/notes.md", '1'},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    (void)site_item_type(s->site, NULL, str_from(table[i].path));
    pool_run_all(&s->pool); /* a file system may know nothing at once */
    char type = site_item_type(s->site, NULL, str_from(table[i].path));
    if (type != table[i].type)
      fail_msg("line %d: %s is %c, not %c", table[i].line, table[i].path, type, table[i].type);
  }
}

#define row(test) stand_test(test, capsule)

int main(void)
{
  const struct CMUnitTest tests[] = {
      row(who_answers_for_a_directory),
      row(a_directory_without_its_slash_is_31_G16),
      row(a_redirect_that_has_no_room_is_never_cut),
      row(directories_that_lead_out_are_51_G13),
      row(an_unreadable_index_refuses_its_directory_G19),
      row(an_index_that_is_no_file_refuses_its_directory_G13),
      row(a_map_too_large_to_translate_is_refused_with_a_reason),
      row(what_is_added_or_taken_away_shows_within_a_second),
      row(item_types_come_from_names_and_looks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
