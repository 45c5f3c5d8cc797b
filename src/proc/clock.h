/* The supervisor's clock. */
#ifndef NUNCIO_PROC_CLOCK_H
#define NUNCIO_PROC_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Milliseconds that never go back. */
static inline uint64_t clock_ms(void)
{
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

#endif
