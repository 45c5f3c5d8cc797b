/* Asks the questions one by one. */
#include "probe/probe.h"

#include "base/address.h"
#include "base/err.h"
#include "probe/gemini.h"
#include "probe/gopher.h"
#include "probe/request.h"

enum {
  QUIET_MS = 2000, /* what a server has for an answer where it may well wait for more */
  LATE_MOST = 3,   /* in a row */
  WORD_MAX = 8192,
  ENDED_MAX = 512,
  REQUEST_SHOWN = 100,
};

/* One run. */
struct run {
  const struct probe_plan *plan;
  struct probe_result *result;
  struct facts facts;
  struct tls_client *clients[TLS_OFFERS]; /* made when they are needed */
  struct tls_ticket *ticket;              /* for the next that resumes; owned */
  size_t address;                         /* of the target: the first one that answers */
  struct buf request;                     /* of the exchange that was last */
  struct exchange seen;
  bool asked;    /* there was one for the current question */
  unsigned late; /* in a row */
};

/* ---------------------------------------------------------------- reporting */

static void count(struct probe_result *result, enum verdict verdict)
{
  switch (verdict) {
  case VERDICT_PASS:
    result->passes++;
    return;
  case VERDICT_FAIL:
    result->fails++;
    return;
  case VERDICT_NOTE:
    result->notes++;
    return;
  }
}

static void report(struct run *run, const struct question *q, const struct finding *finding)
{
  struct buf ended = BUF_INIT(ENDED_MAX);
  struct probe_line line = {.rule = q->rule,
                            .what = q->what,
                            .verdict = finding->verdict,
                            .words = buf_str(&finding->words),
                            .asked = run->asked && !q->summary,
                            .again = q->again};
  if (line.asked) {
    exchange_put_end(&ended, &run->seen);
    line.sent = buf_str(&run->request);
    line.received = buf_str(&run->seen.received);
    line.ended = buf_str(&ended);
  }
  count(run->result, finding->verdict);
  run->plan->report(run->plan->context, &line);
  buf_free(&ended);
}

/* ---------------------------------------------------------------- asking */

static bool is_gemini(const struct run *run)
{
  return run->facts.target->kind == TARGET_GEMINI;
}

/* Which versions a channel offers; TLS_OFFERS: it is plain TCP. */
static enum tls_offer offer_of(const struct run *run, enum channel channel)
{
  switch (channel) {
  case CHANNEL_USUAL:
    return is_gemini(run) ? TLS_OFFER_USUAL : TLS_OFFERS;
  case CHANNEL_PLAIN:
    return TLS_OFFERS;
  case CHANNEL_TLS:
  case CHANNEL_NO_SNI:
  case CHANNEL_OTHER_SNI:
  case CHANNEL_RESUMED:
    return TLS_OFFER_USUAL;
  case CHANNEL_13:
    return TLS_OFFER_13;
  case CHANNEL_12:
    return TLS_OFFER_12;
  case CHANNEL_OLD:
    return TLS_OFFER_OLD;
  }
  return TLS_OFFERS;
}

static const char *sni_of(const struct target *target, enum channel channel)
{
  if (channel == CHANNEL_OTHER_SNI)
    return "nuncio.invalid";
  return channel == CHANNEL_NO_SNI || target->host_is_ip ? NULL : target->host;
}

/* Makes the way to the server. False where this machine cannot, or there is no ticket. */
static bool open_channel(struct run *run, const struct question *q, struct exchange_plan *plan)
{
  enum tls_offer offer = offer_of(run, q->channel);
  if (q->channel == CHANNEL_RESUMED && !run->ticket)
    return false;
  if (offer == TLS_OFFERS)
    return true;
  if (!run->clients[offer] && tls_client_new_offering(offer, true, &run->clients[offer]) < 0)
    return false;
  plan->tls = run->clients[offer];
  plan->sni = sni_of(run->facts.target, q->channel);
  if (q->channel == CHANNEL_RESUMED) {
    plan->ticket = run->ticket;
    run->ticket = NULL;
  }
  return true;
}

static void keep_ticket(struct run *run, const struct question *q)
{
  if (q->channel != CHANNEL_USUAL || !run->seen.ticket)
    return;
  tls_ticket_free(run->ticket);
  run->ticket = run->seen.ticket;
  run->seen.ticket = NULL;
}

static void keep_answer(struct run *run, const struct question *q)
{
  struct facts *facts = &run->facts;
  if (q->keep == KEPT_NONE || run->seen.received.n == 0)
    return;
  buf_clear(&facts->kept[q->keep]);
  buf_put_str(&facts->kept[q->keep], buf_str(&run->seen.received));
  facts->has_kept[q->keep] = true;
  if (is_gemini(run))
    gemini_learn(facts, q->keep);
  else
    gopher_learn(facts, q->keep);
}

/* Where we ended it, or the server was right to end it at once, nothing is to be learnt of how it ends answers. */
static void keep_tally(struct run *run, const struct question *q)
{
  struct tally *tally = &run->facts.tally;
  const struct exchange *seen = &run->seen;
  tally->exchanges++;
  if (seen->received.n == 0 || q->quiet || q->channel == CHANNEL_PLAIN)
    return;
  tally->answers++;
  if (seen->end != EXCHANGE_CUT && seen->end != EXCHANGE_RESET && seen->end != EXCHANGE_BROKEN)
    return;
  if (tally->ended_wrong++ == 0)
    buf_put_str(&tally->first_wrong, str_head(buf_str(&run->request), REQUEST_SHOWN));
}

/* Whole answers only: half a header is no illegal one. */
static void keep_header(struct run *run, const struct question *q)
{
  struct tally *tally = &run->facts.tally;
  struct header header;
  bool whole = run->seen.end == EXCHANGE_CLOSED || run->seen.end == EXCHANGE_CUT;
  header_read(buf_str(&run->seen.received), &header);
  if (!is_gemini(run) || q->channel == CHANNEL_PLAIN || !whole || run->seen.received.n == 0 || !header.fault)
    return;
  if (tally->illegal++ > 0)
    return;
  tally->first_fault = header.fault;
  buf_put_str(&tally->first_illegal, str_head(buf_str(&run->request), REQUEST_SHOWN));
}

static void count_late(struct run *run, const struct question *q)
{
  enum exchange_end end = run->seen.end;
  if (end == EXCHANGE_UNREACHABLE || (end == EXCHANGE_LATE && !q->quiet))
    run->late++;
  else
    run->late = 0;
  if (run->late >= LATE_MOST)
    run->result->gave_up = "connection after connection ran into the time limit, or was refused";
}

/* 0, or ERR_NOT_FOUND where it cannot be asked. */
static int ask(struct run *run, const struct question *q)
{
  const struct target *target = run->facts.target;
  struct exchange_plan plan = {.address = (const struct sockaddr *)&target->addresses[run->address],
                               .length = target->lengths[run->address],
                               .host = target->host,
                               .host_is_ip = target->host_is_ip,
                               .limit_ms = q->quiet ? run->facts.quiet_ms : run->facts.limit_ms};
  buf_clear(&run->request);
  exchange_free(&run->seen);
  run->asked = false;
  int err = request_put(&run->request, q, &run->facts);
  if (err || !open_channel(run, q, &plan))
    return err ? err : ERR_NOT_FOUND;
  plan.request = buf_str(&run->request);
  run->asked = true;
  exchange_run(&plan, &run->seen);
  keep_tally(run, q);
  keep_header(run, q);
  keep_answer(run, q);
  keep_ticket(run, q);
  count_late(run, q);
  return 0;
}

static int put_question(struct run *run, const struct question *q)
{
  struct finding finding = {.verdict = VERDICT_NOTE, .words = BUF_INIT(FINDING_WORDS)};
  struct sight sight = {.question = q, .seen = &run->seen, .facts = &run->facts};
  int err = q->again || q->summary ? 0 : ask(run, q);
  if (err == ERR_NOT_FOUND || (q->again && !run->asked)) {
    finding_note(&finding, "not judged: %s", q->lacks ? q->lacks : "it could not be asked");
    err = 0;
  } else if (err == 0) {
    header_read(buf_str(&run->seen.received), &sight.header);
    q->judge(&sight, &finding);
  }
  if (err == 0)
    report(run, q, &finding);
  if (err == 0)
    err = buf_error(&finding.words);
  buf_free(&finding.words);
  return err;
}

/* Whether more can be learnt after the first page: not where it cannot be had. */
static void judge_first(struct run *run, bool last_of_it)
{
  const struct exchange *seen = &run->seen;
  if (!seen->open)
    run->result->gave_up = "the first page cannot be had";
  else if (last_of_it && (seen->end == EXCHANGE_LATE || seen->end == EXCHANGE_FLOOD || seen->end == EXCHANGE_BROKEN))
    run->result->gave_up = "the first page does not come to an end";
}

static int put_questions(struct run *run, const struct question *questions, size_t n)
{
  bool first = true; /* the first page is being looked at */
  for (size_t i = 0; i < n && !run->result->gave_up; i++) {
    int err = put_question(run, &questions[i]);
    if (err)
      return err;
    bool more_of_it = i + 1 < n && questions[i + 1].again;
    if (first)
      judge_first(run, !more_of_it);
    first = first && more_of_it;
  }
  return 0;
}

/* ---------------------------------------------------------------- addresses */

/* Finds the address to ask at, and reports on all of them (B2). ERR_NOT_FOUND where none takes a connection. */
static int find_address(struct run *run, struct buf *why)
{
  static const struct question both = {.rule = "B2", .what = "every address of the host takes connections"};
  const struct target *target = run->facts.target;
  struct finding finding = {.verdict = VERDICT_PASS, .words = BUF_INIT(WORD_MAX)};
  char fault[EXCHANGE_FAULT], text[INET6_ADDRSTRLEN];
  bool found = false;
  for (size_t i = 0; i < target->n_addresses; i++) {
    const struct sockaddr *address = (const struct sockaddr *)&target->addresses[i];
    bool well = exchange_connects(address, target->lengths[i], run->facts.limit_ms, fault);
    address_text(address, text);
    buf_printf(&finding.words, "%s%s%s%s", i ? ", " : "", text, well ? "" : ": ", well ? "" : fault);
    if (!well)
      finding.verdict = VERDICT_NOTE;
    if (well && !found)
      run->address = i;
    found = found || well;
  }
  if (found)
    report(run, &both, &finding);
  else
    buf_printf(why, "cannot be reached at port %u (%.*s)", target->port, STR_ARG(buf_str(&finding.words)));
  buf_free(&finding.words);
  return found ? 0 : ERR_NOT_FOUND;
}

/* ---------------------------------------------------------------- the whole */

static void begin(struct run *run, const struct probe_plan *plan, struct probe_result *result)
{
  *result = (struct probe_result){.gave_up = NULL};
  *run = (struct run){.plan = plan, .result = result, .request = BUF_INIT(REQUEST_MOST)};
  run->facts = (struct facts){.target = plan->target,
                              .now = time(NULL),
                              .limit_ms = plan->timeout_ms,
                              .quiet_ms = plan->timeout_ms < QUIET_MS ? plan->timeout_ms : QUIET_MS,
                              .tally.first_wrong = BUF_INIT(WORD_MAX),
                              .tally.first_illegal = BUF_INIT(WORD_MAX)};
  for (unsigned i = 0; i < FACTS; i++)
    run->facts.fact[i] = BUF_INIT(WORD_MAX);
  for (unsigned i = 0; i < KEPTS; i++)
    run->facts.kept[i] = BUF_INIT(EXCHANGE_MOST);
}

static void finish(struct run *run)
{
  exchange_free(&run->seen);
  buf_free(&run->request);
  buf_free(&run->facts.tally.first_wrong);
  buf_free(&run->facts.tally.first_illegal);
  for (unsigned i = 0; i < FACTS; i++)
    buf_free(&run->facts.fact[i]);
  for (unsigned i = 0; i < KEPTS; i++)
    buf_free(&run->facts.kept[i]);
  tls_ticket_free(run->ticket);
  for (unsigned i = 0; i < TLS_OFFERS; i++)
    tls_client_free(run->clients[i]);
}

int probe_run(const struct probe_plan *plan, struct probe_result *out, struct buf *why)
{
  struct run run;
  begin(&run, plan, out);
  int err = find_address(&run, why);
  if (err == 0 && is_gemini(&run))
    err = put_questions(&run, gemini_questions, gemini_question_count);
  else if (err == 0)
    err = put_questions(&run, gopher_questions, gopher_question_count);
  finish(&run);
  return err;
}
