/* Proofreading a text, line by line. */
#include "text/proof.h"

#include "base/err.h"
#include "base/utf8.h"
#include "text/gemtext.h"
#include "text/gophermap_dialect.h"
#include "text/gph.h"
#include "text/menu.h"
#include "text/plain.h"
#include "text/proof_map.h"
#include "text/uri.h"

/* A TAB becomes up to eight spaces, a faulty byte three. */
enum { WORK_MAX = 16 * PROOF_LINE_MAX };

static void tell(struct proof *p, enum proof_mark mark, size_t line)
{
  const struct proof_event event = {.mark = mark, .line = line};
  p->tell(p->context, &event);
}

/* ---------------------------------------------------------------- width */

/* The columns that a line takes where it is kept as it is (P9). */
static size_t columns_of(struct proof *p, struct str text)
{
  if (plain_is(text))
    return utf8_columns(text);
  buf_clear(&p->work);
  plain_put_expanded(&p->work, text);
  return utf8_columns(buf_str(&p->work));
}

/* Counts what a line, or a part of one, adds to the width. */
static void measure(struct proof *p, const struct proof_line *line, struct str text)
{
  if (line->first)
    p->columns = 0;
  p->columns += columns_of(p, text);
  if (!line->last || p->columns <= p->width)
    return;
  if (p->wide++ == 0)
    p->wide_line = line->number;
  if (p->columns > p->widest)
    p->widest = p->columns;
}

/* One word for all lines of a block, or of a map. */
static void tell_wide(struct proof *p)
{
  const struct proof_event event = {.mark = PROOF_WIDE, .line = p->wide_line, .count = p->wide, .columns = p->widest};
  if (p->wide)
    p->tell(p->context, &event);
  p->wide = p->widest = 0;
}

/* ---------------------------------------------------------------- gemtext */

static void take_fence(struct proof *p, const struct proof_line *line, struct str alt)
{
  if (p->preformatted) {
    p->fence = line->number;
    if (alt.n == 0)
      tell(p, PROOF_NO_ALT, line->number);
  } else {
    tell_wide(p);
  }
}

static void take_link(struct proof *p, const struct proof_line *line, const struct gemtext_line *parsed)
{
  const struct proof_event event = {
      .mark = parsed->target.n > URI_MAX ? PROOF_LINK_TOO_LONG : PROOF_LINK,
      .line = line->number,
      .target = parsed->target,
      .text = parsed->text,
  };
  p->tell(p->context, &event);
}

static void take_gemtext(struct proof *p, const struct proof_line *line)
{
  struct gemtext_line parsed;
  if (!line->first) {
    if (p->in_pre)
      measure(p, line, line->text);
    return;
  }
  gemtext_parse(line->text, &p->preformatted, &parsed);
  p->in_pre = parsed.type == GEMTEXT_PRE;
  switch (parsed.type) {
  case GEMTEXT_TEXT:
    if (str_starts(parsed.text, STR("=>")))
      tell(p, PROOF_NO_TARGET, line->number);
    break;
  case GEMTEXT_LINK:
    take_link(p, line, &parsed);
    break;
  case GEMTEXT_HEADING:
    if (parsed.text.n == 0)
      tell(p, PROOF_NO_HEADING, line->number);
    else
      p->titled = true;
    break;
  case GEMTEXT_FENCE:
    take_fence(p, line, parsed.text);
    break;
  case GEMTEXT_PRE:
    measure(p, line, line->text);
    break;
  case GEMTEXT_ITEM:
  case GEMTEXT_QUOTE:
    break;
  }
}

/* ---------------------------------------------------------------- a gophermap */

/* Whether a line of the dialect is none of a plain map. */
static bool asks(struct proof *p, const struct proof_line *line)
{
  struct dialect_line asked;
  dialect_parse(line->text, &asked);
  if (asked.kind == DIALECT_TITLE)
    measure(p, line, asked.text);
  p->lists = asked.kind == DIALECT_LISTING;
  p->ended = p->lists || asked.kind == DIALECT_END;
  return asked.kind != DIALECT_PLAIN;
}

static void take_map(struct proof *p, const struct proof_line *line)
{
  if (!line->first)
    return; /* no menu has lines of 32 KiB: what it begins with says enough */
  if (p->ended) {
    if (!p->after_end && str_trim(line->text).n) {
      p->after_end = true;
      tell(p, p->lists ? PROOF_AFTER_LIST : PROOF_AFTER_END, line->number);
    }
    return;
  }
  if (p->form == PROOF_DIALECT && asks(p, line))
    return;
  p->ended = p->form == PROOF_GOPHERMAP && line->last && str_eq(line->text, STR("."));
  if (p->ended)
    return;
  struct gophermap_line item;
  gophermap_parse(line->text, &item);
  measure(p, line, item.name);
  proof_map_line(p, line, &item);
}

/* A line of a `.gph` menu, which no dot ends. */
static void take_gph(struct proof *p, const struct proof_line *line)
{
  if (!line->first)
    return;
  buf_clear(&p->map);
  gph_put_line(&p->map, line->text);
  struct proof_line map = *line;
  map.text = str_head(buf_str(&p->map), str_find(buf_str(&p->map), '\n'));
  struct gophermap_line item;
  gophermap_parse(map.text, &item);
  measure(p, line, item.name);
  proof_gph_line(p, line, item.type == 'i');
  proof_map_line(p, &map, &item);
}

/* ---------------------------------------------------------------- the text */

static void take(void *context, const struct proof_line *line)
{
  struct proof *p = context;
  if (!p->not_utf8 && !utf8_valid(line->text)) {
    p->not_utf8 = true;
    tell(p, PROOF_NOT_UTF8, line->number);
  }
  switch (p->form) {
  case PROOF_PLAIN:
    break;
  case PROOF_GEMTEXT:
    take_gemtext(p, line);
    break;
  case PROOF_GOPHERMAP:
  case PROOF_DIALECT:
    take_map(p, line);
    break;
  case PROOF_GPH:
    take_gph(p, line);
    break;
  }
}

void proof_begin(struct proof *p, enum proof_form form, void (*tell_it)(void *context, const struct proof_event *event),
                 void *context)
{
  *p = (struct proof){.tell = tell_it,
                      .context = context,
                      .form = form,
                      .width = MENU_COLUMNS,
                      .work = BUF_INIT(WORK_MAX),
                      .map = BUF_INIT(WORK_MAX)};
  proof_lines_begin(&p->lines, take, p);
}

int proof_feed(struct proof *p, struct str piece)
{
  int err = proof_lines_feed(&p->lines, piece);
  if (err == 0)
    err = buf_error(&p->work);
  return err ? err : buf_error(&p->map);
}

void proof_end(struct proof *p, bool whole)
{
  proof_lines_end(&p->lines);
  tell_wide(p);
  if (whole && p->form == PROOF_GEMTEXT) {
    if (p->preformatted)
      tell(p, PROOF_NOT_CLOSED, p->fence);
    if (!p->titled)
      tell(p, PROOF_NO_TITLE, 0);
  }
  buf_free(&p->work);
  buf_free(&p->map);
}
