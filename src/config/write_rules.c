/* Writes the rules of a site as `path` sections. Their values were checked when they were set. */
#include "base/err.h"
#include "config/rule.h"
#include "config/write.h"

static void put_text(struct buf *out, const char *name, const char *value)
{
  if (!value)
    return;
  buf_printf(out, "%s = ", name);
  write_quoted(out, str_from(value));
  buf_put_c(out, '\n');
}

static void put_number(struct buf *out, const char *name, unsigned value)
{
  if (value)
    buf_printf(out, "%s = %u\n", name, value);
}

static void put_toggle(struct buf *out, const char *name, enum toggle value)
{
  if (value != TOGGLE_UNSET)
    buf_printf(out, "%s = %s\n", name, value == TOGGLE_ON ? "true" : "false");
}

/* With its star; one that gone has none is the empty sentence. */
static void put_answer(struct buf *out, const char *name, const struct rule *rule, unsigned status)
{
  struct buf text = BUF_INIT((size_t)4 * RULE_TEXT_MOST);
  if (rule->status == status) {
    buf_printf(&text, "%s%s", rule->meta ? rule->meta : "", rule->with_rest ? "*" : "");
    buf_printf(out, "%s = ", name);
    write_quoted(out, buf_str(&text));
    buf_put_c(out, '\n');
  }
  buf_free(&text);
}

static void put_clients(struct buf *out, const char *name, const struct gate *gate)
{
  if (gate->any || gate->everybody)
    buf_printf(out, "%s = {%s}\n", name, gate->any ? "any" : "everybody");
  for (size_t i = 0; i < gate->n_fingerprints; i++)
    buf_printf(out, "%s%s%s", i ? ", " : name, i ? "" : " = {", gate->fingerprint[i]);
  if (gate->n_fingerprints)
    buf_put_str(out, STR("}\n"));
}

void write_rule_value(struct buf *out, const struct entry *entry, const struct rule *rule)
{
  switch ((enum rule_value)entry->at) {
  case VALUE_LANG:
    put_text(out, entry->name, rule->lang);
    break;
  case VALUE_CHARSET:
    put_text(out, entry->name, rule->charset);
    break;
  case VALUE_TYPE:
    put_text(out, entry->name, rule->type);
    break;
  case VALUE_REDIRECT:
    put_answer(out, entry->name, rule, 30);
    break;
  case VALUE_REDIRECT_PERMANENT:
    put_answer(out, entry->name, rule, 31);
    break;
  case VALUE_GONE:
    put_answer(out, entry->name, rule, 52);
    break;
  case VALUE_SLOW_DOWN:
    put_number(out, entry->name, rule->slow_seconds);
    break;
  case VALUE_LISTING:
    put_toggle(out, entry->name, rule->listing);
    break;
  case VALUE_LISTING_ORDER:
    if (rule->order != LISTING_UNSET)
      buf_printf(out, "%s = %s\n", entry->name, rule_order_word(rule->order));
    break;
  case VALUE_LISTING_HEADER:
    put_text(out, entry->name, rule->header);
    break;
  case VALUE_LISTING_FOOTER:
    put_text(out, entry->name, rule->footer);
    break;
  case VALUE_GOPHER_WIDTH:
    put_number(out, entry->name, rule->columns);
    break;
  case VALUE_TERMINATE_TEXT:
    put_toggle(out, entry->name, rule->terminate);
    break;
  case VALUE_CLIENTS:
    put_clients(out, entry->name, &rule->gate);
    break;
  case VALUE_CLIENT_REASON:
    put_text(out, entry->name, rule->gate_reason);
    break;
  case VALUE_LOCAL_SETTINGS:
    put_toggle(out, entry->name, rule->local);
    break;
  }
}

static int put_authorities(struct buf *out, const char *name, const struct settings *s, uint64_t authorities,
                           struct buf *why)
{
  bool first = true;
  int err = 0;
  for (size_t i = 0; i < s->n_authorities && err == 0; i++) {
    if (!(authorities & (uint64_t)1 << i))
      continue;
    buf_printf(out, "%s%s", first ? name : ", ", first ? " = {" : "");
    err = write_name(out, name, s->authorities[i], why);
    first = false;
  }
  if (authorities)
    buf_put_str(out, STR("}\n"));
  return err;
}

static int put_rule(struct buf *out, const struct settings *s, const struct rule *rule, struct buf *why)
{
  int err = 0;
  buf_put_str(out, STR("path "));
  write_quoted(out, str_skip(str_from(rule->pattern), rule->names ? rule->under : 0));
  buf_put_str(out, STR(" {\n"));
  for (size_t i = 0; i < vocabulary_size && err == 0; i++) {
    const struct entry *entry = &vocabulary[i];
    if (entry->place == PLACE_PATH && entry->kind == KIND_AUTHORITY)
      err = put_authorities(out, entry->name, s, rule->gate.authorities, why);
    else if (entry->place == PLACE_PATH)
      write_rule_value(out, entry, rule);
  }
  buf_put_str(out, STR("}\n"));
  return err;
}

int write_rules(struct buf *out, const struct settings *s, const struct site_settings *site, struct buf *why)
{
  int err = 0;
  for (size_t i = site->whole; i < site->rules.n && err == 0; i++)
    err = put_rule(out, s, &site->rules.rule[i], why);
  return err;
}
