/* Judges of the connection that a Gemini answer comes by. */
#include <string.h>

#include "base/err.h"
#include "probe/gemini_judge.h"

void judge_tls(const struct sight *s, struct finding *out)
{
  if (!s->seen->open && s->seen->end == EXCHANGE_FLOOD)
    finding_fail(out, "no TLS");
  else if (!s->seen->open)
    (void)sight_reached(s, out);
  else
    finding_pass(out, "%s", s->seen->tls.version);
}

void judge_only_version(const struct sight *s, struct finding *out)
{
  const char *version = s->question->channel == CHANNEL_13 ? "TLS 1.3" : "TLS 1.2";
  if (s->seen->open)
    finding_pass(out, "%s", s->seen->tls.version);
  else if (s->seen->end == EXCHANGE_BROKEN)
    finding_note(out, "a client that has %s only is not served: %s", version, s->seen->fault);
  else
    (void)sight_reached(s, out);
}

void judge_old_version(const struct sight *s, struct finding *out)
{
  if (s->seen->open)
    finding_broken(s, out, "%s was accepted", s->seen->tls.version);
  else if (s->seen->end == EXCHANGE_BROKEN)
    finding_pass(out, "refused: %s", s->seen->fault);
  else
    (void)sight_reached(s, out);
}

void judge_plain_text(const struct sight *s, struct finding *out)
{
  struct str answer = sight_answer(s);
  bool alert = answer.n && answer.p[0] == 0x15; /* RFC 8446, section 5.1 */
  if (s->seen->end == EXCHANGE_UNREACHABLE || s->seen->end == EXCHANGE_LOCAL)
    (void)sight_reached(s, out);
  else if (answer.n && !alert)
    finding_broken(s, out, "it was answered in plain text");
  else if (s->seen->end == EXCHANGE_LATE)
    finding_note(out, "neither an alert nor a close within %u ms", s->seen->ms);
  else
    finding_pass(out, "%s", alert ? "a TLS alert" : "closed without an answer");
}

void judge_sni(const struct sight *s, struct finding *out)
{
  if (!s->seen->open && s->seen->end == EXCHANGE_BROKEN)
    finding_broken(s, out, "the handshake failed: %s", s->seen->fault);
  else
    judge_like(s, out);
}

void judge_goodbye(const struct sight *s, struct finding *out)
{
  if (!sight_reached(s, out))
    return;
  if (s->seen->received.n == 0)
    finding_note(out, "there was no answer that could end");
  else if (s->seen->end == EXCHANGE_CUT)
    finding_broken(s, out, "the connection was closed without close_notify: a reader cannot tell whether all has come");
  else if (s->seen->end == EXCHANGE_RESET)
    finding_broken(s, out, "the connection was reset: what was on its way may be lost");
  else if (!s->seen->closed_tcp)
    finding_note(out, "close_notify came, but no FIN soon after it");
  else
    finding_pass(out, "close_notify, then FIN");
}

void judge_resumed(const struct sight *s, struct finding *out)
{
  if (!sight_reached(s, out))
    return;
  if (s->seen->tls.resumed)
    finding_pass(out, "resumed");
  else
    finding_note(out, "the ticket was not taken: a full handshake was made");
}

void judge_early_data(const struct sight *s, struct finding *out)
{
  if (!s->seen->open)
    finding_note(out, "there was no connection to judge by");
  else if (!s->seen->tls.gave_ticket)
    finding_pass(out, "no ticket was given");
  else if (s->seen->tls.early_data)
    finding_broken(s, out, "its tickets allow early data, which others can send again");
  else
    finding_pass(out, "not offered");
}

void judge_client_certificate(const struct sight *s, struct finding *out)
{
  if (!s->seen->open)
    finding_note(out, "there was no connection to judge by");
  else if (s->seen->tls.wants_certificate)
    finding_pass(out, "every handshake asks for a certificate, and goes on without one");
  else
    finding_pass(out, "none is asked for");
}

/* ---------------------------------------------------------------- the certificate */

static void put_day(struct buf *out, const struct tm *day)
{
  buf_printf(out, "%04d-%02d-%02d", day->tm_year + 1900, day->tm_mon + 1, day->tm_mday);
}

static void put_certificate(struct buf *out, const struct certificate_info *info)
{
  enum { NAMES_SHOWN = 300 };
  struct str names = buf_str(&info->names);
  buf_printf(out, "names %.*s%s; from ", STR_ARG(names.n ? str_head(names, NAMES_SHOWN) : STR("nothing")),
             names.n > NAMES_SHOWN ? "..." : "");
  put_day(out, &info->not_before);
  buf_put_str(out, STR(" to "));
  put_day(out, &info->not_after);
  buf_printf(out, "; %.*s%s", STR_ARG(buf_str(&info->key)), info->self_signed ? "; self-signed" : "");
}

void judge_certificate(const struct sight *s, struct finding *out)
{
  const struct exchange_tls *tls = &s->seen->tls;
  if (!s->seen->open || tls->certificate_err) {
    finding_note(out, "no certificate was seen%s%s", tls->certificate_err ? ": " : "",
                 tls->certificate_err ? err_text(tls->certificate_err) : "");
    return;
  }
  struct tm begin = tls->certificate.not_before, end = tls->certificate.not_after;
  struct buf words = BUF_INIT(FINDING_WORDS);
  put_certificate(&words, &tls->certificate);
  struct str shown = buf_str(&words);
  if (timegm(&begin) > s->facts->now)
    finding_note(out, "it is not valid yet: %.*s", STR_ARG(shown));
  else if (timegm(&end) < s->facts->now)
    finding_note(out, "it has expired: %.*s", STR_ARG(shown));
  else if (!tls->names_host)
    finding_note(out, "it does not name %s: %.*s", s->facts->target->host, STR_ARG(shown));
  else
    finding_pass(out, "%.*s", STR_ARG(shown));
  buf_free(&words);
}
