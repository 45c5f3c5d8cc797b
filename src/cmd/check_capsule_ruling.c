/* Asking for rules as the site does, and keeping no trail of it. */
#include "cmd/check_capsule_ruling.h"

#include "base/err.h"
#include "site/env.h"

enum { WHY_MAX = 2048 };

static int read_dots_why(struct ruling *r, const struct capsule *c, struct str path, struct buf *why)
{
  struct trail trail;
  trail_init(&trail);
  const struct dot_rules_order order = {
      .root = &c->root, .kinds = &c->dots, .settings = &c->site->rules, .shelf = c->shelf, .now_ns = env_wall(NULL)};
  int err = dot_rules_read(&order, path, 0, &trail, &r->dots, why);
  trail_free(&trail);
  return err == ERR_FULL ? ERR_NOT_FOUND : err; /* no file system has such a path */
}

static int read_dots(struct ruling *r, const struct capsule *c, struct str path)
{
  struct buf why = BUF_INIT(WHY_MAX);
  int err = read_dots_why(r, c, path, &why);
  buf_free(&why);
  r->broken = err == ERR_SYNTAX;
  return err == ERR_NOMEM || err == ERR_NOT_FOUND ? err : 0;
}

int ruling_begin(struct ruling *r, const struct capsule *c, struct str path, struct str file)
{
  *r = (struct ruling){.dots = NULL};
  rules_lay(&c->site->rules, path, file, &r->ruled);
  const struct rule *answer = r->ruled.answer;
  int err = c->reads_dots ? read_dots(r, c, path) : 0;
  if (r->dots)
    rules_lay(&r->dots->rules, path, file, &r->ruled);
  /* What the host has answered is not asked of the author. */
  if (answer)
    r->ruled.answer = answer;
  return answer && err == ERR_NOT_FOUND ? 0 : err;
}

void ruling_end(struct ruling *r)
{
  dot_rules_unref(r->dots);
  r->dots = NULL;
}

int ruling_put_why(const struct capsule *c, struct str path, struct buf *why)
{
  struct ruling r = {.dots = NULL};
  int err = read_dots_why(&r, c, path, why);
  ruling_end(&r);
  return err == ERR_NOMEM ? err : 0;
}

struct listing_options ruling_options(const struct ruling *r, const struct capsule *c)
{
  return (struct listing_options){
      .order = r->ruled.order,
      .header = str_from(r->ruled.header),
      .footer = str_from(r->ruled.footer),
      .authors_header = r->ruled.authors_header,
      .authors_footer = r->ruled.authors_footer,
      .settings = c->site->rules.n ? &c->site->rules : NULL,
      .dots = r->dots,
      .dot_files = c->reads_nuncio,
      .meta_files = c->dots.meta,
  };
}

bool ruling_lets_nuncio(const struct capsule *c, struct str directory)
{
  struct ruled ruled = {.lang = NULL};
  rules_lay(&c->site->rules, directory, directory, &ruled);
  return ruled.local == TOGGLE_ON;
}
