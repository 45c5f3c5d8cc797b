/* The judges of Gopher answers, on given bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "probe/gopher_judge.h"

enum { SMALL = 1 << 16 };

#define INFO "iHello\t\terror.host\t1\r\n"
#define ITEM "1Docs\t/docs\tlocalhost\t70\r\n"
#define ERROR "3No such thing\t\terror.host\t1\r\n.\r\n"
#define ROOT INFO ITEM ".\r\n"
#define WIDE "This line is wider than what a terminal of eighty columns has left for it, by far"

static char localhost[] = "localhost";
static const struct target target = {.kind = TARGET_GOPHER, .host = localhost, .port = 70};

struct row {
  int line;
  void (*judge)(const struct sight *s, struct finding *out);
  struct str answer;
  enum exchange_end end;
  enum verdict verdict; /* of a rule of the specification */
};

static void judge_row(const struct row *row, struct facts *facts, bool spec)
{
  const struct question question = {.judge = row->judge, .like = KEPT_ROOT, .spec = spec, .quiet = true};
  struct exchange seen = {.open = true, .end = row->end, .closed_tcp = true, .received = BUF_INIT(SMALL)};
  struct finding finding = {.verdict = VERDICT_NOTE, .words = BUF_INIT(FINDING_WORDS)};
  const struct sight sight = {.question = &question, .seen = &seen, .facts = facts};
  buf_put_str(&seen.received, row->answer);
  row->judge(&sight, &finding);
  bool as_wanted =
      finding.verdict == row->verdict || (!spec && row->verdict == VERDICT_FAIL && finding.verdict == VERDICT_NOTE);
  if (!as_wanted || (finding.verdict != VERDICT_PASS && finding.words.n == 0))
    fail_msg("line %d: verdict %d: %.*s", row->line, (int)finding.verdict, STR_ARG(buf_str(&finding.words)));
  buf_free(&seen.received);
  buf_free(&finding.words);
}

/* Every row twice: as the specification's rule, and as one whose breach is a note. */
static void judge_rows(const struct row *rows, size_t n)
{
  struct facts facts = {.target = &target};
  facts.kept[KEPT_ROOT] = BUF_INIT(SMALL);
  buf_put_str(&facts.kept[KEPT_ROOT], STR(ROOT));
  facts.has_kept[KEPT_ROOT] = true;
  for (size_t i = 0; i < n; i++) {
    judge_row(&rows[i], &facts, true);
    judge_row(&rows[i], &facts, false);
  }
  buf_free(&facts.kept[KEPT_ROOT]);
}

#define JUDGE(rows) judge_rows(rows, sizeof(rows) / sizeof *(rows))

static void menus_P7_P8_P9(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {__LINE__, judge_menu_lines, STR_INIT(ROOT), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_menu_lines, STR_INIT(INFO "1Docs\t/docs\r\n.\r\n"), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_menu_lines, STR_INIT("iHello\t\terror.host\t1\n.\n"), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_menu_lines, STR_INIT("<html>"), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_menu_lines, STR_INIT(""), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_menu_end, STR_INIT(ROOT), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_menu_end, STR_INIT(".\r\n"), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_menu_end, STR_INIT(INFO), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_menu_end, STR_INIT(INFO "..\r\n"), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_menu_width, STR_INIT(ROOT), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_menu_width, STR_INIT("i" WIDE "\t\terror.host\t1\r\n.\r\n"), EXCHANGE_CLOSED, VERDICT_NOTE},
  };
  JUDGE(rows);
}

static void items_P11_P15_P19(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {__LINE__, judge_menu_place, STR_INIT(ROOT), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_menu_place, STR_INIT(INFO ".\r\n"), EXCHANGE_CLOSED, VERDICT_NOTE},
      {__LINE__, judge_menu_place, STR_INIT("1Docs\t/docs\tlocalhost\t71\r\n.\r\n"), EXCHANGE_CLOSED, VERDICT_NOTE},
      {__LINE__, judge_menu_links, STR_INIT(ROOT), EXCHANGE_CLOSED, VERDICT_NOTE},
      {__LINE__, judge_menu_links, STR_INIT("hWeb\tURL:https://example.org/\tlocalhost\t70\r\n.\r\n"), EXCHANGE_CLOSED,
       VERDICT_PASS},
      {__LINE__, judge_menu_links, STR_INIT("hWeb\tURL:https://example.org/\texample.org\t70\r\n.\r\n"),
       EXCHANGE_CLOSED, VERDICT_NOTE},
      {__LINE__, judge_menu_links, STR_INIT("hWeb\tURL:javascript:alert(1)\tlocalhost\t70\r\n.\r\n"), EXCHANGE_CLOSED,
       VERDICT_FAIL},
      {__LINE__, judge_menu_pages, STR_INIT(ROOT), EXCHANGE_CLOSED, VERDICT_NOTE},
      {__LINE__, judge_menu_pages, STR_INIT("1Page\t/page.gmi\tlocalhost\t70\r\n.\r\n"), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_menu_pages, STR_INIT("0Page\t/page.gmi\tlocalhost\t70\r\n.\r\n"), EXCHANGE_CLOSED, VERDICT_FAIL},
  };
  JUDGE(rows);
}

static void selectors_P1_P2_P13(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {__LINE__, judge_same, STR_INIT(ROOT), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_same, STR_INIT(ERROR), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_same, STR_INIT(INFO ".\r\n"), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_same, STR_INIT(""), EXCHANGE_LATE, VERDICT_FAIL},
      {__LINE__, judge_something, STR_INIT("text\n"), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_something, STR_INIT(ERROR), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_error_line, STR_INIT(ERROR), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_error_line, STR_INIT("Not found\r\n"), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_error_line, STR_INIT(ROOT), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_error_line, STR_INIT(""), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_error_lines, STR_INIT(ERROR), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_error_lines, STR_INIT("Not found\r\n"), EXCHANGE_CLOSED, VERDICT_NOTE},
      {__LINE__, judge_error_end, STR_INIT(ERROR), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_error_end, STR_INIT("3No\t\terror.host\t1\r\n"), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_refused, STR_INIT(ERROR), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_endless, STR_INIT(ERROR), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_endless, STR_INIT(""), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_endless, STR_INIT(""), EXCHANGE_RESET, VERDICT_PASS},
      {__LINE__, judge_endless, STR_INIT(""), EXCHANGE_LATE, VERDICT_NOTE},
      {__LINE__, judge_close, STR_INIT(ROOT), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_close, STR_INIT(ROOT), EXCHANGE_RESET, VERDICT_FAIL},
  };
  JUDGE(rows);
}

static void searches_and_plus_P3_P4(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {__LINE__, judge_search, STR_INIT(ROOT), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_search, STR_INIT(ERROR), EXCHANGE_CLOSED, VERDICT_NOTE},
      {__LINE__, judge_search, STR_INIT("found\n"), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_plus_menu, STR_INIT("+-1\r\n+INFO: " ITEM ".\r\n"), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_plus_menu, STR_INIT(ROOT), EXCHANGE_CLOSED, VERDICT_NOTE},
      {__LINE__, judge_plus_menu, STR_INIT("+x\ty\r\n+INFO: " ITEM), EXCHANGE_CLOSED, VERDICT_NOTE},
      {__LINE__, judge_plus_menu, STR_INIT(ERROR), EXCHANGE_CLOSED, VERDICT_NOTE},
      {__LINE__, judge_plus, STR_INIT(ROOT), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_plus, STR_INIT(ERROR), EXCHANGE_CLOSED, VERDICT_NOTE},
  };
  JUDGE(rows);
}

static void courtesies_P5_P12_P14_P17(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {__LINE__, judge_http, STR_INIT("HTTP/1.0 200 OK\r\n\r\n<p>"), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_http, STR_INIT(ERROR), EXCHANGE_CLOSED, VERDICT_NOTE},
      {__LINE__, judge_url, STR_INIT("<a href=\"https://example.org/nuncio\">"), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_url, STR_INIT(ERROR), EXCHANGE_CLOSED, VERDICT_NOTE},
      {__LINE__, judge_url_unsafe, STR_INIT(ERROR), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_url_escaped, STR_INIT("<a href=\"x&quot;&gt;&lt;script&gt;\">"), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_url_escaped, STR_INIT("3No <script>nuncio</script>\t\terror.host\t1\r\n.\r\n"), EXCHANGE_CLOSED,
       VERDICT_PASS},
      {__LINE__, judge_document, STR_INIT("text\n"), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_document, STR_INIT("text\r\n.\r\n"), EXCHANGE_CLOSED, VERDICT_NOTE},
      {__LINE__, judge_document, STR_INIT(ERROR), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_caps, STR_INIT("CAPS\r\nCapsVersion=1\r\n"), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_caps, STR_INIT(ERROR), EXCHANGE_CLOSED, VERDICT_NOTE},
      {__LINE__, judge_caps, STR_INIT("<p>"), EXCHANGE_CLOSED, VERDICT_NOTE},
      {__LINE__, judge_gophers, STR_INIT(ROOT), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_gophers, STR_INIT(ROOT), EXCHANGE_CUT, VERDICT_FAIL},
      {__LINE__, judge_gophers, STR_INIT(ERROR), EXCHANGE_CLOSED, VERDICT_FAIL},
  };
  /* Whatever the rule's weight: a reader is harmed. */
  static const struct row harm[] = {
      {__LINE__, judge_refused, STR_INIT("root:x:0:0:root:/root:/bin/sh\n"), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_url_unsafe, STR_INIT("<a href=\"javascript:alert(1)\">"), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_url_escaped, STR_INIT("<a href=\"x\"><script>nuncio</script>"), EXCHANGE_CLOSED, VERDICT_FAIL},
  };
  JUDGE(rows);
  const struct facts facts = {.target = &target};
  for (size_t i = 0; i < sizeof harm / sizeof *harm; i++) {
    struct facts none = facts;
    const struct question question = {.judge = harm[i].judge, .spec = false};
    struct exchange seen = {.open = true, .end = EXCHANGE_CLOSED, .received = BUF_INIT(SMALL)};
    struct finding finding = {.verdict = VERDICT_NOTE, .words = BUF_INIT(FINDING_WORDS)};
    const struct sight sight = {.question = &question, .seen = &seen, .facts = &none};
    buf_put_str(&seen.received, harm[i].answer);
    harm[i].judge(&sight, &finding);
    assert_int_equal(finding.verdict, VERDICT_FAIL);
    buf_free(&seen.received);
    buf_free(&finding.words);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(menus_P7_P8_P9),
      cmocka_unit_test(items_P11_P15_P19),
      cmocka_unit_test(selectors_P1_P2_P13),
      cmocka_unit_test(searches_and_plus_P3_P4),
      cmocka_unit_test(courtesies_P5_P12_P14_P17),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
