/* The handover's text, understood line by line. */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "base/err.h"
#include "proc/clock.h"
#include "proc/handover.h"
#include "proc/handover_internal.h"

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

int handover_descriptor(struct str *line, int *out)
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
  return handover_descriptor(&line, key ? &h->copies.at[0].key : &h->copies.at[0].certificate);
}

static int read_pair(struct handover *h, struct str line)
{
  struct copies copies = COPIES_INIT;
  unsigned site;
  int err = number(&line, &site);
  if (err == 0)
    err = handover_descriptor(&line, &copies.certificate);
  if (err == 0)
    err = handover_descriptor(&line, &copies.key);
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
    if (str_eq(role, str_from(handover_role_word(r)))) {
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
  if (handover_descriptor(&line, &s.fd) < 0 || number(&line, &s.slot) < 0 || s.slot >= WORKERS_MAX)
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
  else if (handover_descriptor(&line, &control) < 0)
    return ERR_SYNTAX;
  if (number(&line, &pid) < 0 || number(&line, &slot) < 0 || number(&line, &generation) < 0 || slot >= WORKERS_MAX)
    return ERR_SYNTAX;
  struct member *m = crew_add(&h->crew, (pid_t)pid, control, slot, generation, clock_ms());
  if (!m)
    return ERR_NOMEM;
  for (int state = MEMBER_STARTING; state <= MEMBER_DRAINING; state++)
    if (str_eq(line, str_from(handover_state_word((enum member_state)state))))
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
  for (size_t i = 0; i < HANDOVER_PLACES; i++)
    if (str_eq(key, str_from(handover_places[i].word)))
      return handover_descriptor(&line, (int *)(void *)((char *)h + handover_places[i].at));
  if (str_eq(key, STR("role")))
    return read_role(h, line);
  if (str_eq(key, STR("slot")))
    return number(&line, &h->slot);
  if (str_eq(key, STR("first")))
    return number(&line, &h->first);
  if (str_eq(key, STR("authorities")))
    return handover_descriptor(&line, &h->copies.authorities);
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

int handover_read(struct handover *h, struct str text)
{
  struct str line;
  if (!str_line(&text, &line) || !str_eq(line, STR(HANDOVER_TITLE)))
    return ERR_SYNTAX;
  int err = 0;
  while (err == 0 && str_line(&text, &line))
    err = read_line(h, line);
  if (err == 0 && (h->role == HANDOVER_NONE || h->sockets.n == 0 || h->slot >= WORKERS_MAX ||
                   (h->role == HANDOVER_WORKER && h->control < 0) ||
                   (h->role == HANDOVER_READER && (h->settings < 0 || h->answer < 0))))
    err = ERR_SYNTAX;
  return err;
}
