/* `.gph` menus: each line becomes one of a gophermap, so that all else is done once. */
#include "text/gph.h"

#include "text/plain.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

enum { TYPE, NAME, SELECTOR, HOST, PORT, FIELDS };

/* Cuts the next field off, and the bar that ends it. A backslash keeps the bar behind it from ending one. False where
 * no bar followed: it is the last one. */
static bool take_field(struct str *rest, struct str *field)
{
  size_t n = 0;
  while (n < rest->n && rest->p[n] != '|')
    n += rest->p[n] == '\\' && n + 1 < rest->n && rest->p[n + 1] == '|' ? 2 : 1;
  bool more = n < rest->n;
  *field = str_head(*rest, n);
  *rest = str_skip(*rest, more ? n + 1 : n);
  return more;
}

/* Fills the fields of an item, those that are left out with nothing. False where the line is none. */
static bool split_item(struct str line, struct str fields[FIELDS])
{
  line = str_trim(line);
  if (line.n < 2 || line.p[0] != '[' || line.p[line.n - 1] != ']')
    return false;
  struct str rest = str_make(line.p + 1, line.n - 2);
  size_t n = 0;
  bool more = true;
  while (more && n < FIELDS)
    more = take_field(&rest, &fields[n++]);
  bool whole = n > SELECTOR && !more;
  while (n < FIELDS)
    fields[n++] = STR("");
  return whole && fields[TYPE].n == 1 && fields[TYPE].p[0] > ' ' && fields[TYPE].p[0] < 0x7f;
}

/* A field without what would end it in a gophermap. */
static void put_field(struct buf *out, struct str field)
{
  for (size_t i = 0; i < field.n; i++) {
    char c = field.p[i];
    if (c == '\\' && i + 1 < field.n && field.p[i + 1] == '|')
      continue;
    buf_put_c(out, c == '\t' ? ' ' : c);
  }
}

static void put_item(struct buf *out, const struct str fields[FIELDS])
{
  bool ours = fields[HOST].n == 0 || str_eq(fields[HOST], STR("server"));
  bool our_port = fields[PORT].n == 0 || str_eq(fields[PORT], STR("port"));
  buf_put_c(out, fields[TYPE].p[0]);
  put_field(out, fields[NAME]);
  buf_put_c(out, '\t');
  /* In a gophermap an empty selector would be the name; here it is the root. */
  if (ours && fields[SELECTOR].n == 0)
    buf_put_c(out, '/');
  put_field(out, fields[SELECTOR]);
  buf_put_c(out, '\t');
  put_field(out, ours ? STR("") : fields[HOST]);
  buf_put_c(out, '\t');
  put_field(out, our_port ? STR("") : fields[PORT]);
}

void gph_put_line(struct buf *out, struct str line)
{
  struct str fields[FIELDS];
  if (str_starts(line, STR(BYTE_ORDER_MARK)))
    line = str_skip(line, STR(BYTE_ORDER_MARK).n);
  if (split_item(line, fields)) {
    put_item(out, fields);
  } else {
    buf_put_c(out, 'i');
    plain_put_expanded(out, str_starts(line, STR("t")) ? str_skip(line, 1) : line);
    buf_put_c(out, '\t');
  }
  buf_put_c(out, '\n');
}

int gph_gophermap(struct str gph, struct buf *out)
{
  struct str line;
  while (buf_error(out) == 0 && str_line(&gph, &line))
    gph_put_line(out, line);
  return buf_error(out);
}
