/* Proofreading: any bytes, in pieces of any size, are told of in the same way; the lines are there, and links and items
 * are those that the parsers see. The first byte is the form, the second the size of the pieces. */
#include <stdint.h>

#include "must.h"
#include "text/gemtext.h"
#include "text/proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FORMS = 5, OUT_MAX = 1 << 24 };

struct seen {
  struct buf text;
  size_t lines, links, last;
};

static void take(void *context, const struct proof_event *e)
{
  struct seen *seen = context;
  must(e->line <= seen->lines && (e->line > 0 || e->mark == PROOF_NO_TITLE), "the line is there");
  must(e->mark == PROOF_WIDE || e->mark == PROOF_NOT_CLOSED || e->line == 0 || e->line >= seen->last, "the order");
  if (e->mark != PROOF_WIDE && e->mark != PROOF_NOT_CLOSED)
    seen->last = e->line;
  must((e->mark == PROOF_ITEM) == (e->item != NULL), "an item is told with what it is");
  seen->links += e->mark == PROOF_LINK || e->mark == PROOF_LINK_TOO_LONG;
  buf_printf(&seen->text, "%d %zu %zu %zu ", (int)e->mark, e->line, e->count, e->columns);
  buf_put_str(&seen->text, e->target);
  buf_put_c(&seen->text, '|');
  buf_put_str(&seen->text, e->text);
  if (e->item)
    buf_put_str(&seen->text, e->item->selector);
  buf_put_c(&seen->text, '\n');
}

static void proofread(struct seen *seen, enum proof_form form, struct str text, size_t piece)
{
  struct proof p;
  seen->lines = 1; /* an empty text is one line that is not there */
  for (size_t i = 0; i < text.n; i++)
    seen->lines += text.p[i] == '\n';
  proof_begin(&p, form, take, seen);
  while (text.n) {
    must(proof_feed(&p, str_head(text, piece)) == 0, "memory");
    text = str_skip(text, piece);
  }
  proof_end(&p, true);
}

/* As many as a reader of the whole text sees. */
static size_t count_links(struct str text)
{
  struct str line;
  struct gemtext_line parsed;
  bool preformatted = false;
  size_t n = 0;
  if (str_starts(text, STR("\xef\xbb\xbf")))
    text = str_skip(text, 3);
  while (str_line(&text, &line)) {
    gemtext_parse(line, &preformatted, &parsed);
    n += parsed.type == GEMTEXT_LINK;
  }
  return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size < 2)
    return 0;
  enum proof_form form = (enum proof_form)(data[0] % FORMS);
  struct str text = {(const char *)data + 2, size - 2};
  struct seen whole = {.text = BUF_INIT(OUT_MAX)}, parts = {.text = BUF_INIT(OUT_MAX)};
  proofread(&whole, form, text, SIZE_MAX);
  proofread(&parts, form, text, (size_t)data[1] + 1);
  must(str_eq(buf_str(&whole.text), buf_str(&parts.text)), "the same whatever the pieces are");
  must(whole.links == (form == PROOF_GEMTEXT ? count_links(text) : 0), "every link");
  buf_free(&whole.text);
  buf_free(&parts.text);
  return 0;
}
