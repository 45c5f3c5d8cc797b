/* The connection's states that no client brings about from outside: a full house, a site that is late. */
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

#include "../../support/fill.h"
#include "../../support/pool.h"
#include "net/conn.h"
#include "site/mime.h"

/* A server over one capsule, without listeners: the test hands it one end of a TCP connection. */
struct rig {
  uv_loop_t loop;
  struct pool pool; /* the site's work waits until the test says so */
  struct folder folder;
  struct mime *mime;
  struct site *site;
  struct server server;
  int door; /* a listening socket of the test's own */
};

static void nothing(struct server *server)
{
  (void)server;
}

static int set_up(void **state)
{
  static const struct fill items[] = {{"a.txt", "text\n", NULL}, {"list/b.txt", "text\n", NULL}, {0}};
  static const char *const names[] = {"localhost"};
  struct rig *rig = calloc(1, sizeof *rig);
  assert_non_null(rig);
  *state = rig;
  assert_int_equal(uv_loop_init(&rig->loop), 0);
  pool_init(&rig->pool);
  folder_make(&rig->folder);
  folder_fill(&rig->folder, items);
  rig->mime = mime_load_from(NULL, NULL);
  const struct site_config config = {.root = rig->folder.path, .names = names, .n_names = 1};
  struct buf why = BUF_INIT(1024);
  assert_int_equal(site_open(&config, &rig->pool.env, rig->mime, &rig->site, &why), 0);
  rig->server = (struct server){
      .loop = &rig->loop,
      .sites = &rig->site,
      .n_sites = 1,
      .deadlines = {.handshake = 5000, .request = 5000, .handle = 5000, .write = 5000, .drain = 200},
      .most_conns = 10,
      .on_gone = nothing,
  };
  assert_int_equal(poller_open(&rig->server.poller, &rig->loop), 0);
  struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  rig->door = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(bind(rig->door, (const struct sockaddr *)&loopback, sizeof loopback), 0);
  assert_int_equal(listen(rig->door, 16), 0);
  return 0;
}

static int tear_down(void **state)
{
  struct rig *rig = *state;
  conn_close_all(&rig->server);
  poller_close(&rig->server.poller);
  (void)uv_run(&rig->loop, UV_RUN_DEFAULT);
  assert_null(rig->server.first);
  (void)pool_run_all(&rig->pool);
  site_close(rig->site);
  mime_free(rig->mime);
  folder_remove(&rig->folder);
  assert_int_equal(uv_loop_close(&rig->loop), 0);
  close(rig->door);
  free(rig);
  return 0;
}

/* A client whose other end the server has; it has sent `request` already. */
static int enter(struct rig *rig, const char *request)
{
  struct sockaddr_in6 peer;
  struct sockaddr_in address;
  socklen_t length = sizeof address;
  assert_int_equal(getsockname(rig->door, (struct sockaddr *)&address, &length), 0);
  int client = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(connect(client, (const struct sockaddr *)&address, length), 0);
  assert_int_equal(send(client, request, strlen(request), 0), strlen(request));
  length = sizeof peer;
  int fd = accept4(rig->door, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  assert_true(fd >= 0);
  const struct entrance entrance = {.proto = &proto_gopher, .port = 70, .gopher_port = 70};
  conn_open(&rig->server, &entrance, fd, (const struct sockaddr *)&peer);
  return client;
}

static void turn(struct rig *rig, int ms)
{
  uint64_t end = uv_hrtime() + (uint64_t)ms * 1000000;
  do {
    (void)uv_run(&rig->loop, UV_RUN_NOWAIT);
    (void)poll(NULL, 0, 1);
  } while (uv_hrtime() < end);
}

/* All that the client gets until the server's FIN (true) or an RST (false); five seconds at the most. */
static bool read_all(struct rig *rig, int client, char text[4096])
{
  size_t n = 0;
  ssize_t got = -1;
  for (int i = 0; i < 5000 && n + 1 < 4096; i++) {
    (void)uv_run(&rig->loop, UV_RUN_NOWAIT);
    got = recv(client, text + n, 4095 - n, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN))
      break;
    if (got > 0)
      n += (size_t)got;
    else
      (void)poll(NULL, 0, 1);
  }
  text[n] = '\0';
  close(client);
  return got == 0;
}

static void starts_with(const char *text, const char *start)
{
  if (strncmp(text, start, strlen(start)) != 0)
    fail_msg("%s", text);
}

/* A few are told that there is no place, whatever they ask for; the others are closed at once. */
static void a_full_house_tells_some_and_closes_the_rest_G17(void **state)
{
  struct rig *rig = *state;
  char text[4096];
  log_open(LOG_ERROR); /* the warning is not for this test's reader */
  rig->server.most_conns = 1;
  rig->server.most_turned = 1;
  int inside = enter(rig, "");
  int told = enter(rig, "");
  assert_int_equal(rig->server.n_conns, 2);
  assert_int_equal(rig->server.n_turned, 1);
  int refused = enter(rig, "/a.txt\r\n");
  assert_int_equal(rig->server.n_conns, 2);
  (void)read_all(rig, refused, text);
  assert_string_equal(text, "");

  assert_int_equal(send(told, "/a.txt\r\n", 8, 0), 8);
  assert_true(read_all(rig, told, text));
  starts_with(text, "3This server has more visitors");
  turn(rig, 20);
  assert_int_equal(rig->server.n_turned, 0);

  /* The one who is inside has noticed nothing. */
  assert_int_equal(send(inside, "/a.txt\r\n", 8, 0), 8);
  assert_true(read_all(rig, inside, text));
  assert_string_equal(text, "text\n");
}

static void a_site_that_never_answers_is_40_B1(void **state)
{
  struct rig *rig = *state;
  char text[4096];
  rig->server.deadlines.handle = 50;
  int client = enter(rig, "/list/\r\n"); /* a listing: it waits in the pool, which does not run */
  assert_int_equal(rig->pool.n, 1);
  assert_true(read_all(rig, client, text));
  starts_with(text, "3This took too long");
}

/* netcat sends its FIN right after the request. */
static void a_fin_while_the_site_works_is_no_departure_P1(void **state)
{
  struct rig *rig = *state;
  char text[4096];
  int client = enter(rig, "/list/\r\n");
  assert_int_equal(shutdown(client, SHUT_WR), 0);
  turn(rig, 30);
  assert_int_equal(rig->server.n_conns, 1);
  assert_true(pool_run_all(&rig->pool) > 0);
  assert_true(read_all(rig, client, text));
  assert_non_null(strstr(text, "b.txt"));
}

/* An RST does say that the reader has left: nobody waits for the answer any more. */
static void an_rst_while_the_site_works_is_a_departure(void **state)
{
  struct rig *rig = *state;
  const struct linger rst = {.l_onoff = 1, .l_linger = 0};
  int client = enter(rig, "/list/\r\n");
  assert_int_equal(setsockopt(client, SOL_SOCKET, SO_LINGER, &rst, sizeof rst), 0);
  close(client);
  turn(rig, 30);
  assert_int_equal(rig->server.n_conns, 0);
  assert_int_equal(rig->pool.n, 1); /* the work itself cannot be called back */
}

static void a_connection_that_stays_silent_is_closed_B1(void **state)
{
  struct rig *rig = *state;
  char text[4096];
  rig->server.deadlines.request = 50;
  int client = enter(rig, "");
  assert_true(read_all(rig, client, text));
  assert_string_equal(text, "");
}

#define test(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
  const struct CMUnitTest tests[] = {
      test(a_full_house_tells_some_and_closes_the_rest_G17), test(a_site_that_never_answers_is_40_B1),
      test(a_fin_while_the_site_works_is_no_departure_P1),   test(an_rst_while_the_site_works_is_a_departure),
      test(a_connection_that_stays_silent_is_closed_B1),
  };
  log_open(LOG_ERROR);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
