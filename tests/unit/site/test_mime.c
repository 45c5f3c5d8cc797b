/* MIME types by name and by content (G20), and the item types that Gopher makes of them (P10). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "../../support/folder.h"
#include "base/buf.h"
#include "site/mime.h"

struct row {
  int line;
  const char *name, *type;
};

static void assert_types(const struct mime *m, const struct row *rows, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    struct str type = mime_type(m, str_from(rows[i].name));
    if (!str_eq(type, str_from(rows[i].type)))
      fail_msg("line %d: %s is %.*s", rows[i].line, rows[i].name, STR_ARG(type));
  }
}
#define ASSERT_TYPES(m, rows) assert_types(m, rows, sizeof(rows) / sizeof *(rows))

/* Loads tables with these texts; NULL: there is none. */
static struct mime *load(const char *globs2, const char *mime_types)
{
  struct folder f;
  char paths[2][PATH_MAX];
  folder_make(&f);
  (void)snprintf(paths[0], sizeof paths[0], "%s/globs2", f.path);
  (void)snprintf(paths[1], sizeof paths[1], "%s/mime.types", f.path);
  if (globs2)
    folder_file(&f, "globs2", globs2);
  if (mime_types)
    folder_file(&f, "mime.types", mime_types);
  struct mime *m = mime_load_from(paths[0], paths[1]);
  assert_non_null(m);
  folder_remove(&f);
  return m;
}

/* Nothing is needed at run time, and with any tables the capsule's own types and texts are the same. */
static const struct row always[] = {
    {__LINE__, "index.gmi", "text/gemini"},
    {__LINE__, "index.gemini", "text/gemini"},
    {__LINE__, "INDEX.GMI", "text/gemini"},
    {__LINE__, "a.txt", "text/plain"},
    {__LINE__, "japan.overview.txt", "text/plain"},
    {__LINE__, "README.md", "text/markdown"},
    {__LINE__, "a.log", "text/plain"},
    {__LINE__, "a.asc", "text/plain"},
    {__LINE__, "id_ed25519.pub", "text/plain"},
    {__LINE__, "chain.pem", "text/plain"},
    {__LINE__, "a.sh", "text/x-sh"},
    {__LINE__, "a.js", "text/javascript"},
    {__LINE__, "a.ts", "text/plain"},
    {__LINE__, "a.xml", "text/xml"},
    {__LINE__, "a.yml", "text/yaml"},
    {__LINE__, "a.org", "text/org"},
    {__LINE__, "a.rst", "text/x-rst"},
    {__LINE__, "a.sql", "text/x-sql"},
    {__LINE__, "a.html", "text/html"},
    {__LINE__, "a.htm", "text/html"},
    {__LINE__, "a.css", "text/css"},
    {__LINE__, "a.csv", "text/csv"},
    {__LINE__, "a.py", "text/x-python"},
    {__LINE__, "a.c", "text/x-csrc"},
    {__LINE__, "a.h", "text/x-chdr"},
    {__LINE__, "a.tex", "text/x-tex"},
    {__LINE__, "a.ics", "text/calendar"},
    {__LINE__, "a.vcf", "text/vcard"},
    {__LINE__, "a.json", "application/json"},
    {__LINE__, "feed.atom", "application/atom+xml"},
    {__LINE__, "feed.rss", "application/rss+xml"},
    {__LINE__, "a.png", "image/png"},
    {__LINE__, "a.jpg", "image/jpeg"},
    {__LINE__, "a.JPEG", "image/jpeg"},
    {__LINE__, "a.gif", "image/gif"},
    {__LINE__, "a.webp", "image/webp"},
    {__LINE__, "a.svg", "image/svg+xml"},
    {__LINE__, "a.mp3", "audio/mpeg"},
    {__LINE__, "a.ogg", "audio/ogg"},
    {__LINE__, "a.opus", "audio/ogg"},
    {__LINE__, "a.flac", "audio/flac"},
    {__LINE__, "a.wav", "audio/x-wav"},
    {__LINE__, "a.mp4", "video/mp4"},
    {__LINE__, "a.webm", "video/webm"},
    {__LINE__, "a.pdf", "application/pdf"},
    {__LINE__, "a.epub", "application/epub+zip"},
    {__LINE__, "a.zip", "application/zip"},
    {__LINE__, "a.gz", "application/gzip"},
    {__LINE__, "a.tar", "application/x-tar"},
    {__LINE__, "a.mbox", "application/mbox"},
    {__LINE__, "a.sig", "application/pgp-signature"},
    {__LINE__, "a.deb", "application/vnd.debian.binary-package"},
    {__LINE__, "a.bin", "application/octet-stream"},
    {__LINE__, "a.b.c.txt", "text/plain"},
    /* No suffix that anybody knows. */
    {__LINE__, "", ""},
    {__LINE__, "README", ""},
    {__LINE__, "core", ""},
    {__LINE__, "txt", ""},
    {__LINE__, ".txt", ""},
    {__LINE__, "a.", ""},
    {__LINE__, "a.no-such-suffix", ""},
    {__LINE__, "a.txt.", ""},
    {__LINE__, "a.txt~", ""},
    {__LINE__, "a.txt ", ""},
    {__LINE__, ".", ""},
    {__LINE__, "..", ""},
};

static void no_table_is_needed_G20(void **state)
{
  (void)state;
  struct mime *m = mime_load_from(NULL, NULL);
  assert_non_null(m);
  ASSERT_TYPES(m, always);
  mime_free(m);
  m = load(NULL, NULL);
  ASSERT_TYPES(m, always);
  mime_free(m);
  m = load("", "");
  ASSERT_TYPES(m, always);
  mime_free(m);
  mime_free(NULL);
}

static void the_systems_tables_change_none_of_these_G20(void **state)
{
  (void)state;
  struct mime *m = mime_load();
  assert_non_null(m);
  ASSERT_TYPES(m, always);
  mime_free(m);
}

static void globs_are_read_G20(void **state)
{
  (void)state;
  struct mime *m = load("# a comment\n"
                        "50:application/x-low:*.weighed\n"
                        "80:application/x-high:*.weighed\n"
                        "50:application/x-first:*.twice\n"
                        "50:application/x-second:*.twice\n"
                        "50:application/x-compressed-tar:*.tar.gz\n"
                        "50:application/x-crlf:*.crlf\r\n"
                        "50:text/x-big:*.BIG\n"
                        "50:text/x-c++src:*.cased:cs\n"
                        "60:text/x-c++src:*.K\n"
                        "50:text/x-csrc:*.k\n"
                        "50:text/x-flagged:*.flagged:other,flags\n"
                        "50:text/x-makefile:makefile\n"
                        "50:application/x-core:core\n"
                        "50:text/x-meson:meson.build\n"
                        "50:application/x-sharedlib:*.so.[0-9]*\n"
                        "10:text/x-readme:readme*\n"
                        "50:application/x-evil:*.gmi\n"
                        "50:application/x-last:*.last",
                        "application/x-other  weighed other\n");
  static const struct row rows[] = {
      {__LINE__, "a.weighed", "application/x-high"},
      {__LINE__, "a.twice", "application/x-first"},
      {__LINE__, "a.tar.gz", "application/x-compressed-tar"},
      {__LINE__, "v1.2.TAR.gz", "application/x-compressed-tar"},
      {__LINE__, "a.tar.gz.gz", "application/gzip"},
      {__LINE__, "tar.gz", "application/gzip"},
      {__LINE__, "a.crlf", "application/x-crlf"},
      {__LINE__, "a.big", "text/x-big"},
      {__LINE__, "a.cased", ""},
      {__LINE__, "a.k", "text/x-csrc"},
      {__LINE__, "a.K", "text/x-csrc"},
      {__LINE__, "a.flagged", "text/x-flagged"},
      {__LINE__, "Makefile", "text/x-makefile"},
      {__LINE__, "x.makefile", ""},
      {__LINE__, "core", ""},
      {__LINE__, "meson.build", "text/x-meson"},
      {__LINE__, "x.meson.build", ""},
      {__LINE__, "libx.so.1", ""},
      {__LINE__, "readme", ""},
      {__LINE__, "a.gmi", "text/gemini"},
      {__LINE__, "a.last", "application/x-last"},
      {__LINE__, "a.other", "application/x-other"},
  };
  ASSERT_TYPES(m, rows);
  mime_free(m);
}

static void mime_types_are_read_G20(void **state)
{
  (void)state;
  struct mime *m = load(NULL, "# a comment\n"
                              "application/x-none\n"
                              "application/x-one\t\t\tone\n"
                              "  application/x-two   two \t zwei  \r\n"
                              "application/x-late one\n"
                              "application/x-dotted tar.lz\n"
                              "application/x-png png\n"
                              "text/x-evil gmi txt md");
  static const struct row rows[] = {
      {__LINE__, "a.one", "application/x-one"},  {__LINE__, "a.TWO", "application/x-two"},
      {__LINE__, "a.zwei", "application/x-two"}, {__LINE__, "a.tar.lz", "application/x-dotted"},
      {__LINE__, "a.png", "application/x-png"}, /* above our fallback, */
      {__LINE__, "a.gmi", "text/gemini"},       /* below ours */
      {__LINE__, "a.txt", "text/plain"},         {__LINE__, "a.md", "text/markdown"},
  };
  ASSERT_TYPES(m, rows);
  mime_free(m);
}

/* A type goes into the META as it stands: nothing may come out of a table that could forge a header. */
static void malformed_lines_are_passed_over_G15(void **state)
{
  (void)state;
  struct buf text = BUF_INIT(1 << 22);
  for (int i = 0; i < 300000; i++)
    buf_put_c(&text, "x:* /."[i % 6]);
  buf_put_str(&text, STR("\n:\n::\n:::\n50\n50:\n50:text/x-a\n50:text/x-a:\n50:text/x-a:*\n50:text/x-a:*.\n"
                         "50::*.bada\n50:text:*.badb\n50:/x:*.badc\n50:text/:*.badd\n50:text/x/y:*.bade\n"
                         "50:text/x y:*.badf\n50:text/x\x01:*.badg\n50:text/\xc3\xa9:*.badh\n50:text/x;a=b:*.badi\n"
                         "x:text/plain:*.badj\n-1:text/plain:*.badk\n101:text/plain:*.badl\n:text/plain:*.badm\n"
                         "99999999999:text/plain:*.badn\n 50:text/x-a:*.bado\n50:text/x-"));
  for (int i = 0; i < 200; i++)
    buf_put_c(&text, 'y');
  buf_put_str(&text, STR(":*.badp\n50:text/x-good:*.good\n"));
  buf_put_c(&text, '\0');
  static const struct row rows[] = {
      {__LINE__, "a.bada", ""}, {__LINE__, "a.badb", ""}, {__LINE__, "a.badc", ""},
      {__LINE__, "a.badd", ""}, {__LINE__, "a.bade", ""}, {__LINE__, "a.badf", ""},
      {__LINE__, "a.badg", ""}, {__LINE__, "a.badh", ""}, {__LINE__, "a.badi", ""},
      {__LINE__, "a.badj", ""}, {__LINE__, "a.badk", ""}, {__LINE__, "a.badl", ""},
      {__LINE__, "a.badm", ""}, {__LINE__, "a.badn", ""}, {__LINE__, "a.bado", ""},
      {__LINE__, "a.badp", ""}, {__LINE__, "a.", ""},     {__LINE__, "a.good", "text/x-good"},
  };
  assert_int_equal(buf_error(&text), 0);
  struct mime *m = load(text.p, NULL);
  ASSERT_TYPES(m, rows);
  ASSERT_TYPES(m, always);
  mime_free(m);
  /* The same bytes where they make even less sense, and both files as folders. */
  m = load(NULL, text.p);
  ASSERT_TYPES(m, always);
  mime_free(m);
  m = mime_load_from("/", "/");
  ASSERT_TYPES(m, always);
  mime_free(m);
  buf_free(&text);
}

/* Any bytes: whatever comes out is a type by RFC 6838's characters; names of any length are looked up. */
static void any_table_gives_types_G15(void **state)
{
  (void)state;
  static const char alphabet[] = "50:*./aZ\n \t#\r-+;\xc3\xa9?";
  uint64_t seed = 88172645463325252u;
  char text[2000], name[300];
  for (int round = 0; round < 100; round++) {
    for (size_t i = 0; i + 1 < sizeof text; i++) {
      seed ^= seed << 13;
      seed ^= seed >> 7;
      seed ^= seed << 17;
      text[i] = alphabet[(seed >> 33) % (sizeof alphabet - 1)];
    }
    text[sizeof text - 1] = '\0';
    struct mime *m = load(text, text);
    for (size_t at = 0; at + sizeof name < sizeof text; at += 7) {
      struct str type = mime_type(m, str_make(text + at, at % sizeof name));
      for (size_t i = 0; i < type.n; i++)
        assert_true(type.p[i] > ' ' && type.p[i] < 0x7f && type.p[i] != ';');
    }
    mime_free(m);
  }
  struct mime *m = mime_load_from(NULL, NULL);
  memset(name, '.', sizeof name);
  assert_int_equal(mime_type(m, str_make(name, sizeof name)).n, 0);
  memcpy(name + sizeof name - 4, ".gmi", 4);
  assert_true(str_eq(mime_type(m, str_make(name, sizeof name)), STR("text/gemini")));
  mime_free(m);
}

/* Loaded at every start and reload: it must not be felt. */
static void loading_takes_little(void **state)
{
  (void)state;
  clock_t start = clock();
  for (int i = 0; i < 10; i++)
    mime_free(mime_load());
  double each_ms = (double)(clock() - start) * 1000 / CLOCKS_PER_SEC / 10;
  if (each_ms > 100) /* 1 ms on an idle machine; the sanitizers take their share */
    fail_msg("%f ms", each_ms);
}

static void a_suffix_has_something_on_both_sides(void **state)
{
  (void)state;
  assert_true(mime_has_suffix(STR("a.b")));
  assert_true(mime_has_suffix(STR("a..b")));
  assert_true(mime_has_suffix(STR(".a.b")));
  assert_false(mime_has_suffix(STR("")));
  assert_false(mime_has_suffix(STR("README")));
  assert_false(mime_has_suffix(STR(".profile")));
  assert_false(mime_has_suffix(STR("a.")));
  assert_false(mime_has_suffix(STR(".")));
}

static void content_tells_what_a_name_does_not_G20(void **state)
{
  (void)state;
  static const struct {
    int line;
    struct str head;
    bool text;
  } table[] = {
      {__LINE__, STR_INIT(""), true},
      {__LINE__, STR_INIT("plain text\r\n\tindented\f"), true},
      {__LINE__, STR_INIT("caf\xc3\xa9 \xe5\xa4\x96"), true},
      {__LINE__, STR_INIT("\xef\xbb\xbfwith a mark"), true},
      {__LINE__, STR_INIT("cut at 4 KiB \xe5\xa4"), true},
      {__LINE__, STR_INIT("not UTF-8 \xe5\xa4z"), false},
      {__LINE__, STR_INIT("Latin-1 caf\xe9 au lait"), false},
      {__LINE__, STR_INIT("a\0b"), false},
      {__LINE__,
       STR_INIT("\x7f"
                "ELF"),
       false},
      {__LINE__, STR_INIT("\x1b[1mbold\x1b[0m"), false},
      {__LINE__, STR_INIT("bell\a"), false},
      {__LINE__, STR_INIT("\v"), false},
      {__LINE__,
       STR_INIT("\xc2\x9b"
                "1m"),
       false},
      {__LINE__, STR_INIT("\xc2\xa0"), true},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct str want = table[i].text ? STR("text/plain") : STR("application/octet-stream");
    if (!str_eq(mime_guess(table[i].head), want))
      fail_msg("line %d", table[i].line);
  }
}

static void item_types_P10(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *type;
    char item;
  } table[] = {
      {__LINE__, "text/gemini", '1'},
      {__LINE__, "text/gemini; charset=utf-8; lang=en", '1'},
      {__LINE__, "TEXT/Gemini ;x", '1'},
      {__LINE__, "text/plain", '0'},
      {__LINE__, "text/x-csrc", '0'},
      {__LINE__, "text/html", 'h'},
      {__LINE__, "application/xhtml+xml", 'h'},
      {__LINE__, "image/gif", 'g'},
      {__LINE__, "image/png", 'I'},
      {__LINE__, "image/svg+xml", 'I'},
      {__LINE__, "audio/ogg", 's'},
      {__LINE__, "video/mp4", '9'},
      {__LINE__, "application/json", '0'},
      {__LINE__, "application/atom+xml", '0'},
      {__LINE__, "application/geo+json", '0'},
      {__LINE__, "application/epub+zip", '9'},
      {__LINE__, "application/octet-stream", '9'},
      {__LINE__, "application/x-core", '9'},
      {__LINE__, "text", '9'},
      {__LINE__, "", '9'},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    char item = mime_item_type(str_from(table[i].type));
    if (item != table[i].item)
      fail_msg("line %d: %s is %c", table[i].line, table[i].type, item);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(no_table_is_needed_G20),
      cmocka_unit_test(the_systems_tables_change_none_of_these_G20),
      cmocka_unit_test(globs_are_read_G20),
      cmocka_unit_test(mime_types_are_read_G20),
      cmocka_unit_test(malformed_lines_are_passed_over_G15),
      cmocka_unit_test(any_table_gives_types_G15),
      cmocka_unit_test(loading_takes_little),
      cmocka_unit_test(a_suffix_has_something_on_both_sides),
      cmocka_unit_test(content_tells_what_a_name_does_not_G20),
      cmocka_unit_test(item_types_P10),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
