/* Folders that must not lie within each other. */
#ifndef NUNCIO_PROC_FOLDERS_H
#define NUNCIO_PROC_FOLDERS_H

#include "base/buf.h"
#include "config/settings.h"

/* Whether the folder of certificates lies outside the capsule, where nobody can ask for a private key: by what stands
 * on the disk, so that symbolic links are seen through. A folder of certificates that is not there yet counts as
 * standing where it would be made. ERR_EXISTS, with a sentence in *why, where it is the capsule or lies beneath it.
 * What cannot be looked at is 0: whoever opens it says why. */
int folders_apart(const char *certs, const char *capsule, struct buf *why) __attribute__((warn_unused_result));

/* The same of all keys, and all capsules and folders of homes that settings name, where TLS is spoken. */
int folders_apart_all(const struct settings *settings, struct buf *why) __attribute__((warn_unused_result));

#endif
