/* What the judges of both protocols share. */
#include "probe/question.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void __attribute__((format(printf, 3, 0)))
put(struct finding *out, enum verdict verdict, const char *format, va_list args)
{
  char words[FINDING_WORDS];
  int n = format ? vsnprintf(words, sizeof words, format, args) : 0;
  size_t size = n < 0 ? 0 : (size_t)n;
  out->verdict = verdict;
  buf_clear(&out->words);
  buf_put_str(&out->words, str_make(words, size < sizeof words ? size : sizeof words - 1));
}

void finding_pass(struct finding *out, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  put(out, VERDICT_PASS, format, args);
  va_end(args);
}

void finding_fail(struct finding *out, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  put(out, VERDICT_FAIL, format, args);
  va_end(args);
}

void finding_note(struct finding *out, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  put(out, VERDICT_NOTE, format, args);
  va_end(args);
}

void finding_broken(const struct sight *s, struct finding *out, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  put(out, s->question->spec ? VERDICT_FAIL : VERDICT_NOTE, format, args);
  va_end(args);
}

struct str sight_answer(const struct sight *s)
{
  return buf_str(&s->seen->received);
}

bool sight_reached(const struct sight *s, struct finding *out)
{
  const struct exchange *seen = s->seen;
  switch (seen->end) {
  case EXCHANGE_UNREACHABLE:
    finding_fail(out, "no connection: %s", seen->fault);
    return false;
  case EXCHANGE_LOCAL:
    finding_note(out, "it could not be tried: %s", seen->fault);
    return false;
  case EXCHANGE_FLOOD:
    finding_fail(out, "the answer has no end: more than %d bytes came", EXCHANGE_MOST);
    return false;
  case EXCHANGE_LATE:
    if (s->question->quiet && seen->open)
      break;
    finding_fail(out, "%s within %u ms", seen->open ? "the answer did not end" : "the handshake did not end", seen->ms);
    return false;
  case EXCHANGE_BROKEN:
    if (seen->open)
      finding_fail(out, "TLS broke in the middle of the answer: %s", seen->fault);
    else
      finding_fail(out, "no TLS: %s", seen->fault);
    return false;
  case EXCHANGE_CLOSED:
  case EXCHANGE_CUT:
  case EXCHANGE_RESET:
    break;
  }
  return true;
}

bool sight_leaks(const struct sight *s)
{
  struct str answer = sight_answer(s);
  return answer.n && memmem(answer.p, answer.n, ":0:0:", 5) && memmem(answer.p, answer.n, "root:", 5);
}

void judge_endings(const struct sight *s, struct finding *out)
{
  const struct tally *tally = &s->facts->tally;
  if (tally->answers == 0)
    finding_note(out, "there was no answer to judge by");
  else if (tally->ended_wrong == 0)
    finding_pass(out, "all of %u answers", tally->answers);
  else
    finding_broken(s, out, "%u of %u answers did not; the first was that to %.*s", tally->ended_wrong, tally->answers,
                   STR_ARG(buf_str(&tally->first_wrong)));
}
