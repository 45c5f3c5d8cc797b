/* Answers of hostile servers to `nuncio check`: every judge of a protocol comes to a verdict with words that can be
 * shown, and what is learnt from an answer makes no second line of a request. The first byte chooses the protocol and
 * which finding is shown, the second how the connection ended; what stands before a byte 0x1F is the first page, the
 * rest the answer. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/utf8.h"
#include "cmd/check_report.h"
#include "must.h"
#include "probe/gemini.h"
#include "probe/gopher.h"
#include "probe/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BIG = 1 << 20, PAGE_ENDS = 0x1F, ENDS = EXCHANGE_LOCAL + 1 };

static char localhost[] = "localhost";
static const struct target targets[] = {{.kind = TARGET_GEMINI, .host = localhost, .port = 1965},
                                        {.kind = TARGET_GOPHER, .host = localhost, .port = 70}};

static void check_facts(const struct facts *facts)
{
  for (unsigned i = 0; i < FACTS; i++) {
    must(buf_error(&facts->fact[i]) == 0 && facts->fact[i].n <= FACT_MOST, "a fact is bounded");
    must(!str_has_control(buf_str(&facts->fact[i])), "a fact is on one line");
  }
}

static void check_request(const struct question *q, const struct facts *facts)
{
  struct buf request = BUF_INIT(REQUEST_MOST);
  int err = request_put(&request, q, facts);
  must(err == 0 || err == ERR_NOT_FOUND, "a request can be made, or a fact is missing");
  buf_free(&request);
}

/* Whatever came, a line of the report moves no terminal's cursor. */
static void check_report(const struct question *q, const struct finding *finding, struct str answer)
{
  const struct probe_line line = {.rule = q->rule,
                                  .what = q->what,
                                  .verdict = finding->verdict,
                                  .words = buf_str(&finding->words),
                                  .asked = true,
                                  .sent = answer,
                                  .received = answer,
                                  .ended = STR("FIN")};
  struct buf text = BUF_INIT(BIG), json = BUF_INIT(BIG);
  check_put_text(&text, &line);
  check_put_json(&json, &line);
  must(buf_error(&text) == 0 && buf_error(&json) == 0, "a line is bounded");
  must(utf8_valid(buf_str(&text)) && utf8_valid(buf_str(&json)), "the report is UTF-8");
  struct str rest = buf_str(&text), shown;
  unsigned lines = 0;
  for (; str_line(&rest, &shown); lines++)
    must(!str_has_control(shown), "no control byte is shown");
  must(lines == 3, "a finding has three lines");
  must(str_find(buf_str(&json), '\n') == json.n - 1, "and one of JSON");
  buf_free(&text);
  buf_free(&json);
}

static void judge(const struct question *q, const struct exchange *seen, const struct facts *facts, bool shown)
{
  struct finding finding = {.verdict = VERDICT_NOTE, .words = BUF_INIT(FINDING_WORDS)};
  struct sight sight = {.question = q, .seen = seen, .facts = facts};
  header_read(buf_str(&seen->received), &sight.header);
  q->judge(&sight, &finding);
  must(buf_error(&finding.words) == 0, "words are bounded");
  must(finding.verdict == VERDICT_PASS || finding.words.n > 0, "what did not pass has words");
  if (shown)
    check_report(q, &finding, buf_str(&seen->received));
  check_request(q, facts);
  buf_free(&finding.words);
}

static void keep(struct facts *facts, enum kept kept, struct str page)
{
  buf_put_str(&facts->kept[kept], page);
  facts->has_kept[kept] = page.n > 0;
  if (facts->target->kind == TARGET_GEMINI)
    gemini_learn(facts, kept);
  else
    gopher_learn(facts, kept);
}

/* Only TLS, the time and this machine can end a connection before it was ready; without one it never was. */
static bool was_open(enum exchange_end end, bool chosen)
{
  bool either = end == EXCHANGE_BROKEN || end == EXCHANGE_LATE || end == EXCHANGE_LOCAL;
  return either ? chosen : end != EXCHANGE_UNREACHABLE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size < 2 || size > BIG / 16)
    return 0;
  bool gemini = data[0] & 1;
  struct str input = str_make((const char *)data + 2, size - 2);
  struct str page = str_head(input, str_find(input, PAGE_ENDS)), answer = str_skip(input, page.n + 1);
  struct facts facts = {.target = &targets[!gemini], .tally.answers = data[0] / 2U};
  enum exchange_end end = (enum exchange_end)((data[1] & 0x7F) % ENDS);
  struct exchange seen = {.open = was_open(end, data[1] & 0x80), .end = end, .received = BUF_INIT(BIG)};
  for (unsigned i = 0; i < FACTS; i++)
    facts.fact[i] = BUF_INIT(BIG);
  for (unsigned i = 0; i < KEPTS; i++)
    facts.kept[i] = BUF_INIT(BIG);
  buf_put_str(&seen.received, answer);
  keep(&facts, KEPT_ROOT, page);
  keep(&facts, KEPT_ITEM, answer);
  check_facts(&facts);
  size_t n = gemini ? gemini_question_count : gopher_question_count;
  for (size_t i = 0; i < n; i++)
    judge(gemini ? &gemini_questions[i] : &gopher_questions[i], &seen, &facts, i == data[0] / 2U % n);
  buf_free(&seen.received);
  for (unsigned i = 0; i < FACTS; i++)
    buf_free(&facts.fact[i]);
  for (unsigned i = 0; i < KEPTS; i++)
    buf_free(&facts.kept[i]);
  return 0;
}
