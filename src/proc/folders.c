/* From a folder upwards, by descriptors. */
#include "proc/folders.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"

enum { FOLDER = O_PATH | O_DIRECTORY | O_CLOEXEC };

static bool same(const struct stat *a, const struct stat *b)
{
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* The folder, or the nearest one above it that is there. -1 where nothing can be opened. */
static int open_nearest(const char *path)
{
  char *name = str_dup(str_from(path));
  int fd = name ? open(name, FOLDER) : -1;
  while (name && fd < 0) {
    char *slash = strrchr(name, '/');
    if (!slash)
      break;
    *slash = '\0';
    fd = open(*name ? name : "/", FOLDER);
  }
  free(name);
  return fd < 0 ? open(".", FOLDER) : fd;
}

/* The folder above, or -1 at the root, which is its own parent. */
static int open_above(int fd, const struct stat *here)
{
  struct stat above;
  int up = openat(fd, "..", FOLDER);
  if (up >= 0 && fstat(up, &above) == 0 && !same(here, &above))
    return up;
  if (up >= 0)
    close(up);
  return -1;
}

/* Whether `fd`, which is closed, is the folder `outer` or lies beneath it. */
static bool beneath(int fd, const struct stat *outer)
{
  bool found = false;
  while (fd >= 0) {
    struct stat here;
    bool known = fstat(fd, &here) == 0;
    found = known && same(&here, outer);
    int up = known && !found ? open_above(fd, &here) : -1;
    close(fd);
    fd = up;
  }
  return found;
}

/* Whether there is a folder `outer`, and the file or folder `inner` lies in it. */
static bool lies_in(const char *inner, const char *outer)
{
  struct stat st;
  return stat(outer, &st) == 0 && beneath(open_nearest(inner), &st);
}

int folders_apart(const char *certs, const char *capsule, struct buf *why)
{
  if (!lies_in(certs, capsule))
    return 0;
  buf_printf(why,
             "the folder of certificates, %s, lies in the capsule %s: readers could ask for the private key. Name one "
             "outside with --certs DIR",
             certs, capsule);
  return ERR_EXISTS;
}

/* A site's own key may have a place of its own: a file stands where its folder does. */
static int key_apart(const struct site_settings *site, const char *capsule, struct buf *why)
{
  if (!site->key || !lies_in(site->key, capsule))
    return 0;
  buf_printf(why, "the key %s lies in the capsule %s: readers could ask for it. Put it elsewhere", site->key, capsule);
  return ERR_EXISTS;
}

/* Not all beneath the homes is published, but a worker may read it, and users move things. */
static int homes_apart(const char *keys, const char *homes, struct buf *why)
{
  if (!keys || !lies_in(keys, homes))
    return 0;
  buf_printf(why, "%s, a place for private keys, lies in %s, where user-dirs has its users: name another one", keys,
             homes);
  return ERR_EXISTS;
}

int folders_apart_all(const struct settings *settings, struct buf *why)
{
  int err = 0;
  bool shared = false; /* a site has its key in the folder of certificates */
  if (!settings_use_tls(settings))
    return 0;
  for (size_t i = 0; i < settings->n_sites; i++)
    shared = shared || !settings->sites[i].key;
  for (size_t k = 0; k < settings->n_sites && err == 0; k++) {
    const char *capsule = settings->sites[k].capsule, *homes = settings->sites[k].homes;
    if (shared)
      err = folders_apart(settings->certs, capsule, why);
    if (shared && homes && err == 0)
      err = homes_apart(settings->certs, homes, why);
    for (size_t i = 0; i < settings->n_sites && err == 0; i++) {
      err = key_apart(&settings->sites[i], capsule, why);
      if (err == 0 && homes)
        err = homes_apart(settings->sites[i].key, homes, why);
    }
  }
  return err;
}
