/* Memory that runs out: for every kind of request every single allocation is made to fail, one after the other, and all
 * from there on. The connection dies, the server lives, nothing leaks, nothing is corrupted (issue 4, fault tests). */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "../../support/fill.h"
#include "../../support/pool.h"
#include "../../support/short_memory.h"
#include "../../support/tls_rig.h"
#include "../../support/tls_visitor.h"
#include "net/conn.h"
#include "site/mime.h"

/* Whoever waits for what will never come waits for a deadline. LATE_MS, of processor time since other processes may be
 * busy too, is by far too late for everybody else. */
enum { DEADLINE_MS = 60 * 1000, LATE_MS = 1000, HANDSHAKE_STEP = 7, BIG = 200 * 1000 };

/* A server over one capsule, without listeners: the test hands it one end of a TCP connection. */
static struct rig {
  uv_loop_t loop;
  struct pool pool;
  struct folder folder;
  struct mime *mime;
  struct site *site;
  struct tls_server *tls;
  struct server server;
  int door; /* a listening socket of the test's own */
  EVP_PKEY *key;
  X509 *visitor, *authority; /* on the same key */
} rig;

/* What one visitor got. */
struct errand {
  struct buf bytes;
  bool whole; /* ended as an answer that is whole does: by FIN, over TLS by close_notify */
};

struct kind {
  const char *request;
  int version; /* of TLS; 0: none */
  bool shows;  /* the client has a certificate */
};

/* Gemini without its TLS, which is a test of its own: a handshake has a thousand allocations. */
static struct proto plain_gemini;

/* Everything that goes wrong is told, not the first thing only. */
static unsigned wrong;

__attribute__((format(printf, 2, 3))) static void complain(const struct kind *kind, const char *format, ...)
{
  char what[4096];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(what, sizeof what, format, args);
  va_end(args);
  wrong++;
  print_error("%.*s, allocation %lu%s: %s\n", (int)strcspn(kind->request, "\r"), kind->request, memory.fail_at,
              memory.onwards ? " and on" : "", what);
}

/* ---------------------------------------------------------------- the server */

static void nothing(struct server *server)
{
  (void)server;
}

static void site_make(void)
{
  static const char *const names[] = {"localhost"};
  const struct site_config config = {
      .root = rig.folder.path, .names = names, .n_names = 1, .lang = "en", .cache = (size_t)1 << 20};
  struct buf why = BUF_INIT(1024);
  assert_int_equal(site_open(&config, &rig.pool.env, rig.mime, &rig.site, &why), 0);
  buf_free(&why);
}

static void fill_capsule(void)
{
  static const struct fill items[] = {
      {"index.gmi", "# Home\n\nWords.\n=> list/ A list\n=> a.txt Text\n=> nothing No type\n", NULL},
      {"a.txt", "text\n", NULL},
      {"nothing", "no suffix\n", NULL},
      {"list/a.gmi", "# A title\n", NULL},
      {"list/2012-09-26-b.gmi", "# B title\n", NULL},
      {"list/c/d.txt", "d\n", NULL},
      {"map/gophermap", "A map\n0Text\ta.txt\n", NULL},
      {"doc.overview.txt", "Document\n\nSeptember 26, 2012\n\nLead.\n\n1. One.\n\n2. Two.\n", NULL},
      {"link", NULL, "a.txt"},
      {NULL, NULL, NULL},
  };
  char *big = malloc(BIG);
  assert_non_null(big);
  for (int i = 0; i < BIG; i++)
    big[i] = (char)("abcdefghijklmnopqrstuvwxyz\n"[i % 27]);
  folder_bytes(&rig.folder, "big.bin", big, BIG);
  folder_bytes(&rig.folder, "big.gmi", big, BIG / 4);
  free(big);
  folder_fill(&rig.folder, items);
}

/* Somebody whom an authority has signed. */
static void make_visitor(void)
{
  struct buf pem = BUF_INIT(1 << 16), why = BUF_INIT(1024);
  rig.key = rig_key("P-256");
  rig.authority = rig_certificate(&(struct rig_wish){.name = "authority", .key = rig.key, .authority = true});
  rig.visitor = rig_certificate(&(struct rig_wish){.name = "me", .key = rig.key, .issuer = rig.authority});
  rig_put_pem(rig.authority, &pem);
  assert_int_equal(tls_server_ask(rig.tls, 0), 0);
  assert_int_equal(tls_server_authority(rig.tls, buf_str(&pem), "authority", 3, &why), 0);
  buf_free(&pem);
}

static int set_up(void **state)
{
  static const char *const names[] = {"localhost"};
  struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct buf why = BUF_INIT(1024);
  (void)state;
  plain_gemini = proto_gemini;
  plain_gemini.tls_required = false;
  assert_int_equal(uv_loop_init(&rig.loop), 0);
  pool_init(&rig.pool);
  folder_make(&rig.folder);
  fill_capsule();
  rig.mime = mime_load_from(NULL, NULL);
  site_make();
  rig_pair(rig.folder.path, "localhost");
  assert_int_equal(tls_server_new(NULL, &rig.tls), 0);
  assert_int_equal(
      tls_server_add(rig.tls, names, 1, &(struct tls_files){.dir = rig.folder.path, .file = "localhost"}, 0, &why), 0);
  make_visitor();
  rig.server = (struct server){
      .loop = &rig.loop,
      .sites = &rig.site,
      .n_sites = 1,
      .tls = rig.tls,
      .deadlines = {DEADLINE_MS, DEADLINE_MS, DEADLINE_MS, DEADLINE_MS, DEADLINE_MS},
      .most_conns = 10,
      .gophers = true,
      .courtesies = true,
      .on_gone = nothing,
  };
  assert_int_equal(poller_open(&rig.server.poller, &rig.loop), 0);
  rig.door = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(bind(rig.door, (const struct sockaddr *)&loopback, sizeof loopback), 0);
  assert_int_equal(listen(rig.door, 16), 0);
  return 0;
}

static int tear_down(void **state)
{
  (void)state;
  poller_close(&rig.server.poller);
  (void)uv_run(&rig.loop, UV_RUN_DEFAULT);
  site_close(rig.site);
  tls_server_free(rig.tls);
  X509_free(rig.visitor);
  X509_free(rig.authority);
  EVP_PKEY_free(rig.key);
  mime_free(rig.mime);
  folder_remove(&rig.folder);
  assert_int_equal(uv_loop_close(&rig.loop), 0);
  close(rig.door);
  return 0;
}

/* ---------------------------------------------------------------- a visitor */

/* The server's turn: only what it asks for may fail. */
static void turn(void)
{
  memory.armed = true;
  (void)uv_run(&rig.loop, UV_RUN_NOWAIT);
  (void)pool_run_all(&rig.pool);
  memory.armed = false;
}

static int enter(const struct proto *proto, const char *first, size_t n)
{
  struct sockaddr_in6 peer;
  struct sockaddr_in address;
  socklen_t length = sizeof address;
  assert_int_equal(getsockname(rig.door, (struct sockaddr *)&address, &length), 0);
  int client = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(connect(client, (const struct sockaddr *)&address, length), 0);
  assert_int_equal(send(client, first, n, 0), n);
  length = sizeof peer;
  int fd = accept4(rig.door, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  assert_true(fd >= 0);
  const struct entrance entrance = {.proto = proto, .port = 70, .gopher_port = 70, .gemini_port = 1965};
  memory.armed = true;
  conn_open(&rig.server, &entrance, fd, (const struct sockaddr *)&peer);
  memory.armed = false;
  return client;
}

/* What the TLS client makes of what came: plain bytes, and whether close_notify was among them. */
static void decrypt(struct rig_client *tls, struct errand *visit, bool *asked, const char *request)
{
  char piece[16384];
  int n;
  if (!SSL_is_init_finished(tls->ssl))
    (void)SSL_do_handshake(tls->ssl);
  if (SSL_is_init_finished(tls->ssl) && !*asked) {
    assert_int_equal(SSL_write(tls->ssl, request, (int)strlen(request)), (int)strlen(request));
    *asked = true;
  }
  while (*asked && (n = SSL_read(tls->ssl, piece, sizeof piece)) > 0)
    buf_put(&visit->bytes, piece, (size_t)n);
  if (SSL_get_shutdown(tls->ssl) & SSL_RECEIVED_SHUTDOWN)
    visit->whole = true;
  ERR_clear_error();
}

static void send_all(int fd, struct buf *wire)
{
  if (wire->n) /* whoever has left does not take it */
    (void)send(fd, wire->p, wire->n, MSG_NOSIGNAL);
  buf_clear(wire);
}

static uint64_t busy_ms(void)
{
  struct timespec used;
  (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return (uint64_t)used.tv_sec * 1000 + (uint64_t)used.tv_nsec / 1000000;
}

/* A whole visit, until the server has forgotten it. */
static void call(const struct proto *proto, const struct kind *kind, struct rig_client *tls, struct errand *visit)
{
  static char piece[1 << 16];
  struct buf wire = BUF_INIT(1 << 20);
  bool asked = false, ended = false;
  uint64_t late = busy_ms() + LATE_MS;
  buf_clear(&visit->bytes);
  visit->whole = false;
  if (tls)
    rig_client_output(tls, &wire);
  else
    buf_put(&wire, kind->request, strlen(kind->request));
  int fd = enter(proto, wire.p, wire.n);
  buf_clear(&wire);
  while (!ended) {
    ssize_t n = recv(fd, piece, sizeof piece, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) {
      turn();
      if (busy_ms() < late)
        continue;
      complain(kind, "it waits for a deadline");
      conn_close_all(&rig.server);
      break;
    }
    ended = n <= 0;
    if (n > 0 && tls) {
      rig_client_input(tls, str_make(piece, (size_t)n));
      decrypt(tls, visit, &asked, kind->request);
      rig_client_output(tls, &wire);
      send_all(fd, &wire);
    } else if (n > 0) {
      buf_put(&visit->bytes, piece, (size_t)n);
    } else if (!tls) {
      visit->whole = n == 0;
    }
  }
  close(fd);
  while (rig.server.first) {
    turn();
    if (busy_ms() > late) {
      complain(kind, "it is kept after the visitor has left");
      conn_close_all(&rig.server);
      late = UINT64_MAX;
    }
  }
  turn();
  assert_int_equal(buf_error(&visit->bytes), 0);
  buf_free(&wire);
}

static void visit_once(const struct proto *proto, const struct kind *kind, struct errand *visit)
{
  struct rig_client tls;
  if (kind->version)
    rig_client_init(&tls, "localhost", kind->version);
  if (kind->shows)
    rig_client_shows(&tls, rig.visitor, rig.key, rig.authority);
  call(proto, kind, kind->version ? &tls : NULL, visit);
  if (kind->version) {
    SSL_set_shutdown(tls.ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    rig_client_free(&tls);
  }
}

/* ---------------------------------------------------------------- what must hold */

/* An answer that says so: 40 over Gemini, a menu of one error over Gopher (P13). */
static bool is_refusal(const struct proto *proto, struct str s)
{
  if (proto->parse == proto_gemini.parse)
    return str_starts(s, STR("40 ")) && str_ends(s, STR("\r\n"));
  struct str rest = str_starts(s, STR("+-1\r\n+INFO: ")) ? str_skip(s, 12) : s; /* of Gopher+ attributes */
  return str_starts(rest, STR("3")) && str_ends(s, STR("\t\terror.host\t1\r\n.\r\n"));
}

/* A Gemini header of 5x. */
static bool says_no(const struct proto *proto, struct str s)
{
  return proto->parse == proto_gemini.parse && str_starts(s, STR("5")) && str_find(s, '\n') + 1 == s.n;
}

static bool is_start(struct str part, struct str whole)
{
  return part.n <= whole.n && memcmp(part.p, whole.p, part.n) == 0;
}

static void judge(const struct proto *proto, const struct kind *kind, const struct errand *visit, struct str wanted)
{
  struct str got = buf_str(&visit->bytes);
  if (says_no(proto, wanted) && says_no(proto, got) && str_eq(str_head(got, 3), str_head(wanted, 3)))
    return; /* a refusal's words are for people */
  if (got.n == 0 || str_eq(got, wanted) || is_refusal(proto, got) || (!visit->whole && is_start(got, wanted)))
    return;
  complain(kind, "%s answer '%.*s'", visit->whole ? "a whole" : "a cut", STR_ARG(str_head(got, 1000)));
}

static void must_be_right(const struct proto *proto, const struct kind *kind, struct errand *visit, struct str wanted)
{
  struct short_memory before = memory;
  short_memory_set(0, false);
  visit_once(proto, kind, visit);
  memory.fail_at = before.fail_at;
  memory.onwards = before.onwards;
  if (!visit->whole || !str_eq(buf_str(&visit->bytes), wanted))
    complain(kind, "the next visitor got '%.*s'", STR_ARG(str_head(buf_str(&visit->bytes), 1000)));
}

/* Every allocation in turn, until there is none left to fail. How many there were. `fresh`: with nothing ready.
 * Handshakes are many allocations and much work: where all from one on fail, not every one is tried as the first. */
static unsigned long exhaust(const struct proto *proto, const struct kind *kind, bool onwards, bool fresh,
                             struct errand *visit, struct str wanted)
{
  unsigned long step = kind->version && onwards ? HANDSHAKE_STEP : 1;
  for (unsigned long k = 1;; k += step) {
    long held = 0;
    if (fresh) {
      site_close(rig.site);
      held = memory.held;
      site_make();
    }
    short_memory_set(k, onwards);
    visit_once(proto, kind, visit);
    unsigned long failed = memory.failed;
    judge(proto, kind, visit, wanted);
    must_be_right(proto, kind, visit, wanted);
    if (fresh) {
      site_close(rig.site);
      if (memory.held != held)
        complain(kind, "%ld pieces of memory leaked", memory.held - held);
      site_make();
    }
    if (failed == 0)
      return k - 1;
  }
}

static void exhaust_all(const struct proto *proto, const struct kind *kinds, size_t n)
{
  struct errand visit = {.bytes = BUF_INIT((size_t)4 * BIG)};
  struct buf wanted = BUF_INIT((size_t)4 * BIG);
  wrong = 0;
  (void)buf_room(&visit.bytes, (size_t)2 * BIG); /* once: so that it is no part of what is counted */
  for (size_t i = 0; i < n; i++) {
    buf_clear(&wanted);
    short_memory_set(0, false);
    visit_once(proto, &kinds[i], &visit);
    assert_true(visit.whole && visit.bytes.n > 0);
    buf_put_str(&wanted, buf_str(&visit.bytes));
    unsigned long tried[4] = {0};
    /* A handshake is long, and takes the same memory whether its page is ready or not: two of the four are enough. */
    for (int mode = 0; mode < 4; mode += kinds[i].version ? 3 : 1)
      tried[mode] = exhaust(proto, &kinds[i], mode & 1, !(mode & 2), &visit, buf_str(&wanted));
    assert_true(tried[0] > 0);
    print_message("%.*s%s: %lu allocations\n", (int)strcspn(kinds[i].request, "\r"), kinds[i].request,
                  kinds[i].version ? " over TLS" : "", tried[0]);
  }
  buf_free(&visit.bytes);
  buf_free(&wanted);
  assert_int_equal(wrong, 0);
}

/* ---------------------------------------------------------------- the tests */

static void any_allocation_may_fail_for_gopher(void **state)
{
  (void)state;
  static const struct kind kinds[] = {
      {"/a.txt\r\n", 0, false},
      {"\r\n", 0, false},
      {"/index.gmi\r\n", 0, false},
      {"/list/\r\n", 0, false},
      {"/list\r\n", 0, false},
      {"/map/\r\n", 0, false},
      {"/doc/\r\n", 0, false},
      {"/doc/1.gmi\r\n", 0, false},
      {"/doc/\t+\r\n", 0, false},
      {"/list/\t$\r\n", 0, false},
      {"/list/\t!\r\n", 0, false},
      {"/a.txt\t!\r\n", 0, false},
      {"/a.txt\t+\r\n", 0, false},
      {"/link\r\n", 0, false},
      {"/big.bin\r\n", 0, false},
      {"/big.gmi\r\n", 0, false},
      {"/100%25\r\n", 0, false},
      {"/caps.txt\r\n", 0, false},
      {"URL:gemini://x/\r\n", 0, false},
      {"/doc.overview.txt\r\n", 0, false},
      {"GET / HTTP/1.0\r\n\r\n", 0, false},
  };
  exhaust_all(&proto_gopher, kinds, sizeof kinds / sizeof *kinds);
}

static void any_allocation_may_fail_for_gemini(void **state)
{
  (void)state;
  static const struct kind kinds[] = {
      {"gemini://localhost/a.txt\r\n", 0, false},
      {"gemini://localhost/\r\n", 0, false},
      {"gemini://localhost/index.gmi\r\n", 0, false},
      {"gemini://localhost/list/\r\n", 0, false},
      {"gemini://localhost/list\r\n", 0, false},
      {"gemini://localhost/map/\r\n", 0, false},
      {"gemini://localhost/doc/\r\n", 0, false},
      {"gemini://localhost/doc/1.gmi\r\n", 0, false},
      {"gemini://localhost/big.bin\r\n", 0, false},
      {"gemini://localhost/l%69nk\r\n", 0, false},
      {"gemini://localhost/no/where?a%20b\r\n", 0, false},
      {"gemini://elsewhere.example/\r\n", 0, false},
      {"https://localhost/\r\n", 0, false},
      {"nonsense\r\n", 0, false},
      {"gemini://localhost/x/../a.txt\r\n", 0, false},
  };
  exhaust_all(&plain_gemini, kinds, sizeof kinds / sizeof *kinds);
}

static void any_allocation_may_fail_over_tls(void **state)
{
  (void)state;
  static const struct kind gemini[] = {
      {"gemini://localhost/a.txt\r\n", TLS1_3_VERSION, false},
      {"gemini://localhost/big.gmi\r\n", TLS1_2_VERSION, false},
      {"gemini://localhost/a.txt\r\n", TLS1_3_VERSION, true},
  };
  static const struct kind gophers[] = {{"/list/\r\n", TLS1_3_VERSION, false}};
  exhaust_all(&proto_gemini, gemini, sizeof gemini / sizeof *gemini);
  exhaust_all(&proto_gopher, gophers, sizeof gophers / sizeof *gophers);
}

/* At the start: it does not start, says so, and leaves nothing. */
static void any_allocation_may_fail_at_the_start(void **state)
{
  (void)state;
  static const char *const names[] = {"localhost", "other.example"};
  const struct site_config config = {
      .root = rig.folder.path, .names = names, .n_names = 2, .lang = "en", .cache = (size_t)1 << 20};
  unsigned long failed = 1;
  for (unsigned long k = 1; failed; k++) {
    struct buf why = BUF_INIT(1024);
    struct site *site = NULL;
    struct tls_server *tls = NULL;
    long held = memory.held;
    short_memory_set(k, k % 2);
    memory.armed = true;
    int err = site_open(&config, &rig.pool.env, rig.mime, &site, &why);
    if (err == 0)
      err = tls_server_new(NULL, &tls);
    if (err == 0)
      err = tls_server_add(tls, names, 2, &(struct tls_files){.dir = rig.folder.path, .file = "localhost"}, 0, &why);
    memory.armed = false;
    failed = memory.failed;
    /* OpenSSL can do without some of what it asks for. */
    if (failed == 0)
      assert_int_equal(err, 0);
    if (site)
      site_close(site);
    tls_server_free(tls);
    ERR_clear_error();
    buf_free(&why);
    if (memory.held != held)
      fail_msg("allocation %lu: %ld pieces of memory leaked", k, memory.held - held);
  }
}

/* ---------------------------------------------------------------- OpenSSL's memory */

static void *openssl_malloc(size_t n, const char *file, int line)
{
  (void)file;
  (void)line;
  return short_memory_fails() ? NULL : __real_malloc(n);
}

static void *openssl_realloc(void *p, size_t n, const char *file, int line)
{
  (void)file;
  (void)line;
  return short_memory_fails() ? NULL : __real_realloc(p, n);
}

static void openssl_free(void *p, const char *file, int line)
{
  (void)file;
  (void)line;
  __real_free(p);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(any_allocation_may_fail_for_gopher),
      cmocka_unit_test(any_allocation_may_fail_for_gemini),
      cmocka_unit_test(any_allocation_may_fail_over_tls),
      cmocka_unit_test(any_allocation_may_fail_at_the_start),
  };
  log_open(LOG_ERROR);
  /* Before OpenSSL has taken any memory. */
  if (CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) != 1)
    return 1;
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
