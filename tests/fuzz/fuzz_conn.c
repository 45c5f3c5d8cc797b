/* Whole connections, over TLS or without: whatever clients send, however slowly, and whenever they leave, each one
 * comes to its end in time, memory goes with it, and what was answered is what the protocol allows.
 *
 * The input is a small program: an operation in the low half of a byte, the client that it is about in the high half,
 * then a value, then what the operation takes. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "../support/pool.h"
#include "base/err.h"
#include "conn_client.h"
#include "conn_times.h"
#include "conn_world.h"
#include "disk.h"
#include "loopback.h"
#include "must.h"
#include "net/conn.h"
#include "net/conn_internal.h"
#include "same_random.h"
#include "tls_peer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum operation {
  OPEN,
  SEND,
  ASK,
  WAIT,
  SLOW,
  TAKE,
  ROOM,
  FIN,
  RST,
  POOL,
  REFUSE,
  CUT,
  HURRY,
  CLOSE_ALL,
  FAULT,
  WIRE,
};

static struct {
  struct pool pool;
  struct site *sites[WORLD_SITES];
  struct server server;
  struct client clients[LOOPBACK_MAX];
  int fds;
  unsigned disk; /* all that was ever wrong with it */
  bool nameless; /* at times menus named us otherwise than usual */
  bool stopped;  /* connections were closed where they stood */
} run;

/* ---------------------------------------------------------------- a run's beginning */

static void nothing(struct server *server)
{
  (void)server;
}

/* How many descriptors are open. */
static int count_fds(void)
{
  enum { FDS_MOST = 64 };
  int n = 0;
  for (int fd = 0; fd < FDS_MOST; fd++)
    n += fcntl(fd, F_GETFD) >= 0;
  must(n < FDS_MOST, "few files are open");
  return n;
}

static void begin_run(void)
{
  static unsigned gemini_port = 1965;
  struct conn_world *world = conn_world();
  memset(&run, 0, sizeof run);
  loopback_begin();
  conn_times_begin();
  disk_begin();
  same_random();
  tls_peer_begin();
  run.fds = count_fds();
  pool_init(&run.pool);
  disk_watch(true);
  conn_world_open(&run.pool.env, run.sites);
  run.server = (struct server){
      .loop = &world->loop,
      .sites = run.sites,
      .n_sites = WORLD_SITES,
      .tls = world->tls,
      .deadlines = CONN_TIMES,
      .gemini_ports = &gemini_port,
      .n_gemini_ports = 1,
      .gophers = true,
      .courtesies = true,
      .most_conns = 4,
      .most_turned = 2,
      .limits = {.handshakes = 3},
      .on_gone = nothing,
  };
  must(poller_open(&run.server.poller, &world->loop) == 0, "a poller");
}

/* What a connection may hold. */
static void check_memory(const struct conn *c)
{
  enum { OUTPUT_MOST = 1 << 20 };
  must(c->input.n <= c->proto->input_max, "a request has a cap");
  must(c->output.n + (c->tls ? tls_session_output(c->tls).n : 0) <= OUTPUT_MOST, "an answer is sent in pieces");
  must(c->state > CONN_READ || c->output.cap == 0, "who has not asked takes no room for an answer");
}

static void check_connections(void)
{
  unsigned n = 0;
  for (const struct conn *c = run.server.first; c; c = c->next, n++) {
    check_memory(c);
    conn_times_check(c, c->state == CONN_CLOSING ? NULL : loopback_at(c->socket.fd));
  }
  must(n == run.server.n_conns, "connections are counted");
}

/* Lets everything happen that can without time passing. */
static void settle(void)
{
  bool any = true;
  for (size_t i = 0; i < LOOPBACK_MAX; i++)
    run.clients[i].may = run.clients[i].pace;
  while (any) {
    any = false;
    loopback_turn();
    for (size_t i = 0; i < LOOPBACK_MAX; i++)
      any = (run.clients[i].used && client_carry(&run.clients[i])) || any;
  }
  check_connections();
}

/* The clocks of the loop and of the site go together; and clients act whenever something has happened. */
static void wait_for(uint64_t ms)
{
  do {
    uint64_t next = loopback_next(), part = next < ms ? next : ms;
    run.pool.now += part;
    loopback_wait(part);
    settle();
    ms -= part;
  } while (ms);
}

/* ---------------------------------------------------------------- what clients do */

/* `how` as for client_start; bit 2: from another machine's address. */
static void open_client(struct client *c, unsigned how)
{
  const struct sockaddr_in6 peer = {.sin6_family = AF_INET6, .sin6_addr = {{{0x20, 1, 0xd, 0xb8}}}};
  const struct sockaddr_in6 here = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  int fd = c->used ? -1 : loopback_connect();
  if (fd < 0)
    return;
  client_start(c, how, fd);
  const struct entrance entrance = {.proto = c->gemini ? &proto_gemini : &proto_gopher,
                                    .port = c->gemini ? 1965 : 70,
                                    .gemini_port = 1965,
                                    .gopher_port = 70};
  conn_open(&run.server, &entrance, fd, (const struct sockaddr *)(how & 4 ? &peer : &here));
}

static void work(unsigned value)
{
  if (value == 0)
    (void)pool_cancel_one(&run.pool);
  else if (value & 1)
    (void)pool_run_one(&run.pool);
  else
    (void)pool_run_all(&run.pool);
}

/* The low half says what goes wrong, the high half how many of a socket's calls go well before. */
static void go_wrong(struct client *c, unsigned value)
{
  static const struct {
    enum loopback_call call;
    int error;
  } faults[] = {
      {CALL_RECV, EINTR},   {CALL_RECV, ECONNRESET}, {CALL_RECV, ETIMEDOUT},
      {CALL_SEND, EINTR},   {CALL_SEND, EPIPE},      {CALL_SEND, ENOBUFS},
      {CALL_WATCH, ENOSPC}, {CALL_QUEUED, EINVAL},   {CALL_SHUTDOWN, ENOTCONN},
  };
  static const unsigned disks[] = {0, DISK_SLOW, DISK_BROKEN, DISK_SHORT, DISK_OLD, DISK_SLOW | DISK_SHORT};
  enum { SOCKETS = sizeof faults / sizeof *faults, NAMELESS = SOCKETS, DISKS };
  unsigned what = value & 15;
  if (what < SOCKETS && c->used) {
    struct loopback *s = loopback_at(c->fd);
    s->fault[faults[what].call].error = faults[what].error;
    s->fault[faults[what].call].after = value >> 4;
    c->faulty = true;
  } else if (what == NAMELESS) {
    run.nameless = true;
    loopback_name(value >> 4 == 0);
  } else if (what >= DISKS) {
    run.disk |= disks[what - DISKS];
    disk_set(disks[what - DISKS]);
  }
}

static uint8_t next_byte(struct str *program)
{
  uint8_t byte = program->n ? (uint8_t)program->p[0] : 0;
  *program = str_skip(*program, 1);
  return byte;
}

static void step(struct str *program)
{
  uint8_t byte = next_byte(program), value = next_byte(program);
  struct client *c = &run.clients[byte >> 4 & (LOOPBACK_MAX - 1)];
  struct loopback *s = c->used ? loopback_at(c->fd) : NULL;
  switch ((enum operation)(byte & 15)) {
  case OPEN:
    open_client(c, value);
    break;
  case SEND:
    client_say(c, str_head(*program, value), MORE_ASKED);
    *program = str_skip(*program, value);
    break;
  case ASK:
    client_say(c, conn_world_request(value), (int)(value % conn_world_requests()));
    break;
  case WAIT: /* up to 65 s, finer where it is short */
    wait_for((uint64_t)value * value);
    break;
  case SLOW:
    c->slow = value & 1;
    break;
  case TAKE:
    if (s)
      loopback_take(s, (size_t)value * 64);
    break;
  case ROOM:
    if (s) {
      s->room = 1 + (size_t)value * 512;
      s->piece = value & 1 ? SIZE_MAX : 1 + (size_t)value * 16;
    }
    break;
  case FIN:
    if (s)
      loopback_fin(s);
    break;
  case RST:
    if (s)
      loopback_rst(s);
    break;
  case POOL:
    work(value);
    break;
  case REFUSE:
    run.pool.refuse = value & 1 ? ERR_BUSY : 0;
    break;
  case CUT:
    conn_world_cut();
    break;
  case HURRY:
    conn_hurry(&run.server);
    conn_times_hurry();
    break;
  case CLOSE_ALL:
    conn_close_all(&run.server);
    run.stopped = true;
    break;
  case FAULT:
    go_wrong(c, value);
    break;
  case WIRE:
    *program = str_skip(*program, client_meddle(c, value, *program));
    break;
  }
  settle();
}

/* ---------------------------------------------------------------- what must have come of it */

/* Nobody does anything any more: every connection ends by itself. */
static void wait_for_the_end(void)
{
  uint64_t end = loopback_now() + CONN_TIMES_ALL;
  while (run.server.first) {
    uint64_t next = loopback_next();
    must(next != UINT64_MAX, "a connection has a deadline");
    must(loopback_now() + next <= end, "a connection comes to its end");
    wait_for(next);
  }
  must(run.server.n_conns == 0 && run.server.n_turned == 0, "nobody is counted who has gone");
}

/* Everything is given back. */
static void end_run(void)
{
  poller_close(&run.server.poller);
  (void)pool_run_all(&run.pool);
  for (size_t i = 0; i < WORLD_SITES; i++)
    site_close(run.sites[i]);
  disk_watch(false);
  must(count_fds() == run.fds, "every file is closed at the end");
  for (size_t i = 0; i < LOOPBACK_MAX; i++)
    client_free(&run.clients[i]);
  loopback_end();
  conn_world_mend();
}

static void play(struct str program)
{
  begin_run();
  while (program.n)
    step(&program);
  wait_for_the_end();
}

/* Every request by itself, by somebody who reads at once. */
static void learn_answers(void)
{
  static const uint8_t hows[WAYS] = {[WAY_GEMINI] = 3, [WAY_GOPHER] = 0, [WAY_GOPHERS] = 2};
  for (enum conn_way way = WAY_GEMINI; way < WAYS; way++)
    for (unsigned i = 0; i < conn_world_requests(); i++) {
      const char program[] = {OPEN, (char)hows[way], ASK, (char)i, POOL, 2};
      play(str_make(program, sizeof program));
      conn_answer_keep(way, i, buf_str(&run.clients[0].plain));
      end_run();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static bool learnt;
  if (!learnt)
    learn_answers();
  learnt = true;
  play(str_make((const char *)data, size));
  for (size_t i = 0; i < LOOPBACK_MAX; i++)
    if (run.clients[i].used)
      client_check(&run.clients[i], run.stopped, run.disk, run.nameless);
  end_run();
  return 0;
}
