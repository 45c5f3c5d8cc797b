/* What an author should know of an overview's document: why it has no pages, or lacks one. */
#include <stdio.h>

#include "base/err.h"
#include "cmd/check_capsule_ask.h"
#include "cmd/check_capsule_page.h"

static void tell(struct capsule *c, size_t line, struct str mend, const char *what)
{
  findings_tell(&c->findings, LEVEL_WARNING, FINDING_OVERVIEW, line, mend, "%s", what);
}

/* The first number that is written in another style than the points' own. */
static void tell_stray(struct capsule *c, const struct overview *o)
{
  enum { MEND_MAX = 1024 };
  struct overview_stray stray = {.line = 0};
  struct buf mend = BUF_INIT(MEND_MAX);
  size_t n = overview_strays(o, &stray);
  if (n == 0)
    return;
  char more[64] = "";
  if (n > 1)
    (void)snprintf(more, sizeof more, " (and %zu more like it)", n - 1);
  buf_printf(&mend, "write it like the others, `%.*s`, if it is meant to begin a point",
             STR_ARG(overview_number(o, 0)));
  findings_tell(&c->findings, LEVEL_WARNING, FINDING_OVERVIEW, stray.line, buf_str(&mend),
                "there is no point %u, since its number is written `%.*s`%s", stray.value, STR_ARG(stray.number), more);
  buf_free(&mend);
}

int overview_examine(struct capsule *c, struct str path, const struct found *f)
{
  const struct overview *o;
  struct str name = look_name(path);
  name.n -= STR(OVERVIEW_SUFFIX).n;
  if (f->shadowed.n) {
    findings_tell(&c->findings, LEVEL_WARNING, FINDING_OVERVIEW, 0, STR("rename one of the two"),
                  "this document has no pages, because something else is called `%.*s`", STR_ARG(name));
    return 0;
  }
  if ((uint64_t)f->st.st_size > OVERVIEW_MAX) {
    tell(c, 0, STR("divide it: a document of 8 MiB or less has pages"),
         "this document is too large to have pages: it is served as one plain text");
    return 0;
  }
  int err = ask_document(c, path, &o);
  if (err == ERR_NOMEM)
    return err;
  if (err) /* It was there a moment ago. */
    return 0;
  if (overview_points(o) == 0)
    tell(c, 0, STR("begin each point with its number and a full stop (1. and so on), after an empty line"),
         "no numbered points are seen in this document, so its text is all on one page");
  else
    tell_stray(c, o);
  return 0;
}
