/* A key for each day, in shared memory: four slots, of which two are in use. */
#include "base/day_keys.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/err.h"
#include "base/sealed.h"

/* Written into the memory, so that another version with another layout, or another program, is not misread. */
static const char MAGIC[16] = "nuncio daykeys 1";

/* Day N's key is in slot N % SLOTS. Whoever still reads yesterday's is two slots away from what is written today. */
enum { SLOTS = 4, DAY_SECONDS = 24 * 60 * 60 };

struct slot {
  _Atomic uint64_t day; /* 0: there is no key. Set last, and cleared first */
  unsigned char key[SIPHASH_KEY_BYTES];
};

struct table {
  char magic[sizeof MAGIC];
  struct slot slots[SLOTS];
};

struct day_keys {
  struct table *table;
};

static int fail(struct buf *why, const char *what)
{
  int number = errno;
  buf_printf(why, "%s: %s", what, strerror(number));
  return number == ENOMEM || number == EMFILE || number == ENFILE ? ERR_NOMEM : ERR_IO;
}

uint64_t day_of(time_t now)
{
  return now < DAY_SECONDS ? 1 : (uint64_t)now / DAY_SECONDS; /* 0 is no day */
}

static int make_key(struct slot *slot, uint64_t day)
{
  unsigned char key[SIPHASH_KEY_BYTES];
  if (getrandom(key, sizeof key, 0) != (ssize_t)sizeof key)
    return ERR_IO;
  memcpy(slot->key, key, sizeof key);
  explicit_bzero(key, sizeof key);
  atomic_store_explicit(&slot->day, day, memory_order_release);
  return 0;
}

static int look(struct table *table, uint64_t day)
{
  int err = 0;
  for (size_t i = 0; i < SLOTS; i++) {
    struct slot *slot = &table->slots[i];
    uint64_t has = atomic_load_explicit(&slot->day, memory_order_relaxed);
    if (has == 0 || has == day || has == day + 1)
      continue;
    atomic_store(&slot->day, 0);
    atomic_thread_fence(memory_order_seq_cst);
    explicit_bzero(slot->key, sizeof slot->key);
  }
  for (uint64_t wanted = day; wanted <= day + 1; wanted++) {
    struct slot *slot = &table->slots[wanted % SLOTS];
    if (atomic_load_explicit(&slot->day, memory_order_relaxed) != wanted && make_key(slot, wanted) < 0)
      err = ERR_IO;
  }
  return err;
}

int day_keys_create(int *fd, uint64_t day, struct buf *why)
{
  static const char what[] = "cannot make the memory for the keys of hashed addresses";
  void *map = NULL;
  *fd = sealed_create("nuncio-day-keys", sizeof(struct table), &map);
  if (*fd < 0)
    return fail(why, what);
  struct table *table = map;
  memcpy(table->magic, MAGIC, sizeof MAGIC);
  int err = look(table, day);
  (void)munmap(map, sizeof *table);
  if (err) {
    buf_printf(why, "%s: there are no random bytes", what);
    close(*fd);
    *fd = -1;
  }
  return err;
}

int day_keys_map(int fd, bool writer, struct day_keys **out, struct buf *why)
{
  static const char what[] = "cannot use the keys of hashed addresses";
  *out = NULL;
  const char *fault = sealed_fault(fd, sizeof(struct table));
  if (fault) {
    buf_printf(why, "%s: %s", what, fault);
    return ERR_SYNTAX;
  }
  struct day_keys *k = calloc(1, sizeof *k);
  if (!k) {
    buf_printf(why, "%s: %s", what, err_text(ERR_NOMEM));
    return ERR_NOMEM;
  }
  k->table = mmap(NULL, sizeof *k->table, writer ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
  if (k->table == MAP_FAILED) {
    free(k);
    return fail(why, what);
  }
  if (memcmp(k->table->magic, MAGIC, sizeof MAGIC) != 0) {
    day_keys_unmap(k);
    buf_printf(why, "%s: it holds something else, or those of another version", what);
    return ERR_SYNTAX;
  }
  /* Keys belong neither into a core file nor, where the limit on locked memory allows, into the swap. */
  (void)madvise(k->table, sizeof *k->table, MADV_DONTDUMP);
  (void)mlock(k->table, sizeof *k->table);
  *out = k;
  return 0;
}

void day_keys_unmap(struct day_keys *k)
{
  if (!k)
    return;
  (void)munmap(k->table, sizeof *k->table);
  free(k);
}

int day_keys_look(struct day_keys *k, uint64_t day)
{
  return look(k->table, day);
}

bool day_keys_get(const struct day_keys *k, uint64_t day, unsigned char key[SIPHASH_KEY_BYTES])
{
  const struct slot *slot = &k->table->slots[day % SLOTS];
  if (atomic_load_explicit(&slot->day, memory_order_acquire) != day)
    return false;
  memcpy(key, slot->key, SIPHASH_KEY_BYTES);
  /* The writer clears the day before it touches the key: who still sees it after the copy has a whole one. */
  atomic_thread_fence(memory_order_acquire);
  return atomic_load_explicit(&slot->day, memory_order_relaxed) == day;
}
