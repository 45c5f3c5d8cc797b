/* The table of names, and the nearest one to a name that is not in it. */
#include "config/vocabulary.h"

#include <string.h>

#include "base/err.h"
#include "config/rule.h"

enum { NAME_LONGEST = 32 };

#define OF_SITE(member) true, offsetof(struct site_settings, member)
#define OF_ALL(member) false, offsetof(struct settings, member)
/* The same of what is read and written as a bool, so that a member of another type does not compile. */
#define OF_SWITCH(member) false, _Generic(((struct settings *)NULL)->member, bool : offsetof(struct settings, member))
#define OF_SITE_SWITCH(member)                                                                                         \
  true, _Generic(((struct site_settings *)NULL)->member, bool : offsetof(struct site_settings, member))
#define NUMBER(n) false, (n)
#define OF_RULE(value) true, (value)

const struct entry vocabulary[] = {
    {"host", PLACE_TOP, KIND_NAME, OF_SITE(names)},
    {"capsule", PLACE_TOP, KIND_FOLDER, OF_SITE(capsule)},
    {"lang", PLACE_TOP, KIND_LANG, OF_SITE(lang)},
    {"listing-order", PLACE_TOP, KIND_RULE, OF_RULE(VALUE_LISTING_ORDER)},
    {"gopher-width", PLACE_TOP, KIND_RULE, OF_RULE(VALUE_GOPHER_WIDTH)},
    {"terminate-text", PLACE_TOP, KIND_RULE, OF_RULE(VALUE_TERMINATE_TEXT)},
    {"local-settings", PLACE_TOP, KIND_RULE, OF_RULE(VALUE_LOCAL_SETTINGS)},
    {"user-dirs", PLACE_TOP, KIND_USER_DIRS, OF_SITE(homes)},
    {"gophermaps", PLACE_TOP, KIND_GOPHERMAPS, OF_SITE(gophermaps)},
    {"agate-meta", PLACE_TOP, KIND_SWITCH, OF_SITE_SWITCH(agate_meta)},
    {"certs", PLACE_TOP, KIND_FOLDER, OF_ALL(certs)},
    {"gemini", PLACE_TOP, KIND_LISTEN, OF_ALL(gemini)},
    {"gopher", PLACE_TOP, KIND_LISTEN, OF_ALL(gopher)},
    {"public-gemini-port", PLACE_TOP, KIND_PORT, OF_ALL(public_gemini_port)},
    {"public-gopher-port", PLACE_TOP, KIND_PORT, OF_ALL(public_gopher_port)},
    {"gophers", PLACE_TOP, KIND_SWITCH, OF_SWITCH(gophers)},
    {"http-page", PLACE_TOP, KIND_SWITCH, OF_SWITCH(courtesies)},
    {"user", PLACE_TOP, KIND_USER, OF_ALL(user)},
    {"workers", PLACE_TOP, KIND_WORKERS, OF_ALL(workers)},
    {"cache", PLACE_TOP, KIND_CACHE, OF_ALL(cache_mib)},
    {"sandbox", PLACE_TOP, KIND_SWITCH, OF_SWITCH(sandbox)},
    {"fast-kdf", PLACE_TOP, KIND_SWITCH, OF_SWITCH(fast_kdf)},
    {"log-level", PLACE_TOP, KIND_LEVEL, OF_ALL(log_level)},
    {"log-requests", PLACE_TOP, KIND_LOG_REQUESTS, OF_ALL(log_path)},
    {"log-format", PLACE_TOP, KIND_LOG_FORMAT, OF_ALL(log_format)},
    {"log-address", PLACE_TOP, KIND_LOG_ADDRESS, OF_ALL(log_address)},
    {"handshake", PLACE_TIMEOUT, KIND_TIMEOUT, NUMBER(TIMEOUT_HANDSHAKE)},
    {"request", PLACE_TIMEOUT, KIND_TIMEOUT, NUMBER(TIMEOUT_REQUEST)},
    {"handle", PLACE_TIMEOUT, KIND_TIMEOUT, NUMBER(TIMEOUT_HANDLE)},
    {"write", PLACE_TIMEOUT, KIND_TIMEOUT, NUMBER(TIMEOUT_WRITE)},
    {"drain", PLACE_TIMEOUT, KIND_TIMEOUT, NUMBER(TIMEOUT_DRAIN)},
    {"connections", PLACE_LIMIT, KIND_LIMIT, NUMBER(LIMIT_CONNECTIONS)},
    {"address", PLACE_LIMIT, KIND_LIMIT, NUMBER(LIMIT_ADDRESS)},
    {"requests", PLACE_LIMIT, KIND_LIMIT, NUMBER(LIMIT_REQUESTS)},
    {"handshakes", PLACE_LIMIT, KIND_LIMIT, NUMBER(LIMIT_HANDSHAKES)},
    {"request", PLACE_LIMIT, KIND_LIMIT, NUMBER(LIMIT_REQUEST)},
    {"loopback", PLACE_LIMIT, KIND_SWITCH, OF_SWITCH(limit_loopback)},
    {"aliases", PLACE_SITE, KIND_ALIAS, OF_SITE(names)},
    {"root", PLACE_SITE, KIND_FOLDER, OF_SITE(capsule)},
    {"lang", PLACE_SITE, KIND_LANG, OF_SITE(lang)},
    {"user-dirs", PLACE_SITE, KIND_USER_DIRS, OF_SITE(homes)},
    {"certificate", PLACE_SITE, KIND_FILE, OF_SITE(certificate)},
    {"key", PLACE_SITE, KIND_FILE, OF_SITE(key)},
    {"gopher", PLACE_SITE, KIND_LISTEN, OF_SITE(gopher)},
    {"gopher-path", PLACE_SITE, KIND_GOPHER_PATH, OF_SITE(gopher_path)},
    {"listing-order", PLACE_SITE, KIND_RULE, OF_RULE(VALUE_LISTING_ORDER)},
    {"gopher-width", PLACE_SITE, KIND_RULE, OF_RULE(VALUE_GOPHER_WIDTH)},
    {"terminate-text", PLACE_SITE, KIND_RULE, OF_RULE(VALUE_TERMINATE_TEXT)},
    {"local-settings", PLACE_SITE, KIND_RULE, OF_RULE(VALUE_LOCAL_SETTINGS)},
    {"gophermaps", PLACE_SITE, KIND_GOPHERMAPS, OF_SITE(gophermaps)},
    {"agate-meta", PLACE_SITE, KIND_SWITCH, OF_SITE_SWITCH(agate_meta)},
    {"lang", PLACE_PATH, KIND_RULE, OF_RULE(VALUE_LANG)},
    {"charset", PLACE_PATH, KIND_RULE, OF_RULE(VALUE_CHARSET)},
    {"type", PLACE_PATH, KIND_RULE, OF_RULE(VALUE_TYPE)},
    {"redirect", PLACE_PATH, KIND_RULE, OF_RULE(VALUE_REDIRECT)},
    {"redirect-permanent", PLACE_PATH, KIND_RULE, OF_RULE(VALUE_REDIRECT_PERMANENT)},
    {"gone", PLACE_PATH, KIND_RULE, OF_RULE(VALUE_GONE)},
    {"slow-down", PLACE_PATH, KIND_RULE, OF_RULE(VALUE_SLOW_DOWN)},
    {"listing", PLACE_PATH, KIND_RULE, OF_RULE(VALUE_LISTING)},
    {"listing-order", PLACE_PATH, KIND_RULE, OF_RULE(VALUE_LISTING_ORDER)},
    {"listing-header", PLACE_PATH, KIND_RULE, OF_RULE(VALUE_LISTING_HEADER)},
    {"listing-footer", PLACE_PATH, KIND_RULE, OF_RULE(VALUE_LISTING_FOOTER)},
    {"gopher-width", PLACE_PATH, KIND_RULE, OF_RULE(VALUE_GOPHER_WIDTH)},
    {"terminate-text", PLACE_PATH, KIND_RULE, OF_RULE(VALUE_TERMINATE_TEXT)},
    {"clients", PLACE_PATH, KIND_RULE, OF_RULE(VALUE_CLIENTS)},
    {"client-reason", PLACE_PATH, KIND_RULE, OF_RULE(VALUE_CLIENT_REASON)},
    {"client-ca", PLACE_PATH, KIND_AUTHORITY, OF_RULE(0)},
    {"local-settings", PLACE_PATH, KIND_RULE, OF_RULE(VALUE_LOCAL_SETTINGS)},
};
const size_t vocabulary_size = sizeof vocabulary / sizeof *vocabulary;

const char *place_word(enum place place)
{
  switch (place) {
  case PLACE_TIMEOUT:
    return "timeout";
  case PLACE_LIMIT:
    return "limit";
  case PLACE_SITE:
    return "site";
  case PLACE_PATH:
    return "path";
  case PLACE_TOP:
  case PLACE_LOCAL:
  case PLACES:
    break;
  }
  return "";
}

bool place_within(enum place place, enum place outer)
{
  if (place == PLACE_PATH)
    return outer == PLACE_TOP || outer == PLACE_SITE || outer == PLACE_LOCAL;
  return outer == PLACE_TOP && place != PLACE_TOP && place != PLACE_LOCAL && place != PLACES;
}

bool place_has_title(enum place place)
{
  return place == PLACE_SITE || place == PLACE_PATH;
}

/* What a file in the capsule cannot say of it: whom to trust, and that such files count. */
static bool is_of_host(const struct entry *entry)
{
  return entry->kind == KIND_AUTHORITY || entry->at == VALUE_LOCAL_SETTINGS;
}

bool entry_stands(const struct entry *entry, enum place place)
{
  return place == PLACE_LOCAL ? entry->place == PLACE_PATH && !is_of_host(entry) : entry->place == place;
}

const struct entry *vocabulary_find(enum place place, const char *name)
{
  for (size_t i = 0; i < vocabulary_size; i++)
    if (entry_stands(&vocabulary[i], place) && strcmp(vocabulary[i].name, name) == 0)
      return &vocabulary[i];
  return NULL;
}

bool entry_is_list(const struct entry *entry)
{
  return entry->kind == KIND_LISTEN || entry->kind == KIND_NAME || entry->kind == KIND_ALIAS ||
         entry->kind == KIND_AUTHORITY || (entry->kind == KIND_RULE && entry->at == VALUE_CLIENTS);
}

void *entry_member(const struct entry *entry, struct settings *s, struct site_settings *site)
{
  return entry->of_site ? (char *)site + entry->at : (char *)s + entry->at;
}

/* ------------------------------------------------------------------ advice */

static unsigned least(unsigned a, unsigned b)
{
  return a < b ? a : b;
}

/* How many letters must be put in, left out or changed to make one of the other (Levenshtein), row by row. */
static unsigned distance(struct str a, struct str b)
{
  unsigned row[NAME_LONGEST + 1];
  for (unsigned k = 0; k <= b.n; k++)
    row[k] = k;
  for (size_t i = 0; i < a.n; i++) {
    unsigned diagonal = row[0];
    row[0] = (unsigned)i + 1;
    for (size_t k = 0; k < b.n; k++) {
      unsigned changed = diagonal + (a.p[i] != b.p[k]);
      diagonal = row[k + 1];
      row[k + 1] = least(changed, least(row[k], row[k + 1]) + 1);
    }
  }
  return row[b.n];
}

/* A third of the letters may be wrong, two of a short name; more is another word. */
static unsigned near_enough(struct str name)
{
  return name.n < 3 ? 1 : name.n < 7 ? 2 : (unsigned)name.n / 3;
}

struct nearest {
  const char *name;
  unsigned distance;
};

static void consider(struct nearest *best, struct str name, const char *candidate)
{
  unsigned d = distance(name, str_from(candidate));
  if (d < best->distance)
    *best = (struct nearest){candidate, d};
}

static const char *nearest(enum place place, struct str name)
{
  struct nearest best = {NULL, near_enough(name) + 1};
  for (size_t i = 0; name.n <= NAME_LONGEST && i < vocabulary_size; i++)
    if (entry_stands(&vocabulary[i], place))
      consider(&best, name, vocabulary[i].name);
  for (enum place p = PLACE_TOP; name.n <= NAME_LONGEST && p < PLACES; p++)
    if (place_within(p, place))
      consider(&best, name, place_word(p));
  if (place == PLACE_TOP)
    consider(&best, str_head(name, NAME_LONGEST), "include");
  return best.name;
}

static const struct entry *elsewhere(struct str name)
{
  for (size_t i = 0; i < vocabulary_size; i++)
    if (str_eq(name, str_from(vocabulary[i].name)))
      return &vocabulary[i];
  return NULL;
}

static void list_all(struct buf *out, enum place place)
{
  const char *before = "expected one of ";
  for (size_t i = 0; i < vocabulary_size; i++)
    if (entry_stands(&vocabulary[i], place)) {
      buf_printf(out, "%s%s", before, vocabulary[i].name);
      before = ", ";
    }
  for (enum place p = PLACE_TOP; p < PLACES; p++)
    if (place_within(p, place))
      buf_printf(out, ", %s", place_word(p));
  if (place == PLACE_TOP)
    buf_put_str(out, STR(", include"));
}

/* What is said of the only site there is has another name where there are several. */
static const char *in_site(struct str name)
{
  return str_eq(name, STR("host")) ? "aliases" : str_eq(name, STR("capsule")) ? "root" : NULL;
}

/* A section's word where none can stand, or without what belongs to it. */
static bool advise_of_section(struct buf *out, enum place place, struct str name)
{
  for (enum place p = PLACE_TOP; p < PLACES; p++) {
    if (name.n == 0 || !str_eq(name, str_from(place_word(p))))
      continue;
    const char *title = p == PLACE_PATH ? " \"PATTERN\"" : p == PLACE_SITE ? " \"NAME\"" : "";
    const char *where = p == PLACE_PATH ? ", outside of these braces" : ", outside of all braces";
    buf_printf(out, "expected %s%s { NAME = VALUE }%s", place_word(p), title, place_within(p, place) ? "" : where);
    return true;
  }
  return false;
}

/* An author has no say in what is the host's. */
static bool advise_of_host(struct buf *out, enum place place, struct str name)
{
  bool known = elsewhere(name) || str_eq(name, STR("include"));
  for (enum place p = PLACE_TOP + 1; p < PLACE_PATH; p++)
    known = known || str_eq(name, str_from(place_word(p)));
  if (place != PLACE_LOCAL || !known)
    return false;
  buf_printf(out, "`%.*s` has its place in the server's settings file", STR_ARG(name));
  return true;
}

void vocabulary_advise(struct buf *out, enum place place, struct str name)
{
  if (place == PLACE_SITE && in_site(name)) {
    buf_printf(out, "did you mean `%s`?", in_site(name));
    return;
  }
  if (advise_of_host(out, place, name) || advise_of_section(out, place, name))
    return;
  if (place != PLACE_TOP && str_eq(name, STR("include"))) {
    buf_put_str(out, STR("`include` stands outside of all braces"));
    return;
  }
  const struct entry *other = elsewhere(name);
  const char *near = other ? NULL : nearest(place, name);
  if (other && other->place == PLACE_TOP)
    buf_printf(out, "`%s` stands outside of all braces", other->name);
  else if (other)
    buf_printf(out, "`%s` stands within %s { }", other->name, place_word(other->place));
  else if (near)
    buf_printf(out, "did you mean `%s`?", near);
  else
    list_all(out, place);
}
