/* Judges of Gemini answers. */
#include "probe/gemini_judge.h"

#include "base/utf8.h"
#include "text/uri.h"

enum { STATUS_SUCCESS = 20, STATUS_BUSY = 41, STATUS_SLOW_DOWN = 44, STATUS_NOT_FOUND = 51, STATUS_BAD_REQUEST = 59 };

/* How much of a META is repeated. */
enum { META_SHOWN = 120 };

static struct str meta(const struct sight *s)
{
  return str_head(s->header.meta, META_SHOWN);
}

static bool says_nothing(const struct sight *s)
{
  return s->seen->received.n == 0;
}

/* A header that is not legal is a breach of G15, and of nothing else that was asked: the sum of all says so. */
bool gemini_answered(const struct sight *s, struct finding *out)
{
  if (!sight_reached(s, out))
    return false;
  if (says_nothing(s)) {
    finding_broken(s, out, "%s without an answer",
                   s->seen->end == EXCHANGE_RESET  ? "the connection was reset"
                   : s->seen->end == EXCHANGE_LATE ? "still open"
                                                   : "the connection was closed");
    return false;
  }
  if (s->header.fault) {
    finding_note(out, "not judged: the answer is not legal (G15): %s", s->header.fault);
    return false;
  }
  if (s->header.status == STATUS_SLOW_DOWN || s->header.status == STATUS_BUSY) {
    finding_note(out, "turned away with %d %.*s: ask again later", s->header.status, STR_ARG(meta(s)));
    return false;
  }
  return true;
}

void judge_header(const struct sight *s, struct finding *out)
{
  if (s->seen->received.n && s->header.fault && sight_reached(s, out))
    finding_broken(s, out, "%s", s->header.fault);
  else if (gemini_answered(s, out))
    finding_pass(out, "%d %.*s", s->header.status, STR_ARG(meta(s)));
}

void judge_headers(const struct sight *s, struct finding *out)
{
  const struct tally *tally = &s->facts->tally;
  if (tally->answers == 0)
    finding_note(out, "there was no answer to judge by");
  else if (tally->illegal == 0)
    finding_pass(out, "all of %u answers", tally->answers);
  else
    finding_broken(s, out, "%u were not; the first was that to %.*s: %s", tally->illegal,
                   STR_ARG(buf_str(&tally->first_illegal)), tally->first_fault);
}

/* ---------------------------------------------------------------- the first page */

/* type "/" subtype, of RFC 2045's tokens. */
static bool is_mime(struct str type)
{
  const struct str no_token = STR("()<>@,;:\\\"/[]?=");
  size_t slash = str_find(type, '/');
  for (size_t i = 0; i < type.n; i++)
    if (type.p[i] <= ' ' || (i != slash && str_find(no_token, type.p[i]) < no_token.n))
      return false;
  return slash > 0 && slash + 1 < type.n;
}

static struct str mime(const struct sight *s)
{
  return str_trim(str_head(s->header.meta, str_find(s->header.meta, ';')));
}

static bool has_parameter(struct str parameters, struct str name)
{
  struct str part;
  while (str_split(&parameters, ';', &part))
    if (str_starts_nocase(str_trim(part), name))
      return true;
  return false;
}

static bool is_utf8_text(const struct sight *s)
{
  struct str type = s->header.meta;
  return s->header.status == STATUS_SUCCESS && str_starts_nocase(type, STR("text/")) &&
         (!has_parameter(type, STR("charset=")) || has_parameter(type, STR("charset=utf-8")) ||
          has_parameter(type, STR("charset=\"utf-8")) || has_parameter(type, STR("charset=us-ascii")));
}

void judge_type(const struct sight *s, struct finding *out)
{
  if (!gemini_answered(s, out))
    return;
  if (s->header.status != STATUS_SUCCESS)
    finding_note(out, "the first page is answered with %d: it has no type", s->header.status);
  else if (!is_mime(mime(s)))
    finding_broken(s, out, "%.*s is no MIME type", STR_ARG(meta(s)));
  else if (!str_eq_nocase(mime(s), STR("text/gemini")))
    finding_note(out, "the first page is %.*s, no gemtext", STR_ARG(meta(s)));
  else
    finding_pass(out, "%.*s", STR_ARG(meta(s)));
}

void judge_text(const struct sight *s, struct finding *out)
{
  struct str body = s->header.body;
  if (!gemini_answered(s, out))
    return;
  if (!is_utf8_text(s))
    finding_note(out, "the first page is no text in UTF-8");
  else if (!utf8_valid(body))
    finding_broken(s, out, "the first page says UTF-8 and is not");
  else if (str_starts(body, STR("\xEF\xBB\xBF")))
    finding_note(out, "the first page begins with a byte order mark");
  else if (body.n && body.p[body.n - 1] != '\n')
    finding_note(out, "the first page's last line has no end");
  else
    finding_pass(out, "%zu bytes", body.n);
}

/* ---------------------------------------------------------------- refusals */

void judge_status(const struct sight *s, struct finding *out)
{
  int want = s->question->want;
  bool closed = s->seen->end == EXCHANGE_CLOSED || s->seen->end == EXCHANGE_CUT;
  if (s->seen->open && says_nothing(s) && closed) {
    finding_note(out, "closed without an answer: the client is not told why");
    return;
  }
  if (!gemini_answered(s, out))
    return;
  if (s->header.status == want)
    finding_pass(out, NULL);
  else if (s->header.status >= 40)
    finding_note(out, "refused, but with %d in place of %d", s->header.status, want);
  else
    finding_broken(s, out, "answered with %d in place of %d", s->header.status, want);
}

void judge_outside(const struct sight *s, struct finding *out)
{
  if (sight_leaks(s))
    finding_fail(out, "the answer holds a file from outside the capsule");
  else
    judge_status(s, out);
}

void judge_plain_file(const struct sight *s, struct finding *out)
{
  if (!gemini_answered(s, out))
    return;
  if (s->header.status == STATUS_SUCCESS || s->header.status == STATUS_NOT_FOUND)
    finding_pass(out, NULL);
  else
    finding_note(out, "%d: neither there (20) nor not there (51)", s->header.status);
}

/* Whether the answer is the first page's. */
static bool is_root(const struct sight *s)
{
  return s->facts->has_kept[KEPT_ROOT] && str_eq(sight_answer(s), buf_str(&s->facts->kept[KEPT_ROOT]));
}

void judge_foreign(const struct sight *s, struct finding *out)
{
  if (!gemini_answered(s, out))
    return;
  if (s->header.status < 40 && !is_root(s)) /* it may be a proxy, or serve such a host too */
    finding_note(out, "answered with %d in place of %d, and not by the first page", s->header.status,
                 s->question->want);
  else
    judge_status(s, out);
}

/* ---------------------------------------------------------------- the same page */

void judge_like(const struct sight *s, struct finding *out)
{
  struct header other;
  if (!gemini_answered(s, out))
    return;
  if (!s->facts->has_kept[s->question->like]) {
    finding_note(out, "there is no page to compare it with");
    return;
  }
  struct str kept = buf_str(&s->facts->kept[s->question->like]);
  header_read(kept, &other);
  if (str_eq(kept, sight_answer(s)))
    finding_pass(out, NULL);
  else if (other.status == s->header.status && str_eq(other.meta, s->header.meta))
    finding_note(out, "the same header as the first page's, but another body: is it made anew each time?");
  else if (s->header.status / 10 == 3)
    finding_note(out, "a redirect to %.*s, which costs a reader another connection", STR_ARG(meta(s)));
  else
    finding_broken(s, out, "%d, where the first page was answered with %d", s->header.status, other.status);
}

/* ---------------------------------------------------------------- the request line */

void judge_bare_lf(const struct sight *s, struct finding *out)
{
  if (!sight_reached(s, out))
    return;
  if (says_nothing(s) && s->seen->end == EXCHANGE_LATE)
    finding_pass(out, "no answer within %u ms: its deadline will close it", s->seen->ms);
  else if (says_nothing(s))
    finding_pass(out, "closed without an answer");
  else if (s->header.status >= 40)
    finding_note(out, "refused with %d", s->header.status);
  else
    finding_broken(s, out, "answered as if CRLF had come");
}

void judge_longest(const struct sight *s, struct finding *out)
{
  if (!gemini_answered(s, out))
    return;
  if (s->header.status == STATUS_BAD_REQUEST)
    finding_broken(s, out, "refused with 59 %.*s", STR_ARG(meta(s)));
  else
    finding_pass(out, NULL);
}

void judge_too_long(const struct sight *s, struct finding *out)
{
  if (s->seen->open && says_nothing(s) && s->seen->end == EXCHANGE_LATE)
    finding_broken(s, out, "neither refused nor closed within %u ms", s->seen->ms);
  else if (s->seen->open && says_nothing(s) && s->seen->end != EXCHANGE_BROKEN)
    finding_pass(out, "closed without an answer");
  else
    judge_status(s, out);
}

void judge_tolerated(const struct sight *s, struct finding *out)
{
  if (!gemini_answered(s, out))
    return;
  if (s->header.status == STATUS_BAD_REQUEST)
    finding_broken(s, out, "refused with 59 %.*s", STR_ARG(meta(s)));
  else
    finding_pass(out, NULL);
}

/* ---------------------------------------------------------------- redirects */

/* The host that a redirect names, by `//host` too; empty where it stays with this one. */
static struct str redirect_host(const struct sight *s)
{
  struct uri uri;
  if (uri_parse(str_trim(s->header.meta), &uri) < 0 || !uri.has_authority ||
      str_eq_nocase(uri.host, str_from(s->facts->target->host)))
    return (struct str){NULL, 0};
  return uri.host;
}

static void judge_target(const struct sight *s, struct str query, struct finding *out)
{
  struct buf wanted = BUF_INIT(URI_MAX);
  struct str target = str_trim(s->header.meta);
  buf_put_str(&wanted, buf_str(&s->facts->fact[FACT_DIRECTORY]));
  buf_put_c(&wanted, '/');
  buf_put_str(&wanted, query);
  if (str_find(target, '#') < target.n)
    finding_broken(s, out, "the redirect's target has a fragment: %.*s", STR_ARG(meta(s)));
  else if (redirect_host(s).n)
    finding_note(out, "the redirect leads to another name: %.*s", STR_ARG(meta(s)));
  else if (!str_ends(target, buf_str(&wanted)))
    finding_broken(s, out, "the redirect leads to %.*s, not to %.*s", STR_ARG(meta(s)), STR_ARG(buf_str(&wanted)));
  else if (s->header.status != s->question->want)
    finding_note(out, "%d in place of %d", s->header.status, s->question->want);
  else
    finding_pass(out, NULL);
  buf_free(&wanted);
}

static void judge_directory(const struct sight *s, struct str query, struct finding *out)
{
  if (!gemini_answered(s, out))
    return;
  if (s->header.status / 10 == 3)
    judge_target(s, query, out);
  else if (s->header.status == STATUS_SUCCESS)
    finding_broken(s, out, "answered with 20: the relative links of a directory lead astray there");
  else
    finding_note(out, "%d in place of a redirect to the slash", s->header.status);
}

void judge_slash(const struct sight *s, struct finding *out)
{
  judge_directory(s, STR(""), out);
}

void judge_slash_query(const struct sight *s, struct finding *out)
{
  judge_directory(s, STR("?nuncio"), out);
}

/* `//directory/` as a redirect's target would name a host. */
void judge_other_host(const struct sight *s, struct finding *out)
{
  if (!gemini_answered(s, out))
    return;
  if (s->header.status / 10 == 3 && str_starts(str_trim(s->header.meta), STR("//")))
    finding_fail(out, "the redirect's target names another host: %.*s", STR_ARG(meta(s)));
  else
    finding_pass(out, NULL);
}
