/* The judges of Gemini answers, on given bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "probe/gemini_judge.h"

enum { SMALL = 1 << 16 };

static char localhost[] = "localhost";
static const struct target target = {.kind = TARGET_GEMINI, .host = localhost, .port = 1965};

#define ROOT "20 text/gemini\r\n# Home\n"

static struct facts facts;

static int set_up(void **state)
{
  (void)state;
  facts = (struct facts){.target = &target,
                         .now = 1000000000,
                         .tally.first_wrong = BUF_INIT(SMALL),
                         .tally.first_illegal = BUF_INIT(SMALL)};
  for (unsigned i = 0; i < FACTS; i++)
    facts.fact[i] = BUF_INIT(SMALL);
  for (unsigned i = 0; i < KEPTS; i++)
    facts.kept[i] = BUF_INIT(SMALL);
  buf_put_str(&facts.kept[KEPT_ROOT], STR(ROOT));
  facts.has_kept[KEPT_ROOT] = true;
  buf_put_str(&facts.fact[FACT_DIRECTORY], STR("/docs"));
  return 0;
}

static int tear_down(void **state)
{
  (void)state;
  buf_free(&facts.tally.first_wrong);
  buf_free(&facts.tally.first_illegal);
  for (unsigned i = 0; i < FACTS; i++)
    buf_free(&facts.fact[i]);
  for (unsigned i = 0; i < KEPTS; i++)
    buf_free(&facts.kept[i]);
  return 0;
}

/* One judgement; the words in *words, ended by a NUL. */
static enum verdict judge(const struct question *question, struct exchange *seen, char words[FINDING_WORDS])
{
  struct finding finding = {.verdict = VERDICT_NOTE, .words = BUF_INIT(FINDING_WORDS)};
  struct sight sight = {.question = question, .seen = seen, .facts = &facts};
  header_read(buf_str(&seen->received), &sight.header);
  question->judge(&sight, &finding);
  memcpy(words, finding.words.p ? finding.words.p : "", finding.words.n);
  words[finding.words.n] = '\0';
  assert_int_equal(buf_error(&finding.words), 0);
  buf_free(&finding.words);
  return finding.verdict;
}

struct row {
  int line;
  void (*judge)(const struct sight *s, struct finding *out);
  int want;
  struct str answer;
  enum exchange_end end;
  enum verdict verdict; /* of a rule of the specification */
};

/* Judges every row twice: as the specification's rule, and as one whose breach is a note. */
static void judge_rows(const struct row *rows, size_t n)
{
  char words[FINDING_WORDS];
  for (size_t i = 0; i < n; i++)
    for (int spec = 0; spec < 2; spec++) {
      const struct question question = {
          .judge = rows[i].judge, .want = rows[i].want, .like = KEPT_ROOT, .spec = spec, .quiet = true};
      struct exchange seen = {.open = true, .end = rows[i].end, .closed_tcp = true, .received = BUF_INIT(SMALL)};
      buf_put_str(&seen.received, rows[i].answer);
      enum verdict got = judge(&question, &seen, words);
      bool as_wanted = got == rows[i].verdict || (!spec && rows[i].verdict == VERDICT_FAIL && got == VERDICT_NOTE);
      if (!as_wanted)
        fail_msg("line %d: verdict %d: %s", rows[i].line, (int)got, words);
      if (got != VERDICT_PASS && words[0] == '\0')
        fail_msg("line %d: no words", rows[i].line);
      buf_free(&seen.received);
    }
}

#define JUDGE(rows) judge_rows(rows, sizeof(rows) / sizeof *(rows))

static void refusals_G9_G12_G13(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {__LINE__, judge_status, 59, STR_INIT("59 No\r\n"), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_status, 59, STR_INIT("50 No\r\n"), EXCHANGE_CLOSED, VERDICT_NOTE},
      {__LINE__, judge_status, 59, STR_INIT(ROOT), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_status, 59, STR_INIT("31 /x\r\n"), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_status, 59, STR_INIT(""), EXCHANGE_CLOSED, VERDICT_NOTE},
      {__LINE__, judge_status, 59, STR_INIT(""), EXCHANGE_RESET, VERDICT_FAIL},
      {__LINE__, judge_status, 59, STR_INIT("59\n"), EXCHANGE_CLOSED, VERDICT_NOTE},
      {__LINE__, judge_status, 59, STR_INIT("44 10\r\n"), EXCHANGE_CLOSED, VERDICT_NOTE},
      {__LINE__, judge_status, 51, STR_INIT("51 No\r\n"), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_status, 51, STR_INIT("51 No\r\nbody"), EXCHANGE_CLOSED, VERDICT_NOTE},
      {__LINE__, judge_foreign, 53, STR_INIT("53 No\r\n"), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_foreign, 53, STR_INIT(ROOT), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_foreign, 53, STR_INIT("20 text/html\r\n<p>"), EXCHANGE_CLOSED, VERDICT_NOTE},
      {__LINE__, judge_outside, 59, STR_INIT("59 No\r\n"), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_outside, 59, STR_INIT("51 No\r\n"), EXCHANGE_CLOSED, VERDICT_NOTE},
      {__LINE__, judge_plain_file, 0, STR_INIT("20 text/plain\r\nx\n"), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_plain_file, 0, STR_INIT("51 No\r\n"), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_plain_file, 0, STR_INIT("40 No\r\n"), EXCHANGE_CLOSED, VERDICT_NOTE},
  };
  JUDGE(rows);
}

/* Whatever rule it is: a file of the system in an answer is a fail. */
static void a_leak_is_a_fail_G13(void **state)
{
  (void)state;
  char words[FINDING_WORDS];
  const struct question question = {.judge = judge_outside, .want = 59, .spec = false};
  struct exchange seen = {.open = true, .end = EXCHANGE_CLOSED, .received = BUF_INIT(SMALL)};
  buf_put_str(&seen.received, STR("20 text/plain\r\nroot:x:0:0:root:/root:/bin/sh\n"));
  assert_int_equal(judge(&question, &seen, words), VERDICT_FAIL);
  assert_non_null(strstr(words, "outside"));
  buf_free(&seen.received);
}

static void request_lines_G7_G8_G10(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {__LINE__, judge_bare_lf, 0, STR_INIT(""), EXCHANGE_LATE, VERDICT_PASS},
      {__LINE__, judge_bare_lf, 0, STR_INIT(""), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_bare_lf, 0, STR_INIT("59 No\r\n"), EXCHANGE_CLOSED, VERDICT_NOTE},
      {__LINE__, judge_bare_lf, 0, STR_INIT(ROOT), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_longest, 0, STR_INIT(ROOT), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_longest, 0, STR_INIT("51 No\r\n"), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_longest, 0, STR_INIT("59 No\r\n"), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_too_long, 59, STR_INIT("59 No\r\n"), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_too_long, 59, STR_INIT(""), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_too_long, 59, STR_INIT(""), EXCHANGE_RESET, VERDICT_PASS},
      {__LINE__, judge_too_long, 59, STR_INIT(""), EXCHANGE_LATE, VERDICT_FAIL},
      {__LINE__, judge_too_long, 59, STR_INIT(ROOT), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_tolerated, 0, STR_INIT("51 No\r\n"), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_tolerated, 0, STR_INIT("59 No\r\n"), EXCHANGE_CLOSED, VERDICT_FAIL},
  };
  JUDGE(rows);
}

static void the_same_page_G11_G12_G14(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {__LINE__, judge_like, 0, STR_INIT(ROOT), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_like, 0, STR_INIT("20 text/gemini\r\n# Visitor 7\n"), EXCHANGE_CLOSED, VERDICT_NOTE},
      {__LINE__, judge_like, 0, STR_INIT("31 gemini://localhost/\r\n"), EXCHANGE_CLOSED, VERDICT_NOTE},
      {__LINE__, judge_like, 0, STR_INIT("51 No\r\n"), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_like, 0, STR_INIT("20 text/plain\r\n# Home\n"), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_like, 0, STR_INIT(""), EXCHANGE_CLOSED, VERDICT_FAIL},
  };
  JUDGE(rows);
}

static void redirects_G16(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {__LINE__, judge_slash, 31, STR_INIT("31 /docs/\r\n"), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_slash, 31, STR_INIT("31 gemini://localhost/docs/\r\n"), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_slash, 31, STR_INIT("30 /docs/\r\n"), EXCHANGE_CLOSED, VERDICT_NOTE},
      {__LINE__, judge_slash, 31, STR_INIT("31 gemini://example.org/docs/\r\n"), EXCHANGE_CLOSED, VERDICT_NOTE},
      {__LINE__, judge_slash, 31, STR_INIT("31 /docs/#x\r\n"), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_slash, 31, STR_INIT("31 /other/\r\n"), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_slash, 31, STR_INIT("20 text/gemini\r\n# Docs\n"), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_slash, 31, STR_INIT("51 No\r\n"), EXCHANGE_CLOSED, VERDICT_NOTE},
      {__LINE__, judge_slash_query, 31, STR_INIT("31 /docs/?nuncio\r\n"), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_slash_query, 31, STR_INIT("31 /docs/\r\n"), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_other_host, 0, STR_INIT("31 /docs/\r\n"), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_other_host, 0, STR_INIT("51 No\r\n"), EXCHANGE_CLOSED, VERDICT_PASS},
  };
  JUDGE(rows);
  char words[FINDING_WORDS];
  const struct question question = {.judge = judge_other_host};
  struct exchange seen = {.open = true, .end = EXCHANGE_CLOSED, .received = BUF_INIT(SMALL)};
  buf_put_str(&seen.received, STR("31 //docs/\r\n"));
  assert_int_equal(judge(&question, &seen, words), VERDICT_FAIL);
  buf_free(&seen.received);
}

static void types_and_texts_G20_G21(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {__LINE__, judge_type, 0, STR_INIT(ROOT), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_type, 0, STR_INIT("20 text/gemini; lang=en\r\n"), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_type, 0, STR_INIT("20 text/html\r\n"), EXCHANGE_CLOSED, VERDICT_NOTE},
      {__LINE__, judge_type, 0, STR_INIT("20 gemtext\r\n"), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_type, 0, STR_INIT("20 text/ gemini\r\n"), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_type, 0, STR_INIT("31 /x\r\n"), EXCHANGE_CLOSED, VERDICT_NOTE},
      {__LINE__, judge_text, 0, STR_INIT(ROOT), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_text, 0, STR_INIT("20 text/gemini\r\n\xFF\n"), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_text, 0, STR_INIT("20 text/gemini; charset=latin1\r\n\xFF\n"), EXCHANGE_CLOSED, VERDICT_NOTE},
      {__LINE__, judge_text, 0, STR_INIT("20 text/gemini\r\n\xEF\xBB\xBFx\n"), EXCHANGE_CLOSED, VERDICT_NOTE},
      {__LINE__, judge_text, 0, STR_INIT("20 text/gemini\r\nx"), EXCHANGE_CLOSED, VERDICT_NOTE},
  };
  JUDGE(rows);
}

static void headers_G15(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {__LINE__, judge_header, 0, STR_INIT(ROOT), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_header, 0, STR_INIT("51 No\r\n"), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_header, 0, STR_INIT("51 No\n"), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_header, 0, STR_INIT("51 No\r\nbody"), EXCHANGE_CLOSED, VERDICT_FAIL},
      {__LINE__, judge_header, 0, STR_INIT("garbage"), EXCHANGE_CUT, VERDICT_FAIL},
      {__LINE__, judge_header, 0, STR_INIT(""), EXCHANGE_CLOSED, VERDICT_FAIL},
  };
  JUDGE(rows);
  char words[FINDING_WORDS];
  struct exchange seen = {.open = true};
  const struct question question = {.judge = judge_headers, .spec = true, .summary = true};
  assert_int_equal(judge(&question, &seen, words), VERDICT_NOTE);
  facts.tally.answers = 5;
  assert_int_equal(judge(&question, &seen, words), VERDICT_PASS);
  facts.tally.illegal = 2;
  facts.tally.first_fault = "META is empty";
  buf_put_str(&facts.tally.first_illegal, STR("/x"));
  assert_int_equal(judge(&question, &seen, words), VERDICT_FAIL);
  assert_string_equal(words, "2 were not; the first was that to /x: META is empty");
}

static void goodbyes_G3(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {__LINE__, judge_goodbye, 0, STR_INIT(ROOT), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_goodbye, 0, STR_INIT(ROOT), EXCHANGE_CUT, VERDICT_FAIL},
      {__LINE__, judge_goodbye, 0, STR_INIT(ROOT), EXCHANGE_RESET, VERDICT_FAIL},
      {__LINE__, judge_goodbye, 0, STR_INIT(""), EXCHANGE_CUT, VERDICT_NOTE},
  };
  JUDGE(rows);
  char words[FINDING_WORDS];
  struct exchange seen = {.open = true};
  const struct question question = {.judge = judge_endings, .spec = true, .summary = true};
  assert_int_equal(judge(&question, &seen, words), VERDICT_NOTE);
  facts.tally.answers = 5;
  assert_int_equal(judge(&question, &seen, words), VERDICT_PASS);
  facts.tally.ended_wrong = 2;
  buf_put_str(&facts.tally.first_wrong, STR("/x"));
  assert_int_equal(judge(&question, &seen, words), VERDICT_FAIL);
  assert_string_equal(words, "2 of 5 answers did not; the first was that to /x");
}

/* Connections that do not come to an answer: clear words, whatever was asked. */
static void what_fails_before_an_answer(void **state)
{
  (void)state;
  static const struct {
    int line;
    void (*judge)(const struct sight *s, struct finding *out);
    enum exchange_end end;
    bool open;
    enum verdict verdict;
    const char *words;
  } rows[] = {
      {__LINE__, judge_header, EXCHANGE_UNREACHABLE, false, VERDICT_FAIL, "no connection: why"},
      {__LINE__, judge_header, EXCHANGE_BROKEN, false, VERDICT_FAIL, "no TLS: why"},
      {__LINE__, judge_header, EXCHANGE_BROKEN, true, VERDICT_FAIL, "TLS broke in the middle of the answer: why"},
      {__LINE__, judge_header, EXCHANGE_LATE, false, VERDICT_FAIL, "the handshake did not end within 9 ms"},
      {__LINE__, judge_header, EXCHANGE_LATE, true, VERDICT_FAIL, "the answer did not end within 9 ms"},
      {__LINE__, judge_header, EXCHANGE_FLOOD, true, VERDICT_FAIL,
       "the answer has no end: more than 1048576 bytes came"},
      {__LINE__, judge_header, EXCHANGE_RESET, true, VERDICT_FAIL, "the connection was reset without an answer"},
      {__LINE__, judge_header, EXCHANGE_CUT, true, VERDICT_FAIL, "the connection was closed without an answer"},
      {__LINE__, judge_header, EXCHANGE_LOCAL, false, VERDICT_NOTE, "it could not be tried: why"},
      {__LINE__, judge_tls, EXCHANGE_BROKEN, false, VERDICT_FAIL, "no TLS: why"},
      {__LINE__, judge_tls, EXCHANGE_RESET, true, VERDICT_PASS, "TLSv1.3"},
      {__LINE__, judge_old_version, EXCHANGE_BROKEN, false, VERDICT_PASS, "refused: why"},
      {__LINE__, judge_old_version, EXCHANGE_CLOSED, true, VERDICT_FAIL, "TLSv1.3 was accepted"},
      {__LINE__, judge_only_version, EXCHANGE_CLOSED, true, VERDICT_PASS, "TLSv1.3"},
      {__LINE__, judge_only_version, EXCHANGE_BROKEN, false, VERDICT_NOTE,
       "a client that has TLS 1.2 only is not served: why"},
      {__LINE__, judge_plain_text, EXCHANGE_CLOSED, true, VERDICT_PASS, "closed without an answer"},
      {__LINE__, judge_plain_text, EXCHANGE_LATE, true, VERDICT_NOTE, "neither an alert nor a close within 9 ms"},
      {__LINE__, judge_sni, EXCHANGE_BROKEN, false, VERDICT_FAIL, "the handshake failed: why"},
  };
  char words[FINDING_WORDS];
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct question question = {.judge = rows[i].judge, .channel = CHANNEL_12, .spec = true};
    struct exchange seen = {
        .open = rows[i].open, .end = rows[i].end, .ms = 9, .fault = "why", .tls.version = "TLSv1.3"};
    enum verdict got = judge(&question, &seen, words);
    if (got != rows[i].verdict || strcmp(words, rows[i].words) != 0)
      fail_msg("line %d: verdict %d: %s", rows[i].line, (int)got, words);
  }
}

static void plain_answers_to_plain_text_G1(void **state)
{
  (void)state;
  static const struct row rows[] = {
      {__LINE__, judge_plain_text, 0, STR_INIT("\x15\x03\x03\x00\x02\x02\x46"), EXCHANGE_CLOSED, VERDICT_PASS},
      {__LINE__, judge_plain_text, 0, STR_INIT(ROOT), EXCHANGE_CLOSED, VERDICT_FAIL},
  };
  JUDGE(rows);
}

static void tickets_and_certificates_G4_G5_G6(void **state)
{
  (void)state;
  static const struct {
    int line;
    void (*judge)(const struct sight *s, struct finding *out);
    struct exchange_tls tls;
    enum verdict verdict;
    const char *part;
  } rows[] = {
      {__LINE__, judge_resumed, {.resumed = true}, VERDICT_PASS, "resumed"},
      {__LINE__, judge_resumed, {.resumed = false}, VERDICT_NOTE, "not taken"},
      {__LINE__, judge_early_data, {.gave_ticket = false}, VERDICT_PASS, "no ticket"},
      {__LINE__, judge_early_data, {.gave_ticket = true}, VERDICT_PASS, "not offered"},
      {__LINE__, judge_early_data, {.gave_ticket = true, .early_data = true}, VERDICT_FAIL, "early data"},
      {__LINE__, judge_client_certificate, {.wants_certificate = false}, VERDICT_PASS, "none is asked for"},
      {__LINE__, judge_client_certificate, {.wants_certificate = true}, VERDICT_PASS, "asks for a certificate"},
      {__LINE__, judge_certificate, {.certificate_err = ERR_NOT_FOUND}, VERDICT_NOTE, "no certificate was seen"},
      /* The time is 2001-09-09. */
      {__LINE__,
       judge_certificate,
       {.names_host = true,
        .certificate = {.not_before = {.tm_year = 100, .tm_mday = 1}, .not_after = {.tm_year = 120}}},
       VERDICT_PASS,
       "names nothing; from 2000-01-01 to "},
      {__LINE__,
       judge_certificate,
       {.names_host = false, .certificate = {.not_before = {.tm_year = 100}, .not_after = {.tm_year = 120}}},
       VERDICT_NOTE,
       "does not name localhost"},
      {__LINE__,
       judge_certificate,
       {.names_host = true, .certificate = {.not_before = {.tm_year = 110}, .not_after = {.tm_year = 120}}},
       VERDICT_NOTE,
       "not valid yet"},
      {__LINE__,
       judge_certificate,
       {.names_host = true, .certificate = {.not_before = {.tm_year = 80}, .not_after = {.tm_year = 90}}},
       VERDICT_NOTE,
       "expired"},
  };
  char words[FINDING_WORDS];
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct question question = {.judge = rows[i].judge, .spec = true};
    struct exchange seen = {.open = true, .end = EXCHANGE_CLOSED, .tls = rows[i].tls};
    enum verdict got = judge(&question, &seen, words);
    if (got != rows[i].verdict || !strstr(words, rows[i].part))
      fail_msg("line %d: verdict %d: %s", rows[i].line, (int)got, words);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(refusals_G9_G12_G13, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_leak_is_a_fail_G13, set_up, tear_down),
      cmocka_unit_test_setup_teardown(request_lines_G7_G8_G10, set_up, tear_down),
      cmocka_unit_test_setup_teardown(the_same_page_G11_G12_G14, set_up, tear_down),
      cmocka_unit_test_setup_teardown(redirects_G16, set_up, tear_down),
      cmocka_unit_test_setup_teardown(types_and_texts_G20_G21, set_up, tear_down),
      cmocka_unit_test_setup_teardown(headers_G15, set_up, tear_down),
      cmocka_unit_test_setup_teardown(goodbyes_G3, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_fails_before_an_answer, set_up, tear_down),
      cmocka_unit_test_setup_teardown(plain_answers_to_plain_text_G1, set_up, tear_down),
      cmocka_unit_test_setup_teardown(tickets_and_certificates_G4_G5_G6, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
