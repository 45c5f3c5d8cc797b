/* Settings: names of hosts, and of languages. */
#include "config/settings.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/host.h"

enum { NAME_MOST = 253, LABEL_MOST = 63 };

static bool is_alnum(char c)
{
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 1123 2.1: labels of letters, digits and inner hyphens. */
static bool is_host_name(struct str name)
{
  struct str rest = name, label;
  if (name.n == 0 || name.n > NAME_MOST)
    return false;
  while (str_split(&rest, '.', &label)) {
    if (label.n == 0 || label.n > LABEL_MOST || label.p[0] == '-' || label.p[label.n - 1] == '-')
      return false;
    for (size_t i = 0; i < label.n; i++)
      if (!is_alnum(label.p[i]) && label.p[i] != '-')
        return false;
  }
  return true;
}

static int add_name(struct site_settings *s, struct str value, struct buf *why)
{
  if (s->n_names == NAMES_MAX) {
    buf_printf(why, "at most %d names", NAMES_MAX);
    return ERR_LIMIT;
  }
  char *copy = str_dup(value);
  if (!copy)
    return ERR_NOMEM;
  for (char *p = copy; *p; p++)
    if (*p >= 'A' && *p <= 'Z')
      *p = (char)(*p + ('a' - 'A'));
  s->names[s->n_names++] = copy;
  return 0;
}

int settings_name(struct site_settings *s, struct str value, struct buf *why)
{
  char text[INET6_ADDRSTRLEN];
  unsigned char raw[sizeof(struct in6_addr)];
  if (value.n > 1 && value.p[value.n - 1] == '.')
    value.n--;
  bool ipv6 = value.n > 0 && value.n < sizeof text;
  if (ipv6) {
    memcpy(text, value.p, value.n);
    text[value.n] = '\0';
    ipv6 = inet_pton(AF_INET6, text, raw) == 1;
  }
  if (!ipv6 && !is_host_name(value)) {
    if (str_find(value, '_') < value.n)
      buf_put_str(why, STR("no host name has an underscore, and clients take no certificate for one: "));
    buf_printf(why, "expected a host name of ASCII letters, digits, hyphens and dots (an international name as its "
                    "xn-- form), or a numeric address");
    return ERR_SYNTAX;
  }
  for (; !s->more && s->n_names > 0; s->n_names--)
    free(s->names[s->n_names - 1]);
  int err = add_name(s, value, why);
  s->named = s->more = true;
  return err;
}

/* What clients take in a certificate, too. */
static bool is_wildcard(struct str value)
{
  struct str rest = str_skip(value, 2);
  return host_is_wildcard(value) && is_host_name(rest) && str_find(rest, '.') < rest.n;
}

int settings_alias(struct site_settings *s, bool first, struct str value, struct buf *why)
{
  for (; first && s->n_names > 1; s->n_names--)
    free(s->names[s->n_names - 1]);
  s->more = true;
  if (!str_starts(value, STR("*")))
    return settings_name(s, value, why);
  if (value.n > 1 && value.p[value.n - 1] == '.')
    value.n--;
  if (is_wildcard(value))
    return add_name(s, value, why);
  buf_printf(why, "expected `*.` and a name of two labels or more, as in *.example.org");
  return ERR_SYNTAX;
}

int settings_check_lang(struct str value, struct buf *why)
{
  struct str rest = value, tag;
  bool good = value.n > 0 && value.n <= 200;
  while (good && str_split(&rest, ',', &tag)) {
    good = tag.n > 0 && tag.p[0] != '-' && tag.p[tag.n - 1] != '-';
    for (size_t i = 0; i < tag.n; i++)
      good = good && (is_alnum(tag.p[i]) || tag.p[i] == '-');
  }
  if (!good) {
    buf_printf(why, "expected a language tag such as en, pt-BR or zh-Hans, or several as in en,fr");
    return ERR_SYNTAX;
  }
  return 0;
}

int settings_lang(struct site_settings *s, struct str value, struct buf *why)
{
  int err = settings_check_lang(value, why);
  return err ? err : settings_string(&s->lang, value);
}
