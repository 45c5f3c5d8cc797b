/* Making the menus of maps, and telling what is wrong with them. */
#include "cmd/check_capsule_map.h"

#include "base/err.h"
#include "cmd/check_capsule_ruling.h"
#include "site/hash.h"
#include "site/look.h"

bool map_is_made(const struct capsule *c, struct str path)
{
  return c->root.dialect && str_eq(look_name(path), STR("gophermap"));
}

int map_of_capsule(struct capsule *c, struct str path, void (*put_in)(void *context, struct str path), void *context,
                   struct map_made *made)
{
  struct ruling ruling;
  int err = ruling_begin(&ruling, c, str_head(path, str_rfind(path, '/') + 1), path);
  const struct listing_options options = ruling_options(&ruling, c);
  /* Other hosts are none of our business: the list of them stays empty. */
  const struct map_order order = {.root = &c->root,
                                  .file = path,
                                  .menu = true,
                                  .unlisted = ruling.ruled.listing == TOGGLE_OFF,
                                  .mime = c->mime,
                                  .options = &options,
                                  .put_in = put_in,
                                  .context = context};
  *made = (struct map_made){.listing = NULL};
  if (err == 0)
    err = map_make(&order, made);
  ruling_end(&ruling);
  return err;
}

/* A map that many pages put in is told of once. */
static void tell(struct capsule *c, struct str place, struct str what)
{
  unsigned line = 0;
  size_t colon = str_rfind(place, ':');
  if (!once_first(&c->complained, hash_str(hash_str(HASH_START, place), what)))
    return;
  if (colon == place.n || str_number(str_skip(place, colon + 1), &line) != 0)
    colon = place.n;
  findings_file(&c->findings, str_head(place, colon));
  findings_tell(&c->findings, LEVEL_ERROR, FINDING_MAP, line,
                STR("mend or remove the line: until then nothing comes of it"), "%.*s", STR_ARG(what));
}

/* Who is told of maps that are new. */
struct news {
  struct capsule *c;
  void (*put_in)(void *context, struct str path);
  void *context;
};

static void take_map(void *context, struct str path)
{
  const struct news *news = context;
  if (once_first(&news->c->complained, hash_str(HASH_START, path)))
    news->put_in(news->context, path);
}

int map_examine(struct capsule *c, struct str path, void (*put_in)(void *context, struct str path), void *context)
{
  struct news news = {.c = c, .put_in = put_in, .context = context};
  struct map_made made;
  int err = map_of_capsule(c, path, take_map, &news, &made);
  struct str complaints = buf_str(&made.complaints), place, what;
  while (err == 0 && str_split(&complaints, '\0', &place) && str_split(&complaints, '\0', &what) && what.n)
    tell(c, place, what);
  findings_file(&c->findings, path);
  map_made_free(&made);
  return err == ERR_NOMEM ? err : 0;
}
