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
#include "net/conn_internal.h"
#include "site/mime.h"

/* A server over one capsule, without listeners: the test hands it one end of a TCP connection. */
struct rig {
  uv_loop_t loop;
  struct pool pool; /* the site's work waits until the test says so */
  struct folder folder;
  struct mime *mime;
  struct site *site;
  struct server server;
  int table; /* the table of visitors, for those tests that want one */
  int door;  /* a listening socket of the test's own */
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

/* The same with limits, which hold for loopback too. */
static int set_up_limits(void **state)
{
  (void)set_up(state);
  struct rig *rig = *state;
  struct buf why = BUF_INIT(1024);
  assert_int_equal(visitors_create(&rig->table, &why), 0);
  assert_int_equal(visitors_map(rig->table, 3, &rig->server.visitors, &why), 0);
  rig->server.limits = (struct limits){.visitor = {.open = 2, .requests = 1000}, .loopback = true};
  rig->server.most_conns = 100;
  rig->server.most_turned = TURNED_MOST;
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
  if (rig->server.visitors) {
    /* Whatever the test did, nobody is counted any more. */
    for (unsigned i = 0; i < VISITORS_PLACES; i++)
      assert_int_equal(visitors_open(rig->server.visitors, i), 0);
    assert_int_equal(visitors_total(rig->server.visitors, TALLY_SERVED), 0);
    assert_int_equal(visitors_total(rig->server.visitors, TALLY_TURNED), 0);
    close(rig->table);
  }
  visitors_unmap(rig->server.visitors);
  assert_int_equal(rig->server.n_served, 0);
  assert_int_equal(rig->server.n_turned, 0);
  reserve_end(&rig->server.reserve);
  free(rig);
  return 0;
}

/* A client whose other end the server has, by the loopback address with this last byte; it has sent `request` already.
 */
static int enter_from(struct rig *rig, unsigned char last, const char *request, bool spare)
{
  struct sockaddr_in6 peer;
  struct sockaddr_in address;
  socklen_t length = sizeof address;
  assert_int_equal(getsockname(rig->door, (struct sockaddr *)&address, &length), 0);
  int client = socket(AF_INET, SOCK_STREAM, 0);
  const struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + last)};
  assert_int_equal(bind(client, (const struct sockaddr *)&from, sizeof from), 0);
  assert_int_equal(connect(client, (const struct sockaddr *)&address, length), 0);
  assert_int_equal(send(client, request, strlen(request), 0), strlen(request));
  length = sizeof peer;
  int fd = accept4(rig->door, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  assert_true(fd >= 0);
  const struct entrance entrance = {.proto = &proto_gopher, .port = 70, .gopher_port = 70};
  (spare ? conn_open_spare : conn_open)(&rig->server, &entrance, fd, (const struct sockaddr *)&peer);
  return client;
}

static int enter(struct rig *rig, const char *request)
{
  return enter_from(rig, 1, request, false);
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

static void leave(struct rig *rig, int client)
{
  close(client);
  turn(rig, 20);
}

/* Issue 4: connections per address, a type-3 line on Gopher (G17). */
static void an_address_with_too_much_open_is_told_to_wait(void **state)
{
  struct rig *rig = *state;
  char text[4096];
  int first = enter(rig, ""), second = enter(rig, ""), other = enter_from(rig, 2, "", false);
  assert_true(read_all(rig, enter(rig, "/a.txt\r\n"), text));
  starts_with(text, "3Too many connections from your address");
  assert_non_null(strstr(text, "wait 10 seconds"));
  leave(rig, first);
  assert_true(read_all(rig, enter(rig, "/a.txt\r\n"), text));
  assert_string_equal(text, "text\n");
  close(second);
  leave(rig, other);
}

/* Issue 4: requests per address, 44 in words and a doubled block for those who go on. */
static void an_address_that_asks_too_often_is_blocked_and_others_are_not(void **state)
{
  struct rig *rig = *state;
  char text[4096];
  rig->server.limits.visitor.requests = 5;
  for (int i = 0; i < 5; i++) {
    assert_true(read_all(rig, enter(rig, "/a.txt\r\n"), text));
    assert_string_equal(text, "text\n");
  }
  for (int i = 0; i < 4; i++) {
    assert_true(read_all(rig, enter(rig, "/a.txt\r\n"), text));
    starts_with(text, "3Too many requests from your address. Please wait 30 seconds before");
  }
  assert_true(read_all(rig, enter(rig, "/a.txt\r\n"), text));
  starts_with(text, "3Too many requests from your address. Please wait 60 seconds before");
  assert_true(read_all(rig, enter_from(rig, 2, "/a.txt\r\n", false), text));
  assert_string_equal(text, "text\n");
}

static void loopback_is_exempt_unless_asked(void **state)
{
  struct rig *rig = *state;
  char text[4096];
  rig->server.limits.loopback = false;
  rig->server.limits.visitor = (struct visitor_limits){.open = 1, .requests = 1};
  int first = enter(rig, "");
  assert_true(read_all(rig, enter(rig, "/a.txt\r\n"), text));
  assert_string_equal(text, "text\n");
  leave(rig, first);
}

/* G17: 32 at once are told, a few of one address, the rest are closed at accept. */
static void few_of_one_address_are_told_and_32_in_all(void **state)
{
  struct rig *rig = *state;
  int clients[100];
  size_t n = 0;
  rig->server.limits.visitor = (struct visitor_limits){.open = 1, .requests = 1};
  for (unsigned char last = 1; last <= 10; last++) {
    for (int i = 0; i < 6; i++)
      clients[n++] = enter_from(rig, last, "", false);
    unsigned told = 4U * last < TURNED_MOST ? 4U * last : TURNED_MOST;
    assert_int_equal(rig->server.n_turned, told);
    assert_int_equal(rig->server.n_served, last);
    assert_int_equal(rig->server.n_conns, told + last);
  }
  while (n)
    close(clients[--n]);
  turn(rig, 30);
  assert_int_equal(rig->server.n_turned, 0);
  assert_int_equal(rig->server.n_served, 0);
}

/* Another worker tells 31 already: here is one place left. */
static void those_who_are_told_are_counted_over_all_workers(void **state)
{
  struct rig *rig = *state;
  struct visitors *other;
  struct buf why = BUF_INIT(1024);
  char text[4096];
  rig->server.limits.connections = 5;
  assert_int_equal(visitors_map(rig->table, 0, &other, &why), 0);
  for (unsigned i = 0; i < 5; i++)
    assert_true(visitors_take(other, TALLY_SERVED, 5));
  for (unsigned i = 0; i < 31; i++)
    assert_true(visitors_take(other, TALLY_TURNED, TURNED_MOST));
  int told = enter(rig, ""), refused = enter(rig, "/a.txt\r\n");
  (void)read_all(rig, refused, text);
  assert_string_equal(text, "");
  assert_int_equal(send(told, "/a.txt\r\n", 8, 0), 8);
  assert_true(read_all(rig, told, text));
  starts_with(text, "3This server has more visitors");
  visitors_clear_seat(other, 0);
  assert_true(read_all(rig, enter(rig, "/a.txt\r\n"), text));
  assert_string_equal(text, "text\n");
  visitors_unmap(other);
}

/* Who is turned away and says nothing is gone soon, whatever the deadlines are. */
static void who_is_turned_away_is_told_briefly_G17(void **state)
{
  struct rig *rig = *state;
  char text[4096];
  rig->server.most_conns = 0;
  rig->server.deadlines.request = 60000;
  uint64_t began = uv_hrtime();
  assert_true(read_all(rig, enter(rig, "/a"), text));
  assert_string_equal(text, "");
  assert_true((uv_hrtime() - began) / 1000000 < TURNED_MS + 1500);
}

static void who_comes_by_the_spare_descriptor_is_told_and_it_is_kept_again(void **state)
{
  struct rig *rig = *state;
  char text[4096];
  reserve_keep(&rig->server.reserve, rig->server.poller.fd);
  int number = rig->server.reserve.fd;
  assert_true(reserve_spend(&rig->server.reserve));
  assert_false(reserve_spend(&rig->server.reserve));
  int client = enter_from(rig, 1, "/a.txt\r\n", true);
  assert_true(read_all(rig, client, text));
  starts_with(text, "3This server has more visitors");
  turn(rig, 20);
  assert_true(rig->server.reserve.held);
  assert_true(rig->server.reserve.fd <= number + 2);
  assert_int_equal(rig->server.n_conns, 0);
}

/* Nobody gets more time by it than there was left: not in the last second, and not by a second stop. */
static void a_stop_shortens_a_deadline_and_never_prolongs_it_B1(void **state)
{
  enum { LEFT_TO_ASK_MS = 1000 };
  struct rig *rig = *state;
  int patient = enter(rig, "/a");
  const uv_timer_t *long_one = &rig->server.first->timer;
  rig->server.deadlines.request = LEFT_TO_ASK_MS + 200;
  int late = enter(rig, "/a");
  const uv_timer_t *short_one = &rig->server.first->timer;
  turn(rig, 400);
  uint64_t left = uv_timer_get_due_in(short_one);
  assert_in_range(left, 1, LEFT_TO_ASK_MS - 100);
  conn_hurry(&rig->server);
  assert_in_range(uv_timer_get_due_in(short_one), 1, left);
  assert_in_range(uv_timer_get_due_in(long_one), 1, LEFT_TO_ASK_MS);
  turn(rig, 100);
  conn_hurry(&rig->server);
  assert_in_range(uv_timer_get_due_in(long_one), 1, LEFT_TO_ASK_MS - 50);
  close(patient);
  close(late);
}

#define test(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
#define test_limits(function) cmocka_unit_test_setup_teardown(function, set_up_limits, tear_down)

int main(void)
{
  const struct CMUnitTest tests[] = {
      test(a_full_house_tells_some_and_closes_the_rest_G17),
      test(a_site_that_never_answers_is_40_B1),
      test(a_fin_while_the_site_works_is_no_departure_P1),
      test(an_rst_while_the_site_works_is_a_departure),
      test(a_connection_that_stays_silent_is_closed_B1),
      test_limits(an_address_with_too_much_open_is_told_to_wait),
      test_limits(an_address_that_asks_too_often_is_blocked_and_others_are_not),
      test_limits(loopback_is_exempt_unless_asked),
      test_limits(few_of_one_address_are_told_and_32_in_all),
      test_limits(those_who_are_told_are_counted_over_all_workers),
      test_limits(who_is_turned_away_is_told_briefly_G17),
      test_limits(who_comes_by_the_spare_descriptor_is_told_and_it_is_kept_again),
      test(a_stop_shortens_a_deadline_and_never_prolongs_it_B1),
  };
  log_open(LOG_ERROR);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
