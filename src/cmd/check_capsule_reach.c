/* Following the links from the front page, on both protocols at once. */
#include "cmd/check_capsule_reach.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "cmd/check_capsule_ask.h"
#include "cmd/check_capsule_link.h"
#include "cmd/check_capsule_map.h"
#include "cmd/check_capsule_read.h"
#include "cmd/check_capsule_ruling.h"
#include "site/inclusion.h"
#include "site/listing.h"
#include "site/resolve.h"
#include "text/menu.h"

enum { PATH_ROOM = 8192 };

static const enum representation representations[PROTOCOLS] = {REPR_GEMTEXT, REPR_MENU};

struct reach {
  struct capsule *c;
  uint32_t *todo; /* places whose links are to be followed; each comes in once for a protocol at most */
  size_t n;
  size_t done;

  /* The page at hand. */
  uint32_t page;
  unsigned bits; /* the protocols on which its links are followed now */
  struct link link;
  int err;
};

/* A reader comes to a place. Through a symbolic link they come to both its names. */
static void mark(struct reach *r, uint32_t i, unsigned bits)
{
  struct places *p = &r->c->places;
  if (i == PLACE_NONE)
    return;
  uint32_t real = places_real(p, i);
  bool fresh = (bits & ~(unsigned)p->at[real].reached) != 0;
  p->at[i].reached |= (uint8_t)bits;
  p->at[real].reached |= (uint8_t)bits;
  if (fresh)
    r->todo[r->n++] = real;
}

/* Where a link leads. The pages of a tree lead to its document, and up to the directory that this is in. */
static void mark_lead(struct reach *r, const struct lead *lead, unsigned bit)
{
  if (lead->err)
    return;
  mark(r, lead->place, bit);
  if (lead->tree && lead->place != PLACE_NONE)
    mark(r, places_parent(&r->c->places, lead->place), bit);
}

/* ---------------------------------------------------------------- pages */

static void follow(struct reach *r)
{
  struct lead lead;
  for (size_t i = 0; i < PROTOCOLS && r->err == 0; i++) {
    unsigned bit = ask_protocol(representations[i]);
    if (!(r->bits & bit))
      continue;
    r->err = ask_link(r->c, &r->link, representations[i], &lead);
    if (r->err == 0)
      mark_lead(r, &lead, bit);
  }
}

static void take(void *context, const struct proof_event *event)
{
  struct reach *r = context;
  const struct capsule *c = r->c;
  struct str page = places_path(&c->places, r->page);
  if (r->err)
    return;
  if (event->mark == PROOF_LINK)
    r->err = link_of_gemtext(&r->link, c->site, page, event->target);
  else if (event->mark == PROOF_ITEM)
    r->err = link_of_item(&r->link, c->site, str_head(page, str_rfind(page, '/') + 1), event->item);
  else
    return;
  if (r->err == 0)
    follow(r);
}

static int follow_file(struct reach *r, struct str path, const struct read_as *as)
{
  struct stat st;
  int fd = -1, err = resolve_open(&r->c->root, path, 0, &fd, &st);
  if (err == 0 && S_ISREG(st.st_mode))
    err = read_proof(fd, (uint64_t)st.st_size, as, take, r);
  if (fd >= 0)
    close(fd);
  if (r->err)
    return r->err;
  return err == ERR_NOMEM ? err : 0;
}

/* Another map is part of the page, where its links are followed. */
static void take_map(void *context, struct str path)
{
  struct reach *r = context;
  struct places *p = &r->c->places;
  uint32_t i = places_find(p, path);
  if (i != PLACE_NONE)
    p->at[places_real(p, i)].part = true;
  mark(r, i, r->bits);
}

static int follow_map(struct reach *r, struct str path)
{
  const struct read_as as = {.form = PROOF_GOPHERMAP, .width = MENU_COLUMNS};
  struct map_made made;
  int err = map_of_capsule(r->c, path, take_map, r, &made);
  if (err == 0)
    err = read_proof_text(buf_str(&made.page), &as, take, r);
  map_made_free(&made);
  if (r->err)
    return r->err;
  return err == ERR_NOMEM ? err : 0;
}

static int follow_page(struct reach *r)
{
  const struct capsule *c = r->c;
  struct str path = places_path(&c->places, r->page);
  struct ruling ruling;
  struct read_as as;
  int err = ruling_begin(&ruling, c, path, path);
  /* A file without a suffix is plain text at most. */
  bool has_links = read_form(c, path, STR(""), &ruling.ruled, &as) && as.form != PROOF_PLAIN;
  ruling_end(&ruling);
  if (err == ERR_NOMEM || !has_links)
    return err == ERR_NOMEM ? err : 0;
  return as.form == PROOF_DIALECT ? follow_map(r, path) : follow_file(r, path, &as);
}

/* ---------------------------------------------------------------- directories */

/* Whether any path may be answered by a rule: then each entry is asked for. */
static bool is_ruled(const struct capsule *c)
{
  return c->site->rules.n > 0 || c->reads_dots;
}

static int mark_ruled(struct reach *r, struct str path, unsigned bits)
{
  int err = 0;
  for (size_t i = 0; i < PROTOCOLS && err == 0; i++) {
    struct lead lead = {.err = ERR_NOT_FOUND};
    unsigned bit = ask_protocol(representations[i]);
    if (bits & bit)
      err = ask_path(r->c, path, representations[i], &lead);
    if (err == 0)
      mark_lead(r, &lead, bit);
  }
  return err;
}

static int mark_entry(struct reach *r, struct str directory, const struct listing *l, const struct entry *e,
                      unsigned bits)
{
  struct buf path = BUF_INIT(PATH_ROOM);
  buf_put_str(&path, directory);
  buf_put_str(&path, listing_name(l, e));
  if (e->kind == ENTRY_DIRECTORY)
    buf_put_c(&path, '/');
  int err = buf_error(&path);
  if (err == 0 && is_ruled(r->c))
    err = mark_ruled(r, buf_str(&path), bits);
  else if (err == 0)
    mark(r, places_find(&r->c->places, buf_str(&path)), bits);
  buf_free(&path);
  return err == ERR_NOMEM ? err : 0;
}

/* What stands above or below the entries: a file of the directory, or one named from the capsule's root. Its links are
 * those of the listing. */
static int follow_frame(struct reach *r, struct str directory, struct str name, unsigned bits)
{
  const struct read_as as = {.form = PROOF_GEMTEXT, .width = MENU_COLUMNS};
  struct places *p = &r->c->places;
  struct buf path = BUF_INIT(PATH_ROOM);
  if (name.n == 0)
    return 0;
  int err = inclusion_path(directory, name, &path);
  uint32_t i = err ? PLACE_NONE : places_find(p, buf_str(&path));
  if (i != PLACE_NONE)
    p->at[places_real(p, i)].frame = true;
  mark(r, i, bits);
  r->bits = bits;
  if (err == 0)
    err = follow_file(r, buf_str(&path), &as);
  buf_free(&path);
  return err == ERR_NOMEM ? err : 0;
}

/* What a listing shows, and its way up. */
static int follow_listing(struct reach *r, unsigned bits)
{
  struct capsule *c = r->c;
  struct str path = places_path(&c->places, r->page);
  struct listing *l = NULL;
  struct ruling ruling;
  int err = ruling_begin(&ruling, c, path, path);
  const struct listing_options options = ruling_options(&ruling, c);
  if (err == 0)
    err = listing_build(&c->root, path, 0, NULL, &options, &l);
  if (err == 0)
    err = follow_frame(r, path, options.header, bits);
  if (err == 0)
    err = follow_frame(r, path, options.footer, bits);
  ruling_end(&ruling);
  if (err) {
    listing_free(l);
    return err == ERR_NOMEM ? err : 0;
  }
  for (size_t i = 0; i < l->n && err == 0; i++)
    err = mark_entry(r, path, l, &l->entry[i], bits);
  listing_free(l);
  mark(r, places_parent(&c->places, r->page), bits);
  return err;
}

static int follow_directory(struct reach *r)
{
  struct capsule *c = r->c;
  unsigned listed = 0;
  int err = 0;
  for (size_t i = 0; i < PROTOCOLS && err == 0; i++) {
    struct lead lead;
    unsigned bit = ask_protocol(representations[i]);
    if (!(r->bits & bit))
      continue;
    err = ask_path(c, places_path(&c->places, r->page), representations[i], &lead);
    if (err || lead.err)
      continue;
    if (lead.listing && lead.place == r->page)
      listed |= bit;
    else
      mark(r, lead.place, bit);
  }
  return err || !listed ? err : follow_listing(r, listed);
}

static int follow_place(struct reach *r, uint32_t i)
{
  struct place *place = &r->c->places.at[i];
  r->page = i;
  r->bits = place->reached & ~(unsigned)place->followed;
  if (r->bits == 0)
    return 0;
  findings_progress(&r->c->findings, "following links", r->done++, 0);
  place->followed |= (uint8_t)r->bits;
  switch ((enum place_kind)place->kind) {
  case PLACE_DIRECTORY:
    return follow_directory(r);
  case PLACE_FILE:
    return follow_page(r);
  case PLACE_NOTHING:
    return 0;
  }
  return 0;
}

/* ---------------------------------------------------------------- all */

/* Where a place is reached, so is something in all the directories above it. */
static void enliven(struct places *p, uint32_t i)
{
  unsigned bits = p->at[i].reached;
  p->at[i].alive |= (uint8_t)bits;
  for (uint32_t up = places_parent(p, i); up != PLACE_NONE; up = places_parent(p, up)) {
    if ((bits & ~(unsigned)p->at[up].alive) == 0)
      return;
    p->at[up].alive |= (uint8_t)bits;
  }
}

int capsule_reach(struct capsule *c)
{
  struct places *p = &c->places;
  struct reach r = {.c = c};
  int err = 0;
  r.todo = malloc(((size_t)PROTOCOLS * p->n + 1) * sizeof *r.todo);
  if (!r.todo)
    return ERR_NOMEM;
  link_init(&r.link);
  mark(&r, 0, ON_BOTH);
  while (r.n > 0 && err == 0)
    err = follow_place(&r, r.todo[--r.n]);
  link_free(&r.link);
  free(r.todo);
  for (uint32_t i = 0; i < p->n && err == 0; i++)
    if (p->at[i].reached)
      enliven(p, i);
  return err;
}
