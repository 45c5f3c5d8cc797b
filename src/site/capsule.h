/* The capsule's folder as it was when it was opened: answers in flight keep the old one when a release is swapped in.
 */
#ifndef NUNCIO_SITE_CAPSULE_H
#define NUNCIO_SITE_CAPSULE_H

#include <stdbool.h>
#include <sys/stat.h>

/* Counted in the loop's thread only; the descriptor may be used by any thread whose owner holds a reference. */
struct capsule {
  unsigned refs;
  int fd; /* O_PATH */
  dev_t device;
  ino_t inode;
};

/* Opens the folder at `path` with one reference. ERR_NOT_FOUND, ERR_DENIED, ERR_SYNTAX where it is not a folder, ... */
int capsule_open(const char *path, struct capsule **out) __attribute__((warn_unused_result));

struct capsule *capsule_ref(struct capsule *c);
void capsule_unref(struct capsule *c); /* NULL is fine */

/* Whether this is the folder that st was taken from. */
bool capsule_is(const struct capsule *c, const struct stat *st);

#endif
