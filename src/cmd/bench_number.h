/* Numbers as `nuncio bench` prints them for people. Pure. */
#ifndef NUNCIO_CMD_BENCH_NUMBER_H
#define NUNCIO_CMD_BENCH_NUMBER_H

#include <stdint.h>

#include "base/buf.h"

/* 1,234,567 */
void bench_put_count(struct buf *out, uint64_t n);

/* Three digits that count and a unit: `0.085 ms`, `1.23 ms`, `12.3 ms`, `123 ms`, `1.23 s`. */
void bench_put_time(struct buf *out, uint64_t ns);

/* `812 bytes`, `1.5 KiB`, `53.6 MiB`. */
void bench_put_bytes(struct buf *out, uint64_t n);

#endif
