/* Compares host names, which are ASCII. */
#include "base/host.h"

static struct str without_dot(struct str name)
{
  return name.n > 1 && str_ends(name, STR(".")) ? str_head(name, name.n - 1) : name;
}

bool host_is_wildcard(struct str name)
{
  return str_starts(name, STR("*."));
}

bool host_is(struct str name, struct str host)
{
  return str_eq_nocase(without_dot(name), without_dot(host));
}

bool host_in_wildcard(struct str wildcard, struct str host)
{
  host = without_dot(host);
  size_t dot = str_find(host, '.');
  return host_is_wildcard(wildcard) && dot > 0 && dot < host.n &&
         host_is(str_skip(wildcard, 2), str_skip(host, dot + 1));
}
