/* Item types: what the disk says, where that can be had without waiting; else what the name suggests. */
#include "site/item.h"

#include "base/err.h"
#include "site/look.h"
#include "site/mime.h"
#include "site/types.h"
#include "text/menu.h"
#include "text/uri.h"

enum { PATH_BYTES_MAX = 8192, WHY_MAX = 2048 };

static char type_of_found(const struct found *f)
{
  if (f->kind != FOUND_FILE || f->menu || str_ends(buf_str(&f->page), STR("/")))
    return '1';
  return f->guess.n ? mime_item_type(f->guess) : ITEM_AS_NAMED;
}

int item_look(const struct root *root, struct str raw, unsigned flags, char *type)
{
  struct stat st;
  *type = ITEM_AS_NAMED;
  /* One look is enough for most of what has a suffix: it is the file that it seems to be, or a directory
   * (`example.org`). */
  if (mime_has_suffix(look_name(raw)) && !path_hidden(raw)) {
    int err = resolve_stat(root, raw, flags, &st);
    if (err == 0 && S_ISDIR(st.st_mode))
      *type = '1';
    if (err == 0 || err == ERR_AGAIN || err == ERR_NOMEM)
      return err;
  }
  struct found f;
  look_init(&f);
  int err = look_at(root, raw, REPR_MENU, flags, &f);
  if (err == 0)
    *type = type_of_found(&f);
  look_free(&f);
  return err == ERR_AGAIN || err == ERR_NOMEM ? err : 0;
}

/* Whether everybody may see what stands there. ERR_AGAIN: it cannot be told in the loop. */
static int is_open(struct site *site, struct str raw, unsigned flags, int64_t now_ns, uint64_t *steps, bool *open)
{
  const struct dot_rules_order order = site_dot_rules(site, now_ns);
  struct ruled ruled = {.lang = NULL};
  struct dot_rules *dots = NULL;
  struct trail trail;
  struct buf why = BUF_INIT(WHY_MAX);
  rules_lay(&site->rules, raw, raw, &ruled);
  *open = ruled.gate == NULL;
  if (!*open || !site->reads_nuncio)
    return 0;
  bool loop = (flags & RESOLVE_CACHED_ONLY) != 0;
  uint64_t most = loop ? ITEM_STEPS_MAX : ITEM_POOL_STEPS_MAX;
  trail_init(&trail);
  int err = *steps > most ? ERR_LIMIT : dot_rules_read(&order, raw, flags, &trail, &dots, &why);
  *steps += dot_rules_steps(dots, raw);
  if ((err == 0 && *steps > most) || err == ERR_LIMIT)
    err = loop ? ERR_AGAIN : ERR_LIMIT;
  else if (err == 0 && dots)
    rules_lay(&dots->rules, raw, raw, &ruled);
  *open = err == 0 && ruled.gate == NULL;
  dot_rules_unref(dots);
  trail_free(&trail);
  buf_free(&why);
  return err == ERR_AGAIN || err == ERR_NOMEM ? err : 0;
}

int item_tell(struct site *site, struct str raw, unsigned flags, int64_t now_ns, uint64_t *steps, char *type)
{
  bool open = false;
  *type = ITEM_AS_NAMED;
  int err = is_open(site, raw, flags, now_ns, steps, &open);
  return err == 0 && open ? item_look(&site->root, raw, flags, type) : err;
}

static char type_by_name(const struct site *site, struct str path, struct str raw)
{
  struct str by_suffix = mime_type(site->mime, look_name(raw));
  return by_suffix.n ? mime_item_type(by_suffix) : menu_type_by_name(path);
}

/* A file is what the settings' rules say that it is, whatever it looks like. */
static char type_by_rules(const struct site *site, struct str raw, char type)
{
  struct ruled ruled = {.lang = NULL};
  rules_lay(&site->rules, raw, raw, &ruled);
  return ruled.type ? mime_item_type(str_from(ruled.type)) : type;
}

/* Whether the page itself tells what its link leads to: it lists the directory that the path is in, or was made with
 * its links. Then nothing is looked at again for a menu. */
static bool page_tells(const struct ready *page, struct str path, struct str raw, char *type)
{
  *type = ITEM_AS_NAMED;
  if (page->page->named)
    return true;
  if ((!page->page->listing && !page->page->plain) || !str_starts(path, page->base) ||
      str_find(str_skip(path, page->base.n), '/') < path.n - page->base.n)
    return false;
  struct str name = look_name(raw);
  const struct entry *e = page->page->plain ? NULL : listing_find(page->page->listing, name);
  if (!e && !page->page->plain)
    return false;
  /* Directories are listed with a slash: what has none is a file, and likely a text if its name says nothing. */
  *type = e ? e->item : mime_has_suffix(name) ? ITEM_AS_NAMED : '0';
  return true;
}

/* 0 or ERR_NOMEM. */
static int look(struct site *site, struct ready *page, struct str raw, char *type)
{
  *type = ITEM_AS_NAMED;
  /* A page too large to be ready has links without end: each is looked up here only where that is nothing. */
  uint64_t steps = page ? page->steps : ITEM_STEPS_MAX - ITEM_STEPS_ALONE;
  if ((page && page->looks == ITEM_LOOKS_MAX) || raw.n > ITEM_PATH_MAX)
    return 0;
  int err = item_tell(site, raw, RESOLVE_CACHED_ONLY, site->env->wall(site->env), &steps, type);
  if (page) {
    page->looks++;
    page->steps = steps;
  }
  if (err != ERR_AGAIN)
    return err;
  bool fresh;
  *type = types_get(site, raw, &fresh);
  if (page && !fresh)
    page->guessed = true;
  return 0;
}

char item_type(struct site *site, struct ready *page, struct str path)
{
  path = str_head(path, str_find(path, '?'));
  struct buf buf = BUF_INIT(PATH_BYTES_MAX);
  char type = ITEM_AS_NAMED;
  int err = uri_path(&buf, path, true);
  struct str raw = buf_str(&buf);
  if (err < 0 || str_ends(raw, STR("/")))
    type = menu_type_by_name(path);
  else if (!page || !page_tells(page, path, raw, &type))
    err = look(site, page, raw, &type);
  bool named = type == ITEM_AS_NAMED;
  if (err == ERR_NOMEM)
    type = '\0';
  else if (named)
    type = type_by_name(site, path, raw);
  if (err == 0 && (named || type != '1'))
    type = type_by_rules(site, raw, type);
  buf_free(&buf);
  return type;
}
