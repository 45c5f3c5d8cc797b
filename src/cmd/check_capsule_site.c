/* Finding a capsule's site, by what stands on the disk: names may lead there in many ways. */
#include "cmd/check_capsule_site.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "config/local.h"

enum { PATH_ROOM = 8192 };

static const struct site_settings *site_of(const struct settings *s, const struct stat *folder)
{
  for (size_t i = 0; i < s->n_sites; i++) {
    struct stat st;
    if (s->sites[i].capsule && stat(s->sites[i].capsule, &st) == 0 && st.st_dev == folder->st_dev &&
        st.st_ino == folder->st_ino)
      return &s->sites[i];
  }
  return NULL;
}

/* Whether the folder is what the site's user-dirs publish for somebody; then *start is where. A home has no links on
 * its way, so its name is what follows that of the folder of all homes. */
static bool is_home_of(const struct site_settings *site, const char *folder, struct buf *start)
{
  char *homes = site->homes ? realpath(site->homes, NULL) : NULL;
  struct buf home = BUF_INIT(PATH_ROOM);
  struct str above = str_from(homes ? homes : ""), path = str_from(folder);
  bool good = homes && str_starts(path, above);
  if (good && !str_ends(above, STR("/"))) {
    path = str_skip(path, above.n);
    good = str_starts(path, STR("/"));
    above = STR("");
  }
  struct str name = str_skip(path, above.n + (above.n == 0));
  name = str_head(name, str_find(name, '/'));
  good = good && name.n && name.p[0] != '.';
  if (good)
    buf_printf(&home, "%s/%.*s/%s", homes, STR_ARG(name), site->user_folder ? site->user_folder : "");
  buf_put_c(&home, '\0');
  struct stat published, st;
  good = good && buf_error(&home) == 0 && stat(home.p, &published) == 0 && stat(folder, &st) == 0 &&
         published.st_dev == st.st_dev && published.st_ino == st.st_ino;
  if (good) {
    buf_clear(start);
    buf_printf(start, "/~%.*s/", STR_ARG(name));
  }
  buf_free(&home);
  free(homes);
  return good;
}

/* The site of an author's home; the root is that of the whole site from then on, since it answers what leads out. */
static int take_home(struct capsule *c, const struct settings *s, const char *folder, struct buf *why)
{
  char *real = realpath(folder, NULL);
  for (size_t i = 0; real && i < s->n_sites && !c->site; i++)
    if (s->sites[i].capsule && is_home_of(&s->sites[i], real, &c->start))
      c->site = &s->sites[i];
  free(real);
  if (!c->site)
    return ERR_NOT_FOUND;
  int root = open(c->site->capsule, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) {
    int err = err_from_errno(errno);
    buf_printf(why, "%s: %s", c->site->capsule, strerror(errno));
    return err ? err : ERR_IO;
  }
  (void)close(c->root.folder);
  c->root.folder = root;
  return buf_error(&c->start);
}

static void explain(const struct settings *s, struct buf *why)
{
  buf_put_str(why, STR("this is the capsule of no site of these settings; they have "));
  for (size_t i = 0; i < s->n_sites; i++)
    buf_printf(why, "%s%s (%s)", i ? ", " : "", s->sites[i].names[0], s->sites[i].capsule);
}

static int open_homes(struct capsule *c, struct buf *why)
{
  if (!c->site->homes)
    return 0;
  c->root.user_folder = c->site->user_folder ? c->site->user_folder : "";
  c->root.homes = open(c->site->homes, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (c->root.homes >= 0)
    return 0;
  int err = err_from_errno(errno);
  buf_printf(why, "user-dirs: %s: %s", c->site->homes, strerror(errno));
  return err ? err : ERR_IO;
}

int capsule_take_site(struct capsule *c, const struct settings *s, const char *path, struct buf *why)
{
  struct stat folder;
  if (fstat(c->root.folder, &folder) != 0) {
    buf_put_str(why, str_from(strerror(errno)));
    return ERR_IO;
  }
  c->site = site_of(s, &folder);
  int err = c->site ? 0 : take_home(c, s, path, why);
  if (err) {
    if (!c->site)
      explain(s, why);
    return err;
  }
  c->by_settings = true;
  c->root.dialect = c->site->gophermaps == GOPHERMAPS_GOPHERNICUS;
  c->dots = (struct dot_rules_kinds){.nuncio = local_read, .meta = c->site->agate_meta};
  for (size_t i = 0; i < c->site->rules.n; i++)
    c->reads_nuncio = c->reads_nuncio || c->site->rules.rule[i].local == TOGGLE_ON;
  c->reads_dots = c->reads_nuncio || c->dots.meta;
  return open_homes(c, why);
}
