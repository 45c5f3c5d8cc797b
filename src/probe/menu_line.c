/* Menus of other servers, strictly. */
#include "probe/menu_line.h"

enum { FIELDS = 4 };

static const char *take_fields(struct str line, struct menu_line *out)
{
  struct str field[FIELDS], rest = str_skip(line, 1);
  for (unsigned i = 0; i < FIELDS; i++) {
    if (!str_split(&rest, '\t', &field[i]))
      return "fewer than four fields";
    if (str_has_control(field[i]))
      return "a control character in a field";
  }
  out->display = field[0];
  out->selector = field[1];
  out->host = field[2];
  if (str_number(field[3], &out->port) < 0 || out->port > 65535) {
    out->port = 0;
    return "a port that is no number up to 65535";
  }
  return NULL;
}

bool menu_line_next(struct str *rest, struct menu_line *out)
{
  *out = (struct menu_line){.type = '\0'};
  if (rest->n == 0)
    return false;
  size_t end = str_find(*rest, '\n');
  bool crlf = end < rest->n && end > 0 && rest->p[end - 1] == '\r';
  struct str line = str_head(*rest, crlf ? end - 1 : end);
  *rest = str_skip(*rest, end + 1);
  out->is_end = str_eq(line, STR("."));
  if (line.n && !out->is_end)
    out->type = line.p[0];
  if (!out->is_end)
    out->fault = line.n ? take_fields(line, out) : "an empty line";
  if (!crlf && !out->fault)
    out->fault = "no CRLF at its end";
  return true;
}

static bool is_loopback(struct str host)
{
  return str_eq_nocase(host, STR("localhost")) || str_starts(host, STR("127.")) || str_eq(host, STR("::1")) ||
         str_eq(host, STR("[::1]"));
}

bool menu_line_leads_to(const struct menu_line *line, struct str host, unsigned port)
{
  return line->port == port && (str_eq_nocase(line->host, host) || (is_loopback(line->host) && is_loopback(host)));
}
