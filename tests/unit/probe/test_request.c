/* The questions' requests, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "probe/gemini.h"
#include "probe/gopher.h"
#include "probe/request.h"

enum { SMALL = 8192 };

static char localhost[] = "localhost", ipv6[] = "::1";

static void facts_make(struct facts *facts, const struct target *target)
{
  *facts = (struct facts){.target = target};
  for (unsigned i = 0; i < FACTS; i++)
    facts->fact[i] = BUF_INIT(SMALL);
  for (unsigned i = 0; i < KEPTS; i++)
    facts->kept[i] = BUF_INIT(SMALL);
}

static void facts_free(struct facts *facts)
{
  for (unsigned i = 0; i < FACTS; i++)
    buf_free(&facts->fact[i]);
  for (unsigned i = 0; i < KEPTS; i++)
    buf_free(&facts->kept[i]);
}

static void what_is_put_in(void **state)
{
  (void)state;
  const struct target named = {.kind = TARGET_GEMINI, .host = localhost, .port = 1965};
  const struct target address = {.kind = TARGET_GEMINI, .host = ipv6, .host_is_ip = true, .port = 1966};
  const struct {
    int line;
    const struct target *target;
    struct str request;
    const char *wanted; /* NULL: a fact is missing */
  } rows[] = {
      {__LINE__, &named, STR("{origin}/\r\n"), "gemini://localhost/\r\n"},
      {__LINE__, &address, STR("{origin}/\r\n"), "gemini://[::1]:1966/\r\n"},
      {__LINE__, &named, STR("GEMINI://{NAME}:{port}/"), "GEMINI://LOCALHOST:1965/"},
      {__LINE__, &address, STR("GEMINI://{NAME}:{port}/"), NULL},
      {__LINE__, &named, STR("gemini://{name}./"), "gemini://localhost./"},
      {__LINE__, &address, STR("gemini://{host}/"), "gemini://[::1]/"},
      {__LINE__, &named, STR("{item}\r\n"), "//a/b\r\n"},
      {__LINE__, &named, STR("/./{bare}\r\n"), "/./a/b\r\n"},
      {__LINE__, &named, STR("{search}\tx\r\n"), NULL},
      {__LINE__, &named, STR("plain"), "plain"},
      {__LINE__, &named, STR(""), ""},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct facts facts;
    const struct question question = {.request = rows[i].request};
    struct buf out = BUF_INIT(SMALL);
    facts_make(&facts, rows[i].target);
    buf_put_str(&facts.fact[FACT_ITEM], STR("//a/b"));
    int err = request_put(&out, &question, &facts);
    if (err != (rows[i].wanted ? 0 : ERR_NOT_FOUND) ||
        (rows[i].wanted && !str_eq(buf_str(&out), str_from(rows[i].wanted))))
      fail_msg("line %d: %d, %.*s", rows[i].line, err, STR_ARG(buf_str(&out)));
    buf_free(&out);
    facts_free(&facts);
  }
}

/* Every template can be made: its words are known, and what stands before CRLF is as long as it is to be (G8). */
static void every_question_has_its_request(void **state)
{
  (void)state;
  const struct target target = {.kind = TARGET_GEMINI, .host = localhost, .port = 1965};
  const struct {
    const struct question *questions;
    size_t n;
  } sets[] = {{gemini_questions, gemini_question_count}, {gopher_questions, gopher_question_count}};
  struct facts facts;
  facts_make(&facts, &target);
  for (unsigned i = 0; i < FACTS; i++)
    buf_put_str(&facts.fact[i], STR("/fact"));
  for (size_t set = 0; set < sizeof sets / sizeof *sets; set++)
    for (size_t i = 0; i < sets[set].n; i++) {
      const struct question *q = &sets[set].questions[i];
      struct buf out = BUF_INIT(SMALL);
      assert_true(q->rule && q->what && q->judge);
      if (request_put(&out, q, &facts) != 0)
        fail_msg("%s %s", q->rule, q->what);
      assert_true(q->again || q->summary ? out.n == 0 : out.n > 0);
      size_t end = str_ends(buf_str(&out), STR("\r\n")) ? 2 : 0;
      if (q->fill && out.n - end != q->fill)
        fail_msg("%s %s: %zu bytes", q->rule, q->what, out.n);
      buf_free(&out);
    }
  facts_free(&facts);
}

static void a_directory_of_the_first_page(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *answer, *directory;
  } rows[] = {
      {__LINE__, "20 text/gemini\r\n# Hi\n=> docs/ Docs\n=> more/ More\n", "/docs"},
      {__LINE__, "20 text/gemini\r\n=> a.gmi A\n=>\t/b/c/\tB\n", "/b/c"},
      {__LINE__, "20 text/gemini; lang=en\r\n=> ./docs/\n", "/docs"},
      {__LINE__, "20 text/gemini\r\n```\n=> docs/\n```\n", ""},
      {__LINE__, "20 text/gemini\r\n=> / Home\n=> gemini://example.org/x/ X\n=> y/?q/ Y\n", ""},
      {__LINE__, "20 text/plain\r\n=> docs/\n", ""},
      {__LINE__, "51 => docs/\r\n", ""},
      {__LINE__, "nothing of the kind", ""},
  };
  const struct target target = {.kind = TARGET_GEMINI, .host = localhost, .port = 1965};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct facts facts;
    facts_make(&facts, &target);
    buf_put_str(&facts.kept[KEPT_ROOT], str_from(rows[i].answer));
    gemini_learn(&facts, KEPT_ROOT);
    if (!str_eq(buf_str(&facts.fact[FACT_DIRECTORY]), str_from(rows[i].directory)))
      fail_msg("line %d: %.*s", rows[i].line, STR_ARG(buf_str(&facts.fact[FACT_DIRECTORY])));
    facts_free(&facts);
  }
}

static void items_of_the_first_menus(void **state)
{
  (void)state;
  const struct target target = {.kind = TARGET_GOPHER, .host = localhost, .port = 70};
  struct facts facts;
  facts_make(&facts, &target);
  buf_put_str(&facts.kept[KEPT_ROOT], STR("iHi\t\terror.host\t1\r\n1Home\t/\tlocalhost\t70\r\n"
                                          "1Away\t/away\texample.org\t70\r\n1Port\t/port\tlocalhost\t71\r\n"
                                          "hWeb\tURL:https://example.org/\tlocalhost\t70\r\n"
                                          "1Docs\t/docs\tlocalhost\t70\r\n1More\t/more\tlocalhost\t70\r\n.\r\n"));
  gopher_learn(&facts, KEPT_ROOT);
  assert_true(str_eq(buf_str(&facts.fact[FACT_ITEM]), STR("/docs")));
  assert_int_equal(facts.fact[FACT_TEXT].n + facts.fact[FACT_SEARCH].n, 0);
  buf_put_str(&facts.kept[KEPT_ITEM], STR("7Find\tfind\tlocalhost\t70\r\n0Text\t/t.txt\tlocalhost\t70\r\n.\r\n"));
  gopher_learn(&facts, KEPT_ITEM);
  assert_true(str_eq(buf_str(&facts.fact[FACT_ITEM]), STR("/docs")));
  assert_true(str_eq(buf_str(&facts.fact[FACT_TEXT]), STR("/t.txt")));
  assert_true(str_eq(buf_str(&facts.fact[FACT_SEARCH]), STR("find")));
  facts_free(&facts);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_put_in),
      cmocka_unit_test(every_question_has_its_request),
      cmocka_unit_test(a_directory_of_the_first_page),
      cmocka_unit_test(items_of_the_first_menus),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
