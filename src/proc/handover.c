/* The handover: a text in memory, one line for each thing. How it is written, given and taken; handover_read.c
 * understands it. */
#include "proc/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "proc/handover_internal.h"

static const char variable[] = "NUNCIO_HANDOVER";
enum { TEXT_MAX = 1 << 20 };

const struct handover_place handover_places[HANDOVER_PLACES] = {
    {"control", offsetof(struct handover, control)},   {"tickets", offsetof(struct handover, tickets)},
    {"visitors", offsetof(struct handover, visitors)}, {"requests", offsetof(struct handover, requests)},
    {"day-keys", offsetof(struct handover, day_keys)}, {"settings", offsetof(struct handover, settings)},
    {"answer", offsetof(struct handover, answer)},
};

/* The descriptor in that place, or -1. */
static int descriptor_at(const struct handover *h, size_t place)
{
  return *(const int *)(const void *)((const char *)h + handover_places[place].at);
}

const char *handover_state_word(enum member_state state)
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

const char *handover_role_word(enum handover_role role)
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
  buf_printf(out, HANDOVER_TITLE "\nrole %s\nslot %u\nfirst %u\n", handover_role_word(h->role), h->slot, h->first);
  for (size_t i = 0; i < HANDOVER_PLACES; i++)
    if (descriptor_at(h, i) >= 0)
      buf_printf(out, "%s %d\n", handover_places[i].word, descriptor_at(h, i));
  if (h->seat != NO_SEAT)
    buf_printf(out, "seat %u\n", h->seat);
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
    buf_printf(out, " %ld %u %u %s\n", (long)m->pid, m->slot, m->generation, handover_state_word(m->state));
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
  bool fine = let(h->copies.authorities, through);
  for (size_t i = 0; i < HANDOVER_PLACES; i++)
    fine = let(descriptor_at(h, i), through) && fine;
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

/* ------------------------------------------------------------------ taking */

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
  int err = handover_descriptor(&named, &fd);
  if (err == 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)))
    err = ERR_SYNTAX; /* a terminal would keep us waiting */
  if (unsetenv(variable) < 0)
    err = ERR_NOMEM;
  if (err == 0)
    err = read_all(fd, &text);
  if (err == 0)
    err = handover_read(h, buf_str(&text));
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
  for (size_t i = 0; i < HANDOVER_PLACES; i++)
    if (descriptor_at(h, i) >= 0)
      close(descriptor_at(h, i));
  copies_set_close(&h->copies);
  sockets_close(&h->sockets);
  crew_free(&h->crew);
  *h = HANDOVER_INIT;
}
