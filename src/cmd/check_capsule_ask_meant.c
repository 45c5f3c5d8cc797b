/* Asking for what an author has meant: names in another case, and the type of what is there. */
#include "cmd/check_capsule_ask.h"

#include "base/err.h"
#include "cmd/check_capsule_ruling.h"
#include "site/item.h"
#include "site/look.h"

enum { PATH_ROOM = 8192 };

/* ---------------------------------------------------------------- what was meant */

/* Appends the path of a place that differs in case, with `suffix` left off its end. False where there is none. */
static bool put_other(const struct capsule *c, struct str path, size_t left_off, struct str more, struct buf *out)
{
  uint32_t i = places_find_other_case(&c->places, path);
  if (i == PLACE_NONE)
    return false;
  struct str other = places_path(&c->places, i);
  buf_put_str(out, str_head(other, other.n - left_off));
  buf_put_str(out, more);
  return true;
}

/* A file, a directory with or without its slash; else a tree, by its document. */
static bool put_meant(const struct capsule *c, struct str path, struct buf *out)
{
  struct buf work = BUF_INIT(PATH_ROOM);
  bool slash = str_ends(path, STR("/"));
  struct str name = slash ? str_head(path, path.n - 1) : path;
  buf_put_str(&work, name);
  buf_put_c(&work, '/');
  bool good = put_other(c, name, 0, STR(""), out) || put_other(c, buf_str(&work), 0, STR(""), out);

  buf_clear(&work);
  buf_put_str(&work, name);
  buf_put_str(&work, STR(OVERVIEW_SUFFIX));
  good = good || put_other(c, buf_str(&work), STR(OVERVIEW_SUFFIX).n, STR("/"), out);

  size_t leaf = str_rfind(name, '/');
  buf_clear(&work);
  buf_put_str(&work, str_head(name, leaf));
  buf_put_str(&work, STR(OVERVIEW_SUFFIX));
  good = good ||
         (!slash && leaf < name.n && put_other(c, buf_str(&work), STR(OVERVIEW_SUFFIX).n, str_skip(name, leaf), out));
  buf_free(&work);
  return good;
}

int ask_other_case(struct capsule *c, struct str path, struct buf *out)
{
  struct lead lead = {.err = ERR_NOT_FOUND};
  size_t start = out->n;
  int err = 0;
  if (put_meant(c, path, out))
    err = ask_path(c, str_skip(buf_str(out), start), REPR_GEMTEXT, &lead);
  if (lead.err || err || buf_error(out))
    out->n = start;
  return err;
}

char ask_item_type(struct capsule *c, struct str path)
{
  char type = ITEM_AS_NAMED;
  struct ruling ruling;
  if (str_ends(path, STR("/")))
    return '1';
  if (ruling_begin(&ruling, c, path, path) == 0 && ruling.ruled.type)
    type = mime_item_type(str_from(ruling.ruled.type));
  ruling_end(&ruling);
  if (type == ITEM_AS_NAMED && item_look(&c->root, path, 0, &type) < 0)
    return '\0';
  if (type != ITEM_AS_NAMED)
    return type;
  struct str by_suffix = mime_type(c->mime, look_name(path));
  return by_suffix.n ? mime_item_type(by_suffix) : '\0';
}
