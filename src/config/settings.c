/* Settings: defaults, and the checking of what the owner wrote. */
#include "config/settings.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/err.h"
#include "base/host.h"

enum {
  PORT_MOST = 65535,
  NAME_MOST = 253,
  LABEL_MOST = 63,
  DAY_MS = 24 * 60 * 60 * 1000,
  CACHE_MIB = 32,
  CACHE_MIB_MOST = 65536
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

static bool same_list(const struct listen_list *a, const struct listen_list *b)
{
  bool same = a->given == b->given && a->off == b->off && (!a->given || a->n == b->n);
  for (size_t i = 0; same && a->given && i < a->n; i++)
    same = strcmp(a->at[i].text, b->at[i].text) == 0 && a->at[i].port == b->at[i].port &&
           a->at[i].optional == b->at[i].optional;
  return same;
}

static bool same_text(const char *a, const char *b)
{
  return a && b ? strcmp(a, b) == 0 : a == b;
}

static void name_if(struct buf *names, bool differs, const char *name)
{
  if (differs)
    buf_printf(names, "%s%s", names->n ? ", " : "", name);
}

bool settings_listen_at_all(const struct settings *s)
{
  bool any = !s->gemini.off || !s->gopher.off;
  for (size_t i = 0; i < s->n_sites && !any; i++)
    any = s->sites[i].gopher.n > 0;
  return any;
}

static const struct site_settings *find_named(const struct settings *s, const char *name)
{
  for (size_t i = 0; i < s->n_sites; i++)
    if (strcmp(s->sites[i].names[0], name) == 0)
      return &s->sites[i];
  return NULL;
}

/* A site's own listeners go with its main name. */
static void keep_listeners(struct settings *s, const struct settings *used, struct buf *names)
{
  static const struct listen_list none;
  for (size_t i = 0; i < s->n_sites; i++) {
    const struct site_settings *before = find_named(used, s->sites[i].names[0]);
    const struct listen_list *list = before ? &before->gopher : &none;
    if (!same_list(list, &s->sites[i].gopher))
      buf_printf(names, "%sgopher of %s", names->n ? ", " : "", s->sites[i].names[0]);
    s->sites[i].gopher = *list;
  }
  for (size_t i = 0; i < used->n_sites; i++)
    if (used->sites[i].gopher.n && !find_named(s, used->sites[i].names[0]))
      buf_printf(names, "%sgopher of %s", names->n ? ", " : "", used->sites[i].names[0]);
}

/* The place in use is known by its whole path; the arguments may name it from the working directory on. */
static bool same_place(const struct settings *s, const struct settings *used)
{
  if (s->log_to != used->log_to)
    return false;
  struct str path = str_from(s->log_path ? s->log_path : ""), whole = str_from(used->log_path ? used->log_path : "");
  return str_eq(path, whole) || (s->log_to == LOG_TO_FILE && !str_starts(path, STR("/")) && str_ends(whole, path));
}

/* Copies what owned strings are, whatever comes of it. */
static int keep_string(char **at, const char *used)
{
  if (used)
    return settings_string(at, str_from(used));
  free(*at);
  *at = NULL;
  return 0;
}

int settings_keep(struct settings *s, const struct settings *used, struct buf *names)
{
  name_if(names, !same_list(&s->gemini, &used->gemini), "gemini");
  name_if(names, !same_list(&s->gopher, &used->gopher), "gopher");
  name_if(names, s->workers != used->workers, "workers");
  name_if(names, !same_text(s->user, used->user), "user");
  name_if(names, !same_place(s, used), "log-requests");
  keep_listeners(s, used, names);
  s->gemini = used->gemini;
  s->gopher = used->gopher;
  s->workers = used->workers;
  s->log_to = used->log_to;
  int err = keep_string(&s->user, used->user);
  return err ? err : keep_string(&s->log_path, used->log_path);
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

/* ------------------------------------------------------------------ listeners */

static int add_address(struct listen_list *list, const char *text, unsigned port, bool optional)
{
  if (list->n == LISTEN_MAX)
    return ERR_LIMIT;
  struct listen_address *a = &list->at[list->n++];
  memset(a, 0, sizeof *a);
  memcpy(a->text, text, strnlen(text, sizeof a->text - 1));
  a->ipv6 = strchr(text, ':') != NULL;
  a->port = port;
  a->optional = optional;
  return 0;
}

static int add_both(struct listen_list *list, unsigned port)
{
  int err = add_address(list, "::", port, true);
  return err ? err : add_address(list, "0.0.0.0", port, true);
}

void settings_default_listen(struct listen_list *list, unsigned port)
{
  list->n = 0;
  (void)add_both(list, port); /* two always fit into an empty list */
}

/* The address in `host` (brackets around IPv6) as a checked, NUL-ended text. */
static int numeric_address(struct str host, char text[INET6_ADDRSTRLEN])
{
  unsigned char raw[sizeof(struct in6_addr)];
  bool bracketed = host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
  if (bracketed)
    host = str_make(host.p + 1, host.n - 2);
  if (host.n == 0 || host.n >= INET6_ADDRSTRLEN)
    return ERR_SYNTAX;
  memcpy(text, host.p, host.n);
  text[host.n] = '\0';
  return inet_pton(bracketed ? AF_INET6 : AF_INET, text, raw) == 1 ? 0 : ERR_SYNTAX;
}

int settings_listen(struct listen_list *list, struct str value, struct buf *why)
{
  if (!list->more)
    list->n = 0;
  list->given = list->more = true;
  if (str_eq(value, STR("off"))) {
    list->off = true;
    list->n = 0;
    return 0;
  }
  list->off = false;
  size_t colon = str_rfind(value, ':');
  struct str host = colon < value.n ? str_head(value, colon) : STR("");
  unsigned port = 0;
  if (str_starts(value, STR("[")) && str_find(value, ']') == value.n) {
    buf_printf(why, "expected a closing bracket after the IPv6 address, as in [::1]:1965");
    return ERR_SYNTAX;
  }
  if (str_number(colon < value.n ? str_skip(value, colon + 1) : value, &port) < 0 || port > PORT_MOST) {
    buf_printf(why, "expected ADDR:PORT with a port from 0 to 65535, such as 0.0.0.0:1965 or [::]:1965, or `off`");
    return ERR_SYNTAX;
  }
  int err = 0;
  char text[INET6_ADDRSTRLEN] = "";
  if (host.n == 0)
    err = add_both(list, port);
  else if (str_eq(host, STR("localhost"))) {
    err = add_address(list, "::1", port, true);
    err = err ? err : add_address(list, "127.0.0.1", port, true);
  } else if (numeric_address(host, text) == 0)
    err = add_address(list, text, port, false);
  else {
    buf_printf(why, "%.*s is no numeric address; IPv6 goes in brackets, as in [::1]:1965", STR_ARG(host));
    return ERR_SYNTAX;
  }
  if (err == ERR_LIMIT)
    buf_printf(why, "at most %d addresses for one protocol", LISTEN_MAX);
  return err;
}

int settings_port(unsigned *port, struct str value, struct buf *why)
{
  unsigned number = 0;
  if (str_number(value, &number) < 0 || number == 0 || number > PORT_MOST) {
    buf_printf(why, "expected a port from 1 to 65535");
    return ERR_SYNTAX;
  }
  *port = number;
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

/* ------------------------------------------------------------------ names */

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

static const char *const dialects[] = {[GOPHERMAPS_PLAIN] = "plain", [GOPHERMAPS_GOPHERNICUS] = "gophernicus"};

const char *settings_gophermaps_word(enum gophermaps gophermaps)
{
  return dialects[gophermaps];
}

int settings_gophermaps(struct site_settings *s, struct str value, struct buf *why)
{
  for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++)
    if (str_eq(value, str_from(dialects[i]))) {
      s->gophermaps = (enum gophermaps)i;
      return 0;
    }
  buf_printf(why, "expected plain or gophernicus");
  return ERR_SYNTAX;
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

int settings_log_level(struct settings *s, struct str value, struct buf *why)
{
  for (int level = LOG_ERROR; level <= LOG_DEBUG; level++)
    if (str_eq(value, str_from(log_level_name((enum log_level)level)))) {
      s->log_level = (enum log_level)level;
      return 0;
    }
  buf_printf(why, "expected one of error, warning, notice, request, debug: each has what stands before it too");
  return ERR_SYNTAX;
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

/* ------------------------------------------------------------------ the log of requests */

#define SYSLOG_SOCKET "/dev/log"

/* Replaces what was set before, if that can be had. */
static int log_to(struct settings *s, enum log_to to, struct str path)
{
  char *copy = path.n ? str_dup(path) : NULL;
  if (path.n && !copy)
    return ERR_NOMEM;
  free(s->log_path);
  s->log_path = copy;
  s->log_to = to;
  return 0;
}

int settings_log_requests(struct settings *s, struct str value, struct buf *why)
{
  static const struct str syslog = STR_INIT("syslog"), prefix = STR_INIT("syslog:");
  bool file = !str_eq(value, syslog) && !str_starts(value, prefix);
  struct str path = file ? value : str_eq(value, syslog) ? STR(SYSLOG_SOCKET) : str_skip(value, prefix.n);
  if (str_eq(value, STR("stderr")))
    return log_to(s, LOG_TO_STDERR, STR(""));
  if (path.n == 0 || str_has_control(path)) {
    buf_printf(why, "expected a file, `stderr`, `syslog` or `syslog:SOCKET`");
    return ERR_SYNTAX;
  }
  if (!file && path.n >= sizeof((struct sockaddr_un *)NULL)->sun_path) {
    buf_printf(why, "the name of a socket can have %zu bytes", sizeof((struct sockaddr_un *)NULL)->sun_path - 1);
    return ERR_LIMIT;
  }
  return log_to(s, file ? LOG_TO_FILE : LOG_TO_SYSLOG, path);
}

static const char *const formats[] = {[LOG_PLAIN] = "plain", [LOG_COMBINED] = "combined", [LOG_JSON] = "json"};
static const char *const addresses[] = {
    [LOG_ADDRESS_NONE] = "none", [LOG_ADDRESS_FULL] = "full", [LOG_ADDRESS_CUT] = "cut", [LOG_ADDRESS_HASH] = "hash"};

const char *settings_log_format_word(enum log_format format)
{
  return formats[format];
}

const char *settings_log_address_word(enum log_address address)
{
  return addresses[address];
}

int settings_log_format(struct settings *s, struct str value, struct buf *why)
{
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
    if (str_eq(value, str_from(formats[i]))) {
      s->log_format = (enum log_format)i;
      return 0;
    }
  buf_printf(why, "expected plain, combined or json");
  return ERR_SYNTAX;
}

int settings_log_address(struct settings *s, struct str value, struct buf *why)
{
  for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
    if (str_eq(value, str_from(addresses[i]))) {
      s->log_address = (enum log_address)i;
      return 0;
    }
  buf_printf(why, "expected none, cut, hash or full");
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
