/* The lines of gophernicus' dialect: any bytes ask for one thing each, and what is shown of them stays what it is in a
 * plain map. */
#include <stdint.h>
#include <stdlib.h>

#include "must.h"
#include "text/gophermap.h"
#include "text/gophermap_dialect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One line of a plain map, and no more, which shows the same. */
static void check_put(struct str put, char type, struct str name)
{
  struct gophermap_line line;
  struct str raw = STR("");
  must(str_ends(put, STR("\n")) && str_line(&put, &raw) && put.n == 0, "one line");
  must(!str_eq(raw, STR(".")), "no end");
  gophermap_parse(raw, &line);
  must(line.type == type && line.name.n == name.n, "the same");
}

static void check_line(struct str raw)
{
  struct dialect_line line;
  struct gophermap_line plain;
  struct buf out = BUF_INIT(raw.n + 16);
  dialect_parse(raw, &line);
  must((line.why != NULL) == (line.kind == DIALECT_FAULT), "a fault says why");
  must(line.text.n <= raw.n, "a span of the line");
  must(line.kind != DIALECT_TYPE || (line.type > ' ' && line.type < 0x7f && line.text.n), "a type");
  must((line.kind != DIALECT_HIDE && line.kind != DIALECT_INCLUDE) || line.text.n, "a name");
  if (line.kind == DIALECT_PLAIN) {
    gophermap_parse(raw, &plain);
    dialect_put_plain(&out, raw);
    check_put(buf_str(&out), plain.type, plain.name);
  } else if (line.kind == DIALECT_TITLE) {
    dialect_put_info(&out, line.text);
    check_put(buf_str(&out), 'i', line.text);
  }
  must(buf_error(&out) == 0, "a bounded line");
  buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct str bytes = str_make((const char *)data, size), line;
  while (str_line(&bytes, &line))
    check_line(line);
  return 0;
}
