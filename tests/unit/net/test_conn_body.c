/* A connection and the body that it sends: sources that fail, sources without an end, readers that are too slow. */
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
#include <unistd.h>

#include <cmocka.h>

#include "net/conn_internal.h"

/* ---- a source that does what a script says */

/* `B` gives as much as was asked for, `b` ten bytes; `p` is pending; `e` ends; `f` fails. The last step is repeated. */
struct script {
  struct body body;
  const char *steps;
};

static struct script *source; /* the one at work */
static size_t pulled;         /* bytes that it gave */

static enum pull script_pull(struct body *b, struct buf *out, size_t most)
{
  struct script *s = (struct script *)b;
  char step = *s->steps;
  if (s->steps[1])
    s->steps++;
  if (step == 'p')
    return PULL_PENDING;
  if (step == 'e' || step == 'f')
    return step == 'e' ? PULL_END : PULL_FAILED;
  size_t n = step == 'B' ? most : 10;
  char *room = buf_room(out, n);
  assert_non_null(room);
  memset(room, 'x', n);
  buf_added(out, n);
  pulled += n;
  return PULL_BYTES;
}

static void script_destroy(struct body *b)
{
  source = NULL;
  free(b);
}

/* ---- a protocol that answers a line with that source */

static const char *script_steps;

static enum parsed parse(struct str input, const struct proto_context *context, struct proto_request *out)
{
  static const struct body_ops ops = {script_pull, script_destroy};
  proto_request_reset(out, context);
  if (str_find(input, '\n') == input.n)
    return PARSED_MORE;
  source = calloc(1, sizeof *source);
  assert_non_null(source);
  body_init(&source->body, &ops);
  source->steps = script_steps;
  pulled = 0;
  response_set(&out->answer, STATUS_SUCCESS, "text/plain");
  out->answer.body = &source->body;
  return PARSED_ANSWER;
}

static int encode(struct proto_request *r, const struct proto_context *context, struct response *response,
                  struct buf *head, struct body **body)
{
  (void)r;
  (void)context;
  *body = response->body;
  response->body = NULL;
  buf_printf(head, "%d|", (int)response->status);
  response_free(response);
  return 0;
}

static const struct proto proto_script = {
    .name = "script", .name_tls = "scripts", .input_max = 100, .parse = parse, .encode = encode};

/* ---- a server without listeners */

struct rig {
  uv_loop_t loop;
  struct server server;
  int door;   /* a listening socket of the test's own */
  int log;    /* where standard error goes meanwhile */
  int stderr; /* what it was */
};

static void nothing(struct server *server)
{
  (void)server;
}

static int set_up(void **state)
{
  struct rig *rig = calloc(1, sizeof *rig);
  assert_non_null(rig);
  *state = rig;
  assert_int_equal(uv_loop_init(&rig->loop), 0);
  rig->server = (struct server){
      .loop = &rig->loop,
      .deadlines = {.handshake = 5000, .request = 5000, .handle = 5000, .write = 5000, .drain = 200},
      .most_conns = 10,
      .on_gone = nothing,
  };
  assert_int_equal(poller_open(&rig->server.poller, &rig->loop), 0);
  const struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  rig->door = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(bind(rig->door, (const struct sockaddr *)&loopback, sizeof loopback), 0);
  assert_int_equal(listen(rig->door, 16), 0);
  FILE *file = tmpfile();
  assert_non_null(file);
  rig->log = dup(fileno(file));
  (void)fclose(file);
  rig->stderr = dup(STDERR_FILENO);
  assert_true(rig->log >= 0 && rig->stderr >= 0 && dup2(rig->log, STDERR_FILENO) >= 0);
  log_open(LOG_REQUEST);
  return 0;
}

static int tear_down(void **state)
{
  struct rig *rig = *state;
  conn_close_all(&rig->server);
  poller_close(&rig->server.poller);
  (void)uv_run(&rig->loop, UV_RUN_DEFAULT);
  (void)dup2(rig->stderr, STDERR_FILENO);
  close(rig->stderr);
  close(rig->log);
  close(rig->door);
  assert_null(rig->server.first);
  assert_null(source);
  assert_int_equal(uv_loop_close(&rig->loop), 0);
  free(rig);
  return 0;
}

static bool logged(const struct rig *rig, const char *what)
{
  char text[4096] = "";
  ssize_t n = pread(rig->log, text, sizeof text - 1, 0);
  assert_true(n >= 0);
  return strstr(text, what) != NULL;
}

/* A client that has sent its request; with `narrow`, one that takes little at once. */
static int enter(struct rig *rig, const char *steps, bool narrow)
{
  struct sockaddr_in6 peer;
  struct sockaddr_in address;
  socklen_t length = sizeof address;
  const int least = 4096;
  script_steps = steps;
  assert_int_equal(getsockname(rig->door, (struct sockaddr *)&address, &length), 0);
  int client = socket(AF_INET, SOCK_STREAM, 0);
  if (narrow)
    assert_int_equal(setsockopt(client, SOL_SOCKET, SO_RCVBUF, &least, sizeof least), 0);
  assert_int_equal(connect(client, (const struct sockaddr *)&address, length), 0);
  assert_int_equal(send(client, "go\n", 3, 0), 3);
  length = sizeof peer;
  int fd = accept4(rig->door, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  assert_true(fd >= 0);
  const struct entrance entrance = {.proto = &proto_script, .port = 70};
  conn_open(&rig->server, &entrance, fd, (const struct sockaddr *)&peer);
  return client;
}

/* Runs the loop for so long, while the client takes `piece` bytes each millisecond. The bytes that it got; *over: the
 * connection has come to its end, *orderly: by a FIN. */
static size_t read_for(struct rig *rig, int client, int ms, size_t piece, char *text, bool *over, bool *orderly)
{
  static char room[1 << 20];
  size_t all = 0;
  *over = *orderly = false;
  uint64_t end = uv_hrtime() + (uint64_t)ms * 1000000;
  while (!*over && uv_hrtime() < end) {
    (void)uv_run(&rig->loop, UV_RUN_NOWAIT);
    ssize_t n = recv(client, room, piece, MSG_DONTWAIT);
    if (n > 0 && text)
      memcpy(text + all, room, (size_t)n);
    all += n > 0 ? (size_t)n : 0;
    *over = n == 0 || (n < 0 && errno != EAGAIN);
    *orderly = n == 0;
    if (n < (ssize_t)piece || piece < sizeof room)
      (void)poll(NULL, 0, 1);
  }
  return all;
}

/* ---- the tests */

/* As long as nothing has left, the reader can be told. */
static void a_source_that_fails_before_the_first_byte_is_40_G17(void **state)
{
  struct rig *rig = *state;
  static const char *const scripts[] = {"f", "bf", "bbf", "pf"};
  for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
    char text[100] = "";
    bool over, orderly;
    int client = enter(rig, scripts[i], false);
    if (scripts[i][0] == 'p')
      body_wake(&source->body);
    size_t n = read_for(rig, client, 2000, sizeof text - 1, text, &over, &orderly);
    close(client);
    if (n != 3 || strcmp(text, "40|") != 0 || !orderly)
      fail_msg("%s: %s", scripts[i], text);
    assert_false(logged(rig, "cut short"));
  }
}

/* After that it is cut off by an RST (P18), and the log says so and why. */
static void a_source_that_fails_later_is_cut_short_P18_B3(void **state)
{
  struct rig *rig = *state;
  bool over, orderly;
  int client = enter(rig, "Bpf", false);
  size_t n = read_for(rig, client, 100, 1 << 20, NULL, &over, &orderly);
  assert_int_equal(n, pulled + 3);
  assert_false(over);
  body_wake(&source->body);
  (void)read_for(rig, client, 2000, 1 << 20, NULL, &over, &orderly);
  assert_true(over);
  assert_false(orderly);
  close(client);
  char line[64];
  (void)snprintf(line, sizeof line, "script - 20 %zu ", n);
  assert_true(logged(rig, line));
  assert_true(logged(rig, "ms cut short: its source failed /\n"));
}

/* A reader as fast as the loop, and a body without an end: others have their turn after so many pieces. */
static void one_connection_sends_so_many_pieces_a_turn(void **state)
{
  struct rig *rig = *state;
  bool over, orderly;
  int client = enter(rig, "B", false);
  assert_in_range(pulled, PIECE, (size_t)PIECES_PER_TURN * PIECE_FAST);
  for (int turns = 0; turns < 20; turns++) {
    size_t before = pulled;
    (void)uv_run(&rig->loop, UV_RUN_NOWAIT);
    assert_true(pulled - before <= (size_t)PIECES_PER_TURN * PIECE_FAST);
  }
  /* And it goes on by itself. */
  size_t before = pulled;
  (void)read_for(rig, client, 300, 1 << 20, NULL, &over, &orderly);
  assert_false(over);
  assert_true(pulled > before + (size_t)4 * PIECES_PER_TURN * PIECE);
  close(client);
}

/* Some progress is not enough, however steady: below MIN_RATE over all, the connection ends. */
static void who_reads_too_slowly_over_all_is_closed_B1(void **state)
{
  struct rig *rig = *state;
  bool over, orderly;
  rig->server.deadlines.write = 60;
  int client = enter(rig, "B", true);
  size_t n = read_for(rig, client, 300, 1000, NULL, &over, &orderly);
  assert_false(over);
  assert_non_null(rig->server.first);
  const uint64_t hour_ms = UINT64_C(3600) * 1000;
  assert_true(n < MIN_RATE * hour_ms / 1000 / 2);
  rig->server.first->write_at -= hour_ms; /* as if it had taken that long */
  (void)read_for(rig, client, 2000, 1000, NULL, &over, &orderly);
  assert_true(over);
  assert_false(orderly);
  close(client);
  assert_true(logged(rig, "cut short: the client reads too slowly"));
}

/* Runs the loop for a few looks at a client that takes nothing. The clock is set so that it has taken all that it has
 * at `rate` bytes a second, the last of it just now. Whether it is still there. */
static bool stays_at(struct rig *rig, uint64_t rate)
{
  for (uint64_t end = uv_hrtime() + 100 * 1000000; rig->server.first && uv_hrtime() < end;) {
    struct conn *c = rig->server.first;
    uv_update_time(&rig->loop);
    c->progress_at = uv_now(&rig->loop);
    c->write_at = c->progress_at - conn_delivered(c) * 1000 / rate;
    (void)uv_run(&rig->loop, UV_RUN_NOWAIT);
    (void)poll(NULL, 0, 1);
  }
  return rig->server.first != NULL;
}

/* The bound itself, after the write deadline and not before: a little faster goes on, a little slower ends. */
static void the_bound_is_MIN_RATE_B1(void **state)
{
  struct rig *rig = *state;
  rig->server.deadlines.write = 60;
  int client = enter(rig, "B", true);
  for (int i = 0; i < 20; i++) { /* until the client's buffer is full */
    (void)uv_run(&rig->loop, UV_RUN_NOWAIT);
    (void)poll(NULL, 0, 1);
  }
  assert_in_range(conn_delivered(rig->server.first), MIN_RATE, 1 << 20); /* so that both clocks are past the deadline */
  assert_true(stays_at(rig, MIN_RATE + 1));
  conn_arm(rig->server.first); /* for a look in 10 ms, which finds another deadline: it is too early to say */
  rig->server.deadlines.write = UINT64_C(24) * 3600 * 1000;
  assert_true(stays_at(rig, MIN_RATE - 1));
  rig->server.deadlines.write = 60;
  conn_arm(rig->server.first);
  assert_false(stays_at(rig, MIN_RATE - 1));
  close(client);
  assert_true(logged(rig, "cut short: the client reads too slowly"));
}

#define test(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
  const struct CMUnitTest tests[] = {
      test(a_source_that_fails_before_the_first_byte_is_40_G17),
      test(a_source_that_fails_later_is_cut_short_P18_B3),
      test(one_connection_sends_so_many_pieces_a_turn),
      test(who_reads_too_slowly_over_all_is_closed_B1),
      test(the_bound_is_MIN_RATE_B1),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
