/* A `.nuncio`, whatever bytes it holds: its rules keep all bounds and nothing of the host's, and no header can be made
 * of them that means something else; or the line of the mistake is told, and there are no rules at all. */
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/utf8.h"
#include "config/local.h"
#include "config/rule.h"
#include "must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WHY_MAX = 4 << 20 };

static const struct str UNDER = STR_INIT("/a b/*/");

static bool fits(const char *text, size_t most)
{
  return !text || (strlen(text) <= most && !str_has_control(str_from(text)));
}

static void check_meta(const struct rule *rule)
{
  struct str meta = str_from(rule->meta);
  must(rule->status == 0 || rule->status == 30 || rule->status == 31 || rule->status == 52, "one of three answers");
  must(fits(rule->meta, RULE_TEXT_MOST), "a header takes it (G15)");
  must(rule->status != 0 || !rule->meta, "no words without an answer");
  must(!rule->with_rest || rule->status == 30 || rule->status == 31, "only redirects go on");
  if (rule->status != 30 && rule->status != 31)
    return;
  must(meta.n > 0, "it leads somewhere");
  for (size_t i = 0; i < meta.n; i++)
    must(meta.p[i] > ' ' && meta.p[i] < 0x7f && !strchr("*\"<>\\^`{|}", meta.p[i]), "it is a URI");
  if (meta.p[0] == '/')
    must(!str_starts(meta, STR("//")) && str_find(meta, '#') == meta.n, "a path of this site (G16)");
  else
    must(str_find(meta, ':') < meta.n, "a scheme");
}

static void check_file(const char *file)
{
  struct str rest = str_from(file), segment;
  must(fits(file, RULE_TEXT_MOST), "a name");
  while (file && str_split(&rest, '/', &segment))
    must(!str_eq(segment, STR("..")), "a file of the capsule (G13)");
}

static void check_gate(const struct gate *gate)
{
  must(gate->authorities == 0, "an author trusts no authority");
  must(gate->n_fingerprints <= RULE_FINGERPRINTS, "fingerprints have a bound");
  must(gate->set == (gate->any || gate->everybody || gate->n_fingerprints), "a gate that is set lets somebody in");
  must(gate->any + gate->everybody + (gate->n_fingerprints > 0) <= 1, "a word stands alone");
  for (size_t i = 0; i < gate->n_fingerprints; i++)
    must(strspn(gate->fingerprint[i], "0123456789abcdef") == FINGERPRINT_TEXT - 1, "a fingerprint");
}

static void check_rule(const struct rule *rule)
{
  must(str_starts(str_from(rule->pattern), UNDER) && rule->under == UNDER.n, "it is about what is beneath");
  must(fits(rule->pattern, UNDER.n + RULE_TEXT_MOST) && rule->line >= 1, "a pattern");
  must(fits(rule->lang, 200) && fits(rule->charset, 64) && fits(rule->type, 200) && !rule->parameters, "fits a header");
  must(!rule->type || strchr(rule->type, '/'), "a type");
  must(!rule->lang ||
           strspn(rule->lang, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789,-") == strlen(rule->lang),
       "a language tag");
  must(rule->slow_seconds <= RULE_SLOW_MOST, "a wait has an end");
  must(rule->columns == 0 || (rule->columns >= RULE_WIDTH_LEAST && rule->columns <= RULE_WIDTH_MOST), "a width");
  must(rule->listing <= TOGGLE_ON && rule->terminate <= TOGGLE_ON && rule->order <= LISTING_MODIFIED_UP, "a choice");
  must(rule->local == TOGGLE_UNSET, "the host's alone");
  must(fits(rule->gate_reason, RULE_TEXT_MOST) && utf8_valid(str_from(rule->gate_reason)), "a sentence");
  check_meta(rule);
  check_file(rule->header);
  check_file(rule->footer);
  check_gate(&rule->gate);
}

/* `LINE: something`; what the end of the text lacks is told with the line after. */
static void check_sentence(struct str text, struct str why)
{
  unsigned line = 0, lines = 2;
  for (size_t i = 0; i < text.n; i++)
    lines += text.p[i] == '\n';
  size_t colon = str_find(why, ':');
  must(str_number(str_head(why, colon), &line) == 0 && line >= 1 && line <= lines, "a line of the text");
  must(why.n > colon + 2, "something is said");
  must(why.n <= LOCAL_WHY_MAX && utf8_valid(why) && !str_has_control(why), "a header takes it (G15)");
}

/* What came before changes nothing for a text that comes after: libConfuse's scanner is one for all. */
static void check_simple(void)
{
  struct rules rules;
  struct buf why = BUF_INIT(WHY_MAX);
  must(local_read(STR("lang = fr # French\n"), UNDER, &rules, &why) == 0 && rules.n == 1, "a simple one");
  rules_free(&rules);
  buf_free(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct rules rules;
  struct str text = str_make((const char *)data, size);
  struct buf why = BUF_INIT(WHY_MAX);
  int err = local_read(text, UNDER, &rules, &why);
  must(rules.n <= RULES_MAX && (err == 0 || rules.n == 0), "rules have a bound, and half a file has none");
  for (size_t i = 0; i < rules.n; i++)
    check_rule(&rules.rule[i]);
  must(err == 0 || err == ERR_SYNTAX || err == ERR_NOMEM || (err == ERR_LIMIT && size > LOCAL_TEXT_MAX), "an answer");
  if (err == ERR_SYNTAX)
    check_sentence(text, buf_str(&why));
  rules_free(&rules);
  buf_free(&why);
  check_simple();
  return 0;
}
