/* Numbers that are missing among an overview's points, because they are written in another style: a hint to the author.
 */
#include "text/overview_internal.h"

/* A stray is a number of another style that could start a point but for its style, and that no point has though its
 * neighbours do: between two points' numbers, or right above the last point's. What counts on from a stray of its style
 * is one too; what counts on from a number that is none is an item of a list: `(2)` after `(1)`.
 * `2 Title` is not looked for behind the last point, where `6 ministers took part` would be one. */

enum { STYLES = STYLE_TITLE + 1 };

struct search {
  const struct overview *o;
  struct overview_stray *first;
  size_t found;
};

static size_t line_of(const struct overview *o, const char *at)
{
  size_t line = 1;
  for (const char *p = o->text; p < at; p++)
    line += *p == '\n';
  return line;
}

static void note(struct search *s, const struct overview_number *number)
{
  if (s->found++ == 0)
    *s->first = (struct overview_stray){number->value, line_of(s->o, number->text.p), number->text};
}

/* Looks through point i for numbers below `limit`, which rises with each one found where the point is the last. */
static void search_point(struct search *s, size_t i, unsigned limit)
{
  struct {
    unsigned value;
    bool stray;
  } last[STYLES] = {{0, false}};
  const struct overview_point *point = &s->o->points[i];
  bool is_last = i + 1 == s->o->n_points;
  struct overview_walk w;
  struct overview_number number;
  overview_walk_begin(&w, str_head(overview_text(s->o), point->end), point->start, false, s->o->widest);
  while (overview_walk_next(&w)) {
    if (!overview_walk_number(&w, &number) || w.opening == OPENS_DOUBTFULLY || number.style == s->o->style ||
        (is_last && number.style == STYLE_TITLE))
      continue;
    bool item = number.value == last[number.style].value + 1 && last[number.style].value && !last[number.style].stray;
    bool stray = !item && number.value > point->value && number.value < limit;
    last[number.style].value = number.value;
    last[number.style].stray = stray;
    if (!stray)
      continue;
    note(s, &number);
    if (is_last)
      limit = number.value + 2;
  }
}

size_t overview_strays(const struct overview *o, struct overview_stray *first)
{
  struct search s = {o, first, 0};
  for (size_t i = 0; i < o->n_points; i++) {
    unsigned next = i + 1 < o->n_points ? o->points[i + 1].value : (unsigned)o->points[i].value + 2;
    if (next > (unsigned)o->points[i].value + 1)
      search_point(&s, i, next);
  }
  return s.found;
}
