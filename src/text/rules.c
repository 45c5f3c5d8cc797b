/* Rules: which of them mean a path, and what they come to together. */
#include "text/rules.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "text/glob.h"
#include "text/uri.h"

enum { STATUS_TEMPORARY = 30, STATUS_PERMANENT = 31, FINGERPRINT_DIGITS = FINGERPRINT_TEXT - 1 };

void rules_init(struct rules *r)
{
  *r = (struct rules){.rule = NULL};
}

/* The strings of a rule, one after the other. */
enum { STRINGS = 9 };
static char **string_of(struct rule *rule, size_t i)
{
  char **const strings[STRINGS] = {&rule->pattern, &rule->lang,   &rule->charset, &rule->type,       &rule->parameters,
                                   &rule->meta,    &rule->header, &rule->footer,  &rule->gate_reason};
  return strings[i];
}

static void rule_free(struct rule *rule)
{
  for (size_t i = 0; i < STRINGS; i++)
    free(*string_of(rule, i));
  free(rule->gate.fingerprint);
}

void rules_free(struct rules *r)
{
  for (size_t i = 0; i < r->n; i++)
    rule_free(&r->rule[i]);
  free(r->rule);
  rules_init(r);
}

static int make_room(struct rules *r, size_t more)
{
  struct rule *grown = realloc(r->rule, (r->n + more) * sizeof *grown);
  if (!grown)
    return ERR_NOMEM;
  r->rule = grown;
  return 0;
}

struct rule *rules_add(struct rules *r, struct str under, struct str pattern)
{
  bool names = pattern.n > 0 && str_find(pattern, '/') == pattern.n;
  while (str_starts(pattern, STR("/")))
    pattern = str_skip(pattern, 1);
  char *whole = malloc(under.n + pattern.n + 1);
  if (!whole || make_room(r, 1) < 0) {
    free(whole);
    return NULL;
  }
  char *end = whole;
  (void)str_place(&end, under);
  (void)str_place(&end, pattern);
  *end = '\0';
  struct rule *rule = &r->rule[r->n++];
  *rule = (struct rule){.pattern = whole, .under = under.n, .names = names};
  return rule;
}

int rules_join(struct rules *r, struct rules *more)
{
  if (more->n == 0)
    return 0;
  int err = make_room(r, more->n);
  if (err)
    return err;
  memcpy(r->rule + r->n, more->rule, more->n * sizeof *more->rule);
  r->n += more->n;
  free(more->rule);
  rules_init(more);
  return 0;
}

/* Makes *rule, which is a copy of the bytes of another one, a rule of its own. */
static int own(struct rule *rule)
{
  int err = 0;
  for (size_t i = 0; i < STRINGS; i++) {
    char **string = string_of(rule, i);
    const char *text = *string;
    *string = text ? str_dup(str_from(text)) : NULL;
    if (text && !*string)
      err = ERR_NOMEM;
  }
  char(*prints)[FINGERPRINT_TEXT] = rule->gate.fingerprint;
  size_t size = rule->gate.n_fingerprints * sizeof *prints;
  rule->gate.fingerprint = size ? malloc(size) : NULL;
  if (size && !rule->gate.fingerprint)
    return ERR_NOMEM;
  if (size)
    memcpy(rule->gate.fingerprint, prints, size);
  return err;
}

int rules_copy(struct rules *r, const struct rules *from)
{
  struct rules copies;
  rules_init(&copies);
  int err = from->n ? make_room(&copies, from->n) : 0;
  for (size_t i = 0; i < from->n && err == 0; i++) {
    copies.rule[copies.n++] = from->rule[i];
    err = own(&copies.rule[i]);
  }
  if (err == 0)
    err = rules_join(r, &copies);
  rules_free(&copies);
  return err;
}

/* ------------------------------------------------------------------ which path */

/* Whether the path is the directory or beneath it; then *rest is what is beneath. */
static bool is_beneath(struct str directory, struct str path, struct str *rest)
{
  struct str wanted, segment;
  if (str_ends(directory, STR("/")) && str_starts(path, directory)) { /* nearly always, and much quicker */
    *rest = str_skip(path, directory.n);
    return true;
  }
  while (glob_segment(&directory, &wanted))
    if (!glob_segment(&path, &segment) || !str_eq(wanted, segment))
      return false;
  *rest = path.p ? path : STR("");
  return true;
}

static bool means_name(struct str pattern, struct str path, struct str *rest)
{
  struct str segment;
  while (glob_segment(&path, &segment))
    if (glob_name(pattern, segment)) {
      *rest = path.p ? path : STR("");
      return true;
    }
  return false;
}

static bool has_dotted(struct str path)
{
  struct str segment;
  while (glob_segment(&path, &segment))
    if (segment.p[0] == '.')
      return true;
  return false;
}

/* As agate has it: nothing above the path is meant, and stars stand for no dot at the beginning of a name. */
static bool means_whole(struct str pattern, struct str path, struct str *rest)
{
  *rest = STR("");
  return glob_path(pattern, path) && (!has_dotted(path) || has_dotted(pattern));
}

bool rule_means(const struct rule *rule, struct str path, struct str *rest)
{
  struct str pattern = str_from(rule->pattern), inside, left;
  if (!is_beneath(str_head(pattern, rule->under), path, &inside))
    return false;
  pattern = str_skip(pattern, rule->under);
  if (rule->agate) {
    left = STR("");
    return means_whole(pattern, inside, rest ? rest : &left);
  }
  bool means = rule->names ? means_name(pattern, inside, &left) : glob_above(pattern, inside, &left);
  if (means && rest)
    *rest = left;
  return means;
}

/* The last segment, or an empty span. */
static struct str last_of(struct str path)
{
  struct str segment, last = STR("");
  while (glob_segment(&path, &segment))
    last = segment;
  return last;
}

bool rule_names(const struct rule *rule, struct str path)
{
  struct str pattern = str_from(rule->pattern), inside;
  if (!is_beneath(str_head(pattern, rule->under), path, &inside))
    return false;
  pattern = str_skip(pattern, rule->under);
  struct str last = last_of(inside);
  return rule->names ? last.n && glob_name(pattern, last) : glob_path(pattern, inside);
}

void rule_put_target(const struct rule *rule, struct str path, struct buf *out)
{
  struct str rest = STR("");
  buf_put_str(out, str_from(rule->meta));
  if (rule->with_rest && rule_means(rule, path, &rest))
    uri_put_path(out, rest);
}

/* ------------------------------------------------------------------ who may enter */

/* What is behind the name of the digest: `nuncio cert show` and others put a blank there, or a colon. */
static struct str without_digest_name(struct str text)
{
  static const char *const names[] = {"sha256", "sha-256"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    struct str rest = str_skip(text, strlen(names[i]));
    if (str_starts_nocase(text, str_from(names[i])) && rest.n && (rest.p[0] == ':' || rest.p[0] == ' ')) {
      rest = str_skip(rest, 1);
      return str_starts(rest, STR(" ")) ? str_skip(rest, 1) : rest;
    }
  }
  return text;
}

int gate_add(struct gate *gate, struct str text)
{
  char digits[FINGERPRINT_TEXT];
  size_t n = 0;
  text = without_digest_name(text);
  for (size_t i = 0; i < text.n; i++) {
    if (text.p[i] == ':')
      continue;
    if (!isxdigit((unsigned char)text.p[i]) || n == FINGERPRINT_DIGITS)
      return ERR_SYNTAX;
    digits[n++] = (char)tolower((unsigned char)text.p[i]);
  }
  if (n != FINGERPRINT_DIGITS)
    return ERR_SYNTAX;
  digits[n] = '\0';
  if (gate->n_fingerprints == RULE_FINGERPRINTS)
    return ERR_LIMIT;
  char(*grown)[FINGERPRINT_TEXT] = realloc(gate->fingerprint, (gate->n_fingerprints + 1) * sizeof *grown);
  if (!grown)
    return ERR_NOMEM;
  gate->fingerprint = grown;
  memcpy(gate->fingerprint[gate->n_fingerprints++], digits, sizeof digits);
  gate->set = true;
  return 0;
}

/* ------------------------------------------------------------------ what holds */

static void lay_string(const char **at, const char *value)
{
  if (value)
    *at = value;
}

static void lay_toggle(enum toggle *at, enum toggle value)
{
  if (value != TOGGLE_UNSET)
    *at = value;
}

bool rule_redirects(const struct rule *rule)
{
  return rule->status == STATUS_TEMPORARY || rule->status == STATUS_PERMANENT;
}

int rule_put_destination(const struct rule *rule, struct buf *raw)
{
  struct str meta = str_from(rule->meta);
  if (!rule_redirects(rule) || !str_starts(meta, STR("/")))
    return 0;
  return uri_path(raw, str_head(meta, str_find(meta, '?')), true);
}

/* Where a redirect leads to something that it means itself, it leads nobody on from there: with `/` to `/new/`,
 * `/new/x` has arrived. */
static bool has_arrived(const struct rule *rule, struct str path)
{
  struct str rest;
  struct buf raw = BUF_INIT(3 * str_from(rule->meta).n + 2);
  bool here = rule_put_destination(rule, &raw) == 0 && raw.n > 0;
  struct str to = buf_str(&raw);
  bool arrived = here && rule_means(rule, to, NULL) && is_beneath(to, path, &rest) && (rule->with_rest || rest.n == 0);
  buf_free(&raw);
  return arrived;
}

/* What is answered instead of a path that the rule means. */
static void lay_answer(const struct rule *rule, struct str path, struct ruled *ruled)
{
  if (rule_redirects(rule) && ((!rule->with_rest && !rule_names(rule, path)) || has_arrived(rule, path)))
    return;
  if (rule->status)
    ruled->answer = rule;
  if (rule->slow_seconds)
    ruled->slow = rule;
}

static void lay_content(const struct rule *rule, struct ruled *ruled)
{
  lay_string(&ruled->lang, rule->lang);
  lay_string(&ruled->charset, rule->charset);
  lay_string(&ruled->type, rule->type);
  lay_string(&ruled->parameters, rule->parameters);
  if (rule->parameters)
    ruled->for_all_types = rule->agate;
  lay_string(&ruled->header, rule->header);
  lay_string(&ruled->footer, rule->footer);
  lay_toggle(&ruled->listing, rule->listing);
  lay_toggle(&ruled->terminate, rule->terminate);
  lay_toggle(&ruled->local, rule->local);
  if (rule->order != LISTING_UNSET)
    ruled->order = rule->order;
  if (rule->columns)
    ruled->columns = rule->columns;
  if (rule->gate.set)
    ruled->gate = rule->gate.everybody ? NULL : rule;
}

/* The last line of agate's that means the page; NULL: none. */
static const struct rule *last_of_agate(const struct rules *r, struct str path, struct str file)
{
  for (size_t i = r->n; i > 0; i--) {
    const struct rule *rule = &r->rule[i - 1];
    if (rule->agate && (rule_means(rule, path, NULL) || rule_means(rule, file, NULL)))
      return rule;
  }
  return NULL;
}

void rules_lay(const struct rules *r, struct str path, struct str file, struct ruled *ruled)
{
  bool one = str_eq(path, file);
  const struct rule *agate = last_of_agate(r, path, file);
  for (size_t i = 0; i < r->n; i++) {
    const struct rule *rule = &r->rule[i];
    bool means = rule->agate ? rule == agate : rule_means(rule, path, NULL);
    if (means)
      lay_answer(rule, rule->agate && !rule_means(rule, path, NULL) ? file : path, ruled);
    if (means || (!one && !rule->agate && rule_means(rule, file, NULL)))
      lay_content(rule, ruled);
  }
}
