/* Strings in JSON. */
#include "cmd/json.h"

#include "base/utf8.h"

void json_put_string(struct buf *out, struct str s)
{
  struct buf clean = BUF_INIT(out->max);
  (void)utf8_clean(&clean, s);
  buf_put_c(out, '"');
  for (size_t i = 0; i < clean.n; i++) {
    char c = clean.p[i];
    if (c == '"' || c == '\\')
      buf_printf(out, "\\%c", c);
    else if (str_is_control(c))
      buf_printf(out, "\\u%04x", (unsigned)(unsigned char)c);
    else
      buf_put_c(out, c);
  }
  buf_put_c(out, '"');
  if (buf_error(&clean))
    out->err = buf_error(&clean);
  buf_free(&clean);
}
