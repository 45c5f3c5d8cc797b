/* The values of a rule, checked. What a header or a menu gets of them is fit for it. */
#include "config/rule.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/utf8.h"
#include "config/redirect.h"
#include "config/settings.h"

enum { CHARSET_MOST = 64, TYPE_MOST = 200 };

static int refuse(struct buf *why, const char *sentence)
{
  buf_put_str(why, str_from(sentence));
  return ERR_SYNTAX;
}

/* ------------------------------------------------------------------ what is sent */

static int set_lang(struct rule *rule, struct str value, struct buf *why)
{
  int err = value.n ? settings_check_lang(value, why) : 0;
  return err ? err : settings_string(&rule->lang, value);
}

/* RFC 2045 5.1: the length of the token that the text begins with. */
static size_t token(struct str text)
{
  size_t n = 0;
  while (n < text.n && text.p[n] > ' ' && text.p[n] < 0x7f && !strchr("()<>@,;:\\\"/[]?=", text.p[n]))
    n++;
  return n;
}

static int set_charset(struct rule *rule, struct str value, struct buf *why)
{
  if (value.n == 0 || value.n > CHARSET_MOST || token(value) < value.n)
    return refuse(why, "expected the name of a character set such as iso-8859-1");
  return settings_string(&rule->charset, value);
}

/* The length of the quoted text, or 0. */
static size_t quoted(struct str text)
{
  for (size_t i = 1; i < text.n && text.p[i] >= ' ' && text.p[i] < 0x7f; i++) {
    if (text.p[i] == '"')
      return i + 1;
    if (text.p[i] == '\\')
      i++;
  }
  return 0;
}

/* type "/" subtype *(";" name "=" (token / quoted-string)), with blanks around the semicolons. */
static bool is_type(struct str text)
{
  size_t n = token(text);
  if (n == 0 || n == text.n || text.p[n] != '/')
    return false;
  text = str_skip(text, n + 1);
  n = token(text);
  while (n > 0 && n < text.n) {
    text = str_trim(str_skip(text, n));
    if (!str_starts(text, STR(";")))
      return false;
    text = str_trim(str_skip(text, 1));
    n = token(text);
    if (n == 0 || n == text.n || text.p[n] != '=')
      return false;
    text = str_skip(text, n + 1);
    n = str_starts(text, STR("\"")) ? quoted(text) : token(text);
  }
  return n > 0;
}

static int set_type(struct rule *rule, struct str value, struct buf *why)
{
  if (value.n > TYPE_MOST || str_has_control(value) || !is_type(value))
    return refuse(why,
                  "expected a MIME type such as text/plain, perhaps with parameters as in \"text/plain; charset=x\"");
  return settings_string(&rule->type, value);
}

/* ------------------------------------------------------------------ what is answered instead */

/* A path leads away in one direction, or is gone; a value that is given twice is the same one. */
static int set_answer(struct rule *rule, unsigned status, struct str meta, bool with_rest, struct buf *why)
{
  if (rule->status != 0 && rule->status != status)
    return refuse(why, "of redirect, redirect-permanent and gone a path has one, and there is another above");
  char *copy = meta.p ? str_dup(meta) : NULL;
  if (meta.p && !copy)
    return ERR_NOMEM;
  free(rule->meta);
  rule->status = status;
  rule->meta = copy;
  rule->with_rest = with_rest;
  return 0;
}

static int set_redirect(struct rule *rule, unsigned status, struct str value, struct buf *why)
{
  struct buf target = BUF_INIT((size_t)4 * RULE_TEXT_MOST);
  bool with_rest = false;
  int err = redirect_read(value, &target, &with_rest, why);
  if (err == 0)
    err = set_answer(rule, status, buf_str(&target), with_rest, why);
  buf_free(&target);
  return err;
}

/* What a header may hold (G15), and a terminal may be shown. */
static bool is_sentence(struct str text)
{
  struct str rest = text;
  int32_t point;
  while (rest.n > 0) {
    rest = str_skip(rest, utf8_decode(rest, &point));
    if (point < 0 || utf8_disturbs(point))
      return false;
  }
  return text.n <= RULE_TEXT_MOST && !str_has_control(text);
}

static int set_gone(struct rule *rule, struct str value, struct buf *why)
{
  struct str sentence = str_trim(value);
  if (!is_sentence(sentence))
    return refuse(why, "expected a sentence of at most 1024 bytes of UTF-8 without control characters");
  return set_answer(rule, 52, sentence.n ? sentence : (struct str){NULL, 0}, false, why);
}

/* ------------------------------------------------------------------ numbers, words and files */

static int set_number(unsigned *number, struct str value, unsigned least, unsigned most, const char *what,
                      struct buf *why)
{
  unsigned n = 0;
  if (str_number(value, &n) < 0 || n < least || n > most) {
    buf_printf(why, "expected a number of %s from %u to %u", what, least, most);
    return ERR_SYNTAX;
  }
  *number = n;
  return 0;
}

static int set_toggle(enum toggle *toggle, struct str value, struct buf *why)
{
  bool on = false;
  int err = settings_switch(&on, value, why);
  if (err == 0)
    *toggle = on ? TOGGLE_ON : TOGGLE_OFF;
  return err;
}

const char *rule_order_word(enum listing_order order)
{
  switch (order) {
  case LISTING_NEWEST:
    return "newest";
  case LISTING_OLDEST:
    return "oldest";
  case LISTING_NAME:
    return "name";
  case LISTING_NAME_DOWN:
    return "name-down";
  case LISTING_MODIFIED:
    return "modified";
  case LISTING_MODIFIED_UP:
    return "modified-up";
  case LISTING_UNSET:
    break;
  }
  return "";
}

static int set_order(struct rule *rule, struct str value, struct buf *why)
{
  for (int i = LISTING_NEWEST; i <= LISTING_MODIFIED_UP; i++)
    if (str_eq(value, str_from(rule_order_word((enum listing_order)i)))) {
      rule->order = (enum listing_order)i;
      return 0;
    }
  return refuse(why, "expected newest, oldest, name, name-down, modified or modified-up");
}

/* A file of the capsule: the site looks it up, and would find nothing outside. */
static int set_file(char **file, struct str value, struct buf *why)
{
  struct str rest = value, segment;
  bool good = value.n <= RULE_TEXT_MOST && !str_has_control(value) && !str_ends(value, STR("/"));
  while (good && str_split(&rest, '/', &segment))
    good = !str_eq(segment, STR(".."));
  if (!good)
    return refuse(why, "expected the name of a file in the directory, or a path from the capsule's root that begins "
                       "with a slash, without `..`");
  return settings_string(file, value);
}

/* ------------------------------------------------------------------ who may enter */

static bool has_word(const struct gate *gate)
{
  return gate->any || gate->everybody;
}

static int set_clients(struct gate *gate, bool first, struct str value, struct buf *why)
{
  bool any = str_eq(value, STR("any")), everybody = str_eq(value, STR("everybody"));
  if (first) {
    gate->any = gate->everybody = false;
    free(gate->fingerprint);
    gate->fingerprint = NULL;
    gate->n_fingerprints = 0;
  }
  if (has_word(gate) || ((any || everybody) && (gate->n_fingerprints || gate->authorities)))
    return refuse(why, "`any` and `everybody` stand alone: leave them out, or all others and client-ca");
  int err = any || everybody ? 0 : gate_add(gate, value);
  if (err == ERR_SYNTAX)
    return refuse(why, "expected any, everybody, or the SHA-256 fingerprint of a certificate or key: 64 hexadecimal "
                       "digits, as `nuncio cert show` prints it");
  if (err == ERR_LIMIT)
    buf_printf(why, "at most %d fingerprints", RULE_FINGERPRINTS);
  if (err)
    return err;
  gate->any = any;
  gate->everybody = everybody;
  gate->set = true;
  return 0;
}

int rule_set_authority(struct rule *rule, bool first, unsigned bit, struct buf *why)
{
  struct gate *gate = &rule->gate;
  if (has_word(gate))
    return refuse(why, "where `any` certificate or `everybody` may enter, client-ca has nothing to say");
  gate->authorities = (first ? 0 : gate->authorities) | (uint64_t)1 << bit;
  gate->set = true;
  return 0;
}

static int set_reason(struct rule *rule, struct str value, struct buf *why)
{
  struct str sentence = str_trim(value);
  if (sentence.n == 0 || !is_sentence(sentence))
    return refuse(why, "expected a sentence of at most 1024 bytes of UTF-8 without control characters");
  return settings_string(&rule->gate_reason, sentence);
}

/* ------------------------------------------------------------------ all of them */

int rule_set(struct rule *rule, enum rule_value which, bool first, struct str value, struct buf *why)
{
  switch (which) {
  case VALUE_LANG:
    return set_lang(rule, value, why);
  case VALUE_CHARSET:
    return set_charset(rule, value, why);
  case VALUE_TYPE:
    return set_type(rule, value, why);
  case VALUE_REDIRECT:
    return set_redirect(rule, 30, value, why);
  case VALUE_REDIRECT_PERMANENT:
    return set_redirect(rule, 31, value, why);
  case VALUE_GONE:
    return set_gone(rule, value, why);
  case VALUE_SLOW_DOWN:
    return set_number(&rule->slow_seconds, value, 1, RULE_SLOW_MOST, "seconds", why);
  case VALUE_LISTING:
    return set_toggle(&rule->listing, value, why);
  case VALUE_LISTING_ORDER:
    return set_order(rule, value, why);
  case VALUE_LISTING_HEADER:
    return set_file(&rule->header, value, why);
  case VALUE_LISTING_FOOTER:
    return set_file(&rule->footer, value, why);
  case VALUE_GOPHER_WIDTH:
    return set_number(&rule->columns, value, RULE_WIDTH_LEAST, RULE_WIDTH_MOST, "columns", why);
  case VALUE_TERMINATE_TEXT:
    return set_toggle(&rule->terminate, value, why);
  case VALUE_CLIENTS:
    return set_clients(&rule->gate, first, value, why);
  case VALUE_CLIENT_REASON:
    return set_reason(rule, value, why);
  case VALUE_LOCAL_SETTINGS:
    return set_toggle(&rule->local, value, why);
  }
  return ERR_SYNTAX;
}
