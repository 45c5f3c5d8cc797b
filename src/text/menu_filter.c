/* The filter that turns gemtext into a Gopher menu, line by line, in bounded memory (P8 to P12). */
#include "text/menu.h"

#include <string.h>

#include "base/utf8.h"
#include "text/gemtext.h"
#include "text/menu_link.h"
#include "text/plain.h"
#include "text/wrap.h"

/* LINE_LIMIT: more of one line is never kept waiting for its end. PLAIN_LIMIT: what that can grow to when it is made
 * plain (a TAB is up to eight spaces, a faulty byte three), with a link's target percent-encoded beside it. */
enum { LINE_LIMIT = 32 * 1024, PLAIN_LIMIT = 16 * LINE_LIMIT, CHARACTER_MAX = 4 };

int menu_filter_begin(struct menu_filter *f, const struct menu_place *place, struct str base)
{
  *f = (struct menu_filter){
      .place = place,
      .base = BUF_INIT(base.n + 1),
      .pending = BUF_INIT(PLAIN_LIMIT),
      .work = BUF_INIT(PLAIN_LIMIT),
      .blank = true,
  };
  buf_put_str(&f->base, base);
  return buf_error(&f->base);
}

void menu_filter_free(struct menu_filter *f)
{
  buf_free(&f->base);
  buf_free(&f->pending);
  buf_free(&f->work);
}

static size_t columns_of(const struct menu_filter *f)
{
  unsigned columns = f->place->columns ? f->place->columns : MENU_COLUMNS;
  return columns < MENU_COLUMNS_MIN ? MENU_COLUMNS_MIN : columns > MENU_COLUMNS_MAX ? MENU_COLUMNS_MAX : columns;
}

static void keep_error(struct menu_filter *f, int err)
{
  if (!f->err)
    f->err = err;
}

/* ---------------------------------------------------------------- one line of the menu */

/* What stands before the text of a line, and before those that it is continued on. */
static struct str prefix_of(const struct menu_filter *f)
{
  bool first = f->lines == 0;
  switch (f->type) {
  case GEMTEXT_ITEM:
    return first ? STR("* ") : STR("  ");
  case GEMTEXT_QUOTE:
    return STR("> ");
  case GEMTEXT_LINK:
    return first ? STR("") : STR("  ");
  case GEMTEXT_TEXT:
  case GEMTEXT_HEADING:
  case GEMTEXT_FENCE:
  case GEMTEXT_PRE:
    return STR("");
  }
  return STR("");
}

static void put_line(struct menu_filter *f, struct str prefix, struct str text, struct buf *out)
{
  if (text.n == 0)
    prefix = plain_trim_end(prefix);
  menu_put_info(out, prefix, text);
  if (f->underlined) {
    size_t columns = utf8_columns(text);
    if (columns > f->widest)
      f->widest = columns;
  }
  f->blank = prefix.n + text.n == 0;
  f->lines++;
}

/* Puts plain text as wrapped lines; what is still undecided, because the line has not ended, is returned. */
static struct str put_flowing(struct menu_filter *f, struct str text, bool whole, struct buf *out)
{
  struct str line;
  if (f->lines > 0) /* The line before was cut here: its spaces go with it. */
    while (text.n && text.p[0] == ' ')
      text = str_skip(text, 1);
  for (;;) {
    struct str prefix = prefix_of(f);
    if (!wrap_cut(&text, columns_of(f) - prefix.n, whole, &line)) {
      /* Characters without width could fill any memory and never a line. */
      if (text.n <= LINE_LIMIT / 2 || !wrap_cut(&text, columns_of(f) - prefix.n, true, &line))
        break;
    }
    put_line(f, prefix, line, out);
  }
  if (whole && f->lines == 0)
    put_line(f, prefix_of(f), STR(""), out);
  return text;
}

/* Where to cut a preformatted line whose end has not come: behind its last space if that is near, else before its last
 * character. */
static size_t cut_between(struct str s)
{
  size_t space = str_rfind(s, ' ');
  if (space < s.n && space > 0 && s.n - space <= LINE_LIMIT / 2)
    return space + 1;
  size_t at = 0, last = 0;
  while (at < s.n) {
    unsigned width;
    last = at;
    at += utf8_character(str_skip(s, at), &width);
  }
  /* What is left waits for more: it must leave room for it. */
  return last > 0 && s.n - last <= LINE_LIMIT / 2 ? last : s.n;
}

static struct str put_preformatted(struct menu_filter *f, struct str text, bool whole, struct buf *out)
{
  size_t cut = whole ? text.n : cut_between(text);
  if (cut > 0 || f->lines == 0)
    put_line(f, STR(""), str_head(text, cut), out);
  return str_skip(text, cut);
}

/* Level-1 headings are underlined as wide as they are. */
static void put_underline(struct menu_filter *f, struct buf *out)
{
  char marks[MENU_COLUMNS_MAX];
  memset(marks, '=', sizeof marks);
  menu_put_info(out, STR(""), str_make(marks, f->widest < sizeof marks ? f->widest : sizeof marks));
}

/* ---------------------------------------------------------------- one line of gemtext */

/* Puts the item that a link line becomes, with the first line of its label; returns the rest of the label as plain
 * text. A target that nobody should follow is text: the label, and the target behind it (P12). */
static struct str open_link(struct menu_filter *f, struct gemtext_line line, bool whole, struct buf *out)
{
  struct menu_link link;
  keep_error(f, menu_link_make(&link, f->place, buf_str(&f->base), line.target));

  plain_put(&f->work, line.text);
  struct str label = str_trim(buf_str(&f->work)), shown = STR("");
  bool follow = link.type != 0;
  if (!follow && whole && label.n) {
    buf_put_str(&f->work, STR(" ("));
    plain_put(&f->work, line.target);
    buf_put_c(&f->work, ')');
  } else if (!follow && label.n) { /* The label has no end yet: target first. */
    buf_clear(&f->work);
    plain_put(&f->work, line.target);
    buf_put_c(&f->work, ' ');
    plain_put(&f->work, line.text);
  } else if (!follow) {
    plain_put(&f->work, line.target);
  } else if (label.n == 0) {
    menu_link_put_readable(&f->work, line.target);
  }
  struct str text = buf_str(&f->work);
  while (text.n && text.p[0] == ' ')
    text = str_skip(text, 1);
  if (follow) {
    if (!wrap_cut(&text, columns_of(f), whole, &shown))
      (void)wrap_cut(&text, columns_of(f), true, &shown);
    menu_put(out, link.type, shown, buf_str(&link.selector), buf_str(&link.host), link.port);
    f->blank = false;
    f->lines++;
  }
  menu_link_free(&link);
  return text;
}

/* The text as it may be shown: as it stands where it is plain already, else a copy in f->work. */
static struct str make_plain(struct menu_filter *f, struct str text, bool whole)
{
  if (whole && plain_is(text))
    return text;
  if (f->type == GEMTEXT_PRE)
    plain_put_expanded(&f->work, text);
  else
    plain_put(&f->work, text);
  return buf_str(&f->work);
}

/* Starts on a line of gemtext: finds its type and returns the text that is still to be put, made plain. */
static struct str open_line(struct menu_filter *f, struct str raw, bool whole, struct buf *out)
{
  struct gemtext_line line;
  if (!f->begun && str_starts(raw, STR("\xef\xbb\xbf")))
    raw = str_skip(raw, 3);
  f->begun = true;
  gemtext_parse(raw, &f->preformatted, &line);
  if (!whole) {
    /* What was trimmed at the end may stand between two words; a target may go on. */
    line.text.n = (size_t)(raw.p + raw.n - line.text.p);
    if (line.type == GEMTEXT_LINK && line.target.p + line.target.n == raw.p + raw.n)
      line = (struct gemtext_line){.type = GEMTEXT_TEXT, .text = raw};
  }
  f->type = line.type;
  f->lines = 0;
  f->widest = 0;
  f->underlined = line.type == GEMTEXT_HEADING && line.level == 1;
  if (line.type == GEMTEXT_LINK)
    return open_link(f, line, whole, out);
  struct str text = make_plain(f, line.text, whole);
  if (line.type == GEMTEXT_HEADING && !f->blank && plain_trim_end(text).n)
    menu_put_info(out, STR(""), STR("")); /* A heading stands apart from what comes before it. */
  return text;
}

/* Puts a line of gemtext, or with `whole` false what can be put of its start; returns the rest (in f->work, or within
 * `raw`). */
static struct str put_gemtext(struct menu_filter *f, struct str raw, bool whole, struct buf *out)
{
  buf_clear(&f->work);
  struct str text = f->continued ? make_plain(f, raw, whole) : open_line(f, raw, whole, out);
  f->continued = !whole;
  if (f->type == GEMTEXT_FENCE)
    return STR("");
  if (f->type == GEMTEXT_PRE)
    return put_preformatted(f, text, whole, out);
  text = put_flowing(f, text, whole, out);
  if (whole && f->underlined && f->widest)
    put_underline(f, out);
  return text;
}

static void end_line(struct menu_filter *f, struct str raw, struct buf *out)
{
  if (raw.n && raw.p[raw.n - 1] == '\r')
    raw.n--;
  (void)put_gemtext(f, raw, true, out);
  keep_error(f, buf_error(&f->work));
  buf_clear(&f->pending);
}

/* The pending line is as long as it may become: puts what can be put. What was decided does not depend on how the bytes
 * arrived, since this happens at the same places of a line always. */
static void shorten_line(struct menu_filter *f, struct buf *out)
{
  struct str raw = buf_str(&f->pending);
  char tail[CHARACTER_MAX];
  size_t held = plain_unfinished(raw);
  memcpy(tail, raw.p + raw.n - held, held);
  raw.n -= held;
  struct str rest = put_gemtext(f, raw, false, out);
  keep_error(f, buf_error(&f->work));
  buf_clear(&f->pending);
  buf_put_str(&f->pending, rest);
  buf_put(&f->pending, tail, held);
}

int menu_filter_feed(struct menu_filter *f, struct str piece, struct buf *out)
{
  while (piece.n && !f->err) {
    struct str head = str_head(piece, LINE_LIMIT - f->pending.n);
    size_t end = str_find(head, '\n');
    bool whole = end < head.n;
    if (whole && f->pending.n == 0) {
      end_line(f, str_head(head, end), out);
    } else {
      buf_put_str(&f->pending, str_head(head, end));
      if (whole)
        end_line(f, buf_str(&f->pending), out);
      else if (f->pending.n >= LINE_LIMIT)
        shorten_line(f, out);
    }
    keep_error(f, buf_error(&f->pending));
    keep_error(f, buf_error(out));
    piece = str_skip(piece, end + whole);
  }
  return f->err;
}

int menu_filter_end(struct menu_filter *f, struct buf *out)
{
  if (f->pending.n || f->continued)
    end_line(f, buf_str(&f->pending), out);
  menu_put_end(out);
  keep_error(f, buf_error(out));
  return f->err;
}
