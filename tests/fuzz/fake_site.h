/* A site that is only its names and a few item types, so that fuzzing reaches no disk and finds searches too. Include
 * it once in a program: it stands in for what the protocols ask of site/site.h, and the real one is not linked then. */
#ifndef NUNCIO_TESTS_FAKE_SITE_H
#define NUNCIO_TESTS_FAKE_SITE_H

#include "base/host.h"
#include "site/site.h"

struct site {
  const char *names[4]; /* the first one is the main one; NULL after the last */
  bool named;
  const char *gopher_path; /* NULL: none */
};

struct str site_name(const struct site *site)
{
  return str_from(site->names[0]);
}

struct str site_name_at(const struct site *site, size_t i)
{
  return i < sizeof site->names / sizeof *site->names ? str_from(site->names[i]) : str_from(NULL);
}

bool site_has_name(const struct site *site, struct str host)
{
  if (host.n > 1 && host.p[host.n - 1] == '.')
    host.n--;
  struct str name;
  for (size_t i = 0; (name = site_name_at(site, i)).n; i++)
    if (str_eq_nocase(name, host))
      return true;
  return false;
}

bool site_has_wildcard(const struct site *site, struct str host)
{
  struct str name;
  for (size_t i = 0; (name = site_name_at(site, i)).n; i++)
    if (host_in_wildcard(name, host))
      return true;
  return false;
}

bool site_named(const struct site *site)
{
  return site->named;
}

struct str site_gopher_path(const struct site *site)
{
  return str_from(site->gopher_path ? site->gopher_path : "");
}

/* `/search` searches; else a name with a dot is text, and all others are pages. */
char site_item_type(struct site *site, struct ready *page, struct str path)
{
  (void)site;
  (void)page;
  path = str_head(path, str_find(path, '?'));
  if (str_eq(path, STR("/search")))
    return '7';
  return str_find(path, '.') < path.n ? '0' : '1';
}

#endif
