/* From a path to an open file, never outside the root (G13). Linux: openat2(RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS).
 */
#ifndef NUNCIO_SITE_RESOLVE_H
#define NUNCIO_SITE_RESOLVE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/str.h"

/* What a file is known by: two looks that show the same values saw the same content (but see file_settled). Times are
 * nanoseconds since 1970. */
struct file_id {
  uint64_t device, inode;
  uint64_t size;
  int64_t modified_ns;
  int64_t changed_ns; /* st_ctim: nobody can set it back, as they can the time of modification (cp -p, touch -r) */
};

struct file_id file_id(const struct stat *st);
bool file_id_eq(const struct file_id *a, const struct file_id *b);

/* Whether what was read of a file at the wall time `now_ns` (or later) is known to be all of it: one that changed less
 * than two seconds before may change again within the same tick of its file system's clock, and then shows the same
 * values. One that changed in the future is not settled either: that clock cannot be compared with ours. */
enum { FILE_SETTLED_SECONDS = 2 };
bool file_settled(const struct file_id *id, int64_t now_ns);

/* Beneath what the paths of a site are looked up. Whoever looks does it in any thread; the owner (a site, which work in
 * the pool holds a reference on; a command; a test) keeps the descriptors open and the string in its place that long.
 */
struct root {
  int folder;              /* the capsule, by O_PATH */
  int homes;               /* the folder that the homes of its users are in, by O_PATH; -1: none has a place here */
  const char *user_folder; /* the folder within a home, relative; "" for the home itself */
  struct str at; /* the only path that has something, without a slash at its end: `folder` is served there, and
                    nothing is known of what is beside it; "": the whole capsule is here. Borrowed */
  bool dialect;  /* gophermaps are of gophernicus' dialect (text/gophermap_dialect.h) */
};

/* A capsule without users. */
static inline struct root root_of(int folder)
{
  return (struct root){.folder = folder, .homes = -1, .user_folder = "", .at = STR("")};
}

enum resolve_flags {
  RESOLVE_CACHED_ONLY = 1, /* do not wait for a disk: ERR_AGAIN where that would be needed */
  RESOLVE_LINK_ITSELF = 2, /* resolve_stat: of a symbolic link at the path's end, not of what it leads to */
};

/* Looks a raw path (as uri_path makes it) up beneath `root` and fills *st, without opening it for
 * reading: *st may well be of a FIFO or a device. A trailing slash wants a directory. ERR_NOT_FOUND, ERR_OUTSIDE,
 * ERR_DENIED, ERR_IO, ERR_NOMEM; ERR_AGAIN only with RESOLVE_CACHED_ONLY; ERR_BUSY: no descriptors left, or the path
 * was renamed again and again while we looked. */
int resolve_stat(const struct root *root, struct str path, unsigned flags, struct stat *st)
    __attribute__((warn_unused_result));

/* The same, and opens it: a regular file for reading, or a directory. First O_PATH, then checked, then opened, then
 * compared with what was checked. Anything else is ERR_SPECIAL and was never opened for reading (a FIFO or a device can
 * do something when it is; only one that is moved there in the moment between check and opening can be opened, without
 * waiting for it, and is closed again). O_CLOEXEC, O_NONBLOCK, O_NOCTTY. The descriptor is the caller's. Thread-safe.
 */
int resolve_open(const struct root *root, struct str path, unsigned flags, int *fd, struct stat *st)
    __attribute__((warn_unused_result));

/* Whether any segment of the raw path begins with a dot and is not allowed: `.well-known` is, at the root only (G23).
 */
bool path_hidden(struct str path);

#endif
