/* Whole connections, over TLS or without: whatever clients send, however slowly, and whenever they leave, each one
 * comes to its end in time, memory goes with it, and what was answered is what the protocol allows.
 *
 * The input is a small program: an operation in the low half of a byte, the client that it is about in the high half,
 * then what the operation takes. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/fill.h"
#include "../support/menu_check.h"
#include "../support/pool.h"
#include "base/err.h"
#include "loopback.h"
#include "must.h"
#include "net/conn.h"
#include "net/conn_internal.h"
#include "tls/certificate.h"
#include "tls/client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum operation { OPEN, SEND, ASK, WAIT, SLOW, TAKE, ROOM, FIN, RST, POOL, REFUSE, CUT, HURRY, CLOSE_ALL, OPERATIONS };

enum {
  HANDSHAKE_MS = 10000,
  REQUEST_MS = 10000,
  HANDLE_MS = 60000,
  WRITE_MS = 30000,
  DRAIN_MS = 1000,
  /* Every state once, and the drain of one who has to take what the kernel holds. */
  END_MS = HANDSHAKE_MS + REQUEST_MS + HANDLE_MS + 2 * WRITE_MS + 10 * DRAIN_MS,
  BIG = 300 * 1024,
  CUT_TO = 70 * 1024,
  TEXT_MOST = 8 << 20,
  CONN_MEMORY = 1 << 20,
};

/* ---------------------------------------------------------------- what lasts as long as the process */

#define SECRET "what is outside of the capsule stays there"

static const char overview[] =
    "A Title\n\nSeptember 26, 2012\n\nThe lead.\n\n1. The first point.\n\n2. The second one.\n";
static const char gophermap[] = "Welcome\n0A text\ta.txt\n1Elsewhere\t/\tother.example\t70\n7Find\tfind\n";
static const struct fill items[] = {
    {"index.gmi", "# Home\n\n=> a.txt A text\n=> /list/ A list\n=> gopher://other.example/ Away\n* one\n> two\n", NULL},
    {"a.txt", "a text\n", NULL},
    {"empty.txt", "", NULL},
    {"page.gmi", "# A page\n```art\n  /\\_/\\\n```\n=> nowhere\n", NULL},
    {"list/one.txt", "1\n", NULL},
    {"list/two.gmi", "# Two\n", NULL},
    {"doc.overview.txt", overview, NULL},
    {"map/gophermap", gophermap, NULL},
    {"out.txt", NULL, "../secret.txt"},
    {"out", NULL, ".."},
    {0},
};

static const char *const requests[] = {
    "gemini://localhost/\r\n",
    "gemini://localhost/a.txt\r\n",
    "gemini://localhost/big.bin\r\n",
    "gemini://localhost/cut.bin\r\n",
    "gemini://localhost/list\r\n",
    "gemini://localhost/list/\r\n",
    "gemini://localhost/doc/1.gmi\r\n",
    "gemini://localhost/out.txt\r\n",
    "gemini://localhost/../secret.txt\r\n",
    "gemini://other.example/\r\n",
    "gemini://localhost/map/\n",
    "\r\n",
    "a.txt\r\n",
    "/big.bin\r\n",
    "cut.bin\r\n",
    "list/\r\n",
    "doc\r\n",
    "out/secret.txt\r\n",
    "map\r\n",
    "\t$\r\n",
    "list\t!\r\n",
    "URL:https://example.org/<x>\r\n",
    "GET / HTTP/1.0\r\n\r\n",
    "caps.txt\n",
    "../../etc/passwd\r\n",
};
enum { REQUESTS = sizeof requests / sizeof *requests };

static struct {
  struct folder folder; /* the secret lies in it, beside the capsule */
  char root[PATH_MAX];
  char big[BIG];
  bool cut; /* cut.bin has been cut short */
  struct mime *mime;
  struct tls_server *tls;
  struct tls_client *client;
  uv_loop_t loop; /* never run */
} lasting;

static void remove_folder(void)
{
  folder_remove(&lasting.folder);
}

static void fill_capsule(void)
{
  struct folder capsule = {.fd = -1};
  folder_make(&lasting.folder);
  (void)atexit(remove_folder);
  folder_file(&lasting.folder, "secret.txt", SECRET "\n");
  folder_dir(&lasting.folder, "capsule");
  must(snprintf(lasting.root, sizeof lasting.root, "%s/capsule", lasting.folder.path) > 0, "a path");
  must(snprintf(capsule.path, sizeof capsule.path, "%s", lasting.root) > 0, "a path");
  capsule.fd = open(capsule.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  for (size_t i = 0; i < BIG; i++)
    lasting.big[i] = (char)(i * 2654435761U >> 13);
  folder_write(&capsule, "big.bin", str_make(lasting.big, BIG));
  folder_write(&capsule, "cut.bin", str_make(lasting.big, BIG));
  folder_fill(&capsule, items);
  close(capsule.fd);
}

static void begin_process(void)
{
  static const char *const names[] = {"localhost"};
  static const struct certificate_names wanted = {.names = names, .n_names = 1};
  struct buf why = BUF_INIT(4096);
  log_open(LOG_ERROR);
  fill_capsule();
  lasting.mime = mime_load_from(NULL, NULL);
  must(lasting.mime != NULL, "MIME types");
  must(certificate_make(lasting.folder.path, "localhost", &wanted, KEY_NEW, NULL, &why) == 0, "a certificate");
  must(tls_server_new(NULL, &lasting.tls) == 0, "a TLS server");
  must(tls_server_add(lasting.tls, names, 1, &(struct tls_files){lasting.folder.path, "localhost", NULL}, 0, &why) == 0,
       "its certificate");
  must(tls_client_new(false, &lasting.client) == 0, "a TLS client");
  buf_free(&why);
}

/* ---------------------------------------------------------------- one run */

struct client {
  bool used, tls, gemini, slow;
  int fd;
  struct tls_call *call; /* NULL without TLS, or where what it says is no TLS */
  enum tls_state tls_state;
  bool opened;      /* the handshake was done */
  struct buf asked; /* plain text that waits for the handshake's end */
  struct buf plain; /* what came back */
};

/* Since when a connection has been in its state, as far as we saw. */
struct sight {
  uint64_t number, since;
  enum conn_state state;
};

static struct {
  struct pool pool;
  struct site *site;
  struct server server;
  struct client clients[LOOPBACK_MAX];
  struct sight sights[LOOPBACK_MAX * 2];
  bool stopped; /* connections were closed where they stood */
} run;

static void nothing(struct server *server)
{
  (void)server;
}

static void begin_run(void)
{
  static const char *const names[] = {"localhost"};
  static unsigned gemini_port = 1965;
  const struct site_config config = {.root = lasting.root, .names = names, .n_names = 1, .cache = 1 << 20};
  struct buf why = BUF_INIT(1024);
  memset(&run, 0, sizeof run);
  loopback_begin();
  pool_init(&run.pool);
  must(site_open(&config, &run.pool.env, lasting.mime, &run.site, &why) == 0, "a site");
  buf_free(&why);
  run.server = (struct server){
      .loop = &lasting.loop,
      .sites = &run.site,
      .n_sites = 1,
      .tls = lasting.tls,
      .deadlines = {HANDSHAKE_MS, REQUEST_MS, HANDLE_MS, WRITE_MS, DRAIN_MS},
      .gemini_ports = &gemini_port,
      .n_gemini_ports = 1,
      .gophers = true,
      .courtesies = true,
      .most_conns = 4,
      .most_turned = 2,
      .on_gone = nothing,
  };
  must(poller_open(&run.server.poller, &lasting.loop) == 0, "a poller");
}

static void take_plain(void *context, struct str plain)
{
  struct client *c = context;
  buf_put_str(&c->plain, plain);
}

/* Carries bytes between a client and its socket. True where there were any. */
static bool carry(struct client *c)
{
  struct loopback *s = loopback_at(c->fd);
  bool any = false;
  if (!c->slow)
    loopback_take(s, SIZE_MAX);
  struct str came = str_skip(str_head(buf_str(&s->sent), s->acknowledged), s->taken);
  s->taken = s->acknowledged;
  if (!c->call) {
    buf_put_str(&c->plain, came);
    return came.n > 0;
  }
  if (came.n)
    c->tls_state = tls_call_feed(c->call, came, take_plain, c);
  c->opened = c->opened || c->tls_state == TLS_OPEN;
  if (c->tls_state == TLS_OPEN && c->asked.n) {
    must(tls_call_write(c->call, buf_str(&c->asked)) == 0, "a request is encrypted");
    buf_clear(&c->asked);
  }
  struct str out = tls_call_output(c->call);
  any = out.n > 0 || came.n > 0;
  loopback_send(s, out);
  tls_call_sent(c->call, out.n);
  return any;
}

static struct sight *sight_of(uint64_t number)
{
  for (size_t i = 0; i < LOOPBACK_MAX * 2; i++)
    if (run.sights[i].number == number)
      return &run.sights[i];
  return NULL;
}

static uint64_t longest(enum conn_state state)
{
  switch (state) {
  case CONN_HANDSHAKE:
    return HANDSHAKE_MS;
  case CONN_READ:
    return REQUEST_MS;
  case CONN_HANDLE:
    return HANDLE_MS;
  case CONN_WRITE: /* as long as there is progress */
  case CONN_SHUTDOWN:
    return UINT64_MAX;
  case CONN_CLOSING:
    return 0;
  }
  return 0;
}

/* B1, and what a connection may hold. */
static void check_connections(void)
{
  unsigned n = 0;
  for (struct conn *c = run.server.first; c; c = c->next, n++) {
    struct sight *seen = sight_of(c->number);
    if (!seen)
      seen = sight_of(0);
    must(seen != NULL, "no more connections than clients");
    if (seen->number != c->number || seen->state != c->state)
      *seen = (struct sight){c->number, loopback_now(), c->state};
    must(loopback_now() - seen->since <= longest(c->state), "no state lasts longer than its deadline");
    must(c->input.n <= c->proto->input_max, "a request has a cap");
    must(c->output.n + (c->tls ? tls_session_output(c->tls).n : 0) <= CONN_MEMORY, "an answer is sent in pieces");
  }
  for (size_t i = 0; i < LOOPBACK_MAX * 2; i++) {
    bool there = false;
    for (struct conn *c = run.server.first; c; c = c->next)
      there = there || c->number == run.sights[i].number;
    if (!there)
      run.sights[i] = (struct sight){.number = 0};
  }
  must(n == run.server.n_conns, "connections are counted");
}

/* Lets everything happen that can without time passing. */
static void settle(void)
{
  bool any = true;
  while (any) {
    any = false;
    loopback_turn();
    for (size_t i = 0; i < LOOPBACK_MAX; i++)
      any = (run.clients[i].used && carry(&run.clients[i])) || any;
  }
  check_connections();
}

/* ---------------------------------------------------------------- what clients do */

/* How: bit 0 Gemini, bit 1 TLS, bit 2 another machine's address, bit 3 a slow one. */
static void open_client(struct client *c, unsigned how)
{
  const struct sockaddr_in6 peer = {.sin6_family = AF_INET6, .sin6_addr = {{{0x20, 1, 0xd, 0xb8}}}};
  const struct sockaddr_in6 here = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  int fd = c->used ? -1 : loopback_connect();
  if (fd < 0)
    return;
  *c = (struct client){.used = true, .gemini = how & 1, .tls = how & 2, .slow = how & 8, .fd = fd};
  buf_init(&c->asked, TEXT_MOST);
  buf_init(&c->plain, TEXT_MOST);
  c->call = c->tls ? tls_call_new(lasting.client, "localhost", NULL) : NULL;
  const struct entrance entrance = {.proto = c->gemini ? &proto_gemini : &proto_gopher,
                                    .port = c->gemini ? 1965 : 70,
                                    .gemini_port = 1965,
                                    .gopher_port = 70};
  conn_open(&run.server, &entrance, fd, (const struct sockaddr *)(how & 4 ? &peer : &here));
}

static void say(struct client *c, struct str bytes)
{
  if (c->call)
    buf_put_str(&c->asked, bytes);
  else
    loopback_send(loopback_at(c->fd), bytes);
}

static void cut_file(void)
{
  char path[PATH_MAX + 16];
  must(snprintf(path, sizeof path, "%s/cut.bin", lasting.root) > 0 && truncate(path, CUT_TO) == 0, "a file is cut");
  lasting.cut = true;
}

static uint8_t next_byte(struct str *program)
{
  uint8_t byte = program->n ? (uint8_t)program->p[0] : 0;
  *program = str_skip(*program, 1);
  return byte;
}

static void step(struct str *program)
{
  uint8_t byte = next_byte(program);
  struct client *c = &run.clients[byte >> 4 & (LOOPBACK_MAX - 1)];
  enum operation operation = (enum operation)((byte & 15) % OPERATIONS);
  struct loopback *s = c->used ? loopback_at(c->fd) : NULL;
  uint8_t value = next_byte(program);
  switch (operation) {
  case OPEN:
    open_client(c, value);
    break;
  case SEND:
    if (s)
      say(c, str_head(*program, value));
    *program = str_skip(*program, value);
    break;
  case ASK:
    if (s)
      say(c, str_from(requests[value % REQUESTS]));
    break;
  case WAIT: /* up to 65 s, finer where it is short */
    loopback_wait((uint64_t)value * value);
    run.pool.now += (uint64_t)value * value;
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
    if (value == 0)
      (void)pool_cancel_one(&run.pool);
    else if (value & 1)
      (void)pool_run_one(&run.pool);
    else
      (void)pool_run_all(&run.pool);
    break;
  case REFUSE:
    run.pool.refuse = value & 1 ? ERR_BUSY : 0;
    break;
  case CUT:
    cut_file();
    break;
  case HURRY:
    conn_hurry(&run.server);
    break;
  case CLOSE_ALL:
    conn_close_all(&run.server);
    run.stopped = true;
    break;
  case OPERATIONS:
    break;
  }
  settle();
}

/* ---------------------------------------------------------------- what must have come of it */

static bool is_known(struct str text)
{
  if (str_eq(text, str_make(lasting.big, BIG)) || (lasting.cut && str_eq(text, str_make(lasting.big, CUT_TO))))
    return true;
  for (size_t i = 0; items[i].path; i++)
    if (items[i].text && str_eq(text, str_from(items[i].text)))
      return true;
  return false;
}

/* G15. */
static void check_gemini(struct str answer)
{
  static const char codes[] = "10 11 20 30 31 40 41 42 43 44 50 51 52 53 59 60 61 62 ";
  char code[4] = "";
  size_t end = str_find(answer, '\r');
  must(end + 1 < answer.n && answer.p[end + 1] == '\n' && end > 3 && end <= 3 + META_MAX, "a header is one line");
  struct str meta = str_skip(str_head(answer, end), 3), body = str_skip(answer, end + 2);
  memcpy(code, answer.p, 3);
  must(code[2] == ' ' && strstr(codes, code), "a header's code is one of the specification's");
  must(utf8_valid(meta) && !str_has_control(meta), "a header's meta is text");
  must(code[0] == '2' || body.n == 0, "a body comes only after 20");
  must(!str_starts(meta, STR("application/octet-stream")) || is_known(body), "a file is sent byte for byte");
  must(!str_starts(meta, STR("text/plain")) || is_known(body), "a text is sent byte for byte");
}

/* P7, P8. */
static void check_gopher(struct str answer)
{
  struct menu_row row = {.type = '\0'};
  if (is_known(answer) || str_starts(answer, STR("+-1\r\n")) || str_starts(answer, STR("HTTP/1.0 ")) ||
      str_starts(answer, STR("<!DOCTYPE html>")) || str_starts(answer, STR("CAPS")))
    return;
  while (row.type != '.') {
    const char *wrong = menu_row(&answer, &row);
    must(!wrong, wrong ? wrong : "");
  }
  must(answer.n == 0, "nothing follows a menu's end");
}

static void check_client(struct client *c)
{
  const struct loopback *s = loopback_at(c->fd);
  struct str answer = buf_str(&c->plain);
  bool whole = c->call ? c->tls_state == TLS_CLOSED
                       : s->server_fin && !s->server_rst && !s->client_rst && s->acknowledged == s->sent.n;
  must(!memmem(answer.p ? answer.p : "", answer.n, SECRET, strlen(SECRET)), "nothing outside of the capsule is sent");
  must(!c->gemini || c->tls || answer.n == 0 || answer.p[0] == 0x15, "who speaks no TLS gets an alert or nothing (G1)");
  bool orderly = c->opened && s->server_fin && !s->server_rst && !s->client_rst && s->acknowledged == s->sent.n;
  must(!orderly || run.stopped || whole, "an orderly end has a close_notify (G3)");
  if (!whole || answer.n == 0 || (c->gemini && !c->tls) || (!c->tls && answer.p[0] == 0x15))
    return;
  if (c->gemini)
    check_gemini(answer);
  else
    check_gopher(answer);
}

/* Nobody does anything any more: every connection ends by itself, and everything is given back. */
static void end_run(void)
{
  uint64_t end = loopback_now() + END_MS;
  while (run.server.first) {
    uint64_t next = loopback_next();
    must(next != UINT64_MAX, "a connection has a deadline");
    must(loopback_now() + next <= end, "a connection comes to its end");
    loopback_wait(next);
    settle();
  }
  must(run.server.n_conns == 0 && run.server.n_turned == 0, "nobody is counted who has gone");
  poller_close(&run.server.poller);
  (void)pool_run_all(&run.pool);
  for (size_t i = 0; i < LOOPBACK_MAX; i++) {
    struct client *c = &run.clients[i];
    if (!c->used)
      continue;
    check_client(c);
    if (c->call)
      tls_call_free(c->call);
    buf_free(&c->asked);
    buf_free(&c->plain);
  }
  site_close(run.site);
  loopback_end();
  if (lasting.cut) {
    struct folder capsule = {.fd = open(lasting.root, O_PATH | O_DIRECTORY | O_CLOEXEC)};
    folder_write(&capsule, "cut.bin", str_make(lasting.big, BIG));
    close(capsule.fd);
    lasting.cut = false;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (!lasting.mime)
    begin_process();
  struct str program = str_make((const char *)data, size);
  begin_run();
  while (program.n)
    step(&program);
  end_run();
  return 0;
}
