/* `nuncio cert` as its user sees it: exit statuses, and what it says on which stream (G6). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "../../support/fill.h"
#include "../../support/tls_rig.h"
#include "cmd/cmd.h"

enum { WORDS_MAX = 16, TEXT_MAX = 1 << 16 };

static struct folder top;
static char certs[RIG_PATH_MAX];
static struct buf out, err; /* what the last run said; ended by a NUL */

static int set_up(void **state)
{
  (void)state;
  folder_make(&top);
  (void)snprintf(certs, sizeof certs, "%s/certs", top.path);
  out = BUF_INIT(TEXT_MAX);
  err = BUF_INIT(TEXT_MAX);
  return 0;
}

static int tear_down(void **state)
{
  (void)state;
  buf_free(&out);
  buf_free(&err);
  folder_remove(&top);
  return 0;
}

/* Points a stream at a file; returns the descriptor that it had. */
static int divert(FILE *stream, const char *path)
{
  (void)fflush(stream);
  int fd = fileno(stream), kept = dup(fd);
  FILE *to = fopen(path, "wb");
  assert_true(kept >= 0 && to && dup2(fileno(to), fd) >= 0);
  (void)fclose(to);
  return kept;
}

static void restore(FILE *stream, int kept, const char *path, struct buf *text)
{
  (void)fflush(stream);
  assert_true(dup2(kept, fileno(stream)) >= 0);
  close(kept);
  buf_clear(text);
  rig_read(path, text);
  buf_put_c(text, '\0');
}

/* Runs `nuncio cert LINE --certs CERTS`, words separated by single spaces. */
static int run(const char *line)
{
  char text[256], name[] = "cert", *words[WORDS_MAX] = {name};
  int n = 1;
  (void)snprintf(text, sizeof text, "%s", line);
  struct str rest = str_from(line), word;
  while (line[0] && str_split(&rest, ' ', &word)) {
    assert_true(n < WORDS_MAX - 2);
    words[n++] = text + (word.p - line);
    text[word.p - line + (ptrdiff_t)word.n] = '\0';
  }
  char option[] = "--certs";
  if (n > 1) {
    words[n++] = option;
    words[n++] = certs;
  }
  const char *to_out = rig_path(top.path, "stdout"), *to_err = rig_path(top.path, "stderr");
  int kept_out = divert(stdout, to_out), kept_err = divert(stderr, to_err);
  int status = cmd_cert(n, words);
  restore(stdout, kept_out, to_out, &out);
  restore(stderr, kept_err, to_err, &err);
  return status;
}

static void every_wrong_line_is_usage(void **state)
{
  (void)state;
  static const char *const lines[] = {"",
                                      "bake",
                                      "new",
                                      "renew",
                                      "renew a b/c",
                                      "renew a .b",
                                      "client",
                                      "client a b",
                                      "client a/b",
                                      "client a\x01",
                                      "client \xff",
                                      "client a --new-key",
                                      "client a --days",
                                      "client a --days 0",
                                      "client a --days 36501",
                                      "client a --days -1",
                                      "client a --days 1x",
                                      "client a234567890123456789012345678901234567890123456789012345678901234x",
                                      "show --days 3",
                                      "new a --days 3",
                                      "show a b",
                                      "show --new-key",
                                      "new a --nonsense",
                                      "new a --new-key=yes",
                                      "new *.foo.org",
                                      "new a/b",
                                      "show a/b",
                                      "renew a/b",
                                      "show -xyz"};
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    if (run(lines[i]) != EXIT_USAGE || out.n > 1 || err.n < 2)
      fail_msg("`%s`: %s", lines[i], err.p);
  }
  assert_int_equal(access(certs, F_OK), -1);
}

/* Whether `text` holds `wanted`, in which each @ stands for the folder of certificates. */
static bool says(const struct buf *text, const char *wanted)
{
  struct buf full = BUF_INIT(TEXT_MAX);
  for (const char *p = wanted; *p; p++)
    buf_put_str(&full, *p == '@' ? str_from(certs) : str_make(p, 1));
  buf_put_c(&full, '\0');
  bool found = strstr(text->p, full.p) != NULL;
  buf_free(&full);
  return found;
}

static void what_is_wrong_on_the_line_is_named(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *words, *says;
  } rows[] = {
      {__LINE__, "show -xyz", "cert show: no such option: -x ("},
      {__LINE__, "show a -hq", "no such option: -q ("},
      {__LINE__, "show --nonsense a b", "no such option: --nonsense ("},
      {__LINE__, "show a --new-key", "no such option: --new-key ("},
      {__LINE__, "new a --new-key=yes", "this option takes no value: --new-key=yes ("},
      {__LINE__, "new a --help=yes", "this option takes no value: --help=yes ("},
      {__LINE__, "new a\x1b[2J/b c", "\\x1b[2J"},
      {__LINE__, "show /tmp/c5/example.org.crt", "`nuncio cert show example.org --certs /tmp/c5`"},
      {__LINE__, "show certs/example.org.key", "`nuncio cert show example.org`"},
      {__LINE__, "renew /x --new-key", "`nuncio cert renew x --certs / --new-key`"},
      {__LINE__, "new ../x.crt y", "`nuncio cert new x --certs ..`"},
      {__LINE__, "show certs/", "`nuncio cert show NAME`"},
      {__LINE__, "new *.foo.org", "\"*.foo.org\": expected a host name"},
      {__LINE__, "new a. b_\xc3\xbc", "expected a host name"},
      {__LINE__, "new a -- -b", "\"-b\": expected a host name"},
      {__LINE__, "new a *.*.b.org", "\"*.*.b.org\": expected a host name"},
      {__LINE__, "renew .x", "\".x\": expected a host name"},
      {__LINE__, "renew x *.y *z", "\"*z\": expected a host name"},
      {__LINE__, "show --days 3", "no such option: --days ("},
      {__LINE__, "client a --new-key", "no such option: --new-key ("},
      {__LINE__, "client a --days no", "--days: expected a number from 1 to 36500, not \"no\""},
      {__LINE__, "client a/b", "\"a/b\" cannot be a client's name: expected 1 to 64 bytes of UTF-8"},
      {__LINE__, "client a\x1b[2J", "\\x1b[2J"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    int status = run(rows[i].words);
    if (status != EXIT_USAGE || !says(&err, rows[i].says) || strchr(err.p, '\n') != err.p + err.n - 2)
      fail_msg("row at line %d: %d: %s", rows[i].line, status, err.p);
  }
  assert_int_equal(access(certs, F_OK), -1);
}

static void names_are_written_as_serve_looks_for_them(void **state)
{
  (void)state;
  assert_int_equal(run("new Example.COM. *.Example.COM WWW.example.com FE80::1"), EXIT_OK);
  assert_int_equal(access(rig_path(certs, "example.com.crt"), F_OK), 0);
  rig_names_are(certs, "example.com", "example.com, *.example.com, www.example.com, fe80::1, 127.0.0.1, ::1");
  assert_int_equal(run("show EXAMPLE.com"), EXIT_OK);
  assert_true(str_starts(buf_str(&out), STR("example.com\n")));
  assert_int_equal(run("renew EXAMPLE.com."), EXIT_OK);
  /* A pair that was brought under another name is found under that. */
  rig_copy(rig_path(certs, "example.com.crt"), rig_path(certs, "My_Own.crt"));
  assert_int_equal(run("show My_Own"), EXIT_OK);
  assert_true(str_starts(buf_str(&out), STR("My_Own\n")));
  assert_int_equal(run("show Nobody.example"), EXIT_FAULT);
  assert_true(says(&err, "@/nobody.example.crt is not there: `nuncio cert new nobody.example --certs @` makes a pair"));
  /* What no client would take is not put in. */
  assert_int_equal(run("new b.example *.org"), EXIT_FAULT);
  assert_true(says(&err, "\"*.org\""));
  assert_int_equal(access(rig_path(certs, "b.example.key"), F_OK), -1);
}

static void help_is_no_error(void **state)
{
  (void)state;
  static const char *const lines[] = {"--help",       "show --help",   "new --help",
                                      "renew --help", "client --help", "new a --help"};
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    assert_int_equal(run(lines[i]), EXIT_OK);
    assert_true(str_starts(buf_str(&out), STR("usage: nuncio cert")));
    assert_int_equal(err.n, 1);
  }
  assert_int_equal(access(certs, F_OK), -1);
}

/* Who adds an alias to a site later. */
static void renewing_adds_names(void **state)
{
  (void)state;
  struct buf key = BUF_INIT(4096), same = BUF_INIT(4096);
  assert_int_equal(run("new a.example 192.0.2.1"), EXIT_OK);
  rig_read(rig_path(certs, "a.example.key"), &key);
  assert_int_equal(run("renew a.example WWW.a.example *.a.example 192.0.2.1 A.example"), EXIT_OK);
  rig_names_are(certs, "a.example", "a.example, 192.0.2.1, 127.0.0.1, ::1, www.a.example, *.a.example");
  rig_read(rig_path(certs, "a.example.key"), &same);
  assert_true(str_eq(buf_str(&key), buf_str(&same)));
  assert_int_equal(run("renew a.example"), EXIT_OK);
  rig_names_are(certs, "a.example", "a.example, 192.0.2.1, 127.0.0.1, ::1, www.a.example, *.a.example");
  /* What cannot be put in changes nothing. */
  assert_int_equal(run("renew a.example b.example *.org"), EXIT_FAULT);
  assert_true(says(&err, "\"*.org\""));
  rig_names_are(certs, "a.example", "a.example, 192.0.2.1, 127.0.0.1, ::1, www.a.example, *.a.example");
  assert_int_equal(run("renew a.example b.example --new-key"), EXIT_OK);
  rig_names_are(certs, "a.example", "a.example, 192.0.2.1, 127.0.0.1, ::1, www.a.example, *.a.example, b.example");
  /* On the key alone. */
  assert_int_equal(unlink(rig_path(certs, "a.example.crt")), 0);
  assert_int_equal(run("renew a.example c.example"), EXIT_OK);
  rig_names_are(certs, "a.example", "a.example, c.example, 127.0.0.1, ::1");
  assert_int_equal(run("renew nobody.example c.example"), EXIT_FAULT);
  assert_true(says(&err, "@/nobody.example.crt is not there"));
  buf_free(&key);
  buf_free(&same);
}

static void makes_certificates_for_clients(void **state)
{
  (void)state;
  struct buf before = BUF_INIT(4096), after = BUF_INIT(4096);
  assert_int_equal(run("client alice --days 7"), EXIT_OK);
  assert_true(says(&out, "made @/client-alice.crt and @/client-alice.key: "));
  assert_true(says(&out, "alice, self-signed"));
  assert_true(says(&out, "7 days left") || says(&out, "6 days left")); /* a second later */
  assert_true(says(&out, "  certificate  sha256:") && says(&out, "  public key   sha256:"));
  assert_true(says(&out, "printf 'gemini://localhost/\\r\\n' | openssl s_client"));
  assert_true(says(&out, "-connect localhost:1965 -servername localhost -cert "));
  assert_true(says(&out, "the key is \"host\" or \"host:port\""));
  assert_true(says(&out, " -cert @/client-alice.crt -key @/client-alice.key\n"));
  /* Nothing of it is lost, and it does not become a server's. */
  rig_read(rig_path(certs, "client-alice.key"), &before);
  static const char *const lines[] = {"client alice", "new client-alice", "renew client-alice",
                                      "renew client-alice --new-key"};
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    buf_clear(&after);
    if (run(lines[i]) != EXIT_FAULT || !strstr(err.p, "client-alice") || strstr(err.p, "`nuncio cert renew"))
      fail_msg("`%s`: %s", lines[i], err.p);
    rig_read(rig_path(certs, "client-alice.key"), &after);
    assert_true(str_eq(buf_str(&before), buf_str(&after)));
  }
  assert_int_equal(run("show client-alice"), EXIT_OK);
  assert_true(says(&out, "names        none (a client's certificate)\n"));
  assert_true(says(&out, "EXPIRES SOON; make another one with `nuncio cert client`"));
  /* Any person's name. */
  assert_int_equal(run("client \xc3\xbcmit"), EXIT_OK);
  assert_true(says(&out, "\xc3\xbcmit, self-signed"));
  assert_int_equal(run("client .x"), EXIT_OK);
  assert_int_equal(access(rig_path(certs, "client-.x.crt"), F_OK), 0);
  buf_free(&before);
  buf_free(&after);
}

static void makes_shows_and_renews(void **state)
{
  (void)state;
  struct buf key = BUF_INIT(4096), same = BUF_INIT(4096);
  assert_int_equal(run("new b.example www.b.example 192.0.2.1"), EXIT_OK);
  assert_non_null(strstr(out.p, "names        b.example, www.b.example, 192.0.2.1, 127.0.0.1, ::1\n"));
  assert_int_equal(run("new a.example"), EXIT_OK);
  rig_read(rig_path(certs, "a.example.key"), &key);

  assert_int_equal(run("new a.example"), EXIT_FAULT);
  assert_non_null(strstr(err.p, "a.example.key is there already"));
  assert_int_equal(run("renew a.example"), EXIT_OK);
  assert_non_null(strstr(out.p, "on the same key"));
  rig_read(rig_path(certs, "a.example.key"), &same);
  assert_true(str_eq(buf_str(&key), buf_str(&same)));

  assert_int_equal(run("renew a.example --new-key"), EXIT_OK);
  assert_non_null(strstr(out.p, "the old pair is kept as"));
  assert_non_null(strstr(out.p, "a.example.key.2"));
  buf_clear(&same);
  rig_read(rig_path(certs, "a.example.key"), &same);
  assert_false(str_eq(buf_str(&key), buf_str(&same)));

  /* All of them, sorted, without the pairs that are kept. */
  assert_int_equal(run("show"), EXIT_OK);
  const char *a = strstr(out.p, "a.example\n"), *b = strstr(out.p, "\nb.example\n");
  assert_true(a == out.p && b && a < b);
  assert_null(strstr(out.p, ".crt.2"));
  assert_non_null(strstr(out.p, "a.example.key matches"));
  assert_non_null(strstr(out.p, "ECDSA P-256"));
  buf_free(&key);
  buf_free(&same);
}

static void says_what_is_wrong_with_a_pair(void **state)
{
  (void)state;
  assert_int_equal(mkdir(certs, 0700), 0);
  EVP_PKEY *key = EVP_EC_gen("P-256");
  rig_pair_of(certs, "expired", key, -100, -1);
  rig_pair_of(certs, "future", key, 5, 100);
  rig_pair_of(certs, "keyless", key, -1, 100);
  rig_pair_of(certs, "soon", key, -1, 9);
  rig_pair_of(certs, "\x1b[2Jx", key, -1, 100);
  EVP_PKEY_free(key);
  rig_pair(certs, "other");
  rig_copy(rig_path(certs, "other.key"), rig_path(certs, "soon.key"));
  folder_write(&top, "certs/rubbish.crt", STR("rubbish"));
  assert_int_equal(unlink(rig_path(certs, "keyless.key")), 0);
  assert_int_equal(run("show"), EXIT_FAULT);
  assert_true(
      says(&out, ", EXPIRED 1 day ago: readers are warned or turned away; `nuncio cert renew expired --certs @`"));
  assert_true(says(&out, ", NOT VALID YET, "));
  assert_true(says(&out, " days to go: readers are"));
  assert_true(says(&out, " days left: EXPIRES SOON; `nuncio cert renew soon --certs @` makes a new one\n"));
  assert_non_null(strstr(out.p, "keyless.key IS MISSING"));
  assert_non_null(strstr(out.p, "soon.key DOES NOT MATCH"));
  assert_non_null(strstr(err.p, "rubbish.crt holds no PEM certificate"));
  assert_null(strchr(out.p, '\x1b')); /* names may hold anything; the terminal gets it escaped */
  assert_non_null(strstr(out.p, "\\x1b[2Jx"));
  assert_null(strstr(out.p, "rubbish"));
}

static void a_lost_certificate_is_made_on_its_key(void **state)
{
  (void)state;
  assert_int_equal(run("new x"), EXIT_OK);
  assert_int_equal(unlink(rig_path(certs, "x.crt")), 0);
  assert_int_equal(run("new x"), EXIT_FAULT);
  assert_int_equal(run("renew x"), EXIT_OK);
  assert_non_null(strstr(out.p, "x.key matches"));
  assert_int_equal(unlink(rig_path(certs, "x.key")), 0);
  assert_int_equal(run("renew x"), EXIT_FAULT);
  assert_true(says(
      &err,
      "@/x.key is not there: put the key back, or make a new pair with `nuncio cert renew x --certs @ --new-key`"));
  assert_int_equal(run("renew y"), EXIT_FAULT);
  assert_non_null(strstr(err.p, "nuncio cert new y"));
}

/* One rule for both ways: without --new-key nothing is touched, with it the old pair is kept and it is said whose the
 * old certificate was. */
static void what_another_signed_is_replaced_with_a_new_key_only(void **state)
{
  (void)state;
  static const char *const actions[] = {"new x", "renew x"};
  for (size_t i = 0; i < 2; i++) {
    char words[32], advice[128];
    struct buf before = BUF_INIT(TEXT_MAX), after = BUF_INIT(TEXT_MAX);
    assert_true(mkdir(certs, 0700) == 0 || i > 0);
    EVP_PKEY *key = EVP_EC_gen("P-256"), *authority = EVP_EC_gen("P-256");
    rig_pair_signed(certs, "x", key, authority, -1, 100);
    EVP_PKEY_free(key);
    EVP_PKEY_free(authority);
    rig_read(rig_path(certs, "x.crt"), &before);
    assert_int_equal(run("show x"), EXIT_OK);
    assert_non_null(strstr(out.p, "signed by somebody else"));
    assert_int_equal(run(actions[i]), EXIT_FAULT);
    assert_non_null(strstr(err.p, "signed by somebody else"));
    (void)snprintf(advice, sizeof advice, "`nuncio cert %s --certs @ --new-key`", actions[i]);
    assert_true(says(&err, advice));
    rig_read(rig_path(certs, "x.crt"), &after);
    assert_true(str_eq(buf_str(&before), buf_str(&after)));
    (void)snprintf(words, sizeof words, "%s --new-key", actions[i]);
    assert_int_equal(run(words), EXIT_OK);
    assert_true(says(&out, "the old pair is kept as @/x.crt.2"));
    assert_true(says(&out, " and @/x.key.2"));
    assert_non_null(strstr(out.p, "The old certificate was signed by somebody else"));
    assert_non_null(strstr(out.p, ", self-signed\n"));
    buf_free(&before);
    buf_free(&after);
  }
  assert_int_equal(run("renew x --new-key"), EXIT_OK);
  assert_null(strstr(out.p, "somebody else"));
}

static void an_empty_or_missing_folder_is_one_line(void **state)
{
  (void)state;
  assert_int_equal(run("renew x"), EXIT_FAULT);
  assert_int_equal(run("renew x --new-key"), EXIT_FAULT);
  assert_int_equal(access(certs, F_OK), -1); /* nothing is made for what is not there */
  assert_int_equal(run("show"), EXIT_FAULT);
  assert_non_null(strstr(err.p, "/certs cannot be read"));
  assert_int_equal(mkdir(certs, 0700), 0);
  assert_int_equal(run("show"), EXIT_FAULT);
  assert_true(says(&err, "there are no certificates in @: `nuncio cert new NAME --certs @` makes one"));
  assert_int_equal(out.n, 1);
  assert_ptr_equal(strchr(err.p, '\n'), err.p + err.n - 2);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(every_wrong_line_is_usage, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_is_wrong_on_the_line_is_named, set_up, tear_down),
      cmocka_unit_test_setup_teardown(names_are_written_as_serve_looks_for_them, set_up, tear_down),
      cmocka_unit_test_setup_teardown(help_is_no_error, set_up, tear_down),
      cmocka_unit_test_setup_teardown(renewing_adds_names, set_up, tear_down),
      cmocka_unit_test_setup_teardown(makes_certificates_for_clients, set_up, tear_down),
      cmocka_unit_test_setup_teardown(makes_shows_and_renews, set_up, tear_down),
      cmocka_unit_test_setup_teardown(says_what_is_wrong_with_a_pair, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_lost_certificate_is_made_on_its_key, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_another_signed_is_replaced_with_a_new_key_only, set_up, tear_down),
      cmocka_unit_test_setup_teardown(an_empty_or_missing_folder_is_one_line, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
