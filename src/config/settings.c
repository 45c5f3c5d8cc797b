/* Settings: defaults, and the checking of what the owner wrote: switches, numbers and times. */
#include "config/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

enum {
  DAY_MS = 24 * 60 * 60 * 1000,
  CACHE_MIB = 32,
  CACHE_MIB_MOST = 65536,
};

/* One address is a person, or a household, or a campus behind one router. A browser opens some connections at once and
 * a download may be slow: 64. A person reads a page in seconds; 300 a minute are 5 every second, which is a class of
 * thirty where each opens a page every six seconds, and less than a hundredth of what one worker serves. */
static const struct {
  const char *name;
  unsigned least, most, preset;
} limits[LIMITS] = {
    [LIMIT_CONNECTIONS] = {"connections", 1, 1000000, 0}, [LIMIT_ADDRESS] = {"address", 1, 60000, 64},
    [LIMIT_REQUESTS] = {"requests", 1, 1000000, 300},     [LIMIT_HANDSHAKES] = {"handshakes", 1, 1000000, 1024},
    [LIMIT_REQUEST] = {"request", 64, 1024, 1024},
};

static void free_site(struct site_settings *site)
{
  free(site->capsule);
  free(site->lang);
  free(site->certificate);
  free(site->key);
  free(site->gopher_path);
  free(site->homes);
  free(site->user_folder);
  for (size_t i = 0; i < site->n_names; i++)
    free(site->names[i]);
  rules_free(&site->rules);
}

static struct site_settings *grow(struct settings *s)
{
  struct site_settings *grown = realloc(s->sites, (s->n_sites + 1) * sizeof *grown);
  if (!grown)
    return NULL;
  s->sites = grown;
  memset(&grown[s->n_sites], 0, sizeof *grown);
  return &grown[s->n_sites];
}

/* One more, of which nothing was said yet. */
static int add_site(struct settings *s)
{
  struct site_settings *site = grow(s);
  if (!site)
    return ERR_NOMEM;
  site->capsule = str_dup(STR("./capsule"));
  site->names[0] = str_dup(STR("localhost"));
  site->n_names = 1;
  if (site->capsule && site->names[0]) {
    s->n_sites++;
    return 0;
  }
  free_site(site);
  return ERR_NOMEM;
}

int settings_init(struct settings *s)
{
  memset(s, 0, sizeof *s);
  for (size_t i = 0; i < LIMITS; i++)
    s->limits[i] = limits[i].preset;
  s->timeout_ms[TIMEOUT_HANDSHAKE] = 10000;
  s->timeout_ms[TIMEOUT_REQUEST] = 10000;
  s->timeout_ms[TIMEOUT_HANDLE] = 60000;
  s->timeout_ms[TIMEOUT_WRITE] = 30000;
  s->timeout_ms[TIMEOUT_DRAIN] = 1000;
  s->cache_mib = CACHE_MIB;
  s->gophers = s->courtesies = s->fast_kdf = s->sandbox = true;
  s->log_level = LOG_REQUEST;
  s->certs = str_dup(STR("./certs"));
  if (s->certs && add_site(s) == 0)
    return 0;
  settings_free(s);
  return ERR_NOMEM;
}

void settings_free(struct settings *s)
{
  for (size_t i = 0; i < s->n_sites; i++)
    free_site(&s->sites[i]);
  free(s->sites);
  for (size_t i = 0; i < s->n_authorities; i++)
    free(s->authorities[i]);
  free(s->certs);
  free(s->user);
  free(s->log_path);
  memset(s, 0, sizeof *s);
}

void settings_begin(struct settings *s)
{
  s->gemini.more = s->gopher.more = false;
  for (size_t i = 0; i < s->n_sites; i++)
    s->sites[i].more = s->sites[i].gopher.more = false;
}

bool settings_use_tls(const struct settings *s)
{
  return !s->gemini.off || s->gophers;
}

bool settings_listen_at_all(const struct settings *s)
{
  bool any = !s->gemini.off || !s->gopher.off;
  for (size_t i = 0; i < s->n_sites && !any; i++)
    any = s->sites[i].gopher.n > 0;
  return any;
}

int settings_string(char **string, struct str value)
{
  char *copy = str_dup(value);
  if (!copy)
    return ERR_NOMEM;
  free(*string);
  *string = copy;
  return 0;
}

int settings_workers(struct settings *s, struct str value, struct buf *why)
{
  unsigned number = 0;
  if (str_number(value, &number) < 0 || number == 0 || number > WORKERS_MAX) {
    buf_printf(why, "expected a number of processes from 1 to %d", WORKERS_MAX);
    return ERR_SYNTAX;
  }
  s->workers = number;
  return 0;
}

int settings_add_site(struct settings *s, struct str name, struct buf *why)
{
  struct site_settings *site = grow(s);
  if (!site)
    return ERR_NOMEM;
  int err = settings_name(site, name, why);
  if (err == 0)
    s->n_sites++;
  return err;
}

void settings_drop_site(struct settings *s, size_t i)
{
  free_site(&s->sites[i]);
  s->n_sites--;
  memmove(&s->sites[i], &s->sites[i + 1], (s->n_sites - i) * sizeof *s->sites);
}

static const char *const dialects[] = {[GOPHERMAPS_PLAIN] = "plain", [GOPHERMAPS_GOPHERNICUS] = "gophernicus"};

const char *settings_gophermaps_word(enum gophermaps gophermaps)
{
  return dialects[gophermaps];
}

int settings_word(const char *const *words, size_t n, struct str value)
{
  for (size_t i = 0; i < n; i++)
    if (str_eq(value, str_from(words[i])))
      return (int)i;
  return ERR_SYNTAX;
}

int settings_gophermaps(struct site_settings *s, struct str value, struct buf *why)
{
  int i = settings_word(dialects, sizeof dialects / sizeof *dialects, value);
  if (i < 0) {
    buf_printf(why, "expected plain or gophernicus");
    return i;
  }
  s->gophermaps = (enum gophermaps)i;
  return 0;
}

int settings_switch(bool *on, struct str value, struct buf *why)
{
  bool yes = str_eq(value, STR("true")) || str_eq(value, STR("yes")) || str_eq(value, STR("on"));
  if (!yes && !str_eq(value, STR("false")) && !str_eq(value, STR("no")) && !str_eq(value, STR("off"))) {
    buf_printf(why, "expected true or false");
    return ERR_SYNTAX;
  }
  *on = yes;
  return 0;
}

int settings_cache(struct settings *s, struct str value, struct buf *why)
{
  unsigned number = 0;
  if (str_number(value, &number) < 0 || number > CACHE_MIB_MOST) {
    buf_printf(why, "expected a number of MiB from 0 (no cache) to %d", CACHE_MIB_MOST);
    return ERR_SYNTAX;
  }
  s->cache_mib = number;
  return 0;
}

int settings_limit(struct settings *s, struct str value, struct buf *why)
{
  size_t equals = str_find(value, '=');
  unsigned number = 0;
  for (size_t i = 0; i < LIMITS; i++) {
    if (!str_eq(str_head(value, equals), str_from(limits[i].name)))
      continue;
    if (equals == value.n || str_number(str_skip(value, equals + 1), &number) < 0 || number < limits[i].least ||
        number > limits[i].most) {
      buf_printf(why, "expected %s=N from %u to %u (a limit can be moved, not removed)", limits[i].name,
                 limits[i].least, limits[i].most);
      return ERR_SYNTAX;
    }
    s->limits[i] = number;
    return 0;
  }
  buf_printf(why, "expected NAME=N, with NAME one of connections, address, requests, handshakes, request");
  return ERR_SYNTAX;
}

/* ------------------------------------------------------------------ time */

/* Seconds with up to three decimals, as milliseconds: "10", "0.5". */
static int parse_ms(struct str text, unsigned long *out)
{
  size_t dot = str_find(text, '.');
  struct str decimals = dot < text.n ? str_skip(text, dot + 1) : STR("0");
  unsigned whole = 0, part = 0;
  if (decimals.n > 3 || str_number(str_head(text, dot), &whole) < 0 || str_number(decimals, &part) < 0 ||
      whole > DAY_MS / 1000) /* where a long has 32 bits the product must fit */
    return ERR_SYNTAX;
  for (size_t i = decimals.n; i < 3; i++)
    part *= 10;
  *out = (unsigned long)whole * 1000 + part;
  return 0;
}

int settings_timeout(struct settings *s, struct str value, struct buf *why)
{
  static const char *const names[TIMEOUTS] = {"handshake", "request", "handle", "write", "drain"};
  size_t equals = str_find(value, '=');
  unsigned long ms = 0;
  for (size_t i = 0; i < TIMEOUTS; i++) {
    if (!str_eq(str_head(value, equals), str_from(names[i])))
      continue;
    if (equals == value.n || parse_ms(str_skip(value, equals + 1), &ms) < 0 || ms == 0 || ms > DAY_MS) {
      buf_printf(why, "expected %s=SECONDS, more than 0 (a deadline can be moved, not removed) and at most 86400",
                 names[i]);
      return ERR_SYNTAX;
    }
    s->timeout_ms[i] = ms;
    return 0;
  }
  buf_printf(why, "expected NAME=SECONDS, with NAME one of handshake, request, handle, write, drain");
  return ERR_SYNTAX;
}
