/* Settings files: what stands in one is what the command line would have set; a mistake is told with its line. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "config/file.h"

enum { WHY_MAX = 4096, TEXT_MAX = 1 << 20 };

static int read_text(struct settings *s, const char *text, struct buf *why)
{
  assert_int_equal(settings_init(s), 0);
  return settings_read_text(s, str_from(text), "f", why);
}

/* ------------------------------------------------------------------ what is right */

static void everything_has_a_place(void **state)
{
  (void)state;
  struct settings s;
  struct buf why = BUF_INIT(WHY_MAX);
  assert_int_equal(read_text(&s,
                             "# every setting once\r\n"
                             "host = {\"Example.org\", 'www.example.org'} /* two names */\n"
                             "capsule = /srv/capsule // where it is\n"
                             "lang = \"en,fr\"\n"
                             "certs = '/etc/nuncio/certs'\n"
                             "gemini = {\"0.0.0.0:1965\", \"[::]:1965\"}\n"
                             "gopher = {70}\n"
                             "public-gemini-port = 1966\n"
                             "public-gopher-port = 71\n"
                             "gophers = no\n"
                             "http-page = off\n"
                             "user = nobody\n"
                             "workers = 3\n"
                             "cache = 0\n"
                             "sandbox = false\n"
                             "fast-kdf = false\n"
                             "log-level = notice\n"
                             "log-requests = requests.log\n"
                             "log-format = json\n"
                             "log-address = hash\n"
                             "timeout { handshake = 1 request = 2.5\n handle = 3\n write = 4 drain = 0.001 }\n"
                             "limit {\n  connections = 5\n  address = 6\n  requests = 7\n  handshakes = 8\n"
                             "  request = 900\n  loopback = yes\n}\n",
                             &why),
                   0);
  const struct site_settings *site = &s.sites[0];
  assert_true(site->named && site->n_names == 2);
  assert_string_equal(site->names[0], "example.org");
  assert_string_equal(site->names[1], "www.example.org");
  assert_string_equal(site->capsule, "/srv/capsule");
  assert_string_equal(site->lang, "en,fr");
  assert_string_equal(s.certs, "/etc/nuncio/certs");
  assert_string_equal(s.user, "nobody");
  assert_true(s.gemini.given && s.gemini.n == 2 && !s.gemini.at[0].ipv6 && s.gemini.at[1].ipv6);
  assert_true(s.gopher.given && s.gopher.n == 2 && s.gopher.at[0].port == 70 && s.gopher.at[0].optional);
  assert_true(s.public_gemini_port == 1966 && s.public_gopher_port == 71);
  assert_true(!s.gophers && !s.courtesies && !s.sandbox && !s.fast_kdf && s.limit_loopback);
  assert_true(s.log_to == LOG_TO_FILE && s.log_format == LOG_JSON && s.log_address == LOG_ADDRESS_HASH);
  assert_string_equal(s.log_path, "requests.log");
  assert_true(s.workers == 3 && s.cache_mib == 0 && s.log_level == LOG_NOTICE);
  static const unsigned long ms[TIMEOUTS] = {1000, 2500, 3000, 4000, 1};
  static const unsigned limits[LIMITS] = {5, 6, 7, 8, 900};
  assert_memory_equal(s.timeout_ms, ms, sizeof ms);
  assert_memory_equal(s.limits, limits, sizeof limits);
  settings_free(&s);
  buf_free(&why);
}

static void the_last_word_counts_and_lists_can_grow(void **state)
{
  (void)state;
  struct settings s;
  struct buf why = BUF_INIT(WHY_MAX);
  assert_int_equal(read_text(&s,
                             "workers = 2 workers = 4\n"
                             "host = a.org host += b.org host += {c.org, d.org}\n"
                             "gemini = {1, 2} gemini = {\"127.0.0.1:3\"}\n"
                             "gopher = off\n",
                             &why),
                   0);
  assert_int_equal(s.workers, 4);
  assert_int_equal(s.sites[0].n_names, 4);
  assert_string_equal(s.sites[0].names[3], "d.org");
  assert_true(s.gemini.n == 1 && s.gemini.at[0].port == 3 && s.gopher.off);
  settings_free(&s);
  buf_free(&why);
}

static void who_speaks_later_replaces_lists(void **state)
{
  (void)state;
  struct settings s;
  struct buf why = BUF_INIT(WHY_MAX);
  assert_int_equal(read_text(&s, "host = {a.org, b.org} gemini = {\"127.0.0.1:1\", \"127.0.0.1:2\"}", &why), 0);
  settings_begin(&s);
  assert_int_equal(settings_name(&s.sites[0], STR("c.org"), &why), 0);
  assert_int_equal(settings_listen(&s.gemini, STR("127.0.0.1:3"), &why), 0);
  assert_int_equal(settings_listen(&s.gemini, STR("127.0.0.1:4"), &why), 0);
  assert_true(s.sites[0].n_names == 1 && s.gemini.n == 2 && s.gemini.at[0].port == 3);
  assert_string_equal(s.sites[0].names[0], "c.org");
  settings_free(&s);
  buf_free(&why);
}

static void sites_have_sections(void **state)
{
  (void)state;
  struct settings s;
  struct buf why = BUF_INIT(WHY_MAX);
  assert_int_equal(read_text(&s,
                             "lang = en\n"
                             "site A.example {\n  root = /a\n  aliases = {www.a.example, \"*.a.example\"}\n}\n"
                             "workers = 2\n"
                             "site \"b.example\" { lang = de root = \"/b\" }\n",
                             &why),
                   0);
  assert_int_equal(s.n_sites, 2);
  assert_true(s.sections && s.workers == 2);
  assert_int_equal(s.sites[0].n_names, 3);
  assert_string_equal(s.sites[0].names[0], "a.example");
  assert_string_equal(s.sites[0].names[2], "*.a.example");
  assert_string_equal(s.sites[0].capsule, "/a");
  assert_string_equal(s.sites[0].lang, "en");
  assert_string_equal(s.sites[1].names[0], "b.example");
  assert_string_equal(s.sites[1].lang, "de");
  assert_true(s.sites[1].named && s.sites[1].n_names == 1);
  settings_begin(&s);
  assert_int_equal(settings_name(&s.sites[0], STR("c.example"), &why), 0); /* the command line's */
  assert_int_equal(s.sites[0].n_names, 1);
  settings_free(&s);
  buf_free(&why);
}

static void quotes_hold_what_they_hold(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *text, *capsule;
  } table[] = {
      {__LINE__, "capsule = \"/a b\"", "/a b"},
      {__LINE__, "capsule = \"/a#b//c/*d\"", "/a#b//c/*d"},
      {__LINE__, "capsule = \"/a\\\"b\\\\c\"", "/a\"b\\c"},
      {__LINE__, "capsule = '/a\\b\\\\c\\'d\"'", "/a\\b\\c'd\""},
      {__LINE__, "capsule = '/${HOME}'", "/${HOME}"},
      {__LINE__, "capsule = \"/$HOME\"", "/$HOME"},
      {__LINE__, "capsule = /a/b-c_d.e~f/", "/a/b-c_d.e~f/"},
      {__LINE__, "capsule=/a#comment", "/a"},
      {__LINE__, "\xef\xbb\xbf capsule = /caf\xc3\xa9", "/caf\xc3\xa9"},
      {__LINE__, "/**/capsule /***/=/* \n */ /x", "/x"},
      {__LINE__, "capsule = relative", "relative"},
      {__LINE__, "", "./capsule"},
      {__LINE__, "# nothing", "./capsule"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct settings s;
    struct buf why = BUF_INIT(WHY_MAX);
    int err = read_text(&s, table[i].text, &why);
    if (err || strcmp(s.sites[0].capsule, table[i].capsule) != 0)
      fail_msg("line %d: %d, %s, %.*s", table[i].line, err, s.sites[0].capsule, STR_ARG(buf_str(&why)));
    settings_free(&s);
    buf_free(&why);
  }
}

/* ------------------------------------------------------------------ what is wrong */

static void mistakes_are_told_with_their_line(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *text, *why;
  } table[] = {
      {__LINE__, "hots = a.org", "f:1: there is no setting `hots`; did you mean `host`?"},
      {__LINE__, "\n\n# x\ngemeni = {1}", "f:4: there is no setting `gemeni`; did you mean `gemini`?"},
      {__LINE__, "/* one */ /* two\nlines */\nlag = en", "f:3: there is no setting `lag`; did you mean `lang`?"},
      {__LINE__, "timout { }", "f:1: there is no setting `timout`; did you mean `timeout`?"},
      {__LINE__, "inclde(\"x\")", "f:1: there is no setting `inclde`; did you mean `include`?"},
      {__LINE__, "handshakes = 3", "f:1: there is no setting `handshakes`; `handshakes` stands within limit { }"},
      {__LINE__, "limit {\n host = x\n}",
       "f:2: there is no setting `host` within limit { }; `host` stands outside of all braces"},
      {__LINE__, "timeout {\n reqest = 1 }",
       "f:2: there is no setting `reqest` within timeout { }; did you mean `request`?"},
      {__LINE__, "timeout { frobnicate = 1 }",
       "f:1: there is no setting `frobnicate` within timeout { }; expected one of handshake, request, handle, write, "
       "drain"},
      {__LINE__, "\"limit|connections\" = 1", "f:1: there is no setting `limit`; expected limit { NAME = VALUE }"},
      {__LINE__, "workers = 0", "f:1: workers = 0: expected a number of processes from 1 to 64"},
      {__LINE__, "\nworkers = \"\"", "f:2: workers = : expected a number of processes from 1 to 64"},
      {__LINE__, "public-gopher-port = 65536", "f:1: public-gopher-port = 65536: expected a port from 1 to 65535"},
      {__LINE__, "gophers = maybe", "f:1: gophers = maybe: expected true or false"},
      {__LINE__, "capsule = ''", "f:1: capsule = : expected the path of a folder"},
      {__LINE__, "user = \"\"", "f:1: user = : expected the name of a user"},
      {__LINE__, "log-level = loud",
       "f:1: log-level = loud: expected one of error, warning, notice, request, debug: each has what stands before it "
       "too"},
      {__LINE__, "gemini = {\n  \"127.0.0.1:1\",\n  \"127.0.0.1\"\n}",
       "f:3: gemini = 127.0.0.1: expected ADDR:PORT with a port from 0 to 65535, such as 0.0.0.0:1965 or [::]:1965, or "
       "`off`"},
      {__LINE__, "timeout { drain = 0 }",
       "f:1: drain = 0: expected drain=SECONDS, more than 0 (a deadline can be moved, not removed) and at most 86400"},
      {__LINE__, "limit { request = 1025 }",
       "f:1: request = 1025: expected request=N from 64 to 1024 (a limit can be moved, not removed)"},
      {__LINE__, "site a.example {\n}", "f:2: site a.example: expected root = FOLDER before this brace"},
      {__LINE__, "site a.example { root = /a }\nsite a.example { root = /b }",
       "f:2: there is a site `a.example` already"},
      {__LINE__, "site a.example { root = /a }\nsite b.example { root = /b\naliases = {A.example}\n}",
       "f:4: site b.example: another site has the name a.example"},
      {__LINE__, "site a.example { root = /a }\nhost = b.example",
       "f:2: where there are `site` sections, `host` has no place outside of them"},
      {__LINE__, "capsule = /a\n\nsite a.example { root = /a }",
       "f:1: where there are `site` sections, `capsule` has no place outside of them"},
      {__LINE__, "site a.example {\nroot = /a\ncertificate = x.crt\n}",
       "f:4: site a.example: expected both, certificate = FILE and key = FILE, or neither"},
      {__LINE__, "site a.example { key = '' }", "f:1: key = : expected the path of a file"},
      {__LINE__, "site a.example { root = /a user-dirs = home }",
       "f:1: user-dirs = home: expected an absolute path with `*` in the place of a user's name, beneath a folder, as "
       "in "
       "/home/*/public_capsule"},
      {__LINE__, "site a.example { root = /a gopher-path = a }",
       "f:1: gopher-path = a: expected a path such as /name of letters, digits and - . _ ~, whose parts begin with no "
       "dot, of at most 200 bytes"},
      {__LINE__, "site a.example { root = /a\ngopher-path = /a }",
       "f:2: site a.example: the first site has the root of Gopher: expected gopher-path in others only"},
      {__LINE__,
       "site a.example { root = /a }\nsite b.example { root = /b gopher-path = /b/c }\n"
       "site c.example { root = /c gopher-path = /b }",
       "f:3: site c.example: its gopher-path, /b, and that of site b.example, /b/c, lie within each other"},
      {__LINE__, "gopher-path = /b", "f:1: there is no setting `gopher-path`; `gopher-path` stands within site { }"},
      {__LINE__, "user-dirs = \"/h/*\"\nsite a.example { root = /a }",
       "f:1: where there are `site` sections, `user-dirs` has no place outside of them"},
      {__LINE__, "site { root = /a }", "f:1: expected a name in quotes after `site`"},
      {__LINE__, "site \"*.a.example\" { root = /a }",
       "f:1: site *.a.example: expected a host name of ASCII letters, digits, hyphens and dots (an international name "
       "as "
       "its xn-- form), or a numeric address"},
      {__LINE__, "site a.example { root = /a aliases = \"*.example\" }",
       "f:1: aliases = *.example: expected `*.` and a name of two labels or more, as in *.example.org"},
      {__LINE__, "site a.example { aliases = \"a.*.example\" }",
       "f:1: aliases = a.*.example: expected a host name of ASCII letters, digits, hyphens and dots (an international "
       "name as its xn-- form), or a numeric address"},
      {__LINE__, "site a.example {\n capsule = /a }",
       "f:2: there is no setting `capsule` within site { }; did you mean `root`?"},
      {__LINE__, "workers 3", "f:1: expected `=` after `workers`"},
      {__LINE__, "workers += 3", "f:1: `workers` has one value: expected `=`, not `+=`"},
      {__LINE__, "workers = {3}", "f:1: did not expect `{` here: a setting is NAME = VALUE, or NAME = {VALUE, VALUE}"},
      {__LINE__, "workers =", "f:2: the file ends where a value is expected"},
      {__LINE__, "timeout = 3", "f:1: expected `{` after `timeout`"},
      {__LINE__, "include \"x\"", "f:1: expected (\"FILE\") after `include`"},
      {__LINE__, "include()", "f:1: expected the name of one file between parentheses, as in include(\"other.conf\")"},
      {__LINE__, "include(a, b)",
       "f:1: expected the name of one file between parentheses, as in include(\"other.conf\")"},
      {__LINE__, "include(a b)", "f:1: expected `)` after the one file that a pair of parentheses holds"},
      {__LINE__, "include(a", "f:1: expected `)`"},
      {__LINE__, "include(a)", "f:1: nothing can be included here"},
      {__LINE__, "timeout {\n handshake = 3\n\n", "f:1: the { of this line is never closed: expected }"},
      {__LINE__, "workers = 3\n}", "f:2: there is no { to this }"},
      {__LINE__, "lang = \"en\nworkers = 3", "f:1: the quotes that begin here do not end on this line"},
      {__LINE__, "lang = 'en", "f:1: the quotes that begin here do not end on this line"},
      {__LINE__, "\n/* lang = en", "f:2: the comment that begins here never ends: expected */"},
      {__LINE__, "capsule = \"/a\\nb\"",
       "f:1: within double quotes a backslash stands before \" or \\ only: write \\\\ for one"},
      {__LINE__, "capsule = \"${HOME}/x\"",
       "f:1: nothing is put in for ${...}: write the value itself, or '${' in single quotes"},
      {__LINE__, "capsule = /x/${HOME}",
       "f:1: nothing is put in for ${...}: write the value itself, or '${' in single quotes"},
      {__LINE__, "host = *.example.org", "f:1: expected quotes around a value with * or + in it"},
      {__LINE__, "capsule = /a+b", "f:1: expected quotes around a value with * or + in it"},
      {__LINE__, "capsule = http://x", "f:1: expected quotes around a value with // or /* in it"},
      {__LINE__, "\nlang = \x01", "f:2: there is a control character outside of quotes"},
      {__LINE__, "lang = '\x1b'", "f:1: there is a control character within the quotes"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct settings s;
    struct buf why = BUF_INIT(WHY_MAX);
    int err = read_text(&s, table[i].text, &why);
    if (err != ERR_SYNTAX || !str_eq(buf_str(&why), str_from(table[i].why)))
      fail_msg("line %d: %d, %.*s", table[i].line, err, STR_ARG(buf_str(&why)));
    settings_free(&s);
    buf_free(&why);
  }
}

/* ------------------------------------------------------------------ files */

static char folder[] = "/tmp/nuncio-settings-XXXXXX";

static int make_folder(void **state)
{
  (void)state;
  return mkdtemp(folder) && chdir(folder) == 0 && mkdir("sub", 0700) == 0 ? 0 : -1;
}

static void put(const char *name, const char *text)
{
  FILE *file = fopen(name, "w");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  assert_int_equal(fclose(file), 0);
}

static int remove_folder(void **state)
{
  static const char *const names[] = {"main.conf", "sub/part.conf", "sub/more.conf", "loop.conf",
                                      "many.conf", "empty.conf",    "big.conf",      "fifo"};
  (void)state;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    (void)unlink(names[i]);
  return rmdir("sub") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static void paths_begin_where_they_are_written(void **state)
{
  (void)state;
  char path[128];
  struct settings s;
  struct buf why = BUF_INIT(WHY_MAX), expected = BUF_INIT(256);
  put("main.conf", "certs = keys\ninclude(\"sub/part.conf\")\nworkers = 7\n");
  put("sub/part.conf", "capsule = pages\nworkers = 6\ninclude(more.conf)\n");
  put("sub/more.conf", "lang = de\nhost += a.org\n");
  (void)snprintf(path, sizeof path, "%s/main.conf", folder);
  assert_int_equal(settings_init(&s), 0);
  assert_int_equal(settings_read_file(&s, path, &why), 0);
  buf_printf(&expected, "%s/keys%c%s/sub/pages%c", folder, '\0', folder, '\0');
  assert_string_equal(s.certs, expected.p);
  assert_string_equal(s.sites[0].capsule, expected.p + strlen(expected.p) + 1);
  assert_string_equal(s.sites[0].lang, "de");
  assert_int_equal(s.workers, 7);
  assert_int_equal(s.sites[0].n_names, 1);
  settings_free(&s);
  assert_int_equal(settings_init(&s), 0);
  assert_int_equal(settings_read_file(&s, "main.conf", &why), 0);
  assert_string_equal(s.certs, "keys");
  assert_string_equal(s.sites[0].capsule, "sub/pages");
  settings_free(&s);
  buf_free(&why);
  buf_free(&expected);
}

static void expect_why(int result, const char *path, const char *sentence)
{
  struct settings s;
  struct buf why = BUF_INIT(WHY_MAX);
  assert_int_equal(settings_init(&s), 0);
  int err = settings_read_file(&s, path, &why);
  if (err != result || !str_eq(buf_str(&why), str_from(sentence)))
    fail_msg("%s: %d, %.*s", path, err, STR_ARG(buf_str(&why)));
  settings_free(&s);
  buf_free(&why);
}

static void mistakes_in_an_included_file_have_its_name(void **state)
{
  (void)state;
  put("main.conf", "# one\ninclude(\"sub/part.conf\")\n");
  put("sub/part.conf", "\n\ntimeout {\n  handshake = soon\n}\n");
  expect_why(ERR_SYNTAX, "main.conf",
             "sub/part.conf:4: handshake = soon: expected handshake=SECONDS, more than 0 (a deadline can be moved, not "
             "removed) and at most 86400");
  put("sub/part.conf", "lang = 'en");
  expect_why(ERR_SYNTAX, "main.conf", "sub/part.conf:1: the quotes that begin here do not end on this line");
  put("sub/part.conf", "lang = en");
  put("main.conf", "# one\ninclude(\"sub/part.conf\")\nworkers = x\n");
  expect_why(ERR_SYNTAX, "main.conf", "main.conf:3: workers = x: expected a number of processes from 1 to 64");
  put("main.conf", "\n\ninclude(missing.conf)");
  expect_why(ERR_SYNTAX, "main.conf", "main.conf:3: missing.conf cannot be read: No such file or directory");
}

static void includes_have_an_end(void **state)
{
  (void)state;
  put("loop.conf", "\ninclude(loop.conf)\n");
  expect_why(ERR_SYNTAX, "loop.conf",
             "loop.conf:2: loop.conf would be the ninth file one within another: does a file include itself?");
  put("empty.conf", "");
  struct buf many = BUF_INIT(TEXT_MAX);
  for (int i = 0; i < SETTINGS_FILES_MAX; i++)
    buf_printf(&many, "include(empty.conf)\n");
  buf_put_c(&many, '\0');
  put("many.conf", many.p);
  expect_why(ERR_SYNTAX, "many.conf",
             "many.conf:100: empty.conf would be one file more than 100: does a file include itself?");
  buf_free(&many);
}

static void what_is_no_file_is_not_read(void **state)
{
  (void)state;
  expect_why(ERR_NOT_FOUND, "missing.conf", "missing.conf cannot be read: No such file or directory");
  expect_why(ERR_SPECIAL, "sub", "sub cannot be read: it is not a regular file");
  expect_why(ERR_SPECIAL, "/dev/zero", "/dev/zero cannot be read: it is not a regular file");
  assert_int_equal(mkfifo("fifo", 0600), 0);
  expect_why(ERR_SPECIAL, "fifo", "fifo cannot be read: it is not a regular file");
  struct buf big = BUF_INIT(2 * TEXT_MAX);
  while (big.n <= SETTINGS_FILE_MAX)
    buf_printf(&big, "# a comment that makes the file a little larger each time\n");
  buf_put_c(&big, '\0');
  put("big.conf", big.p);
  expect_why(ERR_LIMIT, "big.conf", "big.conf cannot be read: it is larger than 1 MiB");
  buf_free(&big);
}

/* ------------------------------------------------------------------ writing */

static void write_again(const char *text, struct buf *first)
{
  struct settings s;
  struct buf why = BUF_INIT(WHY_MAX), second = BUF_INIT(TEXT_MAX);
  if (read_text(&s, text, &why) < 0 || settings_write_text(&s, first, &why) < 0)
    fail_msg("%s: %.*s", text, STR_ARG(buf_str(&why)));
  settings_free(&s);
  assert_int_equal(settings_init(&s), 0);
  if (settings_read_text(&s, buf_str(first), "written", &why) < 0 || settings_write_text(&s, &second, &why) < 0)
    fail_msg("%.*s: %.*s", STR_ARG(buf_str(first)), STR_ARG(buf_str(&why)));
  if (!str_eq(buf_str(first), buf_str(&second)))
    fail_msg("%.*s\nbecame\n%.*s", STR_ARG(buf_str(first)), STR_ARG(buf_str(&second)));
  settings_free(&s);
  buf_free(&why);
  buf_free(&second);
}

static void holds(const struct buf *text, const char *line)
{
  if (!memmem(text->p, text->n, line, strlen(line)))
    fail_msg("%s is not in\n%.*s", line, STR_ARG(buf_str(text)));
}

static void what_is_written_reads_the_same(void **state)
{
  (void)state;
  static const struct {
    const char *text, *line;
  } table[] = {
      {"", "\nsandbox = true\n"},
      {"capsule = \"/it's a \\\"\\\\ place\"", "capsule = '/it\\'s a \"\\\\ place'\n"},
      {"capsule = '/${HOME}'", "capsule = '/${HOME}'\n"},
      {"gemini = {1965}", "\ngemini = {'1965'}\n"},
      {"gemini = {\"localhost:5\", \"[::1]:6\", \"127.0.0.1:7\", 8}",
       "\ngemini = {'localhost:5', '[::1]:6', '127.0.0.1:7', '8'}\n"},
      {"gopher = off", "\ngopher = {off}\n"},
      {"certs = /c host = {a.org, \"2001:db8::1\"}", "host = {'a.org', '2001:db8::1'}\n"},
      {"timeout { drain = 0.05 }", "\ndrain = 0.050\n"},
      {"limit { connections = 9 loopback = yes }", "\nconnections = 9\n"},
      {"cache = 0 workers = 2 user = nobody lang = en log-level = debug", "\ncache = 0\n"},
      {"site a.example { root = /a aliases = {b.example, \"*.b.example\"} } site c.example { root = /c lang = de }",
       "\nsite 'a.example' {\naliases = {'b.example', '*.b.example'}\nroot = '/a'\n}\nsite 'c.example' {\nroot = '/c'\n"
       "lang = 'de'\n}\n"},
      {"site a.example { root = /a certificate = /x.pem key = /y.pem }",
       "\nroot = '/a'\ncertificate = '/x.pem'\nkey = '/y.pem'\n}\n"},
      {"site a.example { root = /a gopher = {\"127.0.0.1:7\", 8} }", "\ngopher = {'127.0.0.1:7', '8'}\n}\n"},
      {"public-gemini-port = 5", "\npublic-gemini-port = 5\n"},
      {"site a.example { root = /a } site b.example { root = /b gopher-path = /b/ }", "\ngopher-path = '/b'\n}\n"},
      {"user-dirs = \"/home/*/public_capsule/\"", "\nuser-dirs = '/home/*/public_capsule'\n"},
      {"user-dirs = \"/srv/it's/*\"", "\nuser-dirs = '/srv/it\\'s/*'\n"},
      {"gophermaps = gophernicus", "\ngophermaps = gophernicus\n"},
      {"agate-meta = yes", "\nagate-meta = true\n"},
      {"site a.example { root = /a gophermaps = gophernicus agate-meta = true }",
       "\ngophermaps = gophernicus\nagate-meta = true\n}\n"},
      {"site a.example { root = /a gophermaps = plain agate-meta = no }", "\nroot = '/a'\n}\n"},
      {"site a.example { root = /a user-dirs = \"/h/*/a/b\" }", "\nuser-dirs = '/h/*/a/b'\n}\n"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf text = BUF_INIT(TEXT_MAX);
    write_again(table[i].text, &text);
    holds(&text, table[i].line);
    buf_free(&text);
  }
}

static void written_paths_are_absolute(void **state)
{
  (void)state;
  char here[4096];
  struct buf text = BUF_INIT(TEXT_MAX), line = BUF_INIT(8192);
  assert_non_null(getcwd(here, sizeof here));
  write_again("capsule = pages", &text);
  buf_printf(&line, "capsule = '%s/pages'\n", here);
  buf_put_c(&line, '\0');
  holds(&text, line.p);
  buf_free(&text);
  buf_free(&line);
}

static void what_cannot_be_written_is_told(void **state)
{
  (void)state;
  struct settings s;
  struct buf text = BUF_INIT(TEXT_MAX), why = BUF_INIT(WHY_MAX);
  assert_int_equal(settings_init(&s), 0);
  assert_int_equal(settings_string(&s.certs, STR("/a\nb")), 0);
  assert_int_equal(settings_write_text(&s, &text, &why), ERR_SYNTAX);
  assert_true(str_eq(buf_str(&why), STR("certs: there is a control character in /a\nb: give it another name")));
  settings_free(&s);
  buf_free(&text);
  buf_free(&why);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(everything_has_a_place),
      cmocka_unit_test(the_last_word_counts_and_lists_can_grow),
      cmocka_unit_test(who_speaks_later_replaces_lists),
      cmocka_unit_test(sites_have_sections),
      cmocka_unit_test(quotes_hold_what_they_hold),
      cmocka_unit_test(mistakes_are_told_with_their_line),
      cmocka_unit_test(paths_begin_where_they_are_written),
      cmocka_unit_test(mistakes_in_an_included_file_have_its_name),
      cmocka_unit_test(includes_have_an_end),
      cmocka_unit_test(what_is_no_file_is_not_read),
      cmocka_unit_test(what_is_written_reads_the_same),
      cmocka_unit_test(written_paths_are_absolute),
      cmocka_unit_test(what_cannot_be_written_is_told),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
