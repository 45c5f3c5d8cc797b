/* Asking the site what a path answers with. */
#include "cmd/check_capsule_ask.h"

#include "base/err.h"
#include "cmd/check_capsule_ruling.h"
#include "site/look.h"
#include "site/response.h"
#include "site/tree.h"

enum { PATH_ROOM = 8192 };

unsigned ask_protocol(enum representation representation)
{
  switch (representation) {
  case REPR_GEMTEXT:
    return ON_GEMINI;
  case REPR_MENU:
    return ON_GOPHER;
  }
  return ON_GEMINI;
}

/* ---------------------------------------------------------------- the pages of a tree */

/* The last document is kept at hand: the links to its pages come in a row. */
int ask_document(struct capsule *c, struct str path, const struct overview **o)
{
  struct file_id id;
  int err = 0;
  if (!c->document || !str_eq(buf_str(&c->document_path), path)) {
    overview_free(c->document);
    c->document = NULL;
    buf_clear(&c->document_path);
    buf_put_str(&c->document_path, path);
    err = buf_error(&c->document_path);
    if (err == 0)
      err = tree_read(&c->root, path, &c->document, &id);
  }
  *o = c->document;
  return err;
}

/* Whether the tree has the page that was found. */
static int look_at_point(struct capsule *c, const struct found *f)
{
  if (f->point.n == 0)
    return 0;
  const struct overview *o;
  int err = ask_document(c, buf_str(&f->file), &o);
  if (err)
    return err;
  return overview_find(o, f->point) < 0 ? ERR_NOT_FOUND : 0;
}

/* ---------------------------------------------------------------- where rules lead */

/* Appends the raw path that a redirect leads to, where that is one of the capsule. ERR_NOT_FOUND: no path could be
 * that; ERR_NOMEM. */
static int put_led(const struct capsule *c, const struct rule *rule, struct str path, struct buf *to)
{
  struct buf target = BUF_INIT(PATH_ROOM);
  struct link link;
  link_init(&link);
  rule_put_target(rule, path, &target);
  int err = buf_error(&target);
  if (err == 0)
    err = link_of_gemtext(&link, c->site, path, buf_str(&target));
  if (err == 0 && (link.kind == LINK_INSIDE || link.kind == LINK_OURS)) {
    if (link.n)
      buf_put_str(to, link.path[0]);
    err = link.n ? buf_error(to) : ERR_NOT_FOUND;
  }
  link_free(&link);
  buf_free(&target);
  return err == ERR_FULL ? ERR_NOT_FOUND : err;
}

/* ---------------------------------------------------------------- a path */

/* The place of a file or directory that was found; by another name where the path leads through a symbolic link. */
static uint32_t place_of(const struct capsule *c, struct str path, const struct stat *st)
{
  uint32_t i = places_find(&c->places, path);
  return i != PLACE_NONE ? i : places_find_id(&c->places, st->st_dev, st->st_ino);
}

static int ask(struct capsule *c, struct str path, enum representation representation, unsigned led, struct lead *lead);

/* P17: where there is no file of that name, our own answers. */
static bool is_made(struct str path, enum representation representation)
{
  return representation == REPR_MENU && str_eq(path, STR("/caps.txt"));
}

/* What was found, where no rule says otherwise. */
static void lead_to_found(const struct capsule *c, struct str path, enum representation representation, int err,
                          const struct found *f, struct lead *lead)
{
  if (err == ERR_NOT_FOUND && is_made(path, representation))
    return;
  lead->err = (int8_t)err;
  if (err)
    return;
  lead->place = place_of(c, buf_str(&f->file), &f->st);
  lead->listing = f->kind == FOUND_LISTING;
  lead->tree = f->kind == FOUND_TREE;
  lead->menu = f->kind != FOUND_FILE || f->menu || str_ends(buf_str(&f->page), STR("/"));
}

static void rule_out(struct lead *lead, enum lead_ruled why)
{
  *lead = (struct lead){.place = PLACE_NONE, .err = ERR_NOT_FOUND, .ruled = (uint8_t)why};
}

/* Follows a redirect, `led` of them before it. Gopher has none: there a menu shows the way. */
static int follow_rule(struct capsule *c, const struct rule *rule, struct str path, enum representation representation,
                       unsigned led, struct lead *lead)
{
  struct buf to = BUF_INIT(PATH_ROOM);
  int err = put_led(c, rule, path, &to);
  *lead = (struct lead){.place = PLACE_NONE};
  if (err == ERR_NOT_FOUND) {
    rule_out(lead, RULED_LED);
    err = 0;
  } else if (err == 0 && to.n && led == ASK_LED_MAX) {
    rule_out(lead, RULED_CIRCLE);
  } else if (err == 0 && to.n) {
    err = ask(c, buf_str(&to), representation, led + 1, lead);
    if (lead->err && lead->ruled != RULED_CIRCLE)
      rule_out(lead, RULED_LED);
  }
  lead->menu = lead->menu || representation == REPR_MENU;
  buf_free(&to);
  return err;
}

/* What a rule answers in the place of the page; *answered is false where the page itself does. */
static int answer_by_rule(struct capsule *c, const struct rule *rule, struct str path,
                          enum representation representation, unsigned led, struct lead *lead, bool *answered)
{
  *answered = rule != NULL;
  if (!rule)
    return 0;
  if (rule->status == STATUS_REDIRECT_TEMPORARY || rule->status == STATUS_REDIRECT_PERMANENT)
    return follow_rule(c, rule, path, representation, led, lead);
  if (rule->status == STATUS_GONE)
    rule_out(lead, RULED_GONE);
  else if (rule->status == STATUS_NOT_FOUND)
    rule_out(lead, RULED_OUT);
  return 0; /* all else may be answered otherwise the next time */
}

/* What is walked has its mistakes told where they stand; of a user's part of the site only a link can tell. */
static bool is_shut(const struct capsule *c, const struct ruling *ruling, struct str path)
{
  bool walked = str_starts(path, buf_str(&c->start)) && (c->start.n > 1 || !str_starts(path, STR("/~")));
  return ruling->broken && !walked && !ruling->ruled.answer;
}

static int look(struct capsule *c, struct str path, enum representation representation, unsigned led, struct lead *lead)
{
  struct found f;
  struct ruling ruling;
  bool answered = false;
  look_init(&f);
  *lead = (struct lead){.place = PLACE_NONE};
  int found = look_at(&c->root, path, representation, 0, &f);
  int err = ruling_begin(&ruling, c, path, found ? path : buf_str(&f.file));
  if (err == 0)
    err = answer_by_rule(c, ruling.ruled.answer, path, representation, led, lead, &answered);
  else
    found = err;
  if (is_shut(c, &ruling, path))
    found = ERR_SYNTAX;
  if (!answered && found == ERR_FULL)
    found = ERR_NOT_FOUND; /* no file system has such a path (G18) */
  if (!answered && found == 0 && f.kind == FOUND_TREE)
    found = look_at_point(c, &f);
  if (!answered && found == 0 && f.kind == FOUND_SLASH)
    err = ask(c, buf_str(&f.page), representation, led, lead);
  else if (!answered && found == 0 && f.kind == FOUND_LISTING && ruling.ruled.listing == TOGGLE_OFF)
    rule_out(lead, RULED_UNLISTED);
  else if (!answered)
    lead_to_found(c, path, representation, found, &f, lead);
  ruling_end(&ruling);
  look_free(&f);
  return err == ERR_NOMEM || (!answered && found == ERR_NOMEM) ? ERR_NOMEM : 0;
}

/* Of an author's part of a site, the rest is not known. */
static bool is_unknown(const struct capsule *c, struct str path)
{
  struct str at = c->root.at;
  return at.n && !str_starts(path, buf_str(&c->start)) && !str_eq(path, at);
}

/* `led` redirects led here. */
static int ask(struct capsule *c, struct str path, enum representation representation, unsigned led, struct lead *lead)
{
  unsigned bit = ask_protocol(representation);
  uint32_t i = places_find(&c->places, path);
  if (is_unknown(c, path)) {
    *lead = (struct lead){.place = PLACE_NONE};
    return 0;
  }
  if (i == PLACE_NONE)
    return look(c, path, representation, led, lead);
  struct place *place = &c->places.at[i];
  if (place->asked & bit) {
    *lead = place->lead[representation];
    return 0;
  }
  int err = look(c, path, representation, led, lead);
  /* Who begins here may be led so far as there is something. */
  if (led && lead->ruled == RULED_CIRCLE)
    return err;
  place->lead[representation] = *lead;
  place->asked |= (uint8_t)bit;
  return err;
}

int ask_path(struct capsule *c, struct str path, enum representation representation, struct lead *lead)
{
  return ask(c, path, representation, 0, lead);
}

int ask_led(struct capsule *c, struct str path, enum representation representation, struct buf *to)
{
  struct found f;
  struct ruling ruling;
  look_init(&f);
  int err = look_at(&c->root, path, representation, 0, &f);
  bool slash = err == 0 && f.kind == FOUND_SLASH;
  err = ruling_begin(&ruling, c, path, err ? path : buf_str(&f.file));
  const struct rule *rule = ruling.ruled.answer;
  if (err == 0 && rule && (rule->status == STATUS_REDIRECT_TEMPORARY || rule->status == STATUS_REDIRECT_PERMANENT))
    err = put_led(c, rule, path, to);
  else if (err == 0 && !rule && slash)
    buf_put_str(to, buf_str(&f.page));
  ruling_end(&ruling);
  look_free(&f);
  return err == ERR_NOMEM ? err : 0;
}

int ask_link(struct capsule *c, const struct link *link, enum representation representation, struct lead *lead)
{
  *lead = (struct lead){.place = PLACE_NONE, .err = (int8_t)(link->err ? link->err : ERR_NOT_FOUND)};
  for (unsigned i = 0; i < link->n; i++) {
    struct lead next;
    int err = ask_path(c, link->path[i], representation, &next);
    if (err)
      return err;
    if (next.err == 0 || next.ruled || i == 0)
      *lead = next;
    if (next.err == 0 || next.ruled) /* P2: a rule has answered the first reading */
      break;
  }
  return 0;
}
