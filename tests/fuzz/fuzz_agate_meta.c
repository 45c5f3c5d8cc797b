/* agate's `.meta` files: any bytes give rules that can be sent, one for a line at most, and a bounded complaint. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/utf8.h"
#include "must.h"
#include "text/agate_meta.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WHY_MAX = 2048 };

static void check_text(const char *text)
{
  struct str s = str_from(text);
  must(utf8_valid(s) && str_find(s, '\n') == s.n && str_find(s, '\r') == s.n && s.n <= 1024, "it can stand in a META");
}

static void check_rule(const struct rule *rule)
{
  must(rule->agate && rule->line > 0 && !rule->names, "a line of agate's");
  must(str_starts(str_from(rule->pattern), STR("/d/")) && rule->under == 3, "a pattern beneath the directory");
  must((rule->status != 0) != (rule->parameters != NULL), "one form");
  must(!rule->meta || rule->status, "a META has its status");
  must(!rule->type || rule->parameters, "a type takes the parameters' place");
  must(rule->status == 0 || (rule->status >= 10 && rule->status <= 62 && rule->status != 20), "a status");
  must((rule->status != 30 && rule->status != 31) || rule->meta, "a redirect leads somewhere");
  check_text(rule->meta);
  check_text(rule->type);
  check_text(rule->parameters);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct rules rules;
  struct buf why = BUF_INIT(WHY_MAX);
  rules_init(&rules);
  int err = agate_meta_read(str_make((const char *)data, size), STR("/d/"), &rules, &why);
  must(err == 0 || (err == ERR_SYNTAX && rules.n == 0 && why.n > 0), "what it came to");
  must(buf_error(&why) == 0 && utf8_valid(buf_str(&why)) && !str_has_control(buf_str(&why)), "a complaint in one line");
  must(rules.n <= RULES_MAX, "so many rules and no more");
  for (size_t i = 0; i < rules.n; i++) {
    check_rule(&rules.rule[i]);
    must(i == 0 || rules.rule[i].line > rules.rule[i - 1].line, "in their order");
  }
  struct ruled ruled = {.lang = NULL};
  rules_lay(&rules, STR("/d/a.gmi"), STR("/d/a.gmi"), &ruled);
  must(!ruled.answer || rule_names(ruled.answer, STR("/d/a.gmi")), "what answers means the very path");
  buf_free(&why);
  rules_free(&rules);
  return 0;
}
