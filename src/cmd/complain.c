/* One line on standard error, whatever the message holds. */
#include "cmd/complain.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"

enum { MESSAGE_MAX = 8192 };

void complain(const char *command, const char *format, ...)
{
  char message[MESSAGE_MAX];
  va_list args;
  va_start(args, format);
  int n = vsnprintf(message, sizeof message, format, args);
  va_end(args);
  if (n < 0)
    return;
  struct str text = {message, (size_t)n < sizeof message ? (size_t)n : sizeof message - 1};
  struct buf safe = BUF_INIT((size_t)4 * MESSAGE_MAX + 1);
  log_escape(&safe, text);
  (void)fprintf(stderr, "nuncio%s%s: %.*s\n", command ? " " : "", command ? command : "", STR_ARG(buf_str(&safe)));
  buf_free(&safe);
}
