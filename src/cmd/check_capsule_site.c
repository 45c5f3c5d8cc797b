/* Finding a capsule's site, by what stands on the disk: names may lead there in many ways. */
#include "cmd/check_capsule_site.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "config/local.h"

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

int capsule_take_site(struct capsule *c, const struct settings *s, struct buf *why)
{
  struct stat folder;
  if (fstat(c->root.folder, &folder) != 0) {
    buf_put_str(why, str_from(strerror(errno)));
    return ERR_IO;
  }
  c->site = site_of(s, &folder);
  if (!c->site) {
    explain(s, why);
    return ERR_NOT_FOUND;
  }
  c->by_settings = true;
  c->root.dialect = c->site->gophermaps == GOPHERMAPS_GOPHERNICUS;
  c->dots = (struct dot_rules_kinds){.nuncio = local_read, .meta = c->site->agate_meta};
  for (size_t i = 0; i < c->site->rules.n; i++)
    c->reads_nuncio = c->reads_nuncio || c->site->rules.rule[i].local == TOGGLE_ON;
  c->reads_dots = c->reads_nuncio || c->dots.meta;
  return open_homes(c, why);
}
