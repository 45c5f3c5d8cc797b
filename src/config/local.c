/* `.nuncio` files: the settings file's grammar, with fewer words. */
#include "config/local.h"

#include "base/err.h"
#include "config/reader.h"

int local_read(struct str text, struct str under, struct rules *out, struct buf *why)
{
  const struct source source = {.name = ""};
  struct reader r = {.rules = out, .under = under, .alone = true, .why = why};
  rules_init(out);
  if (text.n > LOCAL_TEXT_MAX) {
    buf_put_str(why, STR("1: this file is larger than 64 KiB"));
    return ERR_LIMIT;
  }
  reader_read(&r, &source, text);
  if (r.err)
    rules_free(out);
  return r.err;
}
