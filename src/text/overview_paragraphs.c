/* The paragraphs of an overview: hard-wrapped lines joined, lines that are paragraphs of their own kept apart. */
#include "base/utf8.h"
#include "text/overview_internal.h"

/* Line B joins line A if no blank line lies between them, and neither is a line of its own (the date, (END), a rule,
 * `--`, Back to Index); B starts nothing, no sub-point, no bullet, no note; A has 100 columns at most (a wider line was
 * never wrapped); and B's first word would not have fitted behind A within the margin. They are joined with a space, or
 * with none between Chinese or Japanese characters; hyphens stay.
 *
 * The margin is the width of the document's widest line of at most 100 columns that has a letter or a digit, which a
 * rule has not (the title counts only where no other line has 60: see overview_survey()).
 *
 * A line that may well be the next point is not joined either: one with the next number (overview_is_next) that was
 * left in doubt because line A is full. A sentence in two parts is read more easily than two points in one.
 *
 * Two things that real documents show besides:
 *   where B is indented deeper than A by two columns, A ends like a sentence and has started nothing itself, B is a new
 *   paragraph of a document without blank lines;
 *   a short first line of a point is its heading, though it be the widest line of a short document: see is_caption().
 *
 * The first line of a point or a sub-point is its heading if it has 80 columns at most, no final full stop, and more
 * text after it; but not where it ends in a comma, or where the next line follows without a blank one and begins with a
 * small letter: then it is text that goes on, though it was not joined.
 *
 * A sub-point is a line that begins with a number of any style (but `1 Title`), or is lettered, and stands after a
 * blank line, a line that ends like a sentence or a heading (and in no abbreviation), or a line that had room for it;
 * or that counts on from the last sub-point. So `(1)` at the start of a wrapped line (`as stated in paragraph / (1)
 * above`) is none; nor is it in a document without a margin, unless it stands below the first line of the point or of a
 * sub-point, or before no small letter.
 *
 * A sub-point may be numbered in the decimal way too, wherever its line stands: `2.1 The chair`, `2.3.1. The chair` and
 * `２．１　総論` are sub-points of point 2, and never points. It begins with the number of its own point, and a blank
 * and a capital, a letter of a script without capitals or an opening quote follow; so `12.5 per cent` at the start of a
 * wrapped line is none.
 */

/* What the next line starts, given the line before it (NULL: it is the section's first) and whether that one was the
 * first of its paragraph, of kind `kind`. */
static enum overview_kind classify(struct overview_reader *r, const struct overview_line *before, bool first,
                                   enum overview_kind kind)
{
  const struct overview_line *line = &r->line;
  struct overview_number number;
  if (line->text.p == r->o->date.p || overview_is_rule(line->text) || overview_is_end(line->text) ||
      overview_is_index(line->text))
    return KIND_ALONE;
  if (overview_is_note(line->text))
    return KIND_NOTE;
  bool opens = !before || line->after_blank || kind == KIND_ALONE ||
               (overview_ends_sentence(before->text) && !overview_ends_abbreviated(before->text));
  bool parted = opens || overview_parted(before, line->text, r->o->widest);
  bool after_start = before && first && (kind != KIND_TEXT || (r->point && r->paragraphs == 0));
  switch (overview_bullet(line->text)) {
  case BULLET_NONE:
    break;
  case BULLET_SURE:
    return KIND_BULLET;
  case BULLET_DASH:
    if (parted || kind == KIND_BULLET)
      return KIND_BULLET;
    break;
  }
  if (r->point && overview_is_dotted(line->text, r->point->value))
    return KIND_SUBPOINT;
  /* Without a margin every line looks parted: `as agreed in / (1) above` is not. */
  opens = opens || (parted && (after_start || r->o->widest >= LEAST_MARGIN));
  if (overview_number_read(line, &number) && number.style != STYLE_TITLE) {
    bool counts_on = number.style == r->sub_style && number.value == r->sub_value + 1;
    if (!opens && !counts_on && (!parted || overview_small(utf8_first(overview_skip_blanks(number.rest)))))
      return KIND_TEXT;
    r->sub_style = number.style;
    r->sub_value = number.value;
    return KIND_SUBPOINT;
  }
  return opens && overview_is_lettered(line->text) ? KIND_SUBPOINT : KIND_TEXT;
}

static void advance(struct overview_reader *r, const struct overview_line *before, bool first, enum overview_kind kind)
{
  r->more = overview_line_next(r->text, &r->at, &r->line);
  if (r->more)
    r->kind = classify(r, before, first, kind);
}

static void begin(struct overview_reader *r, const struct overview *o, size_t start, size_t end)
{
  *r = (struct overview_reader){.o = o, .text = str_head(overview_text(o), end), .at = start};
}

void overview_reader_section(struct overview_reader *r, const struct overview *o, size_t start, size_t end)
{
  begin(r, o, start, end);
  advance(r, NULL, false, KIND_TEXT);
}

void overview_reader_point(struct overview_reader *r, const struct overview *o, size_t i)
{
  const struct overview_point *p = &o->points[i];
  begin(r, o, p->start, p->end);
  r->point = p;
  advance(r, NULL, false, KIND_TEXT);
  r->indent = r->line.indent;
  /* The first line keeps its width, for joining, and loses its number. */
  const char *body = o->text + p->body;
  r->line.text = overview_skip_blanks(str_make(body, (size_t)(r->line.text.p + r->line.text.n - body)));
  r->sub_style = STYLE_NONE;
  if (r->line.text.n == 0)
    advance(r, NULL, false, KIND_TEXT);
  else
    r->kind = classify(r, NULL, false, KIND_TEXT);
}

/* Whether the first line of a paragraph is short enough to be a heading and ends neither like a sentence nor within
 * one. */
static bool is_caption(const struct overview_reader *r, const struct overview_line *line, enum overview_kind kind)
{
  return r->point && (kind == KIND_SUBPOINT || (kind == KIND_TEXT && r->paragraphs == 0)) &&
         line->width <= WIDEST_HEADING && !overview_ends_stop(line->text) && !overview_ends_comma(line->text);
}

/* Whether what ends with `line` visibly goes on in the next line, though that does not join it. */
static bool goes_on(const struct overview_reader *r, const struct overview_line *line)
{
  if (!r->more)
    return false;
  bool small = r->kind == KIND_TEXT && !r->line.after_blank && overview_small(utf8_first(r->line.text));
  return small || overview_ends_comma(line->text);
}

/* Whether the line behind `line` has the next point's number, though it starts none. */
static bool may_be_next(const struct overview_reader *r, const struct overview_line *line)
{
  struct overview_number number;
  return r->point && !overview_ends_abbreviated(line->text) && overview_number_read(&r->line, &number) &&
         overview_is_next(r->o, r->point->value, r->indent, &r->line, &number);
}

/* Whether the next line continues the paragraph of kind `kind` whose last line is `line`; `first`: and only line. */
static bool joins(const struct overview_reader *r, const struct overview_line *line, bool first,
                  enum overview_kind kind)
{
  const struct overview_line *next = &r->line;
  if (next->after_blank || r->kind != KIND_TEXT || kind == KIND_ALONE || line->width > WIDEST_WRAPPED ||
      overview_had_room(line, next->text, r->o->widest) || may_be_next(r, line))
    return false;
  bool started = first && (kind != KIND_TEXT || (r->point && r->paragraphs == 0));
  if (!started && next->indent >= line->indent + DEEPER && overview_ends_sentence(line->text))
    return false;
  if (first && is_caption(r, line, kind)) {
    int32_t begins = utf8_first(next->text);
    /* `1 Title` is a line of its own, unless it visibly goes on. */
    if (kind == KIND_TEXT && r->o->style == STYLE_TITLE)
      return overview_small(begins);
    /* In a document of short lines the widest one may well be a heading: what begins with a capital does not go on. */
    if (r->o->widest < LEAST_MARGIN && overview_capital(begins))
      return false;
  }
  return true;
}

/* Appends text, but no more bytes than `most` since out held `start`; cut between characters. */
static void put_most(struct buf *out, size_t start, size_t most, struct str text)
{
  size_t left = out->n - start < most ? most - (out->n - start) : 0;
  if (text.n > left) {
    while (left && ((unsigned char)text.p[left] & 0xc0) == 0x80)
      left--;
    text = str_head(text, left);
  }
  buf_put_str(out, text);
}

bool overview_reader_next(struct overview_reader *r, size_t most, struct buf *out, struct overview_paragraph *p)
{
  if (!r->more)
    return false;
  struct overview_line line = r->line;
  bool close = r->paragraphs > 0 && !line.after_blank;
  size_t start = out->n, lines = 1;
  p->kind = r->kind;
  put_most(out, start, most, line.text);
  advance(r, &line, true, p->kind);
  while (r->more && joins(r, &line, lines == 1, p->kind)) {
    if (!overview_abuts(line.text, r->line.text))
      put_most(out, start, most, STR(" "));
    put_most(out, start, most, r->line.text);
    line = r->line;
    lines++;
    advance(r, &line, false, p->kind);
  }
  bool short_line = lines == 1 && line.width <= WIDEST_HEADING && p->kind != KIND_ALONE;
  p->goes_on = goes_on(r, &line);
  p->heading = lines == 1 && r->more && !p->goes_on && is_caption(r, &line, p->kind) &&
               (p->kind == KIND_TEXT || r->kind != KIND_SUBPOINT);
  p->tight = close && ((short_line && r->short_before && !p->heading) ||
                       (p->kind == KIND_BULLET && r->kind_before == KIND_BULLET));
  r->kind_before = p->kind;
  r->short_before = short_line && !p->heading;
  r->paragraphs++;
  return true;
}
