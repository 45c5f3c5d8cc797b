/* Settings: what an owner may write, and what the answer is to what they may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "config/settings.h"

static int listen_one(struct listen_list *list, const char *value, struct buf *why)
{
  return settings_listen(list, str_from(value), why);
}

static void addresses_B2(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *value;
    int result;
    size_t n;
    const char *text;
    unsigned port;
    bool optional;
  } table[] = {
      {__LINE__, "127.0.0.1:1965", 0, 1, "127.0.0.1", 1965, false},
      {__LINE__, "[::1]:0", 0, 1, "::1", 0, false},
      {__LINE__, "[::]:65535", 0, 1, "::", 65535, false},
      {__LINE__, "7070", 0, 2, "::", 7070, true},
      {__LINE__, ":7070", 0, 2, "::", 7070, true},
      {__LINE__, "localhost:70", 0, 2, "::1", 70, true},
      {__LINE__, "127.0.0.1:65536", ERR_SYNTAX, 0, "", 0, false},
      {__LINE__, "127.0.0.1:", ERR_SYNTAX, 0, "", 0, false},
      {__LINE__, "127.0.0.1", ERR_SYNTAX, 0, "", 0, false},
      {__LINE__, "::1:1965", ERR_SYNTAX, 0, "", 0, false},
      {__LINE__, "[::1", ERR_SYNTAX, 0, "", 0, false},
      {__LINE__, "[::1:1965", ERR_SYNTAX, 0, "", 0, false},
      {__LINE__, "[::1]", ERR_SYNTAX, 0, "", 0, false},
      {__LINE__, "[127.0.0.1]:1965", ERR_SYNTAX, 0, "", 0, false},
      {__LINE__, "example.org:1965", ERR_SYNTAX, 0, "", 0, false},
      {__LINE__, "", ERR_SYNTAX, 0, "", 0, false},
      {__LINE__, "-1", ERR_SYNTAX, 0, "", 0, false},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct listen_list list = {.n = 0};
    struct buf why = BUF_INIT(1024);
    int result = listen_one(&list, table[i].value, &why);
    if (result != table[i].result || list.n != table[i].n || (result < 0) != (why.n > 0))
      fail_msg("line %d: %s gave %d with %zu addresses", table[i].line, table[i].value, result, list.n);
    if (list.n && (strcmp(list.at[0].text, table[i].text) != 0 || list.at[0].port != table[i].port ||
                   list.at[0].optional != table[i].optional))
      fail_msg("line %d: %s became %s port %u", table[i].line, table[i].value, list.at[0].text, list.at[0].port);
    buf_free(&why);
  }
}

static void values_add_up_and_off_clears_them(void **state)
{
  (void)state;
  struct listen_list list = {.n = 0};
  struct buf why = BUF_INIT(1024);
  settings_default_listen(&list, 1965);
  assert_int_equal(list.n, 2);
  assert_int_equal(listen_one(&list, "127.0.0.1:1", &why), 0);
  assert_int_equal(list.n, 1); /* the first value replaces the defaults */
  assert_int_equal(listen_one(&list, "127.0.0.1:2", &why), 0);
  assert_int_equal(list.n, 2);
  assert_int_equal(listen_one(&list, "off", &why), 0);
  assert_true(list.off);
  assert_int_equal(list.n, 0);
  for (unsigned i = 0; i < LISTEN_MAX; i++)
    assert_int_equal(listen_one(&list, "127.0.0.1:3", &why), 0);
  assert_int_equal(listen_one(&list, "127.0.0.1:3", &why), ERR_LIMIT);
  buf_free(&why);
}

static void names(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *value, *name; /* name NULL: refused */
  } table[] = {
      {__LINE__, "example.org", "example.org"},
      {__LINE__, "EXAMPLE.org.", "example.org"},
      {__LINE__, "localhost", "localhost"},
      {__LINE__, "xn--bcher-kva.example", "xn--bcher-kva.example"},
      {__LINE__, "192.0.2.7", "192.0.2.7"},
      {__LINE__, "2001:db8::7", "2001:db8::7"},
      {__LINE__, "my_host", NULL},
      {__LINE__, "a_b.example.org", NULL},
      {__LINE__, "", NULL},
      {__LINE__, ".", NULL},
      {__LINE__, "a..b", NULL},
      {__LINE__, "-a.org", NULL},
      {__LINE__,
       "b\xc3\xbc"
       "cher.example",
       NULL},
      {__LINE__, "../etc", NULL},
      {__LINE__, "a/b", NULL},
      {__LINE__, "a b", NULL},
      {__LINE__, "example.org:1965", NULL},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct settings s;
    struct buf why = BUF_INIT(1024);
    assert_int_equal(settings_init(&s), 0);
    int result = settings_name(&s.sites[0], str_from(table[i].value), &why);
    if ((result == 0) != (table[i].name != NULL) ||
        (table[i].name &&
         (strcmp(s.sites[0].names[0], table[i].name) != 0 || !s.sites[0].named || s.sites[0].n_names != 1)))
      fail_msg("line %d: %s gave %d", table[i].line, table[i].value, result);
    buf_free(&why);
    settings_free(&s);
  }
}

static void sizes_of_the_cache(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *value;
    int result;
    unsigned mib;
  } table[] = {
      {__LINE__, "0", 0, 0},
      {__LINE__, "1", 0, 1},
      {__LINE__, "65536", 0, 65536},
      {__LINE__, "65537", ERR_SYNTAX, 0},
      {__LINE__, "", ERR_SYNTAX, 0},
      {__LINE__, "-1", ERR_SYNTAX, 0},
      {__LINE__, "1.5", ERR_SYNTAX, 0},
      {__LINE__, "32MiB", ERR_SYNTAX, 0},
      {__LINE__, "9999999999", ERR_SYNTAX, 0},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct settings s;
    struct buf why = BUF_INIT(1024);
    assert_int_equal(settings_init(&s), 0);
    int result = settings_cache(&s, str_from(table[i].value), &why);
    if (result != table[i].result || s.cache_mib != (result ? 32 : table[i].mib) || (result < 0) != (why.n > 0))
      fail_msg("line %d: %s gave %d, %u", table[i].line, table[i].value, result, s.cache_mib);
    settings_free(&s);
    buf_free(&why);
  }
}

static void where_requests_are_logged(void **state)
{
  (void)state;
  static char long_name[200];
  memset(long_name, 'x', sizeof long_name - 1);
  memcpy(long_name, "syslog:/", 8);
  static const struct {
    int line;
    const char *value;
    int result;
    enum log_to to;
    const char *path;
  } table[] = {
      {__LINE__, "stderr", 0, LOG_TO_STDERR, NULL},
      {__LINE__, "syslog", 0, LOG_TO_SYSLOG, "/dev/log"},
      {__LINE__, "syslog:/srv/jail/dev/log", 0, LOG_TO_SYSLOG, "/srv/jail/dev/log"},
      {__LINE__, "/var/log/nuncio/requests.log", 0, LOG_TO_FILE, "/var/log/nuncio/requests.log"},
      {__LINE__, "./stderr", 0, LOG_TO_FILE, "./stderr"},
      {__LINE__, "syslogs", 0, LOG_TO_FILE, "syslogs"},
      {__LINE__, "", ERR_SYNTAX, LOG_TO_FILE, "before"},
      {__LINE__, "syslog:", ERR_SYNTAX, LOG_TO_FILE, "before"},
      {__LINE__, "a\nb", ERR_SYNTAX, LOG_TO_FILE, "before"},
      {__LINE__, long_name, ERR_LIMIT, LOG_TO_FILE, "before"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct settings s;
    struct buf why = BUF_INIT(1024);
    assert_int_equal(settings_init(&s), 0);
    assert_int_equal(s.log_to, LOG_TO_STDERR);
    assert_int_equal(settings_log_requests(&s, STR("before"), &why), 0); /* the last one counts */
    int result = settings_log_requests(&s, str_from(table[i].value), &why);
    if (result != table[i].result || s.log_to != table[i].to || (result < 0) != (why.n > 0) ||
        !s.log_path != !table[i].path || (s.log_path && strcmp(s.log_path, table[i].path) != 0))
      fail_msg("line %d: %s gave %d, %s", table[i].line, table[i].value, result, s.log_path);
    settings_free(&s);
    buf_free(&why);
  }
}

static void how_requests_are_logged_B3(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *value;
    int format, address; /* -1: refused */
  } table[] = {
      {__LINE__, "plain", LOG_PLAIN, -1},
      {__LINE__, "combined", LOG_COMBINED, -1},
      {__LINE__, "json", LOG_JSON, -1},
      {__LINE__, "none", -1, LOG_ADDRESS_NONE},
      {__LINE__, "cut", -1, LOG_ADDRESS_CUT},
      {__LINE__, "hash", -1, LOG_ADDRESS_HASH},
      {__LINE__, "full", -1, LOG_ADDRESS_FULL},
      {__LINE__, "", -1, -1},
      {__LINE__, "JSON", -1, -1},
      {__LINE__, "jso", -1, -1},
      {__LINE__, "jsonl", -1, -1},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct settings s;
    struct buf why = BUF_INIT(1024);
    assert_int_equal(settings_init(&s), 0);
    assert_int_equal(s.log_format, LOG_PLAIN);
    assert_int_equal(s.log_address, LOG_ADDRESS_NONE);
    int result = settings_log_format(&s, str_from(table[i].value), &why);
    if (result != (table[i].format < 0 ? ERR_SYNTAX : 0) || (result < 0) != (why.n > 0) ||
        (int)s.log_format != (table[i].format < 0 ? LOG_PLAIN : table[i].format))
      fail_msg("line %d: %s gave %d", table[i].line, table[i].value, result);
    buf_clear(&why);
    result = settings_log_address(&s, str_from(table[i].value), &why);
    if (result != (table[i].address < 0 ? ERR_SYNTAX : 0) || (result < 0) != (why.n > 0) ||
        (int)s.log_address != (table[i].address < 0 ? LOG_ADDRESS_NONE : table[i].address))
      fail_msg("line %d: %s gave %d", table[i].line, table[i].value, result);
    settings_free(&s);
    buf_free(&why);
  }
}

static void gophermaps_are_of_two_dialects(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *value;
    bool good;
    enum gophermaps gophermaps;
  } table[] = {
      {__LINE__, "plain", true, GOPHERMAPS_PLAIN},  {__LINE__, "gophernicus", true, GOPHERMAPS_GOPHERNICUS},
      {__LINE__, "", false, GOPHERMAPS_PLAIN},      {__LINE__, "gopher", false, GOPHERMAPS_PLAIN},
      {__LINE__, "Plain", false, GOPHERMAPS_PLAIN},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct settings s;
    struct buf why = BUF_INIT(1024);
    assert_int_equal(settings_init(&s), 0);
    assert_int_equal(s.sites[0].gophermaps, GOPHERMAPS_PLAIN);
    assert_false(s.sites[0].agate_meta);
    int result = settings_gophermaps(&s.sites[0], str_from(table[i].value), &why);
    if (result != (table[i].good ? 0 : ERR_SYNTAX) || (why.n > 0) == table[i].good ||
        s.sites[0].gophermaps != table[i].gophermaps)
      fail_msg("line %d: %s gave %d", table[i].line, table[i].value, result);
    if (table[i].good)
      assert_string_equal(settings_gophermaps_word(table[i].gophermaps), table[i].value);
    settings_free(&s);
    buf_free(&why);
  }
}

/* Issue 4, Limits: all of them on by default, all settable, none to be removed. */
static void limits(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *value;
    int result;
    enum limit limit;
    unsigned number;
  } table[] = {
      {__LINE__, "connections=1", 0, LIMIT_CONNECTIONS, 1},
      {__LINE__, "connections=1000000", 0, LIMIT_CONNECTIONS, 1000000},
      {__LINE__, "address=60000", 0, LIMIT_ADDRESS, 60000},
      {__LINE__, "requests=7", 0, LIMIT_REQUESTS, 7},
      {__LINE__, "handshakes=2", 0, LIMIT_HANDSHAKES, 2},
      {__LINE__, "request=64", 0, LIMIT_REQUEST, 64},
      {__LINE__, "connections=0", ERR_SYNTAX, LIMIT_CONNECTIONS, 0},
      {__LINE__, "connections=1000001", ERR_SYNTAX, LIMIT_CONNECTIONS, 0},
      {__LINE__, "address=0", ERR_SYNTAX, LIMIT_ADDRESS, 64},
      {__LINE__, "address=60001", ERR_SYNTAX, LIMIT_ADDRESS, 64},
      {__LINE__, "address", ERR_SYNTAX, LIMIT_ADDRESS, 64},
      {__LINE__, "address=", ERR_SYNTAX, LIMIT_ADDRESS, 64},
      {__LINE__, "requests=none", ERR_SYNTAX, LIMIT_REQUESTS, 300},
      {__LINE__, "requests=-1", ERR_SYNTAX, LIMIT_REQUESTS, 300},
      {__LINE__, "requests=5.5", ERR_SYNTAX, LIMIT_REQUESTS, 300},
      {__LINE__, "handshakes=0", ERR_SYNTAX, LIMIT_HANDSHAKES, 1024},
      {__LINE__, "request=63", ERR_SYNTAX, LIMIT_REQUEST, 1024},
      {__LINE__, "request=1025", ERR_SYNTAX, LIMIT_REQUEST, 1024}, /* G8, P1 */
      {__LINE__, "visitors=5", ERR_SYNTAX, LIMIT_CONNECTIONS, 0},
      {__LINE__, "", ERR_SYNTAX, LIMIT_CONNECTIONS, 0},
      {__LINE__, "=5", ERR_SYNTAX, LIMIT_CONNECTIONS, 0},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct settings s;
    struct buf why = BUF_INIT(1024);
    assert_int_equal(settings_init(&s), 0);
    int result = settings_limit(&s, str_from(table[i].value), &why);
    if (result != table[i].result || s.limits[table[i].limit] != table[i].number || (result < 0) != (why.n > 0))
      fail_msg("line %d: %s gave %d", table[i].line, table[i].value, result);
    if (result < 0)
      assert_true(str_starts(buf_str(&why), STR("expected ")));
    buf_free(&why);
    settings_free(&s);
  }
}

/* B1: each deadline can be set, none can be removed. */
static void timeouts_B1(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *value;
    int result;
    unsigned long ms;
  } table[] = {
      {__LINE__, "handshake=5", 0, 5000},
      {__LINE__, "handshake=0.5", 0, 500},
      {__LINE__, "handshake=1.25", 0, 1250},
      {__LINE__, "handshake=86400", 0, 86400000},
      {__LINE__, "handshake=0", ERR_SYNTAX, 0},
      {__LINE__, "handshake=0.0", ERR_SYNTAX, 0},
      {__LINE__, "handshake", ERR_SYNTAX, 0},
      {__LINE__, "handshake=", ERR_SYNTAX, 0},
      {__LINE__, "handshake=-1", ERR_SYNTAX, 0},
      {__LINE__, "handshake=86401", ERR_SYNTAX, 0},
      {__LINE__, "handshake=1.2345", ERR_SYNTAX, 0},
      {__LINE__, "handshake=999999999", ERR_SYNTAX, 0},
      {__LINE__, "handshake=86400.001", ERR_SYNTAX, 0},
      {__LINE__, "handshake=.5", ERR_SYNTAX, 0},
      {__LINE__, "handshake=5.", ERR_SYNTAX, 0},
      {__LINE__, "handshake=+5", ERR_SYNTAX, 0},
      {__LINE__, "handshake= 5", ERR_SYNTAX, 0},
      {__LINE__, "handshake=nan", ERR_SYNTAX, 0},
      {__LINE__, "handshake=inf", ERR_SYNTAX, 0},
      {__LINE__, "handshake=1e3", ERR_SYNTAX, 0},
      {__LINE__, "handshake=0x10", ERR_SYNTAX, 0},
      {__LINE__, "lunch=3", ERR_SYNTAX, 0},
      {__LINE__, "", ERR_SYNTAX, 0},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct settings s;
    struct buf why = BUF_INIT(1024);
    assert_int_equal(settings_init(&s), 0);
    unsigned long before = s.timeout_ms[TIMEOUT_HANDSHAKE];
    int result = settings_timeout(&s, str_from(table[i].value), &why);
    unsigned long want = result == 0 ? table[i].ms : before;
    if (result != table[i].result || s.timeout_ms[TIMEOUT_HANDSHAKE] != want || (result < 0) != (why.n > 0))
      fail_msg("line %d: %s gave %d, %lu", table[i].line, table[i].value, result, s.timeout_ms[TIMEOUT_HANDSHAKE]);
    buf_free(&why);
    settings_free(&s);
  }
}

static void every_deadline_can_be_moved_and_none_removed_B1(void **state)
{
  (void)state;
  static const struct {
    enum timeout timeout;
    const char *name;
  } table[] = {{TIMEOUT_HANDSHAKE, "handshake"},
               {TIMEOUT_REQUEST, "request"},
               {TIMEOUT_HANDLE, "handle"},
               {TIMEOUT_WRITE, "write"},
               {TIMEOUT_DRAIN, "drain"}};
  assert_int_equal(sizeof table / sizeof *table, TIMEOUTS);
  struct settings s;
  struct buf value = BUF_INIT(64), why = BUF_INIT(1024);
  assert_int_equal(settings_init(&s), 0);
  for (size_t i = 0; i < TIMEOUTS; i++) {
    buf_clear(&value);
    buf_printf(&value, "%s=%zu.5", table[i].name, i + 1);
    assert_int_equal(settings_timeout(&s, buf_str(&value), &why), 0);
    buf_clear(&value);
    buf_printf(&value, "%s=0", table[i].name);
    assert_int_equal(settings_timeout(&s, buf_str(&value), &why), ERR_SYNTAX);
  }
  for (size_t i = 0; i < TIMEOUTS; i++)
    assert_int_equal(s.timeout_ms[table[i].timeout], (i + 1) * 1000 + 500);
  buf_free(&value);
  buf_free(&why);
  settings_free(&s);
}

static void the_defaults_of_all_deadlines_B1(void **state)
{
  (void)state;
  struct settings s;
  assert_int_equal(settings_init(&s), 0);
  assert_int_equal(s.timeout_ms[TIMEOUT_HANDSHAKE], 10000);
  assert_int_equal(s.timeout_ms[TIMEOUT_REQUEST], 10000);
  assert_int_equal(s.timeout_ms[TIMEOUT_HANDLE], 60000);
  assert_int_equal(s.timeout_ms[TIMEOUT_WRITE], 30000);
  assert_int_equal(s.timeout_ms[TIMEOUT_DRAIN], 1000);
  assert_int_equal(s.cache_mib, 32);
  settings_free(&s);
}

static void languages_G20(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *value;
    bool good;
  } table[] = {
      {__LINE__, "en", true},      {__LINE__, "pt-BR", true}, {__LINE__, "en,fr", true},  {__LINE__, "", false},
      {__LINE__, "en,,fr", false}, {__LINE__, "en\"", false}, {__LINE__, "en; x", false}, {__LINE__, "-en", false},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct settings s;
    struct buf why = BUF_INIT(1024);
    assert_int_equal(settings_init(&s), 0);
    if ((settings_lang(&s.sites[0], str_from(table[i].value), &why) == 0) != table[i].good)
      fail_msg("line %d: %s", table[i].line, table[i].value);
    buf_free(&why);
    settings_free(&s);
  }
}

static void ports(void **state)
{
  (void)state;
  unsigned port = 7;
  struct buf why = BUF_INIT(1024);
  assert_int_equal(settings_port(&port, STR("443"), &why), 0);
  assert_int_equal(port, 443);
  assert_int_equal(settings_port(&port, STR("0"), &why), ERR_SYNTAX);
  assert_int_equal(settings_port(&port, STR("65536"), &why), ERR_SYNTAX);
  assert_int_equal(settings_port(&port, STR("x"), &why), ERR_SYNTAX);
  assert_int_equal(port, 443);
  buf_free(&why);
}

static void add_site(struct settings *s, const char *name, const char *gopher)
{
  struct buf why = BUF_INIT(1024);
  assert_int_equal(settings_add_site(s, str_from(name), &why), 0);
  if (gopher)
    assert_int_equal(listen_one(&s->sites[s->n_sites - 1].gopher, gopher, &why), 0);
  buf_free(&why);
}

static void what_stays_while_it_runs(void **state)
{
  (void)state;
  struct settings used, s;
  struct buf names = BUF_INIT(1024), why = BUF_INIT(1024);
  assert_int_equal(settings_init(&used), 0);
  assert_int_equal(settings_init(&s), 0);
  add_site(&used, "a.example", "127.0.0.1:1");
  add_site(&used, "b.example", "127.0.0.1:2");
  add_site(&used, "c.example", "127.0.0.1:3");
  add_site(&s, "c.example", "127.0.0.1:3");
  add_site(&s, "a.example", "127.0.0.1:4");
  add_site(&s, "d.example", NULL);
  assert_int_equal(settings_keep(&s, &used, &names), 0);
  assert_true(str_eq(buf_str(&names), STR("gopher of a.example, gopher of b.example")));
  assert_int_equal(s.sites[1].gopher.at[0].port, 3);
  assert_int_equal(s.sites[2].gopher.at[0].port, 1);
  assert_int_equal(s.sites[3].gopher.n, 0);
  buf_clear(&names);
  assert_int_equal(listen_one(&used.gemini, "1965", &why), 0);
  assert_int_equal(listen_one(&s.gopher, "off", &why), 0);
  s.workers = 9;
  assert_int_equal(settings_string(&s.user, STR("somebody")), 0);
  settings_drop_site(&used, 2); /* b.example */
  assert_int_equal(settings_keep(&s, &used, &names), 0);
  assert_true(str_eq(buf_str(&names), STR("gemini, gopher, workers, user")));
  assert_true(s.gemini.n == 2 && !s.gopher.off && s.workers == 0 && !s.user);
  buf_clear(&names);
  assert_int_equal(settings_keep(&s, &used, &names), 0);
  assert_int_equal(names.n, 0);
  settings_free(&used);
  settings_free(&s);
  buf_free(&names);
  buf_free(&why);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_stays_while_it_runs),
      cmocka_unit_test(every_deadline_can_be_moved_and_none_removed_B1),
      cmocka_unit_test(the_defaults_of_all_deadlines_B1),
      cmocka_unit_test(addresses_B2),
      cmocka_unit_test(values_add_up_and_off_clears_them),
      cmocka_unit_test(names),
      cmocka_unit_test(gophermaps_are_of_two_dialects),
      cmocka_unit_test(limits),
      cmocka_unit_test(timeouts_B1),
      cmocka_unit_test(sizes_of_the_cache),
      cmocka_unit_test(where_requests_are_logged),
      cmocka_unit_test(how_requests_are_logged_B3),
      cmocka_unit_test(languages_G20),
      cmocka_unit_test(ports),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
