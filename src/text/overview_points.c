/* The points of an overview: which of its numbers start one, and where the last one ends. */
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "text/overview_internal.h"

/* A list that started anew inside a point. */
struct restart {
  bool open, deeper;
  unsigned last;
};

/* Whether the number starts a point: see "fits" above, and the restarted lists. */
static bool fits(const struct overview_point *point, size_t point_indent, const struct overview_line *line,
                 unsigned value, struct restart *list)
{
  bool deeper = line->indent >= point_indent + DEEPER;
  if (value == 1 && (point->value > 1 || deeper)) {
    *list = (struct restart){true, deeper, 1};
    return false;
  }
  if (list->open && value == list->last + 1 && list->deeper == deeper && (deeper || value <= point->value)) {
    list->last = value;
    return false;
  }
  return value >= point->value && value <= (unsigned)point->value + LARGEST_GAP;
}

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

int overview_find_points(struct overview *o, size_t at)
{
  struct overview_walk w;
  struct overview_number number;
  struct restart list = {false, false, 0};
  size_t indent = 0;
  overview_walk_begin(&w, str_head(overview_text(o), o->tail_end), at, false);
  while (o->n_points < OVERVIEW_POINTS_MAX && overview_walk_next(&w)) {
    if (!overview_walk_number(&w, &number) || number.style != o->style)
      continue;
    /* `２．1 Alpha` would be read as a second point 2. */
    if (o->n_points && overview_is_dotted(w.line.text, o->points[o->n_points - 1].value))
      continue;
    if (o->n_points && !fits(&o->points[o->n_points - 1], indent, &w.line, number.value, &list))
      continue;
    int err = add_point(o, &w.line, &number);
    if (err < 0)
      return err;
    indent = w.line.indent;
    list.open = false;
  }
  return 0;
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
