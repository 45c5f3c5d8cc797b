/* Sections: libConfuse says nothing when one begins, so the first value in it, or its end, does. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "config/reader.h"
#include "config/rule.h"

/* ------------------------------------------------------------------ sites */

/* Whether another site has one of the names of the last one. */
static const char *name_taken(const struct settings *s)
{
  const struct site_settings *last = &s->sites[s->n_sites - 1];
  for (size_t i = 1; i + 1 < s->n_sites; i++)
    for (size_t k = 0; k < s->sites[i].n_names; k++)
      for (size_t l = 0; l < last->n_names; l++)
        if (strcmp(s->sites[i].names[k], last->names[l]) == 0)
          return last->names[l];
  return NULL;
}

/* What is wrong with where the last site stands under the root that all have on Gopher, which is the first site's. */
static void check_gopher_path(struct reader *r, unsigned line)
{
  const struct settings *s = r->settings;
  const struct site_settings *last = &s->sites[s->n_sites - 1];
  if (!last->gopher_path)
    return;
  if (s->n_sites == 2 && reader_begin(r, line))
    buf_printf(r->why, "site %s: the first site has the root of Gopher: expected gopher-path in others only",
               last->names[0]);
  for (size_t i = 1; i + 1 < s->n_sites; i++) {
    const struct site_settings *other = &s->sites[i];
    if (other->gopher_path && settings_gopher_paths_meet(other->gopher_path, last->gopher_path) &&
        reader_begin(r, line))
      buf_printf(r->why, "site %s: its gopher-path, %s, and that of site %s, %s, lie within each other", last->names[0],
                 last->gopher_path, other->names[0], other->gopher_path);
  }
}

static int enter_site(struct reader *r, cfg_t *section)
{
  struct buf expected = BUF_INIT(1024);
  const char *title = cfg_title(section);
  int err = 0;
  if (r->section == section)
    return 0;
  r->section = section;
  r->settings->sections = true;
  err = settings_add_site(r->settings, str_from(title), &expected);
  if (err == ERR_NOMEM)
    (void)reader_fail(r, err);
  else if (err && reader_begin(r, (unsigned)section->line))
    buf_printf(r->why, "site %s: %.*s", title, STR_ARG(buf_str(&expected)));
  buf_free(&expected);
  return err ? -1 : 0;
}

int section_site_ended(struct reader *r, cfg_t *section, cfg_t *site_section)
{
  if (enter_site(r, site_section) < 0)
    return -1;
  r->section = NULL;
  const struct site_settings *site = &r->settings->sites[r->settings->n_sites - 1];
  const char *taken = name_taken(r->settings);
  unsigned line = (unsigned)section->line;
  if (!site->capsule && reader_begin(r, line))
    buf_printf(r->why, "site %s: expected root = FOLDER before this brace", site->names[0]);
  if (!site->certificate != !site->key && reader_begin(r, line))
    buf_printf(r->why, "site %s: expected both, certificate = FILE and key = FILE, or neither", site->names[0]);
  if (taken && reader_begin(r, line))
    buf_printf(r->why, "site %s: another site has the name %s", site->names[0], taken);
  check_gopher_path(r, line);
  return r->ended ? -1 : 0;
}

/* ------------------------------------------------------------------ rules */

/* Where the rules of what is being read go: the last site's in its section, the only one's outside. */
static struct rules *rules_here(struct reader *r, bool **whole)
{
  if (!r->settings) {
    *whole = &r->whole;
    return r->rules;
  }
  struct site_settings *site = &r->settings->sites[r->section ? r->settings->n_sites - 1 : 0];
  *whole = &site->whole;
  return &site->rules;
}

static int add_rule(struct reader *r, struct rules *rules, struct str pattern, unsigned line, struct buf *why)
{
  if (rules->n == RULES_MAX) {
    buf_printf(why, "at most %d paths have settings of their own", RULES_MAX);
    return ERR_LIMIT;
  }
  struct rule *rule = rules_add(rules, r->settings ? STR("/") : r->under, pattern);
  if (!rule)
    return ERR_NOMEM;
  rule->line = line;
  return 0;
}

/* What holds for everything comes first, so that whatever is said of a path counts, wherever it stands. */
static int add_whole(struct reader *r, struct rules *rules, unsigned line, struct buf *why)
{
  int err = add_rule(r, rules, STR("/"), line, why);
  if (err)
    return err;
  struct rule last = rules->rule[rules->n - 1];
  memmove(rules->rule + 1, rules->rule, (rules->n - 1) * sizeof last);
  rules->rule[0] = last;
  return 0;
}

int section_rule(struct reader *r, cfg_t *section, struct rule **rule, struct buf *why)
{
  bool *whole = NULL;
  struct rules *rules = rules_here(r, &whole);
  if (r->path) {
    *rule = &rules->rule[rules->n - 1];
    return 0;
  }
  int err = *whole ? 0 : add_whole(r, rules, (unsigned)section->line, why);
  if (err)
    return err;
  *whole = true;
  *rule = &rules->rule[0];
  return 0;
}

/* Two patterns that are written differently may be one. */
static bool pattern_taken(const struct rules *rules, bool whole)
{
  const struct rule *last = &rules->rule[rules->n - 1];
  for (size_t i = whole; i + 1 < rules->n; i++)
    if (rules->rule[i].names == last->names && strcmp(rules->rule[i].pattern, last->pattern) == 0)
      return true;
  return false;
}

static int begin_rule(struct reader *r, struct str title, unsigned line, struct buf *why)
{
  bool *whole = NULL;
  struct rules *rules = rules_here(r, &whole);
  if (title.n == 0 || title.n > RULE_TEXT_MOST || str_has_control(title)) {
    buf_printf(why, "expected a pattern: a path such as /archive/, or a name such as *.txt, of at most %d bytes",
               RULE_TEXT_MOST);
    return ERR_SYNTAX;
  }
  int err = add_rule(r, rules, title, line, why);
  if (err == 0 && pattern_taken(rules, *whole)) {
    buf_put_str(why, STR("there is a path of that pattern already"));
    err = ERR_SYNTAX;
  }
  return err;
}

static cfg_t *last_of(cfg_t *cfg, const char *name)
{
  unsigned n = cfg ? cfg_size(cfg, name) : 0;
  return n ? cfg_getnsec(cfg, name, n - 1) : NULL;
}

/* The section in which a path's stands: the last of a site's, or none at all. Its line is still the one of the path's
 * brace. */
static cfg_t *above(struct reader *r, const cfg_t *path)
{
  return last_of(r->root, "path") == path ? r->root : last_of(r->root, "site");
}

static int enter_path(struct reader *r, cfg_t *section)
{
  struct buf expected = BUF_INIT(1024);
  const char *title = cfg_title(section);
  cfg_t *outer = above(r, section);
  int err = 0;
  if (r->path == section)
    return 0;
  if (outer != r->root && enter_site(r, outer) < 0)
    return -1;
  section_note_top(r, outer, "path");
  r->path = section;
  unsigned line = (unsigned)outer->line;
  err = begin_rule(r, str_from(title), line, &expected);
  if (err == ERR_NOMEM)
    (void)reader_fail(r, err);
  else if (err && reader_begin(r, line))
    buf_printf(r->why, "path %s: %.*s", title, STR_ARG(buf_str(&expected)));
  buf_free(&expected);
  return err ? -1 : 0;
}

int section_path_ended(struct reader *r, cfg_t *path)
{
  int err = enter_path(r, path);
  r->path = NULL;
  return err;
}

/* ------------------------------------------------------------------ all of them */

int section_enter(struct reader *r, cfg_t *section)
{
  if (strcmp(cfg_name(section), place_word(PLACE_SITE)) == 0)
    return enter_site(r, section);
  return strcmp(cfg_name(section), place_word(PLACE_PATH)) == 0 ? enter_path(r, section) : 0;
}

void section_note_top(struct reader *r, cfg_t *section, const char *name)
{
  if (!r->settings || section != r->root || r->top.n)
    return;
  buf_printf(&r->top, "%s:%u: where there are `site` sections, `%s` has no place outside of them", r->source->name,
             (unsigned)section->line, name);
}

/* The language of sites is the one that was said outside, if they have none. */
void section_settle(struct reader *r)
{
  struct settings *s = r->settings;
  if (r->err || !s || !s->sections)
    return;
  if (r->top.n) {
    buf_put_str(r->why, buf_str(&r->top));
    r->err = ERR_SYNTAX;
    return;
  }
  for (size_t i = 1; i < s->n_sites && s->sites[0].lang; i++)
    if (!s->sites[i].lang && settings_string(&s->sites[i].lang, str_from(s->sites[0].lang)) < 0)
      (void)reader_fail(r, ERR_NOMEM);
  settings_drop_site(s, 0);
}
