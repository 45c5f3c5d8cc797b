/* What the links to points are called: the number, and the heading or the first sentence. */
#include "base/utf8.h"
#include "text/overview_internal.h"

/* A label is made from the first bytes of a paragraph: 100 columns are far less, but for marks that take no column. */
enum { LABEL_SOURCE = 4096 };

static const struct str ELLIPSIS = STR_INIT("\xe2\x80\xa6");

void overview_put_gap(const struct overview *o, const struct overview_point *point, struct buf *out)
{
  struct str rest = str_make(o->text + point->body, point->end - point->body);
  int32_t next = utf8_first(rest);
  if (next == 0x3000) {
    buf_put_str(out, STR("\xe3\x80\x80"));
  } else if (next == '\n') {
    /* The number stands alone on its line: joined as lines are. */
    struct str number = str_make(o->text + point->number, point->number_n);
    while (rest.n && (rest.p[0] == '\n' || overview_blank(utf8_first(rest))))
      rest = rest.p[0] == '\n' ? str_skip(rest, 1) : overview_skip_blanks(rest);
    if (!overview_abuts(number, rest))
      buf_put_c(out, ' ');
  } else if (overview_blank(next)) {
    buf_put_c(out, ' ');
  }
}

/* ---- sentences */

static bool closes(int32_t point)
{
  return point == '"' || point == '\'' || point == ')' || point == 0x2019 || point == 0x201d || point == 0x300d ||
         point == 0x300f || point == 0xff09;
}

static bool opens(int32_t point)
{
  return point == '"' || point == '\'' || point == '(' || point == 0x2018 || point == 0x201c;
}

static size_t skip_points(struct str text, size_t at, bool (*wanted)(int32_t))
{
  while (at < text.n) {
    int32_t point;
    size_t n = utf8_decode(str_skip(text, at), &point);
    if (!wanted(point))
      break;
    at += n;
  }
  return at;
}

/* The first sentence: up to `. ? !` (and the quotes that close there) before a space and a capital, but not after an
 * abbreviation; or up to 。 or a full-width ! or ?. */
static struct str first_sentence(struct str text)
{
  for (size_t at = 0; at < text.n;) {
    int32_t point;
    size_t n = utf8_decode(str_skip(text, at), &point);
    bool wide = point == 0x3002 || point == 0xff01 || point == 0xff1f;
    if (wide || point == '?' || point == '!' || (point == '.' && !overview_abbreviates(str_head(text, at), true))) {
      size_t end = skip_points(text, at + n, closes);
      size_t next = skip_points(text, end, overview_blank);
      if (wide || (next > end && overview_capital(utf8_first(str_skip(text, skip_points(text, next, opens))))))
        return str_head(text, end);
    }
    at += n;
  }
  return text;
}

/* ---- cutting */

/* As overview_put_cut; `more`: the text goes on, so that it has an ellipsis even where all of it fits. */
static void put_cut(struct str text, size_t columns, bool more, struct buf *out)
{
  size_t fit = utf8_fit(text, columns);
  if (fit == text.n && !more) {
    buf_put_str(out, text);
    return;
  }
  fit = utf8_fit(text, columns ? columns - 1 : 0);
  size_t at = 0, cut = fit == text.n ? fit : 0;
  while (at < fit && cut < fit) {
    unsigned width;
    size_t n = utf8_character(str_skip(text, at), &width);
    int32_t last = utf8_first(str_skip(text, at));
    at += n;
    int32_t next = utf8_first(str_skip(text, at));
    if (!overview_blank(last) && (overview_blank(next) || utf8_spaceless(last) || utf8_spaceless(next)))
      cut = at;
  }
  buf_put_str(out, str_head(text, cut ? cut : fit));
  buf_put_str(out, ELLIPSIS);
}

void overview_put_cut(struct str text, size_t columns, struct buf *out)
{
  put_cut(text, columns, false, out);
}

void overview_put_label(const struct overview *o, size_t i, size_t columns, struct buf *out)
{
  struct overview_reader reader;
  struct overview_paragraph paragraph;
  struct buf text = BUF_INIT(LABEL_SOURCE);
  size_t start = out->n;
  buf_put_str(out, overview_number(o, i));
  overview_reader_point(&reader, o, i);
  if (overview_reader_next(&reader, LABEL_SOURCE, &text, &paragraph)) {
    overview_put_gap(o, &o->points[i], out);
    size_t used = buf_error(out) ? 0 : utf8_columns(str_make(out->p + start, out->n - start));
    struct str label = paragraph.heading ? buf_str(&text) : first_sentence(buf_str(&text));
    bool more = paragraph.goes_on && label.n == text.n && !overview_ends_sentence(label);
    put_cut(label, used < columns ? columns - used : 0, more, out);
  }
  if (buf_error(&text) && !buf_error(out))
    out->err = buf_error(&text);
  buf_free(&text);
}
