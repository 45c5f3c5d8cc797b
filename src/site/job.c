/* What a build does in the pool. Nothing here is shared but what is immutable; logging and caching wait for the loop.
 */
#include "site/job.h"

#include <stdlib.h>

#include "base/err.h"
#include "site/listing.h"
#include "site/read.h"
#include "site/tree.h"
#include "text/gophermap.h"
#include "text/gph.h"
#include "text/uri.h"

enum {
  MAP_MAX = 1024 * 1024,       /* a larger gophermap is not translated */
  MAP_PAGE_MAX = 16 * MAP_MAX, /* every byte of it may become a percent-encoded one in a link of its own */
  DIRECTORY_MAX = 3 * 8192,
};

int job_init(struct job *j, const struct found *found, const struct root *root, int64_t now_ns, struct str site_title,
             struct page *prior)
{
  struct str file = buf_str(&found->file);
  struct str title = file.n > 1 ? look_name(file) : site_title;
  *j = (struct job){.kind = found->kind, .now_ns = now_ns, .root = root};
  j->text = malloc(file.n + found->point.n + title.n + 1);
  if (!j->text)
    return ERR_NOMEM;
  char *at = j->text;
  j->file = str_place(&at, file);
  j->point = str_place(&at, found->point);
  j->title = str_place(&at, title);
  j->prior = prior ? page_ref(prior) : NULL;
  return 0;
}

void job_free(struct job *j)
{
  page_unref(j->prior);
  page_unref(j->document);
  page_unref(j->page);
  free(j->text);
}

/* A page over what `out` holds, which it takes. */
static int make_page(struct job *j, struct buf *out, const struct file_id *id, bool settled, bool lasting)
{
  struct page *page = page_make();
  struct bytes *bytes = page ? bytes_take(out) : NULL;
  buf_free(out);
  if (!bytes) {
    page_unref(page);
    return ERR_NOMEM;
  }
  page->bytes = bytes;
  page->id = *id;
  page->settled = settled;
  page->lasting = lasting;
  j->page = page;
  return 0;
}

static int run_listing(struct job *j)
{
  struct listing *l = NULL;
  int err = listing_build(j->root, j->file, j->now_ns, j->prior ? j->prior->listing : NULL, &l);
  if (err)
    return err;
  struct buf out = BUF_INIT(LISTING_PAGE_MAX);
  err = listing_put(l, j->title, j->file.n == 1, &out);
  if (err == 0)
    err = make_page(j, &out, &l->id, l->settled, l->lasting);
  buf_free(&out);
  /* Plain names are read anew each time: nothing would be saved by keeping them. */
  if (err == 0)
    j->page->plain = l->plain;
  if (err == 0 && !l->plain)
    j->page->listing = l;
  else
    listing_free(l);
  return err;
}

/* A `.gph` menu becomes the gophermap that it stands for. */
static int as_gophermap(struct buf *menu)
{
  struct buf map = BUF_INIT(MAP_PAGE_MAX);
  int err = gph_gophermap(buf_str(menu), &map);
  buf_free(menu);
  *menu = map;
  return err;
}

static int run_map(struct job *j)
{
  struct buf map = BUF_INIT(MAP_MAX), directory = BUF_INIT(DIRECTORY_MAX), out = BUF_INIT(MAP_PAGE_MAX);
  struct file_id id;
  uri_put_path(&directory, str_head(j->file, str_rfind(j->file, '/') + 1));
  int err = buf_error(&directory);
  if (err == 0)
    err = read_file(j->root, j->file, MAP_MAX, &map, &id);
  if (err == 0 && gph_named(j->file))
    err = as_gophermap(&map);
  if (err == 0)
    err = gophermap_gemtext(buf_str(&map), buf_str(&directory), &out);
  if (err == 0)
    err = make_page(j, &out, &id, file_settled(&id, j->now_ns), true);
  buf_free(&map);
  buf_free(&directory);
  buf_free(&out);
  return err;
}

/* Reads and parses the document into a page of its own. */
static int run_document(struct job *j)
{
  struct page *document = page_make();
  if (!document)
    return ERR_NOMEM;
  int err = tree_read(j->root, j->file, &document->document, &document->id);
  if (err) {
    page_unref(document);
    return err;
  }
  document->settled = file_settled(&document->id, j->now_ns);
  document->lasting = true;
  j->document = document;
  return 0;
}

static int run_tree(struct job *j)
{
  int err = j->prior ? 0 : run_document(j);
  if (err)
    return err;
  const struct page *document = j->prior ? j->prior : j->document;
  struct buf out = BUF_INIT(OVERVIEW_PAGE_MAX);
  j->page_err = tree_put(document->document, j->file, j->point, &out);
  if (j->page_err == 0)
    j->page_err = make_page(j, &out, &document->id, document->settled, true);
  if (j->page_err == 0)
    j->page->named = true;
  buf_free(&out);
  return 0;
}

void job_run(struct job *j)
{
  switch (j->kind) {
  case FOUND_LISTING:
    j->err = run_listing(j);
    break;
  case FOUND_MAP:
    j->err = run_map(j);
    break;
  case FOUND_TREE:
    j->err = run_tree(j);
    break;
  case FOUND_FILE:
  case FOUND_SLASH:
    j->err = ERR_SYNTAX;
    break;
  }
}
