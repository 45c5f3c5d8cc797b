/* What whole connections run in. */
#include "conn_world.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/fill.h"
#include "base/log.h"
#include "disk.h"
#include "must.h"
#include "same_random.h"
#include "tls/certificate.h"
#include "tls/kdf_provider.h"
#include "tls/tickets.h"
#include "tls/x25519.h"

/* Nothing that a request holds comes back as these bytes: control characters never do. */
#define SECRET "what is outside\n\x1b of the capsule stays there"

static const char *const names[WORLD_SITES][1] = {{"localhost"}, {"two.example"}};

static const char overview[] =
    "A Title\n\nSeptember 26, 2012\n\nThe lead.\n\n1. The first point.\n\n2. The second one.\n";
static const char gophermap[] = "Welcome\n0A text\ta.txt\n1Elsewhere\t/\tother.example\t70\n7Find\tfind\n";
static const struct fill items[] = {
    {"index.gmi", "# Home\n\n=> a.txt A text\n=> /list/ A list\n=> gopher://other.example/ Away\n* one\n> two\n", NULL},
    {"a.txt", "a text\n", NULL},
    {"empty.txt", "", NULL},
    {"page.gmi", "# A page\n```art\n  /\\_/\\\n```\n=> nowhere\n=> README\n=> list\n", NULL},
    {"README", "no suffix, but a text\n", NULL},
    {".hidden", "not served (G23)\n", NULL},
    {"list/one.txt", "1\n", NULL},
    {"list/two.gmi", "# Two\n", NULL},
    {"list/up.gmi", NULL, "../page.gmi"},
    {"list/out.gmi", NULL, "../../secret.txt"},
    {"doc.overview.txt", overview, NULL},
    {"map/gophermap", gophermap, NULL},
    {"out.txt", NULL, "../secret.txt"},
    {"out", NULL, ".."},
    {"absolute.txt", NULL, "/etc/passwd"},
    {"loop", NULL, "loop"},
    {0},
};
static const struct fill items_of_two[] = {{"index.gmi", "# The other one\n", NULL}, {0}};

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
    "gemini://two.example/\r\n",
    "gemini://localhost/fifo\r\n",
    "gemini://localhost/README?query\r\n",
    "gemini://localhost/absolute.txt\r\n",
    "gemini://localhost/.hidden\r\n",
    "gemini://localhost/map/\r\n",
    "page.gmi\r\n",
    "fifo\r\n",
    "find\ttwo words\r\n",
    "doc/2.gmi\r\n",
    "loop/\t+\r\n",
};
enum { REQUESTS = sizeof requests / sizeof *requests, LINE_MOST = 2048 };

static struct conn_world world;
static struct folder folder; /* the secret lies in it, beside the capsules */
static char big[WORLD_BIG];

/* In the log's place: every line is made, and none is written. */
void __wrap_log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
void __wrap_log_write(enum log_level level, const char *format, ...)
{
  char line[LINE_MOST];
  (void)level;
  va_list more;
  va_start(more, format);
  must(vsnprintf(line, sizeof line, format, more) >= 0, "a line of the log");
  va_end(more);
}

static void remove_folder(void)
{
  folder_remove(&folder);
}

static struct folder open_capsule(size_t i)
{
  struct folder capsule = {.fd = open(world.root[i], O_PATH | O_DIRECTORY | O_CLOEXEC)};
  must(capsule.fd >= 0 && snprintf(capsule.path, sizeof capsule.path, "%s", world.root[i]) > 0, "a capsule");
  return capsule;
}

static void fill_capsules(void)
{
  folder_make(&folder);
  (void)atexit(remove_folder);
  folder_file(&folder, "secret.txt", SECRET "\n");
  for (size_t i = 0; i < WORLD_BIG; i++)
    big[i] = (char)(i * 2654435761U >> 13);
  for (size_t i = 0; i < WORLD_SITES; i++) {
    must(snprintf(world.root[i], sizeof world.root[i], "%s/%s", folder.path, names[i][0]) > 0, "a path");
    folder_dir(&folder, names[i][0]);
    struct folder capsule = open_capsule(i);
    if (i == 0) {
      folder_bytes(&capsule, "big.bin", big, WORLD_BIG);
      folder_bytes(&capsule, "cut.bin", big, WORLD_BIG);
      folder_fifo(&capsule, "fifo");
    }
    folder_fill(&capsule, i == 0 ? items : items_of_two);
    close(capsule.fd);
    disk_allow(world.root[i]);
  }
}

/* As a worker does it (proc/worker_make.c): its own key schedule and its ring of ticket keys. */
static void make_tls(void)
{
  struct buf why = BUF_INIT(4096);
  struct tickets *tickets = NULL;
  int fd = -1;
  bool fast = kdf_provider_load(&why) == 0 && x25519_load(&why) == 0;
  must(fast || why.n > 0, "another OpenSSL goes without, and says so");
  buf_clear(&why);
  must(tickets_create(&fd, 0, &why) == 0 && tickets_map(fd, false, &tickets, &why) == 0, "ticket keys");
  close(fd);
  must(tls_server_new(tickets, &world.tls) == 0, "a TLS server");
  for (size_t i = 0; i < WORLD_SITES; i++) {
    const struct certificate_names wanted = {.names = names[i], .n_names = 1};
    must(certificate_make(folder.path, names[i][0], &wanted, KEY_NEW, NULL, &why) == 0, "a certificate");
    const struct tls_files files = {.dir = folder.path, .file = names[i][0]};
    must(tls_server_add(world.tls, names[i], 1, &files, i, &why) == 0, "it is taken");
  }
  buf_free(&why);
}

struct conn_world *conn_world(void)
{
  if (!world.mime) {
    same_random();
    log_open(LOG_DEBUG);
    fill_capsules();
    make_tls();
    world.mime = mime_load_from(NULL, NULL);
    must(world.mime != NULL, "MIME types");
  }
  return &world;
}

void conn_world_open(struct env *env, struct site *sites[WORLD_SITES])
{
  struct buf why = BUF_INIT(1024);
  for (size_t i = 0; i < WORLD_SITES; i++) {
    const struct site_config config = {
        .root = world.root[i], .names = names[i], .n_names = 1, .named = i == 1, .cache = i == 0 ? 64 << 10 : 0};
    must(site_open(&config, env, world.mime, &sites[i], &why) == 0, "a site");
  }
  buf_free(&why);
}

void conn_world_cut(void)
{
  char path[PATH_MAX + 16];
  must(snprintf(path, sizeof path, "%s/cut.bin", world.root[0]) > 0 && truncate(path, WORLD_CUT_TO) == 0,
       "a file is cut");
  world.cut = true;
}

void conn_world_mend(void)
{
  if (!world.cut)
    return;
  struct folder capsule = open_capsule(0);
  folder_bytes(&capsule, "cut.bin", big, WORLD_BIG);
  close(capsule.fd);
  world.cut = false;
}

struct str conn_world_request(unsigned i)
{
  return str_from(requests[i % REQUESTS]);
}

unsigned conn_world_requests(void)
{
  return REQUESTS;
}

bool conn_world_holds(struct str bytes)
{
  if (str_eq(bytes, str_make(big, WORLD_BIG)) || (world.cut && str_eq(bytes, str_make(big, WORLD_CUT_TO))) ||
      str_eq(bytes, str_from(items_of_two[0].text)))
    return true;
  for (size_t i = 0; items[i].path; i++)
    if (items[i].text && str_eq(bytes, str_from(items[i].text)))
      return true;
  return false;
}

bool conn_world_leaks(struct str bytes)
{
  return bytes.n && memmem(bytes.p, bytes.n, SECRET, strlen(SECRET));
}
