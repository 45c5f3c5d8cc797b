/* The pages of an overview as gemtext: its own, and one for each point. */
#include "base/err.h"
#include "text/gemtext.h"
#include "text/overview_internal.h"

/* A page that is being written. Blocks are set apart by one blank line, never two. */
struct page {
  struct buf *out;
  size_t start;    /* what out held before */
  struct buf line; /* the paragraph at hand */
};

static void page_begin(struct page *page, const struct overview *o, struct buf *out)
{
  page->out = out;
  page->start = out->n;
  buf_init(&page->line, OVERVIEW_PAGE_MAX);
  if (overview_title(o).n)
    gemtext_put_heading(out, 1, overview_title(o));
}

static int page_end(struct page *page)
{
  int err = buf_error(&page->line);
  buf_free(&page->line);
  return buf_error(page->out) ? buf_error(page->out) : err;
}

static void set_apart(struct page *page)
{
  if (page->out->n > page->start)
    buf_put_c(page->out, '\n');
}

/* Writes the paragraph at hand: as a heading of that level, or as text (0). */
static void put_line(struct page *page, bool tight, unsigned level)
{
  if (!tight)
    set_apart(page);
  if (level)
    gemtext_put_heading(page->out, level, buf_str(&page->line));
  else
    gemtext_put_text(page->out, buf_str(&page->line));
  buf_clear(&page->line);
}

/* Writes what is left of a section. */
static void put_paragraphs(struct page *page, struct overview_reader *reader)
{
  struct overview_paragraph paragraph;
  while (!buf_error(&page->line) && overview_reader_next(reader, OVERVIEW_PAGE_MAX, &page->line, &paragraph))
    if (!buf_error(&page->line))
      put_line(page, paragraph.tight, paragraph.heading ? 3 : 0);
}

static void put_section(struct page *page, const struct overview *o, size_t start, size_t end)
{
  struct overview_reader reader;
  overview_reader_section(&reader, o, start, end);
  put_paragraphs(page, &reader);
}

static void put_point_link(struct page *page, const struct overview *o, size_t i, struct str prefix)
{
  struct buf target = BUF_INIT(64);
  buf_put_str(&target, overview_page_name(o, i));
  buf_put_str(&target, STR(".gmi"));
  buf_put_str(&page->line, prefix);
  overview_put_label(o, i, WIDEST_LABEL - prefix.n, &page->line);
  gemtext_put_link(page->out, buf_str(&target), buf_str(&page->line));
  if (buf_error(&target) && !buf_error(page->out))
    page->out->err = buf_error(&target);
  buf_free(&target);
  if (!buf_error(&page->line))
    buf_clear(&page->line);
}

int overview_put_page(const struct overview *o, struct str source, struct buf *out)
{
  struct page page;
  page_begin(&page, o, out);
  put_section(&page, o, o->lead, o->lead_end);
  if (o->n_points)
    set_apart(&page);
  for (size_t i = 0; i < o->n_points; i++)
    put_point_link(&page, o, i, STR(""));
  put_section(&page, o, o->tail, o->tail_end);
  set_apart(&page);
  gemtext_put_link(out, source, STR("The whole document as plain text"));
  gemtext_put_link(out, STR("../"), STR("Back to Index"));
  return page_end(&page);
}

int overview_put_point(const struct overview *o, size_t i, struct buf *out)
{
  struct page page;
  struct overview_reader reader;
  struct overview_paragraph paragraph = {.heading = false};
  struct buf first = BUF_INIT(OVERVIEW_PAGE_MAX);
  page_begin(&page, o, out);
  overview_reader_point(&reader, o, i);
  buf_put_str(&page.line, overview_number(o, i));
  if (overview_reader_next(&reader, OVERVIEW_PAGE_MAX, &first, &paragraph)) {
    overview_put_gap(o, &o->points[i], &page.line);
    buf_put_str(&page.line, buf_str(&first));
  }
  if (!buf_error(&first) && !buf_error(&page.line))
    put_line(&page, false, paragraph.heading ? 2 : 0);
  put_paragraphs(&page, &reader);
  set_apart(&page);
  if (i > 0)
    put_point_link(&page, o, i - 1, STR("Previous: "));
  if (i + 1 < o->n_points)
    put_point_link(&page, o, i + 1, STR("Next: "));
  buf_put_str(&page.line, STR("Up: "));
  overview_put_cut(overview_title(o), WIDEST_LABEL - page.line.n, &page.line);
  gemtext_put_link(out, STR("./"), buf_str(&page.line));
  int err = buf_error(&first), ended = page_end(&page);
  buf_free(&first);
  return err < 0 ? err : ended;
}
