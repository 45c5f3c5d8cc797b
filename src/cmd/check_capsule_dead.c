/* Dead links, and what to do about them. */
#include "cmd/check_capsule_dead.h"

#include "base/err.h"
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
  if (err || (gemini.err == 0 && lead->err == 0))
    return err;
  return tell_dead(c, link, &gemini, lead);
}
