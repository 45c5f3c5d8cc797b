/* Names and paths as a person reads them: cleaned, of bounded width. */
#include "site/readable.h"

#include "base/utf8.h"

static void put_clean(struct buf *out, struct str text)
{
  while (text.n) {
    int32_t point;
    size_t n = utf8_decode(text, &point);
    if (point == '\t' || point == '\n' || point == '\r')
      buf_put_c(out, ' ');
    else if (point < 0x20 || point == 0x7f || utf8_disturbs(point))
      buf_put_str(out, STR("\xef\xbf\xbd"));
    else
      buf_put(out, text.p, n);
    text = str_skip(text, n);
  }
}

void readable_put(struct buf *out, struct str text, size_t columns)
{
  size_t start = out->n;
  put_clean(out, text);
  if (buf_error(out))
    return;
  struct str clean = str_skip(buf_str(out), start);
  if (utf8_fit(clean, columns) == clean.n)
    return;
  out->n = start + utf8_fit(clean, columns - 1);
  buf_put_str(out, STR("…"));
}

void readable_put_size(struct buf *out, uint64_t bytes)
{
  static const char *const unit[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) {
    buf_printf(out, "%llu %s", (unsigned long long)bytes, bytes == 1 ? "byte" : "bytes");
    return;
  }
  /* In tenths of the unit, rounded; one more unit where that comes to 1024 of the smaller one. */
  size_t u = 0;
  uint64_t scale = 1024;
  while (u + 1 < sizeof unit / sizeof *unit && bytes / scale >= (bytes % scale >= scale / 2 ? 1023U : 1024U)) {
    scale *= 1024;
    u++;
  }
  uint64_t whole = bytes / scale + (bytes % scale >= scale / 2);
  uint64_t tenths = bytes / scale * 10 + (bytes % scale * 10 + scale / 2) / scale;
  if (tenths < 100 && tenths % 10)
    buf_printf(out, "%llu.%llu %s", (unsigned long long)(tenths / 10), (unsigned long long)(tenths % 10), unit[u]);
  else
    buf_printf(out, "%llu %s", (unsigned long long)whole, unit[u]);
}
