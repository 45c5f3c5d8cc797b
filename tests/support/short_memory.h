/* For tests: memory that runs out at a chosen allocation. Only for programs that are linked with SHORT_MEMORY (see the
 * Makefile), which leads every call of ours here; those of libraries are not seen, but for those that are told of it.
 */
#ifndef NUNCIO_TESTS_SHORT_MEMORY_H
#define NUNCIO_TESTS_SHORT_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t items, size_t n);
void *__real_realloc(void *p, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t items, size_t n);
void *__wrap_realloc(void *p, size_t n);
void __wrap_free(void *p);

/* While it is armed the `fail_at`-th allocation (from 1) fails, and with `onwards` all that follow; 0: none. */
static struct short_memory {
  bool armed, onwards;
  unsigned long fail_at;
  unsigned long asked;  /* allocations while armed, since short_memory_set */
  unsigned long failed; /* of these */
  long held;            /* what our own code holds just now, whether armed or not */
} memory;

static inline void short_memory_set(unsigned long fail_at, bool onwards)
{
  memory.fail_at = fail_at;
  memory.onwards = onwards;
  memory.asked = memory.failed = 0;
}

/* Counts one allocation: whether it is to fail. */
static inline bool short_memory_fails(void)
{
  if (!memory.armed)
    return false;
  memory.asked++;
  if (memory.fail_at == 0 || memory.asked < memory.fail_at || (memory.asked > memory.fail_at && !memory.onwards))
    return false;
  memory.failed++;
  return true;
}

static inline void *short_memory_keep(void *p)
{
  memory.held += p != NULL;
  return p;
}

void *__wrap_malloc(size_t n)
{
  return short_memory_fails() ? NULL : short_memory_keep(__real_malloc(n));
}

void *__wrap_calloc(size_t items, size_t n)
{
  return short_memory_fails() ? NULL : short_memory_keep(__real_calloc(items, n));
}

void *__wrap_realloc(void *p, size_t n)
{
  if (short_memory_fails())
    return NULL;
  void *grown = __real_realloc(p, n);
  memory.held += grown && !p;
  return grown;
}

void __wrap_free(void *p)
{
  memory.held -= p != NULL;
  __real_free(p);
}

#endif
