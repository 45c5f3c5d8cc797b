/* Settings: the log. */
#include "config/settings.h"

#include <stdlib.h>
#include <sys/un.h>

#include "base/err.h"

int settings_log_level(struct settings *s, struct str value, struct buf *why)
{
  for (int level = LOG_ERROR; level <= LOG_DEBUG; level++)
    if (str_eq(value, str_from(log_level_name((enum log_level)level)))) {
      s->log_level = (enum log_level)level;
      return 0;
    }
  buf_printf(why, "expected one of error, warning, notice, request, debug: each has what stands before it too");
  return ERR_SYNTAX;
}

#define SYSLOG_SOCKET "/dev/log"

/* Replaces what was set before, if that can be had. */
static int log_to(struct settings *s, enum log_to to, struct str path)
{
  char *copy = path.n ? str_dup(path) : NULL;
  if (path.n && !copy)
    return ERR_NOMEM;
  free(s->log_path);
  s->log_path = copy;
  s->log_to = to;
  return 0;
}

int settings_log_requests(struct settings *s, struct str value, struct buf *why)
{
  static const struct str syslog = STR_INIT("syslog"), prefix = STR_INIT("syslog:");
  bool file = !str_eq(value, syslog) && !str_starts(value, prefix);
  struct str path = file ? value : str_eq(value, syslog) ? STR(SYSLOG_SOCKET) : str_skip(value, prefix.n);
  if (str_eq(value, STR("stderr")))
    return log_to(s, LOG_TO_STDERR, STR(""));
  if (path.n == 0 || str_has_control(path)) {
    buf_printf(why, "expected a file, `stderr`, `syslog` or `syslog:SOCKET`");
    return ERR_SYNTAX;
  }
  if (!file && path.n >= sizeof((struct sockaddr_un *)NULL)->sun_path) {
    buf_printf(why, "the name of a socket can have %zu bytes", sizeof((struct sockaddr_un *)NULL)->sun_path - 1);
    return ERR_LIMIT;
  }
  return log_to(s, file ? LOG_TO_FILE : LOG_TO_SYSLOG, path);
}

static const char *const formats[] = {[LOG_PLAIN] = "plain", [LOG_COMBINED] = "combined", [LOG_JSON] = "json"};
static const char *const addresses[] = {
    [LOG_ADDRESS_NONE] = "none", [LOG_ADDRESS_FULL] = "full", [LOG_ADDRESS_CUT] = "cut", [LOG_ADDRESS_HASH] = "hash"};

const char *settings_log_format_word(enum log_format format)
{
  return formats[format];
}

const char *settings_log_address_word(enum log_address address)
{
  return addresses[address];
}

int settings_log_format(struct settings *s, struct str value, struct buf *why)
{
  int i = settings_word(formats, sizeof formats / sizeof *formats, value);
  if (i < 0) {
    buf_printf(why, "expected plain, combined or json");
    return i;
  }
  s->log_format = (enum log_format)i;
  return 0;
}

int settings_log_address(struct settings *s, struct str value, struct buf *why)
{
  int i = settings_word(addresses, sizeof addresses / sizeof *addresses, value);
  if (i < 0) {
    buf_printf(why, "expected none, cut, hash or full");
    return i;
  }
  s->log_address = (enum log_address)i;
  return 0;
}
