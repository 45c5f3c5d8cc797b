/* Item types: a name whose suffix tells needs no look. */
#include "site/item.h"

#include "base/err.h"
#include "site/look.h"
#include "text/menu.h"
#include "text/uri.h"

enum { PATH_BYTES_MAX = 8192 };

static char type_of_found(const struct mime *mime, const struct found *f)
{
  if (f->kind != FOUND_FILE || f->menu || str_ends(buf_str(&f->page), STR("/")))
    return '1';
  struct str type = mime_type(mime, look_name(buf_str(&f->file)));
  return mime_item_type(type.n ? type : f->guess);
}

/* What the disk says; what is not there is left to its name. */
static char type_by_look(int root, const struct mime *mime, struct str raw, struct str path)
{
  struct found f;
  look_init(&f);
  int err = look_at(root, raw, REPR_MENU, RESOLVE_CACHED_ONLY, &f);
  if (err == ERR_AGAIN)
    err = look_at(root, raw, REPR_MENU, 0, &f);
  char type = err ? menu_type_by_name(path) : type_of_found(mime, &f);
  look_free(&f);
  return type;
}

char item_type(int root, const struct mime *mime, struct str path)
{
  path = str_head(path, str_find(path, '?'));
  struct buf raw = BUF_INIT(PATH_BYTES_MAX);
  int err = uri_path(&raw, path, true);
  char type = menu_type_by_name(path);
  if (err == 0 && !str_ends(buf_str(&raw), STR("/"))) {
    struct str by_suffix = mime_type(mime, look_name(buf_str(&raw)));
    type = by_suffix.n ? mime_item_type(by_suffix) : type_by_look(root, mime, buf_str(&raw), path);
  }
  buf_free(&raw);
  return type;
}
