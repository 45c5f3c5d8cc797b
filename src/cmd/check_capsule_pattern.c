/* Whether anything that is there is meant by a pattern. */
#include "cmd/check_capsule_pattern.h"

#include <string.h>

#include "cmd/check_capsule_ask.h"
#include "site/resolve.h"

/* The pages of a document have its name, with a slash for the suffix: `/talks/` of talks.overview.txt. */
static bool means_document(const struct rule *rule, struct str path, struct str literal)
{
  if (!str_ends(path, STR(OVERVIEW_SUFFIX)))
    return false;
  struct str tree = str_head(path, path.n - STR(OVERVIEW_SUFFIX).n);
  return rule_names(rule, tree) || str_starts(literal, tree);
}

/* What begins with a dot is no place, and may well be meant. */
static bool is_there(struct capsule *c, const struct rule *rule, bool wild)
{
  struct str literal = str_from(rule->pattern);
  struct stat st;
  /* Two dots go up on the disk, and in a pattern they are a name that no path has. */
  if (!wild && !rule->names && !strstr(rule->pattern, "/../") && resolve_stat(&c->root, literal, 0, &st) == 0)
    return true;
  for (uint32_t i = 0; i < c->places.n; i++) {
    struct str path = places_path(&c->places, i);
    if (rule_names(rule, path) || means_document(rule, path, literal))
      return true;
  }
  return false;
}

/* Old paths are led on and gone, types are told for what may come, and the homes of users are not walked. */
static bool is_excepted(const struct capsule *c, const struct rule *rule, bool wild)
{
  bool user = c->start.n == 1 && c->root.homes >= 0 && str_starts(str_from(rule->pattern), STR("/~"));
  bool beside = !str_starts(str_from(rule->pattern), buf_str(&c->start));
  return rule->status || user || beside || (wild && (rule->type || rule->charset || rule->parameters));
}

/* Where the author has begun at the root of the site, or at a directory above: nothing can be meant. */
static bool begins_elsewhere(const struct capsule *c, const struct rule *rule, struct str pattern)
{
  struct str under = str_head(str_from(rule->pattern), rule->under);
  bool own = under.n > 1 && str_starts(pattern, str_skip(under, 1));
  bool user = under.n > 1 || c->root.homes < 0 ? str_starts(pattern, STR("~")) : false;
  return str_starts(pattern, STR("../")) || own || user;
}

void pattern_examine(struct capsule *c, const struct rule *rule, size_t line)
{
  struct str pattern = str_skip(str_from(rule->pattern), rule->under);
  bool wild = strpbrk(rule->pattern + rule->under, "*?[\\") != NULL;
  if (pattern.n == 0)
    return;
  bool elsewhere = line && begins_elsewhere(c, rule, pattern);
  if ((!elsewhere && is_excepted(c, rule, wild)) || is_there(c, rule, wild))
    return;
  findings_tell(&c->findings, elsewhere || rule->gate.set ? LEVEL_WARNING : LEVEL_NOTE, FINDING_RULES, line,
                elsewhere ? STR("patterns begin at this directory: leave out what leads to it")
                          : STR("mend the pattern, or remove what is said of it"),
                "path %.*s: nothing here is meant by this pattern", STR_ARG(pattern));
}

void pattern_examine_settings(struct capsule *c)
{
  if (!c->by_settings || c->start.n > 1)
    return;
  findings_file(&c->findings, STR("/"));
  for (size_t i = 0; i < c->site->rules.n; i++)
    pattern_examine(c, &c->site->rules.rule[i], 0);
}
