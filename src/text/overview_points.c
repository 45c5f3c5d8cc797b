/* The points of an overview: which of its numbers start one, and where the last one ends. */
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/utf8.h"
#include "text/overview_internal.h"

/* A list that started anew inside a point. */
struct restart {
  bool open, deeper;
  unsigned last;
};

static int add_point(struct overview *o, const struct overview_line *line, const struct overview_number *number)
{
  if (o->n_points == o->cap_points) {
    size_t cap = o->cap_points ? o->cap_points * 2 : 16;
    struct overview_point *grown = realloc(o->points, cap * sizeof *grown);
    if (!grown)
      return ERR_NOMEM;
    o->points = grown;
    o->cap_points = cap;
  }
  if (o->n_points)
    o->points[o->n_points - 1].end = (uint32_t)line->start;
  struct overview_point *p = &o->points[o->n_points];
  *p = (struct overview_point){
      .start = (uint32_t)line->start,
      .end = (uint32_t)o->tail_end,
      .number = (uint32_t)(number->text.p - o->text),
      .body = (uint32_t)(number->rest.p - o->text),
      .number_n = (uint16_t)number->text.n,
      .value = (uint16_t)number->value,
  };
  uint32_t *first = &o->first_of[number->value];
  if (*first == 0)
    *first = (uint32_t)o->n_points + 1;
  unsigned nth = (unsigned)o->n_points + 2 - *first;
  int n = nth == 1 ? snprintf(p->page, sizeof p->page, "%u", number->value)
                   : snprintf(p->page, sizeof p->page, "%u-%u", number->value, nth);
  p->page_n = (uint8_t)n;
  o->n_points++;
  return 0;
}

bool overview_is_next(const struct overview *o, unsigned value, size_t indent, const struct overview_line *line,
                      const struct overview_number *number)
{
  return number->style == o->style && number->value == value + 1 && line->indent < indent + DEEPER &&
         !overview_small(utf8_first(overview_skip_blanks(number->rest)));
}

/* What is known while the points are looked for. */
struct search {
  struct overview *o;
  struct overview_walk walk;
  struct overview_number number; /* that the walk stands at */
  size_t indent;                 /* of the last point's number */
  bool tight;                    /* the last point followed the line of the one before */
  struct restart list;
  bool doubt; /* the next point's number has been seen, and may be one: */
  struct overview_line doubt_line;
  struct overview_number doubt_number;
};

/* Whether the number that the walk stands at, and that opens, fits: see overview.c. Keeps count of a list that started
 * anew. */
static bool fits(struct search *s, const struct overview_point *last)
{
  struct restart *list = &s->list;
  unsigned value = s->number.value;
  bool deeper = s->walk.line.indent >= s->indent + DEEPER;
  if (value == 1 && (last->value > 1 || deeper)) {
    *list = (struct restart){true, deeper, 1};
    return false;
  }
  if (list->open && value == list->last + 1 && list->deeper == deeper && (deeper || value <= last->value)) {
    list->last = value;
    return false;
  }
  if (s->walk.opening == OPENS_AS_NEXT)
    return !deeper && (value == last->value + 1U || (s->doubt && value == s->doubt_number.value + 1));
  return value >= last->value && value <= (unsigned)last->value + LARGEST_GAP;
}

/* Whether the number that the walk stands at starts a point. One that stands in doubt does if the points form a list,
 * item upon item; else it is kept in mind. */
static bool starts(struct search *s)
{
  const struct overview *o = s->o;
  if (o->n_points == 0)
    return true;
  const struct overview_point *last = &o->points[o->n_points - 1];
  /* `２．1 Alpha` would be read as a second point 2. */
  if (overview_is_dotted(s->walk.line.text, last->value))
    return false;
  if (s->walk.opening != OPENS_DOUBTFULLY)
    return fits(s, last);
  if (!overview_is_next(o, last->value, s->indent, &s->walk.line, &s->number))
    return false;
  if (s->tight && s->walk.after_item)
    return true;
  if (!s->doubt) {
    s->doubt = true;
    s->doubt_line = s->walk.line;
    s->doubt_number = s->number;
  }
  return false;
}

/* Adds the point that the walk stands at; before it the one that was in doubt, if this is the one after that. */
static int take(struct search *s)
{
  int err = 0;
  if (s->doubt && s->number.value == s->doubt_number.value + 1)
    err = add_point(s->o, &s->doubt_line, &s->doubt_number);
  if (err == 0 && s->o->n_points < OVERVIEW_POINTS_MAX)
    err = add_point(s->o, &s->walk.line, &s->number);
  s->indent = s->walk.line.indent;
  s->tight = s->walk.after_item;
  s->list.open = false;
  s->doubt = false;
  return err;
}

int overview_find_points(struct overview *o, size_t at)
{
  struct search s = {.o = o};
  int err = 0;
  overview_walk_begin(&s.walk, str_head(overview_text(o), o->tail_end), at, false, o->widest);
  while (err == 0 && o->n_points < OVERVIEW_POINTS_MAX && overview_walk_next(&s.walk))
    if (overview_walk_number(&s.walk, &s.number) && s.number.style == o->style && starts(&s))
      err = take(&s);
  return err;
}

void overview_find_tail(struct overview *o)
{
  if (o->n_points == 0)
    return;
  struct overview_point *last = &o->points[o->n_points - 1];
  struct overview_line line;
  struct str text = str_head(overview_text(o), o->tail_end);
  size_t at = last->start;
  if (!overview_line_next(text, &at, &line))
    return;
  size_t indent = line.indent;
  while (overview_line_next(text, &at, &line))
    if (overview_is_end(line.text) || overview_is_note(line.text) || (line.after_blank && line.indent < indent)) {
      o->tail = line.start;
      last->end = (uint32_t)line.start;
      return;
    }
}
