/* Overviews: from the text of a document to its title, date, lead, points and tail. */
#include "text/overview.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/utf8.h"
#include "text/date.h"
#include "text/overview_internal.h"

/* The grammar, in lines; blank ones may stand anywhere.
 *
 *   document = [ title [ under ] ] lead *point tail [ index ]
 *   title    = the first line, unless it starts a point or is a date: then NAME is the title
 *   under    = the title's underline, directly below it: three or more of the same of - = ~ and nothing else; not shown
 *   index    = "Back to Index", in any case, as the last line; elsewhere it is text
 *   lead     = *line                    ; the first one that is nothing but a date is the document's date
 *   point    = start *line
 *   tail     = [ mark *line ]           ; after the last point only
 *   mark     = "(END)" / "（了）" / a rule of dashes, of which two will do where they are "--" (as above a signature)
 *            / a line that begins with "(*" (in either width)
 *            / a line after a blank one that is indented less than the last point's number
 *
 *   start    = number text              ; opens, and fits the points before it
 *   number   = digits "." / digits ")" / "(" digits ")" / digits blank title-text
 *   digits   = one to three, of either width, so that "１．" is "1."
 *
 * A start opens where it stands after a blank line, the title (and its underline), a date, or a line that ends with one
 * of . : ; ! ? ) or 。 (in either width, closing quotes may follow). An abbreviation such as "para." is no such end:
 * what stands on the line below is the number that it wants. Nor is the end of a sentence where a small letter follows
 * the number, unless that is 1, for so does wrapped text: "see Annex I. / 3. and II". After ; and : it may.
 *
 * Lists are often written without such ends: "1. Opening", and on the next line "2. Adoption". So the number that comes
 * next, indented no deeper than the last point's (by two columns or more), opens also where its line was not wrapped:
 * the line before had room for the number, or is wider than 100 columns, or the document has no margin (which is that
 * of overview_paragraphs.c). Before a small letter, the line before must be the item before or end like a sentence,
 * too. Where the line before was full, the next number (before no small letter) is in doubt: "on September / 2. The"
 * may be wrapped text. It starts a point if the line before is the item before and that one stood in the same way below
 * its own, or if the next point that opens is the one after it: then the list goes on.
 *
 * It fits if it has the first point's style, its number is the last point's or one to three above it, and it is no
 * sub-point of the last point that is numbered `2.1` (see overview_paragraphs.c).
 *
 * The style `1 Title` is for lines of at most 80 columns without a final full stop; one whose text begins with a small
 * letter must stand after a blank line, the title or a date (else "3 ministers" in wrapped text would be one), and no
 * title begins with a month ("1 October 2012, Brussels").
 *
 * The first point decides the style, and whether there are points at all: its number is 1 to 3. The first line with
 * `1.` or `1)` is it; `1 Title` where it stands before that and a `2 Title` follows it (the list is within the point),
 * or where there is no `1.` (else "1 United Nations Plaza" would swallow the document); `2 Title` or `3 Title` only
 * where none of these is (the title may be "2 plus 2 Talks"); `(1)` only where there is no other.
 *
 * A list that starts anew at 1 stays inside its point, and so does what continues it: where it is indented deeper than
 * the point by two columns or more, whatever its numbers are; where it is not, as far as its numbers have the point's
 * own.
 *
 * Of a rule (three or more of the same of - _ = * ~ or a dash, blanks between them or not, and nothing else) no more
 * than 60 columns are kept.
 *
 * A number given twice (`1. 1.`) counts once. Paragraphs: see overview_paragraphs.c.
 */

/* Settles everything but the points from the document's text. `whole` is false for the head of a longer document, whose
 * last line is not known. Returns where the first point starts, or where the content ends if there is none. */
static size_t settle(struct overview *o, bool whole)
{
  struct overview_survey s;
  overview_survey(overview_text(o), &s);
  o->widest = s.widest;
  size_t end = o->text_n;
  if (whole && s.any && overview_is_index(s.last.text)) {
    end = s.last.start;
    s.any = s.first.start < end;
  }
  const struct overview_candidate *first = overview_first_point(&s);
  size_t lead_end = first ? first->at : end;
  o->style = first ? first->style : STYLE_NONE;
  o->title = str_from(o->name);
  if (s.any && !s.first_is_date && s.first.start < lead_end) {
    o->title = s.first.text;
    o->lead = s.title_end;
  }
  o->lead_end = lead_end;
  o->tail = o->tail_end = end;
  if (s.dated && s.date_at < lead_end) {
    o->date = s.date_text;
    date_iso(s.date, o->date_iso);
  }
  return lead_end;
}

/* ---- making one */

/* NAME as it may be shown: UTF-8, one line. */
static char *clean_name(struct str name)
{
  struct buf clean = BUF_INIT(3 * name.n + 1);
  (void)utf8_clean(&clean, name);
  for (size_t i = 0; i < clean.n; i++)
    if (str_is_control(clean.p[i]))
      clean.p[i] = ' ';
  char *copy = buf_error(&clean) ? NULL : str_dup(buf_str(&clean));
  buf_free(&clean);
  return copy;
}

/* A document with its text and name, and nothing settled yet. */
static int load(struct str source, struct str name, struct overview **out)
{
  struct overview *o = calloc(1, sizeof *o);
  struct buf clean = BUF_INIT((size_t)3 * OVERVIEW_MAX);
  if (!o)
    return ERR_NOMEM;
  o->name = clean_name(name);
  if (str_starts(source, STR("\xef\xbb\xbf")))
    source = str_skip(source, 3);
  o->replaced = utf8_clean(&clean, source);
  int err = o->name ? buf_error(&clean) : ERR_NOMEM;
  if (err < 0) {
    buf_free(&clean);
    overview_free(o);
    return err;
  }
  o->text = clean.p; /* Taken over. */
  o->text_n = clean.n ? overview_tidy(clean.p, clean.n) : 0;
  char *fitted = o->text_n ? realloc(o->text, o->text_n) : NULL;
  if (fitted)
    o->text = fitted;
  *out = o;
  return 0;
}

int overview_parse(struct str source, struct str name, struct overview **out)
{
  struct overview *o = NULL;
  if (source.n > OVERVIEW_MAX)
    return ERR_LIMIT;
  int err = load(source, name, &o);
  if (err < 0)
    return err;
  size_t first = settle(o, true);
  if (o->style != STYLE_NONE)
    err = overview_find_points(o, first);
  if (err < 0) {
    overview_free(o);
    return err;
  }
  overview_find_tail(o);
  *out = o;
  return 0;
}

/* What is left of s without a character that its end cuts in two. */
static struct str whole_characters(struct str s)
{
  for (size_t i = 1; i <= 3 && i <= s.n; i++) {
    unsigned char byte = (unsigned char)s.p[s.n - i];
    size_t length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : byte >= 0x80 ? 0 : 1;
    if (length)
      return length > i ? str_head(s, s.n - i) : s;
  }
  return s;
}

/* The head of a document as far as it is whole: without a line that its end cuts in two, unless that is the first. */
static struct str whole_part(struct str head)
{
  size_t lf = str_rfind(head, '\n'), cr = str_rfind(head, '\r');
  size_t lines = lf < head.n ? lf + 1 : cr < head.n ? cr + 1 : 0;
  for (size_t i = 0; i < lines; i++)
    if (head.p[i] != '\n' && head.p[i] != '\r' && head.p[i] != ' ' && head.p[i] != '\t')
      return str_head(head, lines);
  return whole_characters(head);
}

int overview_summary(struct str head, struct str name, struct buf *title, char date[11])
{
  struct overview *o = NULL;
  bool whole = head.n < OVERVIEW_HEAD;
  head = whole ? head : whole_part(str_head(head, OVERVIEW_HEAD));
  date[0] = '\0';
  int err = load(head, name, &o);
  if (err < 0)
    return err;
  (void)settle(o, whole);
  memcpy(date, o->date_iso, sizeof o->date_iso);
  buf_put_str(title, o->title);
  err = buf_error(title);
  overview_free(o);
  return err;
}

void overview_free(struct overview *o)
{
  if (!o)
    return;
  free(o->text);
  free(o->name);
  free(o->points);
  free(o);
}

/* ---- what it holds */

struct str overview_text(const struct overview *o)
{
  return str_make(o->text, o->text_n);
}

size_t overview_replaced(const struct overview *o)
{
  return o->replaced;
}

size_t overview_size(const struct overview *o)
{
  return sizeof *o + o->text_n + strlen(o->name) + o->cap_points * sizeof *o->points;
}

struct str overview_title(const struct overview *o)
{
  return o->title;
}

size_t overview_points(const struct overview *o)
{
  return o->n_points;
}

struct str overview_page_name(const struct overview *o, size_t i)
{
  return str_make(o->points[i].page, o->points[i].page_n);
}

struct str overview_number(const struct overview *o, size_t i)
{
  return str_make(o->text + o->points[i].number, o->points[i].number_n);
}

long overview_find(const struct overview *o, struct str page)
{
  struct str number, nth = page;
  unsigned value, which = 1;
  if (!str_split(&nth, '-', &number) || str_number(number, &value) < 0 || value > HIGHEST_NUMBER ||
      o->first_of[value] == 0)
    return -1;
  if (nth.p && str_number(nth, &which) < 0)
    return -1;
  size_t i = (size_t)o->first_of[value] - 1 + which - 1;
  /* The name tells whether it was written as we write it: `03`, `3-1` and `3-02` are no pages. */
  return which >= 1 && i < o->n_points && str_eq(overview_page_name(o, i), page) ? (long)i : -1;
}
