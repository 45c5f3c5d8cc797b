/* Log lines: whatever a stranger sends, what is written is one line that moves no terminal's cursor, and says which
 * bytes they were (B3). */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/utf8.h"
#include "must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int digit(char c)
{
  const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;
  return at ? (int)(at - digits) : -1;
}

/* Reads what log_escape wrote. */
static void unescape(struct str line, struct buf *out)
{
  while (line.n) {
    if (line.p[0] != '\\') {
      buf_put_c(out, line.p[0]);
      line = str_skip(line, 1);
    } else if (line.n > 1 && line.p[1] == '\\') {
      buf_put_c(out, '\\');
      line = str_skip(line, 2);
    } else {
      must(line.n > 3 && line.p[1] == 'x' && digit(line.p[2]) >= 0 && digit(line.p[3]) >= 0, "an escape is \\xNN");
      buf_put_c(out, (char)(digit(line.p[2]) * 16 + digit(line.p[3])));
      line = str_skip(line, 4);
    }
  }
}

static void check_quiet(struct str line)
{
  while (line.n) {
    int32_t point;
    size_t n = utf8_decode(line, &point);
    must(point >= 0x20 && point != 0x7f && !utf8_disturbs(point), "nothing steers a terminal");
    line = str_skip(line, n);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct str text = str_make((const char *)data, size);
  struct buf line = BUF_INIT(4 * size + 16), back = BUF_INIT(size + 16);
  log_escape(&line, text);
  must(buf_error(&line) == 0, "a byte becomes four at most");
  check_quiet(buf_str(&line));
  unescape(buf_str(&line), &back);
  must(buf_error(&back) == 0 && str_eq(buf_str(&back), text), "the line says which bytes they were");
  buf_free(&line);
  buf_free(&back);
  return 0;
}
