/* Judges of Gopher menus. */
#include "base/utf8.h"
#include "probe/gopher_judge.h"
#include "probe/menu_line.h"
#include "text/uri.h"

enum { COLUMNS = 67, SHOWN = 60 };

/* The first line that is at fault, counted from 1; 0 where there is none. */
static unsigned first_fault(struct str menu, struct menu_line *line)
{
  unsigned number = 0;
  while (menu_line_next(&menu, line)) {
    number++;
    if (line->fault)
      return number;
    if (line->is_end)
      return 0;
  }
  return 0;
}

void judge_menu_lines(const struct sight *s, struct finding *out)
{
  struct menu_line line;
  if (!gopher_came(s, out))
    return;
  unsigned number = first_fault(sight_answer(s), &line);
  if (number)
    finding_broken(s, out, "line %u has %s", number, line.fault);
  else
    finding_pass(out, "type, display, selector, host and port on each, and CRLF");
}

void judge_menu_end(const struct sight *s, struct finding *out)
{
  struct str answer = sight_answer(s);
  if (!gopher_came(s, out))
    return;
  if (str_eq(answer, STR(".\r\n")) || str_ends(answer, STR("\n.\r\n")))
    finding_pass(out, "a dot and CRLF");
  else
    finding_broken(s, out, "the last line is no lone dot");
}

void judge_menu_width(const struct sight *s, struct finding *out)
{
  struct str rest = sight_answer(s);
  struct menu_line line;
  size_t widest = 0;
  unsigned wide = 0;
  if (!gopher_came(s, out))
    return;
  while (menu_line_next(&rest, &line)) {
    size_t columns = utf8_columns(line.display);
    widest = columns > widest ? columns : widest;
    wide += columns > COLUMNS;
  }
  if (wide)
    finding_note(out, "%u lines are wider than %d columns, the widest has %zu (preformatted ones may be)", wide,
                 COLUMNS, widest);
  else
    finding_pass(out, "the widest has %zu columns", widest);
}

void judge_menu_links(const struct sight *s, struct finding *out)
{
  struct str rest = sight_answer(s);
  struct menu_line line;
  unsigned links = 0;
  if (!gopher_came(s, out))
    return;
  while (menu_line_next(&rest, &line)) {
    if (!str_starts_nocase(line.selector, STR("URL:")) || line.type == 'i')
      continue;
    links++;
    if (uri_scheme_unsafe(uri_scheme(str_skip(line.selector, 4)))) {
      finding_broken(s, out, "an item leads to %.*s", STR_ARG(str_head(line.selector, SHOWN)));
      return;
    }
    if (!menu_line_leads_to(&line, str_from(s->facts->target->host), s->facts->target->port)) {
      finding_note(out, "%.*s is asked of another server", STR_ARG(str_head(line.selector, SHOWN)));
      return;
    }
  }
  if (links)
    finding_pass(out, "%u of them", links);
  else
    finding_note(out, "the first menu has none");
}

void judge_menu_pages(const struct sight *s, struct finding *out)
{
  struct str rest = sight_answer(s);
  struct menu_line line;
  unsigned pages = 0, others = 0;
  if (!gopher_came(s, out))
    return;
  while (menu_line_next(&rest, &line)) {
    if (!str_ends(line.selector, STR(".gmi")) || str_starts(line.selector, STR("URL:")) ||
        !menu_line_leads_to(&line, str_from(s->facts->target->host), s->facts->target->port))
      continue;
    pages++;
    others += line.type != '1';
  }
  if (others)
    finding_broken(s, out, "%u of %u pages are items of another type than 1", others, pages);
  else if (pages)
    finding_pass(out, "%u of them", pages);
  else
    finding_note(out, "the first menu has none");
}

void judge_menu_place(const struct sight *s, struct finding *out)
{
  const struct target *target = s->facts->target;
  struct str rest = sight_answer(s);
  struct menu_line line;
  unsigned here = 0, there = 0;
  if (!gopher_came(s, out))
    return;
  while (menu_line_next(&rest, &line)) {
    if (line.fault || line.is_end || line.type == 'i' || line.type == '3')
      continue;
    if (menu_line_leads_to(&line, str_from(target->host), target->port))
      here++;
    else
      there++;
  }
  if (here)
    finding_pass(out, "%u items lead here, %u elsewhere", here, there);
  else if (there)
    finding_note(out, "none of %u items leads back to %s port %u", there, target->host, target->port);
  else
    finding_note(out, "the first menu has no item that leads anywhere");
}
