/* A listing as gemtext: a heading, the way up, one link for every entry. */
#include "site/listing.h"

#include <string.h>

#include "site/readable.h"
#include "text/gemtext.h"
#include "text/overview.h"
#include "text/uri.h"

enum { ALL_COLUMNS = 4096, LINE_MAX_BYTES = 8192 };

/* The name that leads to the entry, raw; an overview's is that of its tree. */
static struct str own_name(const struct listing *l, const struct entry *e)
{
  struct str name = listing_name(l, e);
  if (e->kind == ENTRY_OVERVIEW)
    name.n -= STR(OVERVIEW_SUFFIX).n;
  return name;
}

/* The name as a reader sees it: without the date that stands in front of the label already. */
static void put_shown_name(const struct entry *e, struct str name, struct buf *label)
{
  char date[LABEL_DATE];
  struct str rest = label_name_date(name, date);
  readable_put(label, e->date[0] && strcmp(date, e->date) == 0 ? rest : name, ALL_COLUMNS);
}

void listing_put_label(const struct listing *l, const struct entry *e, struct buf *label)
{
  struct str title = listing_title(l, e);
  bool says_it = str_starts(title, str_from(e->date)); /* a title with its date in front shows it once */
  if (e->date[0] && !says_it)
    buf_printf(label, "%s ", e->date);
  if (title.n) {
    buf_put_str(label, title);
    return;
  }
  put_shown_name(e, own_name(l, e), label);
  switch (e->kind) {
  case ENTRY_DIRECTORY:
    buf_put_c(label, '/');
    break;
  case ENTRY_FILE:
    if (!l->plain) {
      buf_put_str(label, STR(" ("));
      readable_put_size(label, e->size);
      buf_put_c(label, ')');
    }
    break;
  case ENTRY_GEMTEXT:
  case ENTRY_OVERVIEW:
    break;
  }
}

void listing_put_name(const struct listing *l, const struct entry *e, struct buf *out)
{
  buf_put_str(out, own_name(l, e));
  if (e->kind == ENTRY_DIRECTORY || e->kind == ENTRY_OVERVIEW)
    buf_put_c(out, '/');
}

/* Gemtext of the owner's, which ends with a line end then. */
static void put_whole_lines(struct buf *out, struct str text)
{
  buf_put_str(out, text);
  if (text.n && !str_ends(text, STR("\n")))
    buf_put_c(out, '\n');
}

int listing_put(const struct listing *l, struct str title, bool is_root, const struct listing_frame *frame,
                struct buf *out)
{
  struct buf name = BUF_INIT(LINE_MAX_BYTES), target = BUF_INIT(LINE_MAX_BYTES), label = BUF_INIT(LINE_MAX_BYTES);
  if (frame && frame->header.n) {
    put_whole_lines(out, frame->header);
  } else {
    readable_put(&label, title, ALL_COLUMNS);
    gemtext_put_heading(out, 1, buf_str(&label));
  }
  buf_put_c(out, '\n');
  if (!is_root)
    gemtext_put_link(out, STR("../"), STR("Up"));
  if (l->n == 0)
    gemtext_put_text(out, STR("There is nothing in this directory yet."));

  int err = buf_error(&label);
  for (size_t i = 0; i < l->n && err == 0; i++) {
    buf_clear(&name);
    buf_clear(&target);
    buf_clear(&label);
    listing_put_name(l, &l->entry[i], &name);
    uri_put_relative(&target, buf_str(&name));
    listing_put_label(l, &l->entry[i], &label);
    gemtext_put_link(out, buf_str(&target), buf_str(&label));
    err = buf_error(&name) ? buf_error(&name) : buf_error(&target) ? buf_error(&target) : buf_error(&label);
  }
  if (l->cut) {
    buf_put_c(out, '\n');
    gemtext_put_text(out, STR("This directory holds more than can be shown here."));
  }
  if (frame && frame->footer.n) {
    buf_put_c(out, '\n');
    put_whole_lines(out, frame->footer);
  }
  buf_free(&name);
  buf_free(&target);
  buf_free(&label);
  return err ? err : buf_error(out);
}
