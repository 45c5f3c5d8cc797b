/* Files: types, hidden names, errors, what must never be opened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/ask.h"
#include "base/err.h"
#include "site/ready.h"

static const struct fill capsule[] = {
    {"index.gmi", "# Home\n", NULL},
    {"about.gmi", "# About\n", NULL},
    {"old.gemini", "# Old\n", NULL},
    {"UPPER.GMI", "# Upper\n", NULL},
    {"notes.txt", "notes\r\n.\r\n", NULL},
    {"empty.txt", "", NULL},
    {"README", "Read me, ünïcode\n", NULL},
    {"BINARY", "\x01\x02\x03", NULL},
    {"LATIN1", "caf\xe9\n", NULL},
    {"data.unheardof", "x", NULL},
    {"photo.png", "\x89PNG", NULL},
    {"a b%2F?.txt", "odd\n", NULL},
    {"100%.txt", "percent\n", NULL},
    {".secret", "no\n", NULL},
    {".git/config", "no\n", NULL},
    {"docs/.draft.gmi", "no\n", NULL},
    {".well-known/security.txt", "Contact: x\n", NULL},
    {"docs/.well-known/x.txt", "no\n", NULL},
    {"robots.txt", "User-agent: *\n", NULL},
    {"inside.txt", NULL, "docs/real.txt"},
    {"docs/real.txt", "real\n", NULL},
    {"docs/up.txt", NULL, "../notes.txt"},
    {"absolute.txt", NULL, "/etc/hostname"},
    {"outside.txt", NULL, "../../../../../../etc/hostname"},
    {"dangling.txt", NULL, "nowhere.txt"},
    {NULL, NULL, NULL},
};

static void files_have_the_type_of_their_name_G20_or_content(void **state)
{
  static const struct {
    int line;
    const char *path, *meta;
    enum format format;
    const char *body;
  } table[] = {
      {__LINE__, "/about.gmi", "text/gemini", FORMAT_GEMTEXT, "# About\n"},
      {__LINE__, "/old.gemini", "text/gemini", FORMAT_GEMTEXT, "# Old\n"},
      {__LINE__, "/UPPER.GMI", "text/gemini", FORMAT_GEMTEXT, "# Upper\n"},
      {__LINE__, "/notes.txt", "text/plain", FORMAT_PLAIN, "notes\r\n.\r\n"},
      {__LINE__, "/empty.txt", "text/plain", FORMAT_PLAIN, ""},
      {__LINE__, "/README", "text/plain", FORMAT_PLAIN, "Read me, ünïcode\n"},
      {__LINE__, "/BINARY", "application/octet-stream", FORMAT_PLAIN, "\x01\x02\x03"},
      {__LINE__, "/LATIN1", "application/octet-stream", FORMAT_PLAIN, "caf\xe9\n"},
      {__LINE__, "/data.unheardof", "application/octet-stream", FORMAT_PLAIN, "x"},
      {__LINE__, "/photo.png", "image/png", FORMAT_PLAIN, "\x89PNG"},
      {__LINE__, "/a%20b%252F%3F.txt", "text/plain", FORMAT_PLAIN, "odd\n"},
      {__LINE__, "/100%25.txt", "text/plain", FORMAT_PLAIN, "percent\n"},
      {__LINE__, "/robots.txt", "text/plain", FORMAT_PLAIN, "User-agent: *\n"},
      {__LINE__, "/.well-known/security.txt", "text/plain", FORMAT_PLAIN, "Contact: x\n"},
      {__LINE__, "/about.gmi?a=b&c", "text/gemini", FORMAT_GEMTEXT, "# About\n"}, /* G14 */
      {__LINE__, "/inside.txt", "text/plain", FORMAT_PLAIN, "real\n"},            /* G13 */
      {__LINE__, "/docs/up.txt", "text/plain", FORMAT_PLAIN, "notes\r\n.\r\n"},
      {__LINE__, "/docs/../about.gmi", "text/gemini", FORMAT_GEMTEXT, "# About\n"},
  };
  struct reply r = REPLY_INIT;
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    for (int representation = REPR_GEMTEXT; representation <= REPR_MENU; representation++) {
      ask(*state, (enum representation)representation, table[i].path, &r);
      if (r.status != STATUS_SUCCESS || strcmp(reply_meta(&r), table[i].meta) != 0 || r.format != table[i].format ||
          strcmp(reply_body(&r), table[i].body) != 0)
        fail_msg("line %d: %s gave %d %s, format %d: %s", table[i].line, table[i].path, (int)r.status, reply_meta(&r),
                 (int)r.format, reply_body(&r));
      if (r.format == FORMAT_GEMTEXT && strcmp(table[i].path, "/about.gmi") == 0)
        assert_string_equal(reply_base(&r), "/about.gmi");
    }
  }
  reply_free(&r);
}

static void what_is_not_there_is_51_and_named(void **state)
{
  static const struct {
    int line;
    const char *path, *says;
  } table[] = {
      {__LINE__, "/nothing.gmi", "There is no page at /nothing.gmi"},
      {__LINE__, "/nothing/at/all", "/nothing/at/all"},
      {__LINE__, "/about.gmi/", "/about.gmi/"},   /* a file has nothing below it */
      {__LINE__, "/about.gmi/x", "/about.gmi/x"}, /* nor this */
      {__LINE__, "/README/", "/README/"},
      {__LINE__, "/.secret", "/.secret"}, /* G23 */
      {__LINE__, "/.git/config", "/.git/config"},
      {__LINE__, "/.git/", "/.git/"},
      {__LINE__, "/docs/.draft.gmi", "/docs/.draft.gmi"},
      {__LINE__, "/docs/.well-known/x.txt", "/docs/.well-known/x.txt"},
      {__LINE__, "/dangling.txt", "There is no page at /dangling.txt"},
      {__LINE__, "/absolute.txt", "The page at /absolute.txt cannot be shown"}, /* G13 */
      {__LINE__, "/outside.txt", "The page at /outside.txt cannot be shown"},
      {__LINE__, "/caf%C3%A9", "/café"},
      {__LINE__, "/caf%E9%0D%0A20", "/caf\xef\xbf\xbd  20"}, /* nothing of a name can end the header */
      {__LINE__, "/%E2%80%AEtxt", "/\xef\xbf\xbdtxt"},       /* or turn it around */
      {__LINE__, "/about.gmi%20", "/about.gmi "},
      {__LINE__, "/%5C..%5Cabout.gmi", "/\\..\\about.gmi"},
  };
  struct reply r = REPLY_INIT;
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    ask(*state, REPR_GEMTEXT, table[i].path, &r);
    if (r.status != STATUS_NOT_FOUND || !strstr(reply_meta(&r), table[i].says))
      fail_msg("line %d: %s gave %d %s", table[i].line, table[i].path, (int)r.status, reply_meta(&r));
  }
  reply_free(&r);
}

static void names_longer_than_a_file_system_holds_are_51_G18(void **state)
{
  struct reply r = REPLY_INIT;
  char path[1000];
  memset(path, 'a', sizeof path);
  path[0] = '/';
  path[sizeof path - 1] = '\0';
  ask(*state, REPR_GEMTEXT, path, &r);
  assert_status(&r, STATUS_NOT_FOUND);
  assert_contains(reply_meta(&r), "aaa…");
  path[256] = '/';
  ask(*state, REPR_MENU, path, &r);
  assert_status(&r, STATUS_NOT_FOUND);
  reply_free(&r);
}

static void special_files_are_51_and_never_opened_G13(void **state)
{
  struct stand *s = *state;
  struct reply r = REPLY_INIT;
  assert_int_equal(mkfifo(folder_path(&s->folder, "pipe"), 0644), 0);
  ask(s, REPR_GEMTEXT, "/pipe", &r); /* opening it would hang for want of a writer */
  assert_status(&r, STATUS_NOT_FOUND);
  ask(s, REPR_GEMTEXT, "/pipe/", &r);
  assert_status(&r, STATUS_NOT_FOUND);
  reply_free(&r);
}

static void unreadable_files_are_51_G19(void **state)
{
  struct stand *s = *state;
  struct reply r = REPLY_INIT;
  assert_int_equal(chmod(folder_path(&s->folder, "notes.txt"), 0), 0);
  stand_give_up_rights(s);
  ask(s, REPR_GEMTEXT, "/notes.txt", &r);
  stand_take_rights_back();
  assert_status(&r, STATUS_NOT_FOUND);
  assert_contains(reply_meta(&r), "cannot be shown");
  reply_free(&r);
}

static void a_second_reading_is_tried_where_the_first_leads_to_nothing_P2(void **state)
{
  struct reply r = REPLY_INIT;
  ask_either(*state, REPR_MENU, STR("/100%.txt"), STR("/other"), &r);
  assert_string_equal(reply_body(&r), "percent\n");
  ask_either(*state, REPR_MENU, STR("/100%25.txt"), STR("/100%.txt"), &r);
  assert_string_equal(reply_body(&r), "percent\n");
  ask_either(*state, REPR_MENU, STR("/no%20where"), STR("/no where"), &r);
  assert_status(&r, STATUS_NOT_FOUND);
  assert_contains(reply_meta(&r), "/no%20where");
  /* What is refused is not looked for elsewhere. */
  ask_either(*state, REPR_MENU, STR("/absolute.txt"), STR("/notes.txt"), &r);
  assert_status(&r, STATUS_NOT_FOUND);
  reply_free(&r);
}

/* A file too large to be read at once (a small one cannot be cut short: it is all there before the answer begins). */
static void a_file_that_shrinks_is_cut_short_and_one_that_grows_is_not(void **state)
{
  struct stand *s = *state;
  struct reply r = REPLY_INIT;
  enum { SIZE = READY_FILE_MAX + 1 };
  char *content = calloc(2, SIZE);
  assert_non_null(content);
  folder_write(&s->folder, "moving.bin", str_make(content, SIZE));
  ask_start(s, REPR_GEMTEXT, "/moving.bin", &r);
  pool_run_all(&s->pool);
  folder_write(&s->folder, "moving.bin", str_make(content, (size_t)2 * SIZE));
  reply_pull(s, &r);
  assert_false(r.failed);
  assert_int_equal(r.body.n, SIZE);
  ask_start(s, REPR_GEMTEXT, "/moving.bin", &r);
  pool_run_all(&s->pool);
  folder_write(&s->folder, "moving.bin", STR("0123"));
  reply_pull(s, &r);
  assert_true(r.failed);
  free(content);
  reply_free(&r);
}

static void the_language_stands_in_the_type_G20(void **state)
{
  (void)state;
  static const struct {
    const char *lang, *meta;
  } table[] = {{"en", "text/gemini; lang=en"},
               {"en,fr", "text/gemini; lang=\"en,fr\""},
               {"", "text/gemini"},
               {NULL, "text/gemini"}};
  static const char *const names[] = {"x"};
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct stand s;
    struct reply r = REPLY_INIT;
    stand_make_with(&s, capsule,
                    (struct site_config){.names = names, .n_names = 1, .named = true, .lang = table[i].lang});
    ask(&s, REPR_GEMTEXT, "/about.gmi", &r);
    assert_string_equal(reply_meta(&r), table[i].meta);
    ask(&s, REPR_GEMTEXT, "/docs/", &r);
    assert_string_equal(reply_meta(&r), table[i].meta);
    ask(&s, REPR_GEMTEXT, "/notes.txt", &r);
    assert_string_equal(reply_meta(&r), "text/plain");
    reply_free(&r);
    stand_remove(&s);
  }
}

/* A large file, read at once and through the pool: byte for byte the same (G21). */
static void files_are_sent_byte_for_byte_G21(void **state)
{
  struct stand *s = *state;
  enum { SIZE = 700001 };
  char *content = malloc(SIZE);
  assert_non_null(content);
  for (size_t i = 0; i < SIZE; i++)
    content[i] = (char)(i * 2654435761U >> 13);
  folder_write(&s->folder, "large.bin", str_make(content, SIZE));
  struct reply r = REPLY_INIT;
  ask(s, REPR_GEMTEXT, "/large.bin", &r);
  assert_false(r.failed);
  assert_int_equal(r.body.n, SIZE);
  assert_memory_equal(r.body.p, content, SIZE);
  free(content);
  reply_free(&r);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      stand_test(files_have_the_type_of_their_name_G20_or_content, capsule),
      stand_test(what_is_not_there_is_51_and_named, capsule),
      stand_test(names_longer_than_a_file_system_holds_are_51_G18, capsule),
      stand_test(special_files_are_51_and_never_opened_G13, capsule),
      stand_test(unreadable_files_are_51_G19, capsule),
      stand_test(a_second_reading_is_tried_where_the_first_leads_to_nothing_P2, capsule),
      stand_test(a_file_that_shrinks_is_cut_short_and_one_that_grows_is_not, capsule),
      cmocka_unit_test(the_language_stands_in_the_type_G20),
      stand_test(files_are_sent_byte_for_byte_G21, capsule),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
