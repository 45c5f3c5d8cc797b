/* Walking over a capsule's directories, without recursion: the places that were found are the list of what is to do. */
#include "cmd/check_capsule_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/err.h"
#include "site/resolve.h"

enum { PATH_ROOM = WALK_PATH_MAX + 256 + 2 };

/* A name was found; whatever else it is, it has a path. */
static int add_nothing(struct capsule *c, struct str path, int why)
{
  uint32_t i;
  int err = places_add(&c->places, path, PLACE_NOTHING, &i);
  if (err == 0)
    c->places.at[i].err = (int8_t)why;
  return err;
}

static int add_real(struct capsule *c, struct buf *path, bool link, const struct stat *st)
{
  uint32_t i;
  bool directory = S_ISDIR(st->st_mode);
  if (!directory && !S_ISREG(st->st_mode))
    return add_nothing(c, buf_str(path), ERR_SPECIAL);
  if (directory)
    buf_put_c(path, '/');
  int err = buf_error(path);
  if (err == 0)
    err = places_add(&c->places, buf_str(path), directory ? PLACE_DIRECTORY : PLACE_FILE, &i);
  if (err)
    return err;
  /* A directory that was met before is mounted here a second time: it might hold itself. */
  if (directory && !link)
    link = places_find_id(&c->places, st->st_dev, st->st_ino) != PLACE_NONE;
  c->places.at[i].link = link;
  if (!link)
    return places_identify(&c->places, i, st->st_dev, st->st_ino);
  c->places.at[i].device = st->st_dev;
  c->places.at[i].inode = st->st_ino;
  return 0;
}

/* `path` is that of the name in the directory `fd`. */
static int add_name(struct capsule *c, int fd, const char *name, struct buf *path)
{
  struct stat st;
  if (c->root.homes >= 0 && c->start.n == 1 && str_starts(buf_str(path), STR("/~")))
    return add_nothing(c, buf_str(path), ERR_EXISTS);
  if (path->n > WALK_PATH_MAX)
    return add_nothing(c, buf_str(path), ERR_LIMIT);
  if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
    return errno == ENOENT ? 0 : add_nothing(c, buf_str(path), err_from_errno(errno));
  if (!S_ISLNK(st.st_mode))
    return add_real(c, path, false, &st);
  int err = resolve_stat(&c->root, buf_str(path), 0, &st);
  if (err == ERR_NOMEM)
    return err;
  return err ? add_nothing(c, buf_str(path), err) : add_real(c, path, true, &st);
}

/* Reads the names of the directory at place i. */
static int read_names(struct capsule *c, uint32_t i, DIR *dir)
{
  struct buf path = BUF_INIT(PATH_ROOM);
  int err = 0;
  while (err == 0) {
    errno = 0;
    const struct dirent *d = readdir(dir);
    if (!d) {
      if (errno)
        c->places.at[i].err = (int8_t)err_from_errno(errno);
      break;
    }
    struct str name = str_from(d->d_name);
    buf_clear(&path);
    buf_put_str(&path, places_path(&c->places, i));
    buf_put_str(&path, name);
    err = buf_error(&path);
    if (err || path_hidden(buf_str(&path)))
      continue;
    err = add_name(c, dirfd(dir), d->d_name, &path);
    findings_progress(&c->findings, "looking around", c->places.n, 0);
  }
  buf_free(&path);
  return err;
}

static int read_directory(struct capsule *c, uint32_t i)
{
  int fd = -1;
  struct stat st;
  int err = resolve_open(&c->root, places_path(&c->places, i), 0, &fd, &st);
  DIR *dir = err ? NULL : fdopendir(fd);
  if (!dir) {
    if (err == 0) {
      err = err_from_errno(errno);
      close(fd);
    }
    c->places.at[i].err = (int8_t)err;
    return err == ERR_NOMEM ? err : 0;
  }
  err = read_names(c, i, dir);
  closedir(dir);
  return err;
}

/* The first link, from *at on, to what no walk has come to: it stands behind a hidden name, and is read by the name
 * that readers know. From now on that is the place it is found by. PLACE_NONE: none. */
static int take_link(struct capsule *c, uint32_t *at, uint32_t *i)
{
  struct places *p = &c->places;
  *i = PLACE_NONE;
  for (; *at < p->n; ++*at) {
    struct place *place = &p->at[*at];
    if (!place->link || place->kind == PLACE_NOTHING || places_find_id(p, place->device, place->inode) != PLACE_NONE)
      continue;
    place->link = false;
    *i = *at;
    return places_identify(p, *at, place->device, place->inode);
  }
  return 0;
}

int capsule_walk(struct capsule *c)
{
  struct places *p = &c->places;
  struct stat st;
  uint32_t i, links = 0;
  int err = resolve_stat(&c->root, buf_str(&c->start), 0, &st);
  if (err == 0)
    err = places_add(p, buf_str(&c->start), PLACE_DIRECTORY, &i);
  if (err == 0)
    err = places_identify(p, i, st.st_dev, st.st_ino);

  for (uint32_t at = 0; err == 0;) {
    for (; at < p->n && err == 0; at++)
      if (p->at[at].kind == PLACE_DIRECTORY && !p->at[at].link)
        err = read_directory(c, at);
    if (err == 0)
      err = take_link(c, &links, &i);
    if (err || i == PLACE_NONE)
      break;
    if (p->at[i].kind == PLACE_DIRECTORY)
      err = read_directory(c, i);
  }
  return err ? err : p->at[0].err;
}
