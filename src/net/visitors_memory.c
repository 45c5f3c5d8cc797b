/* The memory of the table of visitors: made, sealed, mapped, cleared. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "net/visitors_table.h"

/* Written into the memory, so that another version with another layout, or another program, is not misread. */
static const char MAGIC[16] = "nuncio visitor 1";

static int fail_errno(struct buf *why, const char *what)
{
  int number = errno;
  buf_printf(why, "%s: %s", what, strerror(number));
  return number == ENOMEM || number == EMFILE || number == ENFILE ? ERR_NOMEM : ERR_IO;
}

int visitors_create(int *fd, struct buf *why)
{
  static const char what[] = "cannot make the memory in which visitors are counted";
  struct table *head = MAP_FAILED;
  int err = 0;
  *fd = memfd_create("nuncio-visitors", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (*fd < 0 || ftruncate(*fd, sizeof *head) < 0) {
    err = fail_errno(why, what);
    goto out;
  }
  head = mmap(NULL, sizeof *head, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
  if (head == MAP_FAILED || getrandom(head->key, sizeof head->key, 0) != (ssize_t)sizeof head->key) {
    err = fail_errno(why, what);
    goto out;
  }
  memcpy(head->magic, MAGIC, sizeof MAGIC);
  /* A mapping must not lose its end: that would be SIGBUS in every worker. */
  if (fcntl(*fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
    err = fail_errno(why, what);

out:
  if (head != MAP_FAILED)
    (void)munmap(head, sizeof *head);
  if (err && *fd >= 0) {
    close(*fd);
    *fd = -1;
  }
  return err;
}

/* Whether the descriptor is of a memory like ours. The size is looked at before anything in there. */
static const char *file_fault(int fd)
{
  struct stat st;
  int seals = fcntl(fd, F_GET_SEALS);
  if (fstat(fd, &st) < 0)
    return strerror(errno);
  if (seals < 0 || !(seals & F_SEAL_SHRINK) || !(seals & F_SEAL_GROW))
    return "it is no sealed memory";
  if (st.st_size != sizeof(struct table))
    return "it is of another size";
  return NULL;
}

/* So that no sum looks at more seats than there were workers at a time. */
static void take_seat(struct table *table, unsigned seat)
{
  uint32_t seats = atomic_load(&table->seats);
  while (seats <= seat && !atomic_compare_exchange_weak(&table->seats, &seats, seat + 1)) {
    /* another worker has just taken one: look again */
  }
}

int visitors_map(int fd, unsigned seat, struct visitors **out, struct buf *why)
{
  static const char what[] = "cannot use the memory in which visitors are counted";
  *out = NULL;
  const char *fault = seat > SEATS_MAX ? "there is no such seat" : file_fault(fd);
  if (fault) {
    buf_printf(why, "%s: %s", what, fault);
    return ERR_SYNTAX;
  }
  struct visitors *v = calloc(1, sizeof *v);
  if (!v) {
    buf_printf(why, "%s: %s", what, err_text(ERR_NOMEM));
    return ERR_NOMEM;
  }
  v->seat = seat;
  v->table = mmap(NULL, sizeof *v->table, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (v->table == MAP_FAILED) {
    free(v);
    return fail_errno(why, what);
  }
  if (memcmp(v->table->magic, MAGIC, sizeof MAGIC) != 0) {
    visitors_unmap(v);
    buf_printf(why, "%s: it holds something else, or the table of another version", what);
    return ERR_SYNTAX;
  }
  (void)madvise(v->table, sizeof *v->table, MADV_DONTDUMP); /* who came is nobody's business, nor is the key */
  if (seat < SEATS_MAX)
    take_seat(v->table, seat);
  *out = v;
  return 0;
}

void visitors_unmap(struct visitors *v)
{
  if (!v)
    return;
  (void)munmap(v->table, sizeof *v->table);
  free(v);
}

void visitors_clear_seat(struct visitors *v, unsigned seat)
{
  if (seat >= SEATS_MAX)
    return;
  struct seat *s = &v->table->at[seat];
  for (size_t i = 0; i < VISITORS_PLACES; i++)
    if (atomic_load_explicit(&s->open[i], memory_order_relaxed) != 0)
      atomic_store(&s->open[i], 0);
  for (size_t i = 0; i < TALLIES; i++)
    atomic_store(&s->tallies[i], 0);
}
