/* What a build does in the pool. Nothing here is shared but what is immutable; logging and caching wait for the loop.
 */
#include "site/job.h"

#include <stdlib.h>

#include "base/err.h"
#include "site/inclusion.h"
#include "site/listing.h"
#include "site/map.h"
#include "site/read.h"
#include "site/tree.h"
#include "text/gophermap.h"
#include "text/gph.h"
#include "text/uri.h"

enum {
  MAP_MAX = 1024 * 1024,       /* a larger gophermap is not translated */
  MAP_PAGE_MAX = 16 * MAP_MAX, /* every byte of it may become a percent-encoded one in a link of its own */
  DIRECTORY_MAX = 3 * 8192,
  FRAME_MAX = 256 * 1024, /* a listing's header or footer */
  COMPLAINTS_MAX = 8 * DIRECTORY_MAX,
};

int job_init(struct job *j, const struct found *found, const struct root *root, int64_t now_ns, struct str site_title,
             struct page *prior, const struct listing_options *options, struct dot_rules *dots)
{
  struct str file = buf_str(&found->file);
  struct str title = file.n > 1 ? look_name(file) : site_title;
  *j = (struct job){
      .kind = found->kind, .now_ns = now_ns, .root = root, .options = *options, .complaints = BUF_INIT(COMPLAINTS_MAX)};
  trail_init(&j->dots_trail);
  j->text = malloc(file.n + found->point.n + title.n + options->header.n + options->footer.n + 1);
  if (!j->text)
    return ERR_NOMEM;
  char *at = j->text;
  j->file = str_place(&at, file);
  j->point = str_place(&at, found->point);
  j->title = str_place(&at, title);
  j->options.header = str_place(&at, options->header);
  j->options.footer = str_place(&at, options->footer);
  j->dots = dot_rules_ref(dots);
  j->prior = prior ? page_ref(prior) : NULL;
  return 0;
}

void job_free(struct job *j)
{
  page_unref(j->prior);
  page_unref(j->document);
  page_unref(j->page);
  dot_rules_unref(j->dots);
  trail_free(&j->dots_trail);
  mime_unref(j->mime);
  buf_free(&j->complaints);
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

/* The file that a listing is to have above or below its entries. */
struct wanted {
  struct str name; /* as it was written: of the directory, or from the capsule's root */
  bool authors;    /* a file of the capsule names it, not the settings */
  const char *part;
};

/* What the host names in the settings file may be any file of the capsule; an author could name what is not for
 * everybody, or another author's. */
static int may_frame(const struct job *j, const struct wanted *w, struct str path, const char **why)
{
  *why = NULL;
  if (!w->authors || inclusion_allowed(j->root, &j->options, j->file, path) == INCLUSION_FINE)
    return 0;
  *why = "it may not be for everybody who sees the page";
  return ERR_DENIED;
}

/* The settings may name one file for every directory; that most of them have none is what the host expects. */
static bool expected(const struct wanted *w, int err)
{
  return err == ERR_NOT_FOUND && !w->authors && !str_starts(w->name, STR("/"));
}

static void complain(struct job *j, const struct wanted *w, struct str path, const char *why)
{
  struct buf *out = &j->complaints;
  buf_put_str(out, j->file);
  buf_put_c(out, '\0');
  buf_printf(out, "the %s of its listing is left out: %.*s: %s", w->part, STR_ARG(path), why);
  buf_put_c(out, '\0');
}

/* Reads what is to stand above or below the entries. What cannot be read, or may not, is left out. */
static int read_frame(struct job *j, const struct wanted *w, struct buf *out)
{
  struct buf path = BUF_INIT(DIRECTORY_MAX);
  struct file_id id;
  const char *why = NULL;
  if (w->name.n == 0)
    return 0;
  int err = inclusion_path(j->file, w->name, &path);
  if (err == 0)
    err = may_frame(j, w, buf_str(&path), &why);
  if (err == 0)
    err = read_file(j->root, buf_str(&path), FRAME_MAX, out, &id);
  if (err == 0) /* whoever closes its directory may write something else next */
    err = may_frame(j, w, buf_str(&path), &why);
  if (err && err != ERR_NOMEM) {
    if (!expected(w, err))
      complain(j, w, path.n ? buf_str(&path) : w->name, why ? why : err_text(err));
    buf_clear(out);
    err = 0;
  }
  buf_free(&path);
  return err;
}

static int put_listing(struct job *j, const struct listing *l, struct buf *out)
{
  struct buf header = BUF_INIT(FRAME_MAX), footer = BUF_INIT(FRAME_MAX);
  const struct wanted above = {j->options.header, j->options.authors_header, "header"};
  const struct wanted below = {j->options.footer, j->options.authors_footer, "footer"};
  int err = read_frame(j, &above, &header);
  if (err == 0)
    err = read_frame(j, &below, &footer);
  const struct listing_frame frame = {.header = buf_str(&header), .footer = buf_str(&footer)};
  if (err == 0)
    err = listing_put(l, j->title, j->file.n == 1, &frame, out);
  buf_free(&header);
  buf_free(&footer);
  return err;
}

static int run_listing(struct job *j)
{
  struct listing *l = NULL;
  int err = listing_build(j->root, j->file, j->now_ns, j->prior ? j->prior->listing : NULL, &j->options, &l);
  if (err)
    return err;
  struct buf out = BUF_INIT(LISTING_PAGE_MAX);
  bool framed = j->options.header.n || j->options.footer.n;
  err = put_listing(j, l, &out);
  if (err == 0)
    err = make_page(j, &out, &l->id, l->settled, l->lasting && !framed);
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

static int run_dialect(struct job *j)
{
  const struct map_order order = {.root = j->root,
                                  .file = j->file,
                                  .menu = j->menu,
                                  .unlisted = j->unlisted,
                                  .now_ns = j->now_ns,
                                  .hosts = j->hosts,
                                  .mime = j->mime,
                                  .previous = j->prior ? j->prior->listing : NULL,
                                  .options = &j->options};
  struct map_made made;
  int err = map_make(&order, &made);
  if (err == 0)
    err = make_page(j, &made.page, &made.id, made.settled, made.lasting);
  if (err == 0) {
    j->page->listing = made.listing;
    made.listing = NULL;
    buf_free(&j->complaints);
    j->complaints = made.complaints;
    buf_init(&made.complaints, 0);
  }
  map_made_free(&made);
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

static void run(struct job *j)
{
  switch (j->kind) {
  case FOUND_LISTING:
    j->err = run_listing(j);
    break;
  case FOUND_MAP:
    j->err = run_map(j);
    break;
  case FOUND_DIALECT:
    j->err = run_dialect(j);
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

void job_run(struct job *j)
{
  run(j);
  /* Whoever writes a page after the gate that is to guard it must not find it shown to those who were let in before. */
  if (j->err == 0 && trail_check(&j->dots_trail, j->root, 0) != 0) {
    page_unref(j->page);
    j->page = NULL;
    j->err = ERR_AGAIN;
  }
}
