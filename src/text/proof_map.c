/* The fields of a line of a gophermap: type and name, selector, host, port. */
#include "text/proof_map.h"

#include <string.h>

#include "base/err.h"

enum { PORT_MAX = 65535, FIELDS = 4 };

static void tell(struct proof *p, enum proof_mark mark, const struct proof_line *line, struct str text)
{
  const struct proof_event event = {.mark = mark, .line = line->number, .text = text};
  p->tell(p->context, &event);
}

/* RFC 1436, 3.8, and what came after it. A line whose first letter is none of these is text with a TAB in it. */
static bool is_known_type(char type)
{
  return type && strchr("0123456789+TIghisdpPMcXr;:<w", type);
}

/* Host names and addresses, and nothing that was meant for the field beside it: no host is all digits. */
static bool is_host(struct str host)
{
  bool letter = false;
  for (size_t i = 0; i < host.n; i++) {
    char c = host.p[i];
    bool is_digit = c >= '0' && c <= '9';
    if (c == '/' || c == ' ' || str_is_control(c))
      return false;
    letter = letter || !is_digit;
  }
  return letter;
}

static bool is_port(struct str port)
{
  unsigned number;
  return str_number(port, &number) == 0 && number > 0 && number <= PORT_MAX;
}

static void tell_fields(struct proof *p, const struct proof_line *line, const struct gophermap_line *item)
{
  struct str field[FIELDS] = {STR(""), STR(""), STR(""), STR("")}, rest = line->text;
  for (size_t i = 0; i < FIELDS && rest.p; i++)
    if (!str_split(&rest, '\t', &field[i]))
      break;
  struct str host = str_trim(field[2]), port = str_trim(field[3]);
  if (str_trim(item->name).n == 0)
    tell(p, PROOF_NO_NAME, line, item->name);
  if (host.n && !is_host(host))
    tell(p, PROOF_BAD_HOST, line, host);
  if (port.n && !is_port(port))
    tell(p, PROOF_BAD_PORT, line, port);
  /* A fifth field is Gopher+'s; it is `+` or `?`, or nothing that anybody reads. */
  if (rest.p && str_trim(rest).n && !str_eq(str_trim(rest), STR("+")) && !str_eq(str_trim(rest), STR("?")))
    tell(p, PROOF_MORE_FIELDS, line, rest);
}

void proof_map_line(struct proof *p, const struct proof_line *line, const struct gophermap_line *item)
{
  size_t tab = str_find(line->text, '\t');
  bool fields = tab < line->text.n;
  if (!fields || (item->type == 'i' && line->text.p[0] == 'i'))
    return;
  if (!is_known_type(line->text.p[0])) {
    /* Text that happens to begin with spaces or a TAB is laid out so, and no item gone wrong. */
    if (line->text.p[0] != '\t' && line->text.p[0] != ' ')
      tell(p, PROOF_NO_TYPE, line, str_head(line->text, tab));
    return;
  }
  tell_fields(p, line, item);
  const struct proof_event event = {.mark = PROOF_ITEM, .line = line->number, .item = item};
  if (item->type != '3')
    p->tell(p->context, &event);
}

void proof_gph_line(struct proof *p, const struct proof_line *line, bool is_text)
{
  struct str text = line->text, trimmed = str_trim(text);
  char second = text.n > 1 ? text.p[1] : '\0';
  if (!is_text)
    return;
  if (str_starts(trimmed, STR("[")) && str_ends(trimmed, STR("]")) && str_find(trimmed, '|') < trimmed.n)
    tell(p, PROOF_NO_ITEM, line, trimmed);
  /* `tt` and `t[` are how to write a text that begins with the second of the two. */
  else if (str_starts(text, STR("t")) && second >= 'a' && second <= 'z' && second != 't')
    tell(p, PROOF_LOST_T, line, text);
}
