/* Settings: where is listened. */
#include "config/settings.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/err.h"

enum { PORT_MOST = 65535 };

static int add_address(struct listen_list *list, const char *text, unsigned port, bool optional)
{
  if (list->n == LISTEN_MAX)
    return ERR_LIMIT;
  struct listen_address *a = &list->at[list->n++];
  memset(a, 0, sizeof *a);
  memcpy(a->text, text, strnlen(text, sizeof a->text - 1));
  a->ipv6 = strchr(text, ':') != NULL;
  a->port = port;
  a->optional = optional;
  return 0;
}

static int add_both(struct listen_list *list, unsigned port)
{
  int err = add_address(list, "::", port, true);
  return err ? err : add_address(list, "0.0.0.0", port, true);
}

void settings_default_listen(struct listen_list *list, unsigned port)
{
  list->n = 0;
  (void)add_both(list, port); /* two always fit into an empty list */
}

/* The address in `host` (brackets around IPv6) as a checked, NUL-ended text. */
static int numeric_address(struct str host, char text[INET6_ADDRSTRLEN])
{
  unsigned char raw[sizeof(struct in6_addr)];
  bool bracketed = host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
  if (bracketed)
    host = str_make(host.p + 1, host.n - 2);
  if (host.n == 0 || host.n >= INET6_ADDRSTRLEN)
    return ERR_SYNTAX;
  memcpy(text, host.p, host.n);
  text[host.n] = '\0';
  return inet_pton(bracketed ? AF_INET6 : AF_INET, text, raw) == 1 ? 0 : ERR_SYNTAX;
}

int settings_listen(struct listen_list *list, struct str value, struct buf *why)
{
  if (!list->more)
    list->n = 0;
  list->given = list->more = true;
  if (str_eq(value, STR("off"))) {
    list->off = true;
    list->n = 0;
    return 0;
  }
  list->off = false;
  size_t colon = str_rfind(value, ':');
  struct str host = colon < value.n ? str_head(value, colon) : STR("");
  unsigned port = 0;
  if (str_starts(value, STR("[")) && str_find(value, ']') == value.n) {
    buf_printf(why, "expected a closing bracket after the IPv6 address, as in [::1]:1965");
    return ERR_SYNTAX;
  }
  if (str_number(colon < value.n ? str_skip(value, colon + 1) : value, &port) < 0 || port > PORT_MOST) {
    buf_printf(why, "expected ADDR:PORT with a port from 0 to 65535, such as 0.0.0.0:1965 or [::]:1965, or `off`");
    return ERR_SYNTAX;
  }
  int err = 0;
  char text[INET6_ADDRSTRLEN] = "";
  if (host.n == 0)
    err = add_both(list, port);
  else if (str_eq(host, STR("localhost"))) {
    err = add_address(list, "::1", port, true);
    err = err ? err : add_address(list, "127.0.0.1", port, true);
  } else if (numeric_address(host, text) == 0)
    err = add_address(list, text, port, false);
  else {
    buf_printf(why, "%.*s is no numeric address; IPv6 goes in brackets, as in [::1]:1965", STR_ARG(host));
    return ERR_SYNTAX;
  }
  if (err == ERR_LIMIT)
    buf_printf(why, "at most %d addresses for one protocol", LISTEN_MAX);
  return err;
}

int settings_port(unsigned *port, struct str value, struct buf *why)
{
  unsigned number = 0;
  if (str_number(value, &number) < 0 || number == 0 || number > PORT_MOST) {
    buf_printf(why, "expected a port from 1 to 65535");
    return ERR_SYNTAX;
  }
  *port = number;
  return 0;
}
