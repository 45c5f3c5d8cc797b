/* Reads an answer byte by byte up to its body, whose bytes are only counted. */
#include "load/answer.h"

enum { META_MAX = 1024 };

void answer_init(struct answer *answer, bool gemini)
{
  *answer = (struct answer){.place = gemini ? ANSWER_TENS : ANSWER_BODY};
}

static bool may_lack_meta(int status)
{
  return status >= 40;
}

static enum answer_place after_meta(const struct answer *answer, char c)
{
  if (c == '\r')
    return answer->meta > 0 || may_lack_meta(answer->status) ? ANSWER_LF : ANSWER_WRONG;
  return str_is_control(c) || answer->meta == META_MAX ? ANSWER_WRONG : ANSWER_META;
}

/* One byte of the header. */
static void step(struct answer *answer, char c)
{
  switch (answer->place) {
  case ANSWER_TENS:
    answer->status = (c - '0') * 10;
    answer->place = c >= '1' && c <= '6' ? ANSWER_UNITS : ANSWER_WRONG;
    break;
  case ANSWER_UNITS:
    answer->status += c - '0';
    answer->place = c >= '0' && c <= '9' ? ANSWER_SPACE : ANSWER_WRONG;
    break;
  case ANSWER_SPACE:
    if (c == '\r' && may_lack_meta(answer->status))
      answer->place = ANSWER_LF;
    else
      answer->place = c == ' ' ? ANSWER_META : ANSWER_WRONG;
    break;
  case ANSWER_META:
    answer->place = after_meta(answer, c);
    answer->meta += answer->place == ANSWER_META;
    break;
  case ANSWER_LF:
    answer->place = c == '\n' ? ANSWER_BODY : ANSWER_WRONG;
    break;
  case ANSWER_BODY:
  case ANSWER_WRONG:
    break;
  }
}

void answer_feed(struct answer *answer, struct str bytes)
{
  size_t i = 0;
  answer->bytes += bytes.n;
  while (i < bytes.n && answer->place != ANSWER_BODY && answer->place != ANSWER_WRONG)
    step(answer, bytes.p[i++]);
  answer->body += bytes.n - i;
  if (answer->status != 0 && answer->status / 10 != 2 && answer->body > 0)
    answer->place = ANSWER_WRONG;
}

bool answer_sound(const struct answer *answer)
{
  return answer->place == ANSWER_BODY;
}
