/* What the parts of the overview share; nobody else includes it. The parser's grammar stands in overview.c.
 *
 *   overview_tidy.c        the text made ready
 *   overview_lines.c       lines: indentation, width, what kind of line it is
 *   overview_ends.c        how lines and sentences end
 *   overview_numbers.c     numbers and other marks at the start of a line
 *   overview_survey.c      the first look: date, margin, first point
 *   overview_points.c      the points
 *   overview.c             the document
 *   overview_paragraphs.c  lines joined into paragraphs
 *   overview_labels.c      headings, sentences, the labels of links
 *   overview_pages.c       the gemtext pages
 *   overview_strays.c      numbers in another style, which start no points
 */
#ifndef NUNCIO_TEXT_OVERVIEW_INTERNAL_H
#define NUNCIO_TEXT_OVERVIEW_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "text/date.h"
#include "text/overview.h"

enum {
  WIDEST_WRAPPED = 100, /* columns; a wider line was never wrapped */
  WIDEST_HEADING = 80,
  DEEPER = 2, /* columns more than another line: indented below it */
  WIDEST_LABEL = 100,
  WIDEST_RULE = 60,  /* so that it fits into a Gopher menu and a small terminal */
  LEAST_MARGIN = 40, /* a document whose lines are all shorter shows no sign of a margin */
  SURE_MARGIN = 60,  /* one with a line as wide as this shows it well enough without its title */
  HIGHEST_NUMBER = 999,
  LARGEST_GAP = 3, /* from one point's number to the next one's */
};

/* ---- lines */

/* One line with something on it. The text of a document holds no line end but LF. */
struct overview_line {
  struct str text;   /* without the blanks around it, a rule's first columns; never empty */
  size_t start, end; /* where it begins in the document, and where the next one does */
  size_t indent;     /* columns before the text */
  unsigned width;    /* columns, the indentation counted; WIDEST_WRAPPED + 1 for all that are wider */
  bool after_blank;  /* a blank line or the start of the document stands before it */
};

/* Reads the next line of `text` from *at on, passing over blank ones, and moves *at behind it. False at the end. */
bool overview_line_next(struct str text, size_t *at, struct overview_line *line);

/* Makes `text` a text of such lines, in place: every line end that Unicode knows (UAX #14: CR LF, CR, VT, FF, NEL, LS,
 * PS) becomes LF, other control characters and tabs within a line become spaces. Returns the new length. */
size_t overview_tidy(char *text, size_t n);

bool overview_blank(int32_t point); /* a space of any width */
struct str overview_skip_blanks(struct str s);

/* Whether the last character is one of `. : ; ! ? ) 。`, in either width, before closing quotes. */
bool overview_ends_sentence(struct str text);
/* The same for a full stop alone. */
bool overview_ends_stop(struct str text);
/* The same for a comma of any script; for a colon or a semicolon. */
bool overview_ends_comma(struct str text);
bool overview_ends_clause(struct str text);

/* Whether a full stop behind `text` belongs to its last word and ends no sentence: `Mr`, `para`; with `initials` a
 * single capital too, as in `U.S`. */
bool overview_abbreviates(struct str text, bool initials);
/* Whether text ends with such a stop. Initials do not count: a sentence may well end with `the U.S.` */
bool overview_ends_abbreviated(struct str text);

bool overview_among(const int32_t *table, int32_t point); /* the table ends with 0 */
struct str overview_without_last(struct str s);           /* s, which is not empty, less its last character */

bool overview_is_rule(struct str text);      /* drawn: three or more of the same of - _ = * ~ or a dash */
bool overview_is_underline(struct str text); /* three or more of the same of - = ~ and nothing else */
bool overview_has_words(struct str text);    /* holds a letter or a digit, and is no rule */
bool overview_is_end(struct str text);       /* (END), in Japanese （了）, a rule of dashes, or -- */
bool overview_is_note(struct str text);      /* begins with `(*` */
bool overview_is_index(struct str text);     /* Back to Index */

/* Whether `b` follows `a` without a space when they are joined: both sides are Chinese or Japanese. */
bool overview_abuts(struct str a, struct str b);

/* Whether the first word of `next` (with what must not be parted from it) would have fitted behind `line` within
 * `widest` columns. */
bool overview_had_room(const struct overview_line *line, struct str next, unsigned widest);

/* Whether `next` begins a line on purpose and not by wrapping: `line` before it had room, or was never wrapped, or
 * `widest` is no margin. */
bool overview_parted(const struct overview_line *line, struct str next, unsigned widest);

/* Whether the point is a capital letter of Latin, Greek or Cyrillic; `a` to `z`. */
bool overview_capital(int32_t point);
bool overview_small(int32_t point);

/* ---- numbers */

enum overview_style {
  STYLE_NONE,
  STYLE_DOT,     /* 1. */
  STYLE_PAREN,   /* 1) */
  STYLE_BRACKET, /* (1) */
  STYLE_TITLE,   /* 1 Title */
};

struct overview_number {
  enum overview_style style;
  unsigned value;   /* 0 to HIGHEST_NUMBER */
  struct str text;  /* as the source has it */
  struct str rest;  /* of the line, the blanks before it too */
  struct str again; /* the number's second copy where it is given twice (`1. 1.`); `rest` is what follows that */
};

/* Reads the number that a line begins with. STYLE_TITLE is judged by the line's width too. False where there is none.
 */
bool overview_number_read(const struct overview_line *line, struct overview_number *out);

/* A sub-point of point `value` numbered in the decimal way: `2.1 The`, `2.3.1. The`, `２．１　総論` in point 2. Whether
 * it is only a decimal fraction (`2.5 per cent`) is told by what follows it. */
bool overview_is_dotted(struct str text, unsigned value);

/* A letter, a roman numeral, kana or a circled number that marks a sub-point: `(a)` `b)` `(iv)` `（ア）` `①`. */
bool overview_is_lettered(struct str text);

enum overview_bullet {
  BULLET_NONE,
  BULLET_SURE, /* • ・ ○ and so on; `*` or `+` before a blank */
  BULLET_DASH, /* a dash before a blank: perhaps only punctuation at the start of a wrapped line */
};
enum overview_bullet overview_bullet(struct str text);

/* ---- the first look */

/* How sure it is that a number starts something. */
enum overview_opening {
  OPENS,            /* it stands where points start */
  OPENS_AS_NEXT,    /* the line before had room: as the point that comes next */
  OPENS_DOUBTFULLY, /* it may be wrapped text */
};

/* A walk over the document's lines that knows where points may start. */
struct overview_walk {
  struct str text;
  size_t at;
  struct overview_line line;
  bool titled;     /* the first line may be the title */
  unsigned widest; /* the document's margin; 0: not known yet */
  struct overview_line before;
  size_t lines;                  /* read so far */
  bool opens_widely;             /* the line stands after a blank line, the title or a date */
  enum overview_opening opening; /* of the number that was read last */
  bool after_item;               /* the line before is the item before, in the same style */
  bool is_date;
  bool is_underline; /* of the title */
  struct date date;
};

/* Starts where a line begins: at the document's first line (`titled`; `widest` is 0), or at one that is known to start
 * a point. */
void overview_walk_begin(struct overview_walk *w, struct str text, size_t at, bool titled, unsigned widest);
bool overview_walk_next(struct overview_walk *w);
/* Whether the line that the walk stands at begins with a number that is more than wrapped text for sure; w->opening
 * says what it could start. Without a known margin it is never OPENS_AS_NEXT. */
bool overview_walk_number(struct overview_walk *w, struct overview_number *out);

struct overview_candidate {
  bool found;
  size_t at;
  unsigned value;
  enum overview_style style;
};

struct overview_survey {
  bool any; /* there is a line at all */
  bool first_is_date;
  bool title_goes_on; /* `2 Title` stands somewhere behind `title` */
  bool dated;
  unsigned widest; /* of the lines after the first that are no wider than WIDEST_WRAPPED and have words */
  struct overview_line first, last;
  size_t title_end;                /* where the line after the title begins, if the first line is the title */
  struct overview_candidate sure;  /* the first with `1.` or `1)` */
  struct overview_candidate title; /* with `1 Title` */
  struct overview_candidate weak;  /* with `2 Title` or `3 Title` */
  struct overview_candidate bracket;
  size_t date_at;
  struct str date_text;
  struct date date;
};

void overview_survey(struct str text, struct overview_survey *s);

/* The first point, or NULL where the document has no points. */
const struct overview_candidate *overview_first_point(const struct overview_survey *s);

/* ---- the document */

struct overview_point {
  uint32_t start, end; /* in the document's text: from the line with the number to the next point or the tail */
  uint32_t number;     /* where its number stands */
  uint32_t body;       /* where the text behind the number begins, its blank too */
  uint16_t number_n;   /* bytes of the number */
  uint16_t value;
  uint8_t page_n;
  char page[22]; /* its page's name */
};

struct overview {
  char *text; /* owned: UTF-8, tidied */
  size_t text_n;
  char *name; /* owned: NAME, cleaned */
  size_t replaced;
  struct str title, date;
  char date_iso[11];
  struct overview_point *points; /* owned; numbers never decrease */
  size_t n_points, cap_points;
  uint32_t first_of[HIGHEST_NUMBER + 1]; /* the first point with that number, plus one; 0: none */
  enum overview_style style;             /* of the points */
  unsigned widest;                       /* the margin that hard-wrapped lines reached for */
  size_t lead, lead_end;
  size_t tail, tail_end;
};

struct str overview_text(const struct overview *o);

/* Finds the points from the first one on, which starts at `at`. ERR_NOMEM. */
int overview_find_points(struct overview *o, size_t at);

/* Whether a number looks like that of the point after the one with number `value`, indented by `indent`: it has the
 * style of the points, is one higher, is indented no deeper, and no small letter follows. */
bool overview_is_next(const struct overview *o, unsigned value, size_t indent, const struct overview_line *line,
                      const struct overview_number *number);

/* Finds where the last point ends and the tail begins. */
void overview_find_tail(struct overview *o);

/* ---- paragraphs */

enum overview_kind {
  KIND_TEXT,
  KIND_SUBPOINT,
  KIND_BULLET,
  KIND_NOTE,  /* begins with `(*` */
  KIND_ALONE, /* the date, (END), a rule, Back to Index: never joined with anything */
};

struct overview_paragraph {
  enum overview_kind kind;
  bool heading; /* one short line without a final full stop, and more text follows it that belongs to it */
  bool goes_on; /* it visibly does, in the next paragraph: that begins with a small letter, or a comma stands between */
  bool tight;   /* it stood close to the one before: both short lines, or bullets, with no blank line between */
};

/* Reads the paragraphs of one section: the lead, a point or the tail. */
struct overview_reader {
  const struct overview *o;
  struct str text; /* the document up to the section's end */
  size_t at;
  const struct overview_point *point; /* that is the section; NULL: it is none */
  bool more;                          /* there is a next line */
  struct overview_line line;          /* that line */
  enum overview_kind kind;            /* what it starts; KIND_TEXT: nothing */
  size_t indent;                      /* of the point's number */
  size_t paragraphs;                  /* read so far */
  enum overview_kind kind_before;
  bool short_before; /* the last paragraph was one short line, and no heading */
  enum overview_style sub_style;
  unsigned sub_value; /* the last sub-point's number */
};

void overview_reader_section(struct overview_reader *r, const struct overview *o, size_t start, size_t end);
/* A point's text without its number. */
void overview_reader_point(struct overview_reader *r, const struct overview *o, size_t i);

/* Appends the next paragraph's text as one line (without LF) to `out`. Of a paragraph that is longer than `most` bytes
 * the rest is passed over. False at the end of the section. */
bool overview_reader_next(struct overview_reader *r, size_t most, struct buf *out, struct overview_paragraph *p);

/* ---- labels and pages */

/* Appends what stands between a point's number and its text: nothing, a space, or a full-width one. */
void overview_put_gap(const struct overview *o, const struct overview_point *point, struct buf *out);

/* Appends text, at most `columns` wide: cut between words (between characters where there are none) with an ellipsis.
 */
void overview_put_cut(struct str text, size_t columns, struct buf *out);

/* Appends what the link to point i is called: its number, and its heading or first sentence, cut to fit `columns`. */
void overview_put_label(const struct overview *o, size_t i, size_t columns, struct buf *out);

#endif
