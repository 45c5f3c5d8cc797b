/* The first look at an overview's lines: what its date is, where its margin, and where its first point. */
#include "base/utf8.h"
#include "text/overview_internal.h"

enum { LONGEST_DATE = 64 };

void overview_walk_begin(struct overview_walk *w, struct str text, size_t at, bool titled, unsigned widest)
{
  *w = (struct overview_walk){.text = text, .at = at, .titled = titled, .widest = widest};
}

static bool parse_date(const struct overview_line *line, struct date *out)
{
  return line->width <= LONGEST_DATE && !overview_small(utf8_last(line->text)) && date_parse(line->text, out) == 0;
}

bool overview_walk_next(struct overview_walk *w)
{
  bool after_date = w->is_date, after_title = w->is_underline || (w->lines == 1 && w->titled);
  w->before = w->line;
  if (!overview_line_next(w->text, &w->at, &w->line))
    return false;
  w->lines++;
  w->opens_widely = w->line.after_blank || w->lines == 1 || after_title || after_date;
  w->is_date = parse_date(&w->line, &w->date);
  w->is_underline =
      w->lines == 2 && w->titled && !after_date && !w->line.after_blank && overview_is_underline(w->line.text);
  return true;
}

/* Whether the line before is the item before: in the same style, with the number before. */
static bool follows_item(const struct overview_walk *w, const struct overview_number *number)
{
  struct overview_number before;
  return overview_number_read(&w->before, &before) && before.style == number->style &&
         before.value + 1 == number->value;
}

/* What a number could start that stands after neither a blank line nor the title nor a date. */
static enum overview_opening opening(const struct overview_walk *w, const struct overview_number *number)
{
  struct str before = w->before.text;
  bool small = overview_small(utf8_first(overview_skip_blanks(number->rest)));
  if (number->style == STYLE_TITLE && small)
    return OPENS_DOUBTFULLY;
  /* "See Annex I. / 3. and II" reads on. A list may well begin small, though. */
  bool reads_on = small && number->value > 1 && !overview_ends_clause(before);
  bool ends = overview_ends_sentence(before);
  if (ends && !reads_on)
    return OPENS;
  bool parted = w->widest && overview_parted(&w->before, w->line.text, w->widest);
  return parted && (ends || !reads_on || w->after_item) ? OPENS_AS_NEXT : OPENS_DOUBTFULLY;
}

bool overview_walk_number(struct overview_walk *w, struct overview_number *out)
{
  if (w->is_date || !overview_number_read(&w->line, out))
    return false;
  w->after_item = false;
  w->opening = OPENS;
  if (w->opens_widely)
    return true;
  if (overview_ends_abbreviated(w->before.text))
    return false;
  w->after_item = follows_item(w, out);
  w->opening = opening(w, out);
  return true;
}

static struct overview_candidate *place_of(struct overview_survey *s, const struct overview_number *number)
{
  switch (number->style) {
  case STYLE_DOT:
  case STYLE_PAREN:
    return &s->sure;
  case STYLE_BRACKET:
    return &s->bracket;
  case STYLE_TITLE: /* others are `110 minutes` */
    return number->value == 1 ? &s->title : number->value >= 1 && number->value <= LARGEST_GAP ? &s->weak : NULL;
  case STYLE_NONE:
    break;
  }
  return NULL;
}

static void note_candidate(struct overview_survey *s, const struct overview_line *line,
                           const struct overview_number *number)
{
  struct overview_candidate *into = place_of(s, number);
  if (into && !into->found)
    *into = (struct overview_candidate){true, line->start, number->value, number->style};
  if (number->style == STYLE_TITLE && number->value == 2 && s->title.found &&
      !overview_small(utf8_first(overview_skip_blanks(number->rest))))
    s->title_goes_on = true;
}

/* The wider of the margin so far and what the line shows of it: one without words may be as wide as it likes. */
static unsigned widen(unsigned widest, const struct overview_line *line)
{
  bool shows = line->width <= WIDEST_WRAPPED && line->width > widest && overview_has_words(line->text);
  return shows ? line->width : widest;
}

void overview_survey(struct str text, struct overview_survey *s)
{
  struct overview_walk w;
  struct overview_number number;
  *s = (struct overview_survey){.any = false};
  overview_walk_begin(&w, text, 0, true, 0);
  while (overview_walk_next(&w)) {
    if (!s->any || w.is_underline)
      s->title_end = w.line.end;
    if (!s->any) {
      s->first = w.line;
      s->first_is_date = w.is_date;
    } else {
      s->widest = widen(s->widest, &w.line);
    }
    s->any = true;
    s->last = w.line;
    if (w.is_date && !s->dated) {
      s->dated = true;
      s->date_at = w.line.start;
      s->date_text = w.line.text;
      s->date = w.date;
    }
    if (overview_walk_number(&w, &number) && w.opening == OPENS)
      note_candidate(s, &w.line, &number);
  }
  /* A title is often wider than the text below it; it counts only where nothing else shows where the margin is. */
  if (s->any && s->widest < SURE_MARGIN)
    s->widest = widen(s->widest, &s->first);
}

/* Whether `1 Title` is the points' style although there is a `1.`: it stands before that, so that the list is within
 * the point, and goes on. Else `1 United Nations Plaza` would be a point, and all the others its text. */
static bool title_rules(const struct overview_survey *s)
{
  if (!s->title.found || !s->sure.found)
    return s->title.found;
  return s->title.at < s->sure.at && (s->title_goes_on || s->sure.value != 1);
}

const struct overview_candidate *overview_first_point(const struct overview_survey *s)
{
  const struct overview_candidate *c = title_rules(s)  ? &s->title
                                       : s->sure.found ? &s->sure
                                       : s->weak.found ? &s->weak
                                                       : &s->bracket;
  return c->found && c->value >= 1 && c->value <= LARGEST_GAP ? c : NULL;
}
