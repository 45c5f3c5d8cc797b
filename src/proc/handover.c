/* The handover: a text in memory, one line for each thing. */
#include "proc/handover.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "proc/clock.h"

/* The first line of the text. A version that cannot read what this one writes has another number. */
#define TITLE "nuncio handover 1"
static const char variable[] = "NUNCIO_HANDOVER";
enum { TEXT_MAX = 1 << 20 };

/* ------------------------------------------------------------------ writing */

static const char *state_word(enum member_state state)
{
  switch (state) {
  case MEMBER_STARTING:
    return "starting";
  case MEMBER_SERVING:
    return "serving";
  case MEMBER_DRAINING:
    return "draining";
  }
  return "?";
}

static const char *role_word(enum handover_role role)
{
  switch (role) {
  case HANDOVER_WORKER:
    return "worker";
  case HANDOVER_READER:
    return "reader";
  case HANDOVER_SUPERVISOR:
  case HANDOVER_NONE:
    break;
  }
  return "supervisor";
}

/* The first site's has the words that it had when there was one only. */
static void put_copies(struct buf *out, const struct copies_set *set)
{
  for (size_t i = 0; i < set->n; i++) {
    const struct copies *c = copies_set_at(set, i);
    if (c && i == 0)
      buf_printf(out, "certificate %d\nkey %d\n", c->certificate, c->key);
    else if (c)
      buf_printf(out, "pair %zu %d %d\n", i, c->certificate, c->key);
  }
  if (set->authorities >= 0)
    buf_printf(out, "authorities %d\n", set->authorities);
}

static void put_text(struct buf *out, const struct handover *h)
{
  buf_printf(out, TITLE "\nrole %s\nslot %u\nfirst %u\n", role_word(h->role), h->slot, h->first);
  if (h->control >= 0)
    buf_printf(out, "control %d\n", h->control);
  if (h->tickets >= 0)
    buf_printf(out, "tickets %d\n", h->tickets);
  if (h->visitors >= 0)
    buf_printf(out, "visitors %d\n", h->visitors);
  if (h->seat != NO_SEAT)
    buf_printf(out, "seat %u\n", h->seat);
  if (h->requests >= 0)
    buf_printf(out, "requests %d\n", h->requests);
  if (h->day_keys >= 0)
    buf_printf(out, "day-keys %d\n", h->day_keys);
  if (h->settings >= 0)
    buf_printf(out, "settings %d\n", h->settings);
  if (h->answer >= 0)
    buf_printf(out, "answer %d\n", h->answer);
  put_copies(out, &h->copies);
  for (size_t i = 0; i < h->sockets.n; i++) {
    const struct listen_socket *s = &h->sockets.at[i];
    buf_printf(out, "socket %d %u %s %u %s%s%s\n", s->fd, s->slot, s->proto->name, s->port, s->address,
               s->site[0] ? " " : "", s->site);
    if (s->given) /* a line of its own, as below */
      buf_printf(out, "given %d\n", s->fd);
  }
  for (size_t i = 0; i < h->crew.n; i++) {
    const struct member *m = &h->crew.at[i];
    /* One that has closed its end and is about to end itself is still ours to bury. */
    if (m->control >= 0)
      buf_printf(out, "member %d", m->control);
    else
      buf_printf(out, "member -");
    buf_printf(out, " %ld %u %u %s\n", (long)m->pid, m->slot, m->generation, state_word(m->state));
    /* Lines of their own: versions that do not know them skip them. */
    if (m->seat != NO_SEAT)
      buf_printf(out, "seated %ld %u\n", (long)m->pid, m->seat);
    if (m->hurried)
      buf_printf(out, "hurried %ld\n", (long)m->pid);
  }
}

int handover_write(const struct handover *h)
{
  struct buf text = BUF_INIT(TEXT_MAX);
  put_text(&text, h);
  int err = buf_error(&text), fd = -1;
  if (err == 0) {
    fd = memfd_create("nuncio handover", MFD_CLOEXEC);
    if (fd < 0)
      err = errno == EMFILE || errno == ENFILE ? ERR_BUSY : ERR_IO;
    else if (write(fd, text.p, text.n) != (ssize_t)text.n || lseek(fd, 0, SEEK_SET) != 0)
      err = ERR_IO;
  }
  if (err && fd >= 0)
    close(fd);
  buf_free(&text);
  return err ? err : fd;
}

static bool let(int fd, bool through)
{
  return fd < 0 || fcntl(fd, F_SETFD, through ? 0 : FD_CLOEXEC) == 0;
}

/* The descriptors that the text names. */
static bool let_all(const struct handover *h, bool through)
{
  bool fine = let(h->control, through) && let(h->tickets, through) && let(h->visitors, through) &&
              let(h->requests, through) && let(h->day_keys, through) && let(h->settings, through) &&
              let(h->answer, through) && let(h->copies.authorities, through);
  for (size_t i = 0; i < h->copies.n; i++)
    fine = let(h->copies.at[i].certificate, through) && let(h->copies.at[i].key, through) && fine;
  for (size_t i = 0; i < h->sockets.n; i++)
    fine = let(h->sockets.at[i].fd, through) && fine;
  for (size_t i = 0; i < h->crew.n; i++)
    fine = let(h->crew.at[i].control, through) && fine;
  return fine;
}

int handover_let_through(const struct handover *h, int text, bool through)
{
  char number[16];
  if (!let_all(h, through) || !let(text, through))
    return ERR_IO;
  if (!through)
    return unsetenv(variable) < 0 ? ERR_IO : 0;
  if (snprintf(number, sizeof number, "%d", text) < 0)
    return ERR_IO;
  return setenv(variable, number, 1) < 0 ? ERR_NOMEM : 0;
}

/* ------------------------------------------------------------------ reading */

/* The next word of a line. */
static struct str word(struct str *line)
{
  struct str part = {NULL, 0};
  (void)str_split(line, ' ', &part);
  return part;
}

static int number(struct str *line, unsigned *out)
{
  return str_number(word(line), out);
}

/* A descriptor that is really open, shut in again at once: whatever else is run must not get it. */
static int descriptor(struct str *line, int *out)
{
  unsigned fd;
  if (number(line, &fd) < 0 || fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0)
    return ERR_SYNTAX;
  *out = (int)fd;
  return 0;
}

static int read_first_copy(struct handover *h, struct str line, bool key)
{
  if (h->copies.n == 0 && copies_set_put(&h->copies, 0, COPIES_INIT) < 0)
    return ERR_NOMEM;
  return descriptor(&line, key ? &h->copies.at[0].key : &h->copies.at[0].certificate);
}

static int read_pair(struct handover *h, struct str line)
{
  struct copies copies = COPIES_INIT;
  unsigned site;
  int err = number(&line, &site);
  if (err == 0)
    err = descriptor(&line, &copies.certificate);
  if (err == 0)
    err = descriptor(&line, &copies.key);
  if (err == 0)
    err = copies_set_put(&h->copies, site, copies);
  if (err)
    copies_close(&copies);
  return err;
}

static int read_role(struct handover *h, struct str line)
{
  struct str role = word(&line);
  for (enum handover_role r = HANDOVER_WORKER; r <= HANDOVER_READER; r++)
    if (str_eq(role, str_from(role_word(r)))) {
      h->role = r;
      return 0;
    }
  return ERR_SYNTAX;
}

static int read_socket(struct handover *h, struct str line)
{
  struct listen_socket s = {.fd = -1};
  int listening = 0;
  socklen_t length = sizeof listening;
  if (descriptor(&line, &s.fd) < 0 || number(&line, &s.slot) < 0 || s.slot >= WORKERS_MAX)
    return ERR_SYNTAX;
  struct str proto = word(&line);
  if (str_eq(proto, str_from(proto_gemini.name)))
    s.proto = &proto_gemini;
  else if (str_eq(proto, str_from(proto_gopher.name)))
    s.proto = &proto_gopher;
  if (!s.proto || number(&line, &s.port) < 0)
    return ERR_SYNTAX;
  struct str address = word(&line);
  struct str site = word(&line);
  if (address.n == 0 || address.n >= sizeof s.address || site.n >= sizeof s.site ||
      getsockopt(s.fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) < 0 || !listening)
    return ERR_SYNTAX;
  memcpy(s.address, address.p, address.n);
  if (site.n)
    memcpy(s.site, site.p, site.n);
  return sockets_add(&h->sockets, &s);
}

/* About a socket that was named before. */
static int read_given(struct handover *h, struct str line)
{
  unsigned fd;
  if (number(&line, &fd) < 0)
    return ERR_SYNTAX;
  for (size_t i = 0; i < h->sockets.n; i++) {
    struct listen_socket *s = &h->sockets.at[i];
    if (s->fd != (int)fd)
      continue;
    s->given = true;
    return 0;
  }
  return ERR_SYNTAX;
}

static int read_member(struct handover *h, struct str line)
{
  int control = -1;
  unsigned pid, slot, generation;
  if (str_starts(line, STR("- ")))
    line = str_skip(line, 2);
  else if (descriptor(&line, &control) < 0)
    return ERR_SYNTAX;
  if (number(&line, &pid) < 0 || number(&line, &slot) < 0 || number(&line, &generation) < 0 || slot >= WORKERS_MAX)
    return ERR_SYNTAX;
  struct member *m = crew_add(&h->crew, (pid_t)pid, control, slot, generation, clock_ms());
  if (!m)
    return ERR_NOMEM;
  for (int state = MEMBER_STARTING; state <= MEMBER_DRAINING; state++)
    if (str_eq(line, str_from(state_word((enum member_state)state))))
      m->state = (enum member_state)state;
  return 0;
}

/* One beyond our table is in a table of another layout, which visitors_map refuses. */
static int read_seat(struct str *line, unsigned *seat)
{
  if (number(line, seat) < 0)
    return ERR_SYNTAX;
  if (*seat > NO_SEAT)
    *seat = NO_SEAT;
  return 0;
}

/* Whom a line is about that follows the member's own; NULL where there is nobody. */
static struct member *about(struct handover *h, struct str *line)
{
  unsigned pid;
  return number(line, &pid) < 0 ? NULL : crew_find(&h->crew, (pid_t)pid);
}

static int read_seated(struct handover *h, struct str line)
{
  struct member *m = about(h, &line);
  return m ? read_seat(&line, &m->seat) : ERR_SYNTAX;
}

static int read_hurried(struct handover *h, struct str line)
{
  struct member *m = about(h, &line);
  if (!m)
    return ERR_SYNTAX;
  m->hurried = true;
  return 0;
}

static int read_line(struct handover *h, struct str line)
{
  struct str key = word(&line);
  if (str_eq(key, STR("role")))
    return read_role(h, line);
  if (str_eq(key, STR("slot")))
    return number(&line, &h->slot);
  if (str_eq(key, STR("first")))
    return number(&line, &h->first);
  if (str_eq(key, STR("control")))
    return descriptor(&line, &h->control);
  if (str_eq(key, STR("tickets")))
    return descriptor(&line, &h->tickets);
  if (str_eq(key, STR("visitors")))
    return descriptor(&line, &h->visitors);
  if (str_eq(key, STR("requests")))
    return descriptor(&line, &h->requests);
  if (str_eq(key, STR("day-keys")))
    return descriptor(&line, &h->day_keys);
  if (str_eq(key, STR("settings")))
    return descriptor(&line, &h->settings);
  if (str_eq(key, STR("answer")))
    return descriptor(&line, &h->answer);
  if (str_eq(key, STR("authorities")))
    return descriptor(&line, &h->copies.authorities);
  if (str_eq(key, STR("certificate")))
    return read_first_copy(h, line, false);
  if (str_eq(key, STR("key")))
    return read_first_copy(h, line, true);
  if (str_eq(key, STR("pair")))
    return read_pair(h, line);
  if (str_eq(key, STR("seat")))
    return read_seat(&line, &h->seat);
  if (str_eq(key, STR("seated")))
    return read_seated(h, line);
  if (str_eq(key, STR("hurried")))
    return read_hurried(h, line);
  if (str_eq(key, STR("socket")))
    return read_socket(h, line);
  if (str_eq(key, STR("given")))
    return read_given(h, line);
  if (str_eq(key, STR("member")))
    return read_member(h, line);
  return 0;
}

static int read_text(struct handover *h, struct str rest)
{
  struct str line;
  if (!str_line(&rest, &line) || !str_eq(line, STR(TITLE)))
    return ERR_SYNTAX;
  int err = 0;
  while (err == 0 && str_line(&rest, &line))
    err = read_line(h, line);
  if (err == 0 && (h->role == HANDOVER_NONE || h->sockets.n == 0 || h->slot >= WORKERS_MAX ||
                   (h->role == HANDOVER_WORKER && h->control < 0) ||
                   (h->role == HANDOVER_READER && (h->settings < 0 || h->answer < 0))))
    err = ERR_SYNTAX;
  return err;
}

static int read_all(int fd, struct buf *text)
{
  for (;;) {
    char *room = buf_room(text, 4096);
    ssize_t n = room ? read(fd, room, 4096) : -1;
    if (n < 0)
      return buf_error(text) ? buf_error(text) : ERR_IO;
    if (n == 0)
      return 0;
    buf_added(text, (size_t)n);
  }
}

int handover_take(struct handover *h, struct buf *why)
{
  *h = HANDOVER_INIT;
  struct str named = str_from(getenv(variable)); /* NOLINT(concurrency-mt-unsafe): no thread was started yet */
  if (named.n == 0)
    return 0;
  struct buf text = BUF_INIT(TEXT_MAX);
  int fd = -1;
  struct stat st;
  int err = descriptor(&named, &fd);
  if (err == 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)))
    err = ERR_SYNTAX; /* a terminal would keep us waiting */
  if (unsetenv(variable) < 0)
    err = ERR_NOMEM;
  if (err == 0)
    err = read_all(fd, &text);
  if (err == 0)
    err = read_text(h, buf_str(&text));
  if (fd >= 0)
    close(fd);
  buf_free(&text);
  if (err) {
    handover_free(h);
    buf_printf(why, "%s is set, but it does not name what a supervisor hands over (%s): unset it", variable,
               err_text(err));
  }
  return err;
}

void handover_free(struct handover *h)
{
  if (h->control >= 0)
    close(h->control);
  if (h->tickets >= 0)
    close(h->tickets);
  if (h->visitors >= 0)
    close(h->visitors);
  if (h->requests >= 0)
    close(h->requests);
  if (h->day_keys >= 0)
    close(h->day_keys);
  if (h->settings >= 0)
    close(h->settings);
  if (h->answer >= 0)
    close(h->answer);
  copies_set_close(&h->copies);
  sockets_close(&h->sockets);
  crew_free(&h->crew);
  *h = HANDOVER_INIT;
}
