/* Settings: whose signatures open a path, and who is asked for a certificate. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "config/settings.h"

static bool may_want_certificates(const struct site_settings *site)
{
  for (size_t i = 0; i < site->rules.n; i++) {
    const struct rule *rule = &site->rules.rule[i];
    if ((rule->gate.set && !rule->gate.everybody) || rule->local == TOGGLE_ON)
      return true;
  }
  return false;
}

/* Whether on Gopher a selector may lead from the first site to one that wants certificates. */
static bool leads_to_gates(const struct settings *s)
{
  if (!s->gophers || s->gopher.off)
    return false;
  for (size_t i = 1; i < s->n_sites; i++)
    if (s->sites[i].gopher_path && may_want_certificates(&s->sites[i]))
      return true;
  return false;
}

bool settings_site_asks(const struct settings *s, size_t site)
{
  return may_want_certificates(&s->sites[site]) || (site == 0 && leads_to_gates(s));
}

int settings_authority(struct settings *s, struct str path, unsigned *number, struct buf *why)
{
  for (unsigned i = 0; i < s->n_authorities; i++)
    if (str_eq(path, str_from(s->authorities[i]))) {
      *number = i;
      return 0;
    }
  if (s->n_authorities == IDENTITY_AUTHORITIES) {
    buf_printf(why, "at most %d files of authorities, for all sites together", IDENTITY_AUTHORITIES);
    return ERR_LIMIT;
  }
  char *copy = str_dup(path);
  if (!copy)
    return ERR_NOMEM;
  *number = (unsigned)s->n_authorities;
  s->authorities[s->n_authorities++] = copy;
  return 0;
}

/* The same bits by other numbers, where those that have none yet get the next ones. */
static uint64_t renumber(uint64_t bits, unsigned number[IDENTITY_AUTHORITIES], unsigned *next)
{
  uint64_t renumbered = 0;
  for (unsigned i = 0; i < IDENTITY_AUTHORITIES; i++) {
    if (!(bits & (uint64_t)1 << i))
      continue;
    if (number[i] == IDENTITY_AUTHORITIES)
      number[i] = (*next)++;
    renumbered |= (uint64_t)1 << number[i];
  }
  return renumbered;
}

void settings_sort_authorities(struct settings *s)
{
  unsigned number[IDENTITY_AUTHORITIES], next = 0;
  char *sorted[IDENTITY_AUTHORITIES] = {NULL};
  for (size_t i = 0; i < IDENTITY_AUTHORITIES; i++)
    number[i] = IDENTITY_AUTHORITIES;
  for (size_t i = 0; i < s->n_sites; i++)
    for (size_t k = 0; k < s->sites[i].rules.n; k++) {
      struct gate *gate = &s->sites[i].rules.rule[k].gate;
      gate->authorities = renumber(gate->authorities, number, &next);
    }
  for (size_t i = 0; i < s->n_authorities; i++) {
    if (number[i] < IDENTITY_AUTHORITIES)
      sorted[number[i]] = s->authorities[i];
    else
      free(s->authorities[i]);
    s->authorities[i] = NULL;
  }
  s->n_authorities = next;
  for (size_t i = 0; i < next; i++)
    s->authorities[i] = sorted[i];
}
