/* Dead links, and what to do about them. */
#include "cmd/check_capsule_dead.h"

#include "base/err.h"
#include "cmd/check_capsule_ruling.h"
#include "site/resolve.h"
#include "text/uri.h"

enum { PATH_ROOM = 8192 };

void dead_put_reference(struct buf *out, struct str page, struct str to)
{
  struct str directory = str_head(page, str_rfind(page, '/') + 1);
  if (str_starts(to, directory) && to.n > directory.n)
    uri_put_relative(out, str_skip(to, directory.n));
  else
    uri_put_path(out, to);
}

/* ---------------------------------------------------------------- what was meant */

/* A name with spaces: `=> my file.gmi` is a link to `my`. Tries the words that follow, a few at most. */
static int put_spaced(struct capsule *c, const struct dead_link *link, struct buf *out)
{
  enum { WORDS_MAX = 8 };
  struct buf path = BUF_INIT(PATH_ROOM);
  struct str rest = link->behind, word;
  int err = 0;
  buf_put_str(&path, link->link->path[0]);
  for (unsigned words = 0; words < WORDS_MAX && err == 0 && str_split(&rest, ' ', &word); words++) {
    struct lead lead;
    buf_put_c(&path, ' ');
    buf_put_str(&path, word);
    if (buf_error(&path))
      break;
    err = ask_path(c, buf_str(&path), REPR_GEMTEXT, &lead);
    if (err == 0 && lead.err == 0) {
      dead_put_reference(out, link->page, buf_str(&path));
      break;
    }
  }
  buf_free(&path);
  return err;
}

/* Appends the right name to *mend where the case is wrong in one of the link's readings. */
static int put_other_case(struct capsule *c, const struct dead_link *link, struct buf *mend)
{
  struct buf other = BUF_INIT(PATH_ROOM);
  int err = 0;
  for (unsigned i = 0; i < link->link->n && err == 0 && other.n == 0; i++)
    err = ask_other_case(c, link->link->path[i], &other);
  if (err == 0 && other.n) {
    buf_put_str(mend, STR("write "));
    dead_put_reference(mend, link->page, buf_str(&other));
    buf_put_str(mend, STR(": capital and small letters differ"));
  }
  buf_free(&other);
  return err;
}

int dead_put_inside(struct capsule *c, struct str path, struct buf *out)
{
  struct str start = buf_str(&c->start);
  struct lead lead = {.err = ERR_NOT_FOUND};
  size_t at = out->n;
  int err = 0;
  if (start.n <= 1 || path.n <= 1 || str_starts(path, start) || str_eq(path, str_head(start, start.n - 1)))
    return 0;
  buf_put_str(out, start);
  buf_put_str(out, str_skip(path, 1));
  if (buf_error(out) == 0)
    err = ask_path(c, str_skip(buf_str(out), at), REPR_GEMTEXT, &lead);
  if (err || lead.err)
    out->n = at;
  return err;
}

/* ---------------------------------------------------------------- what is wrong */

static const char *why(int err)
{
  switch (err) {
  case ERR_NOT_FOUND:
    return "there is no";
  case ERR_OUTSIDE:
    return "a link on the way leaves the capsule:";
  case ERR_DENIED:
    return "it may not be read:";
  case ERR_SPECIAL:
    return "it is neither a file nor a directory:";
  case ERR_LIMIT:
    return "the document is too large to have pages:";
  default:
    return "it cannot be read:";
  }
}

static struct str usual_mend(int err, bool hidden)
{
  if (hidden)
    return STR("names that begin with a dot are not served: call it something else");
  switch (err) {
  case ERR_NOT_FOUND:
    return STR("write the page, or mend or remove the link");
  case ERR_OUTSIDE:
    return STR("put the file itself into the capsule");
  case ERR_DENIED:
    return STR("let the server read it (chmod a+r), or remove the link");
  default:
    return STR("mend or remove the link");
  }
}

static const char *where(const struct lead *gemini, const struct lead *gopher)
{
  if (gemini->err && gopher->err)
    return "";
  return gemini->err ? "on Gemini, " : "on Gopher, ";
}

/* ---------------------------------------------------------------- what the settings say */

/* The reading of a link that the settings have answered. */
static int ruled_reading(struct capsule *c, const struct link *link, enum representation representation,
                         struct str *path)
{
  struct lead lead = {.ruled = RULED_NOT};
  int err = 0;
  *path = link->n ? link->path[0] : STR("");
  for (unsigned i = 0; i < link->n && err == 0 && lead.ruled == RULED_NOT; i++) {
    *path = link->path[i];
    err = ask_path(c, *path, representation, &lead);
  }
  return err;
}

/* Where a reader of a path is led in the end, or far enough to see that there is none: `/a to /b to /a`. */
static int put_way(struct capsule *c, struct str path, enum representation representation, struct buf *way)
{
  struct buf to = BUF_INIT(PATH_ROOM);
  size_t at = way->n;
  int err = 0;
  buf_put_str(way, path);
  for (unsigned led = 0; led <= ASK_LED_MAX && err == 0; led++) {
    buf_clear(&to);
    err = ask_led(c, str_skip(buf_str(way), at), representation, &to);
    if (err || to.n == 0)
      break;
    buf_put_str(way, STR(" to "));
    at = way->n;
    buf_put_str(way, buf_str(&to));
  }
  buf_free(&to);
  return err;
}

static void tell_ruled(struct capsule *c, const struct dead_link *link, enum lead_ruled ruled, struct str path,
                       struct str way, const char *on)
{
  struct findings *f = &c->findings;
  switch (ruled) {
  case RULED_NOT:
    break;
  case RULED_GONE:
    findings_tell(f, LEVEL_ERROR, FINDING_DEAD_LINK, link->line, STR("remove the link, or the setting that says so"),
                  "%s`%.*s` leads nowhere: the settings say that %.*s is gone", on, STR_ARG(link->said), STR_ARG(path));
    break;
  case RULED_OUT:
    findings_tell(f, LEVEL_ERROR, FINDING_DEAD_LINK, link->line, STR("remove the link, or the setting that says so"),
                  "%s`%.*s` leads nowhere: the settings say that there is no %.*s", on, STR_ARG(link->said),
                  STR_ARG(path));
    break;
  case RULED_UNLISTED:
    findings_tell(f, LEVEL_ERROR, FINDING_DEAD_LINK, link->line,
                  STR("write an index.gmi for it, or let it be listed (listing = true)"),
                  "%s`%.*s` leads nowhere: the directory %.*s has no page of its own, and is not listed", on,
                  STR_ARG(link->said), STR_ARG(path));
    break;
  case RULED_LED:
    findings_tell(f, LEVEL_ERROR, FINDING_DEAD_LINK, link->line, STR("mend the redirect in the settings"),
                  "%s`%.*s` leads nowhere: readers are led from %.*s, and nothing is there", on, STR_ARG(link->said),
                  STR_ARG(way));
    break;
  case RULED_CIRCLE:
    findings_tell(f, LEVEL_ERROR, FINDING_REDIRECTS, link->line, STR("mend the redirects in the settings"),
                  "%s`%.*s` leads nowhere: readers are led from %.*s, and follow no more than %d redirects", on,
                  STR_ARG(link->said), STR_ARG(way), (int)ASK_LED_MAX);
    break;
  }
}

static int examine_ruled(struct capsule *c, const struct dead_link *link, const struct lead *gemini,
                         const struct lead *gopher)
{
  enum representation representation = gemini->err ? REPR_GEMTEXT : REPR_MENU;
  struct buf way = BUF_INIT((size_t)PATH_ROOM * (ASK_LED_MAX + 2));
  struct str path;
  int err = ruled_reading(c, link->link, representation, &path);
  if (err == 0)
    err = put_way(c, path, representation, &way);
  if (err == 0)
    tell_ruled(c, link, (enum lead_ruled)(gemini->err ? gemini : gopher)->ruled, path, buf_str(&way),
               where(gemini, gopher));
  buf_free(&way);
  return err;
}

/* ---------------------------------------------------------------- all */

/* What an author means who takes her own folder for the root of the site. */
static int put_inside(struct capsule *c, struct str path, struct buf *mend)
{
  struct buf inside = BUF_INIT(PATH_ROOM);
  int err = dead_put_inside(c, path, &inside);
  if (inside.n) {
    buf_put_str(mend, STR("did you mean "));
    uri_put_path(mend, buf_str(&inside));
    buf_put_c(mend, '?');
  }
  buf_free(&inside);
  return err;
}

/* Nothing is known of what is not in an author's part of a site; but what she has may have been meant. */
static int examine_way_out(struct capsule *c, const struct dead_link *link)
{
  struct buf mend = BUF_INIT(DEAD_MEND_MAX);
  int err = 0;
  if (c->root.at.n && link->link->n)
    err = put_inside(c, link->link->path[0], &mend);
  if (mend.n)
    findings_tell(&c->findings, LEVEL_WARNING, FINDING_DEAD_LINK, link->line, buf_str(&mend),
                  "`%.*s` leads out of %.*s", STR_ARG(link->said), STR_ARG(buf_str(&c->start)));
  buf_free(&mend);
  return err;
}

/* A mistake in an author's settings shuts what they are about. */
static int tell_shut(struct capsule *c, const struct dead_link *link)
{
  struct buf why = BUF_INIT(DEAD_MEND_MAX);
  int err = ruling_put_why(c, link->link->path[0], &why);
  if (err == 0)
    findings_tell(&c->findings, LEVEL_ERROR, FINDING_DEAD_LINK, link->line,
                  STR("tell its author, or remove the link until it is mended"),
                  "`%.*s` is answered with 40, since there is a mistake in its author's settings: %.*s",
                  STR_ARG(link->said), STR_ARG(buf_str(&why)));
  buf_free(&why);
  return err;
}

static int tell_dead(struct capsule *c, const struct dead_link *link, const struct lead *gemini,
                     const struct lead *gopher)
{
  struct buf mend = BUF_INIT(DEAD_MEND_MAX);
  int dead = gemini->err ? gemini->err : gopher->err;
  struct str path = link->link->n ? link->link->path[link->link->n - 1] : STR("");
  enum finding_kind kind = FINDING_DEAD_LINK;
  int err = 0;
  if (dead == ERR_NOT_FOUND && link->link->n)
    err = put_other_case(c, link, &mend);
  if (mend.n)
    kind = FINDING_WRONG_CASE;
  else if (err == 0 && dead == ERR_NOT_FOUND && link->link->n && link->behind.n) {
    err = put_spaced(c, link, &mend);
    if (mend.n)
      buf_put_str(&mend, STR(" is the link to the file with a space in its name"));
  }
  if (mend.n == 0 && err == 0)
    err = put_inside(c, path, &mend);
  if (mend.n == 0)
    buf_put_str(&mend, usual_mend(dead, path_hidden(path)));
  if (path.n)
    findings_tell(&c->findings, LEVEL_ERROR, kind, link->line, buf_str(&mend), "%s`%.*s` leads nowhere: %s %.*s",
                  where(gemini, gopher), STR_ARG(link->said), why(dead), STR_ARG(path));
  else
    findings_tell(&c->findings, LEVEL_ERROR, kind, link->line, buf_str(&mend),
                  "`%.*s` leads nowhere: no file can have such a path", STR_ARG(link->said));
  buf_free(&mend);
  return err;
}

int dead_examine(struct capsule *c, const struct dead_link *link, struct lead *lead)
{
  struct lead gemini;
  int err = ask_link(c, link->link, REPR_GEMTEXT, &gemini);
  if (err == 0)
    err = ask_link(c, link->link, REPR_MENU, lead);
  if (err)
    return err;
  if (gemini.err == 0 && lead->err == 0)
    return examine_way_out(c, link);
  if (gemini.err == ERR_SYNTAX && link->link->n)
    return tell_shut(c, link);
  if ((gemini.err ? &gemini : lead)->ruled)
    return examine_ruled(c, link, &gemini, lead);
  return tell_dead(c, link, &gemini, lead);
}
