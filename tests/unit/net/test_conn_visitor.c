/* What a site is told of who asks: the identity by a certificate, and which requests come from one visitor. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/err.h>

#include "../../support/pool.h"
#include "../../support/tls_visitor.h"
#include "net/conn.h"
#include "net/conn_internal.h"
#include "site/mime.h"

enum { DEADLINE_MS = 5000, TURNS = 5000, A_FEW = 50 };

/* A server whose only site asks for certificates, over TLS on either port. */
static struct {
  uv_loop_t loop;
  struct pool pool;
  struct folder folder;
  struct mime *mime;
  struct site *site;
  struct tls_server *tls;
  struct server server;
  int door;
} rig;

/* What the site was told last. */
static struct {
  unsigned requests;
  bool known;
  struct identity identity;
  uint64_t visitor;
} told;

struct answer *__wrap_site_start(struct site *site, const struct request *request,
                                 void (*done)(void *context, struct response *response), void *context);

struct answer *__wrap_site_start(struct site *site, const struct request *request,
                                 void (*done)(void *context, struct response *response), void *context)
{
  struct response response;
  assert_ptr_equal(site, rig.site);
  told.requests++;
  told.known = request->identity != NULL;
  if (request->identity)
    told.identity = *request->identity;
  told.visitor = request->visitor;
  response_init(&response);
  response_set(&response, STATUS_NOT_FOUND, "nothing here");
  done(context, &response);
  return NULL;
}

static void nothing(struct server *server)
{
  (void)server;
}

static int set_up(void **state)
{
  static const char *const names[] = {"localhost"};
  struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct buf why = BUF_INIT(1024);
  (void)state;
  assert_int_equal(uv_loop_init(&rig.loop), 0);
  pool_init(&rig.pool);
  folder_make(&rig.folder);
  rig.mime = mime_load_from(NULL, NULL);
  const struct site_config config = {.root = rig.folder.path, .names = names, .n_names = 1};
  assert_int_equal(site_open(&config, &rig.pool.env, rig.mime, &rig.site, &why), 0);
  rig_pair(rig.folder.path, "localhost");
  assert_int_equal(tls_server_new(NULL, &rig.tls), 0);
  const struct tls_files files = {.dir = rig.folder.path, .file = "localhost"};
  assert_int_equal(tls_server_add(rig.tls, names, 1, &files, 0, &why), 0);
  assert_int_equal(tls_server_ask(rig.tls, 0), 0);
  rig.server = (struct server){
      .loop = &rig.loop,
      .sites = &rig.site,
      .n_sites = 1,
      .tls = rig.tls,
      .deadlines = {DEADLINE_MS, DEADLINE_MS, DEADLINE_MS, DEADLINE_MS, DEADLINE_MS},
      .most_conns = 10,
      .gophers = true,
      .on_gone = nothing,
      .visitor_key = "a secret of ours",
  };
  assert_int_equal(poller_open(&rig.server.poller, &rig.loop), 0);
  rig.door = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(bind(rig.door, (const struct sockaddr *)&loopback, sizeof loopback), 0);
  assert_int_equal(listen(rig.door, 16), 0);
  told.requests = 0;
  return 0;
}

static int tear_down(void **state)
{
  (void)state;
  conn_close_all(&rig.server);
  poller_close(&rig.server.poller);
  (void)uv_run(&rig.loop, UV_RUN_DEFAULT);
  site_close(rig.site);
  tls_server_free(rig.tls);
  mime_free(rig.mime);
  folder_remove(&rig.folder);
  assert_int_equal(uv_loop_close(&rig.loop), 0);
  close(rig.door);
  return 0;
}

/* A connection that the server believes to come from `from`. */
static int enter(const struct proto *proto, const struct sockaddr *from)
{
  struct sockaddr_in address;
  socklen_t length = sizeof address;
  assert_int_equal(getsockname(rig.door, (struct sockaddr *)&address, &length), 0);
  int client = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(connect(client, (const struct sockaddr *)&address, length), 0);
  int fd = accept4(rig.door, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  assert_true(fd >= 0);
  const struct entrance entrance = {.proto = proto, .port = 70, .gopher_port = 70, .gemini_port = 1965};
  conn_open(&rig.server, &entrance, fd, from);
  return client;
}

static void send_out(int fd, struct rig_client *tls)
{
  struct buf wire = BUF_INIT(1 << 16);
  rig_client_output(tls, &wire);
  if (wire.n)
    assert_int_equal(send(fd, wire.p, wire.n, MSG_NOSIGNAL), wire.n);
  buf_free(&wire);
}

/* Asks and stays until the site was told; then leaves. */
static void ask(const struct proto *proto, const struct sockaddr *from, struct rig_client *tls, const char *request)
{
  static char piece[1 << 14];
  unsigned before = told.requests;
  bool asked = false;
  int fd = enter(proto, from);
  if (tls)
    send_out(fd, tls);
  else
    assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
  for (int i = 0; i < TURNS && told.requests == before; i++) {
    (void)uv_run(&rig.loop, UV_RUN_NOWAIT);
    ssize_t n = tls ? recv(fd, piece, sizeof piece, MSG_DONTWAIT) : -1;
    if (n > 0) {
      rig_client_input(tls, str_make(piece, (size_t)n));
      (void)SSL_do_handshake(tls->ssl);
      (void)SSL_peek(tls->ssl, &(char){0}, 1); /* tickets */
      ERR_clear_error();
    }
    if (tls && SSL_is_init_finished(tls->ssl) && !asked) {
      assert_int_equal(SSL_write(tls->ssl, request, (int)strlen(request)), (int)strlen(request));
      asked = true;
    }
    if (tls)
      send_out(fd, tls);
    (void)poll(NULL, 0, 1);
  }
  for (int i = 0; tls && !tls->ticket && i < A_FEW; i++) { /* one may be on its way */
    ssize_t n = recv(fd, piece, sizeof piece, MSG_DONTWAIT);
    if (n > 0) {
      rig_client_input(tls, str_make(piece, (size_t)n));
      (void)SSL_peek(tls->ssl, &(char){0}, 1);
      ERR_clear_error();
    }
    (void)uv_run(&rig.loop, UV_RUN_NOWAIT);
  }
  close(fd);
  assert_int_equal(told.requests, before + 1);
}

static const struct sockaddr *home(void)
{
  static struct sockaddr_in here = {.sin_family = AF_INET};
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return (const struct sockaddr *)&here;
}

static void a_certificate_is_told_to_the_site(void **state)
{
  (void)state;
  static const struct {
    int line;
    const struct proto *proto;
    int version;
    const char *request;
  } rows[] = {
      {__LINE__, &proto_gemini, TLS1_3_VERSION, "gemini://localhost/\r\n"},
      {__LINE__, &proto_gemini, TLS1_2_VERSION, "gemini://localhost/\r\n"},
      {__LINE__, &proto_gopher, TLS1_3_VERSION, "/\r\n"}, /* gophers:// */
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    EVP_PKEY *key = rig_key("P-256");
    X509 *me = rig_certificate(&(struct rig_wish){.name = "me", .key = key});
    struct rig_client client;
    rig_client_init(&client, "localhost", rows[i].version);
    ask(rows[i].proto, home(), &client, rows[i].request);
    assert_false(told.known);
    rig_client_again(&client, "localhost");
    rig_client_shows(&client, me, key, NULL);
    ask(rows[i].proto, home(), &client, rows[i].request);
    if (!told.known || !told.identity.presented || strlen(told.identity.certificate) != 64)
      fail_msg("row at line %d", rows[i].line);
    struct identity first = told.identity;
    rig_client_again(&client, "localhost");
    ask(rows[i].proto, home(), &client, rows[i].request);
    if (!told.known || strcmp(told.identity.key, first.key) != 0)
      fail_msg("row at line %d: the second time", rows[i].line);
    assert_int_equal(SSL_session_reused(client.ssl), rows[i].version == TLS1_3_VERSION);
    SSL_set_shutdown(client.ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    rig_client_free(&client);
    X509_free(me);
    EVP_PKEY_free(key);
  }
  ask(&proto_gopher, home(), NULL, "/\r\n");
  assert_false(told.known);
}

static void fill(struct sockaddr_in6 *out, const char *text)
{
  memset(out, 0, sizeof *out);
  struct sockaddr_in four = {.sin_family = AF_INET};
  if (inet_pton(AF_INET, text, &four.sin_addr) == 1) {
    memcpy(out, &four, sizeof four);
    return;
  }
  out->sin6_family = AF_INET6;
  assert_int_equal(inet_pton(AF_INET6, text, &out->sin6_addr), 1);
}

static uint64_t visitor_from(const char *address)
{
  struct sockaddr_in6 from;
  fill(&from, address);
  ask(&proto_gopher, (const struct sockaddr *)&from, NULL, "/\r\n");
  return told.visitor;
}

static void a_visitor_is_the_same_by_every_address_of_its_network(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *one, *other;
    bool same;
  } rows[] = {
      {__LINE__, "192.0.2.1", "192.0.2.1", true},
      {__LINE__, "192.0.2.1", "192.0.2.2", false},
      {__LINE__, "192.0.2.1", "::ffff:192.0.2.1", true},
      {__LINE__, "2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", true},
      {__LINE__, "2001:db8::1", "2001:db8:0:1::1", false},
      {__LINE__, "127.0.0.1", "::1", false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    uint64_t one = visitor_from(rows[i].one), other = visitor_from(rows[i].other);
    if (one == 0 || other == 0 || (one == other) != rows[i].same)
      fail_msg("row at line %d", rows[i].line);
  }
  /* Another key: another process. */
  uint64_t before = visitor_from("192.0.2.1");
  rig.server.visitor_key[3] ^= 1;
  assert_true(visitor_from("192.0.2.1") != before);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_certificate_is_told_to_the_site, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_visitor_is_the_same_by_every_address_of_its_network, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
