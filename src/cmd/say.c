/* Text on standard output, whatever it holds. */
#include "cmd/say.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/log.h"

void say(struct str text)
{
  struct buf safe = BUF_INIT(4 * text.n + 1);
  log_escape(&safe, text);
  (void)printf("%.*s", STR_ARG(buf_str(&safe)));
  buf_free(&safe);
}

void say_line(struct str text)
{
  say(text);
  (void)putchar('\n');
}
