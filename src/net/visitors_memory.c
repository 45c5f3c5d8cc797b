/* The memory of the table of visitors: made, sealed, mapped, cleared. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/err.h"
#include "base/sealed.h"
#include "net/visitors_table.h"

/* Written into the memory, so that another version with another layout, or another program, is not misread. */
static const char MAGIC[16] = "nuncio visitor 2";

static int fail_errno(struct buf *why, const char *what)
{
  int number = errno;
  buf_printf(why, "%s: %s", what, strerror(number));
  return number == ENOMEM || number == EMFILE || number == ENFILE ? ERR_NOMEM : ERR_IO;
}

int visitors_create(int *fd, struct buf *why)
{
  static const char what[] = "cannot make the memory in which visitors are counted";
  void *map = NULL;
  *fd = sealed_create("nuncio-visitors", sizeof(struct table), &map);
  if (*fd < 0)
    return fail_errno(why, what);
  struct table *head = map;
  int err = 0;
  if (getrandom(head->key, sizeof head->key, 0) == (ssize_t)sizeof head->key)
    memcpy(head->magic, MAGIC, sizeof MAGIC);
  else
    err = fail_errno(why, what);
  (void)munmap(map, sizeof *head);
  if (err) {
    close(*fd);
    *fd = -1;
  }
  return err;
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
  const char *fault = seat > SEATS_MAX ? "there is no such seat" : sealed_fault(fd, sizeof(struct table));
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

struct pace *visitors_pace(struct visitors *v)
{
  return &v->table->pace;
}

const unsigned char *visitors_key(const struct visitors *v)
{
  return v->table->key;
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
