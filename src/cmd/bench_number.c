/* Counts, times and sizes for people. */
#include "cmd/bench_number.h"

#include <inttypes.h>
#include <stdio.h>

void bench_put_count(struct buf *out, uint64_t n)
{
  char digits[24];
  int length = snprintf(digits, sizeof digits, "%" PRIu64, n);
  for (int i = 0; i < length; i++) {
    if (i > 0 && (length - i) % 3 == 0)
      buf_put_c(out, ',');
    buf_put_c(out, digits[i]);
  }
}

void bench_put_time(struct buf *out, uint64_t ns)
{
  const char *unit = "ms";
  double value = (double)ns / 1e6;
  if (value >= 999.5) {
    value /= 1000;
    unit = "s";
  }
  int decimals = value < 0.9995 ? 3 : value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  buf_printf(out, "%.*f %s", decimals, value, unit);
}

void bench_put_bytes(struct buf *out, uint64_t n)
{
  static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
  double value = (double)n / 1024;
  size_t unit = 0;
  if (n < 1024) {
    buf_printf(out, "%" PRIu64 " byte%s", n, n == 1 ? "" : "s");
    return;
  }
  for (; value >= 1023.95 && unit + 1 < sizeof units / sizeof *units; unit++)
    value /= 1024;
  buf_printf(out, "%.1f %s", value, units[unit]);
}
