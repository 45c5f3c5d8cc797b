/* What rules for paths do to answers: the settings file's, and those of `.nuncio` files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../support/ask.h"
#include "base/err.h"
#include "site/item.h"
#include "site/resolve_internal.h"

static const struct fill items[] = {
    {"index.gmi", "# Home\n", NULL},
    {"a.txt", "a text\n", NULL},
    {"b.log", "a log\n", NULL},
    {"PACKED", "no text\n", NULL},
    {"fr/index.gmi", "# Bonjour\n", NULL},
    {"list/one.gmi", "# 2012-01-01 One\n", NULL},
    {"list/two.gmi", "# 2013-01-01 Two\n", NULL},
    {"list/three.gmi", "# Three\n", NULL},
    {"list/top.gmi", "# A page by hand\nWelcome.", NULL},
    {"foot.gmi", "Made with care.\n", NULL},
    {"members/index.gmi", "# The secret title\n", NULL},
    {"members/door.gmi", "# The door\n", NULL},
    {"talks.overview.txt",
     "The talks nobody reads\nSeptember 26, 2012\n\nLead.\n\n1. One\n\nText.\n\n2. Two\n\nText.\n", NULL},
    {"~ann/index.gmi", "# Ann\n", NULL},
    {"~ann/x.gmi", "# X\n", NULL},
    {"~bob/index.gmi", "# Bob\n", NULL},
    {NULL, NULL, NULL},
};

/* A word after a pattern, and what it sets: the form of `.nuncio` is not the site's matter, so here it is this one. */
static int set(struct rule *rule, struct str word)
{
  struct str key = str_head(word, str_find(word, '=')), value = str_skip(word, key.n + 1);
  if (str_eq(key, STR("lang")))
    rule->lang = str_dup(value);
  else if (str_eq(key, STR("type")))
    rule->type = str_dup(value);
  else if (str_eq(key, STR("charset")))
    rule->charset = str_dup(value);
  else if (str_eq(key, STR("parameters")))
    rule->parameters = str_dup(value);
  else if (str_eq(key, STR("status")))
    rule->status = (unsigned)atoi(word.p + key.n + 1);
  else if (str_eq(key, STR("meta")))
    rule->meta = str_dup(value);
  else if (str_eq(key, STR("rest")))
    rule->with_rest = true;
  else if (str_eq(key, STR("slow")))
    rule->slow_seconds = (unsigned)atoi(word.p + key.n + 1);
  else if (str_eq(key, STR("unlisted")))
    rule->listing = TOGGLE_OFF;
  else if (str_eq(key, STR("order")))
    rule->order = (enum listing_order)atoi(word.p + key.n + 1);
  else if (str_eq(key, STR("header")))
    rule->header = str_dup(value);
  else if (str_eq(key, STR("footer")))
    rule->footer = str_dup(value);
  else if (str_eq(key, STR("columns")))
    rule->columns = (unsigned)atoi(word.p + key.n + 1);
  else if (str_eq(key, STR("local")))
    rule->local = TOGGLE_ON;
  else if (str_eq(key, STR("any")))
    rule->gate = (struct gate){.set = true, .any = true};
  else if (str_eq(key, STR("everybody")))
    rule->gate = (struct gate){.set = true, .everybody = true};
  else if (str_eq(key, STR("authority")))
    rule->gate = (struct gate){.set = true, .authorities = 2};
  else if (str_eq(key, STR("print")))
    return gate_add(&rule->gate, value);
  else if (str_eq(key, STR("reason")))
    rule->gate_reason = str_dup(value);
  else
    return ERR_SYNTAX;
  return 0;
}

/* How many texts were read; and a folder in which somebody closes a gate above the directory that is being read. */
static unsigned texts_read;
static const struct folder *gate_closes;

/* Lines of a pattern and words, separated by TABs. */
static int read_rules(struct str text, struct str under, struct rules *out, struct buf *why)
{
  texts_read++;
  if (gate_closes)
    folder_write(gate_closes, ".nuncio", STR("/\tany=1\n"));
  gate_closes = NULL;
  struct str line, word;
  for (unsigned n = 1; str_line(&text, &line); n++) {
    struct str rest = line;
    (void)str_split(&rest, '\t', &word);
    struct rule *rule = rules_add(out, under, word);
    assert_non_null(rule);
    while (str_split(&rest, '\t', &word))
      if (set(rule, word) != 0) {
        buf_printf(why, "%u: expected something else", n);
        return ERR_SYNTAX;
      }
  }
  return 0;
}

static void make_with(struct stand *s, const char *lines, bool meta)
{
  static const char *const names[] = {"capsule.example"};
  struct rules rules;
  struct buf why = BUF_INIT(200);
  rules_init(&rules);
  assert_int_equal(read_rules(str_from(lines), STR("/"), &rules, &why), 0);
  buf_free(&why);
  stand_make_with(s, items,
                  (struct site_config){.names = names,
                                       .n_names = 1,
                                       .named = true,
                                       .lang = "en",
                                       .cache = (size_t)32 << 20,
                                       .rules = &rules,
                                       .dots = {.nuncio = read_rules, .meta = meta}});
  rules_free(&rules);
}

static void make(struct stand *s, const char *lines)
{
  make_with(s, lines, false);
}

static void expect(struct stand *s, int line, enum representation representation, const char *path, int status,
                   const char *meta)
{
  struct reply r = REPLY_INIT;
  ask(s, representation, path, &r);
  if ((int)r.status != status || strcmp(reply_meta(&r), meta) != 0)
    fail_msg("line %d: %s: %d %s", line, path, (int)r.status, reply_meta(&r));
  reply_free(&r);
}
#define GEMINI(path, status, meta) expect(&s, __LINE__, REPR_GEMTEXT, path, status, meta)
#define GOPHER(path, status, meta) expect(&s, __LINE__, REPR_MENU, path, status, meta)

static void content_is_what_rules_say_of_it(void **state)
{
  (void)state;
  struct stand s;
  make(&s, "*.log\ttype=text/x-log\n"
           "PACKED\ttype=application/x-packed\n"
           "/\tcharset=iso-8859-1\n"
           "/fr/\tlang=fr,nl\n"
           "/list/\tparameters=; lang=de; x=y\n"
           "three.gmi\ttype=text/plain; charset=utf-8\n"
           "*.overview.txt\tlang=\n");
  for (int i = 0; i < 2; i++) { /* made, and then from the cache */
    GEMINI("/", 20, "text/gemini; charset=iso-8859-1; lang=en");
    GEMINI("/b.log", 20, "text/x-log; charset=iso-8859-1");
    GEMINI("/a.txt", 20, "text/plain; charset=iso-8859-1");
    GEMINI("/fr/", 20, "text/gemini; charset=iso-8859-1; lang=\"fr,nl\"");
    GEMINI("/list/one.gmi", 20, "text/gemini; charset=iso-8859-1; lang=de; x=y");
    GEMINI("/list/three.gmi", 20, "text/plain; charset=utf-8");
    GEMINI("/list/", 20, "text/gemini; lang=de; x=y"); /* ours is UTF-8 */
    GEMINI("/talks/", 20, "text/gemini");              /* by the name of its document */
  }
  assert_int_equal(site_item_type(s.site, NULL, STR("/b.log")), '0');
  assert_int_equal(site_item_type(s.site, NULL, STR("/list/three.gmi")), '0');
  assert_int_equal(site_item_type(s.site, NULL, STR("/list/one.gmi")), '1');
  assert_int_equal(site_item_type(s.site, NULL, STR("/PACKED")), '9'); /* though it looks like a text */
  assert_int_equal(site_item_type(s.site, NULL, STR("/list")), '1');
  stand_remove(&s);
}

static void some_paths_are_answered_by_a_status(void **state)
{
  (void)state;
  struct stand s;
  make(&s, "/old/\tstatus=31\tmeta=/new/\trest=1\n"
           "/start\tstatus=30\tmeta=/fr/\n"
           "/there\tstatus=30\tmeta=gemini://other.example/x?y\n"
           "/gone.gmi\tstatus=52\n"
           "/taken/\tstatus=52\tmeta=Taken down in 2024\n"
           "/ask\tstatus=10\tmeta=Your name\n");
  GEMINI("/old/a%20b/c.gmi", 31, "/new/a%20b/c.gmi");
  GEMINI("/old", 31, "/new/");
  GEMINI("/old/a/?q", 31, "/new/a/?q");
  GOPHER("/old/a", 31, "/new/a");
  GEMINI("/start?x=1", 30, "/fr/?x=1");
  GEMINI("/start/more", 51, "There is no page at /start/more");
  GEMINI("/there?z", 30, "gemini://other.example/x?y");
  GEMINI("/gone.gmi", 52, "This page is gone for good");
  GEMINI("/taken/any/thing", 52, "Taken down in 2024");
  GOPHER("/taken", 52, "Taken down in 2024");
  GEMINI("/ask", 10, "Your name");
  stand_remove(&s);
}

/* An address that grows too long on the way is told of as a sentence, not cut. */
static void a_redirect_that_grows_too_long_is_none(void **state)
{
  (void)state;
  struct stand s;
  make(&s, "/old/\tstatus=31\tmeta=/a/place/with/a/longer/name/than/before/\trest=1\n");
  char path[1100] = "/old/";
  memset(path + 5, 'x', 1010);
  path[1015] = '\0';
  GEMINI(path, 51, "This page has moved, and its new address is too long to be told");
  stand_remove(&s);
}

static void who_asks_too_soon_is_told_how_long_to_wait_G17(void **state)
{
  (void)state;
  struct stand s;
  make(&s, "/list/\tslow=10\n");
  GEMINI("/list/one.gmi", 20, "text/gemini; lang=en"); /* nobody we know */
  s.visitor = 7;
  GEMINI("/list/one.gmi", 20, "text/gemini; lang=en");
  GEMINI("/list/two.gmi", 44, "Please wait 10 seconds before you ask for this again");
  GEMINI("/a.txt", 20, "text/plain");
  s.pool.now += 9500;
  GEMINI("/list/two.gmi", 44, "Please wait 1 second before you ask for this again");
  s.visitor = 8;
  GEMINI("/list/two.gmi", 20, "text/gemini; lang=en");
  s.visitor = 7;
  s.pool.now += 500;
  GEMINI("/list/two.gmi", 20, "text/gemini; lang=en");
  /* A selector has two readings (P2): together they are one request. */
  s.pool.now += 10000;
  struct reply r = REPLY_INIT;
  ask_either(&s, REPR_MENU, STR("/list/no%65.gmi"), STR("/list/one.gmi"), &r);
  assert_status(&r, STATUS_SUCCESS);
  reply_free(&r);
  stand_remove(&s);
}

/* Who need not wait for one rule has to for another: for the second reading of a selector, and for an author's. */
static void a_shorter_wait_does_not_stand_for_a_longer_one(void **state)
{
  (void)state;
  struct stand s;
  struct reply r = REPLY_INIT;
  make(&s, "/\tslow=1\tlocal=1\n/list/\tslow=60\n");
  s.visitor = 7;
  for (int i = 0; i < 2; i++) {
    ask_either(&s, REPR_MENU, STR("/l%69st/one.gmi"), STR("/list/one.gmi"), &r);
    assert_status(&r, i == 0 ? STATUS_SUCCESS : STATUS_SLOW_DOWN);
    s.pool.now += 2000;
  }
  reply_free(&r);
  folder_write(&s.folder, "fr/.nuncio", STR("/\tslow=60\n"));
  GEMINI("/fr/", 20, "text/gemini; lang=en");
  s.pool.now += 2000;
  GEMINI("/fr/", 44, "Please wait 58 seconds before you ask for this again");
  stand_remove(&s);
  /* Of the same pattern, too. */
  make(&s, "/\tlocal=1\n/fr/\tslow=1\n");
  s.visitor = 7;
  folder_write(&s.folder, "fr/.nuncio", STR("/\tslow=60\n"));
  GEMINI("/fr/", 20, "text/gemini; lang=en");
  s.pool.now += 2000;
  GEMINI("/fr/", 44, "Please wait 58 seconds before you ask for this again");
  stand_remove(&s);
}

static void body_is(struct stand *s, int line, const char *path, const char *want)
{
  struct reply r = REPLY_INIT;
  ask(s, REPR_GEMTEXT, path, &r);
  if (r.status != STATUS_SUCCESS || strcmp(reply_body(&r), want) != 0)
    fail_msg("line %d: %d %s\n%s", line, (int)r.status, reply_meta(&r), reply_body(&r));
  reply_free(&r);
}
#define BODY(path, want) body_is(&s, __LINE__, path, want)

static void listings_are_as_their_rules_have_them(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *rules, *want;
  } table[] = {
      {__LINE__, "/list/\torder=2\theader=none",
       "# list\n\n=> ../ Up\n=> one.gmi 2012-01-01 One\n=> two.gmi 2013-01-01 Two\n=> three.gmi Three\n"
       "=> top.gmi A page by hand\n"},
      {__LINE__, "/list/\torder=3",
       "# list\n\n=> ../ Up\n=> one.gmi 2012-01-01 One\n=> three.gmi Three\n=> top.gmi A page by hand\n"
       "=> two.gmi 2013-01-01 Two\n"},
      {__LINE__, "/list/\torder=4",
       "# list\n\n=> ../ Up\n=> two.gmi 2013-01-01 Two\n=> top.gmi A page by hand\n=> three.gmi Three\n"
       "=> one.gmi 2012-01-01 One\n"},
      {__LINE__, "/list/\torder=5",
       "# list\n\n=> ../ Up\n=> three.gmi Three\n=> one.gmi 2012-01-01 One\n=> top.gmi A page by hand\n"
       "=> two.gmi 2013-01-01 Two\n"},
      {__LINE__, "/list/\theader=top.gmi\tfooter=/foot.gmi",
       "# A page by hand\nWelcome.\n\n=> ../ Up\n=> two.gmi 2013-01-01 Two\n=> one.gmi 2012-01-01 One\n"
       "=> three.gmi Three\n\nMade with care.\n"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct stand s;
    make(&s, table[i].rules);
    folder_age(&s.folder, "list/three.gmi", 10);
    folder_age(&s.folder, "list/one.gmi", 20);
    folder_age(&s.folder, "list/top.gmi", 30);
    folder_age(&s.folder, "list/two.gmi", 40);
    for (int again = 0; again < 2; again++)
      body_is(&s, table[i].line, "/list/", table[i].want);
    stand_remove(&s);
  }
}

static void a_directory_need_not_be_listed(void **state)
{
  (void)state;
  struct stand s;
  make(&s, "/list/\tunlisted=1\n");
  GEMINI("/list/", 51, "This directory has no page of its own");
  GOPHER("/list", 51, "This directory has no page of its own");
  GEMINI("/list/one.gmi", 20, "text/gemini; lang=en");
  GEMINI("/fr/", 20, "text/gemini; lang=en"); /* another, with an index */
  stand_remove(&s);
}

/* ------------------------------------------------------------------ who may enter */

#define PRINT "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static struct identity somebody(void)
{
  return (struct identity){.presented = true,
                           .certificate = PRINT,
                           .key = "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
                           .not_before = 0,
                           .not_after = INT64_MAX};
}

static void a_gate_asks_for_a_certificate(void **state)
{
  (void)state;
  struct stand s;
  struct identity ann = somebody();
  make(&s, "/members/\tany=1\treason=Members only: write to ann@example.org\n"
           "/members/door.gmi\teverybody=1\n"
           "/list/\tany=1\n");
  GEMINI("/members/", 60, "Members only: write to ann@example.org");
  GEMINI("/members", 60, "Members only: write to ann@example.org");
  GOPHER("/members", 60, "Members only: write to ann@example.org");
  GEMINI("/members/nothing", 60, "Members only: write to ann@example.org");
  GEMINI("/members/door.gmi", 20, "text/gemini; lang=en");
  GEMINI("/list/", 60, "This part of capsule.example asks for a client certificate: choose or make one");
  s.identity = &ann;
  GEMINI("/members/", 20, "text/gemini; lang=en");
  GEMINI("/members/nothing", 51, "There is no page at /members/nothing");
  /* What is ready for one who may enter is not for the next. */
  s.identity = NULL;
  GEMINI("/members/", 60, "Members only: write to ann@example.org");
  stand_remove(&s);
}

static void a_certificate_must_be_in_its_time_and_known(void **state)
{
  (void)state;
  struct stand s;
  struct identity who = somebody();
  make(&s, "/members/\tprint=" PRINT "\n"
           "/list/\tauthority=1\n"
           "/a.txt\tprint=ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n");
  s.identity = &who;
  GEMINI("/members/", 20, "text/gemini; lang=en");
  GEMINI("/a.txt", 20, "text/plain"); /* by its key */
  GEMINI("/list/", 61,
         "Your certificate is not known here. To ask for entry, send its fingerprint to the owner of capsule.example: "
         "sha256:" PRINT);
  who.signed_by = 1;
  GEMINI("/list/one.gmi", 61,
         "Your certificate is not known here. To ask for entry, send its fingerprint to the owner of capsule.example: "
         "sha256:" PRINT);
  who.signed_by = 2;
  GEMINI("/list/one.gmi", 20, "text/gemini; lang=en");
  who.not_after = 1356998400; /* 2013 */
  GEMINI("/list/one.gmi", 62, "Your certificate expired on 2013-01-01: use another one or make a new one");
  who.not_before = INT64_C(4102444800);
  who.not_after = INT64_MAX;
  GEMINI("/list/one.gmi", 62, "Your certificate is not valid before 2100-01-01: use another one or make a new one");
  who.not_before = INT64_MAX;
  GEMINI("/list/one.gmi", 62, "There is a date in your certificate that is none: use another one or make a new one");
  who.not_before = 0;
  who.not_after = INT64_MIN;
  GEMINI("/list/one.gmi", 62, "There is a date in your certificate that is none: use another one or make a new one");
  who.presented = false;
  GEMINI("/members/", 60, "This part of capsule.example asks for a client certificate: choose or make one");
  stand_remove(&s);
}

/* A gate on a file holds by whatever name the file is reached. */
static void a_gate_is_not_walked_around(void **state)
{
  (void)state;
  struct stand s;
  struct identity ann = somebody();
  make(&s, "index.gmi\tany=1\n/talks.overview.txt\tany=1\n");
  for (int i = 0; i < 2; i++) {
    s.identity = NULL;
    GEMINI("/", 60, "This part of capsule.example asks for a client certificate: choose or make one");
    GOPHER("/fr", 60, "This part of capsule.example asks for a client certificate: choose or make one");
    GEMINI("/talks/", 60, "This part of capsule.example asks for a client certificate: choose or make one");
    GEMINI("/talks/1.gmi", 60, "This part of capsule.example asks for a client certificate: choose or make one");
    GEMINI("/talks.overview.txt", 60, "This part of capsule.example asks for a client certificate: choose or make one");
    s.identity = &ann; /* who must leave nothing ready behind */
    GEMINI("/", 20, "text/gemini; lang=en");
    GOPHER("/fr", 20, "text/gemini; lang=en");
    GEMINI("/talks/1.gmi", 20, "text/gemini; lang=en");
  }
  stand_remove(&s);
}

static void a_listing_tells_nothing_from_behind_a_gate(void **state)
{
  (void)state;
  struct stand s;
  struct reply r = REPLY_INIT;
  make(&s, "/members/\tany=1\n/talks/\tany=1\n/\theader=none\n");
  folder_delete(&s.folder, "index.gmi");
  ask(&s, REPR_GEMTEXT, "/", &r);
  assert_status(&r, STATUS_SUCCESS);
  assert_contains(reply_body(&r), "=> members/ members/\n");
  assert_contains(reply_body(&r), "=> talks/ talks\n");
  assert_contains(reply_body(&r), "=> fr/ Bonjour\n");
  assert_lacks(reply_body(&r), "secret");
  assert_lacks(reply_body(&r), "nobody reads");
  reply_free(&r);
  stand_remove(&s);
}

/* A page for web browsers says of any path which item it is. */
static void item_types_tell_nothing_from_behind_a_gate(void **state)
{
  (void)state;
  struct stand s;
  make(&s, "/members/\tany=1\n/~ann/\tlocal=1\n");
  static const char *const texts[] = {"list/text", "members/text", "~ann/a/text", "~ann/text"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    folder_write(&s.folder, texts[i], STR("a text\n"));
  folder_write(&s.folder, "~ann/a/.nuncio", STR("/\tany=1\n"));
  static const struct {
    int line;
    const char *path;
    char want;
  } table[] = {
      {__LINE__, "/list/text", '0'},  {__LINE__, "/~ann/text", '0'},   {__LINE__, "/members/text", '1'},
      {__LINE__, "/members/no", '1'}, {__LINE__, "/~ann/a/text", '1'}, {__LINE__, "/~ann/a/no", '1'},
  };
  for (int i = 0; i < 3; i++) { /* where it has to be looked at in the pool the next one is told */
    for (size_t k = 0; k < sizeof table / sizeof *table; k++) {
      char type = site_item_type(s.site, NULL, str_from(table[k].path));
      (void)pool_run_all(&s.pool);
      if (type != table[k].want && (i > 0 || table[k].want == '1'))
        fail_msg("line %d: %s is %c", table[k].line, table[k].path, type);
    }
  }
  stand_remove(&s);
}

/* ------------------------------------------------------------------ `.nuncio` */

static void authors_set_what_holds_in_their_directory(void **state)
{
  (void)state;
  struct stand s;
  struct identity ann = somebody();
  make(&s, "/~ann/\tlocal=1\tlang=nl\n");
  GEMINI("/~ann/x.gmi", 20, "text/gemini; lang=nl");
  folder_write(&s.folder, "~ann/.nuncio", STR("/\tlang=fr\nx.gmi\tcharset=koi8-r\nold\tstatus=31\tmeta=/~ann/x.gmi\n"));
  folder_write(&s.folder, "~bob/.nuncio", STR("/\tlang=fr\n"));
  stand_wait(&s);
  GEMINI("/~ann/x.gmi", 20, "text/gemini; charset=koi8-r; lang=fr");
  GEMINI("/~ann/", 20, "text/gemini; lang=fr");
  GEMINI("/~ann/old", 31, "/~ann/x.gmi");
  GEMINI("/old", 51, "There is no page at /old");
  GEMINI("/~bob/", 20, "text/gemini; lang=en"); /* nobody allowed him to */
  /* It is live as everything is: edited, and deleted. */
  folder_write(&s.folder, "~ann/.nuncio", STR("/\tany=1\n"));
  stand_wait(&s);
  GEMINI("/~ann/x.gmi", 60, "This part of capsule.example asks for a client certificate: choose or make one");
  s.identity = &ann;
  GEMINI("/~ann/x.gmi", 20, "text/gemini; lang=nl");
  s.identity = NULL;
  GEMINI("/~ann/x.gmi", 60, "This part of capsule.example asks for a client certificate: choose or make one");
  GOPHER("/~ann", 60, "This part of capsule.example asks for a client certificate: choose or make one");
  folder_delete(&s.folder, "~ann/.nuncio");
  stand_wait(&s);
  GEMINI("/~ann/x.gmi", 20, "text/gemini; lang=nl");
  GEMINI("/~ann/.nuncio", 51, "There is no page at /~ann/.nuncio");
  stand_remove(&s);
}

/* What the host asks for an author does not take away. */
static void an_author_opens_no_gate_of_the_hosts(void **state)
{
  (void)state;
  struct stand s;
  struct identity ann = somebody();
  make(&s, "/\tlocal=1\n/members/\tany=1\n");
  folder_write(&s.folder, "members/.nuncio", STR("/\teverybody=1\n"));
  GEMINI("/members/", 60, "This part of capsule.example asks for a client certificate: choose or make one");
  folder_write(&s.folder, "members/.nuncio", STR("/\tauthority=1\n"));
  s.identity = &ann;
  stand_wait(&s);
  GEMINI("/members/", 61,
         "Your certificate is not known here. To ask for entry, send its fingerprint to the owner of capsule.example: "
         "sha256:" PRINT);
  stand_remove(&s);
}

static void rules_of_deeper_directories_hold_over_those_above(void **state)
{
  (void)state;
  struct stand s;
  make(&s, "/\tlocal=1\n");
  folder_write(&s.folder, ".nuncio", STR("/\tlang=de\n*.gmi\tcharset=koi8-r\n"));
  folder_write(&s.folder, "list/.nuncio", STR("/\tlang=fr\n"));
  GEMINI("/list/one.gmi", 20, "text/gemini; charset=koi8-r; lang=fr");
  GEMINI("/", 20, "text/gemini; charset=koi8-r; lang=de");
  stand_remove(&s);
}

/* Rules that cannot be read may have said who is let in: nobody is, and the author sees why. */
static void a_mistake_is_shown_to_its_author(void **state)
{
  (void)state;
  struct stand s;
  make(&s, "/\tlocal=1\n");
  folder_write(&s.folder, "list/.nuncio", STR("/\tlang=fr\n/x\tnonsense\n"));
  GEMINI("/list/one.gmi", 40, "/list/.nuncio:2: expected something else");
  GOPHER("/list", 40, "/list/.nuncio:2: expected something else");
  GEMINI("/a.txt", 20, "text/plain");
  folder_delete(&s.folder, "list/.nuncio");
  folder_write(&s.folder, "list/.nuncio/x", STR(""));
  stand_wait(&s);
  GEMINI("/list/one.gmi", 40, "/list/.nuncio: this is no file");
  folder_delete(&s.folder, "list/.nuncio/x");
  folder_delete(&s.folder, "list/.nuncio");
  char *large = calloc(1, DOT_RULES_FILE_MAX + 1);
  assert_non_null(large);
  memset(large, '\n', DOT_RULES_FILE_MAX + 1);
  folder_write(&s.folder, "list/.nuncio", str_make(large, DOT_RULES_FILE_MAX + 1));
  free(large);
  stand_wait(&s);
  GEMINI("/list/one.gmi", 40, "/list/.nuncio: this is larger than 64 KiB");
  folder_delete(&s.folder, "list/.nuncio");
  static const char *const astray[] = {"nowhere", ".nuncio"};
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(symlinkat(astray[i], s.folder.fd, "list/.nuncio"), 0);
    stand_wait(&s);
    GEMINI("/list/one.gmi", 40, "/list/.nuncio: this is a symbolic link that leads nowhere");
    folder_delete(&s.folder, "list/.nuncio");
  }
  stand_wait(&s);
  GEMINI("/list/one.gmi", 20, "text/gemini; lang=en");
  stand_remove(&s);
}

/* A page that is ready was looked at when there was no such file, and not even such a link. */
static void a_link_to_nowhere_closes_what_is_ready(void **state)
{
  (void)state;
  struct stand s;
  make(&s, "/\tlocal=1\n");
  static const char *const astray[] = {"nowhere", ".nuncio"};
  GEMINI("/list/nowhere", 51, "There is no page at /list/nowhere"); /* the kernel has it at hand */
  for (size_t i = 0; i < 2; i++) {
    GEMINI("/list/one.gmi", 20, "text/gemini; lang=en");
    stand_wait(&s);
    GEMINI("/list/one.gmi", 20, "text/gemini; lang=en");
    stand_wait(&s);
    assert_int_equal(symlinkat(astray[i], s.folder.fd, "list/.nuncio"), 0);
    GEMINI("/list/one.gmi", 40, "/list/.nuncio: this is a symbolic link that leads nowhere");
    folder_delete(&s.folder, "list/.nuncio");
    stand_wait(&s);
  }
  assert_int_equal(symlinkat("nowhere", s.folder.fd, "list/.nuncio"), 0);
  folder_write(&s.folder, "list/nowhere", STR("/\tany=1\n"));
  stand_wait(&s);
  GEMINI("/list/one.gmi", 60, "This part of capsule.example asks for a client certificate: choose or make one");
  stand_remove(&s);
}

/* A directory that nobody may search is answered as it would be without such files; a file that nobody may read is
 * not: it may have said who is let in. */
static void closed_directories_and_closed_files_are_told_apart(void **state)
{
  (void)state;
  struct stand s;
  make(&s, "/\tlocal=1\n");
  folder_write(&s.folder, "~ann/.nuncio", STR("/\tlang=fr\n"));
  assert_int_equal(chmod(folder_path(&s.folder, "list"), 0), 0);
  assert_int_equal(chmod(folder_path(&s.folder, "~ann/.nuncio"), 0), 0);
  stand_give_up_rights(&s);
  for (int i = 0; i < 2; i++) {
    resolve_use(i ? RESOLVE_WAY_WALK : RESOLVE_WAY_KERNEL);
    GEMINI("/list/", 51, "The page at /list/ cannot be shown");
    GEMINI("/list/one.gmi", 51, "The page at /list/one.gmi cannot be shown");
    GOPHER("/list/one.gmi", 51, "The page at /list/one.gmi cannot be shown");
    GEMINI("/~ann/x.gmi", 40, "/~ann/.nuncio: permission denied: let the server read it (chmod a+r)");
    stand_wait(&s);
  }
  resolve_use(RESOLVE_WAY_KERNEL);
  stand_take_rights_back();
  assert_int_equal(chmod(folder_path(&s.folder, "list"), 0700), 0);
  stand_remove(&s);
}

static void directories_deeper_than_any_are_not_looked_at(void **state)
{
  (void)state;
  struct stand s;
  char path[2 * DOT_RULES_DEPTH_MAX + 8] = "";
  make(&s, "/\tlocal=1\n");
  for (int i = 0; i <= DOT_RULES_DEPTH_MAX; i++)
    memcpy(path + (size_t)2 * (unsigned)i, "/d", 3);
  struct reply r = REPLY_INIT;
  ask(&s, REPR_GEMTEXT, path, &r);
  assert_status(&r, STATUS_NOT_FOUND);
  reply_free(&r);
  stand_remove(&s);
}

/* Titles of a directory that has rules of its own are not read: they may say who is let in. */
static void a_listing_leaves_directories_with_rules_alone(void **state)
{
  (void)state;
  struct stand s;
  struct reply r = REPLY_INIT;
  make(&s, "/\tlocal=1\n");
  folder_delete(&s.folder, "index.gmi");
  folder_write(&s.folder, "members/.nuncio", STR("/\tany=1\n"));
  folder_write(&s.folder, ".nuncio", STR("/fr/\tany=1\n/gone.gmi\tstatus=52\n"));
  folder_write(&s.folder, "gone.gmi", STR("# Withdrawn\n"));
  assert_int_equal(symlinkat("nowhere", s.folder.fd, "~bob/.nuncio"), 0);
  ask(&s, REPR_GEMTEXT, "/", &r);
  assert_status(&r, STATUS_SUCCESS);
  assert_contains(reply_body(&r), "=> members/ members/\n");
  assert_contains(reply_body(&r), "=> fr/ fr/\n");
  assert_contains(reply_body(&r), "=> ~ann/ Ann\n");
  assert_contains(reply_body(&r), "=> ~bob/ ~bob/\n");
  assert_contains(reply_body(&r), "=> gone.gmi gone.gmi\n");
  reply_free(&r);
  stand_remove(&s);
}

/* An author can write rules that take long for each entry: from some point on no title is read, but all are listed. */
static void a_listing_spends_no_more_on_patterns_than_it_may(void **state)
{
  (void)state;
  enum { N = 400, PATTERNS = 120 };
  char path[300], name[201];
  struct stand s;
  struct reply r = REPLY_INIT;
  struct buf text = BUF_INIT(1 << 16);
  make(&s, "/\tlocal=1\n");
  memset(name, 'a', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  for (int i = 0; i < PATTERNS; i++)
    buf_printf(&text, "*%s%s%db\tlang=fr\n", name, name, i);
  folder_write(&s.folder, "many/.nuncio", buf_str(&text));
  for (int i = 0; i < N; i++) {
    (void)snprintf(path, sizeof path, "many/%s%03d.gmi", name, i);
    folder_write(&s.folder, path, STR("# A title\n"));
  }
  ask(&s, REPR_GEMTEXT, "/many/", &r);
  assert_status(&r, STATUS_SUCCESS);
  unsigned entries = 0, titles = 0;
  struct str rest = str_from(reply_body(&r)), line;
  while (str_line(&rest, &line)) {
    entries += str_starts(line, STR("=> aaa"));
    titles += str_ends(line, STR(" A title"));
  }
  assert_int_equal(entries, N);
  assert_in_range(titles, 1, N / 2);
  buf_free(&text);
  reply_free(&r);
  stand_remove(&s);
}

/* Strangers may ask for as many paths as they like beneath a file that takes long to parse. */
static void a_file_is_parsed_once_and_not_in_the_loop(void **state)
{
  (void)state;
  struct stand s;
  struct reply r = REPLY_INIT;
  make(&s, "/\tlocal=1\n");
  folder_write(&s.folder, ".nuncio", STR("/\tlang=de\n"));
  folder_write(&s.folder, "list/.nuncio", STR("/\tcharset=koi8-r\n"));
  texts_read = 0;
  ask_start(&s, REPR_GEMTEXT, "/list/one.gmi", &r);
  assert_int_equal(texts_read, 0);
  (void)pool_run_all(&s.pool);
  assert_true(r.came);
  assert_string_equal(reply_meta(&r), "text/gemini; charset=koi8-r; lang=de");
  assert_int_equal(texts_read, 2);
  GEMINI("/list/two.gmi", 20, "text/gemini; charset=koi8-r; lang=de");
  GEMINI("/list/no/such/page", 51, "There is no page at /list/no/such/page");
  GOPHER("/list/three.gmi", 20, "text/gemini; charset=koi8-r; lang=de");
  GEMINI("/", 20, "text/gemini; lang=de");
  assert_int_equal(texts_read, 2);
  /* What is wrong with it is known as well, and another version is another file. */
  folder_write(&s.folder, "list/.nuncio", STR("/\tnonsense=koi8-r\n"));
  for (int i = 0; i < 3; i++)
    GEMINI("/list/no", 40, "/list/.nuncio:1: expected something else");
  assert_int_equal(texts_read, 3);
  folder_write(&s.folder, "list/.nuncio", STR("/\tlang=nl\n"));
  stand_wait(&s);
  GEMINI("/list/no", 51, "There is no page at /list/no");
  GEMINI("/list/one.gmi", 20, "text/gemini; lang=nl");
  assert_int_equal(texts_read, 4);
  /* What changed a moment ago may change again unseen. */
  s.pool.ahead = 0;
  folder_write(&s.folder, "list/.nuncio", STR("/\tlang=fr\n"));
  GEMINI("/list/no", 51, "There is no page at /list/no");
  GEMINI("/list/no", 51, "There is no page at /list/no");
  assert_true(texts_read >= 6);
  reply_free(&r);
  stand_remove(&s);
}

/* A path may take long to be compared with an author's patterns. */
static void many_patterns_are_compared_in_the_pool(void **state)
{
  (void)state;
  static const char line[] = "*aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\tstatus=52\n";
  struct stand s;
  struct reply r = REPLY_INIT;
  struct buf text = BUF_INIT(1 << 16);
  make(&s, "/\tlocal=1\n");
  folder_write(&s.folder, ".nuncio", STR("/\tlang=de\n")); /* to look for what is not there may need the pool */
  for (int i = 0; i < 2; i++) {
    buf_put_str(&text, STR("/\tany=1\n"));
    for (size_t n = 0; i > 0 && n <= 2 * DOT_RULES_LOOP_MAX; n += sizeof line)
      buf_put_str(&text, str_from(line));
    folder_write(&s.folder, "fr/.nuncio", buf_str(&text));
    GEMINI("/fr/", 60, "This part of capsule.example asks for a client certificate: choose or make one");
    ask_start(&s, REPR_GEMTEXT, "/fr/", &r);
    assert_int_equal(r.came, i == 0);
    (void)pool_run_all(&s.pool);
    assert_true(r.came);
    assert_status(&r, STATUS_CERTIFICATE_REQUIRED);
    reply_free(&r);
    buf_clear(&text);
  }
  buf_free(&text);
  stand_remove(&s);
}

/* A menu has many links, and each of them is compared with its directory's patterns. */
static void the_links_of_a_menu_may_cost_so_much_in_the_loop(void **state)
{
  (void)state;
  enum { LINE = 40 };
  static const char line[] = "*aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\tlang=fr\n";
  struct stand s;
  struct buf text = BUF_INIT(1 << 16);
  char type = 'x';
  uint64_t steps = 0, one;
  make(&s, "/\tlocal=1\n");
  for (size_t n = 0; n < DOT_RULES_LOOP_MAX; n += LINE)
    buf_put_str(&text, str_from(line));
  folder_write(&s.folder, ".nuncio", STR("/\tlang=de\n")); /* to look for what is not there may need the pool */
  folder_write(&s.folder, "list/.nuncio", buf_str(&text));
  struct str path = STR("/list/one.gmi");
  int64_t now = s.pool.env.wall(&s.pool.env);
  assert_int_equal(item_tell(s.site, path, 0, now, &steps, &type), 0);
  one = steps;
  assert_true(one > (uint64_t)DOT_RULES_LOOP_MAX / LINE * LINE * path.n);
  while (steps <= ITEM_STEPS_MAX - one)
    assert_int_equal(item_tell(s.site, path, RESOLVE_CACHED_ONLY, now, &steps, &type), 0);
  assert_int_equal(item_tell(s.site, path, RESOLVE_CACHED_ONLY, now, &steps, &type), ERR_AGAIN);
  assert_int_equal(item_tell(s.site, path, 0, now, &steps, &type), 0); /* in the pool */
  assert_int_equal(type, ITEM_AS_NAMED);

  /* A page that is not kept has links without end, and no sum of what they cost. */
  char name[] =
      "/list/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.d";
  folder_write(&s.folder, name + 1, STR("text\n"));
  size_t waiting = s.pool.n;
  assert_int_equal(site_item_type(s.site, NULL, path), '1');
  assert_int_equal(s.pool.n, waiting);
  (void)site_item_type(s.site, NULL, str_from(name));
  assert_int_equal(s.pool.n, waiting + 1);
  (void)pool_run_all(&s.pool);
  buf_free(&text);
  stand_remove(&s);
}

/* More files than are kept. */
static void what_is_parsed_is_bounded(void **state)
{
  (void)state;
  struct stand s;
  make(&s, "/\tlocal=1\n");
  for (int again = 0; again < 2; again++)
    for (int i = 0; i < 2 * DOT_SHELF_PLACES; i++) {
      char path[40];
      (void)snprintf(path, sizeof path, "many/%d/.nuncio", i);
      if (again == 0)
        folder_write(&s.folder, path, STR("/\tstatus=52\tmeta=Gone\n"));
      (void)snprintf(path, sizeof path, "/many/%d/x", i);
      GEMINI(path, 52, "Gone");
    }
  texts_read = 0;
  GEMINI("/many/100/x", 52, "Gone");
  assert_int_equal(texts_read, 0);
  GEMINI("/many/1/x", 52, "Gone");
  assert_int_equal(texts_read, 1);
  stand_remove(&s);
}

/* Whoever closes a gate and then writes the page behind it must not find that it was shown. */
static void a_gate_that_closes_while_it_is_looked_counts(void **state)
{
  (void)state;
  struct stand s;
  make(&s, "/\tlocal=1\n");
  folder_write(&s.folder, "list/.nuncio", STR("/\tlang=de\n"));
  gate_closes = &s.folder;
  GEMINI("/list/one.gmi", 60, "This part of capsule.example asks for a client certificate: choose or make one");
  assert_null(gate_closes);
  stand_remove(&s);
}

/* Starts a request and goes on until its page waits to be built, by its own job or by another's. */
static void start_build(struct stand *s, const char *path, struct reply *r)
{
  unsigned waiting = s->pool.n;
  unsigned long built = stand_built(s);
  ask_start(s, REPR_GEMTEXT, path, r);
  stand_look(s, waiting, built);
  assert_false(r->came);
}

/* Pages that are made in the pool, and what they are made from. */
static const struct made {
  int line;
  const char *path, *file, *before, *secret;
} made[] = {
    {__LINE__, "/map/", "map/gophermap", "Hello\n", "The secret\n"},
    {__LINE__, "/talks/", "talks.overview.txt", "Talks\n\n1. One.\n", "Talks\n\n1. The secret.\n"},
    {__LINE__, "/talks/1.gmi", "talks.overview.txt", "Talks\n\n1. One.\n", "Talks\n\n1. The secret.\n"},
    {__LINE__, "/list/", "list/one.gmi", "# One\n", "# The secret\n"},
};
enum { MADE = sizeof made / sizeof *made };

static void expect_refusal(const struct made *m, struct reply *r)
{
  if (!r->came || r->status != STATUS_CERTIFICATE_REQUIRED)
    fail_msg("line %d: %d %s", m->line, (int)r->status, reply_meta(r));
}

static void expect_secret(struct stand *s, const struct made *m)
{
  struct reply r = REPLY_INIT;
  struct identity who = somebody();
  s->identity = &who;
  ask(s, REPR_GEMTEXT, m->path, &r);
  assert_status(&r, STATUS_SUCCESS);
  assert_contains(reply_body(&r), "The secret");
  s->identity = NULL;
  reply_free(&r);
}

/* The same for a page that is read after the look, for whoever waits for it. */
static void a_gate_that_closes_before_a_page_is_made_counts(void **state)
{
  (void)state;
  for (size_t i = 0; i < MADE; i++) {
    struct stand s;
    struct reply one = REPLY_INIT, two = REPLY_INIT;
    make(&s, "/\tlocal=1\n");
    folder_write(&s.folder, made[i].file, str_from(made[i].before));
    start_build(&s, made[i].path, &one);
    unsigned long built = stand_built(&s);
    start_build(&s, made[i].path, &two);
    assert_int_equal(stand_built(&s), built); /* one for both */
    folder_write(&s.folder, ".nuncio", STR("/\tany=1\n"));
    folder_write(&s.folder, made[i].file, str_from(made[i].secret));
    pool_run_all(&s.pool);
    expect_refusal(&made[i], &one);
    expect_refusal(&made[i], &two);
    expect_secret(&s, &made[i]);
    reply_free(&one);
    reply_free(&two);
    stand_remove(&s);
  }
}

/* Pages of one overview share the reading of its document, whatever each of them is asked by. */
static void a_gate_that_closes_before_a_document_is_read_counts(void **state)
{
  (void)state;
  struct stand s;
  struct reply one = REPLY_INIT, two = REPLY_INIT;
  make(&s, "/\tlocal=1\n");
  start_build(&s, "/talks/", &one);
  unsigned long built = stand_built(&s);
  start_build(&s, "/talks/2.gmi", &two);
  assert_int_equal(stand_built(&s), built);
  struct work *w = stand_run(&s);
  w->done(w, false);
  assert_true(one.came);
  assert_status(&one, STATUS_SUCCESS);
  assert_false(two.came);
  assert_int_equal(stand_built(&s), built + 1);
  folder_write(&s.folder, ".nuncio", STR("/\tany=1\n"));
  pool_run_all(&s.pool);
  assert_status(&two, STATUS_CERTIFICATE_REQUIRED);
  reply_free(&one);
  reply_free(&two);
  stand_remove(&s);
}

/* Nobody joins the build of one who was let in by other rules than they were. */
static void a_build_is_for_those_who_saw_the_same_rules(void **state)
{
  (void)state;
  for (size_t i = 0; i < MADE; i++) {
    struct stand s;
    struct reply before = REPLY_INIT, after = REPLY_INIT;
    struct identity who = somebody();
    make(&s, "/\tlocal=1\n");
    folder_write(&s.folder, made[i].file, str_from(made[i].secret));
    folder_write(&s.folder, ".nuncio", STR("/\tlang=de\n"));
    ask_start(&s, REPR_GEMTEXT, made[i].path, &before); /* the file is parsed in the pool, and so it looks there */
    struct work *look = stand_run(&s);
    folder_write(&s.folder, ".nuncio", STR("/\tany=1\n"));
    s.identity = &who;
    start_build(&s, made[i].path, &after);
    look->done(look, false);
    pool_run_all(&s.pool);
    expect_refusal(&made[i], &before);
    reply_pull(&s, &after);
    assert_status(&after, STATUS_SUCCESS);
    assert_contains(reply_body(&after), "The secret");
    reply_free(&before);
    reply_free(&after);
    stand_remove(&s);
  }
}

/* It is not looked for ever. */
static void rules_that_change_with_each_build_make_it_busy(void **state)
{
  (void)state;
  struct stand s;
  struct reply r = REPLY_INIT;
  char text[40];
  unsigned builds = 0;
  make(&s, "/\tlocal=1\n");
  unsigned long built = stand_built(&s);
  start_build(&s, "/list/", &r);
  while (!r.came) {
    if (stand_built(&s) > built + builds) {
      static const unsigned columns[] = {40, 400, 1000}; /* of another length each: clocks may not tell them apart */
      assert_in_range(builds, 0, 2);
      (void)snprintf(text, sizeof text, "/\tcolumns=%u\n", columns[builds++]);
      folder_write(&s.folder, ".nuncio", str_from(text));
    }
    assert_int_equal(pool_run_one(&s.pool), 1);
  }
  assert_int_equal(builds, 3);
  assert_status(&r, STATUS_TEMPORARY_FAILURE);
  assert_string_equal(reply_meta(&r), "The server is busy; please try again in a moment");
  /* Where the file stays as it is, all is well. */
  GEMINI("/list/", 20, "text/gemini; lang=en");
  reply_free(&r);
  stand_remove(&s);
}

/* Editors empty a file before they write it anew. */
static void an_empty_file_opens_no_gate_for_a_moment(void **state)
{
  (void)state;
  struct stand s;
  make(&s, "/\tlocal=1\n");
  folder_write(&s.folder, "list/.nuncio", STR("/\tany=1\n"));
  s.pool.ahead = 0;
  folder_write(&s.folder, "list/.nuncio", STR(""));
  GEMINI("/list/one.gmi", 40, "The server is busy; please try again in a moment");
  s.pool.ahead = FILE_SETTLED_SECONDS + 1;
  GEMINI("/list/one.gmi", 20, "text/gemini; lang=en");
  stand_remove(&s);
}

/* Directories in which no such file holds are as deep as they like. */
static void depth_counts_where_files_are_asked_for(void **state)
{
  (void)state;
  struct stand s;
  char path[200] = "";
  make(&s, "/~ann/\tlocal=1\n");
  for (int i = 0; i < 2 * DOT_RULES_DEPTH_MAX; i++)
    memcpy(path + (size_t)2 * (unsigned)i, "/d", 3);
  memcpy(path + (size_t)4 * DOT_RULES_DEPTH_MAX, "/x.gmi", sizeof "/x.gmi");
  folder_write(&s.folder, path + 1, STR("# Deep\n"));
  GEMINI(path, 20, "text/gemini; lang=en");
  stand_remove(&s);
}

/* An author may not show what others keep for some: behind the host's gate, behind another author's, or hidden. What
 * the host names itself is the host's to show. */
static void a_frame_is_not_a_way_around_a_gate(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *header;
    bool shown;
  } table[] = {
      {__LINE__, "/members/door.gmi", false},
      {__LINE__, "//members//door.gmi", false},
      {__LINE__, "/~ann/x.gmi", false},
      {__LINE__, "/~ann/.nuncio", false},
      {__LINE__, "/list/.secret.gmi", false},
      {__LINE__, "/fr/index.gmi", false},
      {__LINE__, "/gone.gmi", false},
      {__LINE__, "/foot.gmi", true},
      {__LINE__, ".own.gmi", true},
      {__LINE__, "./.own.gmi", true},
      {__LINE__, "/~bob/list/.own.gmi", true},
      {__LINE__, "/~bob/.own.gmi", false},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct stand s;
    struct reply r = REPLY_INIT;
    char text[200];
    make(&s, "/~*/\tlocal=1\n/fr/\tlocal=1\n/members/\tany=1\n/gone.gmi\tstatus=52\n");
    folder_write(&s.folder, "gone.gmi", STR("# Withdrawn\n"));
    folder_write(&s.folder, "~ann/.nuncio", STR("/\tany=1\n"));
    folder_write(&s.folder, "~bob/list/.own.gmi", STR("Mine\n"));
    folder_write(&s.folder, "~bob/.own.gmi", STR("Mine\n"));
    folder_write(&s.folder, "list/.secret.gmi", STR("Hidden\n"));
    assert_int_equal(symlinkat("nowhere", s.folder.fd, "fr/.nuncio"), 0);
    (void)snprintf(text, sizeof text, "/\theader=%s\tfooter=%s\n", table[i].header, table[i].header);
    folder_write(&s.folder, "~bob/list/.nuncio", str_from(text));
    ask(&s, REPR_GEMTEXT, "/~bob/list/", &r);
    assert_status(&r, STATUS_SUCCESS);
    bool shown = strcmp(reply_body(&r), "# list\n\n=> ../ Up\nThere is nothing in this directory yet.\n") != 0;
    if (shown != table[i].shown)
      fail_msg("line %d: %s", table[i].line, reply_body(&r));
    reply_free(&r);
    stand_remove(&s);
  }
  struct stand s;
  make(&s, "/members/\tany=1\n/list/\theader=/members/door.gmi\n");
  BODY("/list/", "# The door\n\n=> ../ Up\n=> two.gmi 2013-01-01 Two\n=> one.gmi 2012-01-01 One\n=> three.gmi "
                 "Three\n=> top.gmi A page by hand\n");
  stand_remove(&s);
}

/* ------------------------------------------------------------------ agate's `.meta` */

static void a_meta_file_is_read_where_the_site_says_so(void **state)
{
  (void)state;
  struct stand s;
  make(&s, "");
  folder_write(&s.folder, ".meta", STR("index.gmi: ;lang=nl\n"));
  GEMINI("/", 20, "text/gemini; lang=en");
  stand_remove(&s);

  make_with(&s, "", true);
  folder_write(&s.folder, ".meta",
               STR("# comment\nindex.gmi: ;lang=nl\n**/one.gmi: text/plain\ngone.gmi: 52 Sorry\n*.log:\n"));
  folder_write(&s.folder, "list/.meta", STR("three.gmi: ;lang=de\n"));
  folder_write(&s.folder, "up/secret/.meta", STR("index.gmi: 61 Not for you\n"));
  folder_write(&s.folder, "up/secret/index.gmi", STR("# The secret title\n"));
  GEMINI("/", 20, "text/gemini;lang=nl");
  BODY("/up/", "# up\n\n=> ../ Up\n=> secret/ secret/\n");
  GEMINI("/up/secret/index.gmi", 61, "Not for you");
  GEMINI("/list/one.gmi", 20, "text/plain");
  GEMINI("/list/three.gmi", 20, "text/gemini;lang=de");
  GEMINI("/list/two.gmi", 20, "text/gemini; lang=en");
  GEMINI("/gone.gmi", 52, "Sorry");
  GOPHER("/gone.gmi", 52, "Sorry");
  /* A line that makes no sense takes nothing from the others; and the file is live. */
  folder_write(&s.folder, ".meta", STR("nonsense\nindex.gmi: ;lang=fr\n"));
  stand_wait(&s);
  GEMINI("/", 20, "text/gemini;lang=fr");
  folder_write(&s.folder, ".meta", STR("nonsense\n"));
  stand_wait(&s);
  GEMINI("/", 20, "text/gemini; lang=en");
  GEMINI("/.meta", 51, "There is no page at /.meta");
  stand_remove(&s);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(content_is_what_rules_say_of_it),
      cmocka_unit_test(some_paths_are_answered_by_a_status),
      cmocka_unit_test(a_redirect_that_grows_too_long_is_none),
      cmocka_unit_test(who_asks_too_soon_is_told_how_long_to_wait_G17),
      cmocka_unit_test(a_shorter_wait_does_not_stand_for_a_longer_one),
      cmocka_unit_test(listings_are_as_their_rules_have_them),
      cmocka_unit_test(a_directory_need_not_be_listed),
      cmocka_unit_test(a_gate_asks_for_a_certificate),
      cmocka_unit_test(a_certificate_must_be_in_its_time_and_known),
      cmocka_unit_test(a_gate_is_not_walked_around),
      cmocka_unit_test(a_listing_tells_nothing_from_behind_a_gate),
      cmocka_unit_test(item_types_tell_nothing_from_behind_a_gate),
      cmocka_unit_test(authors_set_what_holds_in_their_directory),
      cmocka_unit_test(an_author_opens_no_gate_of_the_hosts),
      cmocka_unit_test(rules_of_deeper_directories_hold_over_those_above),
      cmocka_unit_test(a_mistake_is_shown_to_its_author),
      cmocka_unit_test(a_link_to_nowhere_closes_what_is_ready),
      cmocka_unit_test(closed_directories_and_closed_files_are_told_apart),
      cmocka_unit_test(directories_deeper_than_any_are_not_looked_at),
      cmocka_unit_test(a_listing_leaves_directories_with_rules_alone),
      cmocka_unit_test(a_listing_spends_no_more_on_patterns_than_it_may),
      cmocka_unit_test(a_file_is_parsed_once_and_not_in_the_loop),
      cmocka_unit_test(many_patterns_are_compared_in_the_pool),
      cmocka_unit_test(the_links_of_a_menu_may_cost_so_much_in_the_loop),
      cmocka_unit_test(what_is_parsed_is_bounded),
      cmocka_unit_test(a_gate_that_closes_while_it_is_looked_counts),
      cmocka_unit_test(a_gate_that_closes_before_a_page_is_made_counts),
      cmocka_unit_test(a_gate_that_closes_before_a_document_is_read_counts),
      cmocka_unit_test(a_build_is_for_those_who_saw_the_same_rules),
      cmocka_unit_test(rules_that_change_with_each_build_make_it_busy),
      cmocka_unit_test(an_empty_file_opens_no_gate_for_a_moment),
      cmocka_unit_test(depth_counts_where_files_are_asked_for),
      cmocka_unit_test(a_frame_is_not_a_way_around_a_gate),
      cmocka_unit_test(a_meta_file_is_read_where_the_site_says_so),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
