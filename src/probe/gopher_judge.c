/* Judges of Gopher answers. */
#include "probe/gopher_judge.h"

#include <string.h>

#include "probe/menu_line.h"

bool gopher_came(const struct sight *s, struct finding *out)
{
  if (!sight_reached(s, out))
    return false;
  if (s->seen->received.n)
    return true;
  finding_broken(s, out, "%s without an answer",
                 s->seen->end == EXCHANGE_RESET  ? "the connection was reset"
                 : s->seen->end == EXCHANGE_LATE ? "still open"
                                                 : "the connection was closed");
  return false;
}

bool gopher_is_error(struct str answer)
{
  struct menu_line line;
  return menu_line_next(&answer, &line) && line.type == '3' && !line.fault;
}

static bool holds(struct str text, struct str part)
{
  return text.n && memmem(text.p, text.n, part.p, part.n);
}

void judge_close(const struct sight *s, struct finding *out)
{
  if (!gopher_came(s, out))
    return;
  if (s->seen->end == EXCHANGE_RESET)
    finding_broken(s, out, "the connection was reset: what was on its way may be lost");
  else
    finding_pass(out, "FIN");
}

/* ---------------------------------------------------------------- selectors */

void judge_same(const struct sight *s, struct finding *out)
{
  if (!gopher_came(s, out))
    return;
  if (!s->facts->has_kept[s->question->like])
    finding_note(out, "there is no answer to compare it with");
  else if (str_eq(sight_answer(s), buf_str(&s->facts->kept[s->question->like])))
    finding_pass(out, NULL);
  else
    finding_broken(s, out, "%s", gopher_is_error(sight_answer(s)) ? "an error" : "another answer");
}

void judge_something(const struct sight *s, struct finding *out)
{
  if (!gopher_came(s, out))
    return;
  if (gopher_is_error(sight_answer(s)))
    finding_broken(s, out, "a menu leads to an error");
  else
    finding_pass(out, "%zu bytes", s->seen->received.n);
}

void judge_error_line(const struct sight *s, struct finding *out)
{
  if (!gopher_came(s, out))
    return;
  if (gopher_is_error(sight_answer(s)))
    finding_pass(out, NULL);
  else
    finding_broken(s, out, "the answer's first line is no item of type 3");
}

void judge_error_lines(const struct sight *s, struct finding *out)
{
  if (s->seen->received.n && !gopher_is_error(sight_answer(s)))
    finding_note(out, "not judged: the error is no menu");
  else
    judge_menu_lines(s, out);
}

void judge_error_end(const struct sight *s, struct finding *out)
{
  if (s->seen->received.n && !gopher_is_error(sight_answer(s)))
    finding_note(out, "not judged: the error is no menu");
  else
    judge_menu_end(s, out);
}

void judge_refused(const struct sight *s, struct finding *out)
{
  if (sight_leaks(s))
    finding_fail(out, "the answer holds a file from outside the folder");
  else
    judge_error_line(s, out);
}

void judge_endless(const struct sight *s, struct finding *out)
{
  bool silent = s->seen->open && s->seen->received.n == 0;
  if (silent && s->seen->end == EXCHANGE_LATE)
    finding_note(out, "neither refused nor closed within %u ms", s->seen->ms);
  else if (silent && (s->seen->end == EXCHANGE_CLOSED || s->seen->end == EXCHANGE_RESET))
    finding_pass(out, "closed without an answer");
  else
    judge_error_line(s, out);
}

void judge_search(const struct sight *s, struct finding *out)
{
  judge_menu_lines(s, out);
  if (out->verdict == VERDICT_PASS && gopher_is_error(sight_answer(s)))
    finding_note(out, "an error");
}

/* ---------------------------------------------------------------- Gopher+ */

/* `+` and a length, or -1 (until a lone dot) or -2 (until the close), on the first line. */
static bool is_plus(struct str answer)
{
  struct str line;
  return str_starts(answer, STR("+")) && str_line(&answer, &line) && str_find(line, '\t') == line.n;
}

void judge_plus_menu(const struct sight *s, struct finding *out)
{
  struct str answer = sight_answer(s);
  if (!gopher_came(s, out))
    return;
  if (is_plus(answer) && holds(answer, STR("+INFO:")))
    finding_pass(out, "attributes");
  else if (gopher_is_error(answer))
    finding_note(out, "an error: a client that begins with it finds nothing");
  else
    finding_note(out, "no Gopher+: another answer");
}

void judge_plus(const struct sight *s, struct finding *out)
{
  struct str answer = sight_answer(s);
  if (!gopher_came(s, out))
    return;
  if (gopher_is_error(answer))
    finding_note(out, "an error: taken for a search or a selector");
  else
    finding_pass(out, "%s", is_plus(answer) ? "in the form of Gopher+" : "plainly");
}

/* ---------------------------------------------------------------- courtesies */

void judge_http(const struct sight *s, struct finding *out)
{
  if (!gopher_came(s, out))
    return;
  if (str_starts(sight_answer(s), STR("HTTP/")))
    finding_pass(out, "a page for web browsers");
  else
    finding_note(out, "no page for web browsers");
}

void judge_gophers(const struct sight *s, struct finding *out)
{
  if (!s->seen->open && s->seen->end != EXCHANGE_UNREACHABLE && s->seen->end != EXCHANGE_LOCAL)
    finding_note(out, "no TLS on this port: %s", s->seen->fault[0] ? s->seen->fault : "no handshake");
  else if (s->seen->open && s->seen->end == EXCHANGE_CUT)
    finding_fail(out, "the answer was not ended by close_notify");
  else
    judge_same(s, out);
}

void judge_url(const struct sight *s, struct finding *out)
{
  struct str answer = sight_answer(s);
  if (!gopher_came(s, out))
    return;
  if (holds(answer, STR("<")) && holds(answer, STR("https://example.org/nuncio")))
    finding_pass(out, "an HTML page that leads there");
  else
    finding_note(out, "no HTML page: %s", gopher_is_error(answer) ? "an error" : "another answer");
}

/* The URL as an attribute of a link would hold it. */
void judge_url_unsafe(const struct sight *s, struct finding *out)
{
  static const char *const links[] = {"href=\"javascript:", "href='javascript:", "href=javascript:", "url=javascript:"};
  if (!gopher_came(s, out))
    return;
  for (size_t i = 0; i < sizeof links / sizeof *links; i++)
    if (holds(sight_answer(s), str_from(links[i]))) {
      finding_fail(out, "a page that runs a script in a browser");
      return;
    }
  finding_pass(out, "%s", gopher_is_error(sight_answer(s)) ? "refused" : "no link to it");
}

void judge_url_escaped(const struct sight *s, struct finding *out)
{
  if (!gopher_came(s, out))
    return;
  if (gopher_is_error(sight_answer(s))) /* a menu has no markup, whatever it repeats */
    finding_pass(out, "refused");
  else if (holds(sight_answer(s), STR("<script>nuncio")))
    finding_fail(out, "a selector becomes markup of the page");
  else
    finding_pass(out, "no markup of the selector's in the answer");
}

void judge_document(const struct sight *s, struct finding *out)
{
  struct str answer = sight_answer(s);
  if (!gopher_came(s, out))
    return;
  if (gopher_is_error(answer))
    finding_broken(s, out, "a menu leads to an error");
  else if (str_ends(answer, STR("\n.\r\n")) || str_ends(answer, STR("\n.\n")))
    finding_note(out, "a lone dot ends it, as RFC 1436 has it; today's clients show it");
  else
    finding_pass(out, "%zu bytes, without a dot at the end", answer.n);
}

void judge_caps(const struct sight *s, struct finding *out)
{
  if (!gopher_came(s, out))
    return;
  if (str_starts(sight_answer(s), STR("CAPS")))
    finding_pass(out, "%s", holds(sight_answer(s), STR("CapsVersion=1")) ? "CapsVersion=1" : "CAPS");
  else
    finding_note(out, "%s", gopher_is_error(sight_answer(s)) ? "there is none" : "what came does not begin with CAPS");
}
