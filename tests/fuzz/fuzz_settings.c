/* Settings: any value that an owner may write is either taken, within its bounds, or refused with a sentence. The first
 * byte chooses the setting; each line is a value for it. */
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "config/rule.h"
#include "config/settings.h"
#include "must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first bytes that mean a value of a rule. */
enum { RULES_FROM = 128 };

static int set_rule(struct settings *s, enum rule_value which, struct str value, struct buf *why)
{
  struct rules *rules = &s->sites[0].rules;
  if (rules->n == 0 && !rules_add(rules, STR("/"), STR("/")))
    return ERR_NOMEM;
  return rule_set(&rules->rule[0], which, which != VALUE_CLIENTS, value, why);
}

static int apply(struct settings *s, unsigned which, struct str value, struct buf *why)
{
  switch (which) { /* beyond what the others are reached by */
  case 253:
    return settings_log_requests(s, value, why);
  case 254:
    return settings_log_format(s, value, why);
  case 255:
    return settings_log_address(s, value, why);
  default:
    break;
  }
  if (which >= RULES_FROM && which <= RULES_FROM + VALUE_LOCAL_SETTINGS)
    return set_rule(s, (enum rule_value)(which - RULES_FROM), value, why);
  switch (which % 7) {
  case 0:
    return settings_listen(&s->gemini, value, why);
  case 1:
    return settings_name(&s->sites[0], value, why);
  case 2:
    return settings_port(&s->public_gemini_port, value, why);
  case 3:
    return settings_workers(s, value, why);
  case 4:
    return settings_timeout(s, value, why);
  case 5:
    return settings_cache(s, value, why);
  default:
    return settings_lang(&s->sites[0], value, why);
  }
}

static void check(const struct settings *s)
{
  must(s->gemini.n <= LISTEN_MAX && (!s->gemini.off || s->gemini.n == 0), "addresses have a bound");
  for (size_t i = 0; i < s->gemini.n; i++)
    must(s->gemini.at[i].port <= 65535 && memchr(s->gemini.at[i].text, '\0', INET6_ADDRSTRLEN),
         "an address and a port");
  must(s->sites[0].n_names >= 1 && s->sites[0].n_names <= NAMES_MAX, "there is a name");
  for (size_t i = 0; i < s->sites[0].n_names; i++)
    for (const char *p = s->sites[0].names[i]; *p; p++)
      must(*p > ' ' && *p < 0x7f && *p != '/' && !(*p >= 'A' && *p <= 'Z'), "a name is lower case and one word");
  must(s->public_gemini_port <= 65535 && s->workers <= WORKERS_MAX && s->cache_mib <= 65536, "numbers have bounds");
  for (size_t i = 0; i < TIMEOUTS; i++)
    must(s->timeout_ms[i] > 0 && s->timeout_ms[i] <= 86400000, "no deadline can be removed (B1)");
  must(!s->log_path == (s->log_to == LOG_TO_STDERR) && (!s->log_path || s->log_path[0]), "a place has a name");
  must(s->log_format <= LOG_JSON && s->log_address <= LOG_ADDRESS_HASH, "a choice is one of those");
  for (const char *p = s->sites[0].lang ? s->sites[0].lang : "en"; *p; p++)
    must(strchr("-,", *p) || (*p >= '0' && *p <= '9') || ((*p | 32) >= 'a' && (*p | 32) <= 'z'), "a tag fits a header");
}

static void check_rule(const struct rule *rule)
{
  const char *const texts[] = {rule->lang,   rule->charset, rule->type,       rule->meta,
                               rule->header, rule->footer,  rule->gate_reason};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    must(!texts[i] || (strlen(texts[i]) <= RULE_TEXT_MOST && !str_has_control(str_from(texts[i]))),
         "a text fits (G15)");
  must(rule->slow_seconds <= RULE_SLOW_MOST && rule->columns <= RULE_WIDTH_MOST, "numbers have bounds");
  must(rule->gate.n_fingerprints <= RULE_FINGERPRINTS, "fingerprints have a bound");
  must(rule->status == 0 || rule->status == 30 || rule->status == 31 || rule->status == 52, "one of three answers");
  must(rule->status == 0 || rule->status == 52 || (rule->meta && rule->meta[0] && strncmp(rule->meta, "//", 2) != 0),
       "a redirect leads somewhere (G16)");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size == 0)
    return 0;
  struct settings s;
  struct buf why = BUF_INIT(4096 + 2 * size);
  struct str rest = str_make((const char *)data + 1, size - 1), line;
  must(settings_init(&s) == 0, "memory");
  while (str_line(&rest, &line)) {
    int err = apply(&s, data[0], line, &why);
    must(err == 0 || err == ERR_NOMEM || why.n > 0, "a refusal says what was expected");
    buf_clear(&why);
    check(&s);
    for (size_t i = 0; i < s.sites[0].rules.n; i++)
      check_rule(&s.sites[0].rules.rule[i]);
  }
  settings_free(&s);
  buf_free(&why);
  return 0;
}
