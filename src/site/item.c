/* Item types: a name whose suffix tells needs no look, and a look never waits. */
#include "site/item.h"

#include "base/err.h"
#include "site/look.h"
#include "site/mime.h"
#include "site/types.h"
#include "text/menu.h"
#include "text/uri.h"

enum { PATH_BYTES_MAX = 8192 };

/* A file's own type needs no table: one whose suffix the table knows is never looked at. */
static char type_of_found(const struct found *f)
{
  if (f->kind != FOUND_FILE || f->menu || str_ends(buf_str(&f->page), STR("/")))
    return '1';
  return mime_item_type(f->guess);
}

int item_look(int root, struct str raw, unsigned flags, char *type)
{
  struct found f;
  look_init(&f);
  int err = look_at(root, raw, REPR_MENU, flags, &f);
  *type = err ? menu_type_by_name(raw) : type_of_found(&f);
  look_free(&f);
  return err == ERR_AGAIN ? err : 0;
}

char item_type(struct site *site, struct str path)
{
  path = str_head(path, str_find(path, '?'));
  struct buf raw = BUF_INIT(PATH_BYTES_MAX);
  char type = menu_type_by_name(path);
  if (uri_path(&raw, path, true) == 0 && !str_ends(buf_str(&raw), STR("/"))) {
    struct str by_suffix = mime_type(site->mime, look_name(buf_str(&raw)));
    if (by_suffix.n)
      type = mime_item_type(by_suffix);
    else if (item_look(site->capsule->fd, buf_str(&raw), RESOLVE_CACHED_ONLY, &type) == ERR_AGAIN)
      type = types_get(site, buf_str(&raw));
  }
  buf_free(&raw);
  return type;
}
