/* What must hold for every menu, and for every menu that was made from gemtext: for property tests and fuzz targets. */
#ifndef NUNCIO_TESTS_MENU_CHECK_H
#define NUNCIO_TESTS_MENU_CHECK_H

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "text/gemtext.h"
#include "text/menu.h"
#include "text/menu_link.h"
#include "text/plain.h"

struct menu_row {
  char type;
  struct str display, selector, host, port;
};

/* Cuts one row off *rest; NULL, or what is wrong with it (P7). The line that ends a menu has type '.'. */
static inline const char *menu_row(struct str *rest, struct menu_row *row)
{
  size_t end = str_find(*rest, '\n');
  if (end == rest->n || end == 0 || rest->p[end - 1] != '\r')
    return "a line does not end with CRLF";
  struct str line = str_head(*rest, end - 1), field[4];
  *rest = str_skip(*rest, end + 1);
  *row = (struct menu_row){.type = line.n ? line.p[0] : '\0'};
  if (str_eq(line, STR(".")))
    return NULL;
  line = str_skip(line, 1);
  for (unsigned i = 0; i < 4; i++)
    if (!str_split(&line, '\t', &field[i]) || str_has_control(field[i]))
      return "a line lacks a field, or a field holds a control byte";
  if (line.p)
    return "a line has a fifth field";
  *row = (struct menu_row){row->type, field[0], field[1], field[2], field[3]};
  unsigned port;
  if (str_is_control(row->type) || !utf8_valid(row->display) || row->host.n == 0 || str_number(row->port, &port) ||
      port == 0 || port > 65535)
    return "a field is malformed";
  if (row->type == 'i' && (row->selector.n || !str_eq(row->host, STR("error.host")) || port != 1))
    return "an i line leads somewhere";
  return NULL;
}

/* The visible bytes of plain text: all but spaces. Eats from *have what *want begins with; false where they differ. */
static inline bool menu_eat(struct str *want, struct str have)
{
  for (;;) {
    while (have.n && have.p[0] == ' ')
      have = str_skip(have, 1);
    while (want->n && want->p[0] == ' ')
      *want = str_skip(*want, 1);
    if (have.n == 0)
      return true;
    if (want->n == 0 || want->p[0] != have.p[0])
      return false;
    have = str_skip(have, 1);
    *want = str_skip(*want, 1);
  }
}

static inline bool menu_all_is(struct str s, char c)
{
  for (size_t i = 0; i < s.n; i++)
    if (s.p[i] != c)
      return false;
  return s.n > 0;
}

/* The columns of a row. A mark and its space are counted by themselves, since a text that begins with a combining
 * character would merge with them. */
static inline size_t menu_columns(enum gemtext_type type, struct str display)
{
  bool marked = type == GEMTEXT_QUOTE || type == GEMTEXT_ITEM || type == GEMTEXT_LINK;
  size_t mark =
      marked && (str_starts(display, STR("> ")) || str_starts(display, STR("* ")) || str_starts(display, STR("  ")))
          ? 2
          : 0;
  return mark + utf8_columns(str_skip(display, mark));
}

/* Eats the rows that one line of gemtext has become. `text` is what they must show, in plain text. */
static inline const char *menu_check_line(enum gemtext_type type, unsigned level, struct str text, size_t columns,
                                          struct str *menu)
{
  struct menu_row row;
  const char *fault;
  struct str want = text, widest = STR("");
  for (size_t rows = 0; rows == 0 || want.n; rows++) {
    if ((fault = menu_row(menu, &row)))
      return fault;
    if (type != GEMTEXT_PRE && menu_columns(type, row.display) > columns)
      return "a line is wider than asked";
    if (rows > 0 && row.type != 'i')
      return "an item within a line";
    struct str shown = row.display;
    if (type == GEMTEXT_HEADING && rows == 0 && shown.n == 0 && want.n) {
      if ((fault = menu_row(menu, &row))) /* the empty line before a heading */
        return fault;
      shown = row.display;
    }
    if (type == GEMTEXT_QUOTE && !str_starts(shown, STR(">")))
      return "a quoted line without its mark";
    if (type == GEMTEXT_ITEM && !str_starts(shown, rows ? STR("  ") : STR("*")))
      return "an item without its mark or indentation";
    if (type == GEMTEXT_LINK && rows > 0 && !str_starts(shown, STR("  ")))
      return "a label without its indentation";
    if (type == GEMTEXT_QUOTE || (type == GEMTEXT_ITEM && rows == 0))
      shown = str_skip(shown, 1);
    size_t before = want.n;
    if (!menu_eat(&want, shown))
      return "text was changed or lost";
    if (want.n == before && want.n && rows > 0)
      return "an empty line within a text";
    if (utf8_columns(row.display) > utf8_columns(widest))
      widest = row.display;
    while (want.n && want.p[0] == ' ')
      want = str_skip(want, 1);
  }
  if (type == GEMTEXT_HEADING && level == 1 && widest.n) {
    if ((fault = menu_row(menu, &row)))
      return fault;
    if (utf8_columns(widest) > 0 && (!menu_all_is(row.display, '=') || row.display.n != utf8_columns(widest)))
      return "a heading is not underlined";
  }
  return NULL;
}

/* Whether the next row of the menu is text. */
static inline bool menu_next_is_text(struct str menu)
{
  return menu.n && menu.p[0] == 'i';
}

/* Whether `menu` is what gemtext of shorter lines than 32 KiB must become: every row whole, none but preformatted ones
 * wider than `columns`, every line's text there and in order, and the end. NULL, or what is wrong. */
static inline const char *menu_check(struct str gemtext, size_t columns, struct str menu)
{
  bool preformatted = false, first = true;
  struct str raw;
  const char *fault = NULL;
  for (; !fault && str_line(&gemtext, &raw); first = false) {
    if (first && str_starts(raw, STR("\xef\xbb\xbf")))
      raw = str_skip(raw, 3);
    struct gemtext_line line;
    struct buf want = BUF_INIT(16 * raw.n + 64);
    gemtext_parse(raw, &preformatted, &line);
    plain_put(&want, line.text);
    bool labelled = str_trim(buf_str(&want)).n > 0;
    if (line.type == GEMTEXT_LINK && menu_next_is_text(menu)) {
      buf_put_str(&want, labelled ? STR(" (") : STR(""));
      plain_put(&want, line.target);
      buf_put_str(&want, labelled ? STR(")") : STR(""));
    } else if (line.type == GEMTEXT_LINK && !labelled) {
      menu_link_put_readable(&want, line.target);
    }
    if (line.type != GEMTEXT_FENCE)
      fault = menu_check_line(line.type, line.level, str_trim(buf_str(&want)), columns, &menu);
    buf_free(&want);
  }
  if (!fault && !str_eq(menu, STR(".\r\n")))
    fault = "the end is missing";
  return fault;
}

#endif
