/* Templates into requests. */
#include "probe/request.h"

#include "base/err.h"

enum { GEMINI_PORT = 1965 };

static void put_host(struct buf *out, const struct target *target)
{
  struct str host = str_from(target->host);
  bool ipv6 = str_find(host, ':') < host.n;
  buf_put_str(out, ipv6 ? STR("[") : STR(""));
  buf_put_str(out, host);
  buf_put_str(out, ipv6 ? STR("]") : STR(""));
}

static void put_capitals(struct buf *out, struct str text)
{
  for (size_t i = 0; i < text.n; i++)
    buf_put_c(out, text.p[i] >= 'a' && text.p[i] <= 'z' ? (char)(text.p[i] - 'a' + 'A') : text.p[i]);
}

static int put_fact(struct buf *out, const struct facts *facts, enum fact fact)
{
  buf_put_str(out, buf_str(&facts->fact[fact]));
  return facts->fact[fact].n ? 0 : ERR_NOT_FOUND;
}

static int put_bare(struct buf *out, const struct facts *facts)
{
  struct str item = buf_str(&facts->fact[FACT_ITEM]);
  while (str_starts(item, STR("/")))
    item = str_skip(item, 1);
  buf_put_str(out, item);
  return item.n ? 0 : ERR_NOT_FOUND;
}

static int put_name(struct buf *out, const struct facts *facts, bool capitals)
{
  struct str host = str_from(facts->target->host);
  if (facts->target->host_is_ip)
    return ERR_NOT_FOUND;
  if (capitals)
    put_capitals(out, host);
  else
    buf_put_str(out, host);
  return 0;
}

static int put_origin(struct buf *out, const struct facts *facts)
{
  buf_put_str(out, STR("gemini://"));
  put_host(out, facts->target);
  if (facts->target->port != GEMINI_PORT)
    buf_printf(out, ":%u", facts->target->port);
  return 0;
}

static int put_word(struct buf *out, struct str word, const struct facts *facts, size_t fill)
{
  static const struct {
    const char *word;
    enum fact fact;
  } words[] = {{"directory", FACT_DIRECTORY}, {"item", FACT_ITEM}, {"text", FACT_TEXT}, {"search", FACT_SEARCH}};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (str_eq(word, str_from(words[i].word)))
      return put_fact(out, facts, words[i].fact);
  if (str_eq(word, STR("origin")))
    return put_origin(out, facts);
  if (str_eq(word, STR("bare")))
    return put_bare(out, facts);
  if (str_eq(word, STR("name")) || str_eq(word, STR("NAME")))
    return put_name(out, facts, word.p[0] == 'N');
  if (str_eq(word, STR("host")))
    put_host(out, facts->target);
  else if (str_eq(word, STR("port")))
    buf_printf(out, "%u", facts->target->port);
  else if (str_eq(word, STR("fill")))
    for (size_t i = 0; i < fill; i++)
      buf_put_c(out, 'n');
  else
    return ERR_WRONG;
  return 0;
}

static int put_filled(struct buf *out, const struct question *question, const struct facts *facts, size_t fill)
{
  struct str rest = question->request;
  int err = 0;
  while (err == 0 && rest.n) {
    size_t open = str_find(rest, '{');
    bool more = open < rest.n;
    buf_put_str(out, str_head(rest, open));
    rest = str_skip(rest, open + 1);
    if (more) {
      size_t close = str_find(rest, '}');
      err = put_word(out, str_head(rest, close), facts, fill);
      rest = str_skip(rest, close + 1);
    }
  }
  return err ? err : buf_error(out);
}

/* How much {fill} must add, which shows once the rest stands. */
static size_t fill_of(const struct question *question, struct str without)
{
  size_t n = str_ends(without, STR("\r\n")) ? without.n - 2 : without.n;
  return question->fill > n ? question->fill - n : 0;
}

int request_put(struct buf *out, const struct question *question, const struct facts *facts)
{
  struct buf without = BUF_INIT(REQUEST_MOST);
  int err = put_filled(&without, question, facts, 0);
  if (err == 0)
    err = put_filled(out, question, facts, fill_of(question, buf_str(&without)));
  buf_free(&without);
  return err;
}
