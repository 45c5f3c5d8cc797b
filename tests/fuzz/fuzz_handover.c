/* The text by which a supervisor hands things over, should somebody else have written it: it is taken whole, or refused
 * with a sentence and nothing kept. The numbers of descriptors in it are replaced by those of real ones. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "must.h"
#include "proc/handover.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Descriptors that the text can name: from FIRST on, so many that listen and so many that do not, and as many again
 * that are not open. */
enum { FIRST = 500, LISTENING = 4, OTHER = 4, CLOSED = 2, ALL = LISTENING + OTHER + CLOSED };

static int listener(void)
{
  const struct sockaddr address = {.sa_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  /* Without a name the kernel chooses one that is in no file system (unix(7)). */
  must(fd >= 0 && bind(fd, &address, sizeof address.sa_family) == 0 && listen(fd, 1) == 0, "a listening socket");
  return fd;
}

static void open_all(void)
{
  static int listening = -1;
  if (listening < 0)
    listening = listener();
  for (int i = 0; i < LISTENING + OTHER; i++)
    must(dup3(i < LISTENING ? listening : STDERR_FILENO, FIRST + i, O_CLOEXEC) == FIRST + i, "a descriptor");
}

static bool names_descriptor(struct str word)
{
  static const char *const names[] = {"control",  "tickets", "visitors", "certificate", "key",    "requests",
                                      "day-keys", "socket",  "member",   "settings",    "answer", "pair"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (str_eq(word, str_from(names[i])))
      return true;
  return false;
}

/* Each descriptor once: the text is wrong in its form at the worst, it gives nothing twice. */
static void write_text(struct str text, int fd)
{
  struct buf out = BUF_INIT(2 * text.n + 4096);
  struct str line, word;
  int next = 0;
  while (str_line(&text, &line)) {
    (void)str_split(&line, ' ', &word);
    buf_put_str(&out, word);
    unsigned number;
    if (names_descriptor(word) && str_split(&line, ' ', &word)) {
      if (str_number(word, &number) == 0)
        buf_printf(&out, " %d", next < ALL ? FIRST + (next++ + (int)(number % ALL)) % ALL : FIRST + ALL);
      else
        buf_put_str(&out, str_eq(word, STR("-")) ? STR(" -") : STR(" x"));
    }
    if (line.p) {
      buf_put_c(&out, ' ');
      buf_put_str(&out, line);
    }
    buf_put_c(&out, '\n');
  }
  must(buf_error(&out) == 0 && write(fd, out.p, out.n) == (ssize_t)out.n && lseek(fd, 0, SEEK_SET) == 0, "a text");
  buf_free(&out);
}

static bool in_place(int fd)
{
  return fd < 0 || (fd >= FIRST && fd < FIRST + ALL && fcntl(fd, F_GETFD) == FD_CLOEXEC);
}

static void check(const struct handover *h)
{
  must(h->role == HANDOVER_WORKER || h->role == HANDOVER_SUPERVISOR || h->role == HANDOVER_READER, "somebody's");
  must(h->sockets.n > 0 && h->slot < WORKERS_MAX, "there is something to serve");
  must(h->role != HANDOVER_WORKER || h->control >= 0, "a worker hears of its supervisor");
  must(in_place(h->control) && in_place(h->tickets) && in_place(h->visitors) && in_place(h->requests) &&
           in_place(h->day_keys),
       "descriptors are open, and shut in");
  for (size_t i = 0; i < h->sockets.n; i++) {
    const struct listen_socket *s = &h->sockets.at[i];
    must(s->fd >= FIRST && s->fd < FIRST + LISTENING && in_place(s->fd), "a socket listens");
    must(s->proto && s->slot < WORKERS_MAX && memchr(s->address, '\0', sizeof s->address), "it can be served");
  }
  for (size_t i = 0; i < h->crew.n; i++)
    must(in_place(h->crew.at[i].control) && h->crew.at[i].slot < WORKERS_MAX, "a worker has a slot");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  char number[16];
  struct handover h;
  struct buf why = BUF_INIT(1024);
  int fd = memfd_create("handover", 0);
  must(fd >= 0 && fd < FIRST, "a text's file");
  open_all();
  write_text(str_make((const char *)data, size), fd);
  must(snprintf(number, sizeof number, "%d", fd) > 0 && setenv("NUNCIO_HANDOVER", number, 1) == 0, "a variable");
  int err = handover_take(&h, &why);
  must(!getenv("NUNCIO_HANDOVER"), "the variable is gone");
  must(fcntl(fd, F_GETFD) < 0, "the text is closed");
  if (err == 0)
    check(&h);
  else
    must(why.n > 0 && h.role == HANDOVER_NONE && h.sockets.n == 0 && h.crew.n == 0 && h.control < 0,
         "a refusal is a sentence and keeps nothing");
  handover_free(&h);
  buf_free(&why);
  for (int i = 0; i < LISTENING + OTHER; i++)
    (void)close(FIRST + i); /* those that the text did not name */
  return 0;
}
