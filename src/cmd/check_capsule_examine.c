/* Looking at one file after the other, and at what nothing leads to. */
#include "cmd/check_capsule_examine.h"

#include <stdlib.h>

#include "base/err.h"
#include "cmd/check_capsule_page.h"
#include "cmd/check_capsule_pattern.h"
#include "cmd/check_capsule_rules.h"
#include "site/listing_entry.h"
#include "site/look.h"
#include "text/gph.h"

struct examiner {
  struct capsule *c;
  uint32_t *order; /* all places by path */
  size_t at;       /* the one at hand */
};

/* ---------------------------------------------------------------- what answers nobody */

static void tell_nothing(struct capsule *c, int err)
{
  struct findings *f = &c->findings;
  switch (err) {
  case ERR_NOT_FOUND:
    findings_tell(f, LEVEL_WARNING, FINDING_NOT_SERVED, 0, STR("mend or remove the link"),
                  "a symbolic link that leads to nothing");
    break;
  case ERR_OUTSIDE:
    findings_tell(f, LEVEL_WARNING, FINDING_NOT_SERVED, 0,
                  STR("put the file itself into the capsule, or link to it by a relative path inside"),
                  "a symbolic link that leaves the capsule: it is not followed");
    break;
  case ERR_SPECIAL:
    findings_tell(f, LEVEL_NOTE, FINDING_NOT_SERVED, 0, STR("nothing is lost: it is not served"),
                  "neither a file nor a directory");
    break;
  case ERR_EXISTS:
    findings_tell(f, LEVEL_WARNING, FINDING_NOT_SERVED, 0, STR("call it something else"),
                  "a user's name stands behind the ~ of a path (user-dirs), so nobody comes here");
    break;
  case ERR_LIMIT:
    findings_tell(f, LEVEL_WARNING, FINDING_NOT_SERVED, 0, STR("use fewer or shorter names of folders"),
                  "its path is longer than any request can be, so no reader can ask for it");
    break;
  default:
    findings_tell(f, LEVEL_ERROR, FINDING_UNREADABLE, 0, STR("let the server read it (chmod a+r, a+x for folders)"),
                  "cannot be read: %s", err_text(err));
    break;
  }
}

/* ---------------------------------------------------------------- what nothing leads to */

/* Files that programs ask for by their names. */
static bool is_asked_by_name(struct str path)
{
  static const struct str names[] = {STR_INIT("/robots.txt"), STR_INIT("/favicon.txt"), STR_INIT("/caps.txt")};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (str_eq(path, names[i]))
      return true;
  return str_starts(path, STR("/.well-known/"));
}

/* The protocol that a file of this name answers for its directory on, before all others; 0: it is no index. */
static unsigned index_of(struct str path)
{
  struct str name = look_name(path);
  if (str_eq(name, STR("gophermap")) || str_eq(name, STR(GPH_INDEX)))
    return ON_GOPHER;
  return str_eq(name, STR("index.gmi")) || str_eq(name, STR("index.gemini")) ? ON_GEMINI : 0;
}

static bool is_page(struct str path)
{
  return str_ends(path, STR(".gmi")) || gph_named(path) || str_ends(path, STR(".gemini")) || index_of(path) ||
         listing_entry_is_document(look_name(path));
}

/* The files in the directory at hand, however deep: they follow it in the order. */
static size_t count_files(const struct examiner *e)
{
  const struct places *p = &e->c->places;
  struct str directory = places_path(p, e->order[e->at]);
  size_t n = 0;
  for (size_t i = e->at + 1; i < p->n && str_starts(places_path(p, e->order[i]), directory); i++)
    n += p->at[e->order[i]].kind == PLACE_FILE && !p->at[e->order[i]].link;
  return n;
}

static void tell_unreachable(struct examiner *e, struct str path, bool directory)
{
  struct findings *f = &e->c->findings;
  size_t n = directory ? count_files(e) : 0;
  if (directory && n)
    findings_tell(f, LEVEL_WARNING, FINDING_UNREACHABLE, 0,
                  STR("link to it from a page that readers come to, or remove it"),
                  n == 1 ? "no page leads into this folder, so nobody will find the %zu file in it"
                         : "no page leads into this folder, so nobody will find the %zu files in it",
                  n);
  else if (!directory)
    findings_tell(f, is_page(path) ? LEVEL_WARNING : LEVEL_NOTE, FINDING_UNREACHABLE, 0,
                  STR("link to it from a page that readers come to, or remove it"),
                  "no page leads here from the front page, so nobody will find it");
}

/* Of a folder that nothing in is reached, only the folder is told. */
static void examine_reach(struct examiner *e, uint32_t i)
{
  const struct places *p = &e->c->places;
  struct str path = places_path(p, i);
  uint32_t parent = places_parent(p, i);
  unsigned missing = ON_BOTH & ~(unsigned)p->at[i].alive;
  bool directory = p->at[i].kind == PLACE_DIRECTORY;
  if (parent == PLACE_NONE || (missing & p->at[parent].alive) == 0 || is_asked_by_name(path))
    return;
  /* Where nothing in a folder is reached on a protocol, that is told of the folder, and not of its index. */
  if (index_of(path) & ~(unsigned)p->at[parent].alive)
    return;
  if (missing == ON_BOTH) {
    tell_unreachable(e, path, directory);
  } else if (!index_of(path) && (!directory || count_files(e))) {
    bool gopher = missing == ON_GOPHER;
    findings_tell(&e->c->findings, LEVEL_NOTE, FINDING_ONE_PROTOCOL, 0,
                  gopher ? STR("link to it from the gophermap too, or from a page that Gopher readers come to")
                         : STR("link to it from the index.gmi too, or from a page that Gemini readers come to"),
                  gopher ? "readers on Gemini come here, and those on Gopher do not"
                         : "readers on Gopher come here, and those on Gemini do not");
  }
}

/* ---------------------------------------------------------------- a place */

/* *good: it can be read. */
static int examine_file(struct examiner *e, struct str path, bool *good)
{
  struct capsule *c = e->c;
  struct found f;
  look_init(&f);
  int err = look_at(&c->root, path, REPR_MENU, 0, &f); /* every file as it stands, menus too */
  if (err == 0 && f.kind == FOUND_FILE)
    err = page_examine(c, path, &f);
  if (err == 0 && f.kind == FOUND_FILE && listing_entry_is_document(look_name(path)))
    err = overview_examine(c, path, &f);
  look_free(&f);
  *good = err == 0;
  if (err && err != ERR_NOT_FOUND && err != ERR_NOMEM) /* it may have vanished since it was listed */
    tell_nothing(c, err);
  return err == ERR_NOMEM ? err : 0;
}

static int examine(struct examiner *e, uint32_t i)
{
  const struct places *p = &e->c->places;
  const struct place *place = &p->at[i];
  struct str path = places_path(p, i);
  int err = 0;
  findings_file(&e->c->findings, path);
  if (place->kind == PLACE_NOTHING) {
    tell_nothing(e->c, place->err);
    return 0;
  }
  if (places_real(p, i) != i)
    return 0; /* what it leads to has its turn */
  bool good = place->err == 0;
  if (place->kind == PLACE_FILE)
    err = examine_file(e, path, &good);
  else if (!good && place->err != ERR_NOT_FOUND)
    tell_nothing(e->c, place->err);
  if (err == 0 && good && place->kind == PLACE_DIRECTORY)
    err = rules_examine(e->c, path);
  if (err == 0 && good) /* nobody comes to what cannot be read */
    examine_reach(e, i);
  return err;
}

int capsule_examine(struct capsule *c, size_t *files)
{
  struct places *p = &c->places;
  struct examiner e = {.c = c, .order = places_sorted(p)};
  size_t all = 0;
  int err = 0;
  if (!e.order)
    return ERR_NOMEM;
  for (uint32_t i = 0; i < p->n; i++)
    all += p->at[i].kind == PLACE_FILE;
  *files = 0;
  pattern_examine_settings(c);
  for (; e.at < p->n && err == 0; e.at++) {
    err = examine(&e, e.order[e.at]);
    *files += p->at[e.order[e.at]].kind == PLACE_FILE;
    findings_progress(&c->findings, "reading", *files, all);
  }
  findings_file(&c->findings, STR(""));
  free(e.order);
  return err;
}
