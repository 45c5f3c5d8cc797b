/* `path` sections: where their rules go, what is said of mistakes, and that workers are given the same ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "config/file.h"

enum { WHY_MAX = 4096, TEXT_MAX = 1 << 21 };

#define FINGERPRINT "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static int read_text(struct settings *s, struct str text, struct buf *why)
{
  assert_int_equal(settings_init(s), 0);
  return settings_read_text(s, text, "/etc/f", why);
}

static void read_well(struct settings *s, const char *text)
{
  struct buf why = BUF_INIT(WHY_MAX);
  if (read_text(s, str_from(text), &why) < 0)
    fail_msg("%s: %.*s", text, STR_ARG(buf_str(&why)));
  buf_free(&why);
}

/* ------------------------------------------------------------------ what is right */

static void everything_has_a_place(void **state)
{
  (void)state;
  struct settings s;
  read_well(&s, "site \"example.org\" {\n"
                "  root = /srv/example\n"
                "  path \"/archive/\" {\n"
                "    lang = fr\n"
                "    charset = iso-8859-1\n"
                "    type = \"text/x-log\"\n"
                "    redirect = \"/new/*\"\n"
                "    slow-down = 10\n"
                "    listing = off\n"
                "    listing-order = name\n"
                "    listing-header = top.gmi\n"
                "    listing-footer = /bottom.gmi\n"
                "    gopher-width = 72\n"
                "    terminate-text = true\n"
                "    clients = {\"" FINGERPRINT "\", \"sha256:" FINGERPRINT "\"}\n"
                "    client-ca = {\"ca.pem\", /ca/b.pem}\n"
                "    client-reason = \"Members only.\"\n"
                "    local-settings = true\n"
                "  }\n"
                "  path \"*.txt\" { gone = \"Taken down in 2024.\" }\n"
                "  path docs/x { redirect-permanent = \"gemini://example.org/\" }\n"
                "}\n");
  assert_int_equal(s.n_sites, 1);
  assert_int_equal(s.sites[0].rules.n, 3);
  const struct rule *r = s.sites[0].rules.rule;
  assert_string_equal(r->pattern, "/archive/");
  assert_true(r->under == 1 && !r->names && r->line == 3 && !s.sites[0].whole);
  assert_string_equal(r->lang, "fr");
  assert_string_equal(r->charset, "iso-8859-1");
  assert_string_equal(r->type, "text/x-log");
  assert_true(r->status == 30 && r->with_rest && r->slow_seconds == 10 && r->columns == 72);
  assert_string_equal(r->meta, "/new/");
  assert_true(r->listing == TOGGLE_OFF && r->order == LISTING_NAME && r->terminate == TOGGLE_ON);
  assert_string_equal(r->header, "top.gmi");
  assert_string_equal(r->footer, "/bottom.gmi");
  assert_true(r->gate.set && r->gate.n_fingerprints == 2 && r->gate.authorities == 3 && r->local == TOGGLE_ON);
  assert_string_equal(r->gate_reason, "Members only.");
  assert_int_equal(s.n_authorities, 2);
  assert_string_equal(s.authorities[0], "/etc/ca.pem");
  assert_string_equal(s.authorities[1], "/ca/b.pem");
  assert_true(r[1].names && r[1].status == 52 && r[1].line == 20 && !r[1].with_rest);
  assert_string_equal(r[1].meta, "Taken down in 2024.");
  assert_string_equal(r[2].pattern, "/docs/x");
  assert_int_equal(r[2].status, 31);
  settings_free(&s);
}

static void what_a_site_says_of_all_its_paths_comes_first(void **state)
{
  (void)state;
  struct settings s;
  read_well(&s, "path \"/\" { lang = fr gopher-width = 30 }\n\nlocal-settings = on gopher-width = 40\n"
                "path /b { }\nlisting-order = oldest terminate-text = yes");
  const struct rules *rules = &s.sites[0].rules;
  assert_true(s.sites[0].whole && rules->n == 3);
  assert_string_equal(rules->rule[0].pattern, "/");
  assert_true(rules->rule[0].columns == 40 && rules->rule[0].local == TOGGLE_ON && rules->rule[0].line == 3);
  assert_true(rules->rule[0].order == LISTING_OLDEST && rules->rule[0].terminate == TOGGLE_ON && !rules->rule[0].lang);
  assert_true(rules->rule[1].columns == 30 && strcmp(rules->rule[1].lang, "fr") == 0);
  assert_string_equal(rules->rule[2].pattern, "/b");
  settings_free(&s);
}

static void each_site_has_its_own(void **state)
{
  (void)state;
  struct settings s;
  read_well(&s, "site a.example { path /a { listing = off } gopher-width = 50 root = /a }\n"
                "site b.example { root = /b path /a { gone = x } path /b { client-ca = a.pem } }\n");
  assert_true(s.sites[0].rules.n == 2 && s.sites[0].rules.rule[0].columns == 50 && s.sites[0].whole);
  assert_string_equal(s.sites[0].names[0], "a.example");
  assert_true(s.sites[1].rules.n == 2 && s.sites[1].rules.rule[0].status == 52 && !s.sites[1].whole);
  assert_false(settings_site_asks(&s, 0));
  assert_true(settings_site_asks(&s, 1));
  settings_free(&s);
}

static void whoever_may_want_a_certificate_asks_for_it_G5(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *text;
    bool asks;
  } table[] = {
      {__LINE__, "", false},
      {__LINE__, "path /a { lang = en client-reason = x }", false},
      {__LINE__, "path /a { clients = everybody }", false},
      {__LINE__, "path /a { clients = any }", true},
      {__LINE__, "path /a { } path \"*.txt\" { clients = " FINGERPRINT " }", true},
      {__LINE__, "path /a { client-ca = x.pem }", true},
      {__LINE__, "local-settings = no", false},
      {__LINE__, "path /a { local-settings = yes }", true},
      {__LINE__, "local-settings = yes", true},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct settings s;
    read_well(&s, table[i].text);
    if (settings_site_asks(&s, 0) != table[i].asks)
      fail_msg("line %d", table[i].line);
    settings_free(&s);
  }
}

/* The first site's handshake is that of all that are beneath its root on Gopher; nobody else asks for others. */
static void the_first_site_asks_for_those_at_a_path_of_gopher_G5(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *shared, *second, *third;
    bool asks[3];
  } table[] = {
      {__LINE__, "", "gopher-path = /b", "", {false, false, false}},
      {__LINE__, "", "gopher-path = /b", "path /x { clients = any }", {false, false, true}},
      {__LINE__, "", "path /x { clients = any } gopher = \"127.0.0.1:70\"", "gopher-path = /c", {false, true, false}},
      {__LINE__, "", "gopher-path = /b path /x { client-ca = a.pem }", "", {true, true, false}},
      {__LINE__, "", "gopher-path = /b", "path /x { clients = any } gopher-path = /c", {true, false, true}},
      {__LINE__, "", "gopher-path = /b local-settings = yes", "", {true, true, false}},
      {__LINE__, "", "gopher-path = /b path /x { clients = everybody }", "", {false, false, false}},
      {__LINE__, "gophers = no", "gopher-path = /b path /x { clients = any }", "", {false, true, false}},
      {__LINE__, "gopher = off", "gopher-path = /b path /x { clients = any }", "", {false, true, false}},
      {__LINE__, "gemini = off", "gopher-path = /b path /x { clients = any }", "", {true, true, false}},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct settings s;
    char text[512];
    (void)snprintf(text, sizeof text,
                   "%s\nsite a.example { root = /a }\nsite b.example { root = /b %s }\nsite c.example { root = /c %s }",
                   table[i].shared, table[i].second, table[i].third);
    read_well(&s, text);
    for (size_t k = 0; k < 3; k++)
      if (settings_site_asks(&s, k) != table[i].asks[k])
        fail_msg("line %d: site %zu", table[i].line, k);
    settings_free(&s);
  }
}

static void authorities_are_numbered_as_rules_have_them(void **state)
{
  (void)state;
  struct settings s;
  read_well(&s, "path /a { client-ca = {a.pem, b.pem} client-ca = {c.pem, b.pem} }\n"
                "path /b { client-ca = d.pem client-ca += {c.pem} }\n");
  const struct rule *r = s.sites[0].rules.rule;
  assert_int_equal(s.n_authorities, 3);
  assert_string_equal(s.authorities[0], "/etc/b.pem");
  assert_string_equal(s.authorities[1], "/etc/c.pem");
  assert_string_equal(s.authorities[2], "/etc/d.pem");
  assert_true(r[0].gate.authorities == 3 && r[1].gate.authorities == 6);
  settings_free(&s);
}

/* ------------------------------------------------------------------ what is wrong */

static void mistakes_are_told_with_their_line(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *text, *why;
  } table[] = {
      {__LINE__, "path /a {\n\n  lag = en\n}", "3: there is no setting `lag` within path { }; did you mean `lang`?"},
      {__LINE__, "path /a { redirct = /b }",
       "1: there is no setting `redirct` within path { }; did you mean `redirect`?"},
      {__LINE__, "redirect = /b", "1: there is no setting `redirect`; `redirect` stands within path { }"},
      {__LINE__, "site a.example { root = /a clients = any }",
       "1: there is no setting `clients` within site { }; `clients` stands within path { }"},
      {__LINE__, "path /a { workers = 1 }",
       "1: there is no setting `workers` within path { }; `workers` stands outside of all braces"},
      {__LINE__, "path /a { root = /b }",
       "1: there is no setting `root` within path { }; `root` stands within site { }"},
      {__LINE__, "path /a { path /b { } }",
       "1: there is no setting `path` within path { }; expected path \"PATTERN\" { NAME = VALUE }, outside of these "
       "braces"},
      {__LINE__, "site a.example { pth /a { } }", "1: there is no setting `pth` within site { }; did you mean `path`?"},
      {__LINE__, "timeout { path /a { } }",
       "1: there is no setting `path` within timeout { }; expected path \"PATTERN\" { NAME = VALUE }, outside of these "
       "braces"},
      {__LINE__, "path /a { }\n\"path|lang\" = fr", "2: there is no setting `"},
      {__LINE__, "path { lang = en }", "1: expected a name in quotes after `path`"},
      {__LINE__, "path = /a", "1: expected a name in quotes after `path`"},
      {__LINE__, "path '' { }", "1: path : expected a pattern: a path such as /archive/, or a name such as *.txt"},
      {__LINE__, "path 'a\tb' { }", "1: path a\tb: expected a pattern"},
      {__LINE__, "path *.txt { }", "1: expected quotes around a value with * or + in it"},
      {__LINE__, "path /a {\n}\npath /a {\n lang = en }", "3: there is a path `/a` already"},
      {__LINE__, "path /a/b {\n}\npath a/b {\n lang = en }", "3: path a/b: there is a path of that pattern already"},
      {__LINE__, "site a.example { root = /a path /a { }\npath /a { } }", "2: there is a path `/a` already"},
      {__LINE__, "site a.example { root = /a }\nsite a.example { root = /a }",
       "2: there is a site `a.example` already"},
      {__LINE__, "path /a { }\n\nsite a.example { root = /a }",
       "1: where there are `site` sections, `path` has no place outside of them"},
      {__LINE__, "site a.example { root = /a }\n\ngopher-width = 40",
       "3: where there are `site` sections, `gopher-width` has no place outside of them"},
      {__LINE__, "site a.example { path /a { lang = en } }", "1: site a.example: expected root = FOLDER before"},
      {__LINE__, "path /a { redirect = /b\n gone = x }",
       "2: gone = x: of redirect, redirect-permanent and gone a path has one, and there is another above"},
      {__LINE__, "path /a {\n clients = {any, everybody} }",
       "2: clients = everybody: `any` and `everybody` stand alone"},
      {__LINE__, "path /a { clients = any client-ca = x.pem }",
       "1: client-ca = x.pem: where `any` certificate or `everybody` may enter, client-ca has nothing to say"},
      {__LINE__, "path /a { client-ca = '' }", "1: client-ca = : expected the path of a file"},
      {__LINE__, "path /a {\n clients = { }\n}", "2: expected a value between these braces"},
      {__LINE__, "path /a { client-ca += {\n\n # nobody\n } }", "4: expected a value between these braces"},
      {__LINE__, "gopher-width = 3", "1: gopher-width = 3: expected a number of columns from 20 to 1024"},
      {__LINE__, "path /a { lang = en", "1: the { of this line is never closed: expected }"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct settings s;
    struct buf why = BUF_INIT(WHY_MAX);
    int err = read_text(&s, str_from(table[i].text), &why);
    struct str said = str_skip(buf_str(&why), STR("/etc/f:").n);
    if (err != ERR_SYNTAX || !str_starts(said, str_from(table[i].why)))
      fail_msg("line %d: %d, %.*s", table[i].line, err, STR_ARG(said));
    settings_free(&s);
    buf_free(&why);
  }
}

static void all_has_a_bound(void **state)
{
  (void)state;
  struct settings s;
  struct buf text = BUF_INIT(TEXT_MAX), why = BUF_INIT(WHY_MAX);
  for (int i = 0; i < RULES_MAX; i++)
    buf_printf(&text, "path /%d { }\n", i);
  assert_int_equal(read_text(&s, buf_str(&text), &why), 0);
  assert_int_equal(s.sites[0].rules.n, RULES_MAX);
  settings_free(&s);
  buf_put_str(&text, STR("path /a { }"));
  assert_int_equal(read_text(&s, buf_str(&text), &why), ERR_SYNTAX);
  assert_true(str_eq(buf_str(&why), STR("/etc/f:1001: path /a: at most 1000 paths have settings of their own")));
  settings_free(&s);
  buf_clear(&text);
  buf_clear(&why);
  buf_put_str(&text, STR("path /a { client-ca = {x.pem"));
  for (int i = 0; i < IDENTITY_AUTHORITIES; i++)
    buf_printf(&text, ", %d.pem", i);
  buf_put_str(&text, STR("} }"));
  assert_int_equal(read_text(&s, buf_str(&text), &why), ERR_SYNTAX);
  assert_non_null(memmem(why.p, why.n, "at most 64 files of authorities", 31));
  settings_free(&s);
  buf_free(&text);
  buf_free(&why);
}

/* ------------------------------------------------------------------ what workers are given */

static bool same_text(const char *a, const char *b)
{
  return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_gate(const struct gate *a, const struct gate *b)
{
  return a->set == b->set && a->everybody == b->everybody && a->any == b->any && a->authorities == b->authorities &&
         a->n_fingerprints == b->n_fingerprints &&
         (a->n_fingerprints == 0 ||
          memcmp(a->fingerprint, b->fingerprint, a->n_fingerprints * sizeof *a->fingerprint) == 0);
}

static bool same_rule(const struct rule *a, const struct rule *b)
{
  return same_text(a->pattern, b->pattern) && a->under == b->under && a->names == b->names &&
         same_text(a->lang, b->lang) && same_text(a->charset, b->charset) && same_text(a->type, b->type) &&
         a->status == b->status && same_text(a->meta, b->meta) && a->with_rest == b->with_rest &&
         a->slow_seconds == b->slow_seconds && a->listing == b->listing && a->order == b->order &&
         same_text(a->header, b->header) && same_text(a->footer, b->footer) && a->columns == b->columns &&
         a->terminate == b->terminate && a->local == b->local && same_gate(&a->gate, &b->gate) &&
         same_text(a->gate_reason, b->gate_reason);
}

static bool same_rules(const struct settings *a, const struct settings *b)
{
  bool same = a->n_sites == b->n_sites && a->n_authorities == b->n_authorities;
  for (size_t i = 0; same && i < a->n_authorities; i++)
    same = strcmp(a->authorities[i], b->authorities[i]) == 0;
  for (size_t i = 0; same && i < a->n_sites; i++) {
    const struct site_settings *x = &a->sites[i], *y = &b->sites[i];
    same = x->whole == y->whole && x->rules.n == y->rules.n;
    for (size_t k = 0; same && k < x->rules.n; k++)
      same = same_rule(&x->rules.rule[k], &y->rules.rule[k]);
  }
  return same;
}

static void expect_same_when_written(struct str text)
{
  struct settings first, second;
  struct buf why = BUF_INIT(WHY_MAX), written = BUF_INIT(TEXT_MAX), again = BUF_INIT(TEXT_MAX);
  if (read_text(&first, text, &why) < 0)
    fail_msg("%.*s: %.*s", STR_ARG(text), STR_ARG(buf_str(&why)));
  assert_int_equal(settings_write_text(&first, &written, &why), 0);
  assert_int_equal(settings_init(&second), 0);
  if (settings_read_text(&second, buf_str(&written), "written", &why) < 0)
    fail_msg("%.*s: %.*s", STR_ARG(buf_str(&written)), STR_ARG(buf_str(&why)));
  if (!same_rules(&first, &second))
    fail_msg("%.*s\nis not\n%.*s", STR_ARG(buf_str(&written)), STR_ARG(text));
  assert_int_equal(settings_write_text(&second, &again, &why), 0);
  assert_true(str_eq(buf_str(&written), buf_str(&again)));
  settings_free(&first);
  settings_free(&second);
  buf_free(&why);
  buf_free(&written);
  buf_free(&again);
}

/* Values for each setting of a path, of which one is chosen at random, or none. */
static const char *const choices[][6] = {
    {"lang = en", "lang = ''", "lang = \"pt-BR,fr\""},
    {"charset = iso-8859-1"},
    {"type = text/plain", "type = 'text/x; a=\"b \\\\\" c\"'", "type = \"a/b;c=d\""},
    {"redirect = /a", "redirect-permanent = '/a/%2A*'", "gone = ''", "gone = \"it\\\\s 'gone' # \xc3\xa9\"",
     "redirect = '/x?a=%2A'", "redirect-permanent = \"https://a.example/*\""},
    {"slow-down = 1", "slow-down = 3600"},
    {"listing = on", "listing = off"},
    {"listing-order = newest", "listing-order = oldest", "listing-order = name", "listing-order = name-down",
     "listing-order = modified", "listing-order = modified-up"},
    {"listing-header = /top.gmi", "listing-header = ''", "listing-header = \"it's\""},
    {"listing-footer = '\xff'", "listing-footer = \"\""},
    {"gopher-width = 20", "gopher-width = 1024"},
    {"terminate-text = yes", "terminate-text = no"},
    {"clients = any", "clients = everybody", "clients = " FINGERPRINT, "clients = {" FINGERPRINT ", " FINGERPRINT "}",
     "client-ca = {a.pem, b.pem}", "client-ca = {c.pem, b.pem} client-ca += a.pem clients = " FINGERPRINT},
    {"client-reason = \"Write to me: a@b\""},
    {"local-settings = on", "local-settings = off"},
};
static const char *const patterns[] = {"/",        "'*.txt'",  "a",   "/a",     "/a/",   "'/a/**/b'", "'[!a]'",
                                       "\"it's\"", "'a\\\\*'", "/ä/", "'b/**'", "'/**'", "'*'",       "'?'"};
enum { N_CHOICES = sizeof choices / sizeof *choices, N_PATTERNS = sizeof patterns / sizeof *patterns };

static unsigned chance(uint32_t *seed, unsigned n)
{
  *seed = *seed * 1664525u + 1013904223u;
  return (*seed >> 16) % n;
}

static void put_choice(struct buf *text, uint32_t *seed, size_t of)
{
  const char *value = choices[of][chance(seed, 6)];
  if (value && chance(seed, 3) == 0)
    buf_printf(text, "%s\n", value);
}

static void put_rules(struct buf *text, uint32_t *seed)
{
  static const size_t whole[] = {6, 9, 10, 13}; /* what has a place outside of sections too */
  unsigned from = chance(seed, N_PATTERNS), n = chance(seed, 5);
  for (unsigned i = 0; i < n; i++) {
    put_choice(text, seed, whole[chance(seed, 4)]);
    buf_printf(text, "path %s {\n", patterns[(from + i) % N_PATTERNS]);
    for (size_t k = 0; k < N_CHOICES; k++)
      put_choice(text, seed, k);
    buf_put_str(text, STR("}\n"));
  }
}

static void what_is_written_reads_the_same(void **state)
{
  (void)state;
  struct buf text = BUF_INIT(TEXT_MAX);
  uint32_t seed = 1;
  for (size_t i = 0; i < N_CHOICES; i++)
    for (size_t k = 0; k < 6 && choices[i][k]; k++) {
      buf_clear(&text);
      buf_printf(&text, "path /a { %s }", choices[i][k]);
      expect_same_when_written(buf_str(&text));
    }
  for (int i = 0; i < 500; i++) {
    buf_clear(&text);
    unsigned sites = chance(&seed, 3);
    if (sites == 0)
      put_rules(&text, &seed);
    for (unsigned k = 0; k < sites; k++) {
      buf_printf(&text, "site s%u.example {\n", k);
      put_rules(&text, &seed);
      buf_put_str(&text, STR("root = /r\n}\n"));
    }
    expect_same_when_written(buf_str(&text));
  }
  buf_free(&text);
}

/* Who reads the file and who reads what was written of it number them alike, whatever way a path was written. */
static void an_authority_has_one_number_by_any_path(void **state)
{
  (void)state;
  char here[4096];
  struct settings first, second;
  struct buf text = BUF_INIT(TEXT_MAX), written = BUF_INIT(TEXT_MAX), why = BUF_INIT(WHY_MAX);
  assert_non_null(getcwd(here, sizeof here));
  buf_printf(&text, "path /a { client-ca = {a.pem, '%s/a.pem', b.pem} }\npath /b { client-ca = b.pem }\n", here);
  assert_int_equal(settings_init(&first), 0);
  assert_int_equal(settings_read_text(&first, buf_str(&text), "f", &why), 0);
  assert_int_equal(first.n_authorities, 2);
  assert_int_equal(settings_write_text(&first, &written, &why), 0);
  assert_int_equal(settings_init(&second), 0);
  assert_int_equal(settings_read_text(&second, buf_str(&written), "written", &why), 0);
  assert_true(same_rules(&first, &second));
  settings_free(&first);
  settings_free(&second);
  buf_free(&text);
  buf_free(&written);
  buf_free(&why);
}

static void authorities_are_written_with_absolute_paths(void **state)
{
  (void)state;
  char here[4096];
  struct settings s;
  struct buf text = BUF_INIT(TEXT_MAX), why = BUF_INIT(WHY_MAX), line = BUF_INIT(TEXT_MAX);
  assert_non_null(getcwd(here, sizeof here));
  assert_int_equal(settings_init(&s), 0);
  assert_int_equal(settings_read_text(&s, STR("path /a { client-ca = keys/ca.pem }"), "f", &why), 0);
  assert_int_equal(settings_write_text(&s, &text, &why), 0);
  buf_printf(&line, "client-ca = {'%s/keys/ca.pem'}\n", here);
  assert_non_null(memmem(text.p, text.n, line.p, line.n));
  settings_free(&s);
  buf_free(&text);
  buf_free(&why);
  buf_free(&line);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(everything_has_a_place),
      cmocka_unit_test(what_a_site_says_of_all_its_paths_comes_first),
      cmocka_unit_test(each_site_has_its_own),
      cmocka_unit_test(whoever_may_want_a_certificate_asks_for_it_G5),
      cmocka_unit_test(the_first_site_asks_for_those_at_a_path_of_gopher_G5),
      cmocka_unit_test(authorities_are_numbered_as_rules_have_them),
      cmocka_unit_test(mistakes_are_told_with_their_line),
      cmocka_unit_test(all_has_a_bound),
      cmocka_unit_test(what_is_written_reads_the_same),
      cmocka_unit_test(an_authority_has_one_number_by_any_path),
      cmocka_unit_test(authorities_are_written_with_absolute_paths),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
