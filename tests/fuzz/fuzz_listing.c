/* Listings: whatever files are called, each has one line, and its link leads to that very file and nowhere else (G13,
 * G16, G22). Each line of the input is an entry: a byte for its kind, its name, and behind a TAB its title. */
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "must.h"
#include "site/listing.h"
#include "site/readable.h"
#include "text/gemtext.h"
#include "text/overview.h"
#include "text/plain.h"
#include "text/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ENTRIES_MOST = 64, COLUMNS = 200 };

static void add(struct listing *l, struct str line)
{
  struct entry *e = &l->entry[l->n];
  struct str name, kind = str_head(line, 1);
  struct buf title = BUF_INIT(1 << 20);
  line = str_skip(line, 1);
  (void)str_split(&line, '\t', &name);
  name = str_head(name, NAME_MAX);
  if (name.n == 0 || memchr(name.p, '/', name.n) || memchr(name.p, '\0', name.n) || str_eq(name, STR(".")) ||
      str_eq(name, STR("..")))
    return;
  *e = (struct entry){.kind = (enum entry_kind)((unsigned char)kind.p[0] % 4), .name = l->text.n, .size = line.n};
  buf_put_str(&l->text, name);
  if (e->kind == ENTRY_OVERVIEW)
    buf_put_str(&l->text, STR(OVERVIEW_SUFFIX));
  e->name_n = l->text.n - e->name;
  readable_put(&title, line, COLUMNS); /* as every title is made */
  e->title = l->text.n;
  if (plain_trim_end(buf_str(&title)).n) /* or there is none */
    buf_put_str(&l->text, buf_str(&title));
  e->title_n = l->text.n - e->title;
  (void)label_name_date(name, e->date);
  buf_free(&title);
  l->n++;
}

/* Without what an overview's document has and its tree has not. */
static struct str own_name(const struct listing *l, const struct entry *e)
{
  struct str name = listing_name(l, e);
  return e->kind == ENTRY_OVERVIEW ? str_head(name, name.n - STR(OVERVIEW_SUFFIX).n) : name;
}

/* Where the link leads, from the page of `/d/`. */
static void check_target(const struct listing *l, const struct entry *e, struct str target)
{
  struct buf resolved = BUF_INIT(1 << 16), path = BUF_INIT(1 << 16), wanted = BUF_INIT(1 << 16);
  buf_put_str(&wanted, STR("/d/"));
  buf_put_str(&wanted, own_name(l, e));
  if (e->kind == ENTRY_DIRECTORY || e->kind == ENTRY_OVERVIEW)
    buf_put_c(&wanted, '/');
  must(uri_scheme(target).n == 0, "a name is no scheme (G16)");
  must(uri_resolve(&resolved, STR("/d/"), target) == 0, "a link leads somewhere");
  must(uri_path(&path, buf_str(&resolved), true) == 0 && str_eq(buf_str(&path), buf_str(&wanted)),
       "a link leads to its file");
  buf_free(&resolved);
  buf_free(&path);
  buf_free(&wanted);
}

/* Its name shows nothing: the link is its label. */
static bool is_blank(const struct listing *l, const struct entry *e)
{
  struct str name = own_name(l, e);
  struct buf shown = BUF_INIT(1 << 16);
  readable_put(&shown, name, COLUMNS);
  bool blank = plain_trim_end(buf_str(&shown)).n == 0;
  buf_free(&shown);
  return blank;
}

static void check_page(const struct listing *l, struct str page)
{
  struct str line;
  struct gemtext_line g;
  size_t links = 0;
  bool preformatted = false;
  must(utf8_valid(page) && str_ends(page, STR("\n")), "a page is whole lines of UTF-8 (G21)");
  while (str_line(&page, &line)) {
    gemtext_parse(line, &preformatted, &g);
    must(plain_is(line) && !preformatted, "a line is plain text (G22)");
    if (g.type != GEMTEXT_LINK)
      continue;
    must(links < l->n, "no line but those of entries is a link");
    must(g.text.n > 0 || is_blank(l, &l->entry[links]), "a link has a label");
    check_target(l, &l->entry[links++], g.target);
  }
  must(links == l->n, "every entry has its line");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static struct entry entries[ENTRIES_MOST];
  struct listing l = {.entry = entries, .text = BUF_INIT(8 * size + (1 << 16))};
  struct str rest = str_make((const char *)data, size), line = STR("");
  struct buf page = BUF_INIT(64 * size + (1 << 16));
  (void)str_line(&rest, &line);
  struct str title = line;
  while (l.n < ENTRIES_MOST && str_line(&rest, &line))
    if (line.n > 1)
      add(&l, line);
  must(listing_put(&l, title, true, NULL, &page) == 0, "a page");
  check_page(&l, buf_str(&page));
  buf_free(&page);
  buf_free(&l.text);
  return 0;
}
