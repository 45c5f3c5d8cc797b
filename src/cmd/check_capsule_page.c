/* What the proofreader sees in a page, as findings. */
#include "cmd/check_capsule_page.h"

#include <unistd.h>

#include "base/err.h"
#include "base/utf8.h"
#include "cmd/check_capsule_dead.h"
#include "cmd/check_capsule_map.h"
#include "cmd/check_capsule_read.h"
#include "cmd/check_capsule_ruling.h"

#define FIELDS "the fields are: type and name, selector, host, port, with one TAB between two"

struct page_reader {
  struct capsule *c;
  struct str path; /* of the page */
  struct read_as as;
  bool document; /* an overview's */
  bool frame;    /* above or below the entries of listings: it needs no title */
  struct link link;
  int err; /* ERR_NOMEM */
};

/* As much of a text as a line of a report has room for. */
static struct str shown(struct str text)
{
  enum { SHOWN_COLUMNS = 100 };
  return str_head(text, utf8_fit(text, SHOWN_COLUMNS));
}

/* ---------------------------------------------------------------- links */

static void tell_own_host(struct page_reader *r, size_t line, struct str said)
{
  struct buf mend = BUF_INIT(DEAD_MEND_MAX);
  buf_put_str(&mend, STR("write "));
  dead_put_reference(&mend, r->path, r->link.path[r->link.n - 1]);
  buf_put_str(&mend, r->as.form != PROOF_GEMTEXT
                         ? STR(" without host and port: then it holds wherever the capsule is, on Gemini too")
                         : STR(" instead: then the reader stays on the same protocol, wherever the capsule is"));
  findings_tell(&r->c->findings, LEVEL_WARNING, FINDING_OWN_HOST, line, buf_str(&mend),
                "`%.*s` leaves the site, and its host is this site's own", STR_ARG(shown(said)));
  buf_free(&mend);
}

/* Tells of a link that was worked out; *lead is what it leads to on Gopher where that is something. */
static void examine_link(struct page_reader *r, size_t line, struct str said, struct str behind, struct lead *lead)
{
  struct findings *f = &r->c->findings;
  const struct dead_link link = {
      .link = &r->link, .page = r->path, .line = line, .said = shown(said), .behind = behind};
  *lead = (struct lead){.place = PLACE_NONE};
  switch (r->link.kind) {
  case LINK_ELSEWHERE:
    return;
  case LINK_BAD:
    findings_tell(f, LEVEL_ERROR, FINDING_BAD_LINK, line,
                  STR("write the path of a page here, or a whole URL such as gemini://example.org/"),
                  "`%.*s` is no address", STR_ARG(shown(said)));
    return;
  case LINK_UNSAFE:
    findings_tell(f, LEVEL_WARNING, FINDING_UNSAFE_LINK, line,
                  STR("link to a page or a file of the capsule; on Gopher this is shown as text"),
                  "`%.*s` is of a kind that readers do not follow", STR_ARG(shown(said)));
    return;
  case LINK_OURS:
  case LINK_INSIDE:
    break;
  }
  r->err = dead_examine(r->c, &link, lead);
  if (r->err == 0 && lead->err == 0 && r->link.kind == LINK_OURS)
    tell_own_host(r, line, said);
}

/* ---------------------------------------------------------------- items */

enum item_class { CLASS_UNKNOWN, CLASS_MENU, CLASS_TEXT, CLASS_BINARY };

static enum item_class class_of(char type)
{
  switch (type) {
  case '1':
    return CLASS_MENU;
  case '0':
  case 'h':
    return CLASS_TEXT;
  case '4':
  case '5':
  case '6':
  case '9':
  case 'g':
  case 'I':
  case 's':
    return CLASS_BINARY;
  default:
    return CLASS_UNKNOWN;
  }
}

/* Whether the type that the author wrote makes a client do the wrong thing with what comes. To store a text as a file
 * does no harm. */
static void examine_type(struct page_reader *r, size_t line, const struct gophermap_line *item, const struct lead *lead)
{
  static const struct str mends[] = {
      [CLASS_UNKNOWN] = STR_INIT(""),
      [CLASS_MENU] = STR_INIT("begin the line with `1`: it leads to a menu"),
      [CLASS_TEXT] = STR_INIT("begin the line with `0`: it leads to a text"),
      [CLASS_BINARY] = STR_INIT("begin the line with `9`, or `I` for a picture, `s` for a sound"),
  };
  if (lead->err || lead->place == PLACE_NONE)
    return;
  char type = lead->menu ? '1' : ask_item_type(r->c, places_path(&r->c->places, lead->place));
  enum item_class written = class_of(item->type), real = class_of(type);
  bool harmless = written == real || (written == CLASS_BINARY && real == CLASS_TEXT);
  if (written == CLASS_UNKNOWN || real == CLASS_UNKNOWN || harmless)
    return;
  findings_tell(&r->c->findings, LEVEL_WARNING, FINDING_MAP_TYPE, line, mends[real],
                "the item type `%c` is not that of `%.*s`, which is of type `%c`", item->type,
                STR_ARG(shown(item->selector)), type);
}

static void examine_item(struct page_reader *r, const struct proof_event *event)
{
  struct lead lead;
  const struct gophermap_line *item = event->item;
  struct str directory = str_head(r->path, str_rfind(r->path, '/') + 1);
  r->err = link_of_item(&r->link, r->c->site, directory, item);
  if (r->err)
    return;
  examine_link(r, event->line, item->selector, STR(""), &lead);
  if (r->err == 0 && (r->link.kind == LINK_INSIDE || r->link.kind == LINK_OURS))
    examine_type(r, event->line, item, &lead);
}

/* ---------------------------------------------------------------- what is written */

static void tell_not_utf8(struct page_reader *r, size_t line)
{
  /* A page goes out as UTF-8, whatever it is. Of a plain text a reader may know better. */
  bool page = r->as.form != PROOF_PLAIN || r->document;
  if (!page && !r->as.in_utf8)
    return;
  findings_tell(&r->c->findings, page ? LEVEL_ERROR : LEVEL_WARNING, FINDING_NOT_UTF8, line,
                STR("save the file as UTF-8 (`iconv -f ISO-8859-1 -t UTF-8` where it is Latin-1)"),
                "this line is not UTF-8: readers will see broken characters");
}

static void tell_wide(struct page_reader *r, const struct proof_event *event)
{
  enum { MEND_MAX = 256 };
  struct buf mend = BUF_INIT(MEND_MAX);
  bool one = event->count == 1;
  buf_printf(&mend, "keep what must not be wrapped within %zu columns: a wider line breaks on a narrow screen",
             r->as.width);
  findings_tell(&r->c->findings, LEVEL_WARNING, FINDING_WIDE, event->line, buf_str(&mend),
                one ? "%zu line here is %zu columns wide: Gopher menus have %zu"
                    : "%zu lines from here on are up to %zu columns wide: Gopher menus have %zu",
                event->count, event->columns, r->as.width);
  buf_free(&mend);
}

/* The findings that are words only. */
static const struct words {
  enum finding_level level;
  enum finding_kind kind;
  bool quotes; /* what the author wrote stands before the words */
  const char *what, *mend;
} words[] = {
    [PROOF_NO_TARGET] = {LEVEL_WARNING, FINDING_NO_TARGET, false, "a link line without a target: readers see `=>`",
                         "write where it leads behind the arrow, or remove the line"},
    [PROOF_NO_HEADING] = {LEVEL_WARNING, FINDING_NO_HEADING, false, "a heading without a text",
                          "write the heading behind the #, or remove the line"},
    [PROOF_NO_ALT] = {LEVEL_NOTE, FINDING_NO_ALT, false, "a preformatted block that does not say what it shows",
                      "say it behind the ```, for those who cannot see it: ```A map of the harbour"},
    [PROOF_NOT_CLOSED] = {LEVEL_WARNING, FINDING_NOT_CLOSED, false,
                          "the preformatted block that begins here is not closed: no link below it works",
                          "end the block with a line of ```"},
    [PROOF_NO_TITLE] = {LEVEL_WARNING, FINDING_NO_TITLE, false, "a page without a title",
                        "begin it with a heading (# and a text): listings and feeds show it"},
    [PROOF_LINK_TOO_LONG] = {LEVEL_ERROR, FINDING_BAD_LINK, false, "this link is longer than any address can be",
                             "write a shorter one"},
    [PROOF_NO_TYPE] = {LEVEL_WARNING, FINDING_MAP_FIELDS, true, "begins with no item type that clients know",
                       "begin it with the type of what it leads to (1 a menu, 0 a text, 9 a file), or with i for text"},
    [PROOF_NO_NAME] = {LEVEL_WARNING, FINDING_MAP_FIELDS, false, "an item that shows no name",
                       "write one behind the item type"},
    [PROOF_BAD_PORT] = {LEVEL_WARNING, FINDING_MAP_FIELDS, true, "is no port, so the usual one is taken", FIELDS},
    [PROOF_BAD_HOST] = {LEVEL_ERROR, FINDING_MAP_FIELDS, true, "stands in the place of the host, and is none", FIELDS},
    [PROOF_MORE_FIELDS] = {LEVEL_WARNING, FINDING_MAP_FIELDS, true, "stands behind the port, where nobody reads it",
                           FIELDS},
    [PROOF_AFTER_END] = {LEVEL_WARNING, FINDING_MAP_FIELDS, false,
                         "what stands from here on is not shown: the line of one dot above it ends the menu",
                         "remove the dot; the end of a menu is sent by itself"},
    [PROOF_AFTER_LIST] = {LEVEL_WARNING, FINDING_MAP_FIELDS, false,
                          "what stands from here on is not shown: the `*` above it ends the map with a list",
                          "put it above the line with the `*`"},
    [PROOF_NO_ITEM] = {LEVEL_WARNING, FINDING_MAP_FIELDS, true, "is no item, so it is shown as text",
                       "an item is [type|name|selector|host|port], with a type of one letter"},
    [PROOF_LOST_T] = {LEVEL_WARNING, FINDING_MAP_FIELDS, true,
                      "loses its first letter: a `t` in front is the mark of a text, and not shown",
                      "put one more t in front"},
};

static void tell_words(struct page_reader *r, const struct proof_event *event)
{
  const struct words *w = &words[event->mark];
  const char *quote = w->quotes ? "`" : "", *end = w->quotes ? "` " : "";
  struct str text = w->quotes ? shown(event->text) : STR("");
  findings_tell(&r->c->findings, w->level, w->kind, event->line, str_from(w->mend), "%s%.*s%s%s", quote, STR_ARG(text),
                end, w->what);
}

static void take(void *context, const struct proof_event *event)
{
  struct page_reader *r = context;
  struct lead lead;
  if (r->err)
    return;
  switch (event->mark) {
  case PROOF_LINK:
    r->err = link_of_gemtext(&r->link, r->c->site, r->path, event->target);
    if (r->err == 0)
      examine_link(r, event->line, event->target, event->text, &lead);
    break;
  case PROOF_ITEM:
    examine_item(r, event);
    break;
  case PROOF_NOT_UTF8:
    tell_not_utf8(r, event->line);
    break;
  case PROOF_WIDE:
    tell_wide(r, event);
    break;
  case PROOF_NO_TITLE:
    if (!r->frame)
      tell_words(r, event);
    break;
  case PROOF_NO_TARGET:
  case PROOF_NO_HEADING:
  case PROOF_NO_ALT:
  case PROOF_NOT_CLOSED:
  case PROOF_LINK_TOO_LONG:
  case PROOF_NO_TYPE:
  case PROOF_NO_NAME:
  case PROOF_BAD_PORT:
  case PROOF_BAD_HOST:
  case PROOF_MORE_FIELDS:
  case PROOF_AFTER_END:
  case PROOF_AFTER_LIST:
  case PROOF_NO_ITEM:
  case PROOF_LOST_T:
    tell_words(r, event);
    break;
  }
}

/* Another map that this one puts in: its lines are as good as the page's own. */
static void take_map(void *context, struct str path)
{
  struct page_reader *r = context;
  struct stat st;
  int fd = -1;
  int err = r->err ? r->err : resolve_open(&r->c->root, path, 0, &fd, &st);
  findings_file(&r->c->findings, path);
  if (err == 0)
    err = read_proof(fd, (uint64_t)st.st_size, &r->as, take, r);
  if (err == ERR_NOMEM)
    r->err = err;
  if (fd >= 0)
    close(fd);
  findings_file(&r->c->findings, r->path); /* `path` is borrowed for this call only */
}

/* Whether the file has been read already, as part of the maps that put it in. */
static bool is_part(const struct capsule *c, uint32_t place, struct str path)
{
  return place != PLACE_NONE && c->places.at[place].part && !map_is_made(c, path);
}

int page_examine(struct capsule *c, struct str path, const struct found *f)
{
  struct page_reader r = {.c = c, .path = path, .document = str_ends(path, STR(OVERVIEW_SUFFIX))};
  struct ruling ruling;
  uint32_t place = places_find(&c->places, path);
  r.frame = place != PLACE_NONE && c->places.at[place].frame;
  if (is_part(c, place, path))
    return 0;
  int err = ruling_begin(&ruling, c, path, path);
  bool text = read_form(c, path, f->guess, &ruling.ruled, &r.as);
  ruling_end(&ruling);
  if (err == ERR_NOMEM || !text)
    return err == ERR_NOMEM ? err : 0;
  link_init(&r.link);
  err = read_proof(f->fd, (uint64_t)f->st.st_size, &r.as, take, &r);
  if (err == 0 && r.err == 0 && map_is_made(c, path))
    err = map_examine(c, path, take_map, &r);
  link_free(&r.link);
  return r.err ? r.err : err;
}
